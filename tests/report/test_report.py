"""A text report reads like a compiler's, and nothing in it can pose as something else."""

from opfixtures.declarations.place import Place
from opfixtures.report import Report, findings_github
from opfixtures.report.findings_text import render
from opfixtures.rules.findings import Finding, Severity

PLACE = Place("a\x1b[31m.py", 3, 7)


def test_a_finding_is_a_line_and_its_hint_below_indented_where_nothing_is_to_be_pasted():
    findings = [
        Finding("OPF201", Severity.ERROR, None, PLACE, "one\nline", "two\r\n\nlines\u202e\n  more"),
        Finding("OPF301", Severity.NOTE, None, Place("b", 1, 1), "é\udcff", "x"),
    ]
    assert render(findings, colour=False) == Report(
        r"a\x1b[31m.py:3:7: error OPF201: one\nline"
        "\n"
        r"two\r"
        "\n\n"
        r"lines\u202e"
        "\n  more\n"
        r"b:1:1: note OPF301: é\udcff"
        "\n    x\nopfixtures: 1 error, 0 warnings, 1 note\n",
        "",
        1,
    )


def test_without_findings_one_line_is_left():
    assert render([], colour=True) == Report("opfixtures: nothing is owed\n", "", 0)


def test_a_workflow_takes_no_text_for_a_command():
    findings = [Finding("OPF201", Severity.NOTE, None, Place("##[error]a", 1, 1), "##[add-mask]b", "##[#")]
    assert render(findings, colour=False).out.splitlines()[:2] == [
        r"#\x23[error]a:1:1: note OPF201: #\x23[add-mask]b",
        r"    #\x23[#",
    ]


def test_colour_is_ours_alone():
    warning = Finding("OPF110", Severity.WARNING, None, PLACE, "\x1b[2J", "\x1b[1m")
    assert render([warning], colour=True).out == (
        "\x1b[1m"
        r"a\x1b[31m.py:3:7:"
        "\x1b[0m \x1b[1;33mwarning OPF110:\x1b[0m "
        r"\x1b[2J"
        "\n    "
        r"\x1b[1m"
        "\nopfixtures: 0 errors, 1 warning, 0 notes\n"
    )


def test_a_warning_of_no_line_is_one_command_whatever_it_says():
    said = findings_github.notice(Severity.WARNING, "nothing to check\n::error::in\x1b 100% of it")
    assert said == r"::warning title=opfixtures::nothing to check\n::error::in\x1b 100%25 of it"
