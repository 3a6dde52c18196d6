"""`opfixtures completion SHELL`: a script that completes commands, options, and what they take."""

from __future__ import annotations

import argparse
import sys

from opfixtures.commands import parsers
from opfixtures.report.completion import Completed, script

SHELLS = ("bash", "zsh", "fish")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures completion` takes."""
    command.add_argument("shell", choices=SHELLS, help="fish: opfixtures completion fish | source")


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    from opfixtures.rules import RULES

    parser = parsers.parser_of((), everything=True)
    found = [
        _completed(name, does, parsers.command_of(parser, name)) for name, does in parsers.COMMANDS.items()
    ]
    # What can be named and no parser lists.
    found = [one._replace(words=tuple(sorted(RULES))) if one.name == "explain" else one for one in found]
    sys.stdout.write(script(options.shell, found))
    return 0


def _completed(name: str, does: str, parser: argparse.ArgumentParser) -> Completed:
    words: tuple[str, ...] = ()
    values: dict[str, tuple[str, ...]] = {}
    for action in parser._actions:
        choices = tuple(map(str, action.choices or ()))
        if not action.option_strings:
            words += choices
        elif action.nargs != 0:
            values.update(dict.fromkeys(action.option_strings, choices))
    return Completed(name, does, tuple(parsers.options_of(parser)), words, values)
