"""The worker is packed into one file, which is read before anything untrusted runs and never again."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from typing import Any

import pytest

from opfixtures.runtimes.pythons import find_python
from opfixtures.worker.packing import PACKAGE, packed_worker, worker_files
from tests.defences import WRITES

# An archive whose directory has 4 bytes: who reads that, or a file that was in it, gets an EOFError.
BROKEN = b"PK\1\2" + b"PK\5\6" + bytes(8) + b"\4" + bytes(9)
# What a library does when it is imported, before the worker forks.
SPOILS = """\
import importlib, json, os, sys, torch, traceback

json.dump(sorted(name for name in sys.modules if name.startswith("opfixtures")), open({modules!r}, "w"))
with open(os.path.join(os.path.dirname(os.environ["HOME"]), "worker.zip"), "wb") as archive:
    archive.write({broken!r})
importlib.invalidate_caches()
assert "worker.zip/opfixtures_worker/job.py" in "".join(traceback.format_stack())
"""


def test_it_is_packed_to_the_same_bytes() -> None:
    assert packed_worker() == packed_worker()
    with zipfile.ZipFile(io.BytesIO(packed_worker())) as archive:
        members = archive.infolist()
        assert {name: archive.read(name).decode() for name in archive.namelist()} == worker_files()
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}


def test_nothing_of_it_can_hide_a_module_of_a_runtime() -> None:
    assert {name.partition("/")[0] for name in worker_files()} == {"__main__.py", PACKAGE}


def test_python_3_7_compiles_every_file_from_the_archive(worker_zip: str) -> None:
    python = find_python("3.7", os.environ)
    if python is None:
        pytest.skip("there is no Python 3.7 here")
    code = (
        "import sys, zipimport; archive = zipimport.zipimporter(sys.argv[1]);"
        "print(*(archive.get_code(name).co_filename for name in sys.argv[2:]))"
    )
    package = os.path.join(worker_zip, PACKAGE)
    files = [name.rpartition("/") for name in worker_files()]
    inner = [name[:-3] for folder, _, name in files if folder]
    for place, names in ((worker_zip, ["__main__"]), (package, inner)):
        done = subprocess.run([python, "-c", code, place, *names], capture_output=True, text=True, check=True)
        assert done.stdout.split() == [os.path.join(place, f"{name}.py") for name in names] != []


def test_all_of_it_is_imported_before_the_operator_module(
    library: Any, old: Any, replay: Any, after: str, new_modules: Any, good: str, tmp_path: Any, without: Any
) -> None:
    """A library that puts a broken archive in its place takes nothing from the worker."""
    without(WRITES)
    modules = tmp_path / "modules"
    spoils = (("__init__.py", "import torch\n", SPOILS.format(modules=str(modules), broken=BROKEN)),)
    archives = {f"{name} {number}": old[name] for number in range(10) for name in ("scale", "halve")}
    spoilt = library("before", "change", edits=spoils)
    assert replay(spoilt, archives)[1] == replay(after, archives)[1]
    imported = {name[:-3].replace("/", ".").replace(".__init__", "") for name in worker_files()}
    assert set(json.loads(modules.read_text())) == imported - {"__main__"}

    told = []
    for python in (spoilt, after):
        job = new_modules()
        job.add("good", good)
        job.add("bad", "class M: pass")
        told.append(job.export(python, module="tinyops"))
    assert told[0].rows == told[1].rows
    assert told[0].failure == told[1].failure == ""
    assert set(told[0].rows) == {"good", "bad"}


@pytest.mark.parametrize("torch", ["1.5.1", "1.9.1", "1.11.0", "2.13.0"])
def test_a_module_that_breaks_the_archive_takes_nothing_from_the_next(
    release: Any, modules: Any, good: str, when_made: Any, torch: str, without: Any
) -> None:
    """Today's torch formats a stack in each row, for which Python looks for the source of all that is in it."""
    without(WRITES)
    home = "os.path.dirname(os.path.dirname(os.environ['HOME']))"
    modules.add("first", good)
    modules.add("breaks it", when_made(f"open({home} + '/worker.zip', 'wb').write({BROKEN!r})"))
    modules.add("last", good)
    answers = modules.export(release(torch))
    (packed,) = modules.folder.glob("scratch/*/worker.zip")
    assert packed.read_bytes() == BROKEN
    assert "refused" not in answers.rows["breaks it"]
    assert answers.rows["last"] == answers.rows["first"]
    assert answers.rows["last"]["samples"]
