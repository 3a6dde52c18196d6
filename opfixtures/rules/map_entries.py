"""Rules about the entries of the version map: their order, their names, their schemas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from opfixtures.change.changes import Change
from opfixtures.declarations.model import MapEntry, VersionMap
from opfixtures.declarations.place import Place
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule

Arm = tuple[tuple[int, int], ...]


@rule("OPF102", Severity.ERROR)
def entries_are_not_ascending(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The entries of an operator do not ascend by bumped_at_version.

    PyTorch takes the first entry above a model's version for its upgrader (findUpgrader), and the last one to
    tell whether the operator is current (isOpCurrentBasedOnUpgraderEntries). Nothing sorts them: in any other
    order an old model gets the upgrader of another version.

    The guide in torch/csrc/jit/operator_upgraders/README.md says SORTED, and its example for linspace has 12 before
    8. Written so, every model below 12 gets the upgrader of 12, and that of 8 never runs. PyTorch's own test
    (UpgraderUtils.IsVersionMapSorted) wants them ascending, and so does gen_mobile_upgraders.py: of 12 before 8 it
    makes the ranges 0 to 11 and 12 to 7.

    To mend it, write the entries of the operator from the lowest version to the highest, each once:

        {"aten::gelu", {{10, "gelu_0_9", "..."}, {11, "gelu_10_10", "..."}}},
    """
    before = _entries_by_operator(change.before.version_map)
    for operator, entries in _entries_by_operator(change.after.version_map).items():
        if [entry.text for entry in entries] == [entry.text for entry in before.get(operator, [])]:
            continue
        for entry, highest in _out_of_order(entries):
            version = entry.bumped_at_version
            message = f"the entry of {operator} at version {version} stands behind one at version {highest}"
            order = f"write its entries in ascending order, {version} before {highest}"
            yield finding(
                operator, entry.place, message, order if version < highest else "keep one of the two"
            )


def _entries_by_operator(version_map: VersionMap | None) -> dict[str, list[MapEntry]]:
    entries: dict[str, list[MapEntry]] = defaultdict(list)
    for entry in version_map.entries if version_map else ():
        entries[entry.operator].append(entry)
    return entries


def _out_of_order(entries: list[MapEntry]) -> Iterator[tuple[MapEntry, int]]:
    """The entries of one operator that a version as high stands before, each with the highest that does."""
    highest_before = _highest_before((entry.arm, entry.bumped_at_version) for entry in entries)
    for entry, highest in zip(entries, highest_before, strict=True):
        if entry.bumped_at_version <= highest:
            yield entry, highest


def _highest_before(numbers: Iterable[tuple[Arm, int]]) -> Iterator[int]:
    """For each number the highest one before it, else 0.

    What stands in another arm of the same `#if` does not stand before: both are never compiled together.
    """
    levels: dict[Arm, _Level] = defaultdict(_Level)
    for arm, number in numbers:
        highest = 0
        for depth in range(len(arm) + 1):
            conditional = arm[depth][0] if depth < len(arm) else None
            highest = max(highest, levels[arm[:depth]].add(conditional, number))
        yield highest


class _Level:
    """The numbers of one arm so far: the highest one, apart from that inside the `#if` read last."""

    def __init__(self) -> None:
        self._before = self._inside = 0
        self._conditional: int | None = None

    def add(self, conditional: int | None, number: int) -> int:
        """Adds a number that stands inside an `#if`, or in none; returns the highest before it."""
        if conditional is None or conditional != self._conditional:
            self._before, self._inside = max(self._before, self._inside), 0
            self._conditional = conditional
        highest = self._before
        if conditional is None:
            self._before = max(self._before, number)
        else:
            self._inside = max(self._inside, number)
        return highest


