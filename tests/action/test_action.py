"""The step that action.yml runs, in a checkout of one commit, while GitHub cannot be reached."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path

import pytest

from opfixtures.proving.result import Result
from opfixtures.pull_request.job import untouched
from opfixtures.records.record import with_checksum
from tests.action_fixtures import (
    GELU,
    HARDSWISH,
    HARDSWISH_MODULE,
    HARDSWISH_ROW,
    ONLY_BEFORE,
    RESULT_SCHEMA,
    Project,
)
from tests.monorepo import library_files, version_map
from tests.repositories import MODULES, REGISTRY, VERSION_MAP

FIXTURE = "test/jit/fixtures/test_versioned_hardswish_v10.ptl"
PUBLISHED = "test/jit/fixtures/test_versioned_gelu_v9.ptl"


def test_a_change_of_something_else_owes_nothing(project: Project) -> None:
    project.upstream.write("README.md", "another text\n")
    done = project.run("pull_request", project.open())
    assert (done.status, done.err) == (0, "")
    assert done.outputs["changed-operators"] == "[]"
    assert done.outputs["pre-change-commit"] == project.base
    assert done.summary.startswith("### ✅ Nothing to do")
    assert (done.report["fixtures"], done.report["findings"]) == ([], [])
    assert project.job.git("status", "--porcelain") == ""


def test_a_bump_without_fixture_entry_is_annotated_and_refused(project: Project) -> None:
    project.add_hardswish(entry=False)
    done = project.run("pull_request", project.open())
    assert done.status == 1
    at = f"::error file={VERSION_MAP},line=7,col=27,title=OPF201 aten%3A%3Ahardswish::"
    assert [line for line in done.out.splitlines() if line.startswith(at)], done.out
    assert json.loads(done.outputs["changed-operators"]) == ["aten::hardswish"]
    assert json.loads(done.outputs["refused"]) == ["aten::hardswish"]
    assert (done.outputs["generated"], done.outputs["report"]) == ("[]", str(done.result / "result.json"))
    assert done.summary.startswith("### ❌ 1 problem to fix: see below what to do\n")
    assert '```python\n    TestVersionedHardswishV10(): "aten::hardswish",\n```' in done.summary
    (finding,) = done.report["findings"]
    assert (finding["code"], finding["path"], finding["line"]) == ("OPF201", VERSION_MAP, 7)
    RESULT_SCHEMA.validate(done.report)


def test_the_old_operator_makes_the_fixture_in_a_checkout_of_one_commit(project: Project) -> None:
    """A real release makes it; the patch gives the branch what the job made."""
    project.add_hardswish()
    done = project.run("pull_request", project.open())
    # Red, until the head holds it.
    assert done.status == 1, done.err
    assert f"::error file={REGISTRY},line=5,col=5,title=OPF301 aten%3A%3Ahardswish::" in done.out
    assert done.summary.startswith("### 📦 1 fixture to commit, 1 not replayed yet\n")
    assert json.loads(done.outputs["generated"]) == [FIXTURE]
    assert "did not limit what fixture modules write" not in done.summary
    assert "- made by: `torch 2.13.0` (`torch 2.13.0+cpu, " in done.summary
    RESULT_SCHEMA.validate(done.report)
    assert done.report["pre_change_commit"] == project.base
    assert [finding["code"] for finding in done.report["findings"]] == ["OPF301"]
    assert "OPF301" not in done.summary
    assert project.job.git("status", "--porcelain") == ""
    project.job.git("apply", str(done.result / "fixtures.patch"))
    for name in (FIXTURE, f"{FIXTURE}.json"):
        copied = done.result / "fixtures" / os.path.basename(name)
        assert (project.job.root / name).read_bytes() == copied.read_bytes()
    page = (done.result / "status.html").read_text(encoding="utf-8")
    # The verdicts are those of this run, and its notes are no part of the page.
    assert page.startswith("<!doctype html>\n")
    assert '"state":"verified"' in page
    assert '"state":"generated"' in page
    assert {path.name for path in done.result.rglob("*")} == {
        "result.json",
        "fixtures.patch",
        "status.html",
        "fixtures",
        os.path.basename(FIXTURE),
        f"{os.path.basename(FIXTURE)}.json",
    }


@pytest.mark.parametrize("depth", [1, None])
def test_an_operator_that_target_has_is_looked_for_in_history(project: Project, depth: int | None) -> None:
    upstream = project.upstream
    upstream.git("switch", "--quiet", "main")
    project.add_hardswish(entry=False)
    bumped = upstream.commit("hardswish: a bump that owed a fixture")
    upstream.git("switch", "--quiet", "topic")
    upstream.git("reset", "--quiet", "--hard", bumped)
    upstream.write(MODULES, upstream.read(MODULES) + HARDSWISH_MODULE)
    upstream.replace(REGISTRY, "}", HARDSWISH_ROW)
    payload = project.open(depth=depth)
    softened = {"OPFIXTURES_REQUIRE_FIXTURES": "false"}
    done = project.run("pull_request", payload, OPFIXTURES_OPERATORS="aten::hardswish", **softened)
    assert done.status == 0, done.err + done.out
    (row,) = done.report["fixtures"]
    # A release is proven without it.
    known = None if depth else upstream.git("rev-parse", f"{bumped}~1")
    assert (row["status"], row["pre_change_commit"]) == ("generated", known)
    assert ("git fetch --unshallow" in done.err) is bool(depth)


@pytest.mark.parametrize("committed", [False, True])
def test_a_second_module_of_a_published_entry_is_made_from_before_the_entry(
    project: Project, committed: bool
) -> None:
    """One commit is checked out: the commit that brought the entry is fetched, for what a build has to make."""
    upstream = project.upstream
    upstream.git("switch", "--quiet", "main")
    upstream.write(
        ".opfixtures.toml",
        '[tool.opfixtures]\npreset = "pytorch"\n[[tool.opfixtures.runtimes]]\nkind = "checkout"\n',
    )
    before = upstream.commit("a build makes fixtures")
    project.add_hardswish()
    bumped = upstream.commit("hardswish")
    upstream.git("switch", "--quiet", "topic")
    upstream.git("reset", "--quiet", "--hard", bumped)
    module = HARDSWISH_MODULE.replace("HardswishV10", "HardswishMoreV10")
    upstream.write(MODULES, upstream.read(MODULES) + module)
    upstream.replace(REGISTRY, "}", HARDSWISH_ROW.replace("HardswishV10", "HardswishMoreV10"))
    path = "test/jit/fixtures/test_versioned_hardswish_more_v10.ptl"
    if committed:
        upstream.write(path, "by hand")
    done = project.run("pull_request", project.open(), OPFIXTURES_MODE="plan")
    what = f"aten::hardswish at 11: {path} with checkout"
    if committed:
        assert f"would reproduce  {what}" in done.summary, done.err + done.summary
    else:
        assert f"would make  {what}, pre-change commit {before[:12]}" in done.summary, done.err + done.summary
    assert f"pre-change commit {before[:12]}" in done.out + done.err
    assert "the entry is there already" not in done.out + done.err


def test_a_published_fixture_that_is_taken_away_is_a_row_that_is_not_green(project: Project) -> None:
    project.upstream.git("rm", "--quiet", PUBLISHED)
    payload = project.open()
    for mode in ("plan", "generate"):
        done = project.run("pull_request", payload, OPFIXTURES_MODE=mode)
        (row,) = done.report["fixtures"]
        assert (done.status, row["status"], row["fixture"]) == (1, "mismatch", PUBLISHED), done.err
        assert "target has it, and it is gone here" in row["reason"]


def test_a_fixture_under_another_ending_is_owed_all_the_same(project: Project) -> None:
    """Renamed, and without a record: nobody could look at it, and it stood for the fixture."""
    project.add_hardswish()
    project.upstream.write(FIXTURE.replace(".ptl", ".pt"), "anything")
    done = project.run("pull_request", project.open(), OPFIXTURES_DRY_RUN="true")
    assert (
        f"title=OPF301 aten%3A%3Ahardswish::the fixture of TestVersionedHardswishV10 is not there yet: {FIXTURE}"
        in (done.out)
    )
    assert f"would make  aten::hardswish at 11: {FIXTURE} with" in done.out
    assert f"would replay  aten::hardswish at 11: {FIXTURE[:-1]}\n" in done.out


def test_a_refused_fixture_is_annotated_at_its_entry(project: Project) -> None:
    project.add_hardswish()
    project.upstream.replace(MODULES, "ops.aten.hardswish(x)", "ops.aten.relu(x)")
    done = project.run("pull_request", project.open())
    assert done.status == 1
    at = f"::error file={VERSION_MAP},line=7,col=27,title=refused aten%3A%3Ahardswish at 11::"
    (line,) = [line for line in done.out.splitlines() if line.startswith(at)]
    (row,) = [row for row in done.report["fixtures"] if row["operator"] == "aten::hardswish"]
    assert (row["status"], line.removeprefix(at)) == ("refused", row["reason"])


def test_an_unreadable_change_still_has_annotations_a_summary_and_a_status(project: Project) -> None:
    project.add_hardswish()
    project.upstream.write(MODULES, "class (:\n")
    done = project.run("pull_request", project.open())
    assert done.status == 2
    assert "no fixtures were made" in done.summary
    assert done.report["fixtures"] == []
    assert MODULES in {finding["path"] for finding in done.report["findings"]}
    assert any(line.startswith(f"::error file={MODULES}") for line in done.out.splitlines())


def test_a_merge_group_is_proven_and_requires_fixtures(project: Project) -> None:
    project.add_hardswish()
    project.open()
    merged = project.job.git("rev-parse", "HEAD")
    group = {"base_sha": project.base, "head_sha": merged}
    payload = {"action": "checks_requested", "merge_group": group}
    done = project.run("merge_group", payload)
    assert (done.status, f"::error file={REGISTRY}" in done.out) == (1, True), done.err
    rows = {row["operator"]: (row["status"], row["made"]) for row in done.report["fixtures"]}
    assert rows == {"aten::gelu": ("verified", "found"), "aten::hardswish": ("generated", "by this run")}
    done = project.run("merge_group", payload, OPFIXTURES_REQUIRE_FIXTURES="false")
    assert (done.status, "::notice file=" in done.out) == (0, True), done.err


@pytest.mark.parametrize("event", ["pull_request", "merge_group"])
def test_what_is_committed_is_replayed_in_every_run(project: Project, event: str) -> None:
    """Its outputs are edited, and nothing else of it: the checksum is right."""
    path = "test/jit/fixtures/test_versioned_gelu_v9.ptl.json"
    record = json.loads(project.upstream.read(path))
    del record["checksum"]
    record["samples"][0]["output"]["values"][0] += 1.0
    project.upstream.git("switch", "--quiet", "main")
    project.upstream.write(path, with_checksum(record))
    project.upstream.commit("an edited record")
    project.upstream.git("switch", "--quiet", "--force-create", "topic")
    project.upstream.write(MODULES, project.upstream.read(MODULES) + "\n\nclass Another:\n    pass\n")
    payload = project.open()
    if event == "merge_group":
        merged = project.job.git("rev-parse", "HEAD")
        group = {"base_sha": project.base, "head_sha": merged}
        payload = {"action": "checks_requested", "merge_group": group}
    done = project.run(event, payload)
    (row,) = done.report["fixtures"]
    assert (done.status, row["status"], row["made"]) == (1, "mismatch", "found"), done.err
    assert "❌ <code>aten::gelu</code> <b>mismatch</b>" in done.summary
    assert f"::error file={VERSION_MAP}" in done.out


def test_what_is_refused_stands_in_the_summary_too(project: Project) -> None:
    done = project.run("pull_request_target", project.open())
    assert done.status == 2
    assert "opfixtures: error: pull_request_target gives" in done.err
    assert "error: pull_request_target gives" in done.summary


def test_a_closed_pull_request_is_nothing_to_do(project: Project) -> None:
    done = project.run("pull_request", project.open() | {"action": "closed"})
    assert (done.status, done.out) == (0, "opfixtures: nothing to do: a pull request was closed\n")
    assert "Nothing to do" in done.summary


def test_a_tree_without_declarations_is_nothing_to_check(project: Project) -> None:
    for path in project.upstream.git("ls-files").splitlines():
        project.upstream.git("rm", "--quiet", path)
    project.upstream.write("a", "b")
    project.upstream.git("update-ref", "refs/heads/main", project.upstream.commit("nothing of it"))
    done = project.run("pull_request", project.open())
    assert (done.status, "::warning title=opfixtures::nothing to check" in done.out) == (0, True), done.err
    assert done.summary.startswith("### ✅ Nothing to do")
    RESULT_SCHEMA.validate(done.report)


def test_a_plan_names_the_runtimes_and_each_job_makes_its_own(project: Project) -> None:
    project.add_hardswish()
    payload = project.open()
    done = project.run("pull_request", payload, OPFIXTURES_MODE="plan")
    # gelu's fixture is replayed in the job of the runtime that makes such.
    assert (done.status, json.loads(done.outputs["runtimes"])) == (1, ["torch-2.13.0", "torch-1.11.0"]), (
        done.err
    )
    assert f"would make  aten::hardswish at 11: {FIXTURE} with torch-2.13.0" in done.summary
    assert "Nothing to do" not in done.summary
    RESULT_SCHEMA.validate(done.report)
    assert (done.report["planned"], "not seen" in done.summary) == ([FIXTURE, PUBLISHED], False)
    done = project.run("pull_request", payload, OPFIXTURES_RUNTIME="torch-1.5.1")
    assert (done.status, done.outputs["generated"]) == (0, "[]"), done.err
    # The job that plans has checked, and this one has nothing to make.
    assert ("::notice file=" in done.out, "findings" in done.report, done.summary) == (False, False, "")
    done = project.run("pull_request", payload, OPFIXTURES_MODE="plan", OPFIXTURES_DRY_RUN="true")
    assert done.outputs["runtimes"] == "[]"


def test_a_dry_run_makes_nothing(project: Project) -> None:
    project.add_hardswish()
    done = project.run("pull_request", project.open(), OPFIXTURES_DRY_RUN="true")
    # What is owed is owed.
    assert (done.status, done.outputs["generated"]) == (1, "[]")
    assert f"would make  aten::hardswish at 11: {FIXTURE} with torch-2.13.0" in done.summary


def test_target_is_the_base_of_the_event_though_the_settings_name_another(project: Project) -> None:
    """It is not in the checkout of one commit, and nothing asks for it: neither check, nor plan, nor generate."""
    project.upstream.git("switch", "--quiet", "main")
    project.upstream.write(
        ".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\ntarget = "origin/viable"\n'
    )
    project.upstream.commit("settings")
    project.upstream.git("switch", "--quiet", "--force-create", "topic")
    project.add_hardswish()
    payload = project.open()
    softened = {"OPFIXTURES_REQUIRE_FIXTURES": "false"}
    done = project.run("pull_request", payload, OPFIXTURES_DRY_RUN="true", **softened)
    assert done.status == 0, done.err
    assert f"would make  aten::hardswish at 11: {FIXTURE}" in done.summary
    done = project.run("pull_request", payload, OPFIXTURES_MODE="plan", **softened)
    runtimes = ["torch-2.13.0", "torch-1.11.0"]
    assert (done.status, json.loads(done.outputs["runtimes"])) == (0, runtimes), done.err


@pytest.mark.parametrize("target", ["HEAD", "@", "HEAD~0", "origin/HEAD", "refs/../../../escape"])
def test_a_pull_request_does_not_choose_what_it_is_judged_against(project: Project, target: str) -> None:
    project.upstream.replace(VERSION_MAP, "aten::gelu(Tensor self)", "aten::gelu(Tensor x)")
    settings = f'[tool.opfixtures]\npreset = "pytorch"\ntarget = "{target}"\n'
    project.upstream.write(".opfixtures.toml", settings)
    done = project.run("pull_request", project.open(), OPFIXTURES_DRY_RUN="true")
    assert done.status == 1, done.err
    assert f"::error file={VERSION_MAP},line=6,col=22,title=OPF109 " in done.out


@pytest.mark.parametrize("depth", [1, None])
@pytest.mark.parametrize("merged", [True, False])
def test_what_main_brought_meanwhile_is_not_the_pull_requests(
    project: Project, merged: bool, depth: int | None
) -> None:
    """Whether GitHub's merge is checked out or the head, whatever the depth, and without GitHub's answer."""
    project.upstream.write("README.md", "another text\n")
    fork_point = project.upstream.git("rev-parse", "main")
    done = project.run("pull_request", project.open(merged=merged, depth=depth))
    assert (done.status, done.outputs["changed-operators"]) == (0, "[]"), done.err
    assert done.outputs["pre-change-commit"] == (project.base if merged else fork_point)
    assert ("git fetches history until the commits meet" in done.out) is (not merged and depth == 1)


def test_nothing_of_the_job_reaches_what_it_starts(project: Project) -> None:
    """Its log goes through a runner, which takes no command from it."""
    project.add_hardswish(entry=False)
    done = project.run("pull_request", project.open(), OPFIXTURES_TOKEN="ghs_verysecret")
    assert "ghs_verysecret" not in done.out + done.err + done.summary
    lines = done.out.splitlines()
    stop = next(number for number, line in enumerate(lines) if line.startswith("::stop-commands::"))
    resume = lines.index(f"::{lines[stop].removeprefix('::stop-commands::')}::")
    assert any("refused     aten::hardswish" in line for line in lines[stop:resume])


# A build's own command: it looks at what started it, and has the repository it came from execute another command.
CURIOUS = """
preset = "pytorch"
[[tool.opfixtures.runtimes]]
kind = "checkout"
setup = [["sh", "-c", '''
set -e
parent() {{ cut -d " " -f 4 /proc/$1/stat; }}
# Between this, `generate` and the step there is a keeper each.
generate=$(parent $PPID)
step=$(parent $(parent $generate))
for process in $PPID $generate $(parent $generate) $step; do cat /proc/$process/environ; done > {seen}
cd /proc/$generate/cwd
git config filter.curious.clean "env >> {seen}; cat"
mkdir -p .git/info
echo "*.ptl filter=curious" > .git/info/attributes
''']]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_token_is_in_no_environment_that_what_is_executed_can_read(
    project: Project, tmp_path: Path
) -> None:
    seen, token = tmp_path / "seen", "a-token"
    project.add_hardswish()
    settings = "[tool.opfixtures]" + CURIOUS.format(seen=seen)
    project.upstream.write(".opfixtures.toml", settings)
    server = f"file://{project.upstream.root.parent}"
    cache = str(tmp_path / "cache")
    payload = project.open()

    done = project.run(
        "pull_request", payload, OPFIXTURES_TOKEN=token, GITHUB_SERVER_URL=server, OPFIXTURES_CACHE=cache
    )

    assert (done.status, json.loads(done.outputs["generated"])) == (1, [FIXTURE]), done.err
    assert done.outputs["untouched"] == "false", "its setup ran with the rights of the job"
    said = seen.read_bytes()
    assert said.count(b"GITHUB_EVENT_NAME=pull_request") == 1, "the step's own environment was seen"
    assert b"GIT_OPTIONAL_LOCKS=0" not in said, "no filter of theirs was run"
    assert token.encode() not in said
    assert base64.b64encode(f"x-access-token:{token}".encode()) not in said


