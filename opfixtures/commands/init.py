"""`opfixtures init`: what a library of custom operators needs before its first fixture, written and tried once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from importlib.metadata import distributions

from opfixtures import __version__
from opfixtures.atomic_write import remove_half_written, write_all
from opfixtures.commands.common import new_tools, path_in
from opfixtures.errors import UserError
from opfixtures.report.diff_text import diff_text
from opfixtures.report.screen import write_line
from opfixtures.repository.git import Repository
from opfixtures.repository.printable import printable
from opfixtures.repository.snapshot import NotAFileError, WorkTreeSnapshot
from opfixtures.settings.config import Config, read_config
from opfixtures.settings.fixture_formats import FIXTURE_FORMATS
from opfixtures.settings.settings_scan import below
from opfixtures.settings.sources import sources_of
from opfixtures.synthesis.library.action_source import action_of
from opfixtures.synthesis.library.found import Library, find_library
from opfixtures.synthesis.library.plan import Plan, plan_library
from opfixtures.synthesis.library.scripting import has_versions
from opfixtures.synthesis.library.trial import try_library, unlike_declared


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What `opfixtures init` takes."""
    command.description = (
        "Write what a library of custom operators needs, in the folder of the library: settings, an empty version map, "
        "registry and fixture modules, upgraders.py, the workflow, the hook's configuration. A file that is there is "
        "kept; what is added to one is shown. Then build and import the library once. Run again, it writes what is "
        "missing. A library of which TorchScript can call no operator, or with --fixture-format pt2, gets no version "
        "map and no upgraders: its fixtures are guards, exported with torch.export."
    )
    command.add_argument(
        "--check", action="store_true", help="write nothing: validate the settings, show the runtimes"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="show what would be written, and write nothing"
    )
    command.add_argument("--map", choices=("python", "cpp"), default="python", help="default: %(default)s")
    command.add_argument(
        "--fixture-format",
        choices=FIXTURE_FORMATS,
        action="append",
        help="of new settings; repeatable (default: pt2 where TorchScript can call no operator, else ptl)",
    )
    command.add_argument(
        "--package", metavar="NAME", help="the package that registers upgraders, where it cannot be told"
    )
    command.add_argument(
        "--format", choices=("text", "json"), default="text", help="of --check (default: %(default)s)"
    )


def main(options: argparse.Namespace) -> int:
    """Run it with what was given."""
    repository = Repository.discover(os.getcwd(), os.environ)
    inside = path_in(os.getcwd(), repository.root)
    folder = "" if inside == "." else inside
    if options.check:
        from opfixtures.commands import init_check

        return init_check.run(options.format, folder, repository)
    if options.format == "json":
        raise UserError("--format json is for --check: give that too")
    return run(
        repository,
        folder,
        cpp_map=options.map == "cpp",
        wanted=options.package,
        dry_run=options.dry_run,
        formats=tuple(dict.fromkeys(options.fixture_format or ())),
    )


def run(
    repository: Repository,
    folder: str,
    *,
    cpp_map: bool,
    wanted: str | None,
    dry_run: bool,
    formats: tuple[str, ...] = (),
) -> int:
    """Write what is missing, build and import the library, say what to do next.

    Returns 1 where the library cannot be built before its author did something. Raises UserError where the library
    cannot be told, or a link stands where a file is to be; RuntimeUnavailable where it cannot be built or imported.
    """
    work_tree = WorkTreeSnapshot(repository.root)
    config = read_config(work_tree, folder)
    if config is not None and config.source is None:
        raise UserError(
            "a tree with PyTorch's paths needs no settings: `opfixtures init --check` shows its runtimes"
        )
    imported = [spec.module.partition(".")[0] for spec in config.runtimes if spec.module] if config else []
    library = find_library(
        folder,
        _files(repository, folder),
        _reader(work_tree),
        wanted or next(iter(imported), None),
        are_read=has_versions(formats or (config.fixture_formats if config else FIXTURE_FORMATS)),
    )
    plan = plan_library(library, config, work_tree.read, cpp_map, _action(), formats)
    _show(library, plan)
    if dry_run:
        return 0
    files = {os.path.join(repository.root, path): content for path, content in plan.files.items()}
    for place in set(map(os.path.dirname, files)):
        remove_half_written(place)
    write_all(files)
    if not plan.unbuilt:
        written = read_config(work_tree, folder)
        assert written is not None
        try:
            _try(repository, written, library, plan)
        except BaseException:
            # What its author has to do may be why it cannot be built.
            _say_left(plan)
            raise
    _say_next(library, plan, read_config(work_tree, folder))
    return int(plan.unbuilt)


