"""What a worker gives up before anything else runs in it. Standard library alone."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from typing import Any


def isolate() -> None:
    """Give up what a fixture module must not have, each thing where the system lets a process give it up.

    No privileges (sudo), no sockets, no look into other processes: not into the worker, whose answers could
    be forged through its open files, and not into what started it. Processes that a module leaves behind
    become the worker's children, and the worker ends with the process that started it.
    The numbers are those of Linux's <linux/prctl.h> and <linux/sched.h>.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    prctl(libc, 38, 1)  # PR_SET_NO_NEW_PRIVS
    new_network, new_user = 0x40000000, 0x10000000
    # Another user namespace, even without a privilege in it, ends all access to processes outside.
    if libc.unshare(new_user | new_network) != 0:
        libc.unshare(new_network)
    deny_sockets(libc, os.uname().machine)
    prctl(libc, 4, 0)  # PR_SET_DUMPABLE
    answer_for_children(libc)


def answer_for_children(libc: Any) -> None:
    """Get what children leave behind, and end with the process that started this one."""
    prctl(libc, 36, 1)  # PR_SET_CHILD_SUBREAPER
    prctl(libc, 1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def prctl(libc: Any, option: int, value: int) -> int:
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    status: int = libc.prctl(option, *arguments)
    return status


def deny_sockets(libc: Any, machine: str) -> bool:
    """Let socket() fail from now on, in this process and its children; whether the system does so.

    Ubuntu 24.04, GitHub's runner, refuses network namespaces to users, and a local socket may lead to a
    Docker daemon. A filter needs no privilege (https://docs.kernel.org/userspace-api/seccomp_filter.html).
    """
    numbers = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}.get(machine)
    if numbers is None or struct.calcsize("P") != 8:
        return False
    architecture, socket = numbers
    io_uring_setup, first_of_x32 = 425, 0x40000000
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    filters = [
        (load, 0, 0, 4),
        (equal, 0, 4, architecture),
        (load, 0, 0, 0),
        (at_least, 2, 0, first_of_x32),
        (equal, 1, 0, io_uring_setup),
        (equal, 0, 1, socket),
        (end, 0, 0, 0x00050000 | 13),  # SECCOMP_RET_ERRNO | EACCES
        (end, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in filters))
    program = ctypes.create_string_buffer(struct.pack("HP", len(filters), ctypes.addressof(code)))
    done: int = libc.prctl(22, ctypes.c_ulong(2), program, ctypes.c_ulong(0), ctypes.c_ulong(0))
    return done == 0  # 22, 2: PR_SET_SECCOMP, SECCOMP_MODE_FILTER
