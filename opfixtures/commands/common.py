"""What `generate` and `verify` have in common: what they build upon, their tools, and how they end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from opfixtures.atomic_write import write_whole
from opfixtures.change.changes import Change
from opfixtures.change.held_upgraders import why_not_told
from opfixtures.change.plain_files import why_not_plain
from opfixtures.clock import today
from opfixtures.commands.loudness import add_loudness
from opfixtures.commands.progress import Progress
from opfixtures.declarations.place import Problem
from opfixtures.declarations.upgrader_model import Upgraders
from opfixtures.errors import UserError
from opfixtures.making.tools import Tools
from opfixtures.proving.accepted_break import accept_break
from opfixtures.proving.compiling import TreeOperators, operators_of
from opfixtures.proving.post_change import PostChange
from opfixtures.proving.result import FixtureResult, Result
from opfixtures.proving.waived_replay import waive_replay
from opfixtures.report.result_json import result_json
from opfixtures.report.result_text import result_text
from opfixtures.report.screen import QUIET, USUAL, screen_of
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.rules import RULES
from opfixtures.rules.waived import check_codes
from opfixtures.runtimes import Runtimes
from opfixtures.runtimes.cache import cache_root, let_go
from opfixtures.runtimes.cache_entries import remove_half_built
from opfixtures.settings.accepted_breaks import AcceptedBreak, by_operator
from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.worker.scratch import remove_left_over


def add_report(command: argparse.ArgumentParser) -> None:
    """The options that both take."""
    command.add_argument("--report", metavar="FILE", help="also write the result as JSON to FILE")
    add_loudness(command)


@contextmanager
def new_tools(
    repository: Repository, loudness: int = USUAL, progress: Progress | None = None
) -> Iterator[Tools]:
    """The tools, with progress shown while they are in use. What killed runs left behind is removed before."""
    with progress or Progress(quiet=loudness == QUIET) as progress:
        root = cache_root(os.environ)
        remove_left_over()
        remove_half_built(root)
        runtimes = Runtimes(repository, os.environ, root, progress.tell)
        try:
            yield Tools(repository.root, runtimes, progress.tell)
        finally:
            let_go()


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one project's fixtures. `own_breaks` are the accepted breaks that target's settings do not have,
    as far as somebody looked."""

    config: Config
    results: Sequence[FixtureResult]
    own_breaks: tuple[AcceptedBreak, ...] = ()


def as_settings_say(parts: Sequence[Part]) -> list[FixtureResult]:
    """The results of all, each with the accepted breaks and the waivers of its own project."""
    day, told = today(), list[FixtureResult]()
    for part in parts:
        waivers, source = part.config.waivers, part.config.source or ""
        breaks, own = by_operator(part.config.accepted_breaks), frozenset(part.own_breaks)
        for result in part.results:
            judged = accept_break(result, breaks.get(result.operator, ()), source, own)
            told.append(waive_replay(judged, waivers, day))
    return told


def finish(
    result: Result,
    report: str | None,
    notes: Sequence[str] = (),
    next_step: str = "",
    loudness: int = USUAL,
) -> int:
    """Print the result, write it to the file `report` if one is named; the exit status.

    `notes` are sentences beside the rows, such as why nothing was made or replayed.
    """
    screen = screen_of(os.environ, sys.stdout, loudness)
    sys.stdout.write(result_text(result, [note for note in notes if note], screen, next_step))
    if report is not None:
        write_whole(os.path.abspath(report), (result_json(result) + "\n").encode())
    return int(result.failed)


def are_uncommitted(objects: GitObjects, rows: Sequence[FixtureResult]) -> bool:
    """Whether HEAD lacks a fixture of these that is there. Where HEAD cannot be read nobody is told so."""
    head, there = objects.head(), [row.fixture for row in rows if row.fixture and row.made]
    with suppress(UserError):
        return not all(map(head.has, there))
    return False