def test_runtimes_that_somebody_could_write_to_are_kept_for_nobody(tmp_path: Path) -> None:
    """By commands that build a library, by a library's release, by fixture modules that nothing held, or by a Python of
    the branch's own."""
    limited, unlimited = Result(None, (), isolation=("Landlock",)), Result(None, (), isolation=("seccomp",))
    assert (untouched(limited, str(tmp_path)), untouched(unlimited, str(tmp_path))) == (True, False)
    assert untouched(limited, str(tmp_path), {"release"})
    assert not untouched(limited, str(tmp_path), {"release", "interpreter"})
    for theirs in ("checkouts", "libraries"):
        (tmp_path / theirs).mkdir()
        assert not untouched(limited, str(tmp_path))
        (tmp_path / theirs).rmdir()


def test_a_schedule_installs_what_the_first_run_of_a_pull_request_asks_for(project: Project) -> None:
    """Under the key by which that run restores it, and into the folder that it looks into."""
    project.upstream.write("pyproject.toml", ONLY_BEFORE)
    payload = project.open()
    done = project.run("schedule", {"schedule": "17 4 * * 1,4"})
    assert done.status == 0, done.out + done.err
    assert done.outputs["warm"] == "true"
    assert "opfixtures: warm: torch 1.11.0" in done.out
    assert "warm: torch 1.11.0" in done.summary
    assert (done.outputs["generated"], "upload" in done.outputs) == ("[]", False)
    assert payload["action"] == "opened"


