"""The patch of a result artifact: people are told to apply it, so it brings the files that were read and nothing else.

It has the form that `git diff --binary` gives files it takes for binary ones
(https://git-scm.com/docs/diff-format#generate_patch_text_with_p): of each the name, no other mode, and the id
of the blob that it becomes. git refuses to apply one whose bytes come to another id (apply.c, apply_binary).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from opfixtures.pull_request.artifact_files import PATCH, ArtifactError

_INDEX = re.compile(rb"index (?:[0-9a-f]{40}|[0-9a-f]{64})\.\.(?P<id>[0-9a-f]{40}|[0-9a-f]{64})(?: 100644)?")
# A length, and base85 with at most 52 bytes a line.
_OTHER = re.compile(
    rb"new file mode 100644|(literal|delta) \d+|[A-Za-z][0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{5,65}|"
)

# How much of a file's part was read.
_NOTHING, _BEGUN, _WHOLE = range(3)


def check_patch(patch: bytes, files: Mapping[str, bytes]) -> None:
    """Raise ArtifactError unless `patch` has what `files` are, by their paths, each once at most, and nothing else."""
    wanted = {f"diff --git a/{path} b/{path}".encode(): data for path, data in files.items()}
    of_file: bytes | None = None
    is_identified, follows = False, _WHOLE
    for number, line in enumerate(patch.split(b"\n"), 1):
        index = _INDEX.fullmatch(line)
        if line in wanted:
            # git takes one that has no data for an empty file.
            is_meant = follows == _WHOLE
            of_file, is_identified, follows = wanted.pop(line), False, _NOTHING
        elif of_file is None:
            is_meant = False
        elif index:
            is_meant = not is_identified and index["id"] == _blob_id(of_file, len(index["id"]))
            is_identified = True
        elif line == b"GIT binary patch":
            is_meant, follows = is_identified, _BEGUN
        else:
            is_meant = _OTHER.fullmatch(line) is not None
            if follows == _BEGUN and line.startswith((b"literal ", b"delta ")):
                follows = _WHOLE
        if not is_meant:
            why = f"line {number} of {PATCH} is about more than the fixtures that were made"
            raise ArtifactError(f"the artifact is refused: {why}")
    if follows != _WHOLE:
        raise ArtifactError(f"the artifact is refused: {PATCH} has a file without its bytes")


def _blob_id(data: bytes, digits: int) -> bytes:
    """The id of a file's content in a repository whose ids have that many digits (git-hash-object)."""
    hashed = (hashlib.sha1 if digits == hashlib.sha1().digest_size * 2 else hashlib.sha256)(
        b"blob %d\0" % len(data) + data
    )
    return hashed.hexdigest().encode()
