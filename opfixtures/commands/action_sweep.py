"""The sweep that a workflow asks for with `sweep: true`: each library's operators, before and after the change."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opfixtures.change.changes import Change
from opfixtures.clock import today
from opfixtures.declarations.place import Place
from opfixtures.pull_request.job import Job
from opfixtures.pull_request.runner_files import without_commands
from opfixtures.pull_request.side_repository import Side
from opfixtures.rules.findings import Finding
from opfixtures.runtimes.commands import TIDY_SECONDS, run_kept
from opfixtures.settings.config import Config
from opfixtures.settings.fixture_formats import STAMPED_FORMATS
from opfixtures.sweep.told_change import sweep_findings
from opfixtures.worker.observations import Json
from opfixtures.worker.scratch import scratch_folder


@dataclass(frozen=True, slots=True)
class Library:
    """What can be swept: its settings, where its operators are declared, and the commit that has the change."""

    config: Config
    places: Mapping[str, Place]
    head: str


def libraries_of(changes: Sequence[Change], head: str) -> list[Library]:
    """The libraries that are swept, as they are at `head`: those of each project whose settings build one."""
    return [
        Library(
            change.config,
            {one.operator: one.place for file in change.after.operators() for one in file.operators},
            head,
        )
        for change in changes
        if not change.config.is_gone and any(one.kind == "checkout" for one in change.config.runtimes)
    ]


def swept(
    job: Job,
    side: Side,
    libraries: Sequence[Library],
    known: Sequence[Finding] | None,
    environment: Mapping[str, str],
) -> list[Finding]:
    """What the sweeps find beside what is `known`, where they are asked for: in the job that checks, once a run.

    Where one cannot be done, the run is told so.
    """
    if not job.inputs.sweep or job.inputs.dry_run or known is None:
        return []
    if not libraries:
        job.warn("input 'sweep' is for a library that the settings build, with a runtime of kind `checkout`")
    found: list[Finding] = []
    for library in libraries:
        told = _told(side, library, environment)
        if told is None:
            where = f" of {library.config.folder}" if library.config.folder else ""
            job.warn(f"the operators{where} were not swept: the log of this step says why")
            continue
        found += _findings(told, library, known)
    return found


def _findings(told: Json, library: Library, known: Sequence[Finding]) -> list[Finding]:
    settings = Place(library.config.source or library.config.first_file, 1, 1)
    return sweep_findings(told, library.config, lambda one: library.places.get(one, settings), known, today())


def _told(side: Side, library: Library, environment: Mapping[str, str]) -> Json:
    """The report of the sweep of a library, from before the change to its head; None where there is none. What it says
    is said.

    Both are named by their ids: any other name the settings may give to a runtime.
    """
    config = library.config
    with scratch_folder("opfixtures-report-") as folder:
        report = os.path.join(folder, "sweep.json")
        # A process of its own has nothing of the job's in its environment, which what it starts could read.
        command = [sys.executable, "-I", "-m", "opfixtures", "sweep", f"--report={report}"]
        command += [f"--old={side.base}", f"--new={library.head}", f"--project={config.folder or '.'}"]
        # What an operator computes no format changes: one of them is enough.
        command += ["--format=pt2"] * (not any(one in STAMPED_FORMATS for one in config.fixture_formats))
        with without_commands(sys.stdout), tempfile.TemporaryFile() as out:
            status = run_kept(command, environment, side.repository.root, out, seconds=TIDY_SECONDS)
            out.seek(0)
            sys.stdout.write(out.read().decode("utf-8", "backslashreplace"))
        if status not in (0, 1) or not os.path.exists(report):
            return None
        with open(report, encoding="utf-8") as stream:
            return json.load(stream)
