"""A text of twice the size takes twice the work, whatever is repeated in it: counted in calls, and where no call is
made, in seconds that are many times what it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time

import pytest

from tests.fuzz.readers import READERS

MAP = "std::unordered_map<std::string, std::vector<UpgraderEntry>> m({"
UPGRADERS = "std::unordered_map<std::string, std::string> kMap({"
SETTINGS = '[tool.opfixtures]\nversion-map="m.py"\nregistry="r.py"\nfixture-modules=["a.py"]\nfixtures="f"\n'
LIB = "import torch\nlib = torch.library.Library('a', 'DEF')\n"
CUSTOM = "@torch.library.custom_op('a::b', mutates_args=())\n"
VERSIONS, MODULES = "OPERATOR_VERSIONS = {}\n", "ALL_MODULES = {}\n"

# By reader what stands before, what is repeated (`@` is the number of the repetition), what stands behind.
SHAPES: dict[str, list[tuple[str, str, str]]] = {
    "cpp-map": [
        *((MAP, part, "") for part in ("{", "(", '"a" ', "UpgraderEntry(", "std::string(", '{"a', "#if A\n")),
        *(("", part, "") for part in ("/*", 'R"(', "a\\\n", "1\\\n", "#/*", "# '", "m({", "Map<", "const_cast<")),
        *(("", part, "") for part in ("#if A\n#else\n#endif\n", "#if ((((", "using V = ", "*m", "m[a].push_back(")),
        *((MAP + "});", part, "") for part in ('m["a"] = ', "m.insert(m);", "(m", "auto& x = m; x", "m)", "f(m, ")),
        *((MAP + "});", part, "") for part in ("#define X m\n", "for (auto& e : m) { e;", "{ return m; ", "} m")),
        *(("#if A", part, "B\n#endif") for part in (" ", "/**/", "\\\n", "\\ ", "(")),
        (MAP + "});\n#define x (", " ", "(m\n"),
        (MAP, '{"aten::a@", {{4, "a_0_3", "s"}}},\n', "});"),
        (MAP, '#if A@\n{"a", {{4, "a_0_3", "s"}}},\n#endif\n', "});"),
        (MAP + '{"a", {\n', '#if A@\n{4, "n", "s"},\n#else\n{4, "n", "s"},\n#endif\n', "}}});"),
        ("#if A\n", MAP + "});\n#elif B@\n", "#endif"),
        ("", f"#if A@\n{MAP}}});\n#endif\n", ""),
        ("", "using V@ = std::vector<UpgraderEntry>;\n", MAP + "});"),
        ("", MAP[:-3] + "@({});\n", ""),
        (MAP + "});", "auto& a@ = m; a@.x();\n", ""),
        (MAP + "});", "void f@(T& p@) { m[p@] = p@; } f@(1);\n", ""),
    ],
    "declared-cpp": [
        *(("", part, "") for part in ("TORCH_LIBRARY(", "TORCH_LIBRARY(a, m) {", "TORCH_LIBRARY(a, m) { m.def(")),
        *(("TORCH_LIBRARY(a, m) {", part, "") for part in ("m.def(", "m.def(torch::schema(", 'm.def("f', "m.impl()")),
        *(("TORCH_LIBRARY(a, m) {", part, "}") for part in ('m.def("f@() -> ()");', "f(m);", "m.", "m", "m.def(a::")),
        ('TORCH_LIBRARY(a, m) { m.def("f() -> ()")', '.def("f() -> ()")', "; }"),
        ('TORCH_LIBRARY(a, m) { m.def("f(', "Tensor a@, ", ') -> ()"); }'),
    ],
    "declared-python": [
        *((LIB, part, "") for part in ("lib.define('f@() -> ()')\n", "lib = torch.library.Library('a', 'DEF')\n")),
        *((LIB, part, "") for part in ("x.define('f() -> ()')\n", "def f(lib): lib.define('f() -> ()')\n")),
        *((LIB + "x = ", part, "''") for part in ("'a' + ", "a or ", "a and ")),
        (LIB + "x = [", "lambda: lib.define('f() -> ()'),", "]"),
        (LIB, "A@ = lib\nA@.define('f() -> ()')\n", ""),
        (LIB + "A = 'f() -> ()'\n", "lib.define(A)\n", ""),
        (LIB + f"{CUSTOM}def f(", "a@: int | None = 1, ", ") -> torch.Tensor: ...\n"),
        (LIB + f"{CUSTOM}def f(x: ", "int | ", "int) -> torch.Tensor: ...\n"),
        (LIB, f"{CUSTOM}def f(x: torch.Tensor) -> tuple[torch.Tensor, int]: ...\n", ""),
        (LIB, "A@ = A\n", f"{CUSTOM}def f(x: A) -> None: ...\n"),
        (LIB, "with x as (a@, b): lib.define(a)\n", ""),
    ],
    "declared-yaml": [
        *(("", part, "") for part in ("- func: f@() -> ()\n", "- func: >\n", "- {", "- func: {\n", "- ")),
        *(("- func: '", part, "") for part in ("''", "\n ", " ")),
        *(("", part, "func: x") for part in (" ", "- ")),
        ("- func: a", " #", ""),
        *(('- func: "', part, "") for part in ("\\\\", "\\\n ", '\\"')),
        *(("- func: f(\n", part, "") for part in ("   Tensor a@,\n", "   # a\n", "\n", "   #\\")),
    ],
    "upgraders": [
        *((UPGRADERS, part, "") for part in ("{", '"a" "b" ', '{"a", R"(def a(')),
        *(("", part, "") for part in ("Map<", "Map<std::", "/**/", "// Expire date: 1/1/2000 a_0_3\n\n")),
        (UPGRADERS, '{"a@", "def a(x):"},\n', "});"),
        (UPGRADERS, '// a@_0_3 Expire date: 1/1/2000\n\n{"a@_0_3", "b"},\n', "});"),
        (UPGRADERS + "});", 'kMap["a"] = "b";', ""),
        ("#if A\n", UPGRADERS + "});\n#elif B@\n", "#endif"),
        ("/* ", "Expire date: 1/1/2000 ", "*/"),
    ],
    "versions": [
        ("", "kProducedFileFormatVersion = 1;", ""),
        ("", "#if A@\nkProducedFileFormatVersion = @;\n#endif\n", ""),
        ("#if A\n", "kProducedFileFormatVersion = 1;\n#elif B@\n", "#endif"),
    ],
    "mobile": [("", part, "") for part in ('string("', "string(", "Upgrader({", 'Upgrader({0, 3, "a", ')],
    "python-map": [
        *((VERSIONS, part, "") for part in ('OPERATOR_VERSIONS["a"] = 1\n', "f(OPERATOR_VERSIONS)\n")),
        ("OPERATOR_VERSIONS = {", '"a@": [{"bumped_at_version": 4, "upgrader_name": "x", "old_schema": "é"}],\n', "}"),
        ("", "from a import *\n", ""),
        (VERSIONS, "x@ = OPERATOR_VERSIONS; x@.pop()\n", ""),
        (VERSIONS, "def f@(): OPERATOR_VERSIONS.pop()\nf@()\n", ""),
        (VERSIONS + "x = ", "OPERATOR_VERSIONS or ", "1"),
        ("", VERSIONS, ""),
        ("# coding: utf-7\n", "+AGE-", ""),
        ('x = f"', "{a}", '"'),
    ],
    "registry": [
        *((MODULES, part, "") for part in ("ALL_MODULES[A()] = 1\n", "f(ALL_MODULES)\n", MODULES)),
        ("ALL_MODULES = {", 'A@V3(): "a::b",\n', "}"),
        ("ALL_MODULES = {\n", "#é,\n", "}"),
        (MODULES, "def f@(x=ALL_MODULES): x.clear()\n", ""),
    ],
    "schema": [
        *(("", part, "") for part in ("a::b(", ".", "é", '"')),
        *(("a::b(", part, "") for part in ("(", "Dict(int, ", "Tensor(a!) x, ", "__torch__.a")),
        ("a::b(Tensor", "[]", " x) -> int"),
        ("a::b(Tensor(a", "|b", ") x) -> int"),
        ("a::b(int[] x=[1", ", 1", "]) -> int"),
        ('a::b(str x="', "\\x41", '") -> int'),
        ("a::b() -> (int", ", int", ")"),
    ],
    "settings": [
        *((SETTINGS, part, "") for part in ("[[a]]\n", "[a@]\n", "a.b@ = 1\n", "'a' . ", "[[a.b.c]]\nx.y.z@ = 1\n")),
        (SETTINGS, '[[tool.opfixtures.runtimes]]\nkind="checkout"\nname="n@"\n', ""),
        (f"{SETTINGS}[tool.opfixtures.waivers]\n", '"@" = { codes = ["A"], reason = "r", expires = 2027-01-01 }\n', ""),
        (SETTINGS.replace('"a.py"]', ""), '"a@.py",\n', "]"),
        (f"{SETTINGS}exclude = [", '"a@",', "]"),
        (f"{SETTINGS}x = [", "[],", "]"),
        (f"{SETTINGS}x = {{", "a@=1,", "}"),
        (f'{SETTINGS}x = """', "\\\n", '"""'),
    ],
}  # fmt: skip
ALL = [(name, shape) for name, shapes in SHAPES.items() for shape in shapes]


def text(shape: tuple[str, str, str], count: int) -> bytes:
    before, part, behind = shape
    return (before + "".join(part.replace("@", str(number)) for number in range(count)) + behind).encode()


def calls(check: Callable[[bytes], None], data: bytes) -> int:
    """Of functions, generators gone on with included."""
    count = 0

    def tracer(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tracer)
    try:
        check(data)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.sampled(24)
@pytest.mark.parametrize(("name", "shape"), ALL, ids=[f"{name}-{shape[1][:20]!r}" for name, shape in ALL])
def test_twice_as_much_is_twice_the_work(name: str, shape: tuple[str, str, str]) -> None:
    # More digits are no more work.
    some, more = (text(shape, count) for count in (100, 200))
    counted = calls(READERS[name], some)
    assert calls(READERS[name], more) < 2.2 * counted + 200

    large = text(shape, 50_000 // len(shape[1]))
    begun = process_time()
    READERS[name](large)
    assert process_time() - begun < 5
