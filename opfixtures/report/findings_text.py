"""Findings as a compiler prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from opfixtures.report import Report, exit_status
from opfixtures.report.screen import BOLD, CYAN, QUIET, RED, VERBOSE, YELLOW, Screen, wrapped
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity

_COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.NOTE: CYAN}
_HINT = "    "
WRITTEN_BY_FIX = frozenset({"OPF102", "OPF103", "OPF104", "OPF107", "OPF201", "OPF204", "OPF205"})
"""`synthesis.mending.MENDED`, which takes longer to import than a check takes."""
# A hint that begins like this is a command: to be copied, and so never broken.
_COMMANDS = ("opfixtures ", "git ", "python ", "pip ")


def render(findings: Sequence[Finding], colour: bool) -> Report:
    """As `text`, on a screen of the usual width."""
    return text(findings, Screen(colour=colour))


def text(findings: Sequence[Finding], screen: Screen, refs: tuple[str, str] | None = None) -> Report:
    """`path:line:column: severity code: message`, each with its hint indented below; a line of counts, and what to do
    next. `refs` are the revisions that were compared, None: the index and HEAD. When `screen` is quiet, errors alone,
    and nothing without one; when it is verbose, also why each code matters.

    A hint with an empty line has lines to paste: it is shown as it is, for an indented class is another class.

    Place, severity and code are coloured; what the repository says never holds an escape.
    """
    status = exit_status(findings)
    if screen.loudness == QUIET:
        findings = [finding for finding in findings if finding.severity is Severity.ERROR]
        if not findings:
            return Report("", "", status)
    lines = [line for finding in findings for line in _lines(finding, screen)]
    if screen.loudness == VERBOSE:
        lines += _why(findings, screen.width)
    lines.append(summary(findings))
    if findings:
        lines += wrapped(f"next: {next_step(findings, refs)}", screen.width)
    return Report("".join(f"{line}\n" for line in lines), "", status)


def next_step(findings: Sequence[Finding], refs: tuple[str, str] | None = None) -> str:
    """What to do about findings; there is one at least. `refs` as `text` has them."""
    worst = min(findings, key=lambda one: [*Severity].index(one.severity))
    if worst.severity is Severity.NOTE and worst.code == "OPF301":
        return "run `opfixtures generate` and commit what it makes"
    # Of what is committed already the index shows nothing.
    staged = "commit" if refs else "`git add`"
    what = f"mend it and {staged} that" if worst.severity is Severity.ERROR else "mend it, or leave it"
    if any(one.code in WRITTEN_BY_FIX and one.severity is Severity.ERROR for one in findings):
        between = _between(*refs) if refs else ""
        what = f"`opfixtures check --fix{between}` writes what it can; look at that and {staged} it"
    return f"{what}; `opfixtures explain {worst.code}` says more"


def _between(from_ref: str, to_ref: str) -> str:
    from shlex import quote

    return f" --from-ref {quote(printable(from_ref))} --to-ref {quote(printable(to_ref))}"


def summary(findings: Sequence[Finding]) -> str:
    """One line: how many findings there are of each severity."""
    if not findings:
        return "opfixtures: no problems found"
    count = Counter(finding.severity for finding in findings)
    parts = [f"{count[severity]} {severity}{'s' * (count[severity] != 1)}" for severity in Severity]
    return f"opfixtures: {', '.join(parts)}"


def _why(findings: Sequence[Finding], width: int) -> Iterator[str]:
    """The second paragraph of each code's page, which says why it matters; the first says what is found."""
    from inspect import cleandoc

    from opfixtures.rules import RULES

    for code in dict.fromkeys(finding.code for finding in findings):
        page = cleandoc(RULES[code].page).split("\n\n") if code in RULES else []
        yield from wrapped(f"why {code}: {' '.join(page[1].split())}", width) if len(page) > 1 else ()


def _lines(finding: Finding, screen: Screen) -> Iterator[str]:
    place, kind = printable(f"{finding.place}:"), printable(f"{finding.severity} {finding.code}:")
    first, *more = wrapped(f"{place} {kind} {finding.message}", screen.width, more=_HINT)
    head = f"{place} {kind}"
    if screen.colour and first.startswith(head):
        painted = f"{screen.painted(place, BOLD)} {screen.painted(kind, _COLOURS[finding.severity])}"
        first = painted + first[len(head) :]
    yield first
    yield from more
    is_pasted = "\n\n" in finding.hint
    for line in finding.hint.split("\n"):
        if is_pasted or line.startswith(_COMMANDS):
            yield f"{'' if is_pasted else _HINT}{printable(line)}".rstrip()
        else:
            yield from wrapped(line, screen.width, _HINT, "")
