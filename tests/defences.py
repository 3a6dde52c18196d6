"""Takes a defence of the worker out, to see that an attack comes through without it.

A worker is packed with lines at the end of one of its files that put something weaker in the place of a function.
"""

from __future__ import annotations

import pytest

from opfixtures.worker import packing
from opfixtures.worker.packing import PACKAGE, worker_files

WRITES = "what limits writing"
SIGNALS = "what limits signals"
PROCESS_NAMESPACE = "the namespaces"
KEEPER = "the keeper"
ENDED_BETWEEN = "the end of all that a step left behind"
OWN_CHILD = "the process of its own that runs an archive"
NOT_FOLLOWED = "the folder of a step's own"
SOCKETS = "what denies sockets"
USAGE = "what looks at how much a step takes"
LIMITS = "the limits of a step"

WEAKER = {
    WRITES: {
        "isolation": "mount_read_only = write_only_below = lambda _: False\ncalls_about_files = list",
    },
    SIGNALS: {"isolation": "calls_to_processes = lambda _: []", "landlock": "FIRST_WITH_SCOPES = 99"},
    PROCESS_NAMESPACE: {"keeping": "enter_namespaces = lambda: 0"},
    KEEPER: {"keeping": "leave_keeper = lambda: None"},
    ENDED_BETWEEN: {"children": "end_children = lambda _: True"},
    SOCKETS: {"isolation": "deny = lambda _: False", "keeping": "enter_namespaces = lambda: 0"},
    USAGE: {"children": "excess = lambda *_: ''"},
    LIMITS: {"children": "limit_step = lambda _: None"},
    OWN_CHILD: {
        "exporting": """
def making(row, seconds):
    def all_of_it():
        told = make(row)
        return {**dict(steps_of_made(row, *made_by_module(told)))["run"](), "archive": told["archive"]}

    told = in_children([("make", all_of_it)], seconds)["make"]
    return {**told, "ran": {"ran": True}}
""",
    },
}


def take_out(patch: pytest.MonkeyPatch, *defences: str) -> None:
    """Pack workers without these defences from now on."""
    files = dict(worker_files())
    for defence in defences:
        for name, lines in WEAKER[defence].items():
            files[f"{PACKAGE}/{name}.py"] += f"\n{lines}\n"
    patch.setattr(packing, "worker_files", lambda: files)
