"""Operators that Python declares by `torch.library`: every form that is read, and what only a run could tell."""

from __future__ import annotations

from textwrap import dedent

import pytest

from opfixtures.declarations.declared_operators import DeclaredOperators, read_declared_operators
from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.place import Place

SCALE = "scale(Tensor x, float factor=1.0) -> Tensor"
HALVE = "def halve(x: torch.Tensor, n: int = 1) -> torch.Tensor: return x\n"


def read(source: str) -> DeclaredOperators:
    return read_declared_operators("mylib/ops.py", dedent(source).encode())


def messages(source: str) -> list[tuple[int, str]]:
    return [(problem.place.line, problem.message) for problem in read(source).problems]


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nlib = torch.library.Library('mylib', 'DEF')\nlib.define(SCHEMA)\n",
        "import torch\nlib = torch.library.Library('mylib', 'FRAGMENT', 'CPU')\nlib.define(schema=SCHEMA, tags=())\n",
        "import torch.library as tl\nlib: tl.Library = tl.Library(ns='mylib', kind='DEF')\nlib.define(SCHEMA)\n",
        "from torch.library import Library\nLibrary('mylib', 'DEF').define(SCHEMA)\n",
        "from torch.library import Library as L\n(lib := L('mylib', 'DEF')).define(SCHEMA)\nlib.impl('scale', f)\n",
        "from torch.library import *\nlib = Library('mylib', 'DEF')\nlib.define(SCHEMA)\n",
        "from torch import library\nimplement, lib = None, library.Library('mylib', 'DEF')\nlib.define(SCHEMA)\n",
        "import torch\nwith torch.library._scoped_library('mylib', 'FRAGMENT') as lib:\n    lib.define(SCHEMA)\n",
        "import torch\nlib = None\ndef make():\n    global lib\n    lib = torch.library.Library('mylib', 'DEF')\n"
        "def use():\n    lib.define(SCHEMA)\n",
        "import torch\nclass Ops:\n    lib = torch.library.Library('mylib', 'DEF')\n    def f(self):\n"
        "        self.lib.define(SCHEMA)\n",
        "import torch\nclass Ops:\n    def __init__(self):\n        self.lib = torch.library.Library('mylib', 'DEF')\n"
        "        self.lib.define(SCHEMA)\n",
        "import torch\nNAME = 'mylib'\nMakes = torch.library.Library\nlib = Makes(NAME, 'DEF')\nlib.define(SCHEMA)\n",
        "import torch\nlib = torch.library.Library('other', 'DEF')\nlib = torch.library.Library('mylib', 'DEF')\n"
        "lib.define(SCHEMA)\nlib = torch.library.Library('third', 'DEF')\n",
        "import torch\nlib = torch.library.Library('mylib', 'DEF')\ntorch.library.define(lib, SCHEMA)\n",
        "import torch\ntorch.library.define('mylib::scale', SIGNATURE)\n",
        "from torch.library import define as d\nd('mylib::scale', schema=SIGNATURE, lib=None)\n",
        "import torch\ntry:\n    declare = torch.library.define\nexcept AttributeError:\n    declare = None\n"
        "declare(f'{\"mylib\"}::scale', SIGNATURE)\n",
        "import torch\n@torch.library.custom_op('mylib::scale', mutates_args=(), schema=SIGNATURE)\n"
        "def scale(x, factor): ...\n",
        "import torch\ndef scale(x: torch.Tensor, factor: float = 1.0) -> torch.Tensor: ...\n"
        "torch.library.custom_op('mylib::scale', scale, mutates_args=(), schema=None)\n",
        "import torch\ndef scale(x: torch.Tensor, factor: float = 1.0) -> torch.Tensor: ...\n"
        "op = torch.library.custom_op('mylib::scale', mutates_args=())(scale)\n",
        "from torch.library import triton_op\nfrom torch import Tensor\n"
        "@triton_op('mylib::scale', mutates_args={}, schema='(Tensor y) -> Tensor')\n"
        "def scale(x: Tensor, factor: float = 1.0) -> Tensor: ...\n",
        "from __future__ import annotations\nimport torch\nNS = 'mylib::'\nclass Ops:\n    @staticmethod\n"
        "    @torch.library.custom_op(NS + 'scale', mutates_args=())\n"
        "    def scale(x: torch.Tensor, factor: float = 1.0) -> torch.Tensor: ...\n",
    ],
)
def test_each_way_to_declare_is_read(source: str) -> None:
    signature = SCALE.removeprefix("scale")
    declared = read(source.replace("SCHEMA", repr(SCALE)).replace("SIGNATURE", repr(signature)))
    assert declared.problems == ()
    assert [(one.operator, one.schema) for one in declared.operators] == [
        ("mylib::scale", parse_schema(f"mylib::{SCALE}"))
    ]


