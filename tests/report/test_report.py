"""A text report reads like a compiler's, and nothing in it can pose as something else."""

import io

from opfixtures.declarations.place import Place
from opfixtures.report import Report, findings_github
from opfixtures.report.findings_text import WRITTEN_BY_FIX, render, text
from opfixtures.report.screen import QUIET, VERBOSE, Screen, columns, cut, screen_of, wrapped
from opfixtures.rules.findings import Finding, Severity
from opfixtures.synthesis.mending import MENDED

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
        "\n    x\nopfixtures: 1 error, 0 warnings, 1 note\n"
        "next: `opfixtures check --fix` writes what it can; look at that and `git add`\n"
        "  it; `opfixtures explain OPF201` says more\n",
        "",
        1,
    )


def test_without_findings_one_line_is_left():
    assert render([], colour=True) == Report("opfixtures: no problems found\n", "", 0)


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
        "next: mend it, or leave it; `opfixtures explain OPF110` says more\n"
    )


def test_a_warning_of_no_line_is_one_command_whatever_it_says():
    said = findings_github.notice(Severity.WARNING, "nothing to check\n::error::in\x1b 100% of it")
    assert said == r"::warning title=opfixtures::nothing to check\n::error::in\x1b 100%25 of it"


def test_no_line_is_wider_than_80_columns_but_what_is_copied():
    message = (
        "mylib::sharpen is bumped at version 4 without a matching fixture entry, one whose module ends in V0"
    )
    command = f"opfixtures generate {' '.join(['--operator mylib::sharpen'] * 4)}"
    place = Place("mylib/operator_versions.py", 14, 9)
    findings = [
        Finding(
            "OPF201", Severity.ERROR, None, place, message, f"{message}:\n{command}\nor `{command}`, as it is"
        ),
        Finding("OPF110", Severity.WARNING, None, place, "no entry uses it", "class V3:\n\n" + "x" * 90),
    ]
    assert text(findings, Screen(80)).out.splitlines() == [
        "mylib/operator_versions.py:14:9: error OPF201: mylib::sharpen is bumped at",
        "    version 4 without a matching fixture entry, one whose module ends in V0",
        "    mylib::sharpen is bumped at version 4 without a matching fixture entry, one",
        "    whose module ends in V0:",
        f"    {command}",
        "    or",
        f"    `{command}`,",
        "    as it is",
        "mylib/operator_versions.py:14:9: warning OPF110: no entry uses it",
        "class V3:",
        "",
        "x" * 90,
        "opfixtures: 1 error, 1 warning, 0 notes",
        "next: `opfixtures check --fix` writes what it can; look at that and `git add`",
        "  it; `opfixtures explain OPF201` says more",
    ]


def test_a_break_of_a_line_makes_no_command_of_a_workflow():
    finding = Finding("OPF201", Severity.ERROR, None, Place("a", 1, 1), f"{'x' * 70} ::error::forged", "")
    assert text([finding], Screen(80)).out.splitlines()[2] == r"    \x3a:error::forged"


def test_what_fix_writes_is_known_without_what_writes_it():
    assert WRITTEN_BY_FIX == MENDED


def test_quiet_is_errors_alone_and_verbose_says_why():
    note = Finding("OPF301", Severity.NOTE, None, PLACE, "not there", "make it")
    error = Finding("OPF105", Severity.ERROR, None, PLACE, "does not parse", "mend it")
    assert text([note], Screen(loudness=QUIET)).out == ""
    assert "OPF301" not in text([note, error], Screen(loudness=QUIET)).out
    why = text([error], Screen(9999, loudness=VERBOSE)).out.splitlines()[2]
    assert why.startswith("why OPF105: It is the schema that the operator had before the change")


def test_a_screen_is_as_wide_as_somebody_says():
    stream = io.StringIO()
    assert [columns({"COLUMNS": told}, stream) for told in ("132", "0", "x", "", "1234567")] == [
        132,
        80,
        80,
        80,
        80,
    ]
    assert screen_of({"COLUMNS": "20"}, stream) == Screen(40)


def test_what_has_an_odd_backtick_wraps_as_any_text():
    assert list(wrapped("one `two three", 9, "  ")) == ["  one", "    `two", "    three"]
    assert (cut("abcdefgh", 8), cut("abcdefghi", 8)) == ("abcdefgh", "abc...hi")
