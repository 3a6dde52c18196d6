"""Findings for a terminal, for GitHub's runner and for lintrunner, as each of these reads them."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opfixtures.declarations.place import Place
from opfixtures.report import FORMATS, findings_github, findings_lintrunner, renderer
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
OWED = "aten::hardswish is bumped at version 11 without a matching fixture entry"
HOSTILE = "a%0A::error::b\r\n::set-output name=x::y\n##[add-mask]z, file=c\x1b[31m\u2028::warning"
FINDINGS = st.builds(
    Finding,
    st.just("OPF201"),
    st.sampled_from(Severity),
    st.none() | st.text(),
    st.builds(Place, st.text(min_size=1), st.integers(1, 9), st.integers(1, 9)),
    st.text(),
    st.text(),
)
FORGED = Finding("OPF201", Severity.ERROR, HOSTILE, Place(HOSTILE, 1, 2), HOSTILE, HOSTILE)


class TestOnATerminal:
    @pytest.fixture
    def on_a_terminal(self, pytorch, add_hardswish):
        """What a check of an added entry writes to a pseudo terminal."""
        add_hardswish(pytorch)

        def run(**environment):
            ours, its = pty.openpty()
            plain = {name: value for name, value in pytorch.environment.items() if "COLOR" not in name}
            command = (sys.executable, "-m", "opfixtures", "check")
            with subprocess.Popen(
                command, cwd=pytorch.root, env=plain | {"TERM": "xterm"} | environment, stdout=its
            ):
                os.close(its)
                text = b""
                while chunk := read(ours):
                    text += chunk
            os.close(ours)
            return text.decode()

        def read(terminal):
            # Linux: EIO once the other end is closed.
            try:
                return os.read(terminal, 4096)
            except OSError:
                return b""

        return run

    def test_place_and_kind_are_coloured(self, on_a_terminal):
        text = on_a_terminal()
        assert f"\x1b[1m{VERSION_MAP}:7:27:\x1b[0m \x1b[1;31merror OPF201:\x1b[0m {OWED}" in text
        assert text.count("\x1b") == 4

    @pytest.mark.parametrize("unwanted", [{"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}])
    def test_nothing_is_where_that_is_unwanted(self, on_a_terminal, unwanted):
        text = on_a_terminal(**unwanted)
        assert f"error OPF201: {OWED}" in text
        assert "\x1b" not in text


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_a_pipe_is_coloured_where_that_is_asked_for(pytorch, opfixtures, add_hardswish, name):
    add_hardswish(pytorch)
    assert "\x1b" not in opfixtures(pytorch, "check", **{name: "0"}).out
    assert "\x1b[1;31merror OPF201:\x1b[0m" in opfixtures(pytorch, "check", **{name: "1"}).out
    for format in ("json", "github", "lintrunner"):
        assert "\x1b" not in opfixtures(pytorch, "check", "--format", format, **{name: "1"}).out


def read_by_the_runner(line):
    """The workflow command that GitHub's runner takes a line for, as name, properties and message.

    See https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    old_style = re.search(r"##\[(\w[\w-]*)[^\]]*\]", line)
    if not line.lstrip().startswith("::"):
        return old_style and (old_style[1], {}, "")
    info, _, message = line.lstrip()[2:].partition("::")
    name, _, named = info.partition(" ")
    pairs = (one.partition("=") for one in named.split(",") if one)
    unescaped = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}

    def plain(text):
        return re.sub("%(0D|0A|3A|2C|25)", lambda match: unescaped[match[0]], text)

    return name, {key: plain(value) for key, _, value in pairs}, plain(message)


@given(FINDINGS)
@example(FORGED)
def test_github_reads_one_command_a_finding_whatever_it_says(finding):
    lines = findings_github.render([finding], colour=False).out.split("\n")
    (name, properties, message), *others = map(read_by_the_runner, lines)
    assert name == {"error": "error", "warning": "warning", "note": "notice"}[finding.severity]
    assert set(properties) == {"file", "line", "col", "title"}
    # A file of a name that cannot be shown has no line to show it beside.
    assert properties["file"] == printable(finding.place.path)
    assert all(line.isprintable() for line in lines)
    assert (int(properties["line"]), int(properties["col"])) == (finding.place.line, finding.place.column)
    assert properties["title"].startswith("OPF201")
    assert message.count("\n") == 2 + finding.hint.count("\n")
    assert others == [None, None]


def test_github_annotations_show_the_lines_to_add(pytorch, opfixtures, add_hardswish):
    add_hardswish(pytorch)
    ran = opfixtures(pytorch, "check", "--format", "github", folder="test/jit")
    command, summary = ran.out.splitlines()
    assert command.startswith(
        f"::error file={VERSION_MAP},line=7,col=27,title=OPF201 aten%3A%3Ahardswish::{OWED}"
    )
    assert (
        "%0Aadd to test/jit/fixtures_srcs/fixtures_src.py:%0A%0Aclass TestVersionedHardswishV10(" in command
    )
    assert (ran.status, summary, ran.err) == (1, "opfixtures: 1 error, 0 warnings, 0 notes", "")


@given(st.lists(FINDINGS))
@example([FORGED])
def test_lintrunner_reads_a_message_a_line(findings):
    report = findings_lintrunner.render(findings, colour=False)
    messages = [json.loads(line) for line in report.out.splitlines()]
    assert report.out.isascii()
    assert [(one["path"], one["line"], one["char"]) for one in messages] == [
        (one.place.path, one.place.line, one.place.column) for one in findings
    ]
    for message, finding in zip(messages, findings, strict=True):
        assert message["severity"] == {"note": "advice"}.get(finding.severity, finding.severity)
        assert message["description"].replace("\n", "").isprintable()
    assert (report.err.count("\n"), report.status) == (1, 0)


def test_a_linter_that_finds_something_has_not_failed(pytorch, opfixtures, add_hardswish):
    add_hardswish(pytorch)
    ran = opfixtures(pytorch, "check", "--format", "lintrunner")
    message = json.loads(ran.out)
    description = message.pop("description")
    assert message == {
        "path": VERSION_MAP,
        "line": 7,
        "char": 27,
        "code": "OPFIXTURES",
        "severity": "error",
        "name": "OPF201",
        "original": None,
        "replacement": None,
    }
    assert description.startswith(
        f"{OWED}, one whose module ends in V0 to V10\n\nopfixtures new aten::hardswish\n"
    )
    assert (ran.status, ran.err) == (0, "opfixtures: 1 error, 0 warnings, 0 notes\n")


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_tells_the_findings_that_are_none(format):
    report = renderer(format)([], colour=False)
    assert report.status == 0
    assert report.out or report.err
