"""Namespaces: what runs in them has its own network, its own processes and a file system that it cannot write to."""

from __future__ import annotations

import os
import struct
import sys
from contextlib import suppress

from .system_calls import LIBC, bind, mount, system_call

# <linux/sched.h>
NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = (
    0x20000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
# <linux/mount.h>
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXECUTION, RECURSIVE, PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
MOUNT_SETATTR, AND_BELOW, DETACH = 442, 0x8000, 2
DEVICES = "/dev"
SHARED_MEMORY = "/dev/shm"
PLAIN_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
STREAMS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
MOST_BYTES, MOST_FILES = 512 << 20, 50_000


def enter_namespaces() -> int:
    """New namespaces, as many as the system gives: which, as bits. Processes started from now on are in them.

    Another user namespace, even without a privilege in it, ends all access to processes outside. Ubuntu 24.04 gives
    users no more than that (https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces).
    """
    user, group = os.geteuid(), os.getegid()
    inner = NEW_MOUNTS | NEW_IPC | NEW_PROCESSES | NEW_NETWORK
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


def mount_read_only(home: str) -> list[str]:
    """Make all that is mounted read-only but for `home`, which is empty and in memory.

    Terminals and other devices are not there, nor processes outside where the system lets /proc be mounted. Outside,
    nothing of it is seen.

    Returns:
        The folders that can still be written to; none where all can.
    """
    if not (mount("", "/", RECURSIVE | PRIVATE) and mount_memory(home)):
        return []
    mount("proc", "/proc", READ_ONLY | NO_SUID | NO_DEVICES | NO_EXECUTION)
    devices = mount_devices(home)
    writable = [home, SHARED_MEMORY] if devices else [home]
    is_set = set_flags("/", READ_ONLY | (NO_DEVICES if devices else 0), AND_BELOW)
    # A device is written to where its mount is read-only, too: its mode and its owner are not.
    is_open = [clear_flags(place, READ_ONLY | NO_DEVICES) for place in writable]
    is_open += [clear_flags(device, NO_DEVICES) for device in devices]
    return writable if is_set and all(is_open) else []


def mount_devices(home: str) -> list[str]:
    """Have no devices but the plain ones, and shared memory of one's own.

    Semaphores are files there, and libraries make some when they are imported.

    Returns:
        The paths of the devices; none where something that is needed lies among them, and would be covered.
    """
    used = [os.path.realpath(path) for path in (home, sys.prefix, sys.base_prefix, *sys.path)]
    if any(path.startswith(DEVICES + os.sep) for path in used):
        return []
    stage = os.path.join(home, "devices")
    os.mkdir(stage)
    if not mount_memory(stage):
        return []
    for device in PLAIN_DEVICES:
        place = os.path.join(stage, os.path.basename(device))
        with open(place, "w"):
            pass
        bind(device, place)
    for name, target in STREAMS.items():
        os.symlink(f"/proc/self/fd{target}", os.path.join(stage, name))
    os.mkdir(os.path.join(stage, os.path.basename(SHARED_MEMORY)))
    if not (bind(stage, DEVICES, RECURSIVE) and mount_memory(SHARED_MEMORY)):
        return []
    LIBC.umount2(os.fsencode(stage), DETACH)
    os.rmdir(stage)
    return [*PLAIN_DEVICES]


def mount_memory(folder: str) -> bool:
    limits = f"size={MOST_BYTES},nr_inodes={MOST_FILES},mode=700"
    return mount("tmpfs", folder, NO_SUID | NO_DEVICES, limits)


def set_flags(folder: str, flags: int, below: int = 0) -> bool:
    """Set these flags of what is mounted there; whether that is done. Linux 5.12 on."""
    return change_flags(folder, struct.pack("QQQQ", flags, 0, 0, 0), below)


def clear_flags(folder: str, flags: int) -> bool:
    return change_flags(folder, struct.pack("QQQQ", 0, flags, 0, 0), 0)


def change_flags(folder: str, change: bytes, below: int) -> bool:
    return system_call(MOUNT_SETATTR, -1, os.fsencode(folder), below, change, len(change)) == 0
