"""`opfixtures verify`: replay the fixtures that are there."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from opfixtures.atomic_write import remove_half_written
from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.owner import candidates, owners
from opfixtures.change.projects import folders_of_work_tree
from opfixtures.change.read_change import read_change
from opfixtures.change.unpublished import why_nothing_is_published
from opfixtures.commands.common import (
    Part,
    add_report,
    are_uncommitted,
    as_settings_say,
    finish,
    new_tools,
    path_in,
    post_change,
    refuse_problems,
    refuse_unknown_runtime,
    runtime_named,
    written_by,
)
from opfixtures.commands.evidence import dropped, lost_here, notes
from opfixtures.commands.fixture_snapshot import FixtureSnapshot
from opfixtures.commands.nearest import did_you_mean
from opfixtures.commands.planning import Wanted, since
from opfixtures.commands.verify_changed import changed_alone
from opfixtures.commands.writable import refuse_unwritable
from opfixtures.errors import GitError, UserError
from opfixtures.making.plan import FoundFixture, unread
from opfixtures.making.tools import Tools
from opfixtures.proving.generate import lost
from opfixtures.proving.result import Result
from opfixtures.proving.verify import verify
from opfixtures.records.record import record_path
from opfixtures.report.next_step import next_step
from opfixtures.report.screen import USUAL
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot, Snapshot, UnfitFileError, WorkTreeSnapshot
from opfixtures.settings.sources import sources_of


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures verify` takes."""
    command.add_argument(
        "fixtures", metavar="FIXTURE", nargs="*", help="a path (default: every registered fixture)"
    )
    command.add_argument(
        "--changed",
        action="store_true",
        help="only those that what differs from target can have changed, and nothing where nothing does",
    )
    command.add_argument(
        "--runtime", metavar="NAME", help="the post-change runtime, by its name in the settings"
    )
    add_report(command)


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    if options.changed and options.fixtures:
        raise UserError("--changed finds out which fixtures it is about: leave their paths away")
    return run(
        options.fixtures, options.runtime, options.report, changed=options.changed, loudness=options.loudness
    )


def run(
    names: Sequence[str],
    runtime: str | None,
    report: str | None,
    *,
    changed: bool = False,
    loudness: int = USUAL,
) -> int:
    """Print what became of each fixture; the exit status is 1 where one is not green.

    Raises RuntimeUnavailable or GitError, after all that could be replayed is reported, if a post-change runtime could
    not be had.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    refuse_unwritable(report, repository.root)
    changes = _changes(repository)
    for change in changes:
        remove_half_written(os.path.join(repository.root, change.config.fixtures), repository.root)
    fixtures = FixtureSnapshot(repository.root)
    wanted = {path_in(name, repository.root) for name in names}
    found = [
        (change, [one for one in fixtures_there(change, fixtures) if not wanted or one.owner.path in wanted])
        for change in changes
    ]
    unowned = sorted(wanted - {one.owner.path for _, some in found for one in some})
    if unowned:
        there = [one.owner.path for change in changes for one in fixtures_there(change, fixtures)]
        raise UserError(
            f"{unowned[0]} is not there, or no fixture entry owns it"
            f"{did_you_mean(unowned[0], there) or ': give the path of a registered fixture'}"
        )
    if runtime is not None:
        refuse_unknown_runtime(runtime, [change.config for change, some in found if some or not wanted])
    with new_tools(repository, loudness) as tools, beside_target(repository) as beside:
        written, configs = written_by(report, repository.root), [change.config for change in changes]
        if changed:
            found = [
                (
                    one,
                    changed_alone(repository, beside.changes.get(one.config.folder), some, configs, written),
                )
                for one, some in found
            ]
        parts, unavailable = replayed(found, tools, runtime, written, beside)
    told = [beside.problem] if beside.problem and parts else []
    if not (names or runtime):
        gone, problem = _gone(repository, fixtures)
        parts = [*_without(parts, gone), *gone]
        told += [
            note for change, _ in found for note in notes(change, fixtures.names(change.config.fixtures))
        ]
        told += [problem] if problem else []
    results = as_settings_say(parts)
    why = (
        "nothing that a replay rests on differs from target" if changed else "no registered fixture is there"
    )
    nothing = [] if results else [f"nothing to verify: {why}"]
    result = Result(None, tuple(results), isolation=tools.held, notes=tuple(told))
    with GitObjects(repository) as objects:
        left = are_uncommitted(objects, results)
    then = next_step(results, {one.config.fixtures for one in changes}, uncommitted=left)
    status = finish(result, report, [*nothing, *told], then, loudness)
    if unavailable is not None:
        raise unavailable
    return status


@dataclass(frozen=True, slots=True)
class Beside:
    """The change of each project since target, by the folder of its settings; `problem` says what nobody looked at."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    problem: str = ""

    def of(self, change: Change) -> Change:
        """The same project's change since target; without target what was given."""
        return self.changes.get(change.config.folder, change)


