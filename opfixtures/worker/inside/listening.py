"""Listens to a child: what it told of its steps, and why it told no more."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import time
from typing import Any, Callable

from . import Json

MAX_TOLD_BYTES = 16 << 20
# An integer of TorchScript has 64 bits; Python reads much longer ones, and needs a quadratic time for it.
MAX_DIGITS = 20
# How often somebody looks what a step takes: most have ended before.
LOOK_SECONDS = 0.25


def listen(
    child: int, pipe: Any, token: bytes, names: list[str], seconds: float, too_much: Callable[[], str]
) -> tuple[dict[str, Json], str]:
    """What the child told of the steps of these names, and why it told no more. The child has ended then.

    `too_much` says what it takes too much of, if so.
    """
    os.set_blocking(pipe.fileno(), False)
    heard: dict[str, Json] = {}
    watched, rest, size, pause = [pipe], bytearray(), 0, 0.0005
    deadline, look = time.monotonic() + seconds, time.monotonic() + LOOK_SECONDS
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        chunk = pipe.read(1 << 20) if watched else None
        while chunk and size <= MAX_TOLD_BYTES:
            size += len(chunk)
            rest += chunk
            if b"\n" in chunk:
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    if line.startswith(token) and len(heard) < len(names):
                        heard[names[len(heard)]] = read_told(bytes(line[len(token) :]))
                        deadline, pause = time.monotonic() + seconds, 0.0005
            chunk = pipe.read(1 << 20)
        if chunk == b"":
            watched = []
        if len(heard) == len(names):
            ending = ""
        elif size > MAX_TOLD_BYTES:
            ending = f"its samples or its archive take more than {MAX_TOLD_BYTES >> 20} MiB"
        elif ended:
            ending = how_it_ended(status)
        elif time.monotonic() > deadline:
            ending = f"did not end within {seconds:g} seconds"
        elif time.monotonic() > look:
            look = time.monotonic() + LOOK_SECONDS
            ending = too_much()
            if not ending:
                continue
        else:
            select.select(watched, [], [], pause)
            pause = min(pause * 2, 0.02)
            continue
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        return heard, ending


def how_it_ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"crashed: {signal_name(os.WTERMSIG(status))}"
    code = os.WEXITSTATUS(status)
    return f"exited with status {code} before it was done" if code else "exited before it was done"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read_told(told: bytes) -> Json:
    """What a child told, as an object that the worker can hand on: a module may have written anything."""
    try:
        read = json.loads(told.decode(), parse_int=short_int, parse_float=finite, parse_constant=no_constant)
    except (ValueError, RecursionError):
        read = None
    return read if isinstance(read, dict) else {"refused": "exited before it was done"}


def short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("an integer of more than 64 bits")
    return int(text)


def finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(f"{text} is more than a float holds")
    return float(text)


def no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")
