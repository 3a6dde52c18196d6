"""`opfixtures hook`: what the plain git hooks call."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from opfixtures.change.pushed_refs import PushedRef, pushed_changes, pushed_refs
from opfixtures.commands import check, judging
from opfixtures.errors import NothingToCheck, NotInTheIndex, UserError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding

_NOTHING = "opfixtures: no problems found\n"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures hook` takes."""
    command.add_argument(
        "name", choices=("pre-commit", "pre-merge-commit", "pre-push"), help="git's name of it"
    )
    command.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="what git gives it; stdin too")


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.name, options.arguments)


def run(name: str, arguments: Sequence[str]) -> int:
    """Do as git's hook `name` with what git gives it: arguments, and stdin for pre-push.

    A tree without settings and without PyTorch's paths owes nothing: a hook stands in the way of every
    branch, also of those that hold something else.
    """
    if name == "pre-push":
        # Python has none where it was closed.
        if sys.stdin is None:
            raise UserError(
                "standard input is closed, where git tells what is pushed: let git call this hook"
            )
        return _pre_push(arguments[0] if arguments else "origin", sys.stdin.buffer.read())
    try:
        return check.run()
    except NotInTheIndex as error:
        # Whoever commits something else first may.
        sys.stderr.write(f"opfixtures: warning: {printable(str(error))}\n")
    except NothingToCheck:
        pass
    sys.stdout.write(_NOTHING)
    return 0


def _pre_push(remote: str, lines: bytes) -> int:
    """Judge every ref that is pushed, and print the findings of each; the worst exit status."""
    statuses: list[int] = []
    refs = list(pushed_refs(lines))
    with GitObjects(Repository.discover(os.getcwd(), os.environ)) as objects:
        for ref in refs:
            found, errors = _judged(objects, ref, remote)
            for error in errors:
                sys.stderr.write(f"opfixtures: error: {printable(f'{ref.remote_ref}: {error}')}\n")
            statuses += [2] * len(errors)
            statuses += [_show(ref, found)] if found else []
    if not statuses:
        sys.stdout.write(_NOTHING)
    return max(statuses, default=0)


def _judged(objects: GitObjects, ref: PushedRef, remote: str) -> tuple[list[Finding], list[UserError]]:
    try:
        changes = [[one] for one in pushed_changes(objects, ref, remote)]
        return judging.judged_together(objects, changes, softened=check.ONLY_A_BUILD_MENDS)
    except NothingToCheck:
        return [], []
    except UserError as error:
        return [], [error]


def _show(ref: PushedRef, findings: list[Finding]) -> int:
    sys.stdout.write(f"opfixtures: {printable(ref.remote_ref)}\n")
    return judging.show(findings)
