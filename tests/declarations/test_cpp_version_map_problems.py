"""The C++ version map: what is not understood is a problem with its place, and never a shorter map."""

from __future__ import annotations

import pytest

from opfixtures.declarations.cpp_version_map import read_cpp_version_map
from opfixtures.declarations.model import VersionMap

CHANGED = " is changed here, behind its initialiser: write all of its entries there"
TYPE = "std::unordered_map<std::string, std::vector<UpgraderEntry>>"
DIV = '{"aten::div.Tensor", {{4, "div_Tensor_0_3", "aten::div.Tensor(Tensor self, Tensor other) -> Tensor"}}}'
FULL = '{"aten::full", {{5, "full_0_4", "aten::full(int[] size, Scalar fill_value) -> Tensor"}}}'
GELU = '{"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}}'


def read(text: str, path: str = "version_map.cpp") -> VersionMap:
    return read_cpp_version_map(path, text)


def map_of(*operators: str) -> str:
    return f"{TYPE} m{{{', '.join(operators)}}};"


def problems(text: str, path: str = "version_map.cpp") -> list[tuple[str, str]]:
    """Every problem of a text: the rest of the line at its place, and its message."""
    lines = text.split("\n")
    return [
        (lines[problem.place.line - 1][problem.place.column - 1 :], problem.message)
        for problem in read(text, path).problems
    ]


def only_problem(text: str, path: str = "version_map.cpp") -> tuple[str, str]:
    (problem,) = problems(text, path)
    return problem


@pytest.mark.parametrize(
    ("body", "at", "word"),
    [
        ('{"a", {{4, "n",\n#if A\n"s"\n#else\n"t"\n#endif\n}}}, ', "#if A", "divides"),
        ('{"a"\n#if A\n"b"\n#endif\n, {{4, "n", "s"}}}, ', "#if A", "divides"),
        ('\n#include "entries.inc"\n', '#include "entries.inc"', "#include"),
        (f"{DIV},\n#endif\n", "#endif", "no `#if`"),
        (f"{DIV},\n#if A\n#else\n#else\n#endif\n", "#else", "no `#if`"),
    ],
)
def test_a_directive_that_hides_what_an_entry_says_is_a_problem_there(body: str, at: str, word: str) -> None:
    text = f"{TYPE} m{{{body}{GELU}}};"
    assert read(text).entries[-1].operator == "aten::gelu"
    place, message = only_problem(text)
    assert place == at
    assert word in message


@pytest.mark.parametrize(
    "text",
    [
        f"{TYPE} m{{\n#if A\n{{\n#endif\n{DIV}}};",
        f'{TYPE} m{{{{"a",\n#if A\n{{{{4, "n", "s"}}}}}},\n#else\n{{{{5, "n", "s"}}}}}},\n#endif\n{DIV}}};',
        f"{TYPE} m{{{DIV}\n#if A\n, {GELU}}};\n#else\n}};\n#endif",
        f"{TYPE} m{{\n#if A\n{DIV}}};",
        f"#if A\n{TYPE} m{{\n#else\n{TYPE} m{{\n#endif\n{DIV}}};",
    ],
)
def test_arms_that_do_not_balance_are_a_problem(text: str) -> None:
    assert any("`#if`" in message for _, message in problems(text))


@pytest.mark.parametrize(
    "value",
    [
        "kVersion",
        "-4",
        "0",
        "4.0",
        "2147483648",
        "9" * 5000,
        '"4"',
        "'4'",
        "static_cast<Version>(4)",
        "static_cast<int>(kVersion)",
        "static_cast<int>(4, 5)",
        "static_cast<int>",
        "(Version)4",
        "(int)kVersion",
        "INT8_C(4 + 1)",
        "uint64_t{4, 5}",
        "UINT64_C(kVersion(1, {2}))",
        "std::string(4)",
        "VERSION_C(4)",
        "(((((((((4)))))))))",
        "UINT64_C(0)",
    ],
)
def test_a_version_that_is_no_integer_literal_is_a_problem_and_the_others_are_read(value: str) -> None:
    text = map_of('{"b", {{5, "n", "s"}, {' + value + ', "n", "s"}, {6, "n", "s"}}}', GELU)
    place, message = only_problem(text)
    assert place.startswith(value)
    assert "stands where bumped_at_version, an integer literal above 0, was expected" in message
    assert [entry.bumped_at_version for entry in read(text).entries] == [5, 6, 10]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ('{VALUE, {{4, "n", "s"}}}', "the name of an operator"),
        ('{"a", {{4, VALUE, "s"}}}', "upgrader_name"),
        ('{"a", {{4, "n", VALUE}}}', "old_schema"),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "SCHEMA",
        'MACRO({1, "2"}, 3)',
        "name()",
        "4",
        "'s'",
        "std::pair<a, b>(c)",
        "std::string(NAME)",
        'std::string("a, b", 1)',
        "std::string()",
        'std::string("a" + b())',
        'c10::str("a", "b")',
        'int("a")',
        '(((((((((("a"))))))))))',
    ],
)
def test_a_text_that_is_no_string_literal_is_a_problem_and_the_others_are_read(
    operator: str, expected: str, value: str
) -> None:
    text = map_of(operator.replace("VALUE", value), GELU)
    place, message = only_problem(text)
    assert place.startswith(value)
    assert message == f"`{value}` stands where {expected}, a string literal, was expected"
    assert [entry.operator for entry in read(text).entries] == ["aten::gelu"]


