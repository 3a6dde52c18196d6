"""The worker's zip, imported for its pure parts; real workers; a real library whose two operators change."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import shutil
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opfixtures.archives.altered_archive import with_version
from opfixtures.archives.model import ArchiveError
from opfixtures.worker.job import Job
from opfixtures.worker.observations import RowReplayed, RuntimeSeen
from opfixtures.worker.packing import PACKAGE, packed_worker, worker_files
from opfixtures.worker.told import exported, row_replayed
from opfixtures.worker.worker_process import Answers, run_worker
from tests.defences import take_out
from tests.releases import python_of

TREES = Path(__file__).parents[2] / "demo" / "library"
OPERATORS = ("tinyops::scale", "tinyops::halve", "aten::gelu")
# An archive, the samples of its record, and the upgrader to look for, None for an operator without one.
Old = tuple[bytes, list[Any], str | None]
Replay = Callable[..., tuple[RuntimeSeen, dict[str, RowReplayed]]]


@pytest.fixture(scope="session")
def worker_zip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The worker as it is packed for a runtime."""
    path = tmp_path_factory.mktemp("worker") / "worker.zip"
    path.write_bytes(packed_worker())
    return str(path)


@pytest.fixture(scope="session")
def worker(worker_zip: str) -> Any:
    """What all files of the worker define, under one name; of `__main__`, which isolates its process, nothing."""
    names = [name[:-3].replace("/", ".") for name in worker_files() if "__" not in name]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # torch says so where numpy is missing.
        warnings.simplefilter("ignore")
        patch.syspath_prepend(worker_zip)
        modules = [importlib.import_module(name) for name in names]
    assert names
    assert {module.__package__ for module in modules} == {PACKAGE}
    return SimpleNamespace(**{name: value for module in modules for name, value in vars(module).items()})


@dataclass
class Modules:
    """Fixture modules to export in one job."""

    folder: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)

    def add(
        self, key: str, source: str | None, class_name: str = "M", file: str = "m.ptl", **members: Any
    ) -> None:
        """One more row: `source` is indented as it likes, imports torch by itself."""
        row = {"key": key, "class": class_name, "file": file, **PLAIN, **members}
        if source is not None:
            row["source"] = "import torch\n" + textwrap.dedent(source)
        self.rows.append(row)

    def export(
        self,
        python: str = sys.executable,
        seconds: float = 30.0,
        module: str | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Answers:
        """Run them all in one job."""
        job = Job("generate", module, (), tuple(self.rows), seconds)
        answers = run_worker(python, job, str(self.folder / "scratch"), lambda key, _: tell(key))
        self.told = dict(answers.rows)
        return answers

    def archive(self, key: str) -> bytes:
        """The archive that came of a row; empty where none did."""
        return exported(self.told[key]).archive


@pytest.fixture
def modules(tmp_path: Path) -> Modules:
    """An empty job."""
    return Modules(tmp_path)


@pytest.fixture(scope="module")
def new_modules(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Modules]:
    """Makes jobs that the tests of one file share."""
    return lambda: Modules(tmp_path_factory.mktemp("job"))


# Nothing is altered, nothing was recorded before.
PLAIN: dict[str, Any] = {"operator": "aten::gelu", "bytecode": None, "samples": [], "tolerances": {}}
GOOD = """
class M(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)
"""
MADE = """
import ctypes, json, os, resource, signal, stat, sys, time

def is_pipe(fd):
    try:
        return stat.S_ISFIFO(os.fstat(fd).st_mode)
    except OSError:
        return False
{good}
    def __init__(self):
        super().__init__()
        {statements}
"""


@pytest.fixture(scope="session")
def good() -> str:
    """A module that exports well."""
    return GOOD


@pytest.fixture(scope="session")
def when_made() -> Callable[[str], str]:
    """Makes modules that do this when they are made, and are good ones otherwise."""
    return lambda statements: MADE.format(good=GOOD, statements=statements.replace("\n", "\n        "))


@pytest.fixture(scope="session")
def running_with() -> Callable[[object], list[str]]:
    """The processes whose command line has a text, and that are not only waited for by an init that waits for nobody.

    A worker's has the path of its folder, and so have its children. The number of one in a namespace is of no use here.
    """

    def ask(text: object) -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(text) in (process / "cmdline").read_bytes().decode(errors="replace"):
                    found += [process.name] if is_alive(process) else []
        return found

    return ask


def is_alive(process: Path) -> bool:
    return (process / "stat").read_text().rpartition(") ")[2][0] != "Z"


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Takes defences of the worker out."""
    return lambda *defences: take_out(monkeypatch, *defences)


@pytest.fixture(scope="session")
def release() -> Callable[[str], str]:
    """The Python of a released torch, installed by uv in the user's cache; of today's, the one that runs the tests."""
    return python_of


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Makes an environment with torch in which the library of these trees, so edited, can be imported."""

    def make(*trees: str, edits: tuple[tuple[str, str, str], ...] = (), package: str = "tinyops") -> str:
        home = tmp_path_factory.mktemp("library")
        for tree in trees:
            shutil.copytree(TREES / tree / "tinyops", home / package, dirs_exist_ok=True)
        for file, old, new in edits:
            text = (home / package / file).read_text()
            assert old in text
            (home / package / file).write_text(text.replace(old, new))
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "env"], check=True)
        torch = importlib.util.find_spec("torch")
        assert torch is not None
        (site,) = home.glob("env/lib/python*/site-packages")
        (site / "library.pth").write_text(f"{Path(torch.origin or '').parents[1]}\n{home}\n")
        return str(home / "env" / "bin" / "python")

    return make


