"""What a hint shows to be pasted is pasted as it was printed, character for character, and mends what was found."""

import ast
import json
import re

import pytest

from tests.renumber.conftest import CLASS, ENTRY, GELU, facts, tree
from tests.repositories import MODULES, REGISTRY, VERSION_MAP

UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
VERSIONS = "caffe2/serialize/versions.h"
HEADS = re.compile(
    r"(?m)^(?:add to (?P<registry>ALL_MODULES in )?(?P<path>[^\n:]+?)(?::(?P<line>\d+))?"
    r"|import it in (?P<importing>[^\n:]+)):\n\n"
)
SCHEMAS = {
    "foo": "aten::foo(Tensor self) -> Tensor",
    "foo.out": "aten::foo.out(Tensor self, *, str approximate, Tensor(a!) out) -> Tensor(a!)",
    "bar_": "aten::bar_(Tensor(a!) self, Scalar other, int[2] stride, float? p=None) -> Tensor(a!)",
    "lambda": "aten::lambda(Tensor[] tensors, Tensor? self, ScalarType dtype, bool torch=True) -> Tensor",
}


def printed(out):
    """The lines to paste: each with its place, as it stands in the report."""
    found = list(HEADS.finditer(out))
    for head, following in zip(found, [*found[1:], None], strict=True):
        text = out[head.end() : following.start() if following else len(out)]
        # A report goes on with a finding, or with its last line.
        end = re.search(r"(?m)^(?:\S+:\d+:\d+: (?:error|warning|note) |opfixtures(?: new|: ))", text)
        yield head, text[: end.start()] if end else text


def paste(repository, out):
    """Paste all lines where they belong, from below in each file."""
    for head, text in sorted(
        printed(out), key=lambda found: (bool(found[0]["importing"]), -found[0].start())
    ):
        path = head["path"] or head["importing"]
        lines = repository.read(path).splitlines(keepends=True)
        if head["importing"]:
            lines.insert(0, text)
        elif head["line"]:
            lines.insert(int(head["line"]) - 1, text)
        else:
            lines.append(f"\n\n{text}")
        repository.write(path, "".join(lines))


def entries(schemas):
    def one(name):
        fact = facts(name, 11)
        return ENTRY.format(**fact).replace(f"aten::{name}(Tensor self) -> Tensor", schemas[name])

    return "".join(map(one, schemas))


@pytest.fixture
def owing(new_repository, opfixtures):
    """Stages entries for operators of these schemas, in a tree with a registry of this head."""

    def make(schemas, head="from fixtures_src import *  # noqa: F403\n", prefix=""):
        files = tree(GELU, produced=10)
        files[REGISTRY] = f'{head}\nALL_MODULES = {{\n    {prefix}TestVersionedGeluV9(): "aten::gelu",\n}}\n'
        repository = new_repository(files)
        repository.replace(VERSION_MAP, "    });", entries(schemas) + "    });")
        repository.write(VERSIONS, tree(GELU, produced=11)[VERSIONS])
        return repository, lambda: opfixtures(repository, "check")

    return make


@pytest.mark.parametrize(
    ("head", "prefix", "imported"),
    [
        ("from fixtures_src import *  # noqa: F403\n", "", ""),
        ("from test.jit.fixtures_srcs.fixtures_src import TestVersionedGeluV9\n", "", "TestVersionedFooV10"),
        ("from . import fixtures_src as src\n", "src.", ""),
    ],
)
def test_what_is_printed_mends_what_is_found(owing, head, prefix, imported):
    repository, check = owing(SCHEMAS, head, prefix)
    ran = check()
    assert ran.status == 1
    assert ran.out.count("error OPF201") == ran.out.count("error OPF104") == len(SCHEMAS)
    paste(repository, ran.out)
    registry, modules = repository.read(REGISTRY), repository.read(MODULES)
    compile(registry, REGISTRY, "exec")
    top_level = [node.name for node in ast.parse(modules).body if isinstance(node, ast.ClassDef)]
    # None is nested into its neighbour.
    shown = ran.out.count("class TestVersioned")
    assert shown >= len(SCHEMAS)
    assert len(top_level) == 1 + shown
    assert registry.count(f"    {prefix}TestVersioned") == 1 + shown
    assert imported in registry
    again = check()
    assert (again.status, re.findall("(?m)^.* error .*$", again.out)) == (0, [])


def test_each_pasted_name_is_bound_where_the_registry_imports_by_name(owing):
    head = "from fixtures_src import TestVersionedGeluV9\n"
    repository, check = owing(SCHEMAS, head)
    paste(repository, check().out)
    parsed = ast.parse(repository.read(REGISTRY))
    bound = {one.name for node in parsed.body if isinstance(node, ast.ImportFrom) for one in node.names}
    called = {
        node.func.id
        for node in ast.walk(parsed)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called == bound != set()


def test_the_lines_are_those_that_fix_writes(owing, opfixtures):
    repository, check = owing(SCHEMAS)
    out = check().out
    assert opfixtures(repository, "check", "--fix").status == 1
    written = repository.read(MODULES) + repository.read(REGISTRY) + repository.read(UPGRADERS)
    for head, text in printed(out):
        assert text.strip("\n") in written, head[0]


def test_a_registry_whose_encoding_writes_a_text_in_several_ways_gets_its_hints_all_the_same(owing):
    repository, check = owing({"foo": SCHEMAS["foo"]})
    head = b"# -*- coding: cp932 -*-\n# \x87\x90\n"
    repository.write(REGISTRY, head + repository.read(REGISTRY).encode())
    assert '\n    TestVersionedFooV10(): "aten::foo",\n' in check().out


def test_a_class_of_another_operator_is_never_proposed(owing):
    repository, check = owing({"foo": SCHEMAS["foo"]})
    other = CLASS.format(**facts("foo", 11))
    repository.write(MODULES, repository.read(MODULES) + other)
    assert "class TestVersionedFoo2V10(" in check().out
    repository.write(MODULES, repository.read(MODULES).replace(".relu(x)", ".foo(x)", 2))
    out = check().out
    assert "class " not in out
    assert "    TestVersionedFooV10()" in out


def test_programs_get_the_same_lines(owing, opfixtures):
    repository, check = owing({"foo": SCHEMAS["foo"]})
    out = check().out
    found = json.loads(opfixtures(repository, "check", "--format", "json").out)["findings"]
    assert all(one["hint"] in out for one in found if one["code"] in ("OPF104", "OPF201"))
