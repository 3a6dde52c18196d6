"""`opfixtures cache`: the environments that runs built and kept, and how to be rid of them."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from opfixtures.commands.loudness import add_loudness
from opfixtures.errors import UserError
from opfixtures.report.cache import cache_json, cache_text, in_units
from opfixtures.report.screen import USUAL, screen_of
from opfixtures.repository.printable import printable
from opfixtures.runtimes.cache import cache_root, remove
from opfixtures.runtimes.cache_entries import Entry, entries, remove_half_built
from opfixtures.worker.scratch import remove_left_over

UNUSED_DAYS = 30
"""For how long nobody used what a bare `clean` removes."""
_DAY_SECONDS = 24 * 60 * 60


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures cache` takes."""
    command.description = (
        "List the environments that were built for runtimes, in $OPFIXTURES_CACHE, else opfixtures in $XDG_CACHE_HOME "
        "or ~/.cache. `clean` removes some: what is needed again is built again. What a run uses is left alone."
    )
    command.add_argument("action", nargs="?", choices=("clean",), metavar="clean", help="remove some of them")
    command.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="remove these: names of the list, or what only one begins with",
    )
    command.add_argument(
        "--unused-for",
        metavar="DAYS",
        type=_days,
        help=f"remove what no run used for that long (default: {UNUSED_DAYS} where nothing is named)",
    )
    command.add_argument("--all", action="store_true", help="remove all of them")
    command.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the list (default: %(default)s)"
    )
    add_loudness(command)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a number of days, such as {UNUSED_DAYS}")
    return int(text)


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    chosen = sum((bool(options.names), options.unused_for is not None, options.all))
    if options.action is None and chosen:
        raise UserError("--all and --unused-for say what to remove: `opfixtures cache clean`")
    if chosen > 1:
        raise UserError("names, --unused-for and --all exclude each other: give one of them")
    root = cache_root(os.environ)
    if options.action is None:
        return show(root, options.format, options.loudness)
    return clean(root, options.names, options.unused_for, everything=options.all)


def show(root: str, report: str, loudness: int = USUAL) -> int:
    """Print what is in the cache, as `text` or `json`; the exit status is 0."""
    found = entries(root)
    if report == "json":
        sys.stdout.write(cache_json(root, found))
    else:
        screen = screen_of(os.environ, sys.stdout, loudness)
        then = f"`opfixtures cache clean` removes what no run used for {UNUSED_DAYS} days"
        sys.stdout.write(cache_text(root, found, screen, then))
    return 0


def clean(root: str, names: Sequence[str], unused_days: int | None, *, everything: bool) -> int:
    """Remove what is named, what was not used for so many days, or all; and what killed runs left behind.

    Raises UserError, after all else is removed, where one of them cannot be, or a name is none.
    """
    remove_left_over()
    remove_half_built(root)
    found = entries(root)
    if names:
        chosen = [_named(name, found, root) for name in dict.fromkeys(names)]
    else:
        days = 0 if everything else UNUSED_DAYS if unused_days is None else unused_days
        before = time.time() - days * _DAY_SECONDS
        chosen = [one for one in found if everything or one.last_used <= before]
    freed, left, kept = 0, len(found), list[str]()
    for entry in chosen:
        why = remove(entry.path)
        if not why:
            freed, left = freed + entry.bytes, left - 1
            sys.stdout.write(f"removed {printable(entry.name)}\n")
        elif names or not entry.in_use:
            kept.append(f"{entry.name} is still there: {why}")
        else:
            sys.stdout.write(f"left {printable(entry.name)}: {why}\n")
    sys.stdout.write(f"opfixtures: {in_units(freed)} freed, {left} environment{'s' * (left != 1)} left\n")
    if kept:
        raise UserError("; ".join(kept))
    return 0


def _named(name: str, found: Sequence[Entry], root: str) -> Entry:
    """The entry of that name, else the only one that begins like it. Raises UserError."""
    some = [one for one in found if one.name == name] or [
        one for one in found if name and one.name.startswith(name)
    ]
    if len(some) == 1:
        return some[0]
    if some:
        raise UserError(
            f"{len(some)} environments begin with {name!r}: give more of the name of one, "
            f"such as {min(one.name for one in some)}"
        )
    raise UserError(f"there is no environment {name!r} in {root}: `opfixtures cache` lists what is there")
