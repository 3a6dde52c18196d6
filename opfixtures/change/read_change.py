"""The change between the two states of a comparison, read from git as a rule asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations, VersionMap
from opfixtures.declarations.read import declare, read_declarations, read_fixtures, read_sources
from opfixtures.errors import GitError, UserError
from opfixtures.repository.git_snapshot import GitObjects, GitSnapshot
from opfixtures.repository.snapshot import EmptySnapshot, Snapshot, WorkTreeSnapshot
from opfixtures.settings.config import Config
from opfixtures.settings.fixture_formats import FIXTURES, RECORDS

if TYPE_CHECKING:
    from opfixtures.change.declared_changes import DeclaredChange
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
    if config_before.first_file not in sources_before and config.first_file not in sources:
        raise UserError(_nothing_declared(objects, compared, config_before, config))
    before = declare(sources_before, config_before, fixtures_before, compared.before)

    others = _Others(objects, compared, config_before, config, before)
    if everything:
        sources_before = {}
    return Change(
        config=config,
        before=declare({}, config_before) if everything else before,
        after=declare(sources, config, fixtures, None if config.is_gone else compared.after),
        touched=frozenset(path for path, _ in sources_before.items() ^ sources.items()),
        published=lambda: others.declared(others.target),
        has_file=compared.after.has,
        landed=lambda: others.declared(others.commits[1]),
        released=lambda: others.released,
        naming=partial(_naming, compared.after, config.fixtures),
        upstream=lambda: others.upstream,
        everything=everything,
        published_at=lambda: others.target,
        declared_change=partial(_declared_change, compared, config_before, config, everything),
        asks_for_more=set(config.fixture_formats) > set(config_before.fixture_formats),
    )


class _Others:
    """What else a rule may ask of a change: each state is read when the first asks for it, and once."""

    def __init__(
        self, objects: GitObjects, compared: Comparison, before: Config, after: Config, declared: Declarations
    ) -> None:
        self._objects = objects
        self._compared = compared
        self._before = before
        self._after = after
        self._base_declares = declared
        self._declared: dict[str | None, Declarations] = {}

    @cached_property
    def commits(self) -> tuple[str | None, str | None]:
        """Target's commit, and the tip of the branch that it is a part of."""
        return target_of(self._objects, self._compared, self._before, self._after)

    @property
    def target(self) -> str | None:
        """Target's commit."""
        return self.commits[0]

    @cached_property
    def _former(self) -> FormerPlace:
        from opfixtures.change.former_place import FormerPlace

        return FormerPlace(self._objects, self._compared, self._before)

    def _settings_in(self, snapshot: Snapshot, certain: bool = True) -> Config:
        return earlier_settings(self._compared, snapshot) or self._former.settings(snapshot, certain)

    def declared(self, oid: str | None) -> Declarations:
        """What a commit declares; None is the empty tree."""
        base = self._compared.base
        if oid and base and oid == self._objects.resolve(base):
            return self._base_declares
        if oid not in self._declared:
            snapshot = snapshot_of(self._objects, oid)
            config = self._settings_in(snapshot, certain=False)
            self._declared[oid] = read_declarations(snapshot, config, tolerant=True)
        return self._declared[oid]

    @cached_property
    def released(self) -> Releases:
        """What releases have."""
        from opfixtures.change.releases import read_releases

        published = self.declared(self.target).version_map
        return read_releases(
            self._objects,
            lambda snapshot: _map_of(snapshot, self._settings_in(snapshot)),
            self._before.release_tags,
            bool(published and (published.entries or published.problems)),
        )

    @cached_property
    def upstream(self) -> Upstream | None:
        """What a fork follows."""
        name = self._before.upstream
        if name is None:
            return None
        from opfixtures.change.upstream import Upstream

        tip = _upstream(self._objects, self._before, self._after)
        merged = self._objects.repository.merge_base(self.target, tip) if self.target else None
        return Upstream(name, self.declared(tip), self.declared(merged), self._before.reserved_versions)


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
    source = snapshot.read(config.version_map) if config.version_map else None
    return declare({} if source is None else {config.version_map: source}, config).version_map


def _naming(snapshot: Snapshot, fixtures: str, words: Sequence[str]) -> Mapping[str, str | None]:
    """See `Change.naming`: git searches what it holds, and nobody asks about a work tree."""
    return (
        snapshot.naming(words, fixtures, (*FIXTURES, *RECORDS)) if isinstance(snapshot, GitSnapshot) else {}
    )


def _declared_change(
    compared: Comparison, before: Config, after: Config, everything: bool
) -> DeclaredChange | None:
    """See `Change.declared_change`: what the settings of one side name is read on both."""
    operators = tuple(dict.fromkeys((*before.operators, *after.operators)))
    # Most often a commit touches the files of opfixtures alone.
    if not operators or not (
        everything or compared.differing is None or _may_declare(operators, compared.differing)
    ):
        return None
    from opfixtures.change.declared_changes import read_declared_change

    then = EmptySnapshot() if everything else compared.before
    return read_declared_change(then, compared.after, operators, None if everything else compared.differing)


def _may_declare(operators: Sequence[str], differing: Sequence[str]) -> bool:
    return any("*" in one or "?" in one for one in operators) or not set(operators).isdisjoint(differing)


def _may_differ(compared: Comparison, fixtures: str) -> bool:
    """Whether the files in a folder of fixtures that the settings name may differ."""
    paths = compared.differing
    return paths is None or any(f"{path}/".startswith(f"{fixtures}/") for path in paths)


def _nothing_declared(objects: GitObjects, compared: Comparison, before: Config, after: Config) -> str:
    key, what = ("version-map", "version map") if after.version_map else ("registry", "registry")
    advice = f"correct `{key}` in {after.source}" if after.source else "add it"
    if is_index(compared.after) and WorkTreeSnapshot(objects.repository.root).has(after.first_file):
        from shlex import quote

        advice = f"`git add {quote(after.first_file)}`: only the work tree has it"
    return (
        f"no {what}: neither {before.first_file} in {compared.before.name} "
        f"nor {after.first_file} in {compared.after.name}: {advice}"
    )
