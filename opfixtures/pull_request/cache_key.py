"""`python -m opfixtures.pull_request.cache_key FOLDER`: one word for the releases that a tree's settings ask for.

A workflow keeps installed runtimes under it: other settings, or another Python that the links in them lead to, and it
is another word.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping

from opfixtures.change.projects import configs_in
from opfixtures.errors import UserError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.config import Config


def lock(configs: Iterable[Config]) -> str:
    """The word for the releases that these settings name."""
    specs = [spec for config in configs for spec in config.runtimes]
    releases = sorted(
        {
            " ".join(map(str, (spec.torch.removesuffix("+cpu"), spec.python, spec.index_url, *spec.packages)))
            for spec in specs
            if spec.torch
        }
    )
    text = json.dumps([platform.python_version(), releases])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def configs_of(folder: str, environment: Mapping[str, str]) -> list[Config]:
    """The settings of all projects in the work tree at `folder`; none where they cannot be read."""
    try:
        repository = Repository.discover(folder, environment)
        with GitObjects(repository) as objects:
            return configs_in(objects, WorkTreeSnapshot(repository.root))
    except UserError:
        return []


if __name__ == "__main__":
    sys.stdout.write(lock(configs_of(sys.argv[1], os.environ)) + "\n")
