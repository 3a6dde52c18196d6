"""Namespaces: what runs in them has its own network, its own processes and a file system that it cannot write to."""

from __future__ import annotations

import os
import struct
from contextlib import suppress

from .system_calls import LIBC, mount, system_call

# <linux/sched.h>
NEW_MOUNTS, NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x20000, 0x10000000, 0x20000000, 0x40000000
# <linux/mount.h>
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXECUTION, RECURSIVE, PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
MOUNT_SETATTR, AND_BELOW = 442, 0x8000
SHARED_MEMORY = "/dev/shm"
MOST_BYTES, MOST_FILES = 512 << 20, 50_000


def enter_namespaces() -> int:
    """New namespaces, as many as the system gives: which, as bits. Processes started from now on are in them.

    Another user namespace, even without a privilege in it, ends all access to processes outside. Ubuntu 24.04 gives
    users no more than that (https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces).
    """
    user, group = os.geteuid(), os.getegid()
    inner = NEW_MOUNTS | NEW_PROCESSES | NEW_NETWORK
    for wanted in (NEW_USER | inner, inner, NEW_USER | NEW_NETWORK, NEW_NETWORK, NEW_USER):
        if LIBC.unshare(wanted) == 0:
            if wanted & NEW_USER:
                keep_identity(user, group)
            return wanted
    return 0


def keep_identity(user: int, group: int) -> None:
    """Be the same user inside: files of nobody cannot be made on a file system that is mounted there."""
    maps = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"}
    with suppress(OSError):
        for name, text in maps.items():
            with open(f"/proc/self/{name}", "w") as stream:
                stream.write(text)


def mount_read_only(home: str) -> bool:
    """Make all that is mounted read-only but for `home`, which is empty and in memory; whether that is so.

    Nothing of it is seen outside. Processes outside are not to be seen where the system lets /proc be mounted.
    """
    limits = f"size={MOST_BYTES},nr_inodes={MOST_FILES},mode=700"
    if not (mount("", "/", RECURSIVE | PRIVATE) and mount("tmpfs", home, NO_SUID | NO_DEVICES, limits)):
        return False
    # Semaphores are files there: libraries make some when they are imported.
    has_memory = mount("tmpfs", SHARED_MEMORY, NO_SUID | NO_DEVICES, limits)
    mount("proc", "/proc", READ_ONLY | NO_SUID | NO_DEVICES | NO_EXECUTION)
    if not set_read_only("/", AND_BELOW):
        return False
    return set_read_only(home, clear=True) and (not has_memory or set_read_only(SHARED_MEMORY, clear=True))


def set_read_only(folder: str, flags: int = 0, clear: bool = False) -> bool:
    """Set, or clear, that what is mounted there cannot be written to; whether that is done. Linux 5.12 on."""
    change = struct.pack("QQQQ", 0 if clear else READ_ONLY, READ_ONLY if clear else 0, 0, 0)
    return system_call(MOUNT_SETATTR, -1, os.fsencode(folder), flags, change, len(change)) == 0
