"""A text report reads like a compiler's, and nothing in it can pose as something else."""

from opfixtures.declarations.model import Place
from opfixtures.findings import Finding, Severity
from opfixtures.report.findings_text import findings_text

PLACE = Place("a\x1b[31m.py", 3, 7)


def test_a_finding_is_a_line_and_its_hint_below():
    findings = [
        Finding("OPF201", Severity.ERROR, None, PLACE, "one\nline", "two\r\n\nlines\u202e"),
        Finding("OPF301", Severity.NOTE, None, Place("b", 1, 1), "é\udcff", "x"),
    ]
    assert findings_text(findings) == (
        r"a\x1b[31m.py:3:7: error OPF201: one\nline"
        "\n"
        r"    two\r"
        "\n\n"
        r"    lines\u202e"
        "\n"
        r"b:1:1: note OPF301: é\udcff"
        "\n    x\nopfixtures: 1 error, 0 warnings, 1 note"
    )


def test_without_findings_one_line_is_left():
    assert findings_text([]) == "opfixtures: nothing is owed"
