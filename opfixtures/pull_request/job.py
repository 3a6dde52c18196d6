"""One step of a workflow: what it was asked, what its event asks for, and what it leaves for the runner."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from opfixtures.proving.result import Result, Status
from opfixtures.pull_request import result_folder
from opfixtures.pull_request.artifact_files import RESULT
from opfixtures.pull_request.cache_key import configs_of
from opfixtures.pull_request.connection import Address, server_of
from opfixtures.pull_request.events import Activity, Mode
from opfixtures.pull_request.inputs import Inputs
from opfixtures.pull_request.runner_files import append_summary, write_outputs, write_summary
from opfixtures.report.findings_github import notice
from opfixtures.report.result_markdown import Run
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Severity
from opfixtures.runtimes.cache_entries import FOLDERS, LIBRARIES
from opfixtures.settings.runtime_spec import RuntimeKind

_SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class Job:
    """A step of a workflow, in the runner's `environment`."""

    inputs: Inputs
    activity: Activity
    address: Address
    environment: Mapping[str, str]

    def tell(self, text: str) -> None:
        """A line in the log."""
        sys.stdout.write(f"opfixtures: {printable(text)}\n")

    def warn(self, text: str) -> None:
        """An annotation of the run, beside no line."""
        sys.stdout.write(f"{notice(Severity.WARNING, text)}\n")

    def summarise(self, text: str) -> None:
        """A block of the run's summary, in which nothing is Markdown."""
        summarise(self.environment, text)

    def summarise_markdown(self, markdown: str) -> None:
        """A part of the run's summary that was rendered here."""
        append_summary(self.environment.get(_SUMMARY), markdown)

    def output(self, values: Mapping[str, str]) -> None:
        """Outputs of the step."""
        write_outputs(self.environment.get("GITHUB_OUTPUT"), values)

    def output_report(self) -> None:
        """What was made and what was refused, as outputs, where there is a report."""
        report = result_folder.read_report(self.inputs.result)
        if report is None:
            return
        refused = [fixture.operator for fixture in report.fixtures if fixture.status is Status.REFUSED]
        self.output(
            {
                "generated": json.dumps(result_folder.made(report.fixtures)),
                "refused": json.dumps(list(dict.fromkeys(refused))),
                "report": os.path.join(self.inputs.result, RESULT),
                "untouched": json.dumps(self._is_untouched(report)),
            }
        )

    def _is_untouched(self, report: Result) -> bool:
        configs = configs_of(self.environment.get("GITHUB_WORKSPACE", ""), self.environment)
        kinds = {spec.kind for config in configs for spec in config.runtimes}
        return untouched(report, self.environment.get("OPFIXTURES_CACHE", ""), kinds)

    @property
    def requires_fixtures(self) -> bool:
        """Whether a fixture that is not committed is an error.

        By default it is where the head is about to be merged, unless this very job commits it.
        """
        if self.inputs.require_fixtures is not None:
            return self.inputs.require_fixtures
        is_merged = self.environment.get("GITHUB_EVENT_NAME") in ("pull_request", "merge_group")
        return is_merged and not self.will_commit

    @property
    def will_publish(self) -> bool:
        """Whether this job tells the pull request too."""
        activity = self.activity
        is_whole = self.inputs.mode is Mode.ALL and not self.inputs.dry_run
        return is_whole and activity.number is not None and not activity.fork

    @property
    def will_commit(self) -> bool:
        """Whether this job commits fixtures too."""
        return self.will_publish and self.inputs.commit

    @property
    def has_result(self) -> bool:
        """Whether there is a report."""
        return os.path.exists(os.path.join(self.inputs.result, RESULT))

    @property
    def run_id(self) -> int | None:
        """The id of the run of the workflow."""
        number = self.environment.get("GITHUB_RUN_ID", "")
        return int(number) if number.isdecimal() and len(number) < 20 else None

    @property
    def run(self) -> Run | None:
        """The run of the workflow, whose artifact has the files."""
        if self.run_id is None:
            return None
        return Run(self.address.repository, self.run_id, self.inputs.artifact, server_of(self.environment))


def summarise(environment: Mapping[str, str], text: str) -> None:
    """A block of the run's summary, in which nothing is Markdown."""
    write_summary(environment.get(_SUMMARY), "opfixtures", text)


def untouched(report: Result, cache: str, kinds: Collection[RuntimeKind] = ()) -> bool:
    """Whether nothing that a pull request brings could write to the runtimes in `cache`; `kinds` are those of its
    settings.

    The commands that build a library run with the rights of the job, and so do a package that the settings name when
    it is imported, and a Python that they name; fixture modules do where nothing limits what they write.
    """
    theirs = (FOLDERS["checkout"], LIBRARIES)
    if "interpreter" in kinds:
        return False
    return not (report.writes_unlimited or any(os.path.isdir(os.path.join(cache, name)) for name in theirs))
