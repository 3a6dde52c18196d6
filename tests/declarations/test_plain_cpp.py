"""The reader of plain C++ takes what PyTorch writes, and of that it reads what the reader of all C++ does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.plain_cpp import PlainFile, read_plain
from opfixtures.declarations.plain_mobile import code_around_lists
from opfixtures.declarations.plain_tokens import NotPlainError, comments_of, joined, plain_text, plain_tokens
from opfixtures.declarations.upgraders import read_upgraders
from opfixtures.declarations.version_map import read_version_map
from tests.declarations.test_mobile_code import ADDED, NOW
from tests.repositories import PYTORCH_TREE, VERSION_MAP

ROOT = Path(__file__).parents[2]
UPGRADERS = "static std::unordered_map<std::string, std::string> kMap({%s});\n"
ENTRIES = "static std::unordered_map<std::string, std::vector<UpgraderEntry>> m({%s});\n"
TEXT = '{"f_0_3", R"SCRIPT(\ndef f_0_3(x: int):\n  return "a\\n"\n)SCRIPT"}'
ENTRY = '{"aten::f", {{4, "f_0_3", "aten::f(int x) " "-> int"}}}'


def read(source: str) -> PlainFile:
    return read_plain(plain_tokens(source))


@pytest.mark.parametrize(
    "path",
    [
        "fixtures_src/version_map.cpp",
        *(f"demo/pytorch/{state}/{VERSION_MAP}" for state in ("before", "change")),
        "tests/fuzz/corpus/upgraders/real",
    ],
)
def test_files_of_pytorchs_form_are_read_as_the_other_reader_does(path: str) -> None:
    source = (ROOT / path).read_bytes()
    file = read_plain(plain_tokens(plain_text(source)))

    assert file.entries or file.texts
    if file.entries is not None:
        assert list(file.entries) == [one.text for one in read_version_map("m.cpp", source).entries]
    if file.texts is not None:
        assert list(file.texts) == [
            (one.name, one.source) for one in read_upgraders("u.cpp", source).upgraders
        ]


@pytest.mark.parametrize(
    "source",
    [
        UPGRADERS % f"{TEXT},",
        UPGRADERS % f'{TEXT}, // one\n {{"g" /* two */, "def g():\\n  return \\"\\t\\"\\n"}}',
        UPGRADERS.replace("({%s})", "{%s}") % TEXT,
        UPGRADERS.replace("({%s})", " = {%s}") % TEXT,
        ENTRIES % f'{ENTRY}, {{"aten::g", {{{{0, "", ""}}, {{12, "n", "s"}},}}}},',
        # What only declares a map has none.
        f"extern std::unordered_map<std::string, std::string> other;\n{UPGRADERS % TEXT}",
        # A condition that ends before a map is none of it.
        f"#if A\n#define B\n#endif\n{ENTRIES % ENTRY}{UPGRADERS % TEXT}",
        # A raw string without a delimiter is as good as one with.
        UPGRADERS % TEXT.replace("SCRIPT", ""),
    ],
)  # fmt: skip
def test_what_is_plain(source: str) -> None:
    file = read(source)
    assert "" in file.around
    assert list(file.texts or ()) == [
        (one.name, one.source) for one in read_upgraders("u.cpp", source.encode()).upgraders
    ]


@pytest.mark.parametrize(
    "inside",
    [
        # Redundant braces: `{{"a", T}, {"b", T}}` is one pair of two strings made of pointers.
        f"{{{TEXT}, {TEXT}}}",
        f"{{{TEXT}}}",
        TEXT.replace('{"f_0_3"', '{std::string("f_0_3")'),
        TEXT.replace('"f_0_3"', 'u8"f_0_3"'),
        TEXT.replace('"f_0_3"', '"f_0_3"s'),
        TEXT.replace('"f_0_3"', 'R"(f_0_3)"'),
        TEXT.replace('"f_0_3"', r'"f\x5f0_3"'),
        TEXT.replace('"f_0_3"', r'"f_0\0_3"'),
        TEXT.replace('"f_0_3"', r'"f_0_3\n"'),
        TEXT.replace('"f_0_3"', '("f_0_3")'),
        TEXT.replace("SCRIPT", 'S"T'),
        TEXT.replace("int):", "int): \\\n"),
        TEXT.replace("int):", "int): # \xe9"),
        TEXT.replace("int):", "int): # ??/"),
        TEXT.replace("int):", "int):\f"),
        f"{TEXT}, {TEXT}",
        f"{TEXT} {TEXT.replace('f', 'g')}",
        f"{TEXT},, {TEXT.replace('f', 'g')}",
        f"\n#if 1\n{TEXT}\n#endif\n",
        f"\n#pragma once\n{TEXT}",
        f"// \\\n{TEXT}",
        f"// \r\n{TEXT}",
        f"// \x00\n{TEXT}",
        f"// \xe9\n{TEXT}",
        f"/* {TEXT}",
        f"<%{TEXT[1:]}",
        f"{TEXT[:-1]}%>",
        f"%:define X\n{TEXT}",
        f"X({TEXT})",
        '{"f_0_3"}',
        '{"f_0_3", "a", "b"}',
        '{"f_0_3", kText}',
        '{"f_0_3", text()}',
        "{}",
    ],
)
def test_all_else_is_not_in_a_map_of_upgraders(inside: str) -> None:
    with pytest.raises(NotPlainError):
        read(UPGRADERS % inside)


@pytest.mark.parametrize(
    "number",
    [
        *("010", "0x4", "4u", "1'0", "+4", "-4", "(4)", "4 + 4", "1e1", "10000000000", "four"),
        *(".bumped_at_version = 4", "int(4)", "not int(8)", "compl int(8)", "sizeof int(8)"),
        "static_cast<std::is_same<int,int>::value_type>(8)",
    ],
)  # fmt: skip
def test_no_other_number_is_in_a_version_map(number: str) -> None:
    assert read(ENTRIES % ENTRY).entries == (("aten::f", 4, "f_0_3", "aten::f(int x) -> int"),)
    with pytest.raises(NotPlainError):
        read(ENTRIES % ENTRY.replace("4", number, 1))


@pytest.mark.parametrize(
    "entry",
    [
        '{"aten::f", {}}',
        '{"aten::f", {{}}}',
        '{"aten::f", {4, "f_0_3", "s"}}',
        '{"aten::f", {UpgraderEntry{4, "f_0_3", "s"}}}',
        '{"aten::f", {{4, "f_0_3", "s"}}, }',
        '{"aten::f", {{4, "f_0_3", "s\\n"}}}',
        '{"aten::f", {{4, "f_0_3", R"(s)"}}}',
        '{"aten::f", {{4, "f_0_3"}}}',
        '{"aten::f", {{4, "f_0_3", "s"',
    ],
)
def test_no_other_entry_is_in_a_version_map(entry: str) -> None:
    with pytest.raises(NotPlainError):
        read(ENTRIES % entry)


def test_a_map_may_be_empty_and_what_comes_behind_it_is_around() -> None:
    assert read(ENTRIES % "").entries == ()
    behind = read(ENTRIES % (ENTRY + "}); other({"))
    assert (behind.entries, behind.around != read(ENTRIES % ENTRY).around) == (
        read(ENTRIES % ENTRY).entries,
        True,
    )


@pytest.mark.parametrize(
    "source",
    [
        f"#if 0\n{UPGRADERS % TEXT}#endif\n",
        f"#ifndef X\n{UPGRADERS % TEXT}#endif\n",
        UPGRADERS % TEXT + UPGRADERS % TEXT,
        ENTRIES % ENTRY + ENTRIES % ENTRY,
        f"#define X \\\n  y\n{UPGRADERS % TEXT}",
        f"#include <x> /* y\n*/\n{UPGRADERS % TEXT}",
        f"/* */ #define X\n{UPGRADERS % TEXT}",
        f"int x = 1'000;\n{UPGRADERS % TEXT}",
        f"auto x = LR'(a)';\n{UPGRADERS % TEXT}",
        f'auto x = uR"(a)";\n{UPGRADERS % TEXT}',
        f'auto x = R"a"b(a)a"b";\n{UPGRADERS % TEXT}',
        f"int x = a ??( 0 ??);\n{UPGRADERS % TEXT}",
        f"int x = a<:0:>;\n{UPGRADERS % TEXT}",
        f"int x@ = 0;\n{UPGRADERS % TEXT}",
        (UPGRADERS % TEXT).partition(TEXT)[0],
        (UPGRADERS % TEXT).partition(",")[0] + ", std::string> k({",
    ],
)
def test_what_stands_around_a_map_is_plain_too(source: str) -> None:
    with pytest.raises(NotPlainError):
        read(source)


def test_a_comment_that_is_known_may_be_in_any_language() -> None:
    source = f"// \xe9\n{UPGRADERS % TEXT}"
    assert comments_of(source) == {"// \xe9"}
    assert read_plain(plain_tokens(source, comments_of(source))) == read(UPGRADERS % TEXT)
    assert plain_tokens("// \xe9", None) == ()
    for odd in ("// \xe9 \\\nint x;", "// \xe9\r\nint x;", "// \xe9 ??/\nint x;"):
        with pytest.raises(NotPlainError):
            plain_tokens(odd, None)


def test_all_lines_of_a_file_end_alike() -> None:
    assert plain_text(b"a\r\nb\r\n") == plain_text(b"a\nb\n") == "a\nb\n"
    for source in (b"a\r\r\nb\r\n", b"a\r\nb\n", b"a\rb\r\n", b"\xff", b"\xff\xfea\0"):
        with pytest.raises(NotPlainError):
            plain_text(source)


def test_signs_that_touch_are_one_operator() -> None:
    texts = [
        tuple(joined(plain_tokens(code)))
        for code in ("a-- - b", "a - --b", "a - - -b", "f({1})", "f ( {1} )")
    ]
    assert len(set(texts)) == 4
    assert texts[-1] == texts[-2]


@pytest.mark.parametrize("source", [NOW, ADDED])
def test_mobile_upgraders_as_they_are_generated(source: bytes) -> None:
    assert code_around_lists(plain_tokens(plain_text(source))).count("") == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"{Instruction{", b"{\n%\\\n:define IValue(x) 7\nInstruction{"),
        (b"{Instruction{", b"{\n#define IValue(x) 7\nInstruction{"),
        (b"Instruction{OpCode::RET, 0, 0}", b"f()"),
        (b"Instruction{OpCode::RET, 0, 0}", b"[] { return x; }()"),
        (b"Instruction{OpCode::RET, 0, 0}", b'R"a"b(x)a"b"'),
        (b"Instruction{OpCode::RET, 0, 0}", b"Instruction{OpCode::RET, 0, 0} + 1"),
        (b"Instruction{OpCode::RET, 0, 0}", b"Instruction{OpCode::RET, 0, 00}"),
        (b"Instruction{OpCode::RET, 0, 0}", b"{" * 500),
        (b"Instruction{OpCode::RET, 0, 0}", b"a" * 500 + b"::b" * 100),
        (b"operatorVersionMapForMobile", b"another"),
        (b"0}", b"-x}"),
    ],
)
def test_mobile_upgraders_in_another_form(old: bytes, new: bytes) -> None:
    with pytest.raises(NotPlainError):
        code_around_lists(plain_tokens(plain_text(NOW.replace(old, new))))


def test_what_an_upgrader_of_the_lite_interpreter_has() -> None:
    constants = b'c10::IValue("a"), c10::IValue(true), c10::IValue(-1), c10::IValue(), c10::IValue(1)'
    source = NOW.replace(b"({Instruction", b"({%s}), std::vector<Instruction>({Instruction" % constants)
    assert code_around_lists(plain_tokens(plain_text(source)))


_CHARACTERS = "{}(),;<>:%\"'\\/*#?R0\n\r "
_PIECES = ('"a"', "//", "/*", "*/", "4", 'R"x(', ')x"', "<%", "??/", "std::string", "#if 0\n", "#endif\n")
_WORDS = st.sampled_from(
    [*_CHARACTERS, *_PIECES, TEXT, ENTRY, UPGRADERS % TEXT, ENTRIES % ENTRY, "UpgraderEntry"]
)


@given(st.lists(_WORDS, max_size=12).map("".join), st.lists(_WORDS, max_size=6).map("".join))
def test_what_is_plain_the_other_readers_read_alike(inside: str, around: str) -> None:
    for form, value in ((UPGRADERS, TEXT), (ENTRIES, ENTRY)):
        source = around + form % f"{value}{inside}"
        try:
            file = read_plain(plain_tokens(plain_text(source.encode())))
        except NotPlainError:
            continue
        if file.texts is not None and file.entries is None:
            upgraders = read_upgraders("u.cpp", source.encode())
            assert [(one.name, one.source) for one in upgraders.upgraders] in ([], list(file.texts))
        if file.entries is not None and file.texts is None:
            version_map = read_version_map("m.cpp", source.encode())
            # Behind a bracket that is open one of them sees no map.
            assert [one.text for one in version_map.entries] in ([], list(file.entries))


def test_a_tree_with_pytorchs_paths_is_plain() -> None:
    assert read(str(PYTORCH_TREE[VERSION_MAP])).entries
