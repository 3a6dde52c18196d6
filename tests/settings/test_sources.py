from __future__ import annotations

import posixpath
import re
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.sources import Sources, sources_of
from opfixtures.settings.version_range import VersionRange


@pytest.mark.parametrize(
    "path",
    [
        "setup.py",
        "pyproject.toml",
        "mylib/__init__.py",
        "mylib/csrc/scale.cpp",
        "CMakeLists.txt",
        "mylib/testing/helpers.py",
        "mylib/docstrings.py",
        "mylib/README.md",
        # Of a package they are what it is: only those at the top are never imported.
        "mylib/tests/upgraders.py",
        "mylib/docs/deep/figure.svg",
        ".github/build.sh",
        "attestation/a.py",
        "third_party/eigen",
        "fixtures.py",
        "fixtures_src/modules.py",
        "with\nnewline.py",
    ],
)
def test_by_default_a_library_is_built_from_all_that_it_has(path: str) -> None:
    assert Sources(fixtures=("fixtures",)).has(path)


@pytest.mark.parametrize(
    "path",
    [
        "docs/index.md",
        "doc/conf.py",
        "tests/test_scale.py",
        "test/jit/x.cpp",
        ".github/workflows/ci.yml",
        "README.md",
        "CHANGES.rst",
        "LICENSE",
        "LICENCE.txt",
        "NOTICE",
    ],
)
def test_but_for_docs_and_tests(path: str) -> None:
    assert not Sources().has(path)


@pytest.mark.parametrize(
    ("glob", "path", "holds"),
    [
        ("mylib/*.py", "mylib/scale.py", True),
        ("mylib/*.py", "mylib/ops/scale.py", False),
        ("mylib/**", "mylib/ops/scale.py", True),
        ("mylib/**", "mylib", False),
        ("mylib/**/*.cpp", "mylib/scale.cpp", True),
        ("mylib/**/*.cpp", "mylib/a/b/scale.cpp", True),
        ("mylib/**/*.cpp", "mylib/a/b/scale.cppx", False),
        ("**/csrc/*", "csrc/a.cpp", True),
        ("**/csrc/*", "deep/down/csrc/a.cpp", True),
        ("**/csrc/*", "mycsrc/a.cpp", False),
        ("setup.py", "setup.py", True),
        ("setup.py", "sub/setup.py", False),
        ("setup.py", "setupXpy", False),
        ("v?.py", "v1.py", True),
        ("v?.py", "v/.py", False),
        ("v?.py", "v12.py", False),
        ("a[b].py", "a[b].py", True),
        ("a[b].py", "ab.py", False),
        ("mylib/*", "mylib/with\nnewline", True),
        ("mylib/**", "mylib/a/with\nnewline", True),
    ],
)
def test_a_glob_stays_within_a_folder_unless_it_has_two_stars(glob: str, path: str, holds: bool) -> None:
    assert Sources((glob,)).has(path) is holds


def test_globs_stand_in_for_the_default_and_one_of_them_is_enough() -> None:
    sources = Sources(("mylib/**", "docs/generated.py"))

    assert sources.has("mylib/tests/test_scale.py")
    assert sources.has("docs/generated.py")
    assert not sources.has("setup.py")


@pytest.mark.parametrize("globs", [(), ("**",)])
def test_the_fixtures_come_after_the_build(globs: tuple[str, ...]) -> None:
    sources = Sources(globs, fixtures=("my/fixtures",))

    for name in ("scale_v3.ptl", "scale_v3.pt", "scale_v3.ptl.json", "scale_v3.pt.json"):
        assert not sources.has(f"my/fixtures/{name}")
    # The folder may be the package's own: what is no fixture there is built.
    for name in ("upgraders.py", "__init__.py", "table.json", "deep/scale_v3.ptl"):
        assert sources.has(f"my/fixtures/{name}")
    assert sources.has("my/fixtures_src.py")
    assert sources.has("other/my/fixtures/scale_v3.ptl")