def test_a_schedule_that_cannot_install_a_release_keeps_nothing(project: Project, tmp_path: Path) -> None:
    settings = (
        '[tool.opfixtures]\npreset = "pytorch"\n\n[[tool.opfixtures.runtimes]]\nkind = "release"\n'
        'torch = "1.0.99"\npython = "3.11"\n'
    )
    project.upstream.write("pyproject.toml", settings)
    project.open()
    done = project.run("schedule", {}, OPFIXTURES_CACHE=str(tmp_path / "cache"), UV_OFFLINE="1")
    assert done.status == 2
    assert done.outputs["warm"] == "false"
    assert "::error" in done.out
    assert "torch==1.0.99 cannot be installed" in done.out


def test_a_generation_that_is_killed_is_no_success(project: Project, tmp_path: Path) -> None:
    """By the kernel, for the memory it takes, or by what it executes."""
    project.add_hardswish()
    shell = 'kill -9 $(cut -d " " -f 4 /proc/$PPID/stat); sleep 5'
    runtime = f"[[tool.opfixtures.runtimes]]\nkind = 'checkout'\nsetup = [['sh', '-c', '{shell}']]\n"
    settings = f"[tool.opfixtures]\npreset = 'pytorch'\n{runtime}"
    project.upstream.write(".opfixtures.toml", settings)
    done = project.run("pull_request", project.open(), OPFIXTURES_CACHE=str(tmp_path / "cache"))
    assert done.status == 128 + 9, done.err
    assert "no fixtures were made" in done.summary


