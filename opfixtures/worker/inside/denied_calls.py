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

LOAD, EQUAL, AT_LEAST, HAS_ANY, END = 0x20, 0x15, 0x35, 0x45, 0x06
FAILS, ALLOW = 0x00050000, 0x7FFF0000  # SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW
NOT_PERMITTED, NOT_THERE = 1, 38  # EPERM, ENOSYS
FIRST_OF_X32 = 0x40000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS = {
    "x86_64": {
        "socket": 41, "socketpair": 53, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
        "kill": 62, "tkill": 200, "tgkill": 234, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
        "prlimit64": 302, "fcntl": 72, "ioctl": 16, "setpriority": 141, "ioprio_set": 251,
        "sched_setparam": 142, "sched_setscheduler": 144, "sched_setaffinity": 203, "sched_setattr": 314,
        "unshare": 272, "setns": 308, "clone": 56, "memfd_create": 319, "flock": 73,
        "shmget": 29, "shmctl": 31, "semget": 64, "semctl": 66, "msgget": 68, "msgctl": 71,
        "mq_open": 240, "mq_unlink": 241, "add_key": 248, "request_key": 249, "keyctl": 250,
        "chmod": 90, "fchmod": 91, "fchmodat": 268, "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260,
        "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190,
        "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
        "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
    },
    "aarch64": {
        "socket": 198, "socketpair": 199, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
        "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240,
        "prlimit64": 261, "fcntl": 25, "ioctl": 29, "setpriority": 140, "ioprio_set": 30,
        "sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122, "sched_setattr": 274,
        "unshare": 97, "setns": 268, "clone": 220, "memfd_create": 279, "flock": 32,
        "shmget": 194, "shmctl": 195, "semget": 190, "semctl": 191, "msgget": 186, "msgctl": 187,
        "mq_open": 180, "mq_unlink": 181, "add_key": 217, "request_key": 218, "keyctl": 219,
        "fchmod": 52, "fchmodat": 53, "fchown": 55, "fchownat": 54,
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7,
        "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
        "utimensat": 88,
    },
}  # fmt: skip
# They have one number everywhere.
EVERYWHERE = {"pidfd_send_signal": 424, "io_uring_setup": 425, "clone3": 435, "memfd_secret": 447, "fchmodat2": 452,
              "setxattrat": 463, "removexattrat": 466, "file_setattr": 469}  # fmt: skip
REACHING_OUT = ("socket", "io_uring_setup", "ptrace", "process_vm_readv", "process_vm_writev")
# A stream between two ends of one's own. With datagrams either end reaches anybody's socket.
STREAMS = (0x1, 0x801, 0x80001, 0x80801)
SIGNALLING = (
    "tkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "pidfd_send_signal",
    "setpriority",
    "ioprio_set",
)
SCHEDULING = ("sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr")
SET_OWNER, SET_SIGNAL, SET_OWNER_EX, SET_LEASE = 8, 10, 15, 1024
# What is asked of a terminal, a pipe or a descriptor, without a change of what others have open, too: the rest
# stops a terminal, names whom a signal goes to, or sets attributes of files. Of <asm-generic/ioctls.h>.
ASKING = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A)
NEW_NAMESPACES = 0x7E020000
# What is kept by the system and not by a process, and memory of which nobody knows whose it is.
KEPT_ELSEWHERE = (
    "shmget", "shmctl", "semget", "semctl", "msgget", "msgctl", "mq_open", "mq_unlink", "add_key", "request_key",
    "keyctl", "memfd_create", "memfd_secret",
)  # fmt: skip
# What Landlock lets be: modes, owners, attributes and times of any file that is the user's.
ABOUT_FILES = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr",
    "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat", "utime", "utimes",
    "futimesat", "utimensat", "file_setattr",
)  # fmt: skip


class Denied(NamedTuple):
    """A call that is denied: always, or by its argument of that number, where it is (or, with `unless`, is not) one of
    these values, or has one of the bits in `mask`."""

    call: str
    argument: int = -1
    values: tuple[int, ...] = ()
    unless: bool = False
    mask: int = 0
    error: int = NOT_PERMITTED


def calls_outside() -> list[Denied]:
    """What no worker needs: sockets, a local one may lead to a Docker daemon, and other processes' memory."""
    return [*map(Denied, REACHING_OUT), Denied("socketpair", 1, STREAMS, unless=True)]


def calls_of_step(own: int) -> list[Denied]:
    """What would stop, end, slow or limit another process than the one with the id `own`, which may abort; what would
    outlive it; and namespaces, in which a process has privileges again."""
    return [
        *map(Denied, SIGNALLING),
        Denied("kill", 0, (own,), unless=True),
        Denied("tgkill", 0, (own,), unless=True),
        Denied("prlimit64", 0, (0, own), unless=True),
        *(Denied(call, 0, (0, own), unless=True) for call in SCHEDULING),
        Denied("fcntl", 1, (SET_OWNER, SET_SIGNAL, SET_OWNER_EX, SET_LEASE)),
        Denied("ioctl", 1, ASKING, unless=True),
        Denied("unshare"),
        Denied("setns"),
        Denied("clone", 0, mask=NEW_NAMESPACES),
        # A lock on a file that it can only read would keep others waiting.
        Denied("flock"),
        # What it would be asked for cannot be looked at: with this error the C library takes `clone`.
        Denied("clone3", error=NOT_THERE),
        *map(Denied, KEPT_ELSEWHERE),
    ]


def calls_about_files() -> list[Denied]:
    """What changes a file and does not write to it."""
    return [*map(Denied, ABOUT_FILES)]


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
        (END, 0, 0, FAILS | NOT_PERMITTED),
        (LOAD, 0, 0, 0),
        (AT_LEAST, 0, 1, FIRST_OF_X32),
        (END, 0, 0, FAILS | NOT_PERMITTED),
    ]
    for denied in calls:
        if denied.call in numbers:
            lines += lines_for(numbers[denied.call], denied)
    return [*lines, (END, 0, 0, ALLOW)]


def lines_for(number: int, denied: Denied) -> list[tuple[int, int, int, int]]:
    failing = FAILS | denied.error
    if denied.argument < 0:
        return [(EQUAL, 0, 1, number), (END, 0, 0, failing)]
    # The kernel takes no more than the lower half of these arguments, which comes first.
    tests = [(EQUAL, value) for value in denied.values] + ([(HAS_ANY, denied.mask)] if denied.mask else [])
    compared = [(test, len(tests) - place, 0, value) for place, (test, value) in enumerate(tests)]
    found, other = (ALLOW, failing) if denied.unless else (failing, ALLOW)
    body = [(LOAD, 0, 0, 16 + 8 * denied.argument), *compared, (END, 0, 0, other), (END, 0, 0, found)]
    return [(EQUAL, 0, len(body), number), *body]
