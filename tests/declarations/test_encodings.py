"""Every reader takes the same bytes for text: comments in any encoding, literals in UTF-8, and no UTF-16."""

from __future__ import annotations

import pytest

from opfixtures.declarations.fixture_modules import read_fixture_modules
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.produced_version import read_produced_version
from opfixtures.declarations.python_source import decode
from opfixtures.declarations.registry import read_registry
from opfixtures.declarations.upgraders import read_upgraders
from opfixtures.declarations.version_map import read_version_map

MAP = 'std::unordered_map<std::string, std::vector<UpgraderEntry>> m({{"a", {{4, "n", "s"}}}});\n'
UPGRADERS = 'std::unordered_map<std::string, std::string> m({{"n", "def n(x):"}});\n'
VERSIONS = "constexpr uint64_t kProducedFileFormatVersion = 0xAL;\n"
PYTHON_MAP = (
    'OPERATOR_VERSIONS = {"a": [{"bumped_at_version": 4, "upgrader_name": "n", "old_schema": "s"}]}\n'
)
REGISTRY = 'ALL_MODULES = {TestA(): "a"}\n'
MODULES = "class TestA(torch.nn.Module):\n    pass\n"
GBK = '// \u6ce8\u91ca {"\n'.encode("gbk")

Read = tuple[list[str], list[Problem]]


def read(path: str, source: bytes) -> Read:
    """What the reader of a file says there is in it, and its problems."""
    match path:
        case "map.cpp" | "map.py":
            version_map = read_version_map(path, source)
            return [one.operator for one in version_map.entries], list(version_map.problems)
        case "upgraders.cpp":
            upgraders = read_upgraders(path, source)
            return [one.name for one in upgraders.upgraders], list(upgraders.problems)
        case "versions.h":
            versions = read_produced_version(path, source)
            return [str(versions.produced.value)] if versions.produced else [], list(versions.problems)
        case "registry.py":
            registry = read_registry(path, source)
            return [row.operator for row in registry.rows], list(registry.problems)
    modules = read_fixture_modules([(path, source)])
    return [one.name for one in modules.modules], list(modules.problems)


CPP = {"map.cpp": MAP, "upgraders.cpp": UPGRADERS, "versions.h": VERSIONS}
PYTHON = {"map.py": PYTHON_MAP, "registry.py": REGISTRY, "modules.py": MODULES}
BOTH = CPP | PYTHON


@pytest.mark.parametrize("path", CPP)
@pytest.mark.parametrize(
    "comment", [GBK, b"/* \xe9\xff */\n", "// \u30bd.\n".encode("shift-jis"), "// \u6ce8\n".encode("big5")]
)
def test_a_comment_in_cpp_may_be_in_any_encoding(path: str, comment: bytes) -> None:
    plain = CPP[path].encode()
    for source in (comment + plain, plain + comment, plain.replace(b"{", b"{" + comment, 1)):
        assert read(path, source) == (read(path, plain)[0], [])
    assert read(path, plain)[0]


def test_a_comment_that_ends_in_a_backslash_goes_on_in_the_next_line_as_for_a_compiler() -> None:
    spliced = "// \u30bd\n".encode("shift-jis")
    assert spliced.endswith(b"\\\n")
    assert read("map.cpp", spliced + b"not code\n" + MAP.encode()) == (["a"], [])


@pytest.mark.parametrize(
    ("path", "literal"), [("map.cpp", b'"a"'), ("map.cpp", b'"s"'), ("upgraders.cpp", b'"n"')]
)
@pytest.mark.parametrize("text", [b'"\xb0\xa1"', b'R"(\xb0\xa1)"', b'"\\t\xb0\xa1"', b'("\xb0\xa1")'])
def test_a_literal_in_another_encoding_is_a_problem_there(path: str, literal: bytes, text: bytes) -> None:
    source = CPP[path].encode().replace(literal, text, 1)
    (problem,) = read(path, source)[1]
    assert problem.message == "this text is not UTF-8: save the file as UTF-8"
    assert problem.place == Place(path, 1, source.index(b"\xb0") + 1)


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_one_problem_with_what_to_do(path: str, encoding: str) -> None:
    said = Problem(Place(path, 1, 1), "this file is UTF-16: save it as UTF-8")
    assert read(path, BOTH[path].encode(encoding)) == ([], [said])


@pytest.mark.parametrize("path", BOTH)
def test_a_byte_order_mark_takes_no_column(path: str) -> None:
    plain = BOTH[path].encode()
    assert read(path, b"\xef\xbb\xbf" + plain) == read(path, plain) != ([], [])


@pytest.mark.parametrize("path", PYTHON)
@pytest.mark.parametrize(("encoding", "cookie"), [("latin-1", "latin-1"), ("gbk", "gbk"), ("utf-8", "utf-8")])
def test_python_is_read_in_the_encoding_that_it_declares(path: str, encoding: str, cookie: str) -> None:
    word = "\xfc" if encoding == "latin-1" else "\u6ce8"
    source = f"# -*- coding: {cookie} -*-\n# {word}\n{PYTHON[path]}".encode(encoding)
    assert read(path, source) == (read(path, PYTHON[path].encode())[0], [])
    assert word in decode(source)


@pytest.mark.parametrize("path", PYTHON)
@pytest.mark.parametrize("line", [1, 2, 7])
def test_python_in_another_encoding_than_it_declares_is_a_problem_in_its_line(path: str, line: int) -> None:
    source = b"\n" * (line - 1) + "# \u6ce8\u91ca\n".encode("gbk") + PYTHON[path].encode()
    (problem,) = read(path, source)[1]
    assert (problem.place.path, problem.place.line, problem.place.column) == (path, line, 4)
    assert problem.message.startswith(
        "this file is not utf-8: save it as utf-8, or declare its encoding in the "
    )


@pytest.mark.parametrize("path", PYTHON)
def test_an_encoding_that_nobody_knows_is_a_problem(path: str) -> None:
    (problem,) = read(path, b"# coding: nosuch\n" + PYTHON[path].encode())[1]
    assert "unknown encoding: nosuch" in problem.message