def test_another_commit_than_the_events_is_not_judged(project: Project) -> None:
    payload = project.open()
    payload["pull_request"]["head"]["sha"] = "c" * 40
    done = project.run("pull_request", payload)
    assert done.status == 2
    assert "is checked out, and the event is about cccccccccccc" in done.err


def test_settings_that_cannot_be_used_are_named(project: Project) -> None:
    project.upstream.write(".opfixtures.toml", "[tool.opfixtures]\nverison-map = 1\n")
    done = project.run("pull_request", project.open())
    assert done.status == 2
    assert "verison-map" in done.err
    assert "error: .opfixtures.toml" in done.summary
    assert [
        line for line in done.out.splitlines() if line.startswith("::error file=.opfixtures.toml,line=1,")
    ]


def test_a_mend_of_one_line_is_handed_over_as_a_suggestion(project: Project) -> None:
    project.add_hardswish()
    constant = "constexpr uint64_t k{}FileFormatVersion = 0x{}L;\n"
    header = constant.format("MaxSupported", "B") + constant.format("Produced", "A")
    project.upstream.write("caffe2/serialize/versions.h", header)
    done = project.run("pull_request", project.open(), OPFIXTURES_MODE="plan")
    assert "title=OPF107 aten%3A%3Ahardswish::" in done.out, done.err
    old, new = (constant.format("Produced", digit).rstrip() for digit in "AB")
    line = {"path": "caffe2/serialize/versions.h", "line": 2, "old": old, "new": new}
    assert done.report["suggestions"] == [line]
    RESULT_SCHEMA.validate(done.report)


