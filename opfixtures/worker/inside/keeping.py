"""The worker's own house: a keeper outside of it, namespaces around it, and nothing that outlives it."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
from typing import Any, NoReturn

from .answers import close_answers, is_listened_to
from .namespaces import NEW_PROCESSES, enter_namespaces
from .process_table import end_children
from .system_calls import prctl

# <linux/prctl.h>
END_WITH_PARENT, DUMPABLE, SUBREAPER, NO_NEW_PRIVILEGES = 1, 4, 36, 38


def move_in() -> int:
    """Go on in a child, of which this process is the keeper, in new namespaces: which, as bits.

    The keeper ends what the worker leaves behind, and ends as the worker did; it ends the worker when the process
    that started it ends or says so. Where the system gives a namespace for processes, its first one stands between:
    with that one the system itself ends all that is in there.
    """
    if sys.platform != "linux":
        return 0
    # Whoever started this one may have it ignored: then nobody could wait for a child.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Nobody gets more by starting another program (sudo), or looks into this one and what it hands on.
    prctl(NO_NEW_PRIVILEGES, 1)
    entered = enter_namespaces()
    prctl(DUMPABLE, 0)
    answer_for_children(signal.SIGTERM)
    if not is_listened_to():
        os._exit(1)
    leave_keeper()
    if entered & NEW_PROCESSES:
        leave_keeper()
    answer_for_children(signal.SIGKILL)
    return entered


def answer_for_children(ending: int) -> None:
    """Get what children leave behind, and be sent the signal `ending` when the process that started this one ends."""
    prctl(SUBREAPER, 1)
    prctl(END_WITH_PARENT, ending)


def leave_keeper() -> None:
    """Return in a child that ends with its parent, the keeper."""
    alive, held_open = os.pipe()
    child = os.fork()
    if child:
        keep(child)
    os.close(held_open)
    prctl(END_WITH_PARENT, signal.SIGKILL)
    # It may have ended before: that closed its side.
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)
    os.close(alive)


def keep(child: int) -> NoReturn:
    """Wait for the child, end what it left behind, and end as it did."""

    def stop(*_: Any) -> None:
        os.kill(child, signal.SIGKILL)

    status = 1 << 8
    try:
        # The first process of a namespace gets no signal from inside that it does not handle.
        handled = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) if os.getpid() != 1 else ()
        for number in handled:
            signal.signal(number, stop)
        # Any process of the user may have it sent.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        close_answers()
        ended = 0
        while ended != child:
            ended, status = os.wait()
        for number in handled:
            signal.signal(number, signal.SIG_IGN)
        end_children(set())
    finally:
        end_as(status)


def end_as(status: int) -> NoReturn:
    """End as a process of this status did. The first one of a namespace cannot: it tells as a shell does."""
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
    if code > 128 and os.getpid() != 1:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if code - 128 not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(code - 128, signal.SIG_DFL)
        os.kill(os.getpid(), code - 128)
    os._exit(code)
