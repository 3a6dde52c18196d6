"""Inputs as a workflow hands them over, and the files that a step writes for the runner."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from opfixtures.commands.action import publish_arguments
from opfixtures.errors import UserError
from opfixtures.pull_request.connection import Address
from opfixtures.pull_request.events import Activity, Dispatch, Mode, Task
from opfixtures.pull_request.inputs import read_inputs
from opfixtures.pull_request.job import Job
from opfixtures.pull_request.runner_files import without_commands, write_outputs, write_summary

HEAD = "b" * 40


def test_what_is_left_empty_has_its_default() -> None:
    inputs = read_inputs({"OPFIXTURES_MODE": "", "OPFIXTURES_BASE": " ", "RUNNER_TEMP": "/tmp/runner"})
    assert (inputs.mode, inputs.asked, inputs.operators) == (Mode.ALL, Dispatch(), ())
    assert (inputs.regenerate, inputs.dry_run, inputs.require_fixtures) == (False, False, None)
    assert (inputs.runtime, inputs.post_change_python) == (None, None)
    assert inputs.result == "/tmp/runner/opfixtures/result"


@pytest.mark.parametrize(("given", "read"), [("", None), ("true", True), ("True", True), ("false", False)])
def test_whether_fixtures_are_required_may_be_left_open(given: str, read: bool | None) -> None:
    assert read_inputs({"OPFIXTURES_REQUIRE_FIXTURES": given}).require_fixtures is read


@pytest.mark.parametrize("event", ["pull_request", "merge_group", "push", "workflow_dispatch"])
@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, {"pull_request", "merge_group"}),
        ({"REQUIRE_FIXTURES": "false"}, set()),
        (
            {"REQUIRE_FIXTURES": "true"},
            {"pull_request", "merge_group", "push", "workflow_dispatch"},
        ),
        ({"COMMIT": "true"}, {"merge_group"}),
        ({"COMMIT": "true", "DRY_RUN": "true"}, {"pull_request", "merge_group"}),
        ({"COMMIT": "true", "MODE": "generate"}, {"pull_request", "merge_group"}),
        (
            {"COMMIT": "true", "REQUIRE_FIXTURES": "true"},
            {"pull_request", "merge_group", "push", "workflow_dispatch"},
        ),
    ],
)
def test_what_is_about_to_be_merged_owes_its_fixtures_unless_this_job_commits_them(
    event: str, inputs: dict[str, str], expected: set[str]
) -> None:
    environment = {"GITHUB_EVENT_NAME": event, "GITHUB_REPOSITORY": "owner/repo"}
    activity = Activity(
        Task.GENERATE, base="a" * 40, head=HEAD, number=7 if event == "pull_request" else None
    )
    given = {f"OPFIXTURES_{name}": value for name, value in inputs.items()}
    job = Job(read_inputs(given), activity, Address.of(environment), environment)

    assert job.requires_fixtures is (event in expected)


def test_what_is_given_is_read_and_the_token_never_shown() -> None:
    inputs = read_inputs(
        {
            "OPFIXTURES_MODE": "generate",
            "OPFIXTURES_TOKEN": "ghs_secret",
            "OPFIXTURES_BASE": "release/2.x",
            "OPFIXTURES_HEAD": HEAD,
            "OPFIXTURES_OPERATORS": "aten::gelu  aten::gelu.out\naten::gelu",
            "OPFIXTURES_DRY_RUN": "True",
            "OPFIXTURES_RESULT": "made",
            "GITHUB_WORKSPACE": "/w",
        }
    )
    assert inputs.asked == Dispatch(base="release/2.x", head=HEAD)
    assert inputs.operators == ("aten::gelu", "aten::gelu.out")
    assert (inputs.dry_run, inputs.result) == (True, "/w/made")
    assert "ghs_secret" not in repr(inputs)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "everything"),
        ("token", "ghs a"),
        ("token", "gh\u00e9"),
        ("pull-request", "-1"),
        ("pull-request", "0"),
        ("pull-request", "1" * 19),
        ("pull-request", "\u0663"),
        ("base", "--upload-pack=x"),
        ("head", "main"),
        ("operators", "--all"),
        ("operators", "-aten::gelu"),
        ("operators", "gelu"),
        ("operators", " ".join(f"a::{number}" for number in range(257))),
        ("regenerate", "yes"),
        ("dry-run", "1"),
        ("require-fixtures", "on"),
        ("commit", "please"),
        ("runtime", "--x"),
        ("runtime", "a\nb"),
        ("post-change-python", "-c"),
        ("result", "a\nb"),
        ("result", "a\x1bb"),
        ("operators", "a::" + "b" * 4096),
    ],
)
def test_a_wrong_one_is_named(name: str, value: str) -> None:
    variable = f"OPFIXTURES_{name.upper().replace('-', '_')}"
    with pytest.raises(UserError, match=rf"^input '{name}' must be .*: correct it in the workflow$"):
        read_inputs({variable: value})


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("build/bin/python", "/w/build/bin/python"),
        ("/opt/python", "/opt/python"),
        ("~/python", "/home/u/python"),
        ("python3.12", "python3.12"),
    ],
)
def test_a_python_is_found_from_the_workspace(given: str, read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    inputs = read_inputs({"OPFIXTURES_POST_CHANGE_PYTHON": given, "GITHUB_WORKSPACE": "/w"})
    assert inputs.post_change_python == read


def test_which_pull_request_is_told_is_the_events_word() -> None:
    inputs = read_inputs(
        {"OPFIXTURES_RESULT": "/r", "OPFIXTURES_COMMIT": "true", "OPFIXTURES_DRY_RUN": "true"}
    )
    activity = Activity(Task.PUBLISH, head=HEAD, branch="octocat:topic", run=5)
    expected = [
        "publish",
        "--head=octocat:topic",
        f"--head-sha={HEAD}",
        "--artifact=opfixtures-result",
        "--author=github-actions[bot]",
    ]
    assert publish_arguments(inputs, activity, 5) == [*expected, "--run=5", "--commit", "--dry-run", "/r"]
    of_a_pull_request = replace(activity, number=7)
    assert "--pull-request=7" in publish_arguments(inputs, of_a_pull_request, None)
    with pytest.raises(UserError, match="no branch to look it up by"):
        publish_arguments(inputs, replace(activity, branch=None), 5)


def test_no_value_can_write_a_second_output(tmp_path: Path) -> None:
    path = tmp_path / "output"
    write_outputs(str(path), {"generated": "a\nreport<<EOF\n\x1b[31mb\r\nEOF"})
    first, value, last = path.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"generated<<[0-9a-f]{32}", first)
    assert (last, value) == (first.partition("<<")[2], "a report<<EOF  [31mb  EOF")


def test_no_text_leaves_its_block_in_the_summary(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    write_summary(str(path), "opfixtures", "```\n# a heading\n````html\n<img src=x>")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "### opfixtures"
    assert (lines[2], lines[-1]) == ("`````text", "`````")


def test_a_summary_stays_below_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    write_summary(str(path), "opfixtures", "\u00e9" * 250_000)
    assert path.stat().st_size < 1 << 20


def test_outside_of_a_workflow_nothing_is_written() -> None:
    write_outputs(None, {"generated": ""})
    write_summary(None, "opfixtures", "text")


def test_commands_work_again_after_an_error() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="x"), without_commands(stream):
        raise ValueError("x")
    stop, resume = stream.getvalue().splitlines()
    assert f"::{stop.removeprefix('::stop-commands::')}::" == resume


@pytest.mark.parametrize(
    ("number", "run"), [("12", 12), ("", None), ("x", None), ("\u00b2", None), ("9" * 5000, None)]
)
def test_a_run_that_has_no_number_is_not_linked(number: str, run: int | None) -> None:
    address = Address("https://api.github.com", "owner/repo")
    job = Job(read_inputs({}), Activity(Task.NOTHING), address, {"GITHUB_RUN_ID": number})
    assert (job.run_id, job.run and job.run.id) == (run, run)
