"""A project to which `opfixtures new` adds, and what it adds, operator after operator."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opfixtures.change.changes import Change
from opfixtures.commands.common import unread
from opfixtures.commands.new_guards import GuardWriter
from opfixtures.commands.new_samples import RuntimeFinder
from opfixtures.declarations.python_upgraders import python_upgraders, with_library_upgraders
from opfixtures.declarations.read import read_sources
from opfixtures.errors import UserError
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.settings_scan import below
from opfixtures.synthesis.additions import Additions
from opfixtures.synthesis.guards import NewGuard
from opfixtures.synthesis.insertions import inserted, read_again
from opfixtures.synthesis.newcomers import Finder, Newcomer, Newcomers

Written = Mapping[str, tuple[bytes, bytes]]
"""By path the bytes that a file has, and those that it gets."""


@dataclass
class NewProject:
    """A project and what is added to it, operator after operator: each reads what the one before adds."""

    change: Change
    sources: Mapping[str, bytes]
    label: str
    finder: Finder
    guard_writer: GuardWriter

    def __post_init__(self) -> None:
        self.newcomers: list[Newcomer] = []
        self.guards: list[NewGuard] = []
        self._before = dict(self.sources)

    @property
    def upgraders(self) -> str:
        """The file of the upgraders, or what to say instead."""
        return self.change.config.upgraders or "the upgraders"

    @property
    def notes(self) -> Sequence[str]:
        """What the search for sample inputs did not find."""
        found = self.finder.notes if isinstance(self.finder, RuntimeFinder) else ()
        return (*found, *self.guard_writer.notes)

    @property
    def has_skeletons(self) -> bool:
        """Whether an upgrader waits to be filled in."""
        return any(one.upgrader or one.additions.upgraders for one in self.newcomers)

    def written(self) -> Written:
        """The files that change."""
        return {
            path: (self._before[path], content)
            for path, content in self.sources.items()
            if self._before[path] != content
        }

    def known(self) -> list[str]:
        """The operators that anything of the project names."""
        return self._engine().known()

    def add(self, operator: str, old_schema: str | None, behaviour: bool) -> None:
        """Add what an operator needs."""
        self._take(self._engine().for_operator(operator, old_schema, behaviour=behaviour))

    def add_what_is_lacking(self) -> None:
        """Add what any entry lacks. Raises UserError where a file cannot be read that may have it."""
        if problems := unread(self.change):
            where, what = problems[0].place, problems[0].message
            raise UserError(f"{where}: {what}: what entries lack is not known before that is mended")
        engine = self._engine()
        newcomers = (engine.for_entry(entry) for entry in self.change.entries.values())
        self._take([newcomer for newcomer in newcomers if newcomer.additions])

    def add_guards(self, operators: Sequence[str]) -> None:
        """Add guards of operators; for none, of all that have none."""
        writer = self.guard_writer
        guards = writer.named(operators) if operators else writer.lacking()
        self.guards += guards
        self._insert(sum((guard.additions for guard in guards), Additions()))

    def _take(self, newcomers: Sequence[Newcomer]) -> None:
        self.newcomers += newcomers
        self._insert(sum((newcomer.additions for newcomer in newcomers), Additions()))

    def _insert(self, additions: Additions) -> None:
        # All at once: to read the files again takes as long as they are.
        self.sources = {**self.sources, **inserted(self.sources, self.change.config, additions)}
        self.change = read_again(self.change, self.sources)

    def _engine(self) -> Newcomers:
        path = self.change.config.upgraders
        source = self.sources.get(path) if path and path.endswith(".py") else None
        registered = python_upgraders(path, source) if path and source is not None else None
        return Newcomers(self.change, registered, self.finder)


def new_project(
    change: Change, work_tree: WorkTreeSnapshot, head: str | None, finder: Finder, guard_writer: GuardWriter
) -> NewProject:
    """A project with its files; where the settings name no upgraders, those of a Python library."""
    change = replace(change, config=with_library_upgraders(change.config, work_tree.read))
    sources = read_sources(work_tree, change.config)
    return NewProject(change, sources, _label(change, head), finder, guard_writer)


def _label(change: Change, head: str | None) -> str:
    """What to call the state before."""
    return "HEAD" if change.published_at() in (None, head) else "target"


def project_of(projects: Sequence[NewProject], operator: str, root: str) -> NewProject:
    """The project that knows an operator, or else the one in whose folder this runs. Raises UserError for several."""
    able = [project for project in projects if operator in project.known()] or list(projects)
    here = os.path.relpath(os.path.realpath(os.getcwd()), os.path.realpath(root)).replace(os.sep, "/")
    around = [one for one in able if f"{here}/".startswith(below(one.change.config.folder, ""))]
    chosen = (
        max(around, key=lambda one: len(one.change.config.folder), default=None) if len(able) > 1 else able[0]
    )
    if chosen is None:
        folders = ", ".join(one.change.config.folder or "." for one in able)
        raise UserError(
            f"{operator} could be of several projects: run this in the folder of its own: {folders}"
        )
    return chosen