@pytest.mark.parametrize(
    ("glob", "path", "holds"),
    [
        ("tiny/**", "packages/tinyops/tiny/ops.py", True),
        ("tiny/**", "tiny/ops.py", False),
        ("*.py", "packages/tinyops/setup.py", True),
        ("../common/**", "packages/common/base.h", True),
        ("../../CMakeLists.txt", "CMakeLists.txt", True),
        ("../../../outside", "outside", False),
    ],
)
def test_a_glob_is_meant_from_the_folder_of_the_project(glob: str, path: str, holds: bool) -> None:
    assert Sources((glob,), folder="packages/tinyops").has(path) is holds


def test_a_project_among_tests_or_docs_is_built_from_all_that_it_has() -> None:
    sources = Sources(folder="test/custom_operators")
    assert sources.has("test/custom_operators/ops.cpp")
    assert sources.has("common/base.h")
    assert not sources.has("test/custom_operators/tests/test_ops.py")
    assert not sources.has("test/custom_operators/README.md")
    assert not sources.has("test/other.py")


def test_the_fixtures_of_no_project_are_part_of_a_build() -> None:
    sources = Sources(("**",), fixtures=("fixtures", "libs/other/fixtures"))
    assert not sources.has("fixtures/a.ptl")
    assert not sources.has("libs/other/fixtures/a.ptl")
    assert sources.has("libs/other/fixtures.py")


LINKS = {
    "mylib/upgraders.py": "../tests/upgraders.py",
    "mylib/data": "../docs/data",
    "tests/upgraders.py": "versions/new.py",
    "tests/other": "versions/old.py",
    "mylib/out": "../../elsewhere",
    "mylib/loop": "loop",
}


def test_what_a_link_among_them_leads_to_is_one_of_them() -> None:
    followed = Sources().following(LINKS)

    for path in ("tests/upgraders.py", "tests/versions/new.py", "docs/data/table.txt", "docs/data"):
        assert followed.has(path)
        assert not Sources().has(path)
    for path in ("tests/versions/old.py", "tests/versions/new.pyc", "docs/database"):
        assert not followed.has(path)


@pytest.mark.parametrize(
    ("links", "end"),
    [
        ({"shared": "real", "mylib/up.py": "../shared/up.py"}, "real/up.py"),
        ({"shared": "other", "other": "./deep/real/", "mylib/up.py": "../shared/up.py"}, "deep/real/up.py"),
        # From where a link leads, `..` is the folder above.
        ({"shared": "deep/real", "mylib/up.py": "../shared/../up.py"}, "deep/up.py"),
        # A folder that one leads to holds others.
        ({"mylib/all": "../real", "real/up.py": "../shared/up.py", "shared": "more"}, "more/up.py"),
        ({"shared": "real", "real/up.py": "new.py", "mylib/up.py": "../shared/up.py"}, "real/new.py"),
    ],
)
def test_links_are_followed_over_others(links: dict[str, str], end: str) -> None:
    followed = Sources(("mylib/**",)).following(links)
    assert followed.has(end)
    # Where a link on the way leads matters as much.
    assert all(map(followed.has, links))
    assert not followed.has("unrelated.py")


def test_so_are_those_that_a_command_or_a_declared_file_is_reached_through() -> None:
    followed = Sources(("mylib/**",), always=frozenset({"shared/up.py"})).following({"shared": "real"})
    assert followed.has("real/up.py")
    assert followed.has("shared")


@pytest.mark.parametrize("text", ["loop/loop", "../mylib/loop/a", "../../../out", "/usr", "..", "."])
def test_a_link_that_ends_nowhere_is_a_file_by_itself(text: str) -> None:
    followed = Sources(("mylib/**",)).following({"mylib/loop": text})
    assert followed.has("mylib/loop")
    assert not followed.has("setup.py")