@pytest.mark.parametrize(
    ("body", "at", "message"),
    [
        ('{"a", {{4, "n", "s" SUFFIX}}}', "SUFFIX", "stands where `,` or `}` was expected"),
        ('{"a", {{4, "n" + "m", "s"}}}', "+", "stands where `,` or `}` was expected"),
        ('{"a", {{4, "n"s + "m", "s"}}}', "+", "stands where `,` or `}` was expected"),
        ('{"a", {{4, "n"_s, "s"}}}', "_s", "stands where `,` or `}` was expected"),
        ('{"a", {{4, "n" s, "s"}}}', 's, "s"', "stands where `,` or `}` was expected"),
        ('{"a", {{4 + 1, "n", "s"}}}', "+", "stands where `,` or `}` was expected"),
        ('{"a", {{4 "n", "s"}}}', '"n"', "stands where `,` or `}` was expected"),
        ('{"a" {{4, "n", "s"}}}', "{{4", "stands where `,` or `}` was expected"),
        ('{"a", {{4, "n" "s"}}}', '{4, "n" "s"}', "lacks old_schema"),
        ('{"a", {{4, {"n"}, "s"}}}', '{"n"}', "stands where upgrader_name"),
        ('{"a", {{4}}}', "{4}", "lacks upgrader_name, old_schema"),
        ('{"a", {{}}}', "{}", "lacks bumped_at_version, upgrader_name, old_schema"),
        ('{"a", {{4, "n", "s", "t", 5}}}', '"t"', "stands where the `}` of an entry was expected"),
        ('{"a", {{4,, "s"}}}', ', "s"', "stands where upgrader_name"),
        ('{"a", {{.upgrader_name = "n", "s"}}}', "upgrader_name", "stands where `.bumped_at_version =`"),
        ('{"a", {4, "n", "s"}}', '4, "n"', "stands where an entry, {bumped_at_version"),
        ('{"a"}', "}", "stands where `,` and the entries of the operator was expected"),
        ('{"a", }', "}", "stands where the entries of an operator"),
        ('{"a", entries()}', "entries()", "stands where the entries of an operator"),
        ('{"a", {{4, "n", "s"}}, 5}', "5", "stands where the `}` of an operator"),
        ('{"a", {make_entry(4, "n", "s")}}', "make_entry", "stands where an entry"),
        ('{"a", {{4, "n", "s"},, }}', ", }", "stands where an entry"),
        ('std::make_pair("a", entries)', "entries", "stands where the entries of an operator"),
        ('std::make_tuple("a", entries)', "std::make_tuple", "stands where an operator with its entries"),
        ('{"a", std::vector<UpgraderEntry>(entries)}', "entries", "stands where an entry"),
        (
            '{"a", std::array<UpgraderEntry, 1>({{4, "n", "s"}})}',
            "std",
            "stands where the entries of an oper",
        ),
        ('{"a", {UpgraderEntry({4, "n", "s"}, 5)}}', ", 5", "stands where `)` was expected"),
        ('{"a", {UpgraderEntry(4, "n", "s", 5)}}', "5", "stands where the `)` of an entry was expected"),
        ('{"a", {UpgraderEntry(4, "n")}}', '(4, "n")', "lacks old_schema"),
        ("ENTRIES", "ENTRIES", "stands where an operator with its entries"),
        (r'{"a", {{4, "n", "\q"}}}', r"\q", "no escape sequence"),
        (r'{"a", {{4, "n", "\x"}}}', r"\x", "no escape sequence"),
        (r'{"a", {{4, "n", "\x141"}}}', r"\x141", "no escape sequence"),
        (r'{"a", {{4, "n", "\ud800"}}}', r"\ud800", "no escape sequence"),
        (r'{"a", {{4, "n", "\xff"}}}', r'"\xff"', "not UTF-8"),
    ],
)
def test_what_is_not_understood_is_a_problem_there_and_the_others_are_read(
    body: str, at: str, message: str
) -> None:
    text = map_of(FULL, body, GELU)
    place, said = only_problem(text)
    assert place.startswith(at)
    assert message in said
    first, *_, last = read(text).entries
    assert (first.operator, last.operator) == ("aten::full", "aten::gelu")


