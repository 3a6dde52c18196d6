"""Whether anything that fixtures rest on has changed: otherwise nothing is built or replayed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from opfixtures.errors import ConfigurationError
from opfixtures.repository.git import Repository
from opfixtures.runtimes.side_checkout import with_own_index
from opfixtures.settings.config import Config
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, below
from opfixtures.settings.sources import Sources, sources_of
from opfixtures.worker.scratch import scratch_folder


def touched(
    repository: Repository,
    config: Config,
    projects: Sequence[Config],
    before: str | None,
    written: Sequence[str] = (),
) -> str | None:
    """The first of `all_touched`; None where there is none. Without a commit all is new. Raises as that."""
    if before is None:
        if config.sources:
            _refuse_idle_globs(repository, config, sources_of(config, projects, written))
        return config.first_file
    return next(all_touched(repository, config, projects, before, written), None)


def all_touched(
    repository: Repository,
    config: Config,
    projects: Sequence[Config],
    before: str,
    written: Sequence[str] = (),
) -> Iterator[str]:
    """The paths that a replay of a project depends on and that differ between the commit `before` and the work tree.
    `projects` are all of the repository, `written` are paths that the run itself writes.

    A runtime that has the library depends on its sources, built from the repository or installed by somebody: a
    release is what it is.

    Raises GitError, and ConfigurationError for a glob of `sources` that matches no file.
    """
    sources = sources_of(config, projects, written)
    if config.sources:
        _refuse_idle_globs(repository, config, sources)
    settings = (below(config.folder, name) for name in (OWN_FILE, SHARED_FILE))
    mobile = [config.mobile_upgraders] if config.mobile_upgraders else []
    evidence = [*settings, *config.declared, *mobile, config.fixtures]
    is_built = any(spec.kind == "checkout" or spec.module for spec in config.runtimes)
    pathspecs = [] if is_built else [f":(top,literal){path}" for path in evidence]
    if is_built:
        sources = sources.following(_links(repository))
    differing = _differing(repository, before, pathspecs)
    wanted = set(evidence)
    for path in differing:
        if path in wanted or path.startswith(f"{config.fixtures}/") or (is_built and sources.has(path)):
            yield path


def _refuse_idle_globs(repository: Repository, config: Config, sources: Sources) -> None:
    glob = sources.unmatched(_paths(repository))
    if glob is not None:
        raise ConfigurationError(
            f"{config.source}: [tool.opfixtures]: sources: {glob!r} matches no file: correct it, such as 'mylib/**'"
        )


def _paths(repository: Repository) -> Iterator[str]:
    """The paths of the files that git has, or would add."""
    listed = repository.run("ls-files", "--cached", "--others", "--exclude-standard", "-z").split(b"\0")
    return (os.fsdecode(path) for path in listed if path)


def _links(repository: Repository) -> dict[str, str]:
    """The symbolic links among them, each with what it says."""
    places = ((path, os.path.join(repository.root, path)) for path in _paths(repository))
    return {path: os.readlink(place) for path, place in places if os.path.islink(place)}


def _differing(repository: Repository, before: str, pathspecs: list[str]) -> Iterator[str]:
    """The paths of the files that differ, untracked ones included."""
    # A submodule's commit counts, what its own work tree holds does not: no build has that.
    options = ("--name-only", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty", "-z")
    with scratch_folder("opfixtures-differing-") as folder:
        # git reads every file that looks changed, and writes into the index what it saw.
        aside = with_own_index(repository, os.path.join(folder, "index"))
        changed = aside.run("diff", *options, before, "--", *pathspecs)
    new = repository.run("ls-files", "--others", "--exclude-standard", "-z", "--", *pathspecs)
    for path in (changed + new).split(b"\0"):
        if path:
            yield os.fsdecode(path)
