"""The lines of a fixture entry to add: its class, which nothing else is called, and its row; or to rename it."""

from __future__ import annotations

from itertools import chain, count

from opfixtures.change.changes import Change
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.names import (
    class_name_for,
    fixture_stem,
    module_of_version,
    module_version,
    numbered,
    suggested_module,
    suggested_row,
)
from opfixtures.repository.printable import printable
from opfixtures.settings.fixture_formats import FIXTURES, RECORDS


def stems_taken(change: Change) -> set[str]:
    """The file names of the fixtures that are registered: no new class may have another one's."""
    return {fixture_stem(row.module) for row in change.registry.rows}


def lines_to_add(change: Change, entry: MapEntry, taken: set[str]) -> str:
    """What to add where, so that `entry` has a fixture entry. A class that stands unused is taken as it is.

    `taken` are file names that its fixture may not have; the one that it has comes to these.
    """
    name = class_name_for(entry.operator, entry.bumped_at_version - 1)
    name = next(one for one in _names(name) if fixture_stem(one) not in taken)
    taken.add(fixture_stem(name))
    row = (
        f"add to ALL_MODULES in {_registry(change)}{_where(change)}:\n\n{suggested_row(entry.operator, name)}"
    )
    if name in change.modules:
        return row
    from opfixtures.declarations.function_schema import SchemaError, parse_schema

    try:
        schema = parse_schema(entry.old_schema)
    except SchemaError:
        schema = None
    module = suggested_module(schema, entry.operator, name).rstrip("\n")
    return f"add to {printable(change.config.fixture_modules[0])}:\n\n{module}\n\n{row}"


def lines_to_restore(change: Change, entry: MapEntry, lost: FixtureEntry, taken: set[str]) -> str:
    """What to bring back, so that `entry` has the fixture entry again that the change takes away. `taken` is that of
    `lines_to_add`."""
    is_registered = any(
        (row.module, row.operator) == (lost.module, lost.operator) for row in change.registry.rows
    )
    module = change.modules.get(lost.module)
    is_defined = module is not None and module.is_module is not False
    if is_registered and is_defined:
        # It matches another entry now, one that came in between.
        return lines_to_add(change, entry, taken)
    lines = []
    if not is_defined:
        files = printable(", ".join(change.config.fixture_modules))
        lines.append(f"bring class {printable(lost.module)} back as it was, in {files}")
    if not is_registered:
        row = suggested_row(lost.operator, lost.module)
        lines.append(f"bring its row back, in ALL_MODULES in {_registry(change)}:\n\n{row}")
    return "\n".join(lines)


def name_of_version(change: Change, class_name: str, operator: str, version: int) -> str:
    """What to call a class instead, so that it ends in that version, and nothing else is called so."""
    has_version = module_version(class_name) is not None
    name = module_of_version(class_name, version) if has_version else class_name_for(operator, version)
    taken = {fixture_stem(row.module) for row in change.registry.rows}
    taken.update(map(fixture_stem, change.modules))
    return next(one for one in _names(name) if fixture_stem(one) not in taken)


def _names(name: str) -> chain[str]:
    return chain([name], (numbered(name, number) for number in count(2)))


def _registry(change: Change) -> str:
    end = change.registry.end
    return printable(f"{end.path}:{end.line}" if end else change.registry.path)


def _where(change: Change) -> str:
    """What else to mind where a row is added, with a comma in front."""
    ends = change.registry.ends
    if ends is None:
        return ""
    inside = "" if ends.by_itself else ", inside its braces"
    return f"{inside}, behind a comma" if ends.lacks_comma else inside


def files_to_rename(change: Change, row: FixtureEntry, name: str) -> str:
    """The commands that rename the files of a row whose class gets another name."""
    from shlex import quote

    old, new = fixture_stem(row.module), fixture_stem(name)
    commands = []
    for ending in (*FIXTURES, *RECORDS):
        if f"{old}{ending}" in change.after.fixtures.ids:
            paths = (change.after.fixtures.path(f"{stem}{ending}") for stem in (old, new))
            commands.append("git mv " + " ".join(quote(printable(f"{path}")) for path in paths))
    return "".join(f"\n{one}" for one in commands and ["and with it", *commands])
