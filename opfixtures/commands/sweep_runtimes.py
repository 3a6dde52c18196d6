"""The runtimes of a sweep, by what was typed: a release, a name of the settings, a commit."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress

from opfixtures.change.projects import configs_in, folders_of_work_tree
from opfixtures.commands.common import path_in, runtime_named
from opfixtures.errors import NothingToCheck, UserError
from opfixtures.making.tools import Tools
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.runtimes import Runtime
from opfixtures.settings.config import Config, read_config
from opfixtures.settings.runtime_spec import RELEASE, RuntimeSpec
from opfixtures.settings.settings_scan import below
from opfixtures.settings.sources import sources_of
from opfixtures.settings.version_range import VersionRange

# A full id is a commit, and no runtime of that name: settings of a branch are anybody's word.
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RELEASE = re.compile(f"torch-({RELEASE})", re.ASCII)
# There are wheels of the releases that begin so for these Pythons; for all others for the usual one.
_PYTHONS = (("0.", "3.7"), ("1.", "3.8"))
_USUAL_PYTHON = "3.11"


def obtained(name: str, repository: Repository, tools: Tools, project: str | None = None) -> Runtime:
    """The runtime of that name; of one `project`, a folder from the repository's root, where that is given.

    Raises UserError where there is none, or where settings that it needs cannot be used; RuntimeUnavailable where it
    cannot be had.
    """
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects:
        # Two releases can be swept without settings.
        configs = _nearest_first(configs_in(objects, work_tree), repository)
        own = [one for one in configs if project is None or one.folder == project]
        if project is not None and not own:
            folders = ", ".join(one.folder or "." for one in configs) or "nowhere"
            raise UserError(f"there are no settings in {project or '.'} (--project): they are in {folders}")
        named = [(spec, config) for config in own if (spec := runtime_named(name, config))]
        found = [] if _COMMIT.fullmatch(name) else named
        release = _RELEASE.fullmatch(name)
        if found and found[0][0].kind != "checkout":
            return tools.runtimes.obtain(found[0][0], None)
        if release and not found:
            return tools.runtimes.obtain(_of_release(name, release.group(1), configs), None)
        # What cannot be used was passed over so far: a release needs no settings.
        with suppress(NothingToCheck):
            for folder in folders_of_work_tree(objects, work_tree):
                read_config(work_tree, folder)
        commit = None if found else objects.resolve(name)
    found = found or [(spec, config) for config in own for spec in config.runtimes if spec.kind == "checkout"]
    if not found:
        raise UserError(
            f"there is no runtime {name!r}: give a release (torch-2.13.0) or a runtime of the settings; to sweep a"
            " commit, the settings need a runtime of kind `checkout`"
        )
    spec, config = found[0]
    if commit is None and spec.name != name:
        raise UserError(
            f"{name!r} is no release (torch-2.13.0), no runtime of the settings and no commit that is here"
        )
    return tools.building(sources_of(config, configs)).runtimes.obtain(spec, commit)


def _nearest_first(configs: Sequence[Config], repository: Repository) -> list[Config]:
    """The settings of all projects, those first that the folder is in where the command runs."""
    here = f"{path_in(os.getcwd(), repository.root)}/"
    around = [one for one in configs if here.startswith(below(one.folder, ""))]
    others = [one for one in configs if one not in around]
    return [*sorted(around, key=lambda one: -len(one.folder)), *others]


def _of_release(name: str, torch: str, configs: Sequence[Config]) -> RuntimeSpec:
    """A release as the settings have it, where they name it; no library is beside it."""
    specs = (spec for config in configs for spec in config.runtimes)
    known = next((one for one in specs if one.kind == "release" and one.torch == torch), None)
    usual = next((one for begins, one in _PYTHONS if torch.startswith(begins)), _USUAL_PYTHON)
    python = (known.python if known else None) or usual
    return RuntimeSpec(
        "release", name, VersionRange(), torch, python, known.index_url if known else None, (), None
    )
