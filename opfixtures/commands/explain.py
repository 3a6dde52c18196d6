"""`opfixtures explain [CODE]`: what a finding means, why it matters, how to mend it, how to waive it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from inspect import cleandoc

from opfixtures.errors import UserError
from opfixtures.report.screen import BOLD, screen_of, wrapped
from opfixtures.rules import RULES
from opfixtures.rules.waived import NOT_TO_BE_WAIVED, SWEEPS

_HOW_TO_WAIVE = """\
To waive it, say why and until when, in [tool.opfixtures] of pyproject.toml or .opfixtures.toml. The finding
then is a note that says so, until that day is past. The key is the finding's operator, or, where it is of
none, the path it is reported at, as seen from the folder of the settings:

    [tool.opfixtures.waivers]
    "aten::gelu" = {{ codes = ["{code}"], reason = "why, and who mends it", expires = 2027-06-30 }}
"""
_OF_A_SWEEP = """\
An operator gives something else in models from before the change, or they fail, and nobody said so.

The Action, with `sweep: true`, makes a model of each of a library's operators at the pre-change commit, and runs it at
the head. This one differs: the message shows a sample, then and now.

To mend it, have the operator do what it did. If the change is meant, old models need an upgrader:

    opfixtures new mylib::scale --behaviour --apply
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures explain` takes."""
    command.add_argument(
        "code", metavar="CODE", nargs="?", help="such as OPF201; without one, all are listed"
    )


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.code)


def run(code: str | None) -> int:
    """Print the page of the rule with that code, in either case; without one, a line for each rule.

    Raises:
        UserError: there is no such rule.
    """
    screen = screen_of(os.environ, sys.stdout)
    if code is None:
        for known, one in sorted(RULES.items()):
            head = f"{known} ({one.severity})"
            first, *more = wrapped(f"{head}: {one.page.partition(chr(10))[0]}", screen.width, more=" " * 8)
            sys.stdout.write(f"{screen.painted(head, BOLD)}{first[len(head) :]}\n")
            sys.stdout.writelines(f"{line}\n" for line in more)
        return 0
    if code.lower() in SWEEPS:
        waive = _HOW_TO_WAIVE.format(code=code.lower())
        sys.stdout.write(f"{code.lower()} (error)\n\n{_OF_A_SWEEP}\n{waive}")
        return 0
    rule = RULES.get(code.upper())
    if rule is None:
        from opfixtures.commands.nearest import did_you_mean

        raise UserError(
            f"there is no finding {code!r}{did_you_mean(code, RULES)} (`opfixtures explain` lists all)"
        )
    why_not = NOT_TO_BE_WAIVED.get(rule.code)
    waive = f"It cannot be waived: {why_not}.\n" if why_not else _HOW_TO_WAIVE.format(code=rule.code)
    page = f"{cleandoc(rule.page)}\n\n{waive.rstrip()}"
    from opfixtures.commands.own_words import in_words_of_the_tree

    sys.stdout.write(f"{screen.painted(f'{rule.code} ({rule.severity})', BOLD)}\n\n")
    sys.stdout.writelines(f"{line}\n" for line in _fitting(in_words_of_the_tree(page), screen.width))
    return 0


def _fitting(page: str, width: int) -> Iterator[str]:
    """The paragraphs in lines of a width; what is indented is shown as it is, to be copied."""
    for number, part in enumerate(page.split("\n\n")):
        if number:
            yield ""
        lines = part.split("\n")
        if all(line.startswith("    ") or not line for line in lines):
            yield from lines
        else:
            yield from wrapped(" ".join(line.strip() for line in lines), width, more="")