def _files(repository: Repository, folder: str) -> list[str]:
    """The files of the project that git has, or would add; paths from its folder."""
    listed = repository.run("ls-files", "--cached", "--others", "--exclude-standard", "-z")
    paths = os.fsdecode(listed).split("\0")[:-1]
    own = below(folder, "")
    # What cannot be shown no settings can name.
    named = (path for path in paths if path.startswith(own) and path.isprintable())
    return list(dict.fromkeys(path.removeprefix(own) for path in named))


def _reader(work_tree: WorkTreeSnapshot) -> Callable[[str], bytes | None]:
    """Reads a file; what is a link or a folder is none."""

    def read(path: str) -> bytes | None:
        try:
            return work_tree.read(path)
        except NotAFileError:
            return None

    return read


def _action() -> str:
    """What a workflow calls: the repository that this installation came from, if it says so."""
    installed = next(iter(distributions(name="opfixtures")), None)
    return action_of(installed.read_text("direct_url.json") if installed else None, __version__)


def _show(library: Library, plan: Plan) -> None:
    operators = dict.fromkeys(one.operator for one in library.operators)
    names = ", ".join(operators) or "no operator that can be read"
    lines = [f"{library.package.name} in {below(library.folder, library.package.folder)}: {names}"]
    lines += [f"not read: {problem.place}: {problem.message}" for problem in library.problems]
    lines += [f"+ {path}: {what}" for path, what in plan.new.items()]
    sys.stdout.writelines(f"{printable(line)}\n" for line in lines)
    sys.stdout.write(diff_text(plan.old, {path: plan.files[path] for path in plan.old}))
    if not plan.files:
        sys.stdout.write("opfixtures: nothing to do, every file is there\n")
    sys.stdout.flush()


def _try(repository: Repository, config: Config, library: Library, plan: Plan) -> None:
    """Build and import the library with the settings that were written."""
    built = [one for one in config.runtimes if one.kind == "checkout"]
    if not built:
        sys.stdout.write("not built: no runtime of the settings is a checkout\n")
        return
    # The last recipe of several is that of the tree as it is now.
    spec = max(built, key=lambda one: one.operator_versions.top)
    with new_tools(repository) as tools:
        runtime, seen = try_library(spec, library, tools.building(sources_of(config, [config])).runtimes)
    sys.stdout.write(f"built and imported {library.package.name}: {printable(runtime.name)}\n")
    plan.left += unlike_declared(library, seen)


def _say_left(plan: Plan) -> None:
    for sentence in plan.left:
        first, *more = sentence.split("\n")
        write_line(sys.stdout, f"still to do: {first}")
        sys.stdout.writelines(f"{printable(line)}\n" for line in more)
    sys.stdout.flush()


def _say_next(library: Library, plan: Plan, config: Config | None) -> None:
    _say_left(plan)
    if config is not None and not config.version_map:
        sys.stdout.write("next: `git add --all` and commit; then: `opfixtures new --guard --all --apply`\n")
        return
    operator = library.operators[0].operator
    write_line(
        sys.stdout,
        "next: `git add --all` and commit; from then on, after you have changed an operator that old models call: "
        f"`opfixtures new {operator}`",
    )
