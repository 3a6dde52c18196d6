"""`opfixtures generate`: make the fixtures that are missing, and prove all that are there."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from opfixtures.change.map_history import has_entry
from opfixtures.change.owner import Owner
from opfixtures.change.unpublished import NAME_THE_BRANCH
from opfixtures.commands.common import (
    Part,
    add_report,
    are_uncommitted,
    as_settings_say,
    finish,
    new_tools,
    post_change,
    written_by,
)
from opfixtures.commands.evidence import own_breaks
from opfixtures.commands.planning import Planned, Wanted, planned
from opfixtures.commands.writable import refuse_unwritable, refuse_unwritable_fixtures
from opfixtures.errors import UserError
from opfixtures.making.plan import Plan, runtime_for
from opfixtures.proving.generate import CommitProblem, Done, generate, lost, refused
from opfixtures.proving.result import Answer, Fact, FixtureResult, Result
from opfixtures.records.record import Record
from opfixtures.report.next_step import next_step
from opfixtures.report.plan_text import intentions
from opfixtures.report.screen import QUIET, USUAL, columns, wrapped
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.sources import sources_of
from opfixtures.settings.version_range import VersionRange


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures generate` takes."""
    command.add_argument(
        "--base",
        metavar="REV",
        help="the commit before the change (default: target's, or what history shows)",
    )
    command.add_argument(
        "--target",
        metavar="REV",
        help="the branch or commit that is published, instead of `target` in the settings",
    )
    command.add_argument(
        "--operator", metavar="OP", action="append", default=[], help="only this one; repeatable"
    )
    command.add_argument(
        "--all", action="store_true", help="make those of every entry that has none, not of the change alone"
    )
    command.add_argument(
        "--regenerate", action="store_true", help="replace a fixture that is there, unless target has it"
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
    if "" in (options.base, options.target):
        raise UserError("--base and --target take a revision, and one of them is empty: name one")
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
    return run(wanted, options.report, options.loudness)


def run(wanted: Wanted, report: str | None, loudness: int = USUAL) -> int:
    """Make what is missing, replay what is there, and print what became of each; the exit status is 1 where one is not
    green.

    Raises RuntimeUnavailable or GitError, after all that could be made is reported, if a runtime could not be had.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    wanted = replace(wanted, written=written_by(report, repository.root))
    refuse_unwritable(report, repository.root)
    parts, unavailable = list[Part](), None
    with GitObjects(repository) as objects, new_tools(repository, loudness) as tools:
        todos = planned(objects, wanted, tools.tell)
        if not wanted.dry_run:
            refuse_unwritable_fixtures(repository.root, [todo.plan for todo in todos])
        configs = [todo.change.config for todo in todos]
        for todo in todos:
            done = Done()
            if not wanted.dry_run and (todo.plan.to_make or todo.plan.found):
                after = post_change(todo.change, _post_change(wanted))
                own = tools.building(sources_of(todo.change.config, configs, wanted.written, todo.theirs))
                done = generate(todo.plan, after, own, commit_problem(objects, todo))
            unseen = [*map(refused, todo.plan.unplanned), *_lost(todo.plan)]
            results = _in_order(todo, [*unseen, *done.results])
            parts.append(Part(todo.change.config, results, own_breaks(todo.change.config, todo.theirs)))
            unavailable = unavailable or done.unavailable
        left = are_uncommitted(objects, [one for part in parts for one in part.results])
    if wanted.dry_run and loudness != QUIET:
        width = columns(os.environ, sys.stdout)
        for line in (line for todo in todos for line in intentions(todo.plan)):
            sys.stdout.writelines(f"{part}\n" for part in wrapped(line, width))
    rows = as_settings_say(parts)
    commits = {row.pre_change_commit for row in rows} - {None}
    notes = notes_of(todos)
    told = Result(
        commits.pop() if len(commits) == 1 else None, tuple(rows), isolation=tools.held, notes=tuple(notes)
    )
    folders = {todo.change.config.fixtures for todo in todos}
    then = next_step(rows, folders, dry_run=wanted.dry_run, uncommitted=left)
    status = finish(told, report, [_nothing_done(todos, wanted), *notes], then, loudness)
    if unavailable is not None:
        raise unavailable
    return status


def _nothing_done(todos: Sequence[Planned], wanted: Wanted) -> str:
    """What to say where nothing was built or replayed; empty where something was."""
    plans = [todo.plan for todo in todos]
    if wanted.dry_run:
        made, reproduced, replayed = (
            sum(map(len, some))
            for some in (
                [plan.to_make for plan in plans],
                [plan.reproducing for plan in plans],
                [plan.found for plan in plans],
            )
        )
        return f"a dry run: {made} made, {reproduced} reproduced, {replayed} replayed without --dry-run"
    if any(plan.to_make or plan.found or plan.lost or plan.unplanned for plan in plans):
        return ""
    if any(todo.because for todo in todos):
        if wanted.runtime:
            return f"nothing to do: runtime {wanted.runtime!r} makes none of what is missing, and none of what is there"
        nothing = "nothing was made or replayed: there is no fixture, and no entry that asks for one"
        beside = next((todo.unpublished for todo in todos if todo.unpublished), "")
        return f"{nothing} ({beside}; {NAME_THE_BRANCH})" if beside else nothing
    targets = dict.fromkeys(todo.target for todo in todos)
    beside = " or ".join(f"commit {one[:12]}" if one else "the empty tree" for one in targets)
    return f"nothing that a fixture rests on differs from {beside}: nothing was built or replayed (--all does both)"


def notes_of(todos: Sequence[Planned]) -> list[str]:
    """What a reader has to know beside the rows, each once."""
    unpublished = [todo.unpublished for todo in todos if todo.unpublished and todo.plan.found]
    return list(dict.fromkeys([*unpublished, *(note for todo in todos for note in todo.notes)]))


def commit_problem(objects: GitObjects, todo: Planned) -> CommitProblem:
    """Looks at the commit that a record names: it has to be here, a part of target, and from before the entry. One that
    a checkout makes has to name one, whatever kind of runtime its record says it is of."""
    repository = objects.repository

    def problem(record: Record, owner: Owner) -> Fact | None:
        commit, spec = record.pre_change.commit, runtime_for(owner, todo.change.config)
        if commit is None:
            named_none = "its record names no commit that the checkout was built from"
            is_built = spec is not None and spec.kind == "checkout"
            return Fact(Answer.NO, named_none) if is_built or record.runtime.kind == "checkout" else None
        if repository.resolve(commit) is None:
            what = f"its record names commit {commit[:12]}, which this clone does not have"
            lacks = repository.shallow or repository.partial
            return (
                Fact(Answer.UNKNOWN, f"{what}: `git fetch --unshallow`") if lacks else Fact(Answer.NO, what)
            )
        if todo.target is None or repository.merge_base(commit, todo.target) != commit:
            return Fact(Answer.NO, f"its record names commit {commit[:12]}, which is no part of target")
        config = todo.change.config
        if owner.entry and has_entry(objects, commit, config.version_map, owner.entry, config.folder):
            return Fact(Answer.NO, f"its record names commit {commit[:12]}, which has the entry already")
        return None

    return problem


def _lost(plan: Plan) -> list[FixtureResult]:
    return [lost(owner, because) for owner, because in plan.lost]


def _post_change(wanted: Wanted) -> RuntimeSpec | None:
    python = wanted.post_change_python
    if python is None:
        return None
    return RuntimeSpec("interpreter", f"torch of {python}", VersionRange(), None, python, None, (), None)


def _in_order(todo: Planned, results: list[FixtureResult]) -> tuple[FixtureResult, ...]:
    """In the order of the version map, guards last."""
    entries = todo.change.version_map.entries
    rank = {one.key: place for place, one in enumerate(entries)}
    last = len(rank)

    def place(result: FixtureResult) -> tuple[int, str, str]:
        key = result.operator, result.bumped_at_version or 0
        return rank.get(key, last), result.operator, result.module or ""

    return tuple(sorted(results, key=place))
