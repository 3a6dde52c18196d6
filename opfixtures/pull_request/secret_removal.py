"""Takes a secret out of the environment of this process, where others of the same user could read it."""

from __future__ import annotations

import ctypes
from collections.abc import MutableMapping


def remove_secret(environment: MutableMapping[str, str], name: str) -> None:
    """Remove the variable `name` from `environment`, which is os.environ, and overwrite its value.

    Removing alone leaves /proc/PID/environ as it was: that is the memory which the process was started with
    (https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html).
    """
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    address = libc.getenv(name.encode())
    if address:
        ctypes.memset(address, 0, len(ctypes.string_at(address)))
    environment.pop(name, None)
