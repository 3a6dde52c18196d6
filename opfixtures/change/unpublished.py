"""Whether anything counts as published: what nobody but this clone holds, nobody has judged."""

from __future__ import annotations

import os
from dataclasses import replace

from opfixtures.change.comparison import DEFAULT_TARGET, Comparison, earlier_settings, settings_of
from opfixtures.repository.git_snapshot import GitObjects

NAME_THE_BRANCH = (
    "to see what is committed, name the published branch with --target, or as `target` in the settings"
)


def why_nothing_is_published(objects: GitObjects, compared: Comparison) -> str:
    """Why what target holds was not judged: it is HEAD or its branch, nothing names it, or the branch alone; else "".

    `compared` is the work tree beside target. Raises as `settings_of`.
    """
    beside_head = replace(compared, before=objects.head(), base="HEAD")
    name = settings_of(beside_head)[0].target
    if objects.resolve(name or DEFAULT_TARGET) is None:
        missing = f"no {DEFAULT_TARGET}" if name is None else f"no target {name!r}"
        return f"{missing} here: compared with HEAD"

    def ref(revision: str) -> str:
        found = objects.repository.ask("rev-parse", "--symbolic-full-name", revision)
        return os.fsdecode(found or b"").strip()

    if name is not None and (name.startswith(("HEAD", "@")) or ref(name) in ("", ref("HEAD"))):
        return f"target {name!r} is what is checked out: compared with HEAD"
    if name is not None and _is_the_branchs_own_word(objects, compared, name):
        return f"target {name!r} is named by this branch, not by {DEFAULT_TARGET}: what it holds is judged once more"
    return ""


def _is_the_branchs_own_word(objects: GitObjects, compared: Comparison, name: str) -> bool:
    """Whether the settings where HEAD has left the published branch name another target, if that can be told.

    A branch that is pushed may name itself.
    """
    published = objects.resolve(DEFAULT_TARGET)
    head = objects.resolve("HEAD")
    if published is None or head is None or objects.resolve(name) == published:
        return False
    left = objects.repository.merge_base(head, published)
    if left is None:
        return True
    before = earlier_settings(compared, objects.commit(left))
    return before is None or before.target != name
