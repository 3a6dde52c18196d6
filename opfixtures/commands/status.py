"""`opfixtures status`: where every operator stands."""

from __future__ import annotations

import os
import sys

from opfixtures.archive import MAX_BYTES
from opfixtures.comparison import Comparison, read_change
from opfixtures.git import Repository
from opfixtures.git_snapshot import GitObjects
from opfixtures.snapshot import EmptySnapshot, WorkTreeSnapshot
from opfixtures.status import Folder, status_of


def run(report: str) -> int:
    """Print the status of the work tree as `text` or `json`; the exit status is 0 whatever is missing."""
    repository = Repository.discover(os.getcwd(), os.environ)
    with GitObjects(repository) as objects:
        work_tree = WorkTreeSnapshot(repository.root)
        change = read_change(objects, Comparison(EmptySnapshot(), work_tree, base=None, tip=None))
    fixtures = WorkTreeSnapshot(repository.root, largest=MAX_BYTES)
    status = status_of(change, Folder(fixtures.names(change.config.fixtures), fixtures.read))
    if report == "json":
        from opfixtures.report.status_json import status_json

        sys.stdout.write(status_json(status) + "\n")
    else:
        from opfixtures.report.status_text import status_text

        sys.stdout.write(status_text(status))
    return 0
