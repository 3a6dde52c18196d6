"""The versions of a library of custom operators: seven, one for each release that changed something incompatibly."""

import json
from dataclasses import replace

import pytest

from opfixtures.change.comparison import staged
from opfixtures.change.numbering import is_library
from opfixtures.change.read_change import read_change
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from tests.renumber.test_library import FILES, adding

MAP = "mylib/versions.py"
OVERLOAD = "leave the operator as it is, and add an overload that no old model calls, such as mylib::{}.v2"
SHALLOW = "this clone is shallow: `git fetch --unshallow --tags` brings what releases have"


@pytest.fixture
def library(new_repository):
    """A library with an entry at 4, on target."""
    repository = new_repository(FILES)
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return repository


def lay(repository, *bumps):
    """Stage the library with more operators bumped, each a name and a version."""
    files = FILES
    for name, version in bumps:
        files = adding(name, version, files)
    for path, text in files.items():
        (repository.root / path).write_text(text)
    repository.git("add", "--all")


def publish(repository, *bumps, tag=None):
    lay(repository, *bumps)
    repository.commit()
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    if tag:
        repository.git("tag", tag)


@pytest.fixture
def found(opfixtures):
    """Severity, message and hint of the findings of some codes about what is staged."""

    def find(repository, *codes, args=()):
        ran = opfixtures(repository, "check", "--format", "json", *args)
        assert ran.err == ""
        findings = json.loads(ran.out)["findings"]
        return [(one["severity"], one["message"], one["hint"]) for one in findings if one["code"] in codes]

    return find


NUMBERS = ("OPF108", "OPF109", "OPF113")


class TestOPF113:
    @pytest.mark.parametrize("version", [4, 7, 10])
    def test_what_torchscript_has_is_no_finding(self, library, found, version):
        lay(library, ("halve", version))
        assert found(library, *NUMBERS) == []

    @pytest.mark.parametrize(
        ("version", "why"),
        [
            (1, "what nobody bumped is stamped 3, and no old model is below that"),
            (3, "what nobody bumped is stamped 3, and no old model is below that"),
            (11, "torch loads no archive that is stamped above"),
            (2**31 - 1, "torch loads no archive that is stamped above"),
        ],
    )
    def test_what_it_has_not_is_found_with_the_command_that_mends_it(self, library, found, version, why):
        lay(library, ("halve", version))
        [(severity, message, hint)] = found(library, *NUMBERS)
        assert severity == "error"
        assert message == (
            f"mylib::halve is bumped at version {version}, and TorchScript gives a library 4 to 10: {why}: "
            "the next free version is 4"
        )
        assert hint.splitlines() == [
            "opfixtures renumber",
            "shows the diff and, with --apply, writes it; by hand that is",
            f"in {MAP}: bumped_at_version 4, an upgrader whose name ends in _0_3",
        ]

    def test_the_first_entry_of_all_is_no_exception(self, new_repository, found):
        empty = {**FILES, MAP: "OPERATOR_VERSIONS = {}\n"}
        library = new_repository(empty)
        library.write(MAP, FILES[MAP].replace('version": 4', 'version": 12'))
        [(severity, message, _)] = found(library, *NUMBERS)
        assert (severity, message.endswith("the next free version is 4")) == ("error", True)

    def test_where_no_version_is_left_another_overload_is_what_to_do(self, library, found):
        publish(library, ("tenth", 10), tag="v7.0")
        lay(library, ("tenth", 10), ("halve", 11))
        assert found(library, *NUMBERS) == [
            (
                "error",
                "mylib::halve is bumped at version 11, and TorchScript gives a library 4 to 10: torch loads no "
                "archive that is stamped above, and no version is left",
                OVERLOAD.format("halve"),
            )
        ]

    def test_an_audit_finds_what_is_published(self, library, found):
        publish(library, ("halve", 11))
        [(_, message, hint)] = found(library, *NUMBERS, args=("--all",))
        assert message.endswith("torch loads no archive that is stamped above, and no version is left")
        assert hint == OVERLOAD.format("halve")

    def test_an_old_debt_is_not_this_changes(self, library, found):
        publish(library, ("halve", 11))
        lay(library, ("halve", 11), ("third", 5))
        assert found(library, "OPF113") == []

    def test_pytorchs_own_operators_go_on_behind_10(self, pytorch, found, add_hardswish):
        add_hardswish(pytorch)
        assert found(pytorch, "OPF113") == []

    def test_a_map_of_pytorchs_own_operators_alone_is_no_librarys(self, library, found):
        text = FILES[MAP].replace("mylib::", "aten::")
        library.write(MAP, text)
        library.commit()
        library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        library.write(MAP, text.replace("}\n", text.replace("scale", "gelu").replace('": 4', '": 12')[22:]))
        assert "aten::gelu" in library.read(MAP)
        assert found(library, *NUMBERS) == []

    def test_a_format_without_stamps_has_no_such_limit(self, library, inside):
        discovered = Repository.discover(str(library.root), library.environment)
        with inside(library), GitObjects(discovered) as objects:
            change = read_change(objects, staged(objects))
            assert is_library(change)
            assert not is_library(replace(change, config=replace(change.config, fixture_formats=("pt2",))))


