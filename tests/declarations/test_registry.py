import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.model import FixtureEntry, Registry
from opfixtures.declarations.place import Place
from opfixtures.declarations.python_source import says_nothing
from opfixtures.declarations.registry import read_registry

PATH = "test/jit/fixtures_srcs/generate_models.py"
LIKE_PYTORCH = b'''\
import torch

# One import for all modules.
from test.jit.fixtures_srcs.fixtures_src import *  # noqa: F403

"""
How to add a module:
ALL_MODULES = {
    TestVersionedDivTensorExampleV7(): "aten::div.Tensor",
}
"""
ALL_MODULES = {
    TestVersionedDivTensorExampleV7(): "aten::div.Tensor",
    TestVersionedLinspaceOutV7(): "aten::linspace.out",
    TestVersionedGeluV9(): "aten::gelu",
}

"""
Get the operators
"""
def generate_models(folder):
    for a_module, expect_operator in ALL_MODULES.items():
        if expect_operator not in torch.jit.export_opnames(torch.jit.script(a_module)):
            continue

if __name__ == "__main__":
    generate_models(".")
'''


def read(source: str) -> Registry:
    return read_registry("registry.py", source.encode())


def problems(source: str) -> list[str]:
    return [
        f"{problem.place.line}:{problem.place.column} {problem.message.partition(':')[0]}"
        for problem in read(source).problems
    ]


def operators(source: str) -> list[tuple[str, str]]:
    return [(row.module, row.operator) for row in read(source).rows]


def test_a_registry_like_pytorchs_is_read_as_it_is() -> None:
    assert read_registry(PATH, LIKE_PYTORCH) == Registry(
        PATH,
        rows=(
            FixtureEntry("TestVersionedDivTensorExampleV7", "aten::div.Tensor", Place(PATH, 13, 5)),
            FixtureEntry("TestVersionedLinspaceOutV7", "aten::linspace.out", Place(PATH, 14, 5)),
            FixtureEntry("TestVersionedGeluV9", "aten::gelu", Place(PATH, 15, 5)),
        ),
        end=Place(PATH, 16, 1),
    )


@pytest.mark.parametrize(
    "source",
    [
        'ALL_MODULES = {A(): "x::y"}',
        'ALL_MODULES: dict[torch.nn.Module, str] = {A(): "x::y"}',
        'ALL_MODULES: Dict\nALL_MODULES = {A(): "x::y"}',
        'ALL_MODULES = REGISTERED = {A(): "x::y"}',
        'ALL_MODULES = {fixtures_src.A(): "x::y"}',
        "ALL_MODULES = {A(): 'x::' \"y\"}",
        'ALL_MODULES = {A(): "x::y"}\nprint(ALL_MODULES["a"], ALL_MODULES.items())',
        'ALL_MODULES = {A(): "x::y"}\ndef add():\n    ALL_MODULES.update({})\n    ALL_MODULES["a"] = 1',
        'ALL_MODULES = {A(): "x::y"}\nadd = lambda: ALL_MODULES.clear()',
        'ALL_MODULES = {A(): "x::y"}\ndef add():\n    ALL_MODULES.clear()\ndef f():\n    add()\nf',
        'from modules import *\nALL_MODULES = {A(): "x::y"}\nfor a, b in ALL_MODULES.items():\n    a.eval()',
        'ALL_MODULES = {A(): "x::y"}\ndef f(ALL_MODULES): return ALL_MODULES["a"]',
        'if True:\n    ALL_MODULES: dict\nALL_MODULES = {A(): "x::y"}',
        'ALL_MODULES = {A(): "x::y"}\nOTHERS = {}\nOTHERS |= {}\nOTHERS["a"] = OTHERS.pop("b")',
    ],
)
def test_a_registry_written_otherwise_is_read_without_a_problem(source: str) -> None:
    assert operators(source) == [("A", "x::y")]
    assert problems(source) == []


def test_an_empty_registry_is_readable_and_ends_at_its_brace() -> None:
    assert read("ALL_MODULES = {}") == Registry("registry.py", end=Place("registry.py", 1, 16))


