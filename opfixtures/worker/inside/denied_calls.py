"""System calls that a process gives up: those that reach other processes, the network, or what files say of themselves.

A filter needs no privilege (https://docs.kernel.org/userspace-api/seccomp_filter.html). The numbers are those of
<asm/unistd.h>, the instructions those of <linux/filter.h>.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Iterable, NamedTuple

from .system_calls import prctl

LOAD, EQUAL, AT_LEAST, END = 0x20, 0x15, 0x35, 0x06
DENY, ALLOW = 0x00050000 | 1, 0x7FFF0000  # SECCOMP_RET_ERRNO | EPERM
FIRST_OF_X32 = 0x40000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS = {
    "x86_64": {
        "socket": 41, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
        "kill": 62, "tkill": 200, "tgkill": 234, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
        "prlimit64": 302, "fcntl": 72,
        "chmod": 90, "fchmod": 91, "fchmodat": 268, "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260,
        "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190,
        "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
        "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
    },
    "aarch64": {
        "socket": 198, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
        "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240,
        "prlimit64": 261, "fcntl": 25,
        "fchmod": 52, "fchmodat": 53, "fchown": 55, "fchownat": 54,
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7,
        "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
        "utimensat": 88,
    },
}  # fmt: skip
# They have one number everywhere.
EVERYWHERE = {"pidfd_send_signal": 424, "io_uring_setup": 425, "fchmodat2": 452, "setxattrat": 463,
              "removexattrat": 466, "file_setattr": 469}  # fmt: skip
REACHING_OUT = ("socket", "io_uring_setup", "ptrace", "process_vm_readv", "process_vm_writev")
SIGNALLING = ("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal")
SET_OWNER, SET_SIGNAL, SET_OWNER_EX = 8, 10, 15
# What Landlock lets be: modes, owners, attributes and times of any file that is the user's.
ABOUT_FILES = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr",
    "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat", "utime", "utimes",
    "futimesat", "utimensat", "file_setattr",
)  # fmt: skip


class Denied(NamedTuple):
    """A call that is denied: always, or by its argument of that number, where it is (not) one of these values."""

    call: str
    argument: int = -1
    values: tuple[int, ...] = ()
    unless: bool = False


def calls_outside() -> list[Denied]:
    """What no worker needs: sockets, a local one may lead to a Docker daemon, and other processes' memory."""
    return [Denied(call) for call in REACHING_OUT]


def calls_to_processes(own: int) -> list[Denied]:
    """What would stop, end or limit another process than the one with the id `own`, which may abort."""
    return [
        *(Denied(call) for call in SIGNALLING),
        Denied("kill", 0, (own,), unless=True),
        Denied("tgkill", 0, (own,), unless=True),
        Denied("prlimit64", 0, (0, own), unless=True),
        Denied("fcntl", 1, (SET_OWNER, SET_SIGNAL, SET_OWNER_EX)),
    ]


def calls_about_files() -> list[Denied]:
    """What changes a file and does not write to it."""
    return [Denied(call) for call in ABOUT_FILES]


def deny(calls: Iterable[Denied]) -> bool:
    """Let these calls fail from now on, in this process and its children; whether the system does so."""
    machine = os.uname().machine
    if machine not in ARCHITECTURES or struct.calcsize("P") != 8:
        return False
    lines = filter_of(machine, calls)
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("HP", len(lines), ctypes.addressof(code)))
    return prctl(22, 2, ctypes.addressof(program)) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def filter_of(machine: str, calls: Iterable[Denied]) -> list[tuple[int, int, int, int]]:
    """The filter's instructions. Calls of another architecture, or of x32, are denied altogether."""
    numbers = {**NUMBERS[machine], **EVERYWHERE}
    lines = [
        (LOAD, 0, 0, 4),
        (EQUAL, 1, 0, ARCHITECTURES[machine]),
        (END, 0, 0, DENY),
        (LOAD, 0, 0, 0),
        (AT_LEAST, 0, 1, FIRST_OF_X32),
        (END, 0, 0, DENY),
    ]
    for denied in calls:
        if denied.call in numbers:
            lines += lines_for(numbers[denied.call], denied)
    return [*lines, (END, 0, 0, ALLOW)]


def lines_for(number: int, denied: Denied) -> list[tuple[int, int, int, int]]:
    if denied.argument < 0:
        return [(EQUAL, 0, 1, number), (END, 0, 0, DENY)]
    # The kernel takes no more than the lower half of these arguments, which comes first.
    count = len(denied.values)
    compared = [(EQUAL, count - place, 0, value) for place, value in enumerate(denied.values)]
    equal, other = (ALLOW, DENY) if denied.unless else (DENY, ALLOW)
    body = [(LOAD, 0, 0, 16 + 8 * denied.argument), *compared, (END, 0, 0, other), (END, 0, 0, equal)]
    return [(EQUAL, 0, len(body), number), *body]
