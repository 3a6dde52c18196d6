"""Findings as a compiler prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from opfixtures.findings import Finding, Severity
from opfixtures.report.printable import printable


def findings_text(findings: Sequence[Finding]) -> str:
    """`path:line:column: severity code: message`, each with its hint indented below, and a line of counts."""
    return "".join(f"{line}\n" for finding in findings for line in _lines(finding)) + _summary(findings)


def _lines(finding: Finding) -> Iterator[str]:
    yield printable(f"{finding.place}: {finding.severity} {finding.code}: {finding.message}")
    for line in finding.hint.split("\n"):
        yield f"    {printable(line)}".rstrip()


def _summary(findings: Sequence[Finding]) -> str:
    if not findings:
        return "opfixtures: nothing is owed"
    count = Counter(finding.severity for finding in findings)
    parts = [f"{count[severity]} {severity}{'s' * (count[severity] != 1)}" for severity in Severity]
    return f"opfixtures: {', '.join(parts)}"
