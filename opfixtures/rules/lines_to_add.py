"""The lines of a fixture entry to add, as hints show them: what `new` and `check --fix` would write."""

from __future__ import annotations

from functools import cached_property
from shlex import quote

from opfixtures.change.changes import Change
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.names import fixture_stem, suggested_row
from opfixtures.errors import UserError
from opfixtures.repository.printable import printable
from opfixtures.settings.fixture_formats import FIXTURES, RECORDS
from opfixtures.synthesis.proposals import Proposals, fault_of
from opfixtures.synthesis.python_insertions import PythonInsertions
from opfixtures.synthesis.python_names import Binding
from opfixtures.synthesis.source_text import SourceText


class LinesToAdd:
    """What to add where, entry after entry of a change."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._proposals = Proposals(change)

    def for_entry(self, entry: MapEntry) -> str:
        """What to add, so that `entry` has a fixture entry."""
        fault = fault_of(entry)
        if fault:
            return printable(fault)
        change, added = self._change, self._proposals.fixture_entry(entry)
        lines = [
            f"opfixtures new {quote(printable(entry.operator))}",
            "shows the lines and, with --apply, writes them; by hand that is",
        ]
        if added.modules:
            modules = "\n\n\n".join(one.text.rstrip("\n") for one in added.modules)
            lines.append(f"add to {printable(change.config.fixture_modules[0])}:\n\n{modules}\n")
        named = self._binding.statement([row.module for row in added.rows]) if self._binding else ""
        if named:
            lines.append(f"import it in {printable(change.registry.path)}:\n\n{named}\n")
        prefix = self._binding.prefix if self._binding else ""
        rows = "\n".join(
            f"    {prefix}{suggested_row(row.operator, row.module).strip()}" for row in added.rows
        )
        where = f"{_registry(change)}{_where(change)}"
        lines.append(f"add to ALL_MODULES in {where}:\n\n{rows}")
        return "\n".join(lines)

    def to_restore(self, entry: MapEntry, lost: FixtureEntry) -> str:
        """What to bring back, so that `entry` has the fixture entry again that the change takes away."""
        change = self._change
        is_registered = any(
            (row.module, row.operator) == (lost.module, lost.operator) for row in change.registry.rows
        )
        module = change.modules.get(lost.module)
        is_defined = module is not None and module.is_module is not False
        if is_registered and is_defined:
            # It matches another entry now, one that came in between.
            return self.for_entry(entry)
        lines = []
        if not is_defined:
            files = printable(", ".join(change.config.fixture_modules))
            lines.append(f"bring class {printable(lost.module)} back as it was, in {files}")
        if not is_registered:
            row = suggested_row(lost.operator, lost.module)
            lines.append(f"bring its row back, in ALL_MODULES in {_registry(change)}:\n\n{row}")
        return "\n".join(lines)

    @cached_property
    def _binding(self) -> Binding | None:
        """How the registry comes by its classes; None where it is not there."""
        path, content = self._change.registry.path, self._change.after.registry_file
        try:
            file = PythonInsertions(SourceText(path, content), content)
        except UserError:
            return None
        return Binding(file, self._change.config.fixture_modules[0])


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
    old, new = fixture_stem(row.module), fixture_stem(name)
    commands = []
    for ending in (*FIXTURES, *RECORDS):
        if f"{old}{ending}" in change.after.fixtures.ids:
            paths = (change.after.fixtures.path(f"{stem}{ending}") for stem in (old, new))
            commands.append("git mv " + " ".join(quote(printable(f"{path}")) for path in paths))
    return "".join(f"\n{one}" for one in commands and ["and with it", *commands])
