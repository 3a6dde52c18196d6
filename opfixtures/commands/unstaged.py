"""What `check` says of settings that have no part in what it judges, which is the index."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from opfixtures.change.comparison import Comparison
from opfixtures.errors import UserError
from opfixtures.report.screen import write_error
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.printable import printable
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, below, folders_above

_TABLE = b"[tool.opfixtures"


def warn_of_unstaged(objects: GitObjects, changes: Sequence[Comparison], paths: Sequence[str]) -> None:
    """Say which settings only the work tree has, of these projects or of the folders that hold `paths`, where the index
    is judged."""
    work_tree = WorkTreeSnapshot(objects.repository.root)
    above = {"", *(folder for path in paths for folder in folders_above(path))}
    folders = [*(one.folder for one in changes), *sorted(above)]
    known = (below(folder, name) for folder in folders for name in (OWN_FILE, SHARED_FILE))
    index = changes[0].after
    for path in dict.fromkeys(known):
        if not os.path.lexists(os.path.join(objects.repository.root, path)):
            continue
        with suppress(UserError):
            is_idle = _TABLE in (work_tree.read(path) or b"") and _TABLE not in (index.read(path) or b"")
            if is_idle and objects.repository.ask("check-ignore", "--quiet", "--", path) is None:
                from shlex import quote

                shown = quote(printable(path))
                write_error(
                    f"opfixtures: warning: the settings in {printable(path)} have no part in this: `git add {shown}`",
                )
