"""The patch of a result artifact: people are told to apply it, so it may hold fixtures and records and nothing else.

Every line has to be one that `git diff --binary` writes for files that are added or changed in place
(https://git-scm.com/docs/diff-format#generate_patch_text_with_p): no other file, no rename, no deletion, no mode.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from opfixtures.pull_request.artifact_files import PATCH, ArtifactError
from opfixtures.record import record_path

_NAMED = re.compile(
    rb"diff --git a/(?P<old>.+) b/(?P=old)|--- a/(?P<before>[^\t]+)\t?|\+\+\+ b/(?P<after>[^\t]+)\t?"
)
_OTHER = re.compile(
    rb"new file mode 100644|index [0-9a-f]{40,64}\.\.[0-9a-f]{40,64}( 100644)?|--- /dev/null"
    # A text's: https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html
    rb"|@@ -\d+(,\d+)? \+\d+(,\d+)? @@.*|[-+ ].*|\\ No newline at end of file"
    # A binary file's: a length and base85, at most 52 bytes a line.
    rb"|GIT binary patch|(literal|delta) \d+|[A-Za-z][0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{5,65}|"
)


def check_patch(patch: bytes, fixtures: Collection[str]) -> None:
    """Raise ArtifactError unless `patch` is about `fixtures`, by their paths, and their records alone."""
    paths = {path.encode() for fixture in fixtures for path in (fixture, record_path(fixture))}
    for number, line in enumerate(patch.split(b"\n"), 1):
        if not _is_meant(line, paths):
            why = f"line {number} of {PATCH} is about more than the fixtures that were made"
            raise ArtifactError(f"the artifact is refused: {why}")


def _is_meant(line: bytes, paths: Collection[bytes]) -> bool:
    named = _NAMED.fullmatch(line)
    if named:
        return set(filter(None, named.groups())) <= set(paths)
    # A line of a text that begins like one with a name could be taken for it.
    begins_so = line.startswith((b"--- ", b"+++ ")) and line != b"--- /dev/null"
    return _OTHER.fullmatch(line) is not None and not begins_so
