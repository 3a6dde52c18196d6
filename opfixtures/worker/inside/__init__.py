"""Runs inside a runtime: exports fixture modules there, or replays fixtures. Standard library and torch only.

Python 3.7 syntax, torch 1.5.1 to today. These files are the package `opfixtures_worker` of a zip archive that is
written into an empty folder and started there as `python -s worker.zip`, with a JSON object on its standard input,
the job:

    {"task": "generate" | "replay" | "search" | "sweep" | "rerun" | "list", "import": operator module or null,
     "operators": those to describe, "upgraders": {name: its source in the tree or null},
     "seconds": time limit of one step, "rows": [...]}

    generate row: {"key", "operator", "source", "class", "file": the archive's name,
                   "bytecode": the version to backport a copy to or null, "samples": recorded ones to run again,
                   "tolerances": {dtype: [rtol, atol]}, "found": a committed archive}; "found" and "source" may
                   be absent: then nothing is reproduced, or nothing made
    replay row:   {"key", "operator", "archive", "loaders", "tolerances", "samples": [{"inputs", "output"}] (and
                   "inputs_after" in those whose run changed its inputs),
                   "upgrader_name", "raised": the archive with its version record raised, "control": written anew
                   as that one, with its own version}; an operator without an upgrader has null there, and no
                   "raised" and "control"

    search, sweep: `making/sampling.py` writes their rows; of sweep with "file", and what it tells has the archive too
    rerun row:    {"key", "loader", "archive", "tolerances", "samples"}: what comes of the samples, and how that differs
    list row:     {"key"}: the schemas of all operators

    "found", a replay's "archive", "raised" and "control" are archives themselves, in base64.

It answers with JSON lines on the standard output it was given: one `runtime` or `failed`, one `row` for each
row in their order ({"key", "told": what was seen, or {"refused": why}}), one `end`. It only observes; what the
observations mean is decided by the process that started it.

Fixture modules and archives are untrusted. What runs them is a forked child that tells what it saw through a
pipe, step by step: one that crashes, hangs or exits costs the step that it was in. Of a child that ran module
code an archive and sample inputs are believed, and nothing else: what an archive computes is told by another
child, forked from the worker, which never runs module code, when all processes of the first are gone.

Whatever is imported of this package is imported before the first child is forked: the archive lies where untrusted
code can write, and is not read again.
"""

from __future__ import annotations

from typing import Any

Json = Any
