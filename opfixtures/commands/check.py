"""`opfixtures check`: what a change owes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from opfixtures.change.comparison import between, sides
from opfixtures.commands.judging import by_project, judged_together, show_together
from opfixtures.commands.unstaged import warn_of_unstaged
from opfixtures.errors import UserError
from opfixtures.report import FORMATS
from opfixtures.report.screen import QUIET, USUAL
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects

if TYPE_CHECKING:
    # The hook does without it.
    import argparse

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
    # The hook does without it.
    from opfixtures.commands.loudness import add_loudness

    add_loudness(command)


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
        loudness=options.loudness,
        by_hand=True,
    )


def run(
    from_ref: str | None = None,
    to_ref: str | None = None,
    *,
    everything: bool = False,
    require_fixtures: bool = False,
    report: str = "text",
    look: Look | None = None,
    loudness: int = USUAL,
    by_hand: bool = False,
) -> int:
    """Print the findings in one of `FORMATS`; the exit status is 1 where one is an error, and the format has it so.

    `look` is what the hook's first look at the index has seen; None: nobody looked. `by_hand`: somebody may have typed
    this, who is told where nothing is staged.

    Raises:
        UserError: one revision without the other, or together with `everything`; else as `read_change`. Where several
            projects are judged, what the others have is printed before.
    """
    if report == "github":
        from opfixtures.commands.told_errors import annotated

        with annotated(os.environ):
            return _run(from_ref, to_ref, everything, require_fixtures, report, look, loudness, by_hand)
    return _run(from_ref, to_ref, everything, require_fixtures, report, look, loudness, by_hand)


def _run(
    from_ref: str | None,
    to_ref: str | None,
    everything: bool,
    require_fixtures: bool,
    report: str,
    look: Look | None,
    loudness: int,
    by_hand: bool,
) -> int:
    refs = _refs(from_ref, to_ref, everything)
    demanded = frozenset({"OPF301"} if require_fixtures else ())
    repository = Repository.discover(os.getcwd(), os.environ)
    with GitObjects(repository) as objects:
        # Beside the rest of the check. What is staged shows which folders matter: to search the work tree takes longer.
        staged = () if refs else ("ls-files", "-z") if everything else (*_STAGED, "HEAD")
        listing, paths = objects.begin(*staged) if staged else None, list[str]()
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
    status = show_together(found, errors, report, loudness, refs)
    # A merge may equal HEAD and bring something all the same; and without a HEAD nothing is listed.
    is_idle = listing is not None and not (everything or paths or listing.returncode or found or several[1:])
    if is_idle and by_hand and report == "text" and loudness != QUIET:
        from opfixtures.commands.hook_fast_path import say_that_nothing_is_staged

        sys.stdout.flush()
        say_that_nothing_is_staged()
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