def test_a_macro_without_a_comma_does_not_hide_the_operator_behind_it() -> None:
    version_map = read(f"{TYPE} m{{ENTRIES {GELU}}};")
    assert [entry.operator for entry in version_map.entries] == ["aten::gelu"]
    assert [problem.place.column for problem in version_map.problems] == [len(TYPE) + 4]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        (f'{TYPE} m{{{{"a", {{{{4, "n", "s}}}}}},\n{GELU}}};', '"s}}},', "no closing quote"),
        (f"{TYPE} m{{{DIV}, /* {GELU}}};", "/* ", "a comment begins here and does not end"),
        (f'{TYPE} m{{{{"a", {{{{4, "n", R"x(s)"}}}}}}}};', 'R"x(', "a raw string literal begins here"),
        (f"{TYPE} m{{{DIV}, {GELU}", f"{{{DIV}", "this `{` is not closed"),
        (f"{TYPE} m({{{DIV}, {GELU});", ");", "`)` stands where `}` was expected"),
        (f"{TYPE} m({{{DIV}, {GELU}}};", ";", "`;` stands where `)` was expected"),
        (f"{TYPE} m{{{DIV}, {GELU}}})", ")", "`)` stands where `;` was expected"),
        (f"{TYPE} m{{{DIV} {GELU}}};", GELU, "`{` stands where `,` was expected"),
        (f"{TYPE} m;\n/* open", "/* open", "a comment begins here"),
        (f"{TYPE} m;\n#if A", "#if A", "has no `#endif`"),
    ],
)
def test_what_is_not_closed_is_a_problem(text: str, at: str, message: str) -> None:
    assert any(place.startswith(at) and message in said for place, said in problems(text))


@pytest.mark.parametrize(
    "value",
    [
        "= make_map();",
        "= other;",
        "(*new Map(other));",
        "(static_cast<const Map&>(other));",
        "(load([](int version) { return version; }));",
        "(ENTRIES);",
        "(other.begin(), other.end());",
        "= [] { return x; }();",
        ", n;",
        "[2];",
    ],
)
def test_a_map_that_is_initialised_by_anything_but_braces_is_a_problem_there(value: str) -> None:
    text = f"{TYPE} m{value}"
    place, message = only_problem(text)
    assert text.endswith(place)
    assert "stands where the version map's initialiser, in braces, was expected" in message


@pytest.mark.parametrize("first", [f"{TYPE} first{{{DIV}}};", f"{TYPE} first;", f"{TYPE} second{{{DIV}}};"])
def test_a_second_map_in_one_file_is_a_problem_there(first: str) -> None:
    place, message = only_problem(f"{first}\nstatic {TYPE} second{{{GELU}}};")
    assert place == f"second{{{GELU}}};"
    assert "second version map" in message


