"""`python -m opfixtures.runtimes.lock FOLDER`: one word for the releases that a tree's settings ask for.

A workflow keeps installed runtimes under it: other settings, or another Python that the links in them lead to, and it
is another word.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys

from opfixtures.config import read_config
from opfixtures.errors import UserError
from opfixtures.snapshot import Snapshot, WorkTreeSnapshot


def lock(tree: Snapshot) -> str:
    """The word for the releases in the settings of `tree`; that of none where the settings cannot be read."""
    try:
        config = read_config(tree)
    except UserError:
        config = None
    specs = config.runtimes if config else ()
    releases = sorted({f"{spec.torch} {spec.python} {spec.index_url}" for spec in specs if spec.torch})
    text = json.dumps([platform.python_version(), releases])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


if __name__ == "__main__":
    sys.stdout.write(lock(WorkTreeSnapshot(sys.argv[1])) + "\n")
