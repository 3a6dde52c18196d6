"""What has to differ from target for fixtures to be replayed."""

from __future__ import annotations

import pytest

from opfixtures.commands.replays import touched
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.sources import sources_of
from tests.repositories import config_of

SETTINGS = """\
[tool.opfixtures]
version-map = "mylib/versions.py"
registry = "tests/registry.py"
fixture-modules = ["tests/modules.py"]
fixtures = "tests/fixtures"
upgraders = "mylib/upgraders.cpp"
mobile-upgraders = "mylib/mobile.cpp"
versions = "mylib/versions.h"

[[tool.opfixtures.runtimes]]
"""
RELEASE = f'{SETTINGS}kind = "release"\ntorch = "2.13.0"\n'
CHECKOUT = f'{SETTINGS}kind = "checkout"\nimport = "mylib"\n'
BOTH = f'{RELEASE}\n[[tool.opfixtures.runtimes]]\nkind = "checkout"\nimport = "mylib"\n'
FILES = {
    "mylib/__init__.py": "",
    "mylib/versions.py": "OPERATOR_VERSIONS = {}\n",
    "mylib/upgraders.cpp": "",
    "mylib/mobile.cpp": "",
    "mylib/versions.h": "",
    "mylib/docs/guide.txt": "",
    "docs/index.md": "",
    "setup.py": "",
    "README.md": "",
    ".gitignore": "*.so\n",
    "tests/registry.py": "ALL_MODULES = {}\n",
    "tests/modules.py": "import torch\n",
    "tests/test_scale.py": "",
    "tests/fixtures/scale_v3.ptl": "fixture",
    "tests/fixtures/scale_v3.ptl.json": "{}",
}


@pytest.fixture
def of_releases(new_repository):
    """A repository whose fixtures are made and replayed by releases of torch."""
    return new_repository({**FILES, ".opfixtures.toml": RELEASE}, name="releases")


@pytest.fixture
def library(new_repository):
    """A repository that is built itself."""
    return new_repository({**FILES, ".opfixtures.toml": CHECKOUT}, name="library")


@pytest.fixture
def difference(git_environment):
    """The path that calls for a replay, of those that differ between a commit and the work tree."""

    def run(repository, before="HEAD"):
        root = str(repository.root)
        found = Repository.discover(root, git_environment)
        with GitObjects(found) as objects:
            commit = before and objects.resolve(before)
        config = config_of(WorkTreeSnapshot(root))
        return touched(found, config, [config], commit)

    return run


DECLARED = [
    ".opfixtures.toml",
    "mylib/versions.py",
    "mylib/upgraders.cpp",
    "mylib/mobile.cpp",
    "mylib/versions.h",
    "tests/registry.py",
    "tests/modules.py",
    "tests/fixtures/scale_v3.ptl",
    "tests/fixtures/scale_v3.ptl.json",
]
SOURCES = ["mylib/__init__.py", "mylib/docs/guide.txt", "setup.py", ".gitignore"]
OF_NO_ACCOUNT = ["README.md", "docs/index.md", "tests/test_scale.py"]


def edit(repository, path):
    file = repository.root / path
    file.write_text(file.read_text() + "\n# more\n")


def test_nothing_differs_where_nothing_was_touched(of_releases, library, difference):
    assert (difference(of_releases), difference(library)) == (None, None)


@pytest.mark.parametrize("path", DECLARED)
@pytest.mark.parametrize("kind", ["of_releases", "library"])
def test_what_fixtures_are_declared_by_counts_everywhere(kind, path, request, difference):
    repository = request.getfixturevalue(kind)
    edit(repository, path)
    assert difference(repository) == path


@pytest.mark.parametrize("path", DECLARED[1:])
def test_so_it_does_where_it_is_gone(of_releases, difference, path):
    (of_releases.root / path).unlink()
    assert difference(of_releases) == path


@pytest.mark.parametrize("path", SOURCES)
def test_sources_count_only_where_something_is_built_from_them(of_releases, library, difference, path):
    edit(of_releases, path)
    edit(library, path)
    assert (difference(of_releases), difference(library)) == (None, path)


def test_one_runtime_that_is_built_is_enough(new_repository, difference):
    repository = new_repository({**FILES, ".opfixtures.toml": BOTH})
    edit(repository, "setup.py")
    assert difference(repository) == "setup.py"


@pytest.mark.parametrize("path", OF_NO_ACCOUNT)
@pytest.mark.parametrize("kind", ["of_releases", "library"])
def test_docs_and_tests_do_not_count(kind, path, request, difference):
    repository = request.getfixturevalue(kind)
    edit(repository, path)
    assert difference(repository) is None


@pytest.mark.parametrize("how", ["work tree", "staged", "committed"])
def test_what_is_in_the_work_tree_counts_whether_or_not_it_is_committed(library, difference, how):
    before = library.git("rev-parse", "HEAD")
    edit(library, "mylib/__init__.py")
    if how != "work tree":
        library.git("add", "--all")
    if how == "committed":
        library.commit()
    assert difference(library, before) == "mylib/__init__.py"


