"""`opfixtures check`: what a change owes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opfixtures.change.comparison import Comparison, answering, between, sides
from opfixtures.change.read_change import read_change
from opfixtures.commands.unstaged import warn_of_unstaged
from opfixtures.declarations.place import Place
from opfixtures.errors import NothingToCheck, UserError
from opfixtures.report import FORMATS, renderer
from opfixtures.report.colour import wants_colour
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.printable import printable
from opfixtures.rules import judge
from opfixtures.rules.findings import Finding, Severity

if TYPE_CHECKING:
    # The hook does without it.
    import argparse
    from datetime import date

    from opfixtures.commands.hook_fast_path import Look

ONLY_A_BUILD_MENDS = frozenset({"OPF111"})
"""What is a warning before a commit or a push, where nobody has a build of it yet, and an error where CI judges."""
_STAGED = ("diff-index", "--cached", "--name-only", "--no-renames", "-z")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures check` takes."""
    command.add_argument("--from-ref", metavar="A", help="compare B with the merge base of A and B")
    command.add_argument("--to-ref", metavar="B", help="instead of the index with HEAD")
    command.add_argument("--all", action="store_true", help="judge all that is declared, not the change")
    command.add_argument(
        "--fix",
        action="store_true",
        help="first write into the work tree what needs nobody to decide, such as missing fixture entries; if there "
        "was any, end with status 1. Nothing is staged",
    )
    command.add_argument(
        "--require-fixtures", action="store_true", help="a fixture that is not there is an error"
    )
    command.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="github: annotations of a workflow; lintrunner: a linter of .lintrunner.toml, which ends with "
        "status 0 whatever it finds (default: %(default)s)",
    )


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    if options.fix:
        from opfixtures.commands.check_fix import fix

        refs = _refs(options.from_ref, options.to_ref, options.all)
        if fix(refs, everything=options.all, report=options.format):
            return 1
    return run(
        options.from_ref,
        options.to_ref,
        everything=options.all,
        require_fixtures=options.require_fixtures,
        report=options.format,
    )


def run(
    from_ref: str | None = None,
    to_ref: str | None = None,
    *,
    everything: bool = False,
    require_fixtures: bool = False,
    report: str = "text",
    look: Look | None = None,
) -> int:
    """Print the findings in one of `FORMATS`; the exit status is 1 where one is an error, and the format has it so.

    `look` is what the hook's first look at the index has seen; None: nobody looked.

    Raises:
        UserError: one revision without the other, or together with `everything`; else as `read_change`. Where several
            projects are judged, what the others have is printed before.
    """
    refs = _refs(from_ref, to_ref, everything)
    demanded = frozenset({"OPF301"} if require_fixtures else ())
    repository = Repository.discover(os.getcwd(), os.environ)
    with GitObjects(repository) as objects:
        # Beside the rest of the check. What is staged shows which folders matter: to search the work tree takes longer.
        staged = () if refs else ("ls-files", "-z") if everything else (*_STAGED, "HEAD")
        listing = objects.begin(*staged) if staged else None
        several = [between(objects, *refs)] if refs else sides(objects, look and look[0])
        changes = by_project(objects, several, look, everything)
        # https://pre-commit.com/#pre-commit-during-push
        is_hook = "PRE_COMMIT_REMOTE_NAME" in os.environ if refs else not everything
        softened = ONLY_A_BUILD_MENDS if is_hook else frozenset[str]()
        found, errors = judged_together(objects, changes, demanded, everything, softened)
        if listing is not None:
            # Before the first commit there is no HEAD, and all that is listed is nothing.
            paths = os.fsdecode(listing.communicate()[0]).split("\0")[:-1]
            warn_of_unstaged(objects, [first for first, *_ in changes], paths)
    return show_together(found, errors, report)


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


def show_together(findings: Sequence[Finding], errors: Sequence[UserError], report: str = "text") -> int:
    """Print the findings in one of `FORMATS`; the exit status. Raises the last of the errors, the others printed."""
    if not errors:
        return show(findings, report)
    if findings:
        show(findings, report)
    for error in errors[:-1]:
        sys.stderr.write(f"opfixtures: error: {printable(str(error))}\n")
    raise errors[-1]


def show(findings: Sequence[Finding], report: str = "text") -> int:
    """Print the findings in one of `FORMATS`; the exit status."""
    colour = wants_colour(os.environ, sys.stdout.isatty())
    out, err, status = renderer(report)(findings, colour)
    sys.stdout.write(out)
    sys.stderr.write(err)
    return status


def _refs(from_ref: str | None, to_ref: str | None, everything: bool) -> tuple[str, str] | None:
    """The two revisions to compare, or else pre-commit's. None: the index and HEAD."""
    if everything:
        if not (from_ref is None and to_ref is None):
            raise UserError("--all looks at the index alone: leave --from-ref and --to-ref away")
        return None
    if from_ref is None and to_ref is None:
        # https://pre-commit.com/#pre-commit-during-push
        from_ref, to_ref = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    if from_ref is None and to_ref is None:
        return None
    if from_ref is None or to_ref is None:
        raise UserError("--from-ref and --to-ref belong together: give both")
    if not (from_ref and to_ref):
        raise UserError("--from-ref and --to-ref take a revision each, and one of them is empty: name both")
    return from_ref, to_ref
