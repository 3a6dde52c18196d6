"""Forked children: what runs untrusted code, step by step, and tells what it saw through a pipe."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import suppress
from typing import Any, NoReturn

import torch

from . import Json
from .answers import close_answers
from .isolation import HELD, LANDLOCK, READ_ONLY_MOUNTS, shut_in
from .leftovers import is_removed
from .limits import limit_step
from .listening import listen
from .namespaces import SHARED_MEMORY
from .process_table import end_children
from .reasons import where, whole
from .usage import excess
from .whereabouts import read, share

Step = Any  # tuple[str, Callable[[], Json]]
HOME = os.getcwd()
# What the operator module's import started, and the lanes: no step leaves it behind.
HELPERS: set[int] = set()


def in_children(steps: list[Step], seconds: float) -> dict[str, Json]:
    """What each step tells, run one after the other in a forked child, with `seconds` for each.

    A step that does not come to its end has {"refused": why}, and "at" what it was in, where that was noted; those
    behind it go on in a new child. Whatever the children started has ended with them.
    """
    told: dict[str, Json] = {}
    while steps:
        shared = share()
        heard, ending = in_child(steps, seconds)
        told.update(heard)
        steps = steps[len(heard) :]
        if steps:
            at = read(shared)
            told[steps[0][0]] = {"refused": ending, "at": at} if at else {"refused": ending}
            steps = steps[1:]
    return told


def in_child(steps: list[Step], seconds: float) -> tuple[dict[str, Json], str]:
    """What the first steps tell, as far as the child comes, and why it came no further; empty if it did them all."""
    reader, writer = os.pipe()
    kept = all_that_is_there()
    folder = tempfile.mkdtemp(dir=HOME)
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
        names = [name for name, _ in steps]
        heard, ending = listen(child, pipe, token, names, seconds, lambda: excess(folder, HELPERS))
    # Nobody is to be believed in their presence.
    if not end_children(HELPERS):
        give_up("processes that a fixture module left behind cannot be ended")
    made = {folder, *(all_that_is_there().keys() - kept.keys())}
    left = [path for path in made if not is_removed(path)]
    if left:
        give_up("files that a fixture module left behind cannot be removed")
    if all_that_is_there() != kept:
        give_up(
            "a fixture module changed files that were there before, such as those of the operator module's import"
        )
    return heard, ending


def all_that_is_there() -> dict[str, tuple[int, ...]]:
    """What there is in the places that a step can write to beside its own folder, by path, with what shows that it was
    changed. Where Landlock holds there are none."""
    places = [] if LANDLOCK in HELD else [HOME, *([SHARED_MEMORY] if READ_ONLY_MOUNTS in HELD else [])]
    found: dict[str, tuple[int, ...]] = {}
    while places:
        with suppress(OSError), os.scandir(places.pop()) as entries:
            for entry in entries:
                seen = entry.stat(follow_symlinks=False)
                found[entry.path] = (seen.st_mode, seen.st_ino)
                if entry.is_dir(follow_symlinks=False):
                    places.append(entry.path)
                else:
                    # Nobody sets the last one back.
                    found[entry.path] += (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
    return found


def give_up(reason: str) -> NoReturn:
    """End the worker: another one goes on with the next row."""
    sys.stderr.write(reason + "\n")
    sys.stderr.flush()
    os._exit(1)


def live(steps: list[Step], seconds: float, writer: int, token: bytes, folder: str) -> None:
    """The child's whole life. It never returns into the worker's code, whatever happens."""
    leave, status = os._exit, 1
    try:
        close_answers()
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.chdir(folder)
        os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = folder
        limit_step(seconds * len(steps))
        shut_in(folder)
        with os.fdopen(writer, "wb") as pipe:
            for _, function in steps:
                torch.set_grad_enabled(True)
                try:
                    told = function()
                except BaseException as error:
                    told = {"refused": whole(error), "at": where(error)}
                pipe.write(b"\n%s%s\n" % (token, json.dumps(told, allow_nan=False).encode()))
                pipe.flush()
        status = 0
    finally:
        leave(status)