@pytest.fixture(scope="session")
def before(library: Callable[..., str]) -> str:
    """The Python that has the library before its change."""
    return library("before")


@pytest.fixture(scope="session")
def after(library: Callable[..., str]) -> str:
    """The Python that has the library after it."""
    return library("before", "change")


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory, before: str) -> dict[str, Old]:
    """What the library before its change exported."""
    modules = Modules(tmp_path_factory.mktemp("job"))
    for name in ("scale", "halve"):
        call = f"torch.ops.tinyops.{name}(x)"
        samples = "[(torch.tensor([1.0, -3.0]),), (torch.tensor([1, -3]),)]"
        modules.add(name, SAMPLED.format(call=call, samples=samples))
    told = modules.export(before, module="tinyops").rows
    return {
        name: (modules.archive(name), told[name]["samples"], f"{name}_0_3") for name in ("scale", "halve")
    }


SAMPLED = """
class M(torch.nn.Module):
    def forward(self, x):
        return {call}

    def sample_inputs(self):
        return {samples}
"""


@pytest.fixture(scope="session")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Replays archives by name, in the Python given."""

    def run(
        python: str,
        archives: dict[str, Old],
        module: str | None = "tinyops",
        operators: tuple[str, ...] = OPERATORS,
        seconds: float = 30.0,
        operator: str = "aten::gelu",
        upgraders: dict[str, str | None] | None = None,
        texts: dict[str, dict[str, Any]] | None = None,
    ) -> tuple[RuntimeSeen, dict[str, RowReplayed]]:
        folder = tmp_path_factory.mktemp("replay")
        rows = []
        for name, (data, samples, upgrader) in archives.items():
            row: dict[str, Any] = {"key": name, "operator": operator, "upgrader_name": upgrader}
            row |= {"samples": samples, "tolerances": {}, "loaders": ["torch.jit.load", "lite"]}
            row |= {"archive": data}
            row |= {"raised": _with(10, data), "control": _with(3, data)} if upgrader else {}
            rows.append(row)
        job = Job("replay", module, operators, tuple(rows), seconds, upgraders or {}, texts or {})
        answers = run_worker(python, job, str(folder / "scratch"))
        told = {key: row_replayed(told, ("torch.jit.load", "lite")) for key, told in answers.rows.items()}
        return answers.runtime, told

    return run


def _with(version: int, data: bytes) -> bytes:
    try:
        return with_version(data, version)
    except ArchiveError:
        return data  # malformed on purpose


# As on Ubuntu 24.04 or in a container: a user without privileges who may not make namespaces.
WITHOUT_NAMESPACES = """\
#!/bin/sh
exec unshare --user --map-root-user sh -c '
    for most in user net; do echo 0 > /proc/sys/user/max_${most}_namespaces || exit; done
    exec setpriv --bounding-set=-all "$0" "$@"
' %s "$@"
"""


@pytest.fixture
def python_without_namespaces(tmp_path: Path) -> str:
    """The Python that runs the tests, where namespaces are refused."""
    if not shutil.which("unshare") or subprocess.run(("unshare", "--user", "true"), check=False).returncode:
        return sys.executable  # they are refused here anyway
    path = tmp_path / "python"
    path.write_text(WITHOUT_NAMESPACES % sys.executable)
    path.chmod(0o755)
    return str(path)
