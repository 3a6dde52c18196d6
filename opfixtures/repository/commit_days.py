"""Since when the files of a folder are as they are."""

from __future__ import annotations

import os
import re
from datetime import date

from opfixtures.errors import GitError
from opfixtures.repository.git import Repository

_DAY = re.compile(rb"\x01(\d{4}-\d\d-\d\d)")


def commit_days(repository: Repository, folder: str) -> dict[str, date]:
    """The day of the last commit on HEAD's history that changed each file below `folder`, by path.

    Empty before the first commit. A shallow clone's first commit seems to have brought all that was there. Raises
    GitError where that history cannot be read.
    """
    pathspec = f":(top,literal){folder}"
    if repository.resolve("HEAD") is None:
        return {}
    try:
        told = repository.run("log", "-z", "--format=%x01%cs", "--name-only", "--no-renames", "--", pathspec)
    except GitError as error:
        if not repository.partial:
            raise
        advice = "`git fetch --refetch --no-filter` fetches it"
        raise GitError(f"this partial clone lacks the history of {folder} ({error}): {advice}") from error
    days: dict[str, date] = {}
    day: date | None = None
    for word in told.split(b"\0"):
        found = _DAY.fullmatch(word.strip(b"\n"))
        if found:
            day = date.fromisoformat(found[1].decode())
        elif day and word:
            days.setdefault(os.fsdecode(word.removeprefix(b"\n")), day)
    return days
