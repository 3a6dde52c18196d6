"""The sweep that a workflow asks for with `sweep: true`: a library's own operators, before the change and after it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
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
from opfixtures.sweep.told_change import sweep_findings
from opfixtures.worker.observations import Json
from opfixtures.worker.scratch import scratch_folder


@dataclass(frozen=True, slots=True)
class Library:
    """What can be swept: its settings, where its operators are declared, and the commit that has the change."""

    config: Config
    places: Mapping[str, Place]
    head: str


def library_of(changes: Sequence[Change], known: Collection[str], head: str) -> Library | None:
    """The library that is swept; None where the settings build none.

    `known` are the folders of the projects that were there before the change: one that it brings takes the place of no
    other.
    """
    for change in sorted(changes, key=lambda one: one.config.folder not in known):
        config = change.config
        if not config.is_gone and any(one.kind == "checkout" for one in config.runtimes):
            places = {one.operator: one.place for file in change.after.operators() for one in file.operators}
            return Library(config, places, head)
    return None


def swept(
    job: Job,
    side: Side,
    library: Library | None,
    known: Sequence[Finding] | None,
    environment: Mapping[str, str],
) -> list[Finding]:
    """What the sweep finds beside what is `known`, where it is asked for: in the job that checks, once a run.

    Where it cannot be done, the run is told so.
    """
    if not job.inputs.sweep or job.inputs.dry_run or known is None:
        return []
    if library is None:
        job.warn("input 'sweep' is for a library that the settings build, with a runtime of kind `checkout`")
        return []
    told = _told(side, library, environment)
    if told is None:
        job.warn("the operators were not swept: the log of this step says why")
        return []
    settings = Place(library.config.source or library.config.first_file, 1, 1)
    return sweep_findings(told, library.config, lambda one: library.places.get(one, settings), known, today())


def _told(side: Side, library: Library, environment: Mapping[str, str]) -> Json:
    """The report of a sweep, from before the change to its head; None where there is none. What it says is said.

    Both are named by their ids: any other name the settings may give to a runtime.
    """
    home = os.path.join(side.repository.root, library.config.folder)
    with scratch_folder("opfixtures-report-") as folder:
        report = os.path.join(folder, "sweep.json")
        # A process of its own has nothing of the job's in its environment, which what it starts could read.
        command = [sys.executable, "-I", "-m", "opfixtures", "sweep", f"--report={report}"]
        command += [f"--old={side.base}", f"--new={library.head}"]
        with without_commands(sys.stdout), tempfile.TemporaryFile() as out:
            status = run_kept(command, environment, home, out, seconds=TIDY_SECONDS)
            out.seek(0)
            sys.stdout.write(out.read().decode("utf-8", "backslashreplace"))
        if status not in (0, 1) or not os.path.exists(report):
            return None
        with open(report, encoding="utf-8") as stream:
            return json.load(stream)
