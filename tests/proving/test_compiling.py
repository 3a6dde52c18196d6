"""What is claimed of an upgrader's text is what torch said beside all operators that the tree declares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.declarations.declared_model import DeclaredOperators
from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving import compiling
from opfixtures.proving.compiling import (
    UNREAD,
    Text,
    TreeOperators,
    operators_of,
    others_of,
    questions,
    text_of,
)
from opfixtures.proving.plain_upgrader import why_unusual
from opfixtures.worker.observations import CompiledSeen, RuntimeSeen, UpgraderSeen

PLACE = Place("map.cpp", 1, 1)
ENTRY = MapEntry("aten::relu", 11, "relu_0_10", "aten::relu(Tensor self) -> Tensor", PLACE)
SOURCE = "def relu_0_10(self: Tensor) -> Tensor:\n  return torch.relu(self, slope=0.)\n"
RELU = "aten::relu(Tensor self, *, float slope=0.0) -> Tensor"
OUT = "aten::relu.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)"
RELU6 = "aten::relu6(Tensor self) -> Tensor"
DECLARED = TreeOperators({"aten::relu": RELU, "aten::relu.out": OUT, "aten::relu6": RELU6})
BY = "torch 2.13.0"


def declared(source: str, path: str = "native_functions.yaml") -> DeclaredOperators:
    return read_declared_operators(path, source.encode())


def test_a_worker_is_asked_with_the_operators_that_a_text_may_call() -> None:
    assert questions([ENTRY], {"relu_0_10": SOURCE, "other": ""}, DECLARED) == {
        "relu_0_10": {
            "source": SOURCE,
            "old_schema": ENTRY.old_schema,
            "operators": {"aten::relu": RELU, "aten::relu.out": OUT},
        }
    }


def test_nothing_is_asked_without_a_text_or_all_operators() -> None:
    assert questions([ENTRY], {}, DECLARED) == {}
    assert questions([ENTRY], {"relu_0_10": SOURCE}, UNREAD) == {}


def test_texts_that_target_has_not_are_asked_for_whatever_is_known() -> None:
    assert questions([], {"own": SOURCE}, UNREAD, {"own", "gone"}) == {
        "own": {"source": SOURCE, "old_schema": None, "operators": {}}
    }
    assert questions([ENTRY], {"relu_0_10": SOURCE}, DECLARED, {"relu_0_10"})["relu_0_10"]["old_schema"]


def test_many_texts_that_name_all_operators_make_no_larger_job_than_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiling, "MOST_SCHEMAS", 3 * len(RELU + OUT))
    texts = {f"f{number}_0_10": SOURCE for number in range(9)}
    assert len(questions([], texts, DECLARED, texts)) == 3


TEXT = "def {}(x: Tensor) -> Tensor:\n  return torch.relu(x)\n"
SEEN = RuntimeSeen("2.13.0", "bc2c6eda", "3.11", "Linux", 10, None, {})


def test_a_text_that_does_not_compile_is_the_end_of_all_models() -> None:
    compiled = {"a": CompiledSeen(), "b": CompiledSeen(problem="undefined value x")}
    said = "no model loads: b does not compile with torch 2.13.0 and the operators of this tree: undefined value x"
    assert others_of(
        {name: TEXT.format(name) for name in "ab"}, replace(SEEN, compiled=compiled), BY, DECLARED
    ) == (said, {})
    assert others_of({"a": TEXT.format("a")}, replace(SEEN, compiled=compiled), BY, DECLARED) == ("", {})


def test_what_nobody_knows_to_compile_leaves_doubt_and_what_the_runtime_has_does_not() -> None:
    seen = replace(
        SEEN,
        compiled={"b": CompiledSeen(problem="undefined value x"), "c": CompiledSeen()},
        upgraders={"a": UpgraderSeen(registered=True, identity=False, same=True)},
    )
    said = "torch compiles all upgraders for any model, and {} was not compiled: {}"
    unread = "the operators that this tree declares were not read"
    assert others_of({name: TEXT.format(name) for name in "abc"}, seen, BY, UNREAD) == (
        "",
        {"b": said.format("b", f"{unread}: undefined value x")},
    )
    assert others_of({"d": TEXT.format("d")}, seen, BY, DECLARED) == (
        "",
        {"d": said.format("d", "the worker told nothing of it")},
    )


def test_what_c_plus_plus_may_take_otherwise_leaves_doubt_whatever_the_runtime_says() -> None:
    odd = "def a(x: Tensor) -> Tensor:\n  return torch.__config__.torch.relu(x)\n"
    told = {
        "a": f"torch compiles all upgraders for any model, and a is not known to compile: {why_unusual('a', odd)}"
    }
    same = {"a": UpgraderSeen(registered=True, identity=False, same=True)}
    assert others_of({"a": odd}, replace(SEEN, upgraders=same), BY, UNREAD) == ("", told)
    assert others_of({"a": odd}, replace(SEEN, compiled={"a": CompiledSeen()}), BY, DECLARED) == ("", told)
    failed = {"a": CompiledSeen(problem="undefined value x")}
    assert others_of({"a": odd}, replace(SEEN, compiled=failed), BY, DECLARED)[0].endswith(
        "undefined value x"
    )


def test_the_operators_are_those_of_all_files() -> None:
    files = [declared(f"- func: {RELU}\n"), declared("# nothing\n"), declared(f"- func: {OUT}\n", "b.yaml")]
    assert operators_of(files) == TreeOperators({"aten::relu": RELU, "aten::relu.out": OUT})
    # Two arms of an `#if` may say the same.
    assert operators_of([files[0], files[0]]) == TreeOperators({"aten::relu": RELU})


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ([], "no file of `operators` is there"),
        ([declared("- func: relu(Tensor self\n")], "native_functions.yaml:1:9: "),
        (
            [declared(f"- func: {RELU}\n"), declared("- func: relu(Tensor self) -> Tensor\n", "b.yaml")],
            "b.yaml:1:9: aten::relu is declared twice, with two schemas",
        ),
    ],
)
def test_operators_that_are_not_all_known_are_none(files: list[DeclaredOperators], problem: str) -> None:
    operators = operators_of(files)
    assert operators.schemas == {}
    assert operators.problem.startswith(problem)


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (
            CompiledSeen(),
            Text(
                told="relu_0_10 compiles with torch 2.13.0 and the operators of this tree, and has the old signature"
            ),
        ),
        (
            CompiledSeen(problem="RuntimeError: undefined value x"),
            Text(
                failed="relu_0_10 does not compile with torch 2.13.0 and the operators of this tree:"
                " RuntimeError: undefined value x"
            ),
        ),
        (
            CompiledSeen(difference="it takes 2 arguments, the old schema has 1"),
            Text(
                mismatched="relu_0_10 cannot stand in for the old schema: it takes 2 arguments, the old schema has 1"
                " (compiled with torch 2.13.0)"
            ),
        ),
        (
            CompiledSeen(unseen="crashed: SIGSEGV"),
            Text(told="relu_0_10 was not compiled: crashed: SIGSEGV"),
        ),
        (None, Text(told="relu_0_10 was not compiled: the worker told nothing of it")),
    ],
)
def test_a_text_is_what_was_said_of_it(seen: CompiledSeen | None, text: Text) -> None:
    assert text_of("relu_0_10", seen, BY, DECLARED) == text


def test_without_the_operators_nothing_is_claimed() -> None:
    told = text_of("relu_0_10", None, BY, TreeOperators(problem="a.yaml:1:1: correct it")).told
    assert told == "relu_0_10 was not compiled: a.yaml:1:1: correct it"


def test_nothing_is_claimed_of_a_namespace_that_no_file_declares() -> None:
    failed = CompiledSeen(problem="no attribute scale", missing="mylib::scale")
    assert text_of("relu_0_10", failed, BY, DECLARED) == Text(
        told="relu_0_10 was not compiled: no file of `operators` declares mylib, and without it: no attribute scale"
    )
    with_it = TreeOperators({**DECLARED.schemas, "mylib::zoom": "mylib::zoom(Tensor x) -> Tensor"})
    assert text_of("relu_0_10", failed, BY, with_it).failed
    assert text_of("relu_0_10", CompiledSeen(), BY, DECLARED).told.startswith("relu_0_10 compiles with")