@contextmanager
def beside_target(repository: Repository) -> Iterator[Beside]:
    """What the work tree changes since target, as `generate` sees it: which upgraders a build of it has. It is read as
    it is asked for, inside."""
    with GitObjects(repository) as objects:
        yield _beside(objects)


def _beside(objects: GitObjects) -> Beside:
    what = "what the code around the upgraders is compared with"
    try:
        comparisons = since(objects, WorkTreeSnapshot(objects.repository.root), Wanted())
        changes = {one.folder: read_change(objects, one) for one in comparisons}
        whys = [
            why_nothing_is_published(objects, one)
            for one in comparisons
            # A library's upgraders are built, and read nowhere.
            if one.target is not None and changes[one.folder].after.upgraders() is not None
        ]
    except GitError as error:
        return Beside(problem=f"{what}, target, was not found, and that is this branch's own word: {error}")
    why = next(filter(None, whys), "")
    return Beside(changes, f"{what} is this branch's own word: {why}" if why else "")


def _without(parts: Sequence[Part], gone: Sequence[Part]) -> list[Part]:
    """The parts without what stands under the name of something else that target holds."""
    taken = {row.fixture for part in gone for row in part.results}
    return [
        replace(part, results=[row for row in part.results if row.fixture not in taken]) for part in parts
    ]


def _gone(repository: Repository, fixtures: WorkTreeSnapshot) -> tuple[list[Part], str]:
    """What target holds and the work tree does not, for each project; and why nobody could look, if so."""
    with GitObjects(repository) as objects:
        try:
            comparisons = since(objects, WorkTreeSnapshot(repository.root), Wanted())
            changes = [read_change(objects, compared) for compared in comparisons]
            gone = []
            for compared, one in zip(comparisons, changes, strict=True):
                names = fixtures.names(one.config.fixtures)
                is_published = compared.target is not None and not why_nothing_is_published(objects, compared)
                gone.append((one.config, lost_here(one, names, fixtures.read, is_published=is_published)))
            for left, owners in dropped(objects, comparisons):
                gone.append((left.change.config, [(owner, left.because) for owner in owners]))
        except GitError as error:
            return [], f"what target holds was not looked for: {error}"
    return [Part(config, [lost(owner, because) for owner, because in some]) for config, some in gone], ""


def _changes(repository: Repository) -> list[Change]:
    """All that each project of the work tree declares, beside nothing: no record is judged by what is published."""
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects:
        compared = Comparison(EmptySnapshot(), work_tree, base=None, tip=None)
        changes = [
            read_change(objects, replace(compared, folder=folder))
            for folder in folders_of_work_tree(objects, work_tree)
        ]
    for change in changes:
        refuse_problems(change)
    return changes


def replayed(
    found: Sequence[tuple[Change, Sequence[FoundFixture]]],
    tools: Tools,
    runtime: str | None = None,
    written: Sequence[str] = (),
    beside: Beside | None = None,
) -> tuple[list[Part], UserError | None]:
    """What became of the fixtures of each project, and why a post-change runtime could not be had, if so.

    With `runtime`, the name of one, a project that has none of that name is left out. `written` are paths that the run
    itself writes. `beside` are the changes since target, which tell what a build of the tree has.
    """
    configs = [change.config for change, _ in found]
    parts, unavailable = list[Part](), None
    for change, some in found:
        spec = runtime_named(runtime, change.config) if runtime is not None else None
        if not some:
            continue
        if runtime is not None and spec is None:
            tools.tell(f"{change.config.source} has no runtime {runtime!r}: its fixtures are left out")
            continue
        after = post_change((beside or Beside()).of(change), spec)
        results, error = verify(some, after, tools.building(sources_of(change.config, configs, written)))
        parts.append(Part(change.config, results))
        unavailable = unavailable or error
    return parts, unavailable


def fixtures_there(change: Change, work_tree: Snapshot) -> Iterator[FoundFixture]:
    """The fixtures of all fixture entries in any format, as far as they are there. Raises as `Snapshot.read`."""
    for own in owners(change):
        for owner, _ in candidates(own, change.config):
            try:
                data = work_tree.read(owner.path)
                if data is not None:
                    yield FoundFixture(owner, data, work_tree.read(record_path(owner.path)))
            except UnfitFileError as error:
                yield unread(owner, error)
