"""What is to be added, put into the files of a project: their new bytes, believed only when a second reading finds all
that was there before, what was added, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations
from opfixtures.declarations.read import declare
from opfixtures.declarations.upgrader_model import FileFormatVersions
from opfixtures.errors import UserError
from opfixtures.settings.config import Config
from opfixtures.synthesis.additions import Additions
from opfixtures.synthesis.cpp_edits import CppEdits
from opfixtures.synthesis.cpp_insertions import CppInsertions
from opfixtures.synthesis.python_insertions import PythonInsertions
from opfixtures.synthesis.python_names import Binding, of_classes
from opfixtures.synthesis.renumbering import Renumbering
from opfixtures.synthesis.second_reading import believe, believe_python, believe_upgraders
from opfixtures.synthesis.source_text import Edit, SourceText


def inserted(sources: Mapping[str, bytes], config: Config, additions: Additions) -> dict[str, bytes]:
    """The new bytes, by path, of the files that get something. `sources` are all that declare something.

    Classes go to the first file of fixture modules. Upgraders of a library go to the string `UPGRADERS` of the Python
    file that the settings name, if they name one.

    Raises:
        UserError: a file is not there, or is written in a way in which nothing can be added.
    """
    before = declare(sources, config)
    _refuse_problems(before, config, additions)
    edits: dict[str, list[Edit]] = defaultdict(list)
    for path, found in _edits(sources, config, before, additions):
        edits[path] += found
    new = {path: SourceText(path, sources[path]).edited(found) for path, found in edits.items() if found}
    believe(before, declare({**sources, **new}, config), config, additions)
    believe_upgraders(sources, new, config, additions)
    believe_python(sources, new)
    return new


def read_again(change: Change, sources: Mapping[str, bytes]) -> Change:
    """The change with what its files declare now; its fixtures, and the operators that it declares, stay."""
    after = declare(sources, change.config, change.after.fixtures)
    return replace(change, after=replace(after, operators=change.after.operators))


def _refuse_problems(before: Declarations, config: Config, additions: Additions) -> None:
    """What could not be read may hold what is to be added."""
    needed = (
        (additions.entries, before.version_map, config.version_map),
        (additions.rows, before.registry, config.registry),
    )
    for wanted, file, path in needed:
        if wanted and file is None:
            raise UserError(f"{path} is not there: add it, or name the right file in the settings")
    files = (
        before.version_map if additions.entries else None,
        before.registry if additions.rows else None,
        before.modules if additions.modules else None,
        before.upgraders() if additions.upgraders else None,
        before.versions() if additions.version else None,
    )
    problems = [problem for file in files if file is not None for problem in file.problems]
    if problems:
        raise UserError(f"{problems[0].place}: {problems[0].message} (nothing is written before)")


def _edits(
    sources: Mapping[str, bytes], config: Config, before: Declarations, additions: Additions
) -> Iterator[tuple[str, Iterable[Edit]]]:
    def cpp(path: str) -> CppInsertions:
        return CppInsertions(SourceText(path, _source(sources, path)))

    def python(path: str) -> PythonInsertions:
        source = _source(sources, path)
        return PythonInsertions(SourceText(path, source), source)

    path = config.version_map
    if additions.entries and path.endswith(".py"):
        yield path, python(path).of_entries(additions.entries)
    elif additions.entries and before.version_map is not None:
        yield path, cpp(path).of_entries(before.version_map, additions.entries)
    upgraders = before.upgraders()
    if additions.upgraders and upgraders is not None:
        yield upgraders.path, cpp(upgraders.path).of_upgraders(upgraders, additions.upgraders)
    elif additions.upgraders and config.upgraders is not None:
        yield config.upgraders, python(config.upgraders).of_upgraders(additions.upgraders)
    path = config.fixture_modules[0]
    if additions.modules:
        yield path, of_classes(python(path), additions.modules)
    if additions.rows:
        registry = python(config.registry)
        binding = Binding(registry, path)
        names = [row.module for row in additions.rows]
        if registry.assigned("ALL_MODULES") is None:
            head = binding.statement(names)
            yield config.registry, registry.of_rows(additions.rows, binding.prefix, head)
        else:
            rows = registry.of_rows(additions.rows, binding.prefix)
            yield config.registry, [*binding.of_names(names), *rows]
    versions = before.versions()
    if versions is not None:
        produced, maximum = raised(versions, additions.version)
        header = SourceText(versions.path, sources[versions.path])
        numbers = Renumbering((), {}, {}, (), produced, maximum)
        yield versions.path, CppEdits(header, numbers).of_versions(versions)


def raised(versions: FileFormatVersions, version: int) -> tuple[int | None, int | None]:
    """What the produced and the maximum version have to be so that neither is below a version; None for as it is."""
    constants = versions.produced, versions.maximum
    produced, maximum = (version if one and one.value < version else None for one in constants)
    return produced, maximum


def _source(sources: Mapping[str, bytes], path: str) -> bytes:
    if path not in sources:
        raise UserError(f"{path} is not there: add it, or name the right file in the settings")
    return sources[path]