def test_an_error_that_ends_the_generation_is_an_annotation(project: Project) -> None:
    """Another process ends with it, whose words the runner takes for no commands."""
    done = project.run("pull_request", project.open(), OPFIXTURES_OPERATORS="aten::none")
    assert done.status == 2, done.err
    (line,) = [line for line in done.out.splitlines() if line.startswith("::error ")]
    assert line.startswith("::error title=opfixtures::'aten::none' is not in ")
    assert "opfixtures: error: 'aten::none' is not in " in done.err


def test_without_an_event_there_is_no_workflow(project: Project) -> None:
    done = project.run("pull_request", {}, GITHUB_EVENT_PATH="/nowhere")
    assert (done.status, "GITHUB_EVENT_PATH cannot be read" in done.err) == (2, True)
    assert done.out.startswith("::error title=opfixtures::GITHUB_EVENT_PATH cannot be read: ")


def test_all_has_made_everything_when_github_cannot_be_told(project: Project) -> None:
    project.add_hardswish(entry=False)
    done = project.run("pull_request", project.open(), OPFIXTURES_MODE="all")
    assert done.status == 2
    assert json.loads(done.outputs["refused"]) == ["aten::hardswish"]
    assert done.summary.count("<code>aten::hardswish</code> <b>OPF201</b>") == 1
    assert (done.result / "result.json").exists()


