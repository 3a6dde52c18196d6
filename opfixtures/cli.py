"""The command line: which commands there are. What each takes and does is in `opfixtures.commands`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from opfixtures import __version__
from opfixtures.commands.exit_status import ended

COMMANDS = {
    "init": "write what a library needs: settings, map, registry, upgraders, workflow, hook",
    "check": "report what a change of the version map owes",
    "status": "show every operator: versions, upgrader, fixture entry, fixture",
    "explain": "say what a finding's code means",
    "new": "add an entry with all that it owes: upgrader, modules, rows, version",
    "generate": "make the fixtures that a change owes, by the old operators",
    "verify": "replay fixtures after the change",
    "publish": "comment a result on its pull request, and commit its fixtures",
    "sweep": "make a model of every operator in an old runtime, and show what changed in a new one",
    "renumber": "give a branch's entries the next free version, in all files at once",
    "cache": "list the environments that were built for runtimes, and remove some",
    "install-hooks": "have git check commits, merges and pushes, without the pre-commit framework",
    "hook": "what a git hook calls: pre-push judges every ref that is pushed",
    "action": "what action.yml runs in a workflow of GitHub",
}
"""What each does. Its module of that name has `add_arguments`, and `main` for what they were parsed to."""


def main(argv: Sequence[str]) -> int:
    """Run one subcommand.

    Returns:
        0: nothing wrong. 1: an error finding, a fixture refused or mismatching. 2: usage, configuration, git
        or network.
    """
    parser = _parser(argv)
    for word in argv[: argv.index("--")] if "--" in argv else argv:
        name, _, value = word.partition("=")
        # Python 3.11 would make a list of it: https://github.com/python/cpython/issues/109475
        if name.startswith("--") and value == "--":
            parser.error(f"argument {name}: expected a value, not '--'")
    options = parser.parse_args(argv)
    return ended(lambda: int(options.main(options)), debug=getattr(options, "debug", False))


class _Parser(argparse.ArgumentParser):
    """One whose errors show what was given without a code for a terminal."""

    def error(self, message: str) -> NoReturn:
        """As argparse does: the usage, the message, exit status 2."""
        from opfixtures.repository.printable import printable

        super().error(printable(message))


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    debug = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    debug.add_argument("--debug", action="store_true", help="show tracebacks")
    parser = _Parser(
        prog="opfixtures", description="Fixtures for versioned tensor operators.", parents=[debug]
    )
    parser.add_argument("--version", action="version", version=f"opfixtures {__version__}")
    # With `prog`, argparse need not lay out a usage message, for which it imports shutil.
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND", prog=parser.prog)
    # No option that can stand before it takes a value.
    named = next((word for word in argv if not word.startswith("-")), None)
    for name, does in COMMANDS.items():
        command = subcommands.add_parser(name, parents=[debug], help=does)
        # Only what runs is imported.
        if name == named:
            module = import_module(f"opfixtures.commands.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(main=module.main)
    return parser
