"""`--verbose` and `--quiet`, for the commands that print a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opfixtures.report.screen import QUIET, USUAL, VERBOSE

if TYPE_CHECKING:
    # The hook does without it.
    import argparse


def add_loudness(command: argparse.ArgumentParser) -> None:
    """How much is said: `loudness` of the options is one of three numbers."""
    both = command.add_mutually_exclusive_group()
    for short, long, loudness, what in (
        ("-v", "--verbose", VERBOSE, "say more: every fact, in full"),
        ("-q", "--quiet", QUIET, "say only what is wrong; nothing where all is well"),
    ):
        both.add_argument(
            short, long, dest="loudness", action="store_const", const=loudness, default=USUAL, help=what
        )
