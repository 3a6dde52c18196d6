"""Which commands there are, and the parser of a command line. What each takes and does is in the file of its name."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from opfixtures import __version__
from opfixtures.commands.examples import EXAMPLES

COMMANDS = {
    "init": "write what a library needs: settings, map, registry, upgraders, workflow, hook",
    "check": "find what is missing or wrong in a change of versioned operators",
    "status": "show every operator: versions, upgrader, fixture entry, fixture",
    "explain": "say what a finding's code means",
    "new": "add an entry with all that belongs to it: upgrader, modules, rows, version",
    "generate": "make the missing fixtures of a change with the old operators, and replay all",
    "verify": "replay the fixtures: old models have to give what they gave",
    "publish": "comment a result on its pull request, and commit its fixtures",
    "sweep": "make a model of every operator in an old runtime, and show what changed in a new one",
    "renumber": "give a branch's entries the next free version, in all files at once",
    "cache": "list the environments that were built for runtimes, and remove some",
    "config": "show the settings as they are understood, and the runtime for each version",
    "completion": "print what completes commands and options in bash, zsh or fish",
    "install-hooks": "have git check commits, merges and pushes, without the pre-commit framework",
    "hook": "what a git hook calls: pre-push judges every ref that is pushed",
    "action": "what action.yml runs in a workflow of GitHub",
}
"""What each does. Its module of that name has `add_arguments`, and `main` for what they were parsed to."""


def meant(parser: argparse.ArgumentParser, argv: Sequence[str], unknown: str) -> str:
    """What an unknown word may have been meant to be, among the options of its command."""
    from opfixtures.commands.nearest import did_you_mean

    known = [option for option in options_of(command_of(parser, _named(argv))) if option.startswith("--")]
    return did_you_mean(unknown.partition("=")[0], known)


def _named(argv: Sequence[str]) -> str:
    # No option that can stand before it takes a value.
    return next((word for word in argv if not word.startswith("-")), "")


def command_of(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    """The parser of a command; `parser` itself where there is none."""
    commands = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    found: argparse.ArgumentParser = commands.choices.get(name, parser)
    return found


def options_of(parser: argparse.ArgumentParser) -> list[str]:
    """The options that a parser knows, each as it is written."""
    return [option for action in parser._actions for option in action.option_strings]


class _Parser(argparse.ArgumentParser):
    """One whose errors show what was given without a code for a terminal."""

    def error(self, message: str) -> NoReturn:
        """As argparse does: the usage, the message, exit status 2."""
        from opfixtures.report.screen import write_error

        self.print_usage(sys.stderr)
        write_error(f"{self.prog}: error: {message}")
        self.exit(2)


def parser_of(argv: Sequence[str], everything: bool = False) -> argparse.ArgumentParser:
    """The parser of a command line, with what the command that it names takes; with `everything` that of all."""
    debug = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    debug.add_argument("--debug", action="store_true", help="show tracebacks")
    parser = _Parser(
        prog="opfixtures", description="Fixtures for versioned tensor operators.", parents=[debug]
    )
    parser.add_argument("--version", action="version", version=f"opfixtures {__version__}")
    # With `prog`, argparse need not lay out a usage message, for which it imports shutil.
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND", prog=parser.prog)
    named = _named(argv)
    if named and named not in COMMANDS:
        from opfixtures.commands.nearest import did_you_mean

        parser.error(
            f"there is no command {named!r}{did_you_mean(named, COMMANDS)} (`opfixtures --help` lists all)"
        )
    for name, does in COMMANDS.items():
        command = subcommands.add_parser(name, parents=[debug], help=does)
        # Only what runs is imported.
        if name == named or everything:
            command.description = f"{does[0].upper()}{does[1:]}."
            command.epilog = f"example: {EXAMPLES[name]}"
            module = import_module(f"opfixtures.commands.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(main=module.main)
    return parser
