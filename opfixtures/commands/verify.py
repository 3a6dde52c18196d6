"""`opfixtures verify`: replay the fixtures that are there."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence

from opfixtures.archive import MAX_BYTES
from opfixtures.changes import Change
from opfixtures.commands.common import add_report, finish, refuse_problems, workshop
from opfixtures.comparison import Comparison, read_change
from opfixtures.config import Config, RuntimeSpec
from opfixtures.errors import UserError
from opfixtures.git import Repository
from opfixtures.git_snapshot import GitObjects
from opfixtures.plan import fixture_path
from opfixtures.record import record_path
from opfixtures.result import Result
from opfixtures.snapshot import EmptySnapshot, Snapshot, WorkTreeSnapshot
from opfixtures.verify import FixtureThere, verify


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
    """Print the facts of each fixture; the exit status is 1 where one differs or is no evidence."""
    repository = Repository.discover(os.getcwd(), os.environ)
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects:
        change = read_change(objects, Comparison(EmptySnapshot(), work_tree, base="HEAD", tip="HEAD"))
    refuse_problems(change)
    fixtures = WorkTreeSnapshot(repository.root, largest=MAX_BYTES)
    wanted = [_path(name, repository.root) for name in names]
    standing = [
        fixture for fixture in fixtures_there(change, fixtures) if not wanted or fixture.path in wanted
    ]
    unowned = sorted(set(wanted) - {fixture.path for fixture in standing})
    if unowned:
        raise UserError(
            f"{unowned[0]} is not there, or no fixture entry owns it: give the path of a registered fixture"
        )
    spec = _runtime(runtime, change.config) if runtime else None
    with workshop(repository) as tools:
        results = verify(standing, change.config, tools, spec)
    return finish(Result(None, tuple(results)), report, change.config.waivers)


def fixtures_there(change: Change, work_tree: Snapshot) -> Iterator[FixtureThere]:
    """The fixtures of all fixture entries, as far as they are there. Raises as `Snapshot.read`."""
    for entry in change.version_map.entries:
        for row in change.matching.rows_of(entry):
            path = fixture_path(change.config, row)
            data = work_tree.read(path)
            if data is not None:
                yield FixtureThere(
                    entry=entry,
                    covers=change.matching.covers(entry),
                    last_bump=change.matching.covered(entry.operator).stop,
                    row=row,
                    path=path,
                    data=data,
                    record=work_tree.read(record_path(path)),
                )


def _path(name: str, root: str) -> str:
    relative = os.path.relpath(os.path.realpath(name), os.path.realpath(root))
    return relative.replace(os.sep, "/")


def _runtime(name: str, config: Config) -> RuntimeSpec:
    found = next((spec for spec in config.runtimes if spec.name == name), None)
    if found is None:
        known = ", ".join(spec.name for spec in config.runtimes) or "none"
        raise UserError(f"there is no runtime {name!r} in the settings: name one of these: {known}")
    return found
