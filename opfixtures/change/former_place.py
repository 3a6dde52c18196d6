"""Where a project stood in an earlier state in which its folder, or its settings, were others: its entries tell."""

from __future__ import annotations

from functools import cached_property

from opfixtures.change.comparison import Comparison, earlier_settings
from opfixtures.change.projects import Entries, entries_of, folders_in
from opfixtures.errors import ConfigurationError, UserError
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import Snapshot
from opfixtures.settings.config import Config, read_config


class FormerPlace:
    """Finds the project of a comparison in states from before it. `now` are its settings before the change."""

    def __init__(self, objects: GitObjects, compared: Comparison, now: Config) -> None:
        self._objects = objects
        self._compared = compared
        self._now = now

    def settings(self, state: Snapshot, certain: bool = True) -> Config:
        """The project's settings in a state; those of `now` where it is not there.

        A project in a folder that holds none today is this one if its entries are among this one's, or else if it
        shares most operators with it.

        Raises:
            UserError: another one there may be it, and its entries do not tell; unless `certain` is False.
        """
        known = earlier_settings(self._compared, state)
        if known is not None or state.has(self._now.version_map):
            return known or self._now
        others, unusable = self._others(state)
        ours = {operator for operator, *_ in self._entries}
        shared = [
            (len(ours.intersection(_operators(entries))), config) for config, entries in others if entries
        ]
        same = [config for config, entries in others if entries and entries <= self._entries]
        name = self._now.folder.rpartition("/")[2]
        same.sort(key=lambda config: config.folder.rpartition("/")[2] != name)
        most, likely = max(shared, key=lambda one: one[0], default=(0, self._now))
        if same or most:
            return same[0] if same else likely
        spaces = set(map(_namespace, ours))
        akin = [
            config.folder
            for config, entries in others
            if not spaces.isdisjoint(map(_namespace, _operators(entries)))
        ]
        doubtful = [*akin, *unusable]
        if doubtful and certain:
            raise UserError(
                f"{state.name} has a project in {doubtful[0] or 'its root'}, and no entry tells whether that is "
                f"{self._now.folder or 'the one of the root'} of today: name the tags of this one as `release-tags`"
            )
        return self._now

    def _others(self, state: Snapshot) -> tuple[list[tuple[Config, Entries]], list[str]]:
        """The projects of a state in folders that hold none today, each with its entries; and the folders of those
        whose settings cannot be used."""
        usable: list[tuple[Config, Entries]] = []
        unusable = []
        for folder in folders_in(self._objects, [state]):
            if folder in self._folders:
                continue
            try:
                config = read_config(state, folder)
            except ConfigurationError:
                unusable.append(folder)
                continue
            if config is not None:
                usable.append((config, entries_of(state, folder) or frozenset()))
        return usable, unusable

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(folders_in(self._objects, [self._compared.after, self._compared.before]))

    @cached_property
    def _entries(self) -> Entries:
        compared = self._compared
        before = compared.folder if compared.moved_from is None else compared.moved_from
        sides = entries_of(compared.before, before), entries_of(compared.after, compared.folder)
        return Entries().union(*filter(None, sides))


def _operators(entries: Entries) -> set[str]:
    return {operator for operator, *_ in entries}


def _namespace(operator: str) -> str:
    return operator.partition("::")[0]
