"""Findings as GitHub's annotations.

    ::error file=PATH,line=1,col=1,title=TITLE::MESSAGE

is a workflow command: a runner takes such a line out of what a step prints, and shows the message beside the
line of the pull request. Form and escapes are those of actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.declarations.place import Place
from opfixtures.report import Report, exit_status
from opfixtures.report.findings_text import summary
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(findings: Sequence[Finding], colour: bool) -> Report:  # noqa: ARG001 - a Renderer
    """A workflow command a finding, and a line of counts that holds nothing from the repository.

    A runner looks for commands at the start of a line, and for `##[...]` anywhere in a line that is none: no
    text of the repository starts a line or stands in one that is no command.
    """
    lines = [*map(_command, findings), summary(findings)]
    return Report("".join(f"{line}\n" for line in lines), "", exit_status(findings))


def _command(finding: Finding) -> str:
    title = f"{finding.code} {finding.operator}" if finding.operator else finding.code
    return annotation(
        finding.severity, finding.place, title, f"{printable(finding.message)}\n\n{finding.hint}"
    )


def annotation(severity: Severity, place: Place, title: str, message: str) -> str:
    """The workflow command that shows `message` beside a line; texts may hold anything."""
    properties = {"file": place.path, "line": place.line, "col": place.column, "title": title}
    named = ",".join(f"{name}={_property(printable(str(value)))}" for name, value in properties.items())
    shown = "\n".join(map(printable, message.split("\n")))
    return f"::{_COMMANDS[severity]} {named}::{_data(shown)}"


def notice(severity: Severity, message: str) -> str:
    """The workflow command that shows `message` beside the run and no line; the text may hold anything."""
    return f"::{_COMMANDS[severity]} title=opfixtures::{_data(printable(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
