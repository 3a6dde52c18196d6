"""Rules about upgraders: those that entries name, and the table that mobile runtimes have of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations, MapEntry
from opfixtures.declarations.names import versions_of
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.values import replace

if TYPE_CHECKING:
    from opfixtures.declarations.upgrader_model import (
        LibraryUpgraders,
        MobileUpgrader,
        MobileUpgraders,
        Upgraders,
    )


@rule("OPF104", Severity.ERROR)
def upgrader_is_not_defined(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An entry's upgrader is not defined, or its source does not define a function of that name.

    PyTorch compiles the source of every upgrader and then looks for a function with the upgrader's name. A
    name that is not there fails when the first old model is loaded, and not before, and not in every loader:
    those of stft and istft passed the tests of .ptl files while torch.jit.load failed, and the change was
    reverted (pytorch/pytorch#73434, #77257).

    To mend it, write the upgrader into upgraders_entry.cpp, the name as its key and behind its `def`:

        {"gelu_0_9", R"SCRIPT(
        def gelu_0_9(self: Tensor) -> Tensor:
          return torch.gelu(self, approximate='none')
        )SCRIPT"},

    A library has its upgraders as functions in the string UPGRADERS of its upgraders.py. `opfixtures check --fix`
    writes a skeleton into either.
    """
    yield from _of_library(change, finding)
    touched = change.config.upgraders in change.touched
    upgraders = _upgraders_after(change) if touched or change.written else None
    if upgraders is None:
        return
    for problem in upgraders.problems:
        yield finding(None, problem.place, problem.message, "opfixtures explain OPF104")
    names = {upgrader.name for upgrader in upgraders.upgraders}
    old = change.before.upgraders() if touched else None
    gone = {upgrader.name for upgrader in old.upgraders} - names if old else set()
    lost = [entry for entry in change.version_map.entries if entry.upgrader_name in gone]
    judged = {entry.upgrader_name: entry for entry in reversed([*change.written, *lost])}
    for name, entry in reversed(judged.items()) if not upgraders.problems else ():
        if name not in names:
            message = f"upgrader {name} of {entry.operator} is not defined in {upgraders.path}"
            yield finding(entry.operator, entry.place, message, _lines_to_add(upgraders, entry))
    known = {(upgrader.name, upgrader.defines) for upgrader in old.upgraders} if old else set()
    for upgrader in upgraders.upgraders:
        judged_now = upgrader.name in judged or (touched and (upgrader.name, upgrader.defines) not in known)
        if judged_now and upgrader.name not in upgrader.defines:
            defined = f"defines {', '.join(upgrader.defines)}" if upgrader.defines else "defines nothing"
            message = f"the source of upgrader {upgrader.name} {defined}"
            hint = f"let its function be called so: def {printable(upgrader.name)}(...)"
            yield finding(None, upgrader.place, message, hint)


