"""Forked children: what runs untrusted code, step by step, and tells what it saw through a pipe."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from typing import Any

import torch

from . import Json
from .answers import close_answers
from .limits import limit_step
from .listening import listen
from .process_table import children
from .reasons import whole

Step = Any  # tuple[str, Callable[[], Json]]
HOME = os.getcwd()
# What the operator module's import started, and the lanes: no step leaves it behind.
HELPERS: set[int] = set()


def in_children(steps: list[Step], seconds: float) -> dict[str, Json]:
    """What each step tells, run one after the other in a forked child, with `seconds` for each.

    A step that does not come to its end has {"refused": why}; those behind it go on in a new child. Whatever the
    children started has ended with them.
    """
    told: dict[str, Json] = {}
    while steps:
        heard, ending = in_child(steps, seconds)
        told.update(heard)
        steps = steps[len(heard) :]
        if steps:
            told[steps[0][0]] = {"refused": ending}
            steps = steps[1:]
    return told


def in_child(steps: list[Step], seconds: float) -> tuple[dict[str, Json], str]:
    """What the first steps tell, as far as the child comes, and why it came no further; empty if it did them all."""
    reader, writer = os.pipe()
    folder = scratch_folder()
    # An archive's code can write to its own process's files: what it writes there is not taken for the child's.
    token = os.urandom(16).hex().encode()
    sys.stderr.flush()
    try:
        child = os.fork()
    except OSError as error:
        os.close(reader)
        os.close(writer)
        return {}, f"no process could be started for it: {error.strerror}"
    if child == 0:
        os.close(reader)
        live(steps, seconds, writer, token, folder)
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        heard, ending = listen(child, pipe, token, [name for name, _ in steps], seconds)
    end_children(HELPERS)
    return heard, ending


def scratch_folder() -> str:
    """A folder of the step's own, below the worker's, which a module may have removed."""
    os.makedirs(HOME, exist_ok=True)
    return tempfile.mkdtemp(dir=HOME)


def live(steps: list[Step], seconds: float, writer: int, token: bytes, folder: str) -> None:
    """The child's whole life. It never returns into the worker's code, whatever happens."""
    leave, status = os._exit, 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        close_answers()
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.chdir(folder)
        os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = folder
        limit_step(seconds * len(steps))
        with os.fdopen(writer, "wb") as pipe:
            for _, function in steps:
                torch.set_grad_enabled(True)
                try:
                    told = function()
                except BaseException as error:
                    told = {"refused": whole(error)}
                pipe.write(b"\n%s%s\n" % (token, json.dumps(told, allow_nan=False).encode()))
                pipe.flush()
        status = 0
    finally:
        leave(status)


def end_children(spared: set[int]) -> None:
    """End all children but the spared ones, those included that a module's process left behind.

    Where they do not end the worker does: nobody is to be believed in their presence.
    """
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        left = children() - spared
        if not left:
            return
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)
    sys.stderr.write("processes that a fixture module left behind cannot be ended\n")
    sys.stderr.flush()
    os._exit(1)
