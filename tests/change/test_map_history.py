"""Which commit brought an entry of the version map, in real repositories."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from opfixtures.change.map_history import MapHistory, PreChange, read_history
from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.place import Place
from opfixtures.errors import GitError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from tests.repositories import GitRepository

MAP = "lib/versions.py"
FOLDER = "packages/tiny"
SETTINGS = """\
[tool.opfixtures]
version-map = "{}"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
"""
SCALE, SCALE_6, ADD = ("tiny::scale", 4), ("tiny::scale", 6), ("tiny::add", 5)
NewRepository = Callable[..., GitRepository]


def version_map(*keys: tuple[str, int], upgrader: str = "up", schema: str = "() -> ()") -> str:
    """A version map with these entries, whose text differs in every respect from that of others."""
    listed: dict[str, list[object]] = {operator: [] for operator, _ in keys}
    for operator, bump in keys:
        entry = {"bumped_at_version": bump, "upgrader_name": upgrader, "old_schema": operator + schema}
        listed[operator].append(entry)
    return f"OPERATOR_VERSIONS = {listed!r}\n"


class Library:
    """A repository with settings, a version map, and another file that each commit changes."""

    def __init__(self, repository: GitRepository) -> None:
        self.repository = repository
        self._commits = 0

    def commit(self, *keys: tuple[str, int], path: str = MAP, **how: str) -> str:
        """Commit a map with these entries."""
        return self.write(path, version_map(*keys, **how))

    def write(self, path: str, text: str) -> str:
        self.repository.write(path, text)
        return self.other()

    def other(self) -> str:
        """Commit something else, and what is staged."""
        self._commits += 1
        self.repository.write("tiny.py", f"{self._commits} on {self.branch}\n")
        return self.repository.commit()

    @property
    def branch(self) -> str:
        return self.repository.git("branch", "--show-current")

    def pre_change(self, key: tuple[str, int], path: str = MAP) -> PreChange:
        return pre_change(self.history(path), key)

    def history(self, path: str = MAP, folder: Path | None = None, project: str = "") -> MapHistory:
        """What a clone in `folder`, else the repository itself, shows of the project in another folder."""
        root = str(folder or self.repository.root)
        found = Repository.discover(root, self.repository.environment)
        with GitObjects(found) as objects:
            tip = found.resolve("HEAD")
            assert tip is not None
            return read_history(objects, tip, path, project)


def pre_change(history: MapHistory, key: tuple[str, int]) -> PreChange:
    return history.pre_change(MapEntry(*key, "up", "", Place(MAP, 1, 1)))


@pytest.fixture
def library(new_repository: NewRepository) -> Library:
    """Settings and an empty version map are committed."""
    return Library(new_repository({".opfixtures.toml": SETTINGS.format(MAP), MAP: version_map()}))


def test_each_entry_has_the_parent_of_the_commit_that_brought_it(library: Library) -> None:
    before_scale = library.other()
    scale = library.commit(SCALE)
    before_add = library.other()
    add = library.commit(SCALE, ADD)
    library.other()

    assert library.pre_change(SCALE) == PreChange(before_scale, 0, scale)
    assert library.pre_change(ADD) == PreChange(before_add, 4, add)


def test_a_project_in_a_folder_has_its_settings_there(new_repository: NewRepository) -> None:
    """They say where its map stood, and those of the root are another's."""
    settings = f"{FOLDER}/.opfixtures.toml"
    repository = new_repository(
        {
            ".opfixtures.toml": SETTINGS.format("elsewhere.py"),
            settings: SETTINGS.format("old.py"),
            f"{FOLDER}/old.py": version_map(),
        }
    )
    library = Library(repository)
    before = library.other()
    brought = library.commit(SCALE, path=f"{FOLDER}/old.py")
    repository.git("rm", "--quiet", f"{FOLDER}/old.py")
    repository.write(settings, SETTINGS.format("versions.py"))
    # Nothing of the old file: no rename shows where it was.
    library.commit(
        SCALE, path=f"{FOLDER}/versions.py", upgrader="another" * 200, schema="(Tensor x) -> Tensor"
    )

    history = library.history(f"{FOLDER}/versions.py", project=FOLDER)
    assert pre_change(history, SCALE) == PreChange(before, 0, brought)


def test_a_backfill_comes_after_the_versions_that_were_there(library: Library) -> None:
    before = library.commit(ADD)
    scale = library.commit(ADD, SCALE)

    assert library.pre_change(SCALE) == PreChange(before, 5, scale)


def test_a_backfill_leaves_a_later_entry_of_its_operator_where_it_was(library: Library) -> None:
    before = library.other()
    later = library.commit(SCALE_6)
    backfill = library.commit(SCALE, SCALE_6)

    assert library.pre_change(SCALE_6) == PreChange(before, 0, later)
    assert library.pre_change(SCALE) == PreChange(later, 6, backfill)


