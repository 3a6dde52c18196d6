"""`opfixtures generate`: make the fixtures that are missing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from opfixtures.changes import Change
from opfixtures.commands.common import add_report, finish, refuse_problems, workshop
from opfixtures.comparison import Comparison, commit_of, read_change, snapshot_of, target_of_work_tree
from opfixtures.config import RuntimeSpec
from opfixtures.declarations.model import MapEntry
from opfixtures.declarations.python_source import decode
from opfixtures.errors import UserError
from opfixtures.generate import Made, generate
from opfixtures.git import Repository
from opfixtures.git_snapshot import GitObjects
from opfixtures.history import MapHistory, read_history
from opfixtures.plan import NAMED_TOO_LATE, Plan, PreChange, Standing, make_plan
from opfixtures.report.printable import printable
from opfixtures.result import FixtureResult, Result
from opfixtures.snapshot import Snapshot, WorkTreeSnapshot
from opfixtures.version_range import VersionRange


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: `base` is a revision, `operators` are full names; neither means what the change owes.

    `target` is a revision too: the commit that holds what is published, whatever the settings say of it.
    `runtime` names the only runtime to make fixtures with: what others make, or what is settled, is not reported then.
    `post_change_python` is the Python to replay with, instead of what the settings have.
    """

    base: str | None = None
    target: str | None = None
    operators: tuple[str, ...] = ()
    everything: bool = False
    regenerate: bool = False
    dry_run: bool = False
    runtime: str | None = None
    post_change_python: str | None = None


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures generate` takes."""
    command.add_argument(
        "--base", metavar="REV", help="the pre-change commit (default: target's, or what history shows)"
    )
    command.add_argument(
        "--target", metavar="REV", help="what is published, whatever `target` in the settings says"
    )
    command.add_argument(
        "--operator", metavar="OP", action="append", default=[], help="only this one; repeatable"
    )
    command.add_argument(
        "--all", action="store_true", help="every entry of the version map that lacks a fixture"
    )
    command.add_argument(
        "--regenerate", action="store_true", help="replace a fixture that is there, unless target holds it"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="say what would be made, and by which runtime"
    )
    command.add_argument(
        "--runtime", metavar="NAME", help="make only what this runtime of the settings makes"
    )
    command.add_argument(
        "--post-change-python",
        metavar="PATH",
        help="replay with the torch of this Python: a build of the change",
    )
    add_report(command)


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    wanted = Wanted(
        base=options.base,
        target=options.target,
        operators=tuple(options.operator),
        everything=options.all,
        regenerate=options.regenerate,
        dry_run=options.dry_run,
        runtime=options.runtime,
        post_change_python=options.post_change_python,
    )
    return run(wanted, options.report)


def run(wanted: Wanted, report: str | None) -> int:
    """Make what is missing and print what became of each; the exit status is 1 where one was refused or differs.

    Raises RuntimeUnavailable or GitError, after all that could be made is reported, if a pre-change runtime could not
    be had.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    made = Made(())
    with workshop(repository) as tools:
        with GitObjects(repository) as objects:
            change, plan = planned(objects, wanted, tools.tell)
        if plan.to_make and not wanted.dry_run:
            made = generate(plan.to_make, change.config, tools, _post_change(wanted))
    if wanted.dry_run:
        sys.stdout.writelines(f"{line}\n" for line in intentions(plan))
    results = _in_order(change, [*plan.settled, *made.results])
    commits = {result.pre_change_commit for result in results} - {None}
    status = finish(
        Result(commits.pop() if len(commits) == 1 else None, results), report, change.config.waivers
    )
    if made.unavailable is not None:
        raise made.unavailable
    return status


def planned(objects: GitObjects, wanted: Wanted, tell: Callable[[str], None]) -> tuple[Change, Plan]:
    """The change in the work tree, and what is to be made for it. Raises UserError or GitError."""
    change, plan = _plan(objects, wanted, tell)
    if wanted.runtime is None:
        return change, plan
    only = tuple(fixture for fixture in plan.to_make if fixture.spec.name == wanted.runtime)
    return change, Plan(only, ())


def _post_change(wanted: Wanted) -> RuntimeSpec | None:
    python = wanted.post_change_python
    if python is None:
        return None
    return RuntimeSpec("interpreter", f"torch of {python}", VersionRange(), None, python, None, (), None)


def intentions(plan: Plan) -> Iterator[str]:
    """A line for each fixture that is to be made."""
    for planned in plan.to_make:
        entry = planned.entry
        commit = f", pre-change commit {planned.commit[:12]}" if planned.commit else ""
        what = f"{entry.operator} at {entry.bumped_at_version}: {planned.path} with {planned.spec.name}"
        yield printable(f"would make  {what}{commit}")


def _in_order(change: Change, results: list[FixtureResult]) -> tuple[FixtureResult, ...]:
    rank = {entry.upgrader_name: place for place, entry in enumerate(change.version_map.entries)}
    return tuple(sorted(results, key=lambda result: (rank[result.upgrader_name], result.module or "")))


def _plan(objects: GitObjects, wanted: Wanted, tell: Callable[[str], None]) -> tuple[Change, Plan]:
    repository = objects.repository
    work_tree = WorkTreeSnapshot(repository.root)
    named = wanted.target
    target = commit_of(repository, named) if named else target_of_work_tree(objects, work_tree)
    pre_change = commit_of(repository, wanted.base) if wanted.base else target
    before = snapshot_of(objects, pre_change)
    compared = Comparison(before, work_tree, base=pre_change or "HEAD", tip="HEAD", target=target)
    change = read_change(objects, compared)
    refuse_problems(change)
    published = snapshot_of(objects, target)
    plan = make_plan(
        change,
        _entries(change, wanted),
        _sources(change, work_tree),
        Standing(work_tree.has, published.read),
        pre_change=pre_change,
        published=_named_too_late if wanted.base else _search(objects, target, change, tell),
        regenerate=wanted.regenerate,
    )
    return change, plan


def _named_too_late(_: MapEntry) -> PreChange:
    return PreChange(None, reason=NAMED_TOO_LATE)


def _search(
    objects: GitObjects, target: str | None, change: Change, tell: Callable[[str], None]
) -> Callable[[MapEntry], PreChange]:
    """Finds the pre-change commit of an entry that target has; history is read when the first is asked for."""

    @cache
    def history() -> MapHistory:
        tell(f"reading the history of {change.version_map.path}")
        return read_history(objects, target or "HEAD", change.version_map.path)

    @cache
    def pre_change(entry: MapEntry) -> PreChange:
        found = history().pre_change(entry)
        what = found.reason
        if found.commit and found.brought_by:
            what = f"brought by {found.brought_by[:12]}, pre-change commit {found.commit[:12]}"
        tell(f"{entry.operator} at {entry.bumped_at_version}: {what}")
        return found

    return pre_change


def _entries(change: Change, wanted: Wanted) -> list[MapEntry]:
    entries = change.version_map.entries
    if wanted.operators:
        missing = sorted(set(wanted.operators) - {entry.operator for entry in entries})
        if missing:
            raise UserError(f"{missing[0]} is not in {change.version_map.path}: give a full name from there")
        return [entry for entry in entries if entry.operator in wanted.operators]
    return list(entries if wanted.everything else change.added)


def _sources(change: Change, work_tree: Snapshot) -> dict[str, str]:
    read = {path: work_tree.read(path) for path in change.config.fixture_modules}
    return {path: decode(source) for path, source in read.items() if source is not None}
