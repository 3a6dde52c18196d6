"""Whatever stands in a version map's file: a value or problems in the file, never an exception."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.cpp_tokens import tokenise
from opfixtures.declarations.model import VersionMap
from opfixtures.declarations.version_map import read_version_map

CPP = """\
#include <vector>
// the map's own comment, "unclosed
static bool isVersionMapSorted = false;
struct UpgraderEntry { int bumped_at_version; std::string upgrader_name, old_schema; };
static std::unordered_map<std::string, std::vector<UpgraderEntry>> operatorVersionMap(
    {{"aten::full", {{5, "full_0_4", "aten::full(int[] size, *, Scalar fill_value) -> Tensor"}}},
#ifdef USE_GELU /* { */
     {"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) " "-> \\"Tensor\\""}}},
#elif 0
     {never,
#else
     {"aten::gelu.out", {{4, "é", "s"}, UpgraderEntry{0xA, "gelu_out_0_9", "t"}}},
#endif
     {"none", {}},
     {std::string("aten::a"), std::vector<UpgraderEntry>({UpgraderEntry({UINT64_C(4), ("n"), "s"s}),
         UpgraderEntry(static_cast<uint64_t>(5), std::string{"m"}, "t")})},
     std::make_pair("aten::b", std::vector<UpgraderEntry>{{(int)4, "n", "s"}}),
     {"aten::div", {{.bumped_at_version = 4, .upgrader_name = "n", .old_schema = R"x(")x" "s"}}}});

const std::unordered_map<std::string, std::vector<UpgraderEntry>>& get_operator_version_map(int flags) {
  for (const auto& entry : operatorVersionMap) { std::sort(entry.second.begin(), entry.second.end()); }
  return operatorVersionMap;
}
void test_only_add_entry(const std::string& op_name, UpgraderEntry entry) {
  operatorVersionMap[op_name].emplace_back(std::move(entry));
}
"""
PYTHON = """\
NAME = "é"
OPERATOR_VERSIONS: dict = {
    "mylib::scale": [
        {"bumped_at_version": 4, "upgrader_name": "scale_0_3", "old_schema": "mylib::scale(Tensor x)"},
        {"bumped_at_version": 7, "upgrader_name": "é", "old_schema": "a" "b"},
    ],
    "mylib::é": [],
}
print(OPERATOR_VERSIONS["mylib::scale"][0].get("old_schema"))
"""
FILES = {"map.cpp": CPP, "map.h": CPP, "map.py": PYTHON}
MARKS = st.sampled_from("{}()[]<>,;:.=&*\"'\\\0\r\n/#4é")
PIECES = st.sampled_from(
    [
        *(
            "//",
            "/*",
            "*/",
            'R"(',
            ')"',
            "\\\n",
            "&&",
            "**",
            "extern",
            "using V = ",
            "V v",
            "operatorVersionMap",
            'operatorVersionMap["a"] = ',
            "operatorVersionMap.insert(",
            "std::make_pair(",
            "UpgraderEntry(",
            "std::vector<UpgraderEntry>(",
            "UINT64_C(",
            "static_cast<int>(",
            "(int)",
            "std::string(",
        ),
        *("#if 0\n", "\n#if A\n", "\n#else\n", "\n#endif\n", "\r\n", "OPERATOR_VERSIONS"),
        "std::map<std::string, std::vector<UpgraderEntry>> m",
    ]
)
TEXTS = st.lists(MARKS | PIECES | st.text(max_size=5), max_size=40).map("".join)


def read(path: str, text: str) -> VersionMap:
    """The version map of a text; fails where something is said to stand outside of the text."""
    version_map = read_version_map(path, text.encode())
    line_break = "\r\n|\r|\n" if path.endswith(".py") else "\r\n|\n"
    lines = re.split(line_break, text.removeprefix("\ufeff"))
    places = [entry.place for entry in version_map.entries] + [
        problem.place for problem in version_map.problems
    ]
    for place in places:
        assert place.path == path
        assert 1 <= place.line <= len(lines)
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    return version_map


def contents(version_map: VersionMap) -> list[tuple[str, int, str, str]]:
    return [
        (entry.operator, entry.bumped_at_version, entry.upgrader_name, entry.old_schema)
        for entry in version_map.entries
    ]


@pytest.mark.parametrize("path", FILES)
def test_the_maps_that_are_mutated_here_are_read_whole(path: str) -> None:
    version_map = read(path, FILES[path])
    assert version_map.problems == ()
    assert len(version_map.entries) == (2 if path == "map.py" else 8)


@given(path=st.sampled_from(list(FILES)), source=st.binary(max_size=200))
def test_any_bytes_give_a_version_map(path: str, source: bytes) -> None:
    assert isinstance(read_version_map(path, source), VersionMap)


@given(path=st.sampled_from(list(FILES)), text=TEXTS)
def test_any_text_gives_a_version_map_with_places_in_the_text(path: str, text: str) -> None:
    read(path, text)


@given(
    path=st.sampled_from(list(FILES)),
    edits=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 30), TEXTS), min_size=1, max_size=4),
)
def test_any_edit_of_a_map_gives_a_version_map_with_places_in_the_text(
    path: str, edits: list[tuple[int, int, str]]
) -> None:
    text = FILES[path]
    for begin, removed, inserted in edits:
        text = text[:begin] + inserted + text[begin + removed :]
    read(path, text)


@given(path=st.sampled_from(list(FILES)), cut=st.integers(0, 1500))
def test_a_map_that_is_cut_off_is_never_a_shorter_map(path: str, cut: int) -> None:
    text = FILES[path][:cut]
    version_map = read(path, text)
    begins = re.search(r"operatorVersionMap\(|OPERATOR_VERSIONS", text)
    if begins and contents(version_map) != contents(read(path, FILES[path])):
        assert version_map.problems


def marks(text: str) -> list[int]:
    """The offsets of all brackets, commas and quotes of ordinary strings."""
    offsets = []
    for token in tokenise(text):
        if token.text in ("{", "}", "(", ")", ","):
            offsets.append(token.offset)
        elif token.kind == "string":
            offsets += [token.offset, token.offset + len(token.text) - 1]
    return offsets


@pytest.mark.parametrize("offset", marks(CPP))
def test_a_missing_bracket_comma_or_quote_is_never_a_shorter_map(offset: int) -> None:
    version_map = read("map.cpp", CPP[:offset] + CPP[offset + 1 :])
    assert version_map.problems or contents(version_map) == contents(read("map.cpp", CPP))


@given(
    st.lists(
        st.tuples(st.integers(0), st.sampled_from(['/* , } " */', "// it's {\n", "\\\n", "\n\t"])), max_size=6
    )
)
def test_comments_and_white_space_change_nothing_between_any_two_tokens(
    insertions: list[tuple[int, str]],
) -> None:
    # The suffix of a literal, `"s"s`, is a part of it.
    begins = [token.offset for token in tokenise(CPP) if not CPP[: token.offset].endswith('"')]
    text = CPP
    for where, inserted in sorted(
        ((begins[which % len(begins)], what) for which, what in insertions), reverse=True
    ):
        text = text[:where] + inserted + text[where:]
    version_map = read("map.cpp", text)
    assert version_map.problems == ()
    assert contents(version_map) == contents(read("map.cpp", CPP))