def test_places_count_characters() -> None:
    registry = read('ALL_MODULES = {TestÉV1(): "é::é", B(): "c"}')
    assert [row.place.column for row in registry.rows] == [16, 35]
    assert registry.end == Place("registry.py", 1, 43)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("x = 1\n", "1:1 no ALL_MODULES is assigned here"),
        ("ALL_MODULES: dict\n", "1:1 no ALL_MODULES is assigned here"),
        ("if x:\n    pass\nelse:\n    ALL_MODULES = {}", "4:5 ALL_MODULES is assigned under if"),
        ("for x in y:\n    ALL_MODULES = {}", "2:5 ALL_MODULES is assigned under for"),
        ("for ALL_MODULES in y:\n    pass", "1:5 ALL_MODULES is assigned under for"),
        ("while x:\n    ALL_MODULES = {}", "2:5 ALL_MODULES is assigned under while"),
        ("try:\n    ALL_MODULES = {}\nfinally:\n    pass", "2:5 ALL_MODULES is assigned under try"),
        ("with x as ALL_MODULES:\n    pass", "1:11 ALL_MODULES is assigned under with"),
        ("def f():\n    ALL_MODULES = {}", "2:5 ALL_MODULES is assigned under def"),
        ("class C:\n    ALL_MODULES = {}", "2:5 ALL_MODULES is assigned under class"),
        ("match x:\n    case 1:\n        ALL_MODULES = {}", "3:9 ALL_MODULES is assigned under match"),
        ("from x import ALL_MODULES", "1:15 ALL_MODULES is imported"),
        ("from x import y as ALL_MODULES", "1:15 ALL_MODULES is imported"),
        ("(ALL_MODULES := {})", "1:2 ALL_MODULES is not assigned by itself"),
        ("ALL_MODULES, x = {}, {}", "1:1 ALL_MODULES is not assigned by itself"),
        ("ALL_MODULES = dict(a=1)", "1:15 ALL_MODULES is what a call returns"),
        ("ALL_MODULES = {A(): x for x in y}", "1:15 ALL_MODULES is a comprehension"),
        ("ALL_MODULES = {} | {}", "1:15 ALL_MODULES is no literal"),
        ("ALL_MODULES = {}\nALL_MODULES = {}", "2:1 ALL_MODULES is assigned or deleted once more"),
        ("ALL_MODULES = {}\ndel ALL_MODULES", "2:5 ALL_MODULES is assigned or deleted once more"),
        ("ALL_MODULES = {}\nif x:\n    ALL_MODULES = {}", "3:5 ALL_MODULES is assigned under if"),
        ("ALL_MODULES = {}\nALL_MODULES |= {}", "2:1 ALL_MODULES is changed by an operator"),
        ("ALL_MODULES = {}\nALL_MODULES[A()] = 'x::y'", "2:1 ALL_MODULES is changed row by row"),
        ("ALL_MODULES = {}\nfor x in y:\n    ALL_MODULES[x] = 'a'", "3:5 ALL_MODULES is changed row by row"),
        ("ALL_MODULES = {}\ndel ALL_MODULES[x]", "2:5 ALL_MODULES is changed row by row"),
        ("ALL_MODULES = {}\nALL_MODULES.update(x)", "2:1 ALL_MODULES is changed by update()"),
        ("ALL_MODULES = {}\nx = ALL_MODULES.pop(x)", "2:5 ALL_MODULES is changed by pop()"),
        ("ALL_MODULES = {}\nALL_MODULES.setdefault(x)", "2:1 ALL_MODULES is changed by setdefault()"),
        ("ALL_MODULES = {**other}", "1:18 ** brings rows that only a run can tell"),
        ("ALL_MODULES = {A: 'x'}", "1:16 this key is not a class called without arguments"),
        ("ALL_MODULES = {A(1): 'x'}", "1:16 this key is not a class called without arguments"),
        ("ALL_MODULES = {A(b=1): 'x'}", "1:16 this key is not a class called without arguments"),
        ("ALL_MODULES = {a[0](): 'x'}", "1:16 this key is not a class called without arguments"),
        ("ALL_MODULES = {A(): x}", "1:21 this operator is not a plain string"),
        ("ALL_MODULES = {A(): f'x'}", "1:21 this operator is not a plain string"),
        ("ALL_MODULES = {A(): b'x'}", "1:21 this operator is not a plain string"),
        ("ALL_MODULES = {A(): 'x' + 'y'}", "1:21 this operator is not a plain string"),
        ("ALL_MODULES = {", "1:15 Python cannot parse this file ('{' was never closed)"),
    ],
)
def test_what_only_a_run_could_tell_is_a_problem_at_its_place(source: str, problem: str) -> None:
    assert problems(source) == [problem]