def test_a_library_in_a_file_of_many_scopes_has_the_operators_of_each_in_order() -> None:
    declared = read(
        """\
        import torch
        def one():
            with torch.library._scoped_library("a", "FRAGMENT") as lib:
                lib.define("f(Tensor x) -> ()")
            with torch.library._scoped_library("b", "FRAGMENT") as lib:
                lib.define("f.x(Tensor x) -> ()")
        if True:
            lib = torch.library.Library("c", "DEF")
            lib.define("c::f(Tensor x)"
                       " -> Tensor")
        (lambda: lib.define("g() -> int"))()
        """
    )
    assert declared.problems == ()
    assert [(one.operator, one.place) for one in declared.operators] == [
        ("a::f", Place("mylib/ops.py", 4, 20)),
        ("b::f.x", Place("mylib/ops.py", 6, 20)),
        ("c::f", Place("mylib/ops.py", 9, 16)),
        ("c::g", Place("mylib/ops.py", 11, 21)),
    ]


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("lib.define(name + '(Tensor x) -> Tensor')", 2, "only a run can tell a schema of mylib"),
        ("lib.define()", 2, "only a run can tell a schema of mylib"),
        (
            "for name in names:\n    lib.define(f'{name}(Tensor x) -> Tensor')",
            3,
            "only a run can tell a schema",
        ),
        ("lib.define(f'{1!r}(Tensor x) -> Tensor')", 2, "only a run can tell a schema"),
        ("lib.define('f(Tensor x -> Tensor')", 2, "this schema cannot be read"),
        ("lib.define('other::f(Tensor x) -> Tensor')", 2, "this schema is of other, in a library of mylib"),
        ("Library(ns, 'DEF').define('f() -> ()')", 2, "only a run can tell the namespace of this library"),
        ("Library().define('f() -> ()')", 2, "only a run can tell the namespace of this library"),
        ("def f(lib):\n    lib.define('f() -> ()')", 3, "the library that this defines in is made elsewhere"),
        ("define(name, '() -> ()')", 2, "only a run can tell the name of an operator"),
        ("define()", 2, "only a run can tell the name of an operator"),
        ("define('mylib', '() -> ()')", 2, "this is no name of an operator"),
        ("define('mylib::f', text)", 2, "only a run can tell the schema of mylib::f"),
        (
            "custom_op('mylib::f', elsewhere, mutates_args=())",
            2,
            "the function of mylib::f is not in this file",
        ),
        ("custom_op('mylib::f', mutates_args=())(made())", 2, "the function of mylib::f is not in this file"),
        (f"@custom_op('mylib::f', mutates_args=names)\n{HALVE}", 2, "only a run can tell mutates_args"),
        (f"@custom_op('mylib::f', mutates_args=[name])\n{HALVE}", 2, "only a run can tell mutates_args"),
        (f"@custom_op('mylib::f', mutates_args=sorted())\n{HALVE}", 2, "only a run can tell mutates_args"),
        (f"@custom_op('mylib::f')\n{HALVE}", 2, "mutates_args is missing"),
        (f"@custom_op(name, mutates_args=())\n{HALVE}", 2, "only a run can tell the name of an operator"),
        (
            "@custom_op('mylib::f', mutates_args=())\ndef f(x: torch.Tensor, n: int = size()) -> None: ...",
            3,
            "only a run can tell this default",
        ),
        (
            "@custom_op('mylib::f', mutates_args=())\ndef f(d: torch.device = torch.device(type='cpu')) -> None: ...",
            3,
            "only a run can tell this device",
        ),
        ("@custom_op('mylib::f', mutates_args=())\ndef f(x) -> None: ...", 3, "x has no annotation"),
        (
            "A = B\nB = A\n@custom_op('mylib::f', mutates_args=())\ndef f(x: A) -> None: ...",
            5,
            "torch takes no such annotation",
        ),
        ("X = lib.define\nX('f() -> ()'", 3, "Python cannot parse this file"),
    ],
)
def test_what_only_a_run_could_tell_is_a_problem_at_its_place(source: str, line: int, message: str) -> None:
    header = "import torch; from torch.library import *; lib = Library('mylib', 'DEF')\n"
    ((found, said),) = messages(header + source)
    assert (found, message in said) == (line, True), said


