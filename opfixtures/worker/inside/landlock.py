"""Landlock: a process gives up writing outside of folders, and signals to processes outside.

https://docs.kernel.org/userspace-api/landlock.html, numbers of <linux/landlock.h>.
"""

from __future__ import annotations

import os
import struct
from typing import Iterable

from .namespaces import PLAIN_DEVICES
from .system_calls import system_call

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1
WRITE_FILE, REFER, TRUNCATE = 1 << 1, 1 << 13, 1 << 14
# Write, remove a folder or file, and make any kind of file.
WRITES = WRITE_FILE | sum(1 << bit for bit in range(4, 13)) | REFER | TRUNCATE
SIGNALS_AND_ABSTRACT_SOCKETS = 3
# Before its third version truncate() goes past it; signals are scoped from the sixth on.
FIRST_WITH_TRUNCATE, FIRST_WITH_SCOPES = 3, 6


def landlock_version() -> int:
    """The version that the system has, 0 or less without Landlock."""
    return system_call(CREATE_RULESET, None, 0, VERSION)


def write_only_below(folders: Iterable[str]) -> bool:
    """Give up, in this process and its children, writing elsewhere than in these folders; whether that is so.

    Where the system has it, signals to processes that did not give up the same, too.
    """
    version = landlock_version()
    if version < FIRST_WITH_TRUNCATE:
        return False
    scopes = SIGNALS_AND_ABSTRACT_SOCKETS if version >= FIRST_WITH_SCOPES else 0
    wanted = struct.pack("QQQ", WRITES, 0, scopes)[: 24 if scopes else 8]
    ruleset = system_call(CREATE_RULESET, wanted, len(wanted), 0)
    if ruleset < 0:
        return False
    try:
        for folder in folders:
            allow(ruleset, folder, WRITES)
        for device in PLAIN_DEVICES:
            allow(ruleset, device, WRITE_FILE | TRUNCATE)
        return system_call(RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def allow(ruleset: int, path: str, rights: int) -> None:
    """Let these rights be, at a path and below it. What is not there needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        system_call(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
