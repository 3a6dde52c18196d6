"""What workers told, kept as it comes: a sweep that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from opfixtures import __version__
from opfixtures.runtimes import Runtime
from opfixtures.worker.job import as_text
from opfixtures.worker.observations import Json
from opfixtures.worker.packing import packed_worker

# Where the answers of a runtime are, in the folder of its environment: they go when that goes.
FOLDER = "sweeps"


class Journal:
    """The answers of one runtime, by what was asked: a line each, written at once.

    Without a path nothing is kept. Two sweeps may write into one file; a line that a kill cut short is read over.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._known = _read(path) if path else {}
        self._descriptor = -1

    def known(self, task: str, row: Mapping[str, Any]) -> Json | None:
        """What was told of a row before; None where it was not asked."""
        return self._known.get(asked(task, row))

    def write(self, task: str, row: Mapping[str, Any], told: Json) -> None:
        """Keep what was told of a row. Raises OSError."""
        if self._path is None:
            return
        key = asked(task, row)
        self._known[key] = told
        if self._descriptor < 0:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            # What was cut short has no end: a line of its own begins behind it.
            os.write(self._descriptor, b"\n")
        os.write(self._descriptor, json.dumps({"asked": key, "told": told}).encode() + b"\n")

    def close(self) -> None:
        """Nothing more is written."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def asked(task: str, row: Mapping[str, Any]) -> str:
    """What a row is kept by: another key wherever something else is asked."""
    text = json.dumps([task, {key: as_text(value) for key, value in row.items()}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def journal_path(runtime: Runtime) -> str | None:
    """The file of a runtime for this version of opfixtures, and for the operator module that its workers import; None
    for one that its owner may change: an interpreter."""
    if runtime.kind == "interpreter":
        return None
    # FOLDER/env/bin/python
    home = os.path.dirname(os.path.dirname(os.path.dirname(runtime.python)))
    # Two runtimes of the settings may share an environment, and import other modules there.
    module = (runtime.operator_module or "").encode()
    version = hashlib.sha256(packed_worker() + module).hexdigest()[:16]
    return os.path.join(home, FOLDER, f"{__version__}-{version}.jsonl")


def _read(path: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    with suppress(FileNotFoundError), open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with suppress(ValueError, KeyError, TypeError, RecursionError):
                one = json.loads(line)
                if isinstance(one["told"], dict):
                    found[one["asked"]] = one["told"]
    return found