def config(**members: object) -> Config:
    setup = (("bash", "tests/build.sh"), ("pip", "install", "."))
    spec = RuntimeSpec("checkout", "checkout", VersionRange(), None, None, None, setup, "tiny.ops")
    known: dict[str, Any] = {
        "upgraders": "src/up.cpp",
        "versions": "src/versions.h",
        "sources": ("csrc/**",),
        "folder": "",
    }
    known |= members
    return Config(
        "maps/versions.py", registry="tests/rows.py", fixture_modules=("tests/modules.py",), fixtures="fixtures",
        target=None, runtimes=(spec,), source="pyproject.toml", **known,
    )  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "csrc/scale.cpp",
        "maps/versions.py",
        "src/up.cpp",
        "src/versions.h",
        "tests/rows.py",
        "tests/modules.py",
        "pyproject.toml",
        ".opfixtures.toml",
        # What the runtime imports, wherever it stands.
        "tiny/ops/upgraders.py",
        "python/tiny/__init__.py",
        "tiny.py",
        # What is called to build.
        "tests/build.sh",
    ],
)
def test_globs_cannot_leave_out_what_declares_builds_or_is_the_library(path: str) -> None:
    assert sources_of(config(), [config()]).has(path)


@pytest.mark.parametrize(
    "path", ["setup.py", "tests/test_scale.py", "tinyops/a.py", "fixtures/a.ptl", "r.json"]
)
def test_but_nothing_else(path: str) -> None:
    assert not sources_of(config(), [config()]).has(path)


def test_what_the_run_itself_writes_is_no_source() -> None:
    settings = config(sources=())
    assert sources_of(settings, [settings]).has("r.json")
    assert not sources_of(settings, [settings], ("r.json",)).has("r.json")


def test_a_command_that_is_run_in_the_project_names_nothing_of_it() -> None:
    settings = config(folder="libs/tiny")
    assert not sources_of(settings, [settings]).has("libs/tiny/docs/index.md")
    assert sources_of(settings, [settings]).has("libs/tiny/tests/build.sh")


def translated(glob: str) -> re.Pattern[str]:
    """What a glob means, as a regular expression, which takes exponential time for some."""
    words = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts), re.DOTALL)


NAMES = st.lists(st.sampled_from(["a", "b", "ab", "a.b", "\n"]), min_size=1, max_size=4)
GLOBS = st.lists(
    st.sampled_from(["**", "*", "?", "a", "b", ".", "a*", "*b", "a**", "**b"]), min_size=1, max_size=4
)


@given(GLOBS.map("/".join), NAMES.map("/".join))
def test_a_glob_holds_what_it_means(glob: str, path: str) -> None:
    assert Sources((glob,)).has(path) == bool(translated(posixpath.normpath(glob)).fullmatch(path))


@pytest.mark.parametrize(
    ("glob", "path"),
    [("**/" * 300 + "x", "a/" * 300 + "y"), ("*a" * 300 + "b", "a" * 600), ("**a" * 300 + "b", "a" * 600)],
)
def test_a_glob_of_many_wildcards_takes_no_time(glob: str, path: str) -> None:
    begun = process_time()
    assert not Sources((glob,)).has(f"{path}c")
    assert Sources((f"{glob}*",)).has(f"{path}b".replace("y", "x"))
    assert process_time() - begun < 5


def test_where_target_has_other_sources_all_files_count_but_fixtures() -> None:
    """A change may leave out the folder that it builds from."""
    one, target = config(), config(sources=("csrc/**", "impl/**"))
    paths = ("impl/upgraders.py", "README.md", "docs/a.py", "fixtures/scale_v3.ptl", "written.json")

    def counted(published: Config | None) -> list[str]:
        sources = sources_of(one, [one], ["written.json"], published)
        return [path for path in paths if sources.has(path)]

    assert counted(target) == counted(config(sources=())) == list(paths[:3])
    assert counted(one) == counted(None) == []