@rule("OPF103", Severity.ERROR)
def upgrader_name_has_another_range(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An upgrader's name does not end in _<start>_<end>, the versions that its entry covers.

    An entry covers the versions from the operator's previous bump, else 0, to bumped_at_version - 1. The name
    is where people and tools read that range: gelu_0_9, div_Tensor_0_3 for aten::div.Tensor,
    div__Tensor_0_3 for aten::div_.Tensor. What stands before the range is free: names without an overload
    have one part less, and a tool that split at every underscore broke on them (pytorch/pytorch#71578).

    PyTorch's guide says otherwise for a second bump: `linspace_0_11` beside `linspace_0_7`, for an upgrader that
    serves models below 8 as well. No loader reads the name: with the entries in ascending order, models of 0 to 7 get
    the upgrader of 8, and only those of 8 to 11 that of 12; gen_mobile_upgraders.py gives the lite interpreter the
    same two ranges. So the name that says what happens is `linspace_8_11`. Where one text serves all, write it into
    both upgraders: the one of 8 calls the operator of today, too, and has to follow when that changes again.

    To mend it, rename the upgrader as the hint says: in the version map, and the key and the `def` where the
    upgrader is written.
    """
    if change.version_map.problems:
        return
    for entry in change.written:
        covers = change.matching.covers(entry)
        expected = f"_{covers.start}_{covers.stop - 1}"
        name = entry.upgrader_name
        if name.endswith(expected) and name != expected:
            continue
        from opfixtures.synthesis.proposals import upgrader_of_its_range

        files = [change.version_map.path, change.config.upgraders]
        yield finding(
            entry.operator,
            entry.place,
            f"the name of upgrader {name} does not end in {expected}, the versions that the entry of "
            f"{entry.operator} at version {entry.bumped_at_version} covers",
            f"rename it to {printable(upgrader_of_its_range(entry, covers))} in {' and '.join(filter(None, files))}",
        )


@rule("OPF105", Severity.ERROR)
def old_schema_does_not_parse(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The old_schema of an entry does not parse.

    It is the schema that the operator had before the change: what old models call, and what a fixture's
    runtime is compared with. `int{} size` and `div_.Scalar(Tensor(a!), Tensor other)` got into PyTorch's map
    because nothing read them (pytorch/pytorch#69807).

    To mend it, write the schema as a build from before the change prints it:

        python -c 'import torch
        print(*torch._C._jit_get_schemas_for_operator("aten::gelu"), sep="\\n")'
    """
    for entry in change.written:
        problem = _problem_of(entry.old_schema)
        if problem is not None:
            message = f"old_schema of {entry.operator} does not parse: {problem}"
            yield finding(entry.operator, entry.place, message, _command_for_schema(change, entry.operator))


def _problem_of(schema: str) -> str | None:
    from opfixtures.declarations.function_schema import SchemaError, parse_schema

    try:
        parse_schema(schema)
    except SchemaError as error:
        return str(error)
    return None


def _command_for_schema(change: Change, operator: str) -> str:
    from json import dumps
    from shlex import quote

    name = dumps(printable(operator).partition(".")[0])
    # What registers a library's operators; in double quotes, which a shell leaves alone between single ones.
    modules = [spec.module for spec in change.config.runtimes if spec.module]
    imported = ", ".join(["torch", *modules[:1]])
    code = f'import {imported}; print(*torch._C._jit_get_schemas_for_operator({name}), sep="\\n")'
    return f"take it from a build from before the change:\npython -c {quote(code)}"


@rule("OPF106", Severity.ERROR)
def old_schema_is_of_another_operator(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The old_schema of an entry names another operator or overload than the entry's key.

    The key says whose models are upgraded, the schema what they call. When aten::full.names was entered for
    aten::full (pytorch/pytorch#69860), the models of one were upgraded and those of the other were not.

    To mend it, find out which of the two the upgrader was written for, and correct the other: the key
    "aten::div.Tensor" wants "aten::div.Tensor(Tensor self, Tensor other) -> Tensor".
    """
    for entry in change.written:
        named = operator_of(entry.old_schema)
        if named not in (None, entry.operator):
            yield finding(
                entry.operator,
                entry.place,
                f"old_schema of {entry.operator} is that of {named}",
                f"correct it: {printable(entry.operator)}(...), or the key: {printable(named or '')}",
            )


def operator_of(schema: str) -> str | None:
    """The operator, with overload, that a schema names; None where it does not parse."""
    from opfixtures.declarations.function_schema import SchemaError, parse_schema

    try:
        parsed = parse_schema(schema)
    except SchemaError:
        return None
    return f"{parsed.name}.{parsed.overload}" if parsed.overload else parsed.name


@rule("OPF112", Severity.ERROR)
def operator_is_listed_twice(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An operator is listed twice in the version map.

    The map is an std::unordered_map: of two equal keys the first counts and the other's entries are dropped
    without a word; in a library's Python literal the last one counts. Either way an upgrader that is written
    there never runs, and a key with an empty list takes all entries of the operator away.
    The two arms of one `#if` are once: only one of them is compiled.

    Two changes written at the same time, such as those that both claimed version 10 (pytorch/pytorch#61439,
    #72191), bring a key twice when they are about one operator and both are merged.

    To mend it, write all entries of the operator under one key, in ascending order:

        {"aten::gelu", {{10, "gelu_0_9", "..."}, {11, "gelu_10_10", "..."}}},
    """
    before = _repeated_keys(change.before.version_map)
    for operator, (first, repeated) in _repeated_keys(change.after.version_map).items():
        known = before[operator][1] if operator in before else []
        for place in repeated if len(repeated) > len(known) else ():
            message = f"{operator} is listed twice: here and in line {first.line}"
            yield finding(
                operator, place, message, f"move its entries to line {first.line}, and take this away"
            )


def _repeated_keys(version_map: VersionMap | None) -> dict[str, tuple[Place, list[Place]]]:
    """By operator: where it is listed first, and where once more, with or without entries."""
    by_operator: dict[str, list[tuple[Place, Arm]]] = defaultdict(list)
    for operator, place, arm in version_map.keys if version_map else ():
        by_operator[operator].append((place, arm))
    keys = {}
    for operator, listed in by_operator.items():
        before = _highest_before((arm, 1) for _, arm in listed)
        repeated = [place for (place, _), other in zip(listed, before, strict=True) if other]
        keys[operator] = listed[0][0], repeated
    return keys
