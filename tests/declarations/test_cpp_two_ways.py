"""What compilers read in two ways no reader of C++ takes for one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opfixtures.declarations.cpp_around import code_around
from opfixtures.declarations.cpp_tokens import tokenise, with_operators
from opfixtures.declarations.cpp_two_ways import read_in_two_ways
from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.mobile_upgraders import read_mobile_upgraders
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.plain_tokens import joined, plain_tokens
from opfixtures.declarations.produced_version import read_produced_version
from opfixtures.declarations.upgraders import read_upgraders, walk_upgraders
from opfixtures.declarations.version_map import read_version_map

RETURN = "a line ends in a carriage return alone, which compilers read in two ways: end it in a line feed"
NUL = "a NUL character stands here, at which compilers may end the text: take it out"
JOINED = "`??/` is another character in C++14 and before: part it, as in ? ?"
# What stands in front of a file, and the problem at which column.
ODD = {"// one\r//": (7, RETURN), "// \0": (4, NUL), "// one ??/": (8, JOINED)}
MAP = "static std::unordered_map<std::string, std::string> kUpgradersEntryMap({{%s}});\n"
GOOD = '"f_0_3", R"(def f_0_3(): pass)"'
TABLE = b'table({ {std::string("aten::gelu"), std::vector<Upgrader>({Upgrader({0, 9, "gelu_0_9", 0})})} });\n'
READERS: dict[Callable[[str, bytes], Any], str] = {
    read_upgraders: MAP % GOOD,
    read_version_map: "std::map<std::string, std::vector<UpgraderEntry>> m({});\n",
    read_produced_version: "constexpr uint64_t kProducedFileFormatVersion = 0xAL;\n",
    read_declared_operators: "TORCH_LIBRARY(x, m) {}\n",
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("read", READERS)
def test_every_reader_says_so_at_its_place(read: Callable[[str, bytes], Any], odd: str) -> None:
    assert read("f.cpp", READERS[read].encode()).problems == ()
    assert read("f.cpp", f"{odd}\n{READERS[read]}".encode()).problems == (
        Problem(Place("f.cpp", 1, ODD[odd][0]), ODD[odd][1]),
    )


@pytest.mark.parametrize("odd", ODD)
def test_a_table_has_no_rows_then_and_code_around_is_all_bytes(odd: str) -> None:
    assert len(read_mobile_upgraders("m.cpp", TABLE, None).rows) == 1
    assert read_mobile_upgraders("m.cpp", odd.encode() + b"\n" + TABLE, None).rows == ()
    one, other = (
        code_around("u.cpp", f"{odd}\n{MAP % text}".encode(), [walk_upgraders]) for text in (GOOD, "")
    )
    assert one != other


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a-- - b", "a - --b", False),
        ("a - -b;", "a --b;", False),
        ("a = -b", "a =- b", False),
        ("f( { 1 } );", "f({1});", True),
        ("a  ==\nb", "a == b", True),
    ],
)
def test_signs_that_stand_together_are_one_operator(one: str, other: str, same: bool) -> None:
    def around(code: str) -> tuple[str, ...]:
        return code_around("u.cpp", f"{MAP % GOOD}{code}".encode(), [walk_upgraders])

    assert (around(one) == around(other)) is same


def test_an_operator_may_have_any_length() -> None:
    (token,) = with_operators(tokenise("+" * 100_000))
    assert len(token.text) == 100_000
    (text,) = joined(plain_tokens("+" * 100_000))
    assert len(text) == 100_000


def test_the_rows_of_a_name_in_another_form_are_not_those_of_the_operator_before() -> None:
    decoy = TABLE.replace(b'"aten::gelu"', rb'"aten::g\145lu"')
    rows = read_mobile_upgraders("m.cpp", TABLE + decoy, None).rows
    assert [row.operator for row in rows] == ["aten::gelu", ""]


@pytest.mark.parametrize("text", ["a ??= b", '"??/"', "// one\na ??( b", "a ??!??! b // ??)", "/* ??/ */"])
def test_a_trigraph_is_refused_where_it_means_something(text: str) -> None:
    assert read_in_two_ways(text)


@pytest.mark.parametrize("text", ["", "// why ??!", "/* (so??) */ a ? b : c", "a ?? b", "one\r\ntwo"])
def test_question_marks_and_line_breaks_may_stand_as_they_do(text: str) -> None:
    assert read_in_two_ways(text) is None
