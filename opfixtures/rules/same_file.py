"""The rule about two modules whose fixtures would be one file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.names import fixture_stem, module_version
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule

if TYPE_CHECKING:
    from opfixtures.synthesis.proposals import Proposals


@rule("OPF205", Severity.ERROR)
def modules_write_the_same_file(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """Two registered modules would write the same fixture.

    A fixture's file is named after its class, in small letters and with underscores. PyTorch's generator skips
    a module whose file is there: the second one is never exported, and nothing says so. One class in two
    rows does the same, and so do TestVersionedSTFTV10 and TestVersionedS_t_f_tV10.

    To mend it, rename one of the classes, and its row. A class that stands for two operators gets a second
    class beside it.
    """
    first: dict[str, FixtureEntry] = {}
    judged = set(change.judged_rows)
    names: dict[str, str] = {}
    proposals = None
    for row in change.registry.rows:
        other = first.setdefault(fixture_stem(row.module), row)
        if other is not row and not judged.isdisjoint((row, other)):
            # What is published keeps its name, and so does its fixture.
            renamed = row if row in judged else other
            path = change.config.fixture_paths(fixture_stem(row.module))[0]
            if proposals is None:
                from opfixtures.synthesis.proposals import Proposals

                proposals = Proposals(change)
            if row.module == other.module:
                hint = _second_class(change, renamed, proposals)
            else:
                if renamed.module not in names:
                    names[renamed.module] = proposals.other_name(renamed.module)
                hint = (
                    f"rename {printable(renamed.module)} of {printable(renamed.operator)} to "
                    f"{printable(names[renamed.module])}, in its class and in its row"
                )
            yield finding(
                row.operator,
                row.place,
                f"{row.module} would write the same file as {other.module} in line {other.place.line}: {path}",
                hint,
            )


def _second_class(change: Change, row: FixtureEntry, proposals: Proposals) -> str:
    """What to do with a row whose class stands for another operator: what `check --fix` does, where it can."""
    added = proposals.second_class(row)
    if added:
        name = added.rows[0].module
    else:
        version = module_version(row.module) or 0
        if change.matching.has_operator(row.operator):
            version = min(version, change.matching.covered(row.operator).stop - 1)
        name = proposals.name_of_version(row.module, row.operator, version)
    return f"give {printable(row.operator)} a second class, beside the other and in its row, such as {printable(name)}"
