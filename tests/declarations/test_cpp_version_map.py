"""The C++ version map: every syntax that is read, with the place of every entry."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.cpp_conditionals import Alternatives, Path, exclude_each_other
from opfixtures.declarations.cpp_version_map import read_cpp_version_map
from opfixtures.declarations.model import VersionMap
from opfixtures.declarations.place import Place

ENTRY = "this looks like an entry, and stands outside of the version map: write it into its initialiser"
TYPE = "std::unordered_map<std::string, std::vector<UpgraderEntry>>"
DIV = '{"aten::div.Tensor", {{4, "div_Tensor_0_3", "aten::div.Tensor(Tensor self, Tensor other) -> Tensor"}}}'
FULL = '{"aten::full", {{5, "full_0_4", "aten::full(int[] size, Scalar fill_value) -> Tensor"}}}'
BOTH = ["aten::div.Tensor", "aten::gelu"]
GELU = '{"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}}'


def read(text: str, path: str = "version_map.cpp") -> VersionMap:
    return read_cpp_version_map(path, text)


def map_of(*operators: str) -> str:
    return f"{TYPE} m{{{', '.join(operators)}}};"


def of_a(*entries: str) -> str:
    """An operator named a, with these entries."""
    return f'{{"a", {{{", ".join(entries)}}}}}'


def operators(text: str, path: str = "version_map.cpp") -> list[str]:
    """The operators of a map that has no problem."""
    version_map = read(text, path)
    assert version_map.problems == ()
    return [entry.operator for entry in version_map.entries]


PYTORCH = """\
#include <torch/csrc/jit/operator_upgraders/version_map.h>

#include <unordered_map>