@pytest.mark.parametrize(
    "statement",
    [
        'm["npu::x"] = {{11, "x_0_10", "npu::x(Tensor x) -> Tensor"}};',
        'm[std::string("npu::x")] = entries;',
        "m[kName] = {{11, kUpgrader, kSchema}};",
        'm["npu::x"].push_back({11, "x_0_10", "s"});',
        'm["npu::x"].emplace_back(11, "x_0_10", "s");',
        'm.at("npu::x").push_back(entry);',
        'm.at(kName).back() = UpgraderEntry{11, "x_0_10", "s"};',
        'm.find("npu::x")->second.clear();',
        'm[kName][0].old_schema = "s";',
        'm.insert({"npu::x", {{11, "x_0_10", "s"}}});',
        'm.insert({{"npu::x", {{11, "x_0_10", "s"}}}, {"npu::y", {}}});',
        'm.insert(std::make_pair("npu::x", entries));',
        "m.insert(npu.begin(), npu.end());",
        "m.insert(std::cbegin(npu), std::cend(npu));",
        'm.emplace("npu::x", std::vector<UpgraderEntry>{{11, "x_0_10", "s"}});',
        'm.try_emplace("npu::x", entries);',
        'm.insert_or_assign("npu::x", entries);',
        'm.erase("aten::gelu");',
        "m.merge(npu);",
        "m.swap(npu);",
        "m = npu;",
        f"m = {TYPE}{{{GELU}}};",
        '(*m)["npu::x"] = {};',
        'm->emplace("npu::x", entries);',
        'torch::jit::m["npu::x"] = entries;',
    ],
)
@pytest.mark.parametrize(
    ("before", "behind"),
    [("", ""), ("void f() { ", " }"), ("static bool done = [] { ", " return true; }();")],
)
def test_what_is_changed_behind_the_initialiser_is_a_problem_there(
    statement: str, before: str, behind: str
) -> None:
    text = f"{TYPE} m{{{DIV}}};\n{before}{statement}{behind}\nint after;"
    place, message = only_problem(text)
    assert message == "m is changed here, behind its initialiser: write all of its entries there"
    assert place == statement[statement.index("m") :] + behind
    assert [entry.operator for entry in read(text).entries] == ["aten::div.Tensor"]


@pytest.mark.parametrize(
    ("code", "at"),
    [
        ("void f() { m.clear(); }", "m.clear"),
        ("void f(int version) { m.clear(); }", "m.clear"),
        ("void f(K op) { m.begin()->second.clear(); }", "m.begin"),
        ("void f(K op) { (m)[kOp] = entries; }", "m)[kOp]"),
        ("void f(K op) { ((m)).erase(kOp); }", "m)).erase"),
        ("void f(std::string op) { m[kOp].push_back(std::move(entry)); }", "m[kOp]"),
        ("static bool b = (m.erase(kOp), true);", "m.erase"),
        ("static bool b = run([] { m.erase(kOp); return true; });", "m.erase"),
        ("static bool b = [](K op) { m.erase(op); return true; }(kOp);", "m.erase"),
        ("void f(K op) { m[op].back().old_schema += kMore; m[kOp] |= more; }", "m[kOp]"),
        ("void f() { auto it = m.find(kOp); it->second.push_back(entry); }", "it->second"),
        ("void f() { auto it = m.find(kOp); it->second = entries; }", "it->second"),
        ("void f() { const auto it = m.begin(); it->second.clear(); }", "it->second"),
        ("void f() { if (auto it = m.find(kOp); it != m.end()) { (*it).second.clear(); } }", "it).second"),
        ("void f() { for (auto& entry : m) { entry.second.clear(); } }", "entry.second"),
        ("void f() { for (auto& [op, entries] : m) { entries.pop_back(); } }", "entries.pop_back"),
        ("void f() { for (auto&& [op, entries] : m) { entries.pop_back(); } }", "entries.pop_back"),
        (
            "void f() { for (std::pair<const std::string, V>& e : m) { e.second.clear(); } }",
            "e.second",
        ),
    ],
)
def test_what_no_caller_names_is_changed_there(code: str, at: str) -> None:
    place, message = only_problem(f"{TYPE} m{{{DIV}}};\n{code}")
    assert place.startswith(at)
    assert message == f"{at.split('[')[0].split(')')[0].split('.')[0].split('-')[0]}{CHANGED}"


@pytest.mark.parametrize(
    "code",
    [
        "static auto& all = m;",
        "auto& all = torch::jit::m;",
        "static auto&& all = m;",
        "Map* all = &m;",
        "void f(K op) { (&m)->erase(op); }",
        "auto all = std::ref(m);",
        "auto& all{m};",
        "auto& all(m);",
        "auto& entries = m[kOp];",
        "auto& entries = m.at(kOp);",
        "auto& schema = m.at(kOp)[0].old_schema;",
        "auto& entries = true ? other : m;",
        "decltype(auto) all = (m);",
        "void f() { std::swap(other, m); }",
        "void f() { use(*m); }",
        "void f() { use(g(1)[0], m); }",
        "x, m;",
        "void f() { std::erase_if(m, is_old); }",
        "void f() { for (auto& entry : m) { change(entry); } }".replace("m)", "m )"),
        "Map& get() { return m; }",
        f"{TYPE}& get() {{ return m; }}",
        f"auto get() -> {TYPE}& {{ return m; }}",
        "std::vector<UpgraderEntry>* get() { return m[kOp]; }",
        "decltype(auto) get() { return (m); }",
    ],
)
def test_what_lets_a_map_be_changed_elsewhere_is_a_problem_there(code: str) -> None:
    _, message = only_problem(f"{TYPE} m{{{DIV}}};\n{code}")
    assert message.endswith(" may be changed through what this makes of it: read it as a constant")


