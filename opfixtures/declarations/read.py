"""From a snapshot to what it declares."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from opfixtures.config import Config
from opfixtures.declarations.fixture_modules import read_fixture_modules
from opfixtures.declarations.model import Declarations, FixtureModules, Registry, VersionMap
from opfixtures.declarations.registry import read_registry
from opfixtures.declarations.version_map import read_version_map
from opfixtures.snapshot import Snapshot


def read_sources(snapshot: Snapshot, config: Config) -> dict[str, bytes]:
    """The files that declare something, by path, as far as they are there. Raises as `Snapshot.read`."""
    paths = (config.version_map, config.registry, *config.fixture_modules)
    read = {path: snapshot.read(path) for path in paths}
    return {path: source for path, source in read.items() if source is not None}


def declare(sources: Mapping[str, bytes], config: Config) -> Declarations:
    """What these files declare."""
    version_map = sources.get(config.version_map)
    registry = sources.get(config.registry)
    return Declarations(
        version_map=None if version_map is None else _version_map(config.version_map, version_map),
        registry=None if registry is None else _registry(config.registry, registry),
        modules=_modules(tuple((path, sources[path]) for path in config.fixture_modules if path in sources)),
    )


def read_declarations(snapshot: Snapshot, config: Config) -> Declarations:
    """What `snapshot` declares where `config` says. Raises as `Snapshot.read`."""
    return declare(read_sources(snapshot, config), config)


# A change leaves most files as they were: what was read before is not read again after.
@lru_cache(maxsize=2)
def _version_map(path: str, source: bytes) -> VersionMap:
    return read_version_map(path, source)


@lru_cache(maxsize=2)
def _registry(path: str, source: bytes) -> Registry:
    return read_registry(path, source)


@lru_cache(maxsize=2)
def _modules(files: tuple[tuple[str, bytes], ...]) -> FixtureModules:
    return read_fixture_modules(files)
