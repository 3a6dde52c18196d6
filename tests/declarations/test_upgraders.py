"""The upgraders are read where they stand, and what cannot be read is a problem at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.place import Place
from opfixtures.declarations.upgrader_model import Upgrader
from opfixtures.declarations.upgraders import read_upgraders

LIKE_PYTORCH = b"""\
#include <torch/csrc/jit/operator_upgraders/upgraders_entry.h>

namespace torch::jit {

static std::unordered_map<std::string, std::string> kUpgradersEntryMap({
    {"logspace_0_8", R"SCRIPT(
def logspace_0_8(start: Union[int, float, complex], steps: Optional[int], *, dtype: Optional[int],
                 device: Optional[Device]):
  if (steps is None):
    return torch.logspace(start=start, steps=100)
  return torch.logspace(start=start, steps=steps)
)SCRIPT"},
    {"div__Scalar_0_3", R"SCRIPT(
def helper(x: Tensor) -> Tensor:
  return x
def div__Scalar_0_3(self: Tensor, other: number) -> Tensor:
  return self.divide_(other, rounding_mode='trunc')
)SCRIPT"},
});

std::shared_ptr<Graph> create_upgrader_graph(const std::string& upgrader_name) {
  return nullptr;
}

std::unordered_map<std::string, std::shared_ptr<Graph>> generate_upgraders_graph() {
  for (const auto& entry : kUpgradersEntryMap) {}
}
} // namespace torch::jit
"""
MAP = "std::unordered_map<std::string, std::string> upgraders"


def read(source):
    return read_upgraders("u.cpp", source.encode())


def problems(source):
    return [
        f"{problem.place.line}:{problem.place.column} {problem.message.partition(':')[0]}"
        for problem in read(source).problems
    ]


def test_a_file_like_pytorchs_gives_names_definitions_and_places():
    upgraders = read_upgraders("u.cpp", LIKE_PYTORCH)
    logspace, div = (text.partition(b")SCRIPT")[0].decode() for text in LIKE_PYTORCH.split(b"SCRIPT(")[1:])
    assert upgraders.upgraders == (
        Upgrader("logspace_0_8", ("logspace_0_8",), Place("u.cpp", 6, 6), logspace),
        Upgrader("div__Scalar_0_3", ("helper", "div__Scalar_0_3"), Place("u.cpp", 13, 6), div),
    )
    assert upgraders.problems == ()
    assert upgraders.end == Place("u.cpp", 19, 1)


@pytest.mark.parametrize(
    "initialiser",
    [
        '({{"a", "def a(x):"}})',
        '{{"a", "def " /* adjacent */ "a(x):"}}',
        ' = {{"a", R"(def a(x):)",},}',
        '({{{"a", "def a(x):"}}})',
        '({\n#if X\n{"a", "def a(x):"},\n#endif\n#if 0\n{"b", "def b()"},\n#endif\n})',
    ],
)
def test_every_way_to_initialise_is_read(initialiser):
    upgraders = read(f"static {MAP}{initialiser};")
    assert [(one.name, one.defines) for one in upgraders.upgraders] == [("a", ("a",))]
    assert upgraders.problems == ()


@pytest.mark.parametrize(
    "source",
    [
        f'#if X\nstatic {MAP}({{{{"a", "def a(x):"}}}});\n#else\nstatic {MAP}({{{{"b", "def b(x):"}}}});\n#endif',
        f'{MAP}(\n#if X\n{{{{"a", "def a(x):"}}}}\n#else\n{{{{"b", "def b(x):"}}}}\n#endif\n);',
        f'{MAP}({{\n#if X\n{{"a", "def a(x):"}},\n#else\n{{"b", "def b(x):"}},\n#endif\n}});',
    ],
)
def test_upgraders_in_two_arms_are_all_there(source):
    upgraders = read(source)
    assert [one.name for one in upgraders.upgraders] == ["a", "b"]
    assert (upgraders.problems, upgraders.end is not None) == ((), True)


def test_another_map_of_texts_behind_the_first_is_not_taken_for_it():
    upgraders = read(
        f'{MAP}{{{{"a", "def a(x):"}}}}; std::map<std::string, std::string> other{{{{"b", "c"}}}};'
    )
    assert [one.name for one in upgraders.upgraders] == ["a"]


@pytest.mark.parametrize(
    "initialiser",
    [
        '{{std::string("a"), std::string(R"(def a(x):)")}}',
        '({std::make_pair("a", "def a(x):")})',
        '({std::pair<const std::string, std::string>{"a", ("def a(x):")}})',
    ],
)
def test_texts_are_read_however_they_are_written(initialiser):
    upgraders = read(f"static {MAP}{initialiser};")
    assert [(one.name, one.defines) for one in upgraders.upgraders] == [("a", ("a",))]
    assert upgraders.problems == ()


@pytest.mark.parametrize(
    "statement",
    ['upgraders["b"] = R"(def b(x):)";', 'upgraders.insert({{"b", "def b(x):"}});', "upgraders.merge(npu);"],
)
def test_what_is_added_behind_the_initialiser_is_a_problem_there(statement):
    source = f'{MAP}{{{{"a", "def a(x):"}}}};\nvoid f() {{\n{statement} }}\n'
    assert problems(source) == ["3:1 upgraders is changed here, behind its initialiser"]
    assert problems(source.replace(statement, "upgraders[name] = source;")) == []


def test_an_empty_map_is_readable():
    assert read(f"{MAP}({{}});").end == Place("u.cpp", 1, len(MAP) + 3)


def test_another_map_or_a_function_is_not_taken_for_it():
    source = f"std::map<std::string, int> a({{}}); {MAP[:-9]}f() {{ return b; }} {MAP}{{}};"
    assert (problems(source), read(source).upgraders) == ([], ())


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("int a;", "1:1 no upgraders here"),
        ("", "1:1 no upgraders here"),
        (
            f'{MAP}{{{{NAME, R"(x)"}}}};',
            "1:57 `NAME` stands where the name of an upgrader, a string literal, was",
        ),
        (
            f'{MAP}{{{{"a", source()}}}};',
            "1:62 `source()` stands where the source of an upgrader, a string lit",
        ),
        (f'{MAP}{{{{"a"}}}};', "1:60 `}` stands where `,` and the source of the upgrader was expected"),
        (f'{MAP}{{{{"a", "b", "c"}}}};', '1:67 `"c"` stands where the `}` of an upgrader was expected'),
        (f'{MAP}{{{{"a", "b"}}', "1:55 this `{` is not closed"),
        (
            f'{MAP}({{\n#include "more.inc"\n}});',
            "2:1 what `#include` brings into the map of upgraders cannot",
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem_at_its_place(source, problem):
    [found] = problems(source)
    assert found.startswith(problem)


def test_what_can_be_read_is_there_beside_a_problem():
    source = f'{MAP}{{{{"a", "x"}}, {{MACRO, "y"}}, {{"b", "z"}}}};'
    assert [one.name for one in read(source).upgraders] == ["a", "b"]


@given(
    st.lists(st.sampled_from([MAP, *'{}(),;="', '"a"', 'R"(', ')"', "\n#if X\n", "\n#endif\n"])).map("".join)
)
def test_any_text_gives_upgraders_or_says_why_not(source):
    upgraders = read(source)
    assert upgraders.problems or upgraders.end


@given(st.binary())
def test_any_bytes_give_upgraders_or_a_problem(source):
    assert read_upgraders("u.cpp", source).problems