def test_an_entry_that_was_taken_back_was_brought_the_last_time(library: Library) -> None:
    library.commit(SCALE)
    library.commit()
    before = library.other()
    again = library.commit(SCALE)
    library.commit(SCALE, ADD)

    assert library.pre_change(SCALE) == PreChange(before, 0, again)


def test_a_map_that_was_deleted_meanwhile_had_no_entries(library: Library) -> None:
    library.commit(SCALE)
    library.repository.git("rm", "--quiet", MAP)
    before = library.other()
    again = library.commit(SCALE)

    assert library.pre_change(SCALE) == PreChange(before, 0, again)


def test_what_a_merge_brought_was_brought_by_the_merge(library: Library) -> None:
    git = library.repository.git
    git("checkout", "--quiet", "-b", "branch")
    library.repository.write("scale.py", "the operator changes first\n")
    library.repository.commit()
    library.repository.write(MAP, version_map(SCALE))
    library.repository.commit()
    git("checkout", "--quiet", "main")
    before = library.other()
    git("merge", "--quiet", "--no-ff", "--no-edit", "branch")
    merge = git("rev-parse", "HEAD")
    library.other()

    assert library.pre_change(SCALE) == PreChange(before, 0, merge)


def test_an_altered_entry_is_no_new_one(library: Library) -> None:
    before = library.other()
    scale = library.commit(SCALE)
    library.commit(SCALE, upgrader="renamed", schema="(Tensor x) -> Tensor")

    assert library.pre_change(SCALE) == PreChange(before, 0, scale)


@pytest.mark.parametrize(
    ("wrong", "schema"),
    [(("tiny::scale", 5), "tiny::scale(Tensor x) -> ()"), (("tiny::scaled", 6), "tiny::scale() -> ()")],
)
def test_an_entry_that_moved_to_another_key_is_no_new_one(
    library: Library, wrong: tuple[str, int], schema: str
) -> None:
    """Its operator had changed when it came under the wrong version, or the wrong name."""
    before = library.commit(SCALE, ADD)
    first = library.write(MAP, version_map(SCALE, ADD, wrong).replace(f"{wrong[0]}() -> ()", schema))
    library.commit(SCALE, ADD, SCALE_6)

    assert library.pre_change(SCALE_6) == PreChange(before, 5, first)
    assert library.pre_change(ADD).brought_by == before


def test_entries_of_one_operator_that_move_together_stay_apart(library: Library) -> None:
    before_first = library.other()
    first = library.commit(SCALE)
    second = library.commit(SCALE, SCALE_6)
    library.commit(SCALE_6, ("tiny::scale", 9))
    third = library.commit(("tiny::scale", 7), ("tiny::scale", 9), ("tiny::scale", 10))

    assert library.pre_change(("tiny::scale", 7)) == PreChange(before_first, 0, first)
    assert library.pre_change(("tiny::scale", 9)) == PreChange(first, 4, second)
    assert library.pre_change(("tiny::scale", 10)).brought_by == third


@pytest.mark.parametrize("unreadable", ["OPERATOR_VERSIONS = make()\n", "OPERATOR_VERSIONS = {"])
def test_a_map_that_cannot_be_read_may_have_the_entry(library: Library, unreadable: str) -> None:
    before = library.other()
    unread = library.write(MAP, unreadable)
    library.commit(SCALE)

    assert library.pre_change(SCALE) == PreChange(before, 0, unread)


def test_a_map_that_is_a_link_may_have_the_entry(library: Library) -> None:
    before = library.other()
    link = library.repository.root / MAP
    link.unlink()
    link.symlink_to("elsewhere.py")
    library.repository.git("add", MAP)
    linked = library.other()
    link.unlink()
    library.commit(SCALE)

    assert library.pre_change(SCALE) == PreChange(before, 0, linked)


