"""From a snapshot to what it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeVar

from opfixtures.declarations.fixture_modules import read_fixture_modules
from opfixtures.declarations.model import Declarations, FixtureModules, Registry, VersionMap
from opfixtures.declarations.registry import read_registry
from opfixtures.declarations.version_map import CPP_SUFFIXES, read_version_map
from opfixtures.records.fixture_files import FixtureFiles
from opfixtures.repository.git_snapshot import GitSnapshot
from opfixtures.repository.snapshot import NotAFileError, Snapshot, WorkTreeSnapshot
from opfixtures.settings.config import Config
from opfixtures.settings.settings_scan import below

if TYPE_CHECKING:
    from datetime import date

    from opfixtures.declarations.declared_model import DeclaredOperators
    from opfixtures.declarations.mobile_code import MobileCode
    from opfixtures.declarations.upgrader_model import (
        FileFormatVersions,
        LibraryUpgraders,
        MobileUpgraders,
        Upgraders,
    )

T = TypeVar("T")


def read_sources(snapshot: Snapshot, config: Config, tolerant: bool = False) -> dict[str, bytes]:
    """The files that declare something, by path, as far as they are there. Raises as `Snapshot.read`.

    For `tolerant`, a folder or a link in the place of one declares nothing: a change may be the one that mends it.
    """
    optional = (
        config.upgraders,
        config.versions,
        config.mobile_upgraders,
        config.mobile_upgraders_generator,
    )
    paths = filter(None, (config.version_map, config.registry, *config.fixture_modules, *optional))
    read = {path: _tolerated(snapshot.read, path) if tolerant else snapshot.read(path) for path in paths}
    return {path: source for path, source in read.items() if source is not None}


def _tolerated(read: Callable[[str], T | None], path: str) -> T | None:
    try:
        return read(path)
    except NotAFileError:
        return None


def read_fixtures(snapshot: Snapshot, config: Config, tolerant: bool = False) -> FixtureFiles:
    """The fixtures and records in `snapshot`, where git holds it: nobody judges those of a work tree.

    Raises UserError where the folder is a symbolic link, of a commit or the index when its files are asked for.
    `tolerant` is that of `read_sources`.
    """
    if isinstance(snapshot, WorkTreeSnapshot):
        snapshot.names(config.fixtures)
    if not isinstance(snapshot, GitSnapshot):
        return FixtureFiles(config.fixtures)
    folder = snapshot.folder(config.fixtures)

    def files() -> Mapping[str, str]:
        return (_tolerated(lambda _: folder.files(), "") if tolerant else folder.files()) or {}

    return FixtureFiles(config.fixtures, files, folder.read)


def declare(
    sources: Mapping[str, bytes],
    config: Config,
    fixtures: FixtureFiles | None = None,
    snapshot: Snapshot | None = None,
) -> Declarations:
    """What these files declare, with the fixtures beside them. They are of `snapshot`, which is asked for operators."""
    version_map = sources.get(config.version_map)
    registry = sources.get(config.registry)
    module_files = {path: sources[path] for path in config.fixture_modules if path in sources}
    return Declarations(
        version_map=_version_map(config.version_map, version_map),
        registry=None if registry is None else _registry(config.registry, registry),
        modules=_modules(tuple(module_files.items())),
        module_files=module_files,
        registry_file=registry or b"",
        compiled=_compiled(sources, config),
        fixtures=fixtures or FixtureFiles(config.fixtures),
        upgraders=partial(_upgraders, _file(sources, config.upgraders)),
        library_upgraders=partial(_library_upgraders, snapshot, config),
        expiries=partial(_expiries, _file(sources, config.upgraders)),
        versions=partial(_versions, _file(sources, config.versions)),
        mobile_upgraders=partial(
            _mobile_upgraders,
            _file(sources, config.mobile_upgraders),
            _file(sources, config.mobile_upgraders_generator),
        ),
        mobile_code=partial(_mobile_code, _file(sources, config.mobile_upgraders)),
        code_around=partial(
            _code_around, _file(sources, config.version_map), _file(sources, config.upgraders)
        ),
        operators=partial(_operators, snapshot, config),
        operator_files=tuple(
            sorted(path.removeprefix(below(config.folder, "")) for path in config.operators)
        ),
    )


def read_declarations(snapshot: Snapshot, config: Config, tolerant: bool = False) -> Declarations:
    """What `snapshot` declares where `config` says. Raises as `Snapshot.read`; `tolerant` is that of `read_sources`."""
    sources = read_sources(snapshot, config, tolerant)
    return declare(sources, config, read_fixtures(snapshot, config, tolerant), snapshot)


def _compiled(sources: Mapping[str, bytes], config: Config) -> dict[str, bytes]:
    paths = filter(None, (config.version_map, config.upgraders, config.mobile_upgraders))
    return {path: sources[path] for path in paths if path in sources and path.endswith(CPP_SUFFIXES)}


_File = tuple[str, bytes] | None


def _file(sources: Mapping[str, bytes], path: str | None) -> _File:
    return (path, sources[path]) if path is not None and path in sources else None


# A change leaves most files as they were: what was read before is not read again after, nor in target.
@lru_cache(maxsize=3)
def _version_map(path: str, source: bytes | None) -> VersionMap | None:
    """The version map of a file, None where that is not there. Settings that name no file have an empty one."""
    if not path:
        return VersionMap(path)
    return None if source is None else read_version_map(path, source)


@lru_cache(maxsize=3)
def _registry(path: str, source: bytes) -> Registry:
    return read_registry(path, source)


@lru_cache(maxsize=3)
def _modules(files: tuple[tuple[str, bytes], ...]) -> FixtureModules:
    return read_fixture_modules(files)


@lru_cache(maxsize=3)
def _upgraders(file: _File) -> Upgraders | None:
    # A library registers its upgraders in Python, in ways of its own.
    if file is None or not file[0].endswith(CPP_SUFFIXES):
        return None
    from opfixtures.declarations.upgraders import read_upgraders

    return read_upgraders(*file)


def _library_upgraders(snapshot: Snapshot | None, config: Config) -> LibraryUpgraders | None:
    if snapshot is None or (config.upgraders or "").endswith(CPP_SUFFIXES):
        return None
    from opfixtures.declarations.python_upgraders import read_library_upgraders

    return read_library_upgraders(config, snapshot.read)


@lru_cache(maxsize=3)
def _expiries(file: _File) -> Mapping[str, date]:
    upgraders = _upgraders(file)
    if file is None or upgraders is None:
        return {}
    from opfixtures.declarations.upgrader_expiry import read_expiries

    return read_expiries(upgraders, file[1])


@lru_cache(maxsize=3)
def _versions(file: _File) -> FileFormatVersions | None:
    if file is None:
        return None
    from opfixtures.declarations.produced_version import read_produced_version

    return read_produced_version(*file)


@lru_cache(maxsize=3)
def _mobile_upgraders(table: _File, generator: _File) -> MobileUpgraders | None:
    if table is None:
        return None
    from opfixtures.declarations.mobile_upgraders import read_mobile_upgraders

    return read_mobile_upgraders(*table, generator)


@lru_cache(maxsize=3)
def _mobile_code(table: _File) -> MobileCode | None:
    if table is None:
        return None
    from opfixtures.declarations.mobile_code import read_mobile_code

    return read_mobile_code(*table)


@lru_cache(maxsize=3)
def _code_around(version_map: _File, upgraders: _File) -> Mapping[str, tuple[str, ...]]:
    from opfixtures.declarations.cpp_around import code_around
    from opfixtures.declarations.cpp_version_map import walk_version_map
    from opfixtures.declarations.upgraders import walk_upgraders

    files = [
        (file, walk) for file, walk in ((version_map, walk_version_map), (upgraders, walk_upgraders)) if file
    ]
    sources = {path: source for (path, source), _ in files if path.endswith(CPP_SUFFIXES)}
    return {
        path: code_around(path, source, [walk for file, walk in files if file[0] == path])
        for path, source in sources.items()
    }


def _operators(snapshot: Snapshot | None, config: Config) -> tuple[DeclaredOperators, ...]:
    if snapshot is None or not config.operators:
        return ()
    from opfixtures.declarations.declared_files import read_declared_files

    return read_declared_files(snapshot, config.operators)
