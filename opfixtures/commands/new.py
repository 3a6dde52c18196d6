"""`opfixtures new`: an entry with all that it owes, written into the files that there are."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from opfixtures.atomic_write import remove_half_written, write_all
from opfixtures.change.comparison import commit_of
from opfixtures.change.projects import since_target
from opfixtures.change.read_change import read_change
from opfixtures.change.unpublished import NAME_THE_BRANCH, why_nothing_is_published
from opfixtures.commands.as_it_was_read import refuse_other
from opfixtures.commands.common import new_tools
from opfixtures.commands.guard_sources import AsDeclared, TargetsBuild
from opfixtures.commands.loudness import add_loudness
from opfixtures.commands.new_guards import GuardWriter
from opfixtures.commands.new_project import NewProject, Written, new_project, project_of
from opfixtures.commands.new_samples import RuntimeFinder
from opfixtures.errors import NothingChanged, UserError
from opfixtures.proving.generate import inside
from opfixtures.report.diff_text import diff_text
from opfixtures.report.newcomers import guard_json, guard_text, newcomer_json, newcomer_text
from opfixtures.report.screen import QUIET, USUAL, VERBOSE, Screen, screen_of, wrapped
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.sources import sources_of
from opfixtures.synthesis.newcomers import NoFinder


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures new` takes."""
    command.description = (
        "Add to the version map an entry of each operator that changed, and all that belongs to it: the skeleton of "
        "an upgrader, fixture modules, rows, a raised versions.h; or what an entry lacks. With --guard: modules and "
        "rows of operators as target has them, which need no entry. Example: opfixtures new mylib::sharpen --apply"
    )
    command.add_argument("operators", metavar="OPERATOR", nargs="*", help="its full name: mylib::scale.out")
    command.add_argument(
        "--all",
        action="store_true",
        help="what any entry of the version map lacks; with --guard, a guard of each operator that has none",
    )
    command.add_argument(
        "--guard",
        action="store_true",
        help="a fixture entry without an entry of the map: target's operator makes its fixture, every head replays it",
    )
    command.add_argument("--apply", action="store_true", help="write the files (default: show the diff)")
    command.add_argument(
        "--old-schema",
        metavar="SCHEMA",
        help="what the one operator was before, where no file declares it: 'scale(Tensor x, float s=1.) -> Tensor'",
    )
    command.add_argument(
        "--behaviour",
        action="store_true",
        help="it computes something else for the same inputs, whether its schema says so or not",
    )
    command.add_argument(
        "--target",
        metavar="REV",
        help="the branch or commit that is published, instead of `target` in the settings",
    )
    command.add_argument(
        "--no-samples",
        action="store_true",
        help="look for no sample inputs: that needs the pre-change runtime, a torch",
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="(default: %(default)s)")
    add_loudness(command)


def main(options: argparse.Namespace) -> int:
    """Run it with what was given. Raises UserError where that does not fit together, and as `run`."""
    operators = list(dict.fromkeys(options.operators))
    if options.target == "":
        raise UserError("--target takes a revision, and it is empty: name one")
    if bool(operators) == options.all:
        raise UserError("name the operators, such as mylib::scale, or give --all alone")
    if options.old_schema is not None and len(operators) != 1:
        raise UserError("--old-schema is that of one operator: name that one alone")
    if options.guard and (options.behaviour or options.old_schema is not None):
        raise UserError("--guard is of an operator as target has it: leave --behaviour and --old-schema out")
    if options.behaviour and options.all:
        raise UserError("--behaviour says that an operator changed: name it")
    return run(
        operators,
        old_schema=options.old_schema,
        behaviour=options.behaviour,
        guard=options.guard,
        apply=options.apply,
        samples=not options.no_samples,
        target=options.target,
        report=options.format,
        loudness=options.loudness,
    )