class TestWithReleases:
    """4 is released; what is added to target since is not."""

    @pytest.fixture(autouse=True)
    def released(self, library):
        library.git("tag", "v1.0")

    def test_a_version_that_a_release_has_is_taken(self, library, found):
        lay(library, ("halve", 4))
        [(severity, message, hint)] = found(library, *NUMBERS)
        assert severity == "error"
        assert message == (
            "mylib::halve is bumped at version 4, which mylib::scale has taken already: the next free version is 5"
        )
        assert f"in {MAP}: bumped_at_version 5, an upgrader whose name ends in _0_4" in hint

    def test_the_changes_of_the_next_release_share_its_version(self, library, found):
        publish(library, ("halve", 5))
        lay(library, ("halve", 5), ("third", 5))
        assert found(library, *NUMBERS) == []

    def test_so_do_those_of_one_branch_whatever_order_they_come_in(self, library, found):
        lay(library, ("halve", 5), ("third", 5))
        library.commit()
        lay(library, ("halve", 5), ("third", 5), ("fourth", 5))
        assert found(library, *NUMBERS) == []

    def test_once_it_is_released_it_is_taken(self, library, found):
        publish(library, ("halve", 5), tag="v2.0")
        lay(library, ("halve", 5), ("third", 5))
        [(severity, message, _)] = found(library, *NUMBERS)
        assert severity == "error"
        assert message.endswith("which mylib::halve has taken already: the next free version is 6")

    def test_also_by_a_release_that_was_made_meanwhile(self, library, found):
        library.git("branch", "mine")
        publish(library, ("halve", 5), tag="v2.0")
        library.git("checkout", "--quiet", "mine")
        lay(library, ("third", 5))
        [(_, message, _)] = found(library, *NUMBERS)
        assert message.endswith("which mylib::halve has taken already: the next free version is 6")

    def test_a_release_of_a_branch_that_was_never_merged_back_counts(self, library, found):
        library.git("checkout", "--quiet", "-b", "release")
        lay(library, ("halve", 5))
        library.commit()
        library.git("tag", "v1.1")
        library.git("checkout", "--quiet", "main")
        lay(library, ("third", 5))
        assert len(found(library, *NUMBERS)) == 1
        # It is that release's own entry which comes back.
        lay(library, ("halve", 5))
        assert found(library, *NUMBERS) == []

    def test_a_version_of_its_own_is_a_waste_where_the_next_release_has_one(self, library, found):
        publish(library, ("halve", 5))
        lay(library, ("halve", 5), ("third", 6))
        [(severity, message, hint)] = found(library, *NUMBERS)
        assert severity == "warning"
        assert message == (
            "mylib::third is bumped at version 6, and 4 is the last one that a release has: the next free version is "
            "5, which all changes of one release share"
        )
        assert f"in {MAP}: bumped_at_version 5, an upgrader whose name ends in _0_4" in hint

    def test_any_version_that_the_next_release_has_anyway_may_be_shared(self, library, found):
        publish(library, ("halve", 5), ("third", 6))
        for version in (5, 6):
            lay(library, ("halve", 5), ("third", 6), ("fourth", version))
            assert found(library, *NUMBERS) == []

    def test_an_operator_may_be_bumped_again_in_the_same_release(self, library, found):
        twice = FILES[MAP].replace(
            "}],",
            '}, {"bumped_at_version": 5, "upgrader_name": "scale_4_4", "old_schema": "mylib::scale(Tensor x, '
            'int y) -> Tensor"}],',
        )
        library.write(MAP, twice)
        assert found(library, *NUMBERS) == []
        library.commit()
        library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        again = (
            '}, {"bumped_at_version": 6, "upgrader_name": "scale_5_5", "old_schema": "mylib::scale(Tensor x, '
        )
        library.write(MAP, twice.replace("}],", again + 'int z) -> Tensor"}],'))
        assert found(library, *NUMBERS) == []

    def test_a_backfill_is_no_finding(self, library, found):
        publish(library, ("halve", 5), tag="v2.0")
        lay(library, ("halve", 5), ("forgotten", 4))
        assert found(library, *NUMBERS) == []
        (library.root / MAP).write_text(library.read(MAP).replace("mylib::forgotten", "mylib::halve.out"))
        library.replace(
            MAP,
            '"mylib::halve.out": [{"bumped_at_version": 4',
            '"mylib::halve.out": [{"bumped_at_version": 5',
        )
        assert found(library, *NUMBERS) == []

    def test_seven_releases_and_no_more(self, library, found):
        bumps = []
        for version in range(5, 11):
            for name in ("x", "y", "z"):
                bumps.append((f"{name}{version}", version))
                lay(library, *bumps)
                assert found(library, *NUMBERS) == []
                publish(library, *bumps)
            library.git("tag", f"v{version}.0")
        lay(library, *bumps, ("last", 10))
        assert found(library, *NUMBERS) == [
            (
                "error",
                "mylib::last is bumped at version 10, which mylib::x10 has taken already, and no version is left",
                OVERLOAD.format("last"),
            )
        ]

    def test_a_published_entry_may_change_until_a_release_has_it(self, library, found):
        publish(library, ("halve", 5))
        library.replace(MAP, "mylib::halve(Tensor x)", "mylib::halve(Tensor x, int y)")
        assert found(library, *NUMBERS) == []
        library.git("tag", "v2.0", "origin/HEAD")
        [(severity, message, _)] = found(library, *NUMBERS)
        assert (severity, message) == (
            "error",
            "the published entry of mylib::halve at version 5 is changed",
        )