class TestAMapThatStoodElsewhere:
    def move(self, library: Library, old: str, new: str) -> None:
        (library.repository.root / new).parent.mkdir(exist_ok=True)
        library.repository.git("mv", old, new)

    def test_settings_say_where(self, library: Library) -> None:
        before = library.other()
        scale = library.commit(SCALE)
        self.move(library, MAP, "lib/moved.py")
        library.write(".opfixtures.toml", SETTINGS.format("lib/moved.py"))
        library.commit(SCALE, ADD, path="lib/moved.py")

        assert library.pre_change(SCALE, "lib/moved.py") == PreChange(before, 0, scale)

    def test_where_it_is_to_stand_next_does_not_matter(self, library: Library) -> None:
        before = library.other()
        scale = library.commit(SCALE)

        assert library.pre_change(SCALE, "lib/next.py") == PreChange(before, 0, scale)

    def test_settings_that_came_too_late_do_not_hide_it(self, library: Library) -> None:
        before = library.other()
        scale = library.commit(SCALE)
        self.move(library, MAP, "lib/moved.py")
        library.other()
        library.write(".opfixtures.toml", SETTINGS.format("lib/moved.py"))

        assert library.pre_change(SCALE, "lib/moved.py") == PreChange(before, 0, scale)

    def test_settings_that_choose_another_file_keep_what_each_has(self, library: Library) -> None:
        library.commit(SCALE, path="lib/other.py")
        before = library.other()
        chosen = library.write(".opfixtures.toml", SETTINGS.format("lib/other.py"))

        assert library.pre_change(SCALE, "lib/other.py") == PreChange(before, 0, chosen)

    def test_before_there_were_settings_git_says_where(self, new_repository: NewRepository) -> None:
        library = Library(new_repository({"versiöns.py": version_map()}))
        before = library.other()
        scale = library.commit(SCALE, path="versiöns.py")
        self.move(library, "versiöns.py", "lib/früher.py")
        library.other()
        self.move(library, "lib/früher.py", MAP)
        library.other()
        library.write(".opfixtures.toml", SETTINGS.format(MAP))

        assert library.pre_change(SCALE) == PreChange(before, 0, scale)

    def test_settings_that_cannot_be_used_count_as_none(self, library: Library) -> None:
        before = library.write(".opfixtures.toml", "[tool.opfixtures]\nversion = 1\n")
        scale = library.commit(SCALE)
        library.write(".opfixtures.toml", SETTINGS.format(MAP))

        assert library.pre_change(SCALE) == PreChange(before, 0, scale)


class TestWhereHistoryEnds:
    @pytest.mark.parametrize("settings", [SETTINGS.format(MAP), None])
    def test_nothing_is_from_before_the_first_commit(
        self, new_repository: NewRepository, settings: str | None
    ) -> None:
        files = {MAP: version_map(SCALE)} | ({".opfixtures.toml": settings} if settings else {})
        library = Library(new_repository(files))
        first = library.repository.git("rev-parse", "HEAD")
        library.commit(SCALE, ADD)

        found = library.pre_change(SCALE)
        assert found == PreChange(
            None, reason=f"the first commit, {first[:12]}, has it: there is no commit from before"
        )
        assert library.pre_change(ADD).commit == first

    def test_the_first_commit_may_lack_the_map(self, new_repository: NewRepository) -> None:
        library = Library(new_repository({"tiny.py": "\n"}))
        before = library.other()
        scale = library.commit(SCALE)

        assert library.pre_change(SCALE) == PreChange(before, 0, scale)

    def test_a_shallow_clone_says_where_it_ends_and_how_to_get_more(
        self, library: Library, tmp_path: Path
    ) -> None:
        library.commit(SCALE)
        end = library.other()
        add = library.commit(SCALE, ADD)
        url = f"file://{library.repository.root}"
        library.repository.git("clone", "--quiet", "--depth=2", url, str(tmp_path / "shallow"))

        history = library.history(folder=tmp_path / "shallow")

        assert pre_change(history, ADD) == PreChange(end, 4, add)
        assert pre_change(history, SCALE) == PreChange(
            None,
            reason="this clone lacks the history that shows which commit brought it"
            f" (it ends at {end[:12]}, which has it): `git fetch --unshallow` fetches it",
        )

    @pytest.mark.parametrize(
        ("left_out", "settings", "why"),
        [
            ("blob:none", SETTINGS, "lib/versions.py of commit"),
            ("blob:none", f"# Later\n{SETTINGS}", ".opfixtures.toml of commit"),
            ("tree:0", SETTINGS, "git rev-list failed"),
        ],
    )
    def test_a_clone_without_old_files_fetches_none_and_says_how_to_get_them(
        self, library: Library, tmp_path: Path, left_out: str, settings: str, why: str
    ) -> None:
        library.repository.git("config", "uploadpack.allowFilter", "true")
        library.commit(SCALE)
        library.repository.write(".opfixtures.toml", settings.format(MAP))
        library.commit(SCALE, ADD)
        clone = tmp_path / "partial"
        url = f"file://{library.repository.root}"
        library.repository.git("clone", "--quiet", f"--filter={left_out}", url, str(clone))
        full = library.history()

        found = pre_change(library.history(folder=clone), SCALE)

        assert found.commit is None
        assert found.reason.startswith(
            f"this clone lacks the history that shows which commit brought it ({why}"
        )
        assert found.reason.endswith("`git fetch --refetch --no-filter` fetches it")
        GitRepository(clone, library.repository.environment).git("fetch", "-q", "--refetch", "--no-filter")
        assert library.history(folder=clone) == full

    def test_a_broken_repository_is_no_clone_that_lacks_something(self, library: Library) -> None:
        shutil.rmtree(library.repository.root / ".git" / "objects")
        (library.repository.root / ".git" / "objects").mkdir()
        found = Repository.discover(str(library.repository.root), library.repository.environment)
        with (
            GitObjects(found) as objects,
            pytest.raises(GitError, match=r"git cannot read object a{40}, commit"),
        ):
            read_history(objects, "a" * 40, MAP)
