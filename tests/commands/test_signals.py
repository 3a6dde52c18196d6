"""Commands that are over at once, ended from outside in the middle of what they write; and what signals mean."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from opfixtures.commands.install_hooks import HOOKS
from tests.ending import WAYS, Commands, is_quiet
from tests.renumber.conftest import BAR, FOO, FOO_OUT, GELU, tree
from tests.repositories import GitRepository


@pytest.fixture
def commands(pytorch: GitRepository, tmp_path: Path) -> Commands:
    return Commands(pytorch, tmp_path)


CALLS = ["mkdir:1", "fsync:1", "fsync:3", "chmod:1", "replace:1", "replace:2", "replace:3", "unlink:1"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_hook_is_there_whole_and_to_be_executed_or_not_at_all(
    commands: Commands, call: str, number: signal.Signals
) -> None:
    folder = commands.repository.root / ".git" / "hooks"
    for path in folder.glob("*"):
        path.unlink()
    ended = commands.run("install-hooks", END_AT=call, END_WITH=str(int(number)))
    if ended.status != 0:
        assert ended.status == 128 + number
        assert is_quiet(ended.err), ended.err
    for name in HOOKS:
        if (folder / name).exists():
            assert os.access(folder / name, os.X_OK)
            assert (folder / name).read_text().rstrip().endswith('"$@"')
    assert commands.run("install-hooks").status == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(HOOKS)


@pytest.fixture
def two_claims(new_repository: Callable[..., GitRepository], tmp_path: Path) -> Commands:
    """A branch with two entries at 11, which target has given to another; all is staged."""
    repository = new_repository(tree(BAR, GELU, produced=11))
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    for path, text in tree(BAR, GELU, FOO, FOO_OUT, produced=11).items():
        repository.write(path, text)
    repository.commit()
    return Commands(repository, tmp_path)


def test_a_second_signal_ends_a_command_that_tidies_up(
    git_environment: dict[str, str],
) -> None:
    program = (
        "import signal, sys, time\nfrom opfixtures.commands import signals\nsignals.heed()\n"
        "try:\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "finally:\n    print('tidying', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=git_environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # As `timeout` does: once to the process, once to its group.
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "tidying\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.6)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 143


@pytest.mark.parametrize("way", ["hangup", "interrupt", "term"])
def test_what_is_to_be_ignored_is_ignored(commands: Commands, way: str) -> None:
    """As under nohup, and in the background of a shell without job control."""
    numbers, _, _ = WAYS[way]
    program = (
        f"import os, signal, sys; signal.signal({int(numbers[0])}, signal.SIG_IGN);"
        "os.execv(sys.executable, [sys.executable, '-m', 'opfixtures', 'install-hooks'])"
    )
    environment = {**commands.environment, "END_AT": "replace:1", "END_WITH": str(int(numbers[0]))}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=commands.repository.root, env=environment, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_error_of_tidying_up_does_not_hide_the_signal(commands: Commands) -> None:
    """The temporary file cannot be removed any more when the interruption comes."""
    (commands.hooks / "sitecustomize.py").write_text(
        "import os, signal\n\n\ndef fail(*_):\n    os.kill(os.getpid(), signal.SIGTERM)\n\n\n"
        "def refuse(path):\n    raise PermissionError(13, 'no', path)\n\n\nos.fsync, os.unlink = fail, refuse\n",
        encoding="utf-8",
    )
    ended = commands.run("install-hooks")
    assert (ended.status, "Traceback" in ended.err) == (143, False)
    # Nor where that cannot be said either.
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "opfixtures", "install-hooks"],
            cwd=commands.repository.root,
            env=commands.environment,
            stderr=full,
        )
    assert done.returncode == 143


def test_a_terminal_that_closes_is_said_and_ends_with_129(commands: Commands) -> None:
    ended = commands.run("install-hooks", END_AT="replace:1", END_WITH="1")
    assert (ended.status, ended.err) == (129, "opfixtures: its terminal is closed\n")


def numbers(commands: Commands) -> set[str]:
    """The numbers that the entries of the branch have, in all files."""
    texts = (commands.repository.read(path) for path in tree(produced=11))
    return {
        word
        for text in texts
        for word in ("_0_10", "_0_11", "V10", "V11")
        if f"oo{word}" in text or f"ut{word}" in text
    }


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "call", ["fsync:3", "replace:1", "replace:2", "replace:4", "replace:6", "unlink:1", "unlink:99"]
)
def test_a_killed_renumbering_is_finished_by_the_next_run(two_claims: Commands, call: str) -> None:
    ended = two_claims.run("renumber", "--apply", END_AT=call, END_WITH="9")
    assert ended.status == (0 if call == "unlink:99" else 137)
    half = numbers(two_claims) & {"_0_10", "V10"} and numbers(two_claims) & {"_0_11", "V11"}
    assert bool(half) == (call in ("replace:4", "replace:6"))
    if half:
        ended = two_claims.run("renumber")
        assert (ended.status, ended.err) == (
            2,
            "opfixtures: error: an earlier `renumber --apply` was ended in the middle:"
            " `opfixtures renumber --apply` finishes it\n",
        )
    if numbers(two_claims) != {"_0_11", "V11"}:
        assert two_claims.run("renumber", "--apply").status == 0
    assert numbers(two_claims) == {"_0_11", "V11"}
    two_claims.repository.git("add", "--all")
    with two_claims.start("renumber") as process:
        assert process.communicate()[0] == "opfixtures: nothing to renumber\n"
    assert two_claims.left() == []
    assert not (two_claims.repository.root / ".git" / "opfixtures-renumber").exists()


def test_what_somebody_changed_since_is_left_as_it_is(two_claims: Commands) -> None:
    assert two_claims.run("renumber", "--apply", END_AT="replace:3", END_WITH="9").status == 137
    root = two_claims.repository.root
    mine = {path: "mine\n" for path in tree(produced=11) if "12" not in (root / path).read_text()}
    for path, text in mine.items():
        (root / path).write_text(text)
    gone = min(mine)
    (root / gone).unlink()
    ended = two_claims.run("renumber")
    assert "warning: an earlier `renumber --apply` was ended in the middle, and " in ended.err
    assert not (root / gone).exists()
    assert {path: (root / path).read_text() for path in mine if path != gone} == {
        path: text for path, text in mine.items() if path != gone
    }
    assert not (root / ".git" / "opfixtures-renumber").exists()


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"no JSON", "is not what `renumber --apply` leaves"),
        (b"[" * 100_000, "is not what `renumber --apply` leaves"),
        (b"[1]", "is not what `renumber --apply` leaves"),
        (b'{"a": ["", "?"]}', "is not what `renumber --apply` leaves"),
        (b'{"a": ["", ""], "../outside": ["", "YQ=="]}', "../outside leads out of the repository"),
        (b'{"a": ["", ""], "OUTSIDE": ["", "YQ=="]}', "outside leads out of the repository"),
        (b'{"a": ["", ""], "link/outside": ["", "YQ=="]}', "link/outside leads out of the repository"),
        (b'{"a": ["", ""], "pipe": ["", "YQ=="]}', "pipe cannot be read: it is no regular file"),
        (b'{"a": ["", ""], "link": ["", "YQ=="]}', "link leads out of the repository"),
    ],
)
def test_what_no_renumbering_left_is_not_written(two_claims: Commands, content: bytes, error: str) -> None:
    root = two_claims.repository.root
    outside = root.parent / "outside"
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("..")
    (root / ".git" / "opfixtures-renumber").write_bytes(content.replace(b"OUTSIDE", os.fsencode(outside)))
    ended = two_claims.run("renumber", "--apply")
    assert ended.status == 2
    assert error in ended.err
    assert not outside.exists()


def test_a_pipe_in_the_place_of_what_was_left_is_not_waited_for(two_claims: Commands) -> None:
    os.mkfifo(two_claims.repository.root / ".git" / "opfixtures-renumber")
    ended = two_claims.run("renumber")
    assert ended.status == 2
    assert "is not what `renumber --apply` leaves: it is no regular file" in ended.err.replace(
        "[Errno 22] ", ""
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("call", ["fsync:3", "replace:2", "replace:4"])
def test_an_interrupted_renumbering_changes_nothing(
    two_claims: Commands, call: str, number: signal.Signals
) -> None:
    before = {path: two_claims.repository.read(path) for path in tree(produced=11)}
    ended = two_claims.run("renumber", "--apply", END_AT=call, END_WITH=str(int(number)))
    assert ended.status == 128 + number
    assert {path: two_claims.repository.read(path) for path in before} == before
    assert two_claims.left() == []
    assert not (two_claims.repository.root / ".git" / "opfixtures-renumber").exists()
