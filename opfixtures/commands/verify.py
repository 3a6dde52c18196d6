"""`opfixtures verify`: replay the fixtures that are there."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence

from opfixtures.archive import MAX_BYTES
from opfixtures.changes import Change
from opfixtures.commands.common import (
    add_report,
    finish,
    refuse_problems,
    runtime_named,
    upgrader_texts,
    workshop,
)
from opfixtures.commands.replays import sources_of
from opfixtures.comparison import Comparison, read_change
from opfixtures.errors import UserError
from opfixtures.git import Repository
from opfixtures.git_snapshot import GitObjects
from opfixtures.owner import owners
from opfixtures.plan import FoundFixture
from opfixtures.post_change import PostChange
from opfixtures.record import record_path
from opfixtures.result import Result
from opfixtures.snapshot import EmptySnapshot, Snapshot, WorkTreeSnapshot
from opfixtures.verify import verify


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures verify` takes."""
    command.add_argument(
        "fixtures", metavar="FIXTURE", nargs="*", help="a path (default: every registered fixture)"
    )
    command.add_argument(
        "--runtime", metavar="NAME", help="the post-change runtime, by its name in the settings"
    )
    add_report(command)


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    return run(options.fixtures, options.runtime, options.report)


def run(names: Sequence[str], runtime: str | None, report: str | None) -> int:
    """Print the facts of each fixture; the exit status is 1 where one is not green.

    Raises RuntimeUnavailable or GitError, after all that could be replayed is reported, if a post-change runtime could
    not be had.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects:
        change = read_change(objects, Comparison(EmptySnapshot(), work_tree, base="HEAD", tip="HEAD"))
    refuse_problems(change)
    fixtures = WorkTreeSnapshot(repository.root, largest=MAX_BYTES)
    wanted = [_path(name, repository.root) for name in names]
    found = [one for one in fixtures_there(change, fixtures) if not wanted or one.owner.path in wanted]
    unowned = sorted(set(wanted) - {one.owner.path for one in found})
    if unowned:
        raise UserError(
            f"{unowned[0]} is not there, or no fixture entry owns it: give the path of a registered fixture"
        )
    spec = runtime_named(runtime, change.config) if runtime is not None else None
    with workshop(repository) as tools:
        after = PostChange(change.config, upgrader_texts(change), spec)
        results, unavailable = verify(found, after, tools.building(sources_of(change.config)))
    nothing = "" if found else "nothing to verify: no registered fixture is there"
    status = finish(Result(None, tuple(results)), report, change.config.waivers, nothing)
    if unavailable is not None:
        raise unavailable
    return status


def fixtures_there(change: Change, work_tree: Snapshot) -> Iterator[FoundFixture]:
    """The fixtures of all fixture entries, as far as they are there. Raises as `Snapshot.read`."""
    for owner in owners(change):
        data = work_tree.read(owner.path)
        if data is not None:
            yield FoundFixture(owner, data, work_tree.read(record_path(owner.path)))


def _path(name: str, root: str) -> str:
    relative = os.path.relpath(os.path.realpath(name), os.path.realpath(root))
    return relative.replace(os.sep, "/")
