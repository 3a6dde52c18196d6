"""What was found and what was done, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from opfixtures.values import dataclass

if TYPE_CHECKING:
    from opfixtures.rules.findings import Finding

FORMATS = ("text", "json", "github", "lintrunner")
"""How `check` reports findings. Each is the `render` of the module `findings_<format>` beside this one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What to write to stdout and stderr, and the exit status to end with."""

    out: str
    err: str
    status: int


class Renderer(Protocol):
    """Makes a report of findings; colours it if that is asked for and the format has any."""

    def __call__(self, findings: Sequence[Finding], colour: bool) -> Report:
        """Make the report."""
        ...


def renderer(name: str) -> Renderer:
    """The renderer of one of `FORMATS`."""
    from importlib import import_module

    render: Renderer = import_module(f"opfixtures.report.findings_{name}").render
    return render


def exit_status(findings: Sequence[Finding]) -> int:
    """1 where one of them is an error, else 0."""
    return int(any(finding.severity == "error" for finding in findings))