def test_all_leaves_a_fork_to_the_second_workflow(project: Project) -> None:
    project.upstream.write("README.md", "another text\n")
    payload = project.open()
    payload["pull_request"]["head"]["repo"]["id"] = 2
    done = project.run("pull_request", payload, OPFIXTURES_MODE="all")
    assert (done.status, "not published: it comes from a fork" in done.out) == (0, True), done.err


def test_publish_takes_the_parts_of_a_matrix(project: Project) -> None:
    project.add_hardswish(entry=False)
    payload = project.open()
    part = project.folder / "parts" / "opfixtures-part-a"
    done = project.run("pull_request", payload, OPFIXTURES_RESULT=str(part))
    assert done.status == 1
    parts = {"OPFIXTURES_MODE": "publish", "OPFIXTURES_RESULT": str(part.parent)}
    done = project.run("pull_request", payload, **parts)
    # There is no GitHub to tell.
    assert done.status == 2
    assert done.outputs["report"] == str(part.parent / "result.json")
    assert json.loads(done.outputs["refused"]) == ["aten::hardswish"]


def test_a_run_that_left_no_result_has_nothing_to_publish(project: Project) -> None:
    """actions/download-artifact makes no folder where nothing is of the pattern."""
    run = {
        "id": 12,
        "event": "pull_request",
        "head_sha": "c" * 40,
        "head_branch": "topic",
        "head_repository": {"id": 2, "owner": {"login": "somebody"}},
    }
    event = {"action": "completed", "workflow_run": run, "repository": {"id": 1}}
    done = project.run("workflow_run", event, OPFIXTURES_MODE="publish")
    assert (done.status, "nothing to publish: run 12 left no result" in done.summary) == (0, True), done.err
    # A job of the same run has always something.
    done = project.run("pull_request", project.open(), OPFIXTURES_MODE="publish")
    assert (done.status, "download the artifacts" in done.err) == (2, True)