@pytest.mark.parametrize(
    ("code", "at", "message"),
    [
        ('static RegisterUpgrader r{"npu::x", {11, "x_0_10", "s"}};', '11, "x', "this looks like an entry"),
        ('static bool b = add("npu::x", {11, "x_0_10", "s"});', '11, "x', "this looks like an entry"),
        ('static bool b = add("npu::x", 11, "x_0_10", "s" "t");', '11, "x', "this looks like an entry"),
        ('UpgraderEntry e(11, "x_0_10", "s");', '11, "x', "this looks like an entry"),
        ('static Entries more{{kVersion, "x", R"(s)"}};', "kVersion", "this looks like an entry"),
        ("UpgraderEntry e{.bumped_at_version = 11, .upgrader_name = kName};", ".bumped", "this looks like"),
        ("#define ADD(op, entry) m[op].push_back(entry)", "#define ADD", "what is done with m here"),
        ("#define OVM torch::jit::m", "#define OVM", "what is done with m here"),
        ("int k = (const_cast<Map&>(get()).clear(), 0);", "const_cast", "a cast may let the version map"),
        (
            "void take(const K& op) { m.erase(op); }\nstatic bool b = (take(kOp), true);",
            "take(kOp)",
            "take changes the version map",
        ),
        (
            "void take(const K& op) { m.erase(op); }\nstatic bool b = [] { torch::take(kOp); return true; }();",
            "take(kOp)",
            "take changes the version map",
        ),
    ],
)
def test_what_may_bring_or_take_entries_is_a_problem_there(code: str, at: str, message: str) -> None:
    place, said = only_problem(f"{TYPE} m{{{DIV}}};\n{code}")
    assert place.startswith(at)
    assert said.startswith(message)


def test_what_only_looks_like_an_entry_or_a_change_is_no_problem() -> None:
    code = (
        "bool has(K op) { auto it = m.find(op); return it != m.end(); }\n"
        "void f(V& o) { auto it = o.begin(); it->clear(); }\n"
        '#include "m"\n#ifndef M\n#error "no m"\n#endif\nvoid take(const K& op);\n'
        "void take(const K& op) { m.erase(op); }\nK* take(V v);\nusing F = decltype(take);\n"
        'int n = log(1, "a", "b"), k[] = {1, 2}; auto p = std::pair{"a", "b"}; f("x", 2, "a");'
    )
    assert read(f"{TYPE} m{{{DIV}}};\n{code}").problems == ()


def test_changes_of_a_map_that_stands_elsewhere_are_problems_too() -> None:
    (problem,) = read(f'extern {TYPE} m;\nm["npu::x"] = {{}};', "map.h").problems
    assert (problem.place.line, problem.place.column) == (2, 1)


def test_a_change_that_does_not_end_is_no_exception() -> None:
    for begun in ("m[", 'm["a"', "m.insert(", "m[((((", "m =", "m.", "m-", "m->", "(*m)", '(*m)["a"] ='):
        assert read(f"{TYPE} m{{{DIV}}};\n{begun}").entries


def test_a_map_that_breaks_off_does_not_spoil_the_next() -> None:
    text = f"{TYPE} broken{{\n#if A\n{DIV};\n#endif\n{TYPE} whole{{{GELU}}};"
    assert [message for _, message in problems(text)] == [
        "`;` stands where `}` was expected",
        "this is a second version map in one file: keep one",
    ]


def test_problems_stand_in_the_order_of_the_file() -> None:
    places = [problem.place for problem in read(f"#if A\n{TYPE} m{{ENTRIES}};").problems]
    assert [place.line for place in places] == [1, 2]


def test_hostile_depth_is_a_problem_and_no_recursion() -> None:
    for bracket in "{([<":
        assert read(f"{TYPE} m{{" + bracket * 100_000).problems
    assert read("#if A\n" * 100_000).problems
