"""What a scheduled run of the Action does: each release of the settings is installed, for the cache of later runs."""

from __future__ import annotations

import os

from opfixtures.errors import RuntimeUnavailable
from opfixtures.pull_request.cache_key import configs_of
from opfixtures.pull_request.job import Job
from opfixtures.repository.git import Repository
from opfixtures.runtimes import Runtimes
from opfixtures.runtimes.cache import cache_root, let_go
from opfixtures.runtimes.cache_entries import remove_half_built


def warmed_up(job: Job) -> int:
    """Install what is missing, tell what is there, and return the exit status. Nothing of the tree is executed.

    Raises RuntimeUnavailable, once all others are there, if a release could not be had.
    """
    workspace = job.environment.get("GITHUB_WORKSPACE") or os.getcwd()
    root = cache_root(os.environ)
    remove_half_built(root)
    runtimes = Runtimes(Repository.discover(workspace, os.environ), os.environ, root, job.tell)
    specs = [spec for config in configs_of(workspace, os.environ) for spec in config.runtimes]
    had, lacking = dict[str, None](), list[RuntimeUnavailable]()
    try:
        for spec in (one for one in specs if one.kind == "release"):
            try:
                had[runtimes.obtain(spec, None).name] = None
            except RuntimeUnavailable as error:
                lacking.append(error)
    finally:
        let_go()
    told = f"warm: {', '.join(had) or 'the settings name no release'}"
    job.tell(told)
    job.summarise(told)
    job.output(
        {"changed-operators": "[]", "generated": "[]", "refused": "[]", "warm": str(not lacking).lower()}
    )
    if lacking:
        raise lacking[0]
    return 0
