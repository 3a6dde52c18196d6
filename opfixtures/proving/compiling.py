"""What torch's own frontend says of the tree's text of an upgrader, where no runtime has the change yet. Pure.

With a text that does not compile torch loads no model at all, for it compiles all of them when it loads its first: the
side after the change cannot be run. With one of another signature it refuses the models that call the operator: they do
not load.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opfixtures.declarations.declared_model import DeclaredOperators
from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.schema_text import schema_text
from opfixtures.proving.plain_upgrader import why_unusual
from opfixtures.worker.observations import CompiledSeen, Json, RuntimeSeen
from opfixtures.worker.told import TOLD_NOTHING


@dataclass(frozen=True, slots=True)
class TreeOperators:
    """The schemas of the operators that a tree declares, by operator; `problem` says why they are not all known."""

    schemas: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


# Those that one text calls are a few; all of PyTorch's are half a MiB.
MOST_SCHEMAS = 16 << 20
UNREAD = TreeOperators(problem="the operators that this tree declares were not read")


@dataclass(frozen=True, slots=True)
class Text:
    """What is known of an upgrader's text; nothing where it was replayed.

    `failed`: it does not compile. `mismatched`: its signature is not that of the old schema. `told`: how far it is
    known to be well.
    """

    failed: str = ""
    mismatched: str = ""
    told: str = ""


def operators_of(files: Iterable[DeclaredOperators]) -> TreeOperators:
    """The operators that the files of `operators` in the settings declare, as far as they can be read."""
    schemas: dict[str, str] = {}
    is_none = True
    for file in files:
        is_none = False
        if file.problems:
            first = file.problems[0]
            return TreeOperators(problem=f"{first.place}: {first.message}")
        for one in file.operators:
            text = schema_text(one.schema)
            if schemas.setdefault(one.operator, text) != text:
                return TreeOperators(
                    problem=f"{one.place}: {one.operator} is declared twice, with two schemas"
                )
    return TreeOperators(problem="no file of `operators` is there") if is_none else TreeOperators(schemas)


def questions(
    entries: Iterable[MapEntry],
    texts: Mapping[str, str],
    operators: TreeOperators,
    own: Iterable[str] = (),
) -> dict[str, dict[str, Json]]:
    """What a worker is asked, by the name of the upgrader: its text, what it is to stand in for, and the schemas of
    the operators that it may call; until these are too much together.

    `own` are names of texts to be asked for whatever is known: of no entry, they are to stand in for nothing.
    """
    wanted: dict[str, str | None] = dict.fromkeys(sorted(own))
    if not operators.problem:
        wanted = {**wanted, **{entry.upgrader_name: entry.old_schema for entry in entries}}
    by_word = defaultdict[str, list[str]](list)
    for operator in operators.schemas:
        by_word[operator.partition("::")[2].partition(".")[0]].append(operator)
    asked, left = {}, MOST_SCHEMAS
    for name, old_schema in wanted.items():
        text = texts.get(name)
        if text is None:
            continue
        words = dict.fromkeys(re.findall(r"\w+", text))
        called = [operator for word in words for operator in by_word.get(word, ())]
        left -= sum(len(operators.schemas[operator]) for operator in called)
        if left < 0:
            break
        schemas = {operator: operators.schemas[operator] for operator in called}
        asked[name] = {"source": text, "old_schema": old_schema, "operators": schemas}
    return asked


def text_of(name: str, seen: CompiledSeen | None, by: str, operators: TreeOperators) -> Text:
    """What is known of the text of the upgrader `name`. `seen` is what `by` said of it, None where it was not
    asked."""
    why = operators.problem or (seen.unseen if seen else TOLD_NOTHING)
    if seen is None or why:
        return Text(told=f"{name} was not compiled: {why}")
    if seen.problem:
        namespace = seen.missing.partition("::")[0]
        if namespace and namespace not in {one.partition("::")[0] for one in operators.schemas}:
            why = f"no file of `operators` declares {namespace}, and without it: {seen.problem}"
            return Text(told=f"{name} was not compiled: {why}")
        return Text(
            failed=f"{name} does not compile with {by} and the operators of this tree: {seen.problem}"
        )
    if seen.difference:
        return Text(
            mismatched=f"{name} cannot stand in for the old schema: {seen.difference} (compiled with {by})"
        )
    return Text(told=f"{name} compiles with {by} and the operators of this tree, and has the old signature")


def others_of(
    own: Mapping[str, str], seen: RuntimeSeen, by: str, operators: TreeOperators
) -> tuple[str, dict[str, str]]:
    """What the texts of a tree that target has not are to all of its models, for torch compiles all of them when it
    loads its first: why none loads, empty where one may; and by name, of which of them nobody knows that it compiles.

    What the runtime has itself compiles, and so does what PyTorch could have written, where it compiles here. `own` are
    these texts, by name.
    """
    doubted: dict[str, str] = {}
    for name in sorted(own):
        compiled = seen.compiled.get(name)
        is_fine = compiled is not None and not (compiled.problem or compiled.unseen)
        is_fine = is_fine or seen.upgrader(name).same is True
        unusual = why_unusual(name, own[name])
        if is_fine and not unusual:
            continue
        text = text_of(name, compiled, by, operators)
        if text.failed and not is_fine:
            return f"no model loads: {text.failed}", {}
        if unusual:
            doubted[name] = (
                f"torch compiles all upgraders for any model, and {name} is not known to compile: {unusual}"
            )
            continue
        why = f": {compiled.problem}" if compiled and operators.problem else ""
        doubted[name] = f"torch compiles all upgraders for any model, and {text.told}{why}"
    return "", doubted