def run(
    operators: Sequence[str],
    *,
    old_schema: str | None = None,
    behaviour: bool = False,
    guard: bool = False,
    apply: bool = False,
    samples: bool = True,
    target: str | None = None,
    report: str = "text",
    loudness: int = USUAL,
) -> int:
    """Print what is added and the diff, and with `apply` write it; for no operators what any entry lacks, or as `guard`
    a guard of each operator that has none.

    With `samples` the pre-change runtime is asked for inputs that run. `target` is the revision that is published,
    instead of what the settings say.

    Raises:
        UserError: an operator is not known, did not change, or cannot be upgraded; a file cannot be edited, or was
            saved meanwhile; or as `read_change`.
        OSError: a file could not be written; then none is changed.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects, new_tools(repository, loudness) as tools:
        published = commit_of(repository, target) if target is not None else None
        since = since_target(objects, work_tree, published)
        changes = [read_change(objects, one) for one in since]
        configs = [change.config for change in changes]
        head = objects.resolve("HEAD")
        projects = []
        for compared, change in zip(since, changes, strict=True):
            own = tools.building(sources_of(change.config, configs))
            finder = RuntimeFinder(objects, compared, change, own, operators) if samples else NoFinder()
            source = TargetsBuild(compared, change, own) if samples else AsDeclared(change)
            writer = GuardWriter(change, source, own)
            projects.append(new_project(change, work_tree, head, finder, writer))
        if guard:
            owners = [project_of(projects, operator, repository.root) for operator in operators]
            _add_guards(projects, operators, owners)
        else:
            try:
                if samples:
                    # What is wrong with one of them is said before a runtime is asked for another, and for long.
                    tried = [replace(one, finder=NoFinder()) for one in projects]
                    _add(tried, operators, repository.root, old_schema, behaviour)
                _add(projects, operators, repository.root, old_schema, behaviour)
            except NothingChanged as error:
                reasons = (why_nothing_is_published(objects, one) for one in since if target is None)
                raise UserError(_with_what_was_compared(error, next(filter(None, reasons), ""))) from error
    written = {path: both for project in projects for path, both in project.written().items()}
    if report == "json":
        rows = [
            newcomer_json(one, project.change.config) for project in projects for one in project.newcomers
        ]
        told = {
            "schema": 1,
            "written": bool(apply and written),
            "files": [*written],
            "operators": rows,
            "guards": [
                guard_json(one, project.change.config) for project in projects for one in project.guards
            ],
            "notes": [note for project in projects for note in project.notes],
        }
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        _show(projects, written, screen_of(os.environ, sys.stdout, loudness), apply=apply)
    if apply and written:
        refuse_other(repository.root, written, {path: old for path, (old, _) in written.items()})
        for path in written:
            remove_half_written(os.path.dirname(inside(repository.root, path)))
        write_all({inside(repository.root, path): new for path, (_, new) in written.items()})
    return 0


def _add(
    projects: Sequence[NewProject],
    operators: Sequence[str],
    root: str,
    old_schema: str | None,
    behaviour: bool,
) -> None:
    """Add entries of operators, each in the project that owns it; for none, what any entry lacks."""
    if not operators:
        if not any(project.change.config.version_map for project in projects):
            raise UserError(
                "the settings name no version map, so no entry lacks anything: `opfixtures new --guard --all` adds "
                "what operators without an entry lack"
            )
        for project in projects:
            project.add_what_is_lacking()
    # Whose operator it is does not change by what is added.
    owners = [project_of(projects, operator, root) for operator in operators]
    for operator, project in zip(operators, owners, strict=True):
        project.add(operator, old_schema, behaviour)


def _with_what_was_compared(error: NothingChanged, beside: str) -> str:
    """What did not change, and how a change that is committed already is seen where `beside` says why it is not."""
    if not beside:
        return str(error)
    return f"{error} ({beside}; {NAME_THE_BRANCH})"


def _add_guards(
    projects: Sequence[NewProject], operators: Sequence[str], owners: Sequence[NewProject]
) -> None:
    """Add guards of operators, each in the project that owns it; for none, all that lack."""
    for project in projects:
        own = [one for one, owner in zip(operators, owners, strict=True) if owner is project]
        if own or not operators:
            project.add_guards(own)


def _show(projects: Sequence[NewProject], written: Written, screen: Screen, *, apply: bool) -> None:
    """What is added, and the diff where it is not written, or all is to be said."""

    def tell(text: str, more: str = "  ") -> None:
        sys.stdout.writelines(f"{line}\n" for line in wrapped(text, screen.width, more=more))

    for project in projects if screen.loudness != QUIET else ():
        config = project.change.config
        for newcomer in project.newcomers:
            for line in newcomer_text(newcomer, config, project.label):
                tell(line, "    ")
        for guard in project.guards:
            for line in guard_text(guard, config):
                tell(line, "    ")
    for note in (note for project in projects for note in project.notes):
        tell(f"note: {note}")
    if not written:
        sys.stdout.write("opfixtures: nothing to add\n")
        return
    if screen.loudness == VERBOSE or not (apply or screen.loudness == QUIET):
        old, new = ({path: both[side] for path, both in written.items()} for side in (0, 1))
        sys.stdout.write(f"\n{diff_text(old, new)}\n")
    end = "written" if apply else "to change"
    sys.stdout.write(f"opfixtures: {len(written)} file{'s' * (len(written) != 1)} {end}\n")
    upgraders = [project.upgraders for project in projects if project.has_skeletons]
    if not apply:
        tell("next: run this again with --apply, which writes it")
    elif upgraders:
        where = " and ".join(upgraders)
        tell(f"next: read the upgraders in {where}, fill in what is open, then run `opfixtures generate`")
    else:
        tell("next: `git add` that, then run `opfixtures generate`")