def path_in(name: str, root: str) -> str:
    """The path from `root` of a file that is named from where the command runs."""
    relative = os.path.relpath(os.path.realpath(name), os.path.realpath(root))
    return relative.replace(os.sep, "/")


def written_by(report: str | None, root: str) -> tuple[str, ...]:
    """The path of the report, from `root`: no build depends on it."""
    return () if report is None else (path_in(report, root),)


def runtime_named(name: str, config: Config) -> RuntimeSpec | None:
    """The runtime of that name; None where the settings have none."""
    return next((spec for spec in config.runtimes if spec.name == name), None)


def refuse_unknown_runtime(name: str, configs: Sequence[Config]) -> None:
    """Raises UserError where the settings of no project have a runtime of that name."""
    if all(runtime_named(name, config) is None for config in configs):
        known = (
            ", ".join(dict.fromkeys(spec.name for config in configs for spec in config.runtimes)) or "none"
        )
        raise UserError(f"there is no runtime {name!r} in the settings: name one of these: {known}")


def upgrader_texts(change: Change) -> dict[str, str] | None:
    """The tree's own upgraders, by name; None where it never had a file of them, and the settings themselves name none.

    A file that is gone, or that is named and not there, has no upgraders: what a release has is none of the tree's.
    Nor has a name that stands there with several texts, or in a file that is not read whole: nobody knows which is
    compiled.
    """
    upgraders = change.after.upgraders()
    if upgraders is not None:
        return texts_of(upgraders)
    is_named = any(file.key == "upgraders" for file in change.config.named)
    return {} if is_named or any(one.upgraders() for one in (change.before, change.target)) else None


def texts_of(upgraders: Upgraders | None) -> dict[str, str]:
    """The text of each upgrader that has one alone, by name; none where the file is not read whole."""
    texts: dict[str, set[str]] = {}
    for one in upgraders.upgraders if upgraders and not upgraders.problems else ():
        texts.setdefault(one.name, set()).add(one.source)
    return {name: one for name, (one, *others) in texts.items() if not others}


def post_change(change: Change, spec: RuntimeSpec | None) -> PostChange:
    """The side after a change, by the runtime of `spec` where somebody named one."""
    return PostChange(
        change.config,
        upgrader_texts(change),
        spec,
        partial(_operators, change),
        partial(why_not_told, change),
        partial(_compiled, change),
        partial(why_not_plain, change),
    )


def _compiled(change: Change) -> dict[str, str]:
    """Target's texts, which its build compiled: with the operators that it declares, and not with others."""
    texts = texts_of(change.target.upgraders())
    if not texts:
        return {}
    # PyTorch's declarations take long to read.
    here, there = (
        {(one.operator, one.schema) for file in side.operators() for one in file.operators}
        for side in (change.after, change.target)
    )
    return texts if here == there else {}


def _operators(change: Change) -> TreeOperators:
    """What the tree declares, in the files that target's settings name: others are of this branch, and nothing is built
    from them as far as anybody knows."""
    if change.published_at() is not None and change.after.operator_files != change.target.operator_files:
        return TreeOperators(problem="`operators` of the settings are not those of target")
    return operators_of(change.after.operators())


def unread(change: Change) -> list[Problem]:
    """What cannot be read of version map, registry and fixture modules."""
    return [*change.version_map.problems, *change.registry.problems, *change.after.modules.problems]


def refuse_problems(change: Change) -> None:
    """What cannot be read is not built upon: a shorter map would be a smaller promise.

    Raises UserError with the first problem of version map, registry or fixture modules, without a registry, and where
    a waiver names no code.
    """
    check_codes(change.config, RULES)
    problems = unread(change)
    if problems:
        more = f" (and {len(problems) - 1} more that cannot be read)" if len(problems) > 1 else ""
        raise UserError(f"{problems[0].place}: {problems[0].message}{more}")
    if change.after.registry is None:
        raise UserError(f"no registry at {change.config.registry}: add it, with `ALL_MODULES = {{}}` in it")
