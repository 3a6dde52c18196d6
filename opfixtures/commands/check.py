"""`opfixtures check`: what a change owes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opfixtures.comparison import Comparison, between, read_change, sides
from opfixtures.declarations.model import Place
from opfixtures.errors import UserError
from opfixtures.findings import Finding, Severity
from opfixtures.git import Repository
from opfixtures.git_snapshot import GitObjects
from opfixtures.report import FORMATS, renderer
from opfixtures.report.colour import wants_colour
from opfixtures.rules import judge

if TYPE_CHECKING:
    # The hook does without it.
    import argparse
    from datetime import date


ONLY_A_BUILD_MENDS = frozenset({"OPF111"})
"""What is a warning before a commit or a push, where nobody has a build of it yet, and an error where CI judges."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures check` takes."""
    command.add_argument("--from-ref", metavar="A", help="compare B with the merge base of A and B")
    command.add_argument("--to-ref", metavar="B", help="instead of the index with HEAD")
    command.add_argument("--all", action="store_true", help="judge all that is declared, not the change")
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
    differing: Sequence[str] | None = None,
) -> int:
    """Print the findings in one of `FORMATS`; the exit status is 1 where one is an error, and the format has it so.

    `differing` are paths outside of which the index is as HEAD, as far as a check reads it; None: nobody looked.

    Raises:
        UserError: one revision without the other, or together with `everything`; else as `read_change`.
    """
    refs = _refs(from_ref, to_ref, everything)
    repository = Repository.discover(os.getcwd(), os.environ)
    with GitObjects(repository) as objects:
        comparisons = [between(objects, *refs)] if refs else sides(objects, differing)
        demanded = frozenset({"OPF301"} if require_fixtures else ())
        # https://pre-commit.com/#pre-commit-during-push
        is_hook = "PRE_COMMIT_REMOTE_NAME" in os.environ if refs else not everything
        softened = ONLY_A_BUILD_MENDS if is_hook else frozenset[str]()
        found = [judged(objects, one, demanded, everything, softened) for one in comparisons]
    return show(in_all(found), report)


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
        if from_ref or to_ref:
            raise UserError("--all looks at the index alone: leave --from-ref and --to-ref away")
        return None
    if not (from_ref or to_ref):
        # https://pre-commit.com/#pre-commit-during-push
        from_ref, to_ref = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    if from_ref and to_ref:
        return from_ref, to_ref
    if from_ref or to_ref:
        raise UserError("--from-ref and --to-ref belong together: give both")
    return None
