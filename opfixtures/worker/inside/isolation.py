"""What a worker and a step of it may not do, each thing where the system lets a process give it up."""

from __future__ import annotations

import os
import struct
import sys

from .denied_calls import calls_about_files, calls_of_step, calls_outside, deny
from .keeping import move_in
from .landlock import write_only_below
from .namespaces import NEW_MOUNTS, NEW_NETWORK, NEW_PROCESSES, NEW_USER, mount_read_only
from .system_calls import LIBC

NAMESPACES = {
    NEW_USER: "user namespace",
    NEW_PROCESSES: "PID namespace",
    NEW_NETWORK: "network namespace",
}
READ_ONLY_MOUNTS, LANDLOCK, SECCOMP = "read-only mounts", "Landlock", "seccomp"
HELD: list[str] = []
"""What the system gave."""


def isolate(home: str) -> None:
    """Go on as a worker in the folder `home`.

    No privileges, no sockets, no look into other processes, nothing to write to but `home`, nothing that outlives it.
    """
    entered = move_in()
    HELD.extend(name for bit, name in NAMESPACES.items() if entered & bit)
    # In the mounts of all it would be done to all.
    places = mount_read_only(home) if entered & NEW_MOUNTS else []
    if places:
        HELD.append(READ_ONLY_MOUNTS)
    # Not the folder that lies below what is mounted there.
    os.chdir(home)
    if sys.platform != "linux":
        return
    if write_only_below(places or [home]):
        HELD.append(LANDLOCK)
    drop_capabilities()
    if deny(calls_outside()):
        HELD.append(SECCOMP)


def shut_in(folder: str) -> None:
    """In a step: write to nothing but its own folder, and reach no other process."""
    if sys.platform != "linux":
        return
    if LANDLOCK in HELD:
        write_only_below([folder])
    about_files = [] if READ_ONLY_MOUNTS in HELD else calls_about_files()
    deny([*calls_of_step(os.getpid()), *about_files])


def drop_capabilities() -> None:
    """Those inside a namespace undo what is mounted there; root has them without one (capget(2), version 3)."""
    LIBC.capset(struct.pack("Ii", 0x20080522, 0), bytes(24))
