"""The house: a folder for each station on the data's way, and arrows that point down (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "opfixtures"
FRONT_DOOR = ("__main__", "cli")
FOR_EVERYBODY = ("__init__", "errors", "atomic_write", "clock", "locks", "strict_json", "values")
STATIONS = (
    "commands",
    "pull_request",
    "report",
    "sweep",
    "renumber",
    "proving",
    "making",
    "rules",
    "synthesis",
    "change",
    "declarations",
    "runtimes",
    "worker",
    "records",
    "archives",
    "settings",
    "repository",
)
# What runs in a runtime is packed into a zip of its own: it imports nothing of this package.
IN_A_RUNTIME = "worker/inside"


def station(module: str) -> int:
    """The number of a module's station, from the front door down; `module` is a path below the package."""
    first = module.split("/")[0].removesuffix(".py")
    if first in FRONT_DOOR:
        return -1
    return len(STATIONS) if first in FOR_EVERYBODY else STATIONS.index(first)


def imports(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and module, as a path below the package, of each import of the package in a file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".") if node.module else []
            if node.level:
                parts = [*path.split("/")[: -node.level], *parts]
            elif parts.pop(0) != "opfixtures":
                continue
            for name in node.names:
                whole = "/".join([*parts, name.name])
                is_module = (PACKAGE / f"{whole}.py").exists() or (PACKAGE / whole).is_dir()
                yield node.lineno, whole if is_module else "/".join(parts) or "__init__"
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            named = str(node.args[0].value)
            if "import_module" in ast.unparse(node.func) and named.startswith("opfixtures."):
                yield node.lineno, named.removeprefix("opfixtures.").replace(".", "/")
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.split(".")[0] == "opfixtures":
                    yield node.lineno, "/".join(name.name.split(".")[1:]) or "__init__"


def climbing(path: str, source: str) -> list[str]:
    """The arrows of a file that point up, each with its place."""
    return [
        f"opfixtures/{path}:{line} imports {imported}, which stands above it"
        for line, imported in imports(path, source)
        if station(imported) < station(path)
    ]


def files() -> list[tuple[str, str]]:
    return [
        (path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def test_no_arrow_climbs() -> None:
    assert [arrow for path, source in files() for arrow in climbing(path, source)] == []


@pytest.mark.parametrize(
    ("planted", "line"),
    [
        ("\nfrom opfixtures.commands.check import run\n", 2),
        ("def late():\n    import opfixtures.report.status\n", 2),
        ("from opfixtures.proving import facts\n", 1),
        ("from opfixtures import cli\n", 1),
        ('import importlib\nimportlib.import_module("opfixtures.commands.check")\n', 2),
    ],
)
def test_an_arrow_that_climbs_is_named_with_file_and_line(planted: str, line: int) -> None:
    (found,) = climbing("rules/planted.py", planted)
    assert found.startswith(f"opfixtures/rules/planted.py:{line} imports ")


def test_the_doors_of_the_house_are_these() -> None:
    shown = {path.name for path in PACKAGE.iterdir() if not path.name.startswith(("__pycache__", "."))}
    assert shown == {
        *STATIONS,
        *(f"{name}.py" for name in (*FRONT_DOOR, *FOR_EVERYBODY)),
        "py.typed",
    }


def loops(graph: dict[str, set[str]]) -> Iterator[Sequence[str]]:
    """The loops of a graph of imports, each once for each of its members that is come to first."""
    done: set[str] = set()

    def walk(node: str, way: list[str]) -> Iterator[Sequence[str]]:
        if node in way:
            yield [*way[way.index(node) :], node]
            return
        if node in done:
            return
        for following in sorted(graph.get(node, ())):
            yield from walk(following, [*way, node])
        done.add(node)

    for start in sorted(graph):
        yield from walk(start, [])


def round_trips(sources: Sequence[tuple[str, str]]) -> list[str]:
    """The loops of imports between these files, each import with its place."""
    lines: dict[str, dict[str, str]] = {}
    for path, source in sources:
        name = path.removesuffix(".py").removesuffix("/__init__")
        found = {imported: f"opfixtures/{path}:{line}" for line, imported in imports(path, source)}
        lines[name] = {imported: place for imported, place in found.items() if imported != name}
    graph = {name: set(edges) for name, edges in lines.items()}
    return [
        ", ".join(f"{lines[one][other]} imports {other}" for one, other in pairwise(loop))
        for loop in loops(graph)
    ]


def test_no_imports_go_in_a_loop() -> None:
    assert round_trips(files()) == []


def test_a_planted_loop_is_named_with_files_and_lines() -> None:
    planted = [
        ("rules/registered.py", "import os\nfrom opfixtures.rules import findings\n"),
        ("rules/findings.py", "from opfixtures.rules import registered\n"),
    ]
    assert round_trips(planted) == [
        "opfixtures/rules/findings.py:1 imports rules/registered, "
        "opfixtures/rules/registered.py:2 imports rules/findings"
    ]


def crossing(path: str, source: str) -> list[str]:
    """What a file imports from over the wall around what runs in a runtime."""
    inside = path.startswith(f"{IN_A_RUNTIME}/")
    return [
        imported
        for _, imported in imports(path, source)
        if f"{imported}/".startswith(f"{IN_A_RUNTIME}/") != inside
    ]


def test_nothing_is_imported_over_the_wall_around_what_runs_in_a_runtime() -> None:
    assert [(path, found) for path, source in files() if (found := crossing(path, source))] == []


@pytest.mark.parametrize(
    ("path", "planted"),
    [
        ("worker/inside/job.py", "import opfixtures.errors"),
        ("worker/inside/job.py", "from opfixtures.records import record"),
        ("worker/inside/job.py", "from .. import told"),
        ("worker/inside/job.py", "from ...records.record import Record"),
        ("worker/told.py", "from opfixtures.worker import inside"),
        ("worker/told.py", "from opfixtures.worker.inside.values import to_json"),
        ("worker/told.py", "from .inside import Json"),
        ("proving/replay.py", "import opfixtures.worker.inside.values"),
    ],
)
def test_an_import_over_that_wall_is_found(path: str, planted: str) -> None:
    assert len(crossing(path, planted)) == 1


def test_what_runs_in_a_runtime_is_in_files_that_import_each_other() -> None:
    own = [
        imported for path, source in files() if IN_A_RUNTIME in path for _, imported in imports(path, source)
    ]
    assert f"{IN_A_RUNTIME}/children" in own


def test_a_loop_is_found() -> None:
    assert list(loops({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == [["a", "b", "c", "a"]]


def test_no_file_has_more_lines_than_can_be_read_at_once() -> None:
    lines = {f"opfixtures/{path}": source.count("\n") for path, source in files()}
    assert {path: count for path, count in lines.items() if count > 260} == {}
