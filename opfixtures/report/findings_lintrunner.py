"""Findings as lintrunner's messages, PyTorch's way of linting: https://github.com/suo/lintrunner.

A linter of its `.lintrunner.toml` is a program that prints one JSON object a line and nothing else, with the
members of `LintMessage` (src/lint_message.rs there), and ends with status 0: any other means to lintrunner that
the linter broke. Paths are relative to the folder of `.lintrunner.toml`, the root of the repository.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from opfixtures.report import Report
from opfixtures.report.findings_text import summary
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity

_SEVERITIES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "advice"}


def render(findings: Sequence[Finding], colour: bool) -> Report:  # noqa: ARG001 - a Renderer
    """A JSON object a line, in ASCII; the line of counts on stderr, which lintrunner shows only of what broke.

    The status is 0 whatever was found: lintrunner fails by the messages.
    """
    return Report(
        "".join(f"{json.dumps(_message(finding))}\n" for finding in findings), summary(findings) + "\n", 0
    )


def _message(finding: Finding) -> dict[str, object]:
    # lintrunner prints a description to the terminal as it is.
    lines = map(printable, [finding.message, "", *finding.hint.split("\n")])
    return {
        "path": finding.place.path,
        "line": finding.place.line,
        "char": finding.place.column,
        "code": "OPFIXTURES",
        "severity": _SEVERITIES[finding.severity],
        "name": finding.code,
        "original": None,
        "replacement": None,
        "description": "\n".join(lines),
    }