def _of_library(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The same for the functions that a library's Python file defines: of entries that the change writes, and of those
    that it takes a function from."""
    touched = change.config.upgraders in change.touched
    library = change.after.library_upgraders() if touched or change.written else None
    if library is None:
        return
    old = change.before.library_upgraders() if touched else None
    gone = old.names - library.names if old else frozenset()
    lost = [entry for entry in change.version_map.entries if entry.upgrader_name in gone]
    judged = {entry.upgrader_name: entry for entry in reversed([*change.written, *lost])}
    for name, entry in reversed(judged.items()):
        if name not in library.names:
            message = f"upgrader {name} of {entry.operator} is not defined in UPGRADERS in {library.path}"
            yield finding(entry.operator, entry.place, message, _function_to_add(library, entry))


def _function_to_add(library: LibraryUpgraders, entry: MapEntry) -> str:
    fault, text = _skeleton(entry)
    return fault or f"add to UPGRADERS in {printable(library.path)}:\n\n{text}"


def _skeleton(entry: MapEntry) -> tuple[str, str]:
    """Why nothing can be built upon an entry, else empty; and a skeleton of its upgrader."""
    from opfixtures.synthesis.proposals import fault_of, new_upgrader

    fault = fault_of(entry)
    if fault:
        return printable(fault), ""
    return "", "\n".join(map(printable, new_upgrader(entry).text.rstrip("\n").split("\n")))


def _upgraders_after(change: Change) -> Upgraders | None:
    """The upgraders; an empty file where the change takes it away."""
    upgraders = change.after.upgraders()
    gone = change.before.upgraders() if upgraders is None else None
    return replace(gone, upgraders=(), problems=(), end=None) if gone else upgraders


def _lines_to_add(upgraders: Upgraders, entry: MapEntry) -> str:
    fault, text = _skeleton(entry)
    if fault:
        return fault
    name = printable(entry.upgrader_name)
    where = f"add to {printable(upgraders.path)}{f':{upgraders.end.line}' if upgraders.end else ''}:"
    return f'{where}\n\n    {{"{name}", R"SCRIPT(\n{text}\n)SCRIPT"}},'


@rule("OPF110", Severity.WARNING)
def upgrader_is_not_used(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """No entry of the version map uses an upgrader.

    An upgrader that no entry names never runs: either its entry is missing or misspelt, or it stayed behind
    when the entry was reverted. PyTorch's full_names_0_4 is one.

    To mend it, add the entry, correct its upgrader_name, or take the upgrader away.
    """
    touched = change.config.upgraders in change.touched or change.version_map.path in change.touched
    if not touched or change.after.version_map is None or change.version_map.problems:
        return
    used = {entry.upgrader_name for entry in change.version_map.entries}
    before = _used(change.before)
    # Read only where one can have become idle: most changes of the map add to it.
    if change.config.upgraders not in change.touched and before <= used:
        return
    upgraders, old = change.after.upgraders(), change.before.upgraders()
    known = {upgrader.name for upgrader in old.upgraders} if old else set()
    for upgrader in upgraders.upgraders if upgraders else ():
        if upgrader.name not in used and (upgrader.name not in known or upgrader.name in before):
            message = f"no entry of the version map uses upgrader {upgrader.name}"
            yield finding(None, upgrader.place, message, "name it in an entry, or take it away")


def _used(declarations: Declarations) -> set[str]:
    entries = declarations.version_map.entries if declarations.version_map else ()
    return {entry.upgrader_name for entry in entries}


@rule("OPF111", Severity.ERROR)
def mobile_upgraders_are_stale(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The mobile upgraders were not regenerated, or the operator is excluded from them.

    The lite interpreter compiles no upgraders: it has them as bytecode in upgrader_mobile.cpp, which a
    program writes. Until that was run again, an old model is upgraded on a server and not on a phone. After
    the five `div.*_mode` entries nobody ran it for months (pytorch/pytorch#89886); aten::full is excluded,
    and an old model gives floats under torch.jit.load and ints under lite.

    Only a build of the change can run that program. So before a commit or a push this is a warning, and an error
    where a build is at hand: in CI, with `--from-ref`, and in the Action.

    To mend it, build the change and run the program, then commit what it wrote:

        python torchgen/operator_versions/gen_mobile_upgraders.py

    An exclusion is a name in EXCLUDED_OP_SET or EXCLUE_UPGRADER_SET there.
    """
    table = _table_if_touched(change)
    if table is None:
        return
    command = f"build this change, and run: python {change.config.mobile_upgraders_generator}"
    excluded = dict(reversed(table.excluded))
    for entry in _unserved(change, table):
        exclusion = excluded.get(entry.operator) or excluded.get(entry.upgrader_name)
        covers = change.matching.covers(entry)
        message = (
            f"upgrader {entry.upgrader_name} of {entry.operator} is not in {table.path} "
            f"for {versions_of(covers)}"
        )
        if exclusion:
            message = f"{entry.operator} is excluded from the mobile upgraders"
        hint = f"take it out of {exclusion}, then {command}" if exclusion else command
        yield finding(entry.operator, entry.place, message, printable(hint))
    for row in _left_behind(change, table):
        message = f"upgrader {row.upgrader_name} of {row.operator} has no entry in the version map any more"
        yield finding(row.operator, row.place, message, printable(command))


def _table_if_touched(change: Change) -> MobileUpgraders | None:
    """The table after a change of it, or of what it is made from."""
    config = change.config
    sources = {config.version_map, config.mobile_upgraders, config.mobile_upgraders_generator}
    if change.version_map.problems or not sources & change.touched:
        return None
    return change.after.mobile_upgraders()


def _unserved(change: Change, table: MobileUpgraders) -> Iterator[MapEntry]:
    """The entries that the change writes, or takes the mobile upgrader from, without one."""
    written = {entry.text for entry in change.written}
    before, after = _served(change.before.mobile_upgraders()), _served(table)
    for entry in {entry.text: entry for entry in change.version_map.entries}.values():
        covers = change.matching.covers(entry)
        wanted = entry.operator, covers.start, covers.stop - 1, entry.upgrader_name
        if wanted not in after and (entry.text in written or wanted in before):
            yield entry


def _served(table: MobileUpgraders | None) -> set[tuple[str, int, int, str]]:
    """The rows of a table that its generator would write."""
    if table is None:
        return set()
    excluded = {name for name, _ in table.excluded}
    return {
        (row.operator, row.first, row.last, row.upgrader_name)
        for row in table.rows
        if not {row.operator, row.upgrader_name} & excluded
    }


def _left_behind(change: Change, table: MobileUpgraders) -> Iterator[MobileUpgrader]:
    """The rows whose entry the change takes away."""
    gone = _used(change.before) - _used(change.after)
    yield from (row for row in table.rows if row.upgrader_name in gone)