def test_what_was_taken_back_does_not_count(library, difference):
    before = library.git("rev-parse", "HEAD")
    edit(library, "mylib/__init__.py")
    library.git("commit", "--quiet", "--all", "--message", "there")
    library.git("revert", "--no-edit", "HEAD")
    assert difference(library, before) is None


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("mylib/new.py", {"library"}),
        ("tests/fixtures/new.ptl", {"library", "of_releases"}),
        ("pyproject.toml", {"library", "of_releases"}),
        ("tests/new.py", set()),
        ("mylib/_C.so", set()),
        ("tests/fixtures_old/new.ptl", set()),
    ],
)
@pytest.mark.parametrize("kind", ["of_releases", "library"])
def test_untracked_files_count_unless_they_are_ignored(kind, path, counts, request, difference):
    repository = request.getfixturevalue(kind)
    (repository.root / path).parent.mkdir(exist_ok=True)
    (repository.root / path).write_text("")
    assert difference(repository) == (path if kind in counts else None)


def test_the_globs_of_the_settings_say_what_counts(library, difference):
    settings = CHECKOUT.replace("[[tool", 'sources = ["csrc/*.cpp", "docs/**"]\n\n[[tool')
    library.write(".opfixtures.toml", settings)
    library.write("csrc/scale.cpp", "")
    library.commit()
    edit(library, "setup.py")
    (library.root / "csrc/deep").mkdir()
    (library.root / "csrc/deep/new.cpp").write_text("")
    assert difference(library) is None
    edit(library, "docs/index.md")
    assert difference(library) == "docs/index.md"
    edit(library, "mylib/__init__.py")
    assert difference(library) in ("docs/index.md", "mylib/__init__.py")


@pytest.mark.parametrize("way", ["tests", "shared"], ids=["at once", "through a folder that is one"])
def test_what_a_link_in_the_library_leads_to_counts(library, difference, way):
    (library.root / "shared").symlink_to("tests")
    (library.root / "mylib/upgraders.py").symlink_to(f"../{way}/upgraders.py")
    library.write("tests/upgraders.py", "")
    library.git("add", "--all")
    library.commit()
    assert difference(library) is None
    edit(library, "tests/upgraders.py")
    assert difference(library) == "tests/upgraders.py"


def test_an_installed_library_has_sources_as_one_that_is_built(new_repository, difference):
    settings = f'{SETTINGS}kind = "interpreter"\npython = "python3"\n'
    for module, differs in (("", None), ('import = "mylib"\n', "mylib/__init__.py")):
        made = new_repository(
            {**FILES, ".opfixtures.toml": settings + module}, name=f"installed{bool(module)}"
        )
        edit(made, "mylib/__init__.py")
        assert difference(made) == differs


def test_fixtures_are_no_source_and_count_all_the_same(library, difference):
    library.write(".opfixtures.toml", CHECKOUT.replace("[[tool", 'sources = ["**"]\n\n[[tool'))
    library.commit()
    config = config_of(WorkTreeSnapshot(str(library.root)))
    assert not sources_of(config, [config]).has("tests/fixtures/scale_v3.ptl")
    edit(library, "tests/fixtures/scale_v3.ptl")
    assert difference(library) == "tests/fixtures/scale_v3.ptl"


def test_before_the_first_commit_all_is_new(library, difference):
    assert difference(library, None) == "mylib/versions.py"


@pytest.mark.parametrize("name", ["wíth ünicode.py", "two\nlines.py", 'a "b".py', ":(top)x.py"])
def test_any_name_is_read_as_it_is(library, difference, name):
    (library.root / "mylib" / name).write_text("")
    assert difference(library) == f"mylib/{name}"


def test_a_name_is_no_pattern(new_repository, difference):
    settings = RELEASE.replace("tests/modules.py", "tests/m[1].py")
    repository = new_repository(
        {**FILES, ".opfixtures.toml": settings, "tests/m[1].py": "", "tests/m1.py": ""}
    )
    edit(repository, "tests/m1.py")
    assert difference(repository) is None
    edit(repository, "tests/m[1].py")
    assert difference(repository) == "tests/m[1].py"


def test_the_users_settings_for_diffs_hide_nothing(library, difference, tmp_path):
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\n")
    trap.chmod(0o755)
    for key, value in (("diff.external", str(trap)), ("diff.noprefix", "true"), ("diff.renames", "copies")):
        library.git("config", key, value)
    library.git("mv", "setup.py", "README.rst")
    assert difference(library) == "setup.py"
    assert not (tmp_path / "sprung").exists()


def test_another_commit_of_a_submodule_is_a_change_and_its_work_tree_is_none(
    new_repository, library, difference
):
    inner = new_repository({"inner.h": "1\n"}, name="inner")
    library.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "eigen")
    library.commit()
    (library.root / "eigen/inner.h").write_text("2\n")
    (library.root / "eigen/untracked.h").write_text("")
    assert difference(library) is None
    person = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    library.git("-C", "eigen", *person, "commit", "--quiet", "--all", "--message", "newer")
    assert difference(library) == "eigen"
    before = library.git("rev-parse", "HEAD")
    library.git("add", "eigen")
    library.commit()
    assert (difference(library, before), difference(library)) == ("eigen", None)
