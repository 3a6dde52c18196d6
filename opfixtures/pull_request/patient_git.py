"""git that fetches, with the patience that GitHub's API is asked with: what fails on the way is tried again."""

from __future__ import annotations

import re
import time

from opfixtures.errors import GitError
from opfixtures.repository.git import Repository

_PAUSES = (1.0, 5.0, 20.0)
# What git and curl say of a network or a server that fails for a while. Of a wrong name or token they say other things.
_PASSES = re.compile(
    r"returned error: (?:429|5\d\d)|could(?:n't| not) (?:resolve host|connect to server)|failed to connect|timed out"
    r"|connection (?:was )?(?:reset|refused|closed)|early eof|rpc failed|hung up unexpectedly|empty reply from server"
    r"|recv failure|bytes (?:of body are still|missing)|tls connection was non-properly terminated",
    re.IGNORECASE,
)


def fetch(repository: Repository, *args: str) -> None:
    """`git fetch ARGS`. Raises GitError: it failed, and did again after some seconds where that may help."""
    for pause in _PAUSES:
        try:
            repository.run("fetch", *args)
        except GitError as error:
            if not _PASSES.search(str(error)):
                raise
            time.sleep(pause)
        else:
            return
    repository.run("fetch", *args)
