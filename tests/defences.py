"""Takes a defence out, to see that an attack comes through without it.

A worker is packed with lines at the end of one of its files that put something weaker in the place of a function. In
opfixtures itself lines are run before the command.
"""

from __future__ import annotations

import pytest

from opfixtures import cli
from opfixtures.worker import packing
from opfixtures.worker.packing import PACKAGE, worker_files

WRITES = "what limits writing"
SIGNALS = "what a step may not call"
NAMESPACES = "the namespaces"
KEEPER = "the keeper"
ENDED_BETWEEN = "the end of all that a step left behind"
OWN_CHILD = "the process of its own that runs an archive"
LOOKED_AT = "what looks at the commit of a record, and reproduces its fixture"
OTHER_PROGRAM = "what compares the program of an archive with that of the one made again"
ONE_LAYOUT = "what refuses an archive that readers see differently"
VALUE = "what alters the value of an upgrader"
CONTROL = "the control of an archive that is raised"
NAMES = "what takes a name for all of its overloads"
IN_MEMORY = "what loads an archive without a file"
INPUTS_AFTER = "what compares the inputs after a run"
ADDED_ARGUMENT = "what asks what a new argument means to old models"
ALTERED_APART = "the child of its own for what is altered"
LANDLOCK_ALONE = "Landlock"
LOOKS_BELOW = "what looks at all that a step could write to"
ESCAPED = "what makes text printable"
SOCKETS = "what denies sockets"
ISOLATION = "all that isolates a worker"
USAGE = "what looks at how much a step takes"
FILES = "the limit of a file"
LIMITS = "the limits of a step"

WEAKER = {
    WRITES: {
        "isolation": "mount_read_only = write_only_below = lambda _: []\ncalls_about_files = list",
    },
    VALUE: {
        "replaying": "replay_multiplied = lambda *_: {'not_tried': 'taken out'}",
        "formats": """
for name, one in FORMATS.items():
    FORMATS[name] = one._replace(multiplied=lambda *_: {"not_tried": "taken out"})
""",
    },
    ALTERED_APART: {
        "replaying": """
def told_of_replay(row, seconds):
    steps = [step for steps in steps_of_replay(row) for step in steps]
    return in_children(sorted(steps, key=lambda step: step[0] == "marker"), seconds)
""",
    },
    IN_MEMORY: {"archives": "loaded = lambda archive, load: load(written(archive))"},
    ADDED_ARGUMENT: {
        "upgraders": "means_what_it_did = lambda _, argument, value: is_default(value.toIValue(), argument)"
    },
    INPUTS_AFTER: {
        "running": """
def sample_difference(sample, told, row):
    return difference(sample["output"], told["output"], row["tolerances"])
"""
    },
    ISOLATION: {"isolation": "isolate, shut_in = os.chdir, lambda folder: None"},
    SIGNALS: {"isolation": "calls_of_step = lambda _: []", "landlock": "FIRST_WITH_SCOPES = 99"},
    LANDLOCK_ALONE: {"landlock": "landlock_version = lambda: -1"},
    LOOKS_BELOW: {"children": "all_that_is_there = dict"},
    NAMESPACES: {"keeping": "enter_namespaces = lambda: 0"},
    KEEPER: {"keeping": "leave_keeper = lambda: None"},
    ENDED_BETWEEN: {"children": "end_children = lambda _: True"},
    FILES: {"limits": "MAX_FILE_BYTES = 8 << 30"},
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


WEAKER_HERE = {
    NAMES: """
from opfixtures.proving import replay_facts
replay_facts._others = lambda _, archive, __: archive.operators
""",
    CONTROL: """
from opfixtures.proving import replay_facts
replay_facts._unlike_the_record = lambda _: ""
""",
    ONE_LAYOUT: """
from opfixtures.archives import archive
archive._problem = lambda *_: ""
""",
    OTHER_PROGRAM: """
from dataclasses import replace
from opfixtures.archives import formats
for name, one in formats.FORMATS.items():
    formats.FORMATS[name] = replace(one, difference=lambda *_: None)
""",
    LOOKED_AT: """
from opfixtures.proving import generate
generate._with_reproduction = lambda sound, *_: sound
""",
    ESCAPED: """
from opfixtures.report import result_text, screen
result_text.printable = screen.printable = str
from opfixtures.commands import progress
progress.printable = str
""",
}


def weaker_files(*defences: str) -> dict[str, str]:
    """The worker's files without these defences."""
    files = dict(worker_files())
    for defence in defences:
        for name, lines in WEAKER.get(defence, {}).items():
            files[f"{PACKAGE}/{name}.py"] += f"\n{lines}\n"
    return files


def take_out(patch: pytest.MonkeyPatch, *defences: str) -> None:
    """Pack workers without these defences from now on."""
    files = weaker_files(*defences)
    patch.setattr(packing, "worker_files", lambda: files)


def main(defences: list[str], arguments: list[str]) -> int:
    """Run the command line in this process, without these defences."""
    files = weaker_files(*defences)
    packing.worker_files = lambda: files
    for defence in defences:
        exec(WEAKER_HERE.get(defence, ""), {})
    return cli.main(arguments)
