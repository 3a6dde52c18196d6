"""Since when the files of a folder are as they are."""

from __future__ import annotations

import os
import re
from datetime import date

from opfixtures.git import Repository

_DAY = re.compile(rb"\x01(\d{4}-\d\d-\d\d)")


def commit_days(repository: Repository, folder: str) -> dict[str, date]:
    """The day of the last commit on HEAD's history that changed each file below `folder`, by path.

    Empty before the first commit. A shallow clone's first commit seems to have brought all that was there.
    """
    pathspec = f":(top,literal){folder}"
    told = repository.ask("log", "-z", "--format=%x01%cs", "--name-only", "--no-renames", "--", pathspec)
    days: dict[str, date] = {}
    day: date | None = None
    for word in (told or b"").split(b"\0"):
        found = _DAY.fullmatch(word.strip(b"\n"))
        if found:
            day = date.fromisoformat(found[1].decode())
        elif day and word:
            days.setdefault(os.fsdecode(word.removeprefix(b"\n")), day)
    return days