@pytest.mark.parametrize(
    ("code", "at"),
    [
        ("from other import *", "2:1"),
        ("rows = ALL_MODULES", "2:8"),
        ("dict.update(ALL_MODULES, rows)", "2:13"),
        ("operator.delitem(ALL_MODULES, row)", "2:18"),
        ("ALL_MODULES.__delitem__(row)", "2:1"),
        ("globals()['ALL_MODULES'] = {}", "2:1"),
        ("setattr(module, 'ALL_MODULES', {})", "2:1"),
        ("module.ALL_MODULES = {}", "2:1"),
        ("def ALL_MODULES(): pass", "2:1"),
        ("class ALL_MODULES: pass", "2:1"),
        ("try: pass\nexcept E as ALL_MODULES: pass", "3:1"),
        ("match x:\n    case [*ALL_MODULES]: pass", "3:11"),
        ("def f():\n    del ALL_MODULES[x]\nf()", "3:9"),
        ("def f():\n    ALL_MODULES.clear()\ndef g():\n    f()\nif __name__ == '__main__':\n    g()", "3:5"),
        ("class C:\n    def f(self):\n        ALL_MODULES.clear()\nC().f()", "4:9"),
        ("@run\ndef f():\n    ALL_MODULES.clear()", "4:5"),
        ("(lambda: ALL_MODULES.clear())()", "2:10"),
        ("f = lambda: ALL_MODULES.clear()\nf()", "2:13"),
        ("run(lambda: ALL_MODULES.clear())", "2:13"),
    ],
)
def test_what_may_change_the_rows_when_the_file_runs_is_a_problem_there(code: str, at: str) -> None:
    assert problems(f'ALL_MODULES = {{A(): "x::y"}}\n{code}') == [
        f"{at} ALL_MODULES may be changed or bound here"
    ]


def test_a_second_name_of_the_registry_is_followed() -> None:
    source = 'ALL_MODULES = ROWS = {A(): "x::y"}\nROWS.clear()'
    assert problems(source) == ["2:1 ALL_MODULES may be changed or bound here"]


def test_a_problem_says_what_to_write() -> None:
    [problem] = read("ALL_MODULES = dict(a=1)").problems
    assert problem.message.endswith(": write one ALL_MODULES = {...} at the top level, with all rows in it")
    [problem] = read("ALL_MODULES = {**other}").problems
    assert problem.message.endswith(': write a row like TestVersionedGeluV9(): "aten::gelu"')


def test_rows_that_can_be_read_are_there_beside_problems_in_the_order_of_the_file() -> None:
    source = 'ALL_MODULES = {A(): "a", B: "b", **c, D(): d, E(): "e"}\nALL_MODULES.update(f)'
    assert operators(source) == [("A", "a"), ("E", "e")]
    assert [problem.partition(" ")[0] for problem in problems(source)] == ["1:26", "1:36", "1:44", "2:1"]


def test_of_several_assignments_the_last_counts() -> None:
    source = 'ALL_MODULES = {A(): "a"}\nALL_MODULES = {B(): "b"}'
    assert operators(source) == [("B", "b")]
    assert read(source).end == Place("registry.py", 2, 24)


@given(
    st.lists(st.sampled_from([*"{}():,*='\n ", "ALL_MODULES", " = {", "A()", "'x'", "if x:\n "])).map("".join)
)
def test_any_text_gives_a_registry_or_says_why_not(source: str) -> None:
    registry = read(source)
    # A file that says nothing has no rows, and no place for any.
    assert registry.problems or registry.end or says_nothing(ast.parse(source))