class TestWithoutReleases:
    @pytest.mark.parametrize("version", [4, 5, 8])
    def test_without_a_tag_nothing_is_taken_and_the_newest_version_is_shared(self, library, found, version):
        lay(library, ("halve", version))
        assert found(library, *NUMBERS) == []

    def test_a_tag_from_before_the_first_entry_tells_no_more(self, new_repository, found):
        library = new_repository({**FILES, MAP: "OPERATOR_VERSIONS = {}\n"})
        library.git("tag", "v0.1")
        publish(library)
        lay(library, ("halve", 4))
        assert found(library, *NUMBERS) == []

    def test_a_clone_that_lacks_tags_warns_and_says_what_brings_them(self, library, found):
        (library.root / ".git/shallow").write_text(library.git("rev-parse", "HEAD") + "\n")
        lay(library, ("halve", 4))
        assert found(library, *NUMBERS) == [
            (
                "warning",
                "mylib::halve is bumped at version 4, which mylib::scale has taken already if a release has it",
                SHALLOW,
            )
        ]
        for version in (5, 8):
            lay(library, ("halve", version))
            assert found(library, *NUMBERS) == []
        publish(library, ("halve", 5))
        lay(library, ("halve", 5), ("third", 4))
        assert [severity for severity, *_ in found(library, *NUMBERS)] == ["warning"]
        lay(library, ("halve", 11))
        assert len(found(library, "OPF113")) == 1