namespace torch::jit {

// this flag says whether the map's entries ("{4, ...}") are sorted; don't touch
static bool isVersionMapSorted = false;

struct UpgraderEntry {
  int bumped_at_version;
  std::string upgrader_name;
};

static std::unordered_map<std::string, std::vector<UpgraderEntry>> operatorVersionMap(
    {{"aten::logspace.out",
      {{9,
        "logspace_out_0_8",
        "aten::logspace.out(Scalar start, int? steps=None, *, Tensor(a!) out) -> Tensor(a!)"}}},
     {"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}}});

const std::unordered_map<std::string, std::vector<UpgraderEntry>>&
get_operator_version_map() {
  if (!isVersionMapSorted) {
    for (const auto& entry : operatorVersionMap) {
      std::sort(entry.second.begin(), entry.second.end(), [](const auto& a, const auto& b) {
        return a.bumped_at_version > b.bumped_at_version;
      });
    }
  }
  return operatorVersionMap;
}

void test_only_add_entry(const std::string& op_name, UpgraderEntry entry) {
  operatorVersionMap[op_name].emplace_back(std::move(entry));
}

static bool calculatePackageVersionBasedOnUpgraders = false;

} // namespace torch::jit
"""


def test_pytorchs_layout_is_read_with_the_place_of_every_entry() -> None:
    version_map = read(PYTORCH)
    logspace, gelu = version_map.entries
    assert version_map.problems == ()
    assert (logspace.operator, logspace.bumped_at_version) == ("aten::logspace.out", 9)
    assert logspace.upgrader_name == "logspace_out_0_8"
    assert logspace.old_schema.endswith("int? steps=None, *, Tensor(a!) out) -> Tensor(a!)")
    assert logspace.place == Place("version_map.cpp", 17, 8)
    assert gelu.place == Place("version_map.cpp", 20, 22)


def test_windows_line_breaks_change_nothing() -> None:
    text = PYTORCH + "/* \n */" + map_of(of_a('{4, "n\\\n", R"(s\n)"}'))
    assert read(text.replace("\n", "\r\n")) == read(text)


@pytest.mark.torch
def test_torchs_own_entries_are_read_equal_to_its_version_map() -> None:
    # The running interpreter's torch, in a process of its own.
    script = (
        "import json, torch; print(json.dumps({operator: [[entry.bumped_at_version, entry.upgrader_name,"
        " entry.old_schema] for entry in entries]"
        " for operator, entries in torch._C._get_operator_version_map().items()}))"
    )
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, check=True)
    torchs: dict[str, list[list[int | str]]] = json.loads(run.stdout)
    assert len(torchs) == 18

    def typed(operator: str, entries: list[list[int | str]]) -> str:
        rows = ",\n      ".join(
            f'{{{version},\n        "{name}",\n        "{schema}"}}' for version, name, schema in entries
        )
        return f'{{"{operator}",\n      {{{rows}}}}}'

    body = ",\n     ".join(typed(operator, entries) for operator, entries in torchs.items())
    version_map = read(f"namespace torch::jit {{\nstatic {TYPE} operatorVersionMap(\n    {{{body}}});\n}}")
    read_back: dict[str, list[list[int | str]]] = {}
    for entry in version_map.entries:
        fields: list[int | str] = [entry.bumped_at_version, entry.upgrader_name, entry.old_schema]
        read_back.setdefault(entry.operator, []).append(fields)
    assert version_map.problems == ()
    assert read_back == torchs


@pytest.mark.parametrize(
    "declaration",
    [
        f"static {TYPE} m({{{DIV}, {GELU}}});",
        f"const static {TYPE} m{{{DIV}, {GELU}}};",
        f"static const {TYPE} m = {{{DIV}, {GELU}}};",
        f"{TYPE} m({{{DIV}, {GELU},}});",
        f"{TYPE} const m = {{\n {DIV},\n {GELU}\n}};",
        f"{TYPE} m{{{{{DIV}, {GELU}}}}};",
        f"{TYPE} torch::jit::Maps::m({{{DIV}, {GELU}}});",
        f"{TYPE} m = {TYPE}({{{DIV}, {GELU}}});",
        f"{TYPE} m = {TYPE}{{{DIV}, {GELU}}};",
        f"const {TYPE}& m = *new {TYPE}{{{DIV}, {GELU}}};",
        f"const {TYPE}& get() {{ static const auto* m = new {TYPE}({{{DIV}, {GELU}}}); return *m; }}",
        f"using VersionMap = {TYPE};\nstatic VersionMap m({{{DIV}, {GELU}}});",
        f"typedef {TYPE} VersionMap;\nstatic VersionMap m{{{DIV}, {GELU}}};",
        f"std::map<std::string, std::vector<torch::jit::UpgraderEntry>> m{{{DIV}, {GELU}}};",
        f"c10::FlatHashMap<std::string, std::vector<UpgraderEntry>> m{{{DIV}, {GELU}}};",
        f"struct Maps {{ static {TYPE} m; }};\n{TYPE} Maps::m{{{DIV}, {GELU}}};",
        f"call([] {{ static {TYPE} m{{{DIV}, {GELU}}}; }});",
        f"std::unordered_\\\nmap<std::string, std::vector<Upgrader\\\nEntry>> m{{{DIV}, {GELU}}};",
        f"unordered_map<string, vector<UpgraderEntry>> m{{{DIV}, {GELU}}};",
        f"extern {TYPE} m;\n{TYPE} m{{{DIV}, {GELU}}};",
        f"__attribute__((used)) static {TYPE} m{{{DIV}, {GELU}}};",
        f"// {TYPE} old{{}};\n/* {TYPE} older{{}}; */ {TYPE} m{{{DIV}, {GELU}}};",
        f"#pragma once\n#ifndef MAP\n#define MAP {{{FULL}}}\n{TYPE} m{{{DIV}, {GELU}}};\n#endif // MAP",
    ],
)
def test_a_map_is_found_however_it_is_declared(declaration: str) -> None:
    assert operators(declaration) == BOTH


@pytest.mark.parametrize(
    "operator",
    [
        '{"a", {{4, "n", "s"}}}',
        '{"a", {{4, "n", "s",},},}',
        '{"a", {{{4, "n", "s"}}}}',
        '{"a", {UpgraderEntry{4, "n", "s"}}}',
        '{"a", std::vector<torch::jit::UpgraderEntry>{{4, "n", "s"}}}',
        'std::pair<const std::string, std::vector<UpgraderEntry>>{"a", {{4, "n", "s"}}}',
        '{"a", {{.bumped_at_version = 4, .upgrader_name = "n", .old_schema = "s"}}}',
        '/* , */ {"a", // }\n{{/* { */ 4, "n" /**/, // "\n "s"}}}',
        '{"a", {{4, u8"n", R"(s)"}}}',
        '{"\\x61", {{4, "\\156", "\\u0073"}}}',
        '{"" "a", {{4, "n"\n"", R"()" /* joined */ "s"}}}',
        '{"a",\n#pragma region\n {{4, "n", "s"}}\n#pragma endregion\n}',
        '{"a", {{0\\\nx4, "n\\\n", "s"}}}',
        '{std::string("a"), {{4, std::string{"n"}, std::string(R"(s)")}}}',
        '{("a"), {{(4), ("n"), (("s"))}}}',
        '{"a"s, {{4, "n"sv, u8"s"s}}}',
        '{c10::string_view("a"), {{4, std::string_view{"n"}, static_cast<std::string>("s")}}}',
        '{"a", std::vector<UpgraderEntry>({{4, "n", "s"}})}',
        '{"a", std::vector<UpgraderEntry>({UpgraderEntry{4, "n", "s"},})}',
        '{"a", std::vector{UpgraderEntry({4, "n", "s"})}}',
        '{"a", std::initializer_list<UpgraderEntry>{UpgraderEntry(4, "n", "s")}}',
        'std::pair<const std::string, std::vector<UpgraderEntry>>("a", {{4, "n", "s"}})',
        'std::make_pair("a", std::vector<UpgraderEntry>{{4, "n", "s"}})',
        'std::make_pair(std::string("a"), std::vector<torch::jit::UpgraderEntry>({{4, "n", "s"}})),',
        'std::pair("a", std::vector<UpgraderEntry>{{{4, "n", "s"}}})',
        '{"a", {{UINT64_C(4), "n", "s"}}}',
        '{"a", {{4ULL, "n", "s",}}}',
        '{"a", {{static_cast<uint64_t>(4), "n", "s"}}}',
        '{"a", {{static_cast<std::uint64_t>(UINT64_C(4)), "n", "s"}}}',
        '{"a", {{(int)4, "n", "s"}}}',
        '{"a", {{(unsigned long long)(4), "n", "s"}}}',
        '{"a", {{uint64_t{4}, "n", "s"}}}',
        '{"a", {{.bumped_at_version = int64_t(4), .upgrader_name = ("n"), .old_schema = "s"}}}',
    ],
)
def test_an_entry_is_read_however_it_is_written(operator: str) -> None:
    version_map = read(map_of(operator))
    (entry,) = version_map.entries
    assert version_map.problems == ()
    assert (entry.operator, entry.bumped_at_version, entry.upgrader_name, entry.old_schema) == (
        "a",
        4,
        "n",
        "s",
    )


def test_entries_stand_in_the_order_of_the_file() -> None:
    version_map = read(map_of('{"b", {{9, "y", ""}, {4, "x", ""}}}', '{"none", {}}', of_a('{5, "z", ""}')))
    assert version_map.problems == ()
    assert [entry.operator for entry in version_map.entries] == ["b", "b", "a"]
    assert [entry.bumped_at_version for entry in version_map.entries] == [9, 4, 5]


@pytest.mark.parametrize(
    ("body", "read_operators"),
    [
        (f"{DIV},\n#ifdef USE_GELU\n{GELU},\n#endif\n", BOTH),
        (
            f"{DIV},\n#if A\n{GELU},\n#elif B\n{FULL},\n#else\n{GELU},\n#endif\n",
            [*BOTH, "aten::full", "aten::gelu"],
        ),
        (f"{DIV}\n#if A\n, {GELU}\n#endif\n", BOTH),
        (f"{DIV},\n#if A\n{GELU}\n#else\n{FULL}\n#endif\n", [*BOTH, "aten::full"]),
        (f"#if 0\n{GELU}, don't \" {{\n#endif\n{DIV}", ["aten::div.Tensor"]),
        (f"#if (0) // never\n{GELU}\n#else\n{DIV}\n#endif", ["aten::div.Tensor"]),
        (f"#if 0\n{GELU}\n#elif A\n{FULL}\n#else\n{DIV}\n#endif", ["aten::full", "aten::div.Tensor"]),
        (f"#if 0\n#if A\n{GELU}\n#else\n{GELU}\n#endif\n{GELU}\n#endif\n{DIV}", ["aten::div.Tensor"]),
        (f"#if A\n#if 0\n{GELU}\n#endif\n{FULL},\n#endif\n{DIV}", ["aten::full", "aten::div.Tensor"]),
        (f"#if 1\n{DIV}\n#else\n{GELU}\n#endif", ["aten::div.Tensor"]),
        (f"#  if A \\\n && 0\n{DIV}\n# endif /* of\n#else */", ["aten::div.Tensor"]),
        ('{"aten::add", {\n#if A\n{4, "n", "s"}\n#else\n{5, "n", "s"}\n#endif\n}}', ["aten::add"] * 2),
        ('{"aten::add",\n#if A\n{{4, "n", "s"}}\n#else\n{{5, "n", "s"}}\n#endif\n}', ["aten::add"] * 2),
        ('{"aten::add", {{4, "n"\n#if 0\n"x"\n#endif\n, "s"}}}', ["aten::add"]),
        ('{"aten::add", {{4, "n",\n#if 1\n"s"\n#else\n"t"\n#endif\n}}}', ["aten::add"]),
        (f'#if 0\n#include "entries.inc"\n#endif\n{DIV}', ["aten::div.Tensor"]),
    ],
)
def test_every_arm_of_an_if_counts_that_could_be_compiled(body: str, read_operators: list[str]) -> None:
    assert operators(f"{TYPE} m{{\n{body}\n}};") == read_operators


@pytest.mark.parametrize(
    "source",
    [
        f"#if A\n{TYPE} m{{{DIV}, {GELU}}};\n#else\n{TYPE} m{{{FULL}}};\n#endif",
        f"#if A\nstatic {TYPE} m(\n{{{DIV}, {GELU}}});\n#elif B\n{TYPE} m{{{FULL}}};\n#endif",
        f"{TYPE} m(\n#if A\n{{{DIV}, {GELU}}}\n#else\n{{{FULL}}}\n#endif\n);",
        f"{TYPE} m\n#if A\n{{{DIV}, {GELU}}}\n#else\n{{{FULL}}}\n#endif\n;",
        f"#ifndef MAP_H\n#if A\n{TYPE} m{{{DIV}, {GELU}}};\n#else\n{TYPE} other{{{FULL}}};\n#endif\n#endif",
        f"{TYPE} m{{\n#if A\n{DIV}, {GELU}\n#else\n{FULL}\n#endif\n}};",
    ],
)
def test_maps_in_two_arms_are_one(source: str) -> None:
    version_map = read(source)
    assert version_map.problems == ()
    div, gelu, full = version_map.entries
    assert (div.operator, gelu.operator, full.operator) == (*BOTH, "aten::full")
    assert div.arm == gelu.arm
    assert exclude_each_other(gelu.arm, full.arm)


PATHS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 1)), max_size=3).map(tuple)


@given(st.lists(PATHS, max_size=4), PATHS)
def test_what_stands_in_many_arms_is_asked_for_at_once(arms: list[Path], arm: Path) -> None:
    standing = Alternatives()
    for one in arms:
        standing.add(one)
    assert standing.exclude(arm) == all(exclude_each_other(arm, one) for one in arms)
    within = [one for one in arms if one[: len(arm)] == arm or arm[: len(one)] == one]
    assert standing.have_with(arm) == bool(within)


@pytest.mark.parametrize(
    "statement",
    [
        "m[name].emplace_back(std::move(entry));",
        "m.erase(name);",
        "m.insert({name, {entry}});",
        "m[name] = entries;",
        "(*m)[name].push_back(entry);",
        "torch::jit::m[name].push_back(std::move(entry));",
        "const auto& same = m; use(same);",
        "auto copy = m; copy.clear();",
        "auto entries = m[name]; use(entries);",
        "auto it = m.find(name); if (it == m.end()) { return; } use(it->first, it->second.size()); ++it;",
        "for (auto it = m.begin(); it != m.end(); ++it) { use(it->first); }",
        "for (auto entry : m) { std::sort(entry.second.begin(), entry.second.end()); entry.second.clear(); }",
        "for (auto& [op, entries] : m) { std::sort(entries.begin(), entries.end()); }",
        "use(std::as_const(m), sizeof(m), m == other);",
        'auto found = m.find("aten::gelu"); return found == m.end();',
        'return m["aten::gelu"].size() - m.at("aten::gelu")[0].bumped_at_version;',
        'if (m["aten::gelu"] == other) { use("aten::gelu"); }',
        "for (const auto& entry : m) { use(entry, 1); }",
        "for (auto& entry : m) { std::sort(entry.second.begin(), entry.second.end()); }",
        "int count = m.size(); other[0] = 1;",
        'm["aten::gelu"] >= 1;',
    ],
)
def test_what_reads_a_map_or_changes_it_by_names_alone_is_no_problem(statement: str) -> None:
    head = "void f(const std::string& name, UpgraderEntry entry, std::vector<UpgraderEntry> entries) {"
    assert operators(f"{TYPE} m{{{GELU}}};\n{head} {statement} }}") == ["aten::gelu"]
    assert operators(f"extern {TYPE} m;\n{head} {statement} }}\n", "map.h") == []


@pytest.mark.parametrize(
    "declaration", ["m;", "m{};", "m({});", "m = {};", "m{{}};", "m({\n#if 0\n" + DIV + "\n#endif\n});"]
)
def test_a_map_without_entries_is_readable_and_empty(declaration: str) -> None:
    assert operators(f"static {TYPE} {declaration}") == []


@pytest.mark.parametrize(
    "declaration",
    [
        f"{TYPE}& get_operator_version_map();",
        f"TORCH_API const {TYPE}&\nget_operator_version_map();",
        f"{TYPE} get_operator_version_map();",
        f"{TYPE} get(int version);",
        f"{TYPE} get(int);",
        f"{TYPE} get(Options&);",
        f"{TYPE} get(const std::string&, Options options = {{}});",
        f"{TYPE} get(std::vector<int> versions);",
        f"{TYPE} get(Options) {{ return {{}}; }}",
        f"{TYPE} get() {{ return {TYPE}{{}}; }}",
        f"auto get() -> {TYPE} {{ return other; }}",
        f"auto get() -> const {TYPE}& {{ return other; }}",
        f"extern {TYPE} m;",
        f"extern const {TYPE} m;",
        f"void set({TYPE} m);",
        f"void set(int a, const {TYPE}& m, {TYPE} n = {{}}, {TYPE} o);",
        f"void set(std::function<{TYPE}(int)> get, {TYPE} m);",
        f"struct Maps {{ const {TYPE}& m; }};",
        f"using VersionMap = {TYPE};",
        f"typedef {TYPE} VersionMap;",
        f"const {TYPE}& m = get_operator_version_map();",
        f"std::vector<{TYPE}> all;",
        f"{TYPE}::iterator it;",
        "struct UpgraderEntry { int bumped_at_version; std::string upgrader_name, old_schema; };",
    ],
)
def test_what_only_declares_is_no_map(declaration: str) -> None:
    assert read(declaration, "version_map.h") == VersionMap("version_map.h")
    (problem,) = read(declaration, "version_map.cpp").problems
    assert problem.place == Place("version_map.cpp", 1, 1)
    assert problem.message.startswith("no version map here")
    assert operators(f"{declaration}\n{TYPE} m2{{{GELU}}};") == ["aten::gelu"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "#pragma once\n",
        "std::map<std::string, std::vector<Upgrader>> m{{1, 2}};",
        "struct UpgraderEntry;",
        "using E = UpgraderEntry;",
        "using Entries = std::vector<UpgraderEntry>;\nextern std::map<std::string, Entries> m;",
        f"#if 0\n{TYPE} m{{{DIV}}};\n#endif",
    ],
)
@pytest.mark.parametrize("path", ["version_map.h", "version_map.hpp", "version_map.cpp"])
def test_a_file_without_a_map_is_a_problem_and_so_is_a_header_that_declares_none(
    path: str, source: str
) -> None:
    (problem,) = read(source, path).problems
    assert problem.place == Place(path, 1, 1)
    assert problem.message.startswith("no version map here")


@pytest.mark.parametrize(
    "source",
    [
        f"using Entries = std::vector<UpgraderEntry>;\nstatic std::map<std::string, Entries> m({{{GELU}}});",
        f"using E = UpgraderEntry;\nstatic std::map<std::string, std::vector<E>> m({{{GELU}}});",
        f"struct UpgraderEntry {{ int v; }};\nstatic Map m({{{GELU}}});",
        f"struct UpgraderEntry {{ int v; }};\nstatic Map m({{{GELU.replace('10', 'kVersion')}}});",
    ],
)
@pytest.mark.parametrize("path", ["version_map.h", "version_map.cpp"])
def test_entries_of_a_map_whose_type_is_not_read_are_a_problem(path: str, source: str) -> None:
    place = Place(
        path, 2, source.split("\n")[1].index(', "gelu_0_9"') - (8 if "kVersion" in source else 2) + 1
    )
    assert (place, ENTRY) in [(problem.place, problem.message) for problem in read(source, path).problems]


@pytest.mark.parametrize("path", ["version_map.h", "version_map.cpp"])
def test_carriage_returns_alone_are_a_problem_where_the_first_one_stands(path: str) -> None:
    source = f"{TYPE} m{{{DIV},\n// one\r{GELU}\n}};\r"
    (problem,) = read(source, path).problems
    assert problem.place == Place(path, 2, 7)
    assert problem.message.startswith("a line ends in a carriage return alone")
    assert read(PYTORCH.replace("\n", "\r"), path).problems


@pytest.mark.parametrize(
    ("condition", "is_compiled"),
    [
        *[(no, False) for no in ("0x0", "!1", "!true", "(!0x1F)", "00", "0b0", "0L", "!!0ul")],
        *[(yes, True) for yes in ("2", "!0", "!!2", "0xB", "0b01")],
    ],
)
def test_a_constant_condition_is_certain(condition: str, is_compiled: bool) -> None:
    source = f"{TYPE} m{{\n#if {condition}\n{DIV}\n#else\n{GELU}\n#endif\n}};"
    assert operators(source) == ["aten::div.Tensor" if is_compiled else "aten::gelu"]


def test_columns_count_characters() -> None:
    text = f'/* é😀 */ {TYPE} m{{{{"é", {{{{4, "n", "s"}}, {{kVersion, "n", "s"}}}}}}}};'
    version_map = read(text)
    assert version_map.entries[0].place.column == text.index("{4") + 1
    assert version_map.problems[0].place.column == text.index("kVersion") + 1


def test_entries_know_their_operator_and_the_arms_they_stand_in() -> None:
    source = (
        f"{TYPE} m({{\n"
        '{"a", {{4, "a_0_3", "s"}}},\n'
        "#if X\n"
        '{"b", {{4, "b_0_3", "s"},\n'
        "#ifdef Y\n"
        '{5, "b_4_4", "s"},\n'
        "#endif\n"
        "}},\n"
        "#else\n"
        '{"b", {{4, "b_0_3", "s"}}},\n'
        "#endif\n"
        '{"c", {{4, "c_0_3", "s"}}},\n'
        "});"
    )
    version_map = read_cpp_version_map("map.cpp", source)
    assert version_map.problems == ()
    stood = [(one.operator_place and one.operator_place.line, one.arm) for one in version_map.entries]
    assert stood == [
        (2, ()),
        (4, ((1, 0),)),
        (4, ((1, 0), (2, 0))),
        (10, ((1, 1),)),
        (12, ()),
    ]
