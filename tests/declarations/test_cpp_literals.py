"""A C++ literal has the value that a compiler gives it."""

from __future__ import annotations

import pytest

from opfixtures.declarations.cpp_literals import EscapeError, integer_value, string_value


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r'"tab\t, quote\" and backslash\\"', 'tab\t, quote" and backslash\\'),
        (r'"\1\101\x41"', "\1AA"),
        (r'"\u00e9\U0001f600\xc3\xa9"', "é😀é"),
        (r'"\'\?\a\b\f\n\r\v"', "'?\a\b\f\n\r\v"),
        ('"spliced \\ \n line"', "spliced  line"),
        (
            '"aten::f(int a=1, *, Tensor(a!) b) -> {}; /* // "',
            "aten::f(int a=1, *, Tensor(a!) b) -> {}; /* // ",
        ),
        ('u8"é"', "é"),
        ('R"(verbatim \\n " // } )"', 'verbatim \\n " // } '),
        ('R"x(a)"\n)" )x"', 'a)"\n)" '),
        ('u8R"(é)"', "é"),
    ],
)
def test_of_a_string(literal: str, value: str) -> None:
    assert string_value(literal) == value


@pytest.mark.parametrize(
    "escape", [r"\q", r"\x", r"\x141", r"\400", r"\ud800", r"\U00110000", r"\u12", r"\0", r"\x00", r"\u0000"]
)
def test_an_escape_that_stands_for_no_character_is_refused_where_it_stands(escape: str) -> None:
    with pytest.raises(EscapeError) as refused:
        string_value(f'u8"ab{escape}"')
    assert refused.value.offset == len('u8"ab')


def test_escaped_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(EscapeError, match="not UTF-8"):
        string_value(r'"\xff"')


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("4", 4),
        ("0", 0),
        ("012", 10),
        ("0x1F", 31),
        ("0b101", 5),
        ("1'0'0", 100),
        ("4u", 4),
        ("4ULL", 4),
        ("2147483647", 2147483647),
    ],
)
def test_of_an_integer(literal: str, value: int) -> None:
    assert integer_value(literal) == value


@pytest.mark.parametrize(
    "literal", ["2147483648", "9" * 5000, "0x100000000", "4.0", "4e1", "09", "4_v", "0x"]
)
def test_what_is_no_int_has_no_value(literal: str) -> None:
    assert integer_value(literal) is None
