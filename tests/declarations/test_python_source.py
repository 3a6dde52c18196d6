import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.model import Place, Problem
from opfixtures.declarations.python_source import SourceLines, parse, place, place_of_last_character


@pytest.mark.parametrize(
    ("source", "line", "column", "reason"),
    [
        (b"x = 1\ny = (\n", 2, 5, "Python cannot parse this file ('(' was never closed): correct it"),
        ("é = 1\né )\n".encode(), 2, 3, "Python cannot parse this file (unmatched ')'): correct it"),
        (b"x = " + b"(" * 10_000, 1, 205, "too many nested parentheses"),
        (b"x = " + b"9" * 5000, 1, 1, "Exceeds the limit"),
        (b"x = '\0'", 1, 1, "null bytes"),
        (b"x = " + b"-" * 100_000 + b"1", 1, 1, "this file nests too deeply for Python to parse"),
        (b"x = a" + b".b" * 100_000, 1, 1, "this file nests too deeply for Python to parse"),
        (
            "x = 1\r\ny = 'é\xff'".encode("latin-1"),
            2,
            6,
            "this file is not utf-8: save it as utf-8, or declare",
        ),
        (b"# coding: ascii\nx = '\xc3\xa9'", 2, 6, "this file is not ascii"),
        (b"# coding: nonsense\n", 1, 1, "unknown encoding: nonsense"),
        (b"# coding: hex\n", 1, 1, "not a text encoding"),
        (b"# coding: punycode\na-a", 1, 1, "encoding punycode is not read"),
        (b"# coding: utf-7\nx = '+2AA-'", 1, 1, "surrogates not allowed"),
    ],
)
def test_what_python_cannot_parse_is_a_problem_at_its_place(
    source: bytes, line: int, column: int, reason: str
) -> None:
    problem = parse("some/registry.py", source)
    assert isinstance(problem, Problem)
    assert problem.place == Place("some/registry.py", line, column)
    assert reason in problem.message


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_tree_or_a_problem(source: bytes) -> None:
    assert isinstance(parse("registry.py", source), (ast.Module, Problem))


def test_a_warning_of_python_about_the_source_is_not_shown() -> None:
    assert isinstance(parse("registry.py", rb"x = '\d'"), ast.Module)


@pytest.mark.parametrize(
    "source",
    [
        "x\né = 'ü𝔸'; wanted = 'é'".encode(),
        "\ufeffx\ré = 'ü𝔸'; wanted = 'é'\r\n".encode(),
        "# coding: utf-8\r\né = 'ü𝔸'; wanted = 'é'\n".encode(),
        "# coding: latin-1\né = 'üA'; wanted = 'é'".encode("latin-1"),
        "# coding: latin-1\rx = 'üA'; wanted = 'é'".encode("latin-1"),
        b"x\nx = '  '; wanted = 'e'\n",
    ],
)
def test_columns_are_characters_whatever_the_encoding_and_the_line_ends(source: bytes) -> None:
    tree = parse("registry.py", source)
    assert isinstance(tree, ast.Module)
    lines = SourceLines(source)
    assert place("registry.py", lines, tree.body[-1]) == Place("registry.py", 2, 11)
    assert place_of_last_character("registry.py", lines, tree.body[-1]) == Place("registry.py", 2, 22)
