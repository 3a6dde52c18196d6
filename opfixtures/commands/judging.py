"""What all rules find in changes, project by project, and how it is shown: for `check`, `--fix` and the git hooks."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opfixtures.change.comparison import Comparison, answering
from opfixtures.change.read_change import read_change
from opfixtures.declarations.place import Place
from opfixtures.errors import NothingToCheck, UserError
from opfixtures.report import renderer
from opfixtures.report.screen import USUAL, screen_of, write_error
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.rules import judge
from opfixtures.rules.findings import Finding, Severity
from opfixtures.values import replace

if TYPE_CHECKING:
    from datetime import date

    from opfixtures.commands.hook_fast_path import Look


def by_project(
    objects: GitObjects, several: Sequence[Comparison], look: Look | None, everything: bool
) -> list[list[Comparison]]:
    """The sides of a change, of a merge or else one, for each project."""
    first, *merged = several
    if look is not None:
        return [[replace(first, folder=folder)] for folder in look[1]]
    from opfixtures.change.projects import projects

    return [
        [replace(side, folder=one.folder, moved_from=one.moved_from) for side in several]
        for one in projects(objects, first, [side.before for side in merged], everything=everything)
    ]


def judged_together(
    objects: GitObjects,
    changes: Sequence[Sequence[Comparison]],
    demanded: frozenset[str] = frozenset(),
    everything: bool = False,
    softened: frozenset[str] = frozenset(),
) -> tuple[list[Finding], list[UserError]]:
    """What all rules find in the changes of several projects, in one list, in the order of the files; and the errors
    of those that cannot be judged. A change is given by its sides, of a merge several.

    Raises NothingToCheck where no change has anything to judge.
    """
    found: list[Finding] = []
    errors: list[UserError] = []
    for change in changes:
        try:
            found += of_change(objects, change, demanded, everything, softened)
        except UserError as error:
            errors.append(error)
    # Settings that never could be used may go.
    unusable = [error for error in errors if not isinstance(error, NothingToCheck)]
    if errors and not unusable and len(errors) == len(changes):
        raise errors[0]
    return sorted(dict.fromkeys(found), key=lambda one: (one.place, one.code, one.message)), unusable


def of_change(
    objects: GitObjects,
    change: Sequence[Comparison],
    demanded: frozenset[str],
    everything: bool,
    softened: frozenset[str],
) -> list[Finding]:
    """What is new beside each side that a change answers for. Raises NothingToCheck where that one has no project."""
    several = answering(objects, change)
    of_sides = []
    for side in several:
        try:
            of_sides.append(judged(objects, side, demanded, everything, softened))
        except NothingToCheck:
            if len(several) == 1:
                raise
            of_sides.append([])
    return in_all(of_sides)


def in_all(found: Sequence[Sequence[Finding]]) -> list[Finding]:
    """The findings of the first comparison that all others have as well: of the same code, operator and place.
    Each is as severe as the severest, whatever it is called beside another state."""
    first, *others = found
    beside = [{_key(finding): finding.severity for finding in findings} for findings in others]
    both = []
    for finding in first:
        severities = [one[_key(finding)] for one in beside if _key(finding) in one]
        if len(severities) == len(beside):
            worst = min([finding.severity, *severities], key=[*Severity].index)
            both.append(replace(finding, severity=worst))
    return both


def _key(finding: Finding) -> tuple[str, str | None, Place]:
    return finding.code, finding.operator, finding.place


def judged(
    objects: GitObjects,
    compared: Comparison,
    demanded: frozenset[str] = frozenset(),
    everything: bool = False,
    softened: frozenset[str] = frozenset(),
) -> list[Finding]:
    """What all rules find in a change, as `judge` has it, with the waivers of today. Raises as `read_change`."""
    change = replace(read_change(objects, compared, everything), today=_today)
    return judge(change, demanded, softened)


def _today() -> date:
    # Few checks need to know, and it takes as long as the rest of some.
    from opfixtures.clock import today

    return today()


def show_together(
    findings: Sequence[Finding],
    errors: Sequence[UserError],
    report: str = "text",
    loudness: int = USUAL,
    refs: tuple[str, str] | None = None,
) -> int:
    """Print the findings in one of `FORMATS`; the exit status. Raises the last of the errors, the others printed."""
    if not errors:
        return show(findings, report, loudness, refs)
    if findings:
        show(findings, report, loudness, refs)
    for error in errors[:-1]:
        write_error(f"opfixtures: error: {error}")
        if report == "github":
            from opfixtures.report.error_github import error_annotation

            sys.stdout.write(f"{error_annotation(str(error))}\n")
    raise errors[-1]


def show(
    findings: Sequence[Finding],
    report: str = "text",
    loudness: int = USUAL,
    refs: tuple[str, str] | None = None,
) -> int:
    """Print the findings in one of `FORMATS`; the exit status. `refs` are what was compared, if not index
    and HEAD."""
    screen = screen_of(os.environ, sys.stdout, loudness)
    if report == "text":
        from opfixtures.report.findings_text import text

        shown = text(findings, screen, refs)
    else:
        shown = renderer(report)(findings, screen.colour)
    sys.stdout.write(shown.out)
    sys.stderr.write(shown.err)
    return shown.status
