"""Findings as one JSON object, described by `schemas/findings.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from opfixtures.report import Report, exit_status
from opfixtures.rules.findings import Finding


def render(findings: Sequence[Finding], colour: bool) -> Report:  # noqa: ARG001 - a Renderer
    """`{"schema": 1, "findings": [...]}`, in ASCII."""
    text = json.dumps({"schema": 1, "findings": finding_rows(findings)}, indent=2)
    return Report(f"{text}\n", "", exit_status(findings))


def finding_rows(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Findings as `schemas/findings.schema.json` has them."""
    return [_row(finding) for finding in findings]


def _row(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "operator": finding.operator,
        "message": finding.message,
        "hint": finding.hint,
        "path": finding.place.path,
        "line": finding.place.line,
        "column": finding.place.column,
    }
