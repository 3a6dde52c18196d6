"""The change between the two states of a comparison, read from git as a rule asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations, VersionMap
from opfixtures.declarations.read import declare, read_declarations, read_fixtures, read_sources
from opfixtures.errors import GitError, UserError
from opfixtures.repository.git_snapshot import GitObjects, GitSnapshot
from opfixtures.repository.snapshot import Snapshot, WorkTreeSnapshot
from opfixtures.settings.config import Config
from opfixtures.settings.fixture_formats import FIXTURES, RECORDS

if TYPE_CHECKING:
    from opfixtures.change.former_place import FormerPlace
    from opfixtures.change.releases import Releases
    from opfixtures.change.upstream import Upstream

from opfixtures.change.comparison import (
    Comparison,
    earlier_settings,
    fetching,
    is_index,
    settings_of,
    snapshot_of,
    target_of,
)


def read_change(objects: GitObjects, compared: Comparison, everything: bool = False) -> Change:
    """The change between the two states. With `everything`, all that `after` declares counts as added.

    Raises:
        ConfigurationError: neither state has settings or PyTorch's paths, or those of `after` are unusable.
        UserError: neither state has a version map; or as `Snapshot.read`.
    """
    config_before, config = settings_of(compared)
    fixtures_before = fixtures = read_fixtures(compared.before, config_before, tolerant=True)
    if _may_differ(compared, config.fixtures):
        fixtures = read_fixtures(compared.after, config)
    sources_before = read_sources(compared.before, config_before, tolerant=True)
    # What no settings name any more nobody reads from then on: it is gone, also where its file stands.
    sources = {} if config.is_gone else read_sources(compared.after, config)
    if config_before.version_map not in sources_before and config.version_map not in sources:
        raise UserError(_no_version_map(objects, compared, config_before, config))
    before = declare(sources_before, config_before, fixtures_before)

    @cache
    def commits() -> tuple[str | None, str | None]:
        return target_of(objects, compared, config_before, config)

    @cache
    def former() -> FormerPlace:
        from opfixtures.change.former_place import FormerPlace

        return FormerPlace(objects, compared, config_before)

    def settings_then(snapshot: Snapshot, certain: bool = True) -> Config:
        return earlier_settings(compared, snapshot) or former().settings(snapshot, certain)

    @cache
    def declared(oid: str | None) -> Declarations:
        if oid and compared.base and oid == objects.resolve(compared.base):
            return before
        snapshot = snapshot_of(objects, oid)
        return read_declarations(snapshot, settings_then(snapshot, certain=False), tolerant=True)

    @cache
    def released() -> Releases:
        from opfixtures.change.releases import read_releases

        published = declared(commits()[0]).version_map
        return read_releases(
            objects,
            lambda snapshot: _map_of(snapshot, settings_then(snapshot)),
            config_before.release_tags,
            bool(published and (published.entries or published.problems)),
        )

    @cache
    def upstream() -> Upstream | None:
        if config_before.upstream is None:
            return None
        from opfixtures.change.upstream import Upstream

        tip = _upstream(objects, config_before, config)
        target = commits()[0]
        merged = objects.repository.merge_base(target, tip) if target else None
        name = config_before.upstream
        return Upstream(name, declared(tip), declared(merged), config_before.reserved_versions)

    if everything:
        sources_before = {}
    return Change(
        config=config,
        before=declare({}, config_before) if everything else before,
        after=declare(sources, config, fixtures),
        touched=frozenset(path for path, _ in sources_before.items() ^ sources.items()),
        published=lambda: declared(commits()[0]),
        has_file=compared.after.has,
        landed=lambda: declared(commits()[1]),
        released=released,
        naming=partial(_naming, compared.after, config.fixtures),
        upstream=upstream,
        everything=everything,
        published_at=lambda: commits()[0],
    )


def _upstream(objects: GitObjects, before: Config, after: Config) -> str:
    """The id of the commit that the branch is at which the settings before a change name as upstream. A change may be
    the one that mends the name."""
    names = [name for name in (before.upstream, after.upstream) if name is not None]
    found = next((oid for oid in map(objects.resolve, names) if oid is not None), None)
    if found is None:
        raise GitError(
            f"upstream {names[-1]!r} of {after.source} is not in this clone: correct it, or "
            f"{fetching(objects.repository, names[-1])}"
        )
    return found


def _map_of(snapshot: Snapshot, config: Config) -> VersionMap | None:
    """The version map where `config` has it."""
    source = snapshot.read(config.version_map)
    return None if source is None else declare({config.version_map: source}, config).version_map


def _naming(snapshot: Snapshot, fixtures: str, words: Sequence[str]) -> Mapping[str, str | None]:
    """See `Change.naming`: git searches what it holds, and nobody asks about a work tree."""
    return (
        snapshot.naming(words, fixtures, (*FIXTURES, *RECORDS)) if isinstance(snapshot, GitSnapshot) else {}
    )


def _may_differ(compared: Comparison, fixtures: str) -> bool:
    """Whether the files in a folder of fixtures that the settings name may differ."""
    paths = compared.differing
    return paths is None or any(f"{path}/".startswith(f"{fixtures}/") for path in paths)


def _no_version_map(objects: GitObjects, compared: Comparison, before: Config, after: Config) -> str:
    advice = f"correct `version-map` in {after.source}" if after.source else "add it"
    if is_index(compared.after) and WorkTreeSnapshot(objects.repository.root).has(after.version_map):
        from shlex import quote

        advice = f"`git add {quote(after.version_map)}`: only the work tree has it"
    return (
        f"no version map: neither {before.version_map} in {compared.before.name} "
        f"nor {after.version_map} in {compared.after.name}: {advice}"
    )
