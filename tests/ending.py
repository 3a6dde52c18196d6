"""Commands that are ended from outside, at a line that they print or at a call that they make; what is left of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opfixtures.worker.processes import as_exit_status
from tests.repositories import GitRepository

NOBODY = 65534
# Ends the process by a signal at the n-th call of a function of `os`: `END_AT=replace:2 END_WITH=9`.
AT_A_CALL = """
import os
if "END_AT" in os.environ:
    name, _, at = os.environ["END_AT"].partition(":")
    function, calls = getattr(os, name), []

    def ending(*args, **more):
        calls.append(args)
        if len(calls) == int(at):
            os.kill(os.getpid(), int(os.environ["END_WITH"]))
        return function(*args, **more)

    setattr(os, name, ending)
"""
# What a shell says of each, and whether it leaves time to tidy up.
WAYS = {
    "hangup": ((signal.SIGHUP,), 128 + signal.SIGHUP, True),
    "term": ((signal.SIGTERM,), 128 + signal.SIGTERM, True),
    "interrupt": ((signal.SIGINT,), 128 + signal.SIGINT, True),
    "interrupt twice": ((signal.SIGINT, signal.SIGINT), 128 + signal.SIGINT, False),
    "kill": ((signal.SIGKILL,), 128 + signal.SIGKILL, False),
}


class Started(subprocess.Popen[str]):
    """A process that does not outlive a test which fails."""

    def __exit__(self, failed: type[BaseException] | None, *args: Any) -> None:
        if failed is not None:
            self.kill()
        super().__exit__(failed, *args)


@dataclass
class Ended:
    """How a command ended that was sent signals; the status is a shell's."""

    status: int
    err: str


class Commands:
    """Runs commands in a repository, with temporary folders and a cache of their own, by which all are found."""

    def __init__(self, repository: GitRepository, folder: Path) -> None:
        self.repository = repository
        self.scratch, self.cache, self.hooks = (folder / name for name in ("scratch", "cache", "hooks"))
        for path in (self.scratch, self.hooks):
            path.mkdir()
        (self.hooks / "sitecustomize.py").write_text(AT_A_CALL, encoding="utf-8")
        self.environment = {
            **repository.environment,
            "TMPDIR": str(self.scratch),
            "OPFIXTURES_CACHE": str(self.cache),
            "PYTHONPATH": f"{self.hooks}{os.pathsep}{repository.environment['PYTHONPATH']}",
        }

    def start(self, *args: str, **environment: str) -> subprocess.Popen[str]:
        """Start the command line as the leader of a session, as a terminal does."""
        return Started(
            (sys.executable, "-m", "opfixtures", *args),
            cwd=self.repository.root,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def run(self, *args: str, **environment: str) -> Ended:
        """Run the command line to its end."""
        with self.start(*args, **environment) as process:
            _, err = process.communicate(timeout=300)
        return Ended(as_exit_status(process.returncode), err)

    def end(self, line: str, way: str, *args: str, **environment: str) -> Ended:
        """Send what `way` says, once it has printed a line with `line` on standard error."""
        with self.start(*args, **environment) as process:
            assert process.stderr is not None
            shown = ""
            while line not in shown:
                more = process.stderr.readline()
                assert more, shown
                shown += more
            send(process, way)
            _, err = process.communicate(timeout=60)
        return Ended(as_exit_status(process.returncode), shown + err)

    def processes(self, seconds: float = 30.0) -> list[str]:
        """The command lines of all that still runs after that time; returns as soon as nothing does."""
        until = time.monotonic() + seconds
        while (found := list(map(str, self._alive()))) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def _alive(self) -> list[bytes]:
        marker, found = os.fsencode(f"{self.scratch}"), []
        for path in Path("/proc").iterdir():
            try:
                is_ours = path.name.isdigit() and marker in (path / "environ").read_bytes()
                if is_ours and (path / "stat").read_text().rpartition(") ")[2][0] != "Z":
                    found.append((path / "cmdline").read_bytes())
            except OSError:
                continue
        return found

    def left(self) -> list[str]:
        """What no run needs: temporary files and folders, half environments, locks of none."""
        temporary = list(self.repository.root.rglob(".opfixtures-*"))
        environments = [path for path in self.cache.glob("*/*") if not path.name.startswith(".")]
        half = [
            path
            for path in environments
            if not (path.with_name(path.name.removesuffix(".lock")) / ".complete").exists()
        ]
        return sorted(map(str, [*self.scratch.iterdir(), *temporary, *half]))


def send(process: subprocess.Popen[str], way: str) -> None:
    """A closed terminal and Ctrl-C reach the whole group, others the process alone."""
    signals, _, _ = WAYS[way]
    for place, number in enumerate(signals):
        if place:
            # Later than what counts as the same wish.
            time.sleep(0.55)
        if process.poll() is not None:
            return
        if number in (signal.SIGINT, signal.SIGHUP):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def is_quiet(err: str) -> bool:
    """Whether nothing but progress, what was warned of, and one sentence was said."""
    said = [line for line in err.splitlines() if not re.match(r"\[ *[0-9.]+ s\] ", line)]
    return len(said) <= 1 and "Traceback" not in err


def as_nobody(ask: Callable[[], object]) -> str:
    """What a function gives, or its error, called by a user who owns nothing."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            said = str(ask())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        told = stream.read().decode()
    os.waitpid(child, 0)
    return told
