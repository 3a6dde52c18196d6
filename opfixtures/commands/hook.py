"""`opfixtures hook`: what the plain git hooks call."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from opfixtures.commands import check
from opfixtures.errors import NothingToCheck, UserError
from opfixtures.findings import Finding
from opfixtures.git import Repository
from opfixtures.git_snapshot import GitObjects
from opfixtures.pushed import PushedRef, pushed_change, pushed_refs
from opfixtures.report.printable import printable

_NOTHING = "opfixtures: nothing is owed\n"


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
    except NothingToCheck:
        sys.stdout.write(_NOTHING)
        return 0


def _pre_push(remote: str, lines: bytes) -> int:
    """Judge every ref that is pushed, and print the findings of each; the worst exit status."""
    statuses: list[int] = []
    refs = list(pushed_refs(lines))
    repository = Repository.discover(os.getcwd(), os.environ)
    with ExitStack() as processes:
        objects = processes.enter_context(GitObjects(repository))
        for ref in refs:
            try:
                found = _judged(objects, ref, remote)
            except UserError as error:
                # At a broken object git has ended: the other refs need another one.
                objects = processes.enter_context(GitObjects(repository))
                sys.stderr.write(f"opfixtures: error: {printable(f'{ref.remote_ref}: {error}')}\n")
                statuses.append(2)
            else:
                statuses += [_show(ref, found)] if found else []
    if not statuses:
        sys.stdout.write(_NOTHING)
    return max(statuses, default=0)


def _judged(objects: GitObjects, ref: PushedRef, remote: str) -> list[Finding]:
    compared = pushed_change(objects, ref, remote)
    if compared is None:
        return []
    try:
        return check.judged(objects, compared, softened=check.ONLY_A_BUILD_MENDS)
    except NothingToCheck:
        return []


def _show(ref: PushedRef, findings: list[Finding]) -> int:
    sys.stdout.write(f"opfixtures: {printable(ref.remote_ref)}\n")
    return check.show(findings)
