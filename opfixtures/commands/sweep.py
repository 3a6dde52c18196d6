"""`opfixtures sweep`: every operator, made in an old runtime, replayed in a new one."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opfixtures.atomic_write import write_whole
from opfixtures.commands.common import new_tools, path_in
from opfixtures.commands.sweep_progress import SweepProgress
from opfixtures.commands.sweep_runtimes import obtained
from opfixtures.commands.writable import refuse_unwritable
from opfixtures.errors import UserError
from opfixtures.report.sweep_html import sweep_html
from opfixtures.report.sweep_json import sweep_json
from opfixtures.report.sweep_text import sweep_text
from opfixtures.repository.git import Repository
from opfixtures.repository.printable import printable
from opfixtures.runtimes import Runtime
from opfixtures.sweep.asking import Asker
from opfixtures.sweep.journal import Journal, journal_path
from opfixtures.sweep.replaying import LOADERS
from opfixtures.sweep.swept import Sweep, sweep


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures sweep` takes."""
    command.description = (
        "Make a model of every operator in an old runtime, run it in a new one, and show what changed. A RUNTIME is a "
        "release of torch (torch-1.11.0), the name of a runtime in the settings, or a commit: the library as it was. "
        "A sweep that was stopped goes on where it was."
    )
    command.add_argument("--old", metavar="RUNTIME", required=True, help="where models are made")
    command.add_argument("--new", metavar="RUNTIME", required=True, help="where they are replayed")
    command.add_argument(
        "--operator",
        metavar="GLOB",
        action="append",
        default=[],
        help="only these, such as 'aten::linalg_*' (default: the library's own, else aten::*)",
    )
    command.add_argument(
        "--project",
        metavar="FOLDER",
        help="of several libraries in this repository the one whose settings are in FOLDER (default: the first)",
    )
    command.add_argument("--format", choices=tuple(LOADERS), default="pt", help="of the models (default: pt)")
    command.add_argument(
        "--witness", metavar="OPERATOR", help="print a script that shows how this operator changed"
    )
    command.add_argument(
        "--report",
        metavar="FILE",
        help="also write the result to FILE: as JSON, or as a page of one file (a name that ends in .html)",
    )
    command.add_argument(
        "--workers", metavar="N", type=int, default=None, help="processes at once (default: one a processor)"
    )


def main(options: argparse.Namespace) -> int:
    """Run it with what was given: 1 where an operator changed. Raises UserError, and as the runtimes do."""
    if options.workers is not None and options.workers < 1:
        raise UserError("--workers takes a number from 1")
    if options.witness and options.operator:
        raise UserError("--witness is of one operator: leave --operator out")
    globs = [options.witness] if options.witness else options.operator
    repository = Repository.discover(os.getcwd(), os.environ)
    refuse_unwritable(options.report, repository.root)
    project = None if options.project is None else _folder(options.project, repository)
    progress = SweepProgress()
    with new_tools(repository, progress=progress) as tools:
        old = obtained(options.old, repository, tools, project)
        new = obtained(options.new, repository, tools, project)
        result = swept(old, new, globs, options.format, options.workers, progress)
    if options.report is not None:
        is_page = options.report.endswith(".html")
        text = sweep_html(result) if is_page else sweep_json(result) + "\n"
        write_whole(os.path.abspath(options.report), text.encode())
    if options.witness:
        return _show_witness(result, options.witness)
    sys.stdout.write(sweep_text(result))
    if result.changed:
        again = command_of(options, result.changed[0].operator)
        sys.stdout.write(f"to see one of them change: {printable(again)}\n")
    return int(bool(result.changed))


def command_of(options: argparse.Namespace, operator: str) -> str:
    """The command that shows how an operator changed between the same sides."""
    words = ["opfixtures", "sweep", "--old", options.old, "--new", options.new]
    words += ["--project", options.project] if options.project is not None else []
    words += ["--format", options.format] if options.format != "pt" else []
    # A `~` begins no word here: it needs no quotes.
    words = [word if re.fullmatch(r"\w[\w~]*", word, re.ASCII) else shlex.quote(word) for word in words]
    return " ".join([*words, "--witness", shlex.quote(operator)])


def _folder(given: str, repository: Repository) -> str:
    """A folder as it is typed, from the repository's root. Raises UserError where it is not below it."""
    path = path_in(given, repository.root)
    if path.split("/")[0] == os.pardir:
        raise UserError(f"{given} is not in this repository: --project takes a folder with settings")
    return "" if path == os.curdir else path


def swept(
    old: Runtime,
    new: Runtime,
    globs: Sequence[str],
    fixture_format: str,
    workers: int | None,
    progress: SweepProgress,
) -> Sweep:
    """The sweep of two runtimes. Raises as `sweep`."""
    with _asker(old, workers) as first, _asker(new, workers) as second:
        return sweep(first, second, globs, fixture_format, progress.tell, progress.counting)


@contextmanager
def _asker(runtime: Runtime, workers: int | None) -> Iterator[Asker]:
    journal = Journal(journal_path(runtime))
    try:
        yield Asker(runtime, journal, workers or _processors())
    finally:
        journal.close()


def _processors() -> int:
    """How many this process may use; macOS does not say, and has so many."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _show_witness(result: Sweep, operator: str) -> int:
    one = result.named(operator)
    if one.witness is None:
        raise UserError(f"no model of {operator} was made, so nothing can be shown: {one.verdict.detail}")
    sys.stdout.write(one.witness)
    sys.stderr.write(f"{printable(f'{operator}: {one.verdict.status} {one.verdict.detail}')}\n")
    return 0
