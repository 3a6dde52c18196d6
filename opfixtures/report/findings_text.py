"""Findings as a compiler prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from opfixtures.report import Report, exit_status
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity

# Bold, bold red, bold yellow, bold cyan: https://en.wikipedia.org/wiki/ANSI_escape_code#SGR
_PLACE = "1"
_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}


def render(findings: Sequence[Finding], colour: bool) -> Report:
    """`path:line:column: severity code: message`, each with its hint indented below, and a line of counts.

    A hint with an empty line has lines to paste: it is shown as it is, for an indented class is another class.

    Place, severity and code are coloured if `colour`; what the repository says never holds an escape.
    """
    lines = [*(line for finding in findings for line in _lines(finding, colour)), summary(findings)]
    return Report("".join(f"{line}\n" for line in lines), "", exit_status(findings))


def summary(findings: Sequence[Finding]) -> str:
    """One line: how many findings there are of each severity."""
    if not findings:
        return "opfixtures: nothing is owed"
    count = Counter(finding.severity for finding in findings)
    parts = [f"{count[severity]} {severity}{'s' * (count[severity] != 1)}" for severity in Severity]
    return f"opfixtures: {', '.join(parts)}"


def _lines(finding: Finding, colour: bool) -> Iterator[str]:
    place, kind = printable(f"{finding.place}:"), printable(f"{finding.severity} {finding.code}:")
    if colour:
        place, kind = _in_colour(place, _PLACE), _in_colour(kind, _COLOURS[finding.severity])
    yield f"{place} {kind} {printable(finding.message)}"
    indent = "" if "\n\n" in finding.hint else "    "
    for line in finding.hint.split("\n"):
        yield f"{indent}{printable(line)}".rstrip()


def _in_colour(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"