@pytest.mark.parametrize(
    "source",
    [
        "x.define('a word')",
        "lib = torch.library.Library('mylib', 'IMPL')\nlib.define('f() -> ()')",
        "import torch\nlib = torch.library.Library('mylib', 'IMPL')\nlib.impl('f', g)",
        "torch = object()\ntorch.library.define('mylib::f', '() -> ()')",
        "define('mylib::f', '() -> ()')",
        "nothing = 1",
    ],
)
def test_what_declares_nothing_is_no_problem(source: str) -> None:
    declared = read(f"import torch\n{source}" if "lib" in source and "object" not in source else source)
    assert declared == DeclaredOperators("mylib/ops.py")


@pytest.mark.parametrize(
    ("statement", "operators"),
    [
        ("table[NS] = table[lib] = 1", ["mylib::f"]),
        ("made().lib = (x, y) = (1, 2)", ["mylib::f"]),
        ("(a, (b, c)), table[0] = x, y", ["mylib::f"]),
        ("(a, (b, c)) = (x, y)", ["mylib::f"]),
        ("for lib.x in y: pass", ["mylib::f"]),
        ("a = b = NS", ["mylib::f"]),
        ("NS += 'x'", []),
        ("NS = 'other'", []),
        ("for NS in 'ab': pass", []),
        ("[NS for NS in 'ab']", []),
        ("def lib(): pass", []),
        ("class lib: pass", []),
        ("try: pass\nexcept OSError as lib: pass", []),
        ("lib = lib2 = lib", []),
    ],
)
def test_a_name_that_something_else_binds_is_none_that_can_be_followed(
    statement: str, operators: list[str]
) -> None:
    declared = read(
        f"from torch.library import Library\nNS = 'mylib'\nlib = Library(NS, 'DEF')\n{statement}\n"
        "lib.define('f() -> ()')\n"
    )
    assert [one.operator for one in declared.operators] == operators
    assert bool(declared.problems) != bool(operators)


def test_names_that_lead_to_each_other_have_an_end() -> None:
    declared = read("import torch\nf = g\ng = f\nf.define(f('x'))\nf.define('f() -> ()')\ng(f)\n")
    assert [problem.place.line for problem in declared.problems] == [5]


def test_a_file_in_utf_16_is_a_problem() -> None:
    (problem,) = read_declared_operators("ops.py", "import torch".encode("utf-16")).problems
    assert problem.message == "this file is UTF-16: save it as UTF-8"


def test_short_names_of_long_texts_are_not_followed_without_end() -> None:
    doubling = "import torch\nA0 = 'x' * 1\nA1 = 'xxxxxxxx'\n" + "".join(
        f"A{n + 1} = A{n} + A{n}\n" for n in range(1, 40)
    )
    assert messages(f"{doubling}torch.library.define(A40, '() -> ()')\n")[0][1].startswith(
        "only a run can tell"
    )
    long = f"import torch\nA = {'x' * 60_000!r}\n" + "torch.library.define(A + A, '() -> ()')\n"
    assert messages(long)[0][1].startswith("only a run can tell")
    many = f"import torch\nA = {'x' * 60_000!r}\n" + "torch.library.define(A, '() -> ()')\n" * 80
    said = [message for _, message in messages(many)]
    assert said[0].startswith("this is no name")
    assert said[-1].startswith("only a run can tell")


def test_annotations_that_name_each_other_are_not_followed_without_end() -> None:
    wide = "import torch\nfrom typing import *\nT0 = int\n" + "".join(
        f"T{n + 1} = Union[{', '.join([f'Tuple[T{n}]'] * 16)}]\n" for n in range(8)
    )
    wide += "@torch.library.custom_op('a::f', mutates_args=())\ndef f(x: T8) -> None: ...\n"
    assert "torch takes no such annotation" in messages(wide)[0][1]
    function = "@torch.library.custom_op('a::f', mutates_args=())\ndef f(x: T3) -> None: ...\n"
    said = [message for _, message in messages(wide[: wide.index("@")] + function * 20)]
    assert any("this file has more annotations than are read" in message for message in said)


def test_functions_in_functions_are_read_however_deep() -> None:
    deep = "import torch\nlib = torch.library.Library('mylib', 'DEF')\nx = " + "lambda: " * 60
    assert [one.operator for one in read(f"{deep}lib.define('f() -> ()')\n").operators] == ["mylib::f"]
