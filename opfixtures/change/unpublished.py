"""Whether anything counts as published: what nobody but this clone holds, nobody has judged."""

from __future__ import annotations

import os
from dataclasses import replace

from opfixtures.change.comparison import Comparison, settings_of
from opfixtures.repository.git_snapshot import GitObjects

_DEFAULT = "origin/HEAD"


def why_nothing_is_published(objects: GitObjects, compared: Comparison) -> str:
    """Why target is no more than what is checked out: it names HEAD or its branch, or nothing names it; else "".

    `compared` is the work tree beside target. Raises as `settings_of`.
    """
    beside_head = replace(compared, before=objects.head(), base="HEAD")
    name = settings_of(beside_head)[0].target
    repository = objects.repository
    if repository.resolve(name or _DEFAULT) is None:
        missing = f"no {_DEFAULT}" if name is None else f"no target {name!r}"
        return f"{missing} here: compared with HEAD"

    def ref(revision: str) -> str:
        found = repository.ask("rev-parse", "--symbolic-full-name", revision)
        return os.fsdecode(found or b"").strip()

    if name is not None and (name.startswith(("HEAD", "@")) or ref(name) in ("", ref("HEAD"))):
        return f"target {name!r} is what is checked out: compared with HEAD"
    return ""
