"""A renumbering written into the files: their new bytes, believed only when reading them again says the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations
from opfixtures.declarations.read import declare
from opfixtures.errors import UserError
from opfixtures.settings.config import Config
from opfixtures.synthesis.cpp_edits import CppEdits
from opfixtures.synthesis.python_edits import PythonEdits
from opfixtures.synthesis.renumbering import Renumbering
from opfixtures.synthesis.source_text import Edit, SourceText

Edits = Mapping[str, set[Edit]]


_NOTHING = Renumbering((), {}, {}, (), None, None)


def rewrite(change: Change, renumbering: Renumbering, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The new bytes, by path, of the files that a renumbering changes. `sources` are all that declare something.

    Raises:
        UserError: something is written in a way that cannot be edited, or would not say the same afterwards.
    """
    return written(change, renumbering, sources, plan_edits(change, renumbering, sources))


def plan_edits(change: Change, renumbering: Renumbering, sources: Mapping[str, bytes]) -> Edits:
    """The edits by path. Raises UserError where something is written in a way that cannot be edited."""
    texts = {path: SourceText(path, sources[path]) for path in _paths(change.config) if path in sources}
    edits: dict[str, set[Edit]] = defaultdict(set)
    for path, found in _edits(change, renumbering, texts):
        edits[path].update(found)
    return {path: found for path, found in edits.items() if found}


def written(
    change: Change, renumbering: Renumbering, sources: Mapping[str, bytes], edits: Edits
) -> dict[str, bytes]:
    """The files with these edits made. Raises UserError where they do not make the renumbering, no more, no less."""
    new = {path: SourceText(path, sources[path]).edited(found) for path, found in edits.items()}
    wanted = _said(change.after, change.config, renumbering)
    said = _said(declare({**sources, **new}, change.config), change.config, _NOTHING)
    for (path, before), (_, after) in zip(wanted, said, strict=True):
        if before != after:
            raise UserError(
                f"{path} would not say the same with other numbers or names: nothing is changed, edit it by hand "
                "(and please report it)"
            )
    return new


def _paths(config: Config) -> Iterator[str]:
    named = (config.version_map, config.upgraders, config.versions, config.registry, *config.fixture_modules)
    return filter(None, named)


def _edits(
    change: Change, renumbering: Renumbering, texts: Mapping[str, SourceText]
) -> Iterator[tuple[str, Iterator[Edit]]]:
    config, upgraders, versions = change.config, change.after.upgraders(), change.after.versions()
    path = config.version_map
    editor = PythonEdits if path.endswith(".py") else CppEdits
    of_map = editor(texts[path], renumbering)
    for entry in change.version_map.entries:
        yield path, of_map.of_entry(entry)
    if upgraders is not None:
        yield upgraders.path, CppEdits(texts[upgraders.path], renumbering).of_upgraders(upgraders)
    if versions is not None:
        yield versions.path, CppEdits(texts[versions.path], renumbering).of_versions(versions)
    for path in filter(texts.__contains__, (config.registry, *config.fixture_modules)):
        yield path, PythonEdits(texts[path], renumbering).of_classes()


def _said(
    declarations: Declarations, config: Config, renumbering: Renumbering
) -> Iterator[tuple[str, Sequence[object]]]:
    """What each file says after a renumbering of these declarations, columns left out."""
    names, modules = renumbering.upgraders, renumbering.modules
    version_map, registry = declarations.version_map, declarations.registry
    upgraders, versions = declarations.upgraders(), declarations.versions()
    yield (
        config.version_map,
        [
            (entry.place.line, entry.arm, renumbering.applied(entry).text)
            for entry in (version_map.entries if version_map else ())
        ],
    )
    yield (
        config.registry,
        [
            (row.place.line, row.operator, modules.get(row.module, row.module))
            for row in (registry.rows if registry else ())
        ],
    )
    yield (
        config.fixture_modules[0],
        [
            (module.place.path, module.place.line, module.is_module, modules.get(module.name, module.name))
            for module in declarations.modules.modules
        ],
    )
    yield (
        config.upgraders or "",
        [
            (one.place.line, names.get(one.name, one.name), [names.get(name, name) for name in one.defines])
            for one in (upgraders.upgraders if upgraders else ())
        ],
    )
    yield (
        config.versions or "",
        [
            versions and versions.minimum and versions.minimum.value,
            renumbering.produced or (versions and versions.produced and versions.produced.value),
            renumbering.maximum or (versions and versions.maximum and versions.maximum.value),
        ],
    )