def test_a_matrix_has_no_more_jobs_than_github_runs(project: Project) -> None:
    upstream = project.upstream
    names = [f"op{number}" for number in range(257)]
    schemas = {name: f"aten::{name}(Tensor self) -> Tensor" for name in names}
    entries = [f'     {{"aten::{name}", {{{{11, "{name}_0_10", "{schemas[name]}"}}}}}},\n' for name in names]
    upstream.replace(VERSION_MAP, GELU, GELU + "".join(entries))
    rows = [f'    TestVersioned{name.title()}V10(): "aten::{name}",\n' for name in names]
    upstream.replace(REGISTRY, "}", "".join(rows) + "}")
    module = "\n\nclass TestVersioned{}V10(torch.nn.Module):\n    def forward(self, x):\n        return x\n"
    upstream.write(MODULES, upstream.read(MODULES) + "".join(module.format(name.title()) for name in names))
    one = 'kind = "release"\ntorch = "2.13.0"\n'
    own = [
        f'[[tool.opfixtures.runtimes]]\nname = "{name}"\noperators = ["aten::{name}"]\n{one}'
        for name in names
    ]
    upstream.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\n' + "".join(own))
    done = project.run("pull_request", project.open(), OPFIXTURES_MODE="plan")
    assert done.status == 2
    assert "257 runtimes are needed, and a matrix has up to 256" in done.err


BELOW = "third_party/pytorch"


@pytest.fixture
def monorepo(project: Project) -> Project:
    """The tree, whose folder is one of several projects; of another one nothing but a copy that is left out."""
    upstream = project.upstream
    upstream.git("switch", "--quiet", "main")
    for name in ("torch", "test"):
        (upstream.root / BELOW).mkdir(parents=True, exist_ok=True)
        upstream.git("mv", name, f"{BELOW}/{name}")
    for path, content in library_files("packages/tinyops", halve=4).items():
        upstream.write(path, content)
    for path, content in library_files("demo/copy", halve=4).items():
        upstream.write(path, content)
    upstream.write("pyproject.toml", '[tool.opfixtures]\nexclude = ["demo"]\n')
    upstream.commit("a monorepo")
    upstream.git("switch", "--quiet", "--force-create", "topic")
    return project


