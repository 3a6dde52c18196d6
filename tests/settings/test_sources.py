from __future__ import annotations

import pytest

from opfixtures.settings.sources import Sources


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
        "attestation/a.py",
        "third_party/eigen",
        "fixtures.py",
        "fixtures_src/modules.py",
        "with\nnewline.py",
    ],
)
def test_by_default_a_library_is_built_from_all_that_it_has(path: str) -> None:
    assert Sources(left_out=("fixtures",)).has(path)


@pytest.mark.parametrize(
    "path",
    [
        "docs/index.md",
        "doc/conf.py",
        "tests/test_scale.py",
        "test/jit/x.cpp",
        "mylib/tests/test_scale.py",
        "mylib/docs/deep/figure.svg",
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
    sources = Sources(globs, left_out=("my/fixtures",))

    assert not sources.has("my/fixtures/scale_v3.ptl")
    assert not sources.has("my/fixtures/deep/scale_v3.ptl")
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
    sources = Sources(("**",), left_out=("fixtures", "libs/other/fixtures"))
    assert not sources.has("fixtures/a.ptl")
    assert not sources.has("libs/other/fixtures/a.ptl")
    assert sources.has("libs/other/fixtures.py")