class TestSeveralProjects:
    @pytest.mark.parametrize("mode", ["plan", "generate"])
    @pytest.mark.parametrize("how", ["exclude", "take away"])
    def test_one_that_a_change_puts_out_of_sight_is_missed(
        self, monorepo: Project, how: str, mode: str
    ) -> None:
        upstream = monorepo.upstream
        if how == "exclude":
            upstream.write("pyproject.toml", '[tool.opfixtures]\nexclude = ["demo", "packages"]\n')
        else:
            upstream.write("packages/tinyops/pyproject.toml", "")
        upstream.commit("out of sight")
        done = monorepo.run("pull_request", monorepo.open(), OPFIXTURES_MODE=mode)
        (row,) = done.report["fixtures"]
        assert (done.status, row["status"]) == (1, "mismatch"), done.err
        assert row["fixture"] == "packages/tinyops/fixtures/halve_v3.ptl"
        assert "nothing replays it" in row["reason"]

    def test_are_judged_made_and_told_of_together(self, monorepo: Project) -> None:
        """In a checkout of one commit: what is fetched and written is what any of the projects reads."""
        upstream = monorepo.upstream
        upstream.replace(f"{BELOW}/{VERSION_MAP}", GELU, GELU + HARDSWISH)
        upstream.write(f"{BELOW}/{MODULES}", upstream.read(f"{BELOW}/{MODULES}") + HARDSWISH_MODULE)
        upstream.replace(f"{BELOW}/{REGISTRY}", "}", HARDSWISH_ROW)
        upstream.write("packages/tinyops/tinyops/versions.py", version_map(halve=4, scale=5))
        upstream.write("demo/copy/tinyops/versions.py", version_map(halve=4, scale=5))

        done = monorepo.run("pull_request", monorepo.open())

        assert done.status == 1, done.err
        assert json.loads(done.outputs["changed-operators"]) == ["tiny::scale", "aten::hardswish"]
        assert json.loads(done.outputs["generated"]) == [f"{BELOW}/{FIXTURE}"]
        assert json.loads(done.outputs["refused"]) == ["tiny::scale"]
        places = {(finding["code"], finding["path"]) for finding in done.report["findings"]}
        assert places == {
            ("OPF201", "packages/tinyops/tinyops/versions.py"),
            ("OPF301", f"{BELOW}/{REGISTRY}"),
        }
        rows = [(one["operator"], one["fixture"], one["status"]) for one in done.report["fixtures"]]
        # No settings say what replays it.
        assert rows[0] == ("tiny::halve", "packages/tinyops/fixtures/halve_v3.ptl", "failed")
        assert rows[1] == ("tiny::scale", None, "refused")
        assert ("aten::hardswish", f"{BELOW}/{FIXTURE}", "generated") in rows
        monorepo.job.git("apply", str(done.result / "fixtures.patch"))
        assert (monorepo.job.root / BELOW / FIXTURE).exists()

    def test_have_their_runtimes_in_one_matrix(self, monorepo: Project) -> None:
        upstream = monorepo.upstream
        upstream.replace(f"{BELOW}/{VERSION_MAP}", GELU, GELU + HARDSWISH)
        upstream.write(f"{BELOW}/{MODULES}", upstream.read(f"{BELOW}/{MODULES}") + HARDSWISH_MODULE)
        upstream.replace(f"{BELOW}/{REGISTRY}", "}", HARDSWISH_ROW)
        done = monorepo.run("pull_request", monorepo.open(), OPFIXTURES_MODE="plan")
        assert done.status in (0, 1), done.err
        assert "torch-2.13.0" in json.loads(done.outputs["runtimes"])
        assert f"{BELOW}/{FIXTURE}" in done.report["planned"]

    def test_one_that_cannot_be_judged_hides_no_other(self, monorepo: Project) -> None:
        monorepo.upstream.replace("packages/tinyops/pyproject.toml", "registry =", "regsitry =")
        monorepo.upstream.replace(f"{BELOW}/{VERSION_MAP}", GELU, GELU + HARDSWISH)
        done = monorepo.run("pull_request", monorepo.open())
        assert done.status == 2
        assert f"::error file={BELOW}/{VERSION_MAP},line=7" in done.out
        assert "packages/tinyops/pyproject.toml" in done.err
        assert "::error file=packages/tinyops/pyproject.toml,line=1," in done.out


def test_where_there_is_no_project_the_run_is_warned(project: Project) -> None:
    upstream = project.upstream
    upstream.git("switch", "--quiet", "main")
    upstream.git("rm", "-r", "--quiet", "torch", "test")
    upstream.write("README.md", "nothing else\n")
    upstream.commit("something else")
    upstream.git("switch", "--quiet", "--force-create", "topic")
    upstream.write("README.md", "still nothing\n")

    done = project.run("pull_request", project.open())

    assert done.status == 0, done.err
    (line,) = [line for line in done.out.splitlines() if line.startswith("::warning ")]
    for what in ("nothing to check", "pyproject.toml or .opfixtures.toml of any folder", VERSION_MAP):
        assert what in line
