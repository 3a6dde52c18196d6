"""What `renumber --apply` is about to write stands in git's folder until all of it is written.

Each file is there whole at any time; this is for all of them together: the next run finishes what a killed one began.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from collections.abc import Mapping

from opfixtures.atomic_write import read_regular, remove_half_written, write_all, write_whole
from opfixtures.errors import UserError
from opfixtures.proving.generate import inside
from opfixtures.repository.git import Repository

_NAME = "opfixtures-renumber"


def write(repository: Repository, files: Mapping[str, bytes]) -> None:
    """Replace these files of the work tree, contents by path, all of them or none. Raises OSError as `write_all`."""
    journal = _path(repository)
    rows = {
        path: [_hash(_read(repository, path)), base64.b64encode(content).decode()]
        for path, content in files.items()
    }
    write_whole(journal, json.dumps(rows).encode())
    try:
        write_all({os.path.join(repository.root, path): content for path, content in files.items()})
    finally:
        os.unlink(journal)


def finish(repository: Repository, *, apply: bool) -> int:
    """Write what a killed run left unwritten; the number of files, 0 where none is half-way.

    Raises UserError where there is something to finish and this is not to `apply` it.
    """
    journal = _path(repository)
    remove_half_written(os.path.dirname(journal))
    if not os.path.lexists(journal):
        return 0
    rows = _rows(repository, journal)
    wanted = {path: content for path, (_, content) in rows.items()}
    now = {path: _read(repository, path) for path in rows}
    left = {path: content for path, content in wanted.items() if now[path] != content}
    changed = [path for path in left if _hash(now[path]) != rows[path][0]]
    is_half = 0 < len(left) < len(rows)
    if is_half and changed:
        sys.stderr.write(
            f"opfixtures: warning: an earlier `renumber --apply` was ended in the middle, and {changed[0]} has changed"
            " since: `git diff` shows what it wrote\n"
        )
    elif is_half and not apply:
        raise UserError(
            "an earlier `renumber --apply` was ended in the middle: `opfixtures renumber --apply` finishes it"
        )
    elif is_half:
        write_all({os.path.join(repository.root, path): content for path, content in left.items()})
    os.unlink(journal)
    return len(left) if is_half and not changed else 0


def _rows(repository: Repository, journal: str) -> dict[str, tuple[str, bytes]]:
    """What the journal says: the hash that a file had and what it was to hold, by path.

    Raises UserError where no `renumber --apply` wrote it: it names files of the work tree alone.
    """
    try:
        rows = {
            str(path): (str(before), base64.b64decode(content, validate=True))
            for path, (before, content) in json.loads(read_regular(journal)).items()
        }
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{journal} is not what `renumber --apply` leaves: {error}: remove it, and see `git diff`"
        ) from error
    for path in rows:
        inside(repository.root, path)
    return rows


def _path(repository: Repository) -> str:
    return os.path.join(
        repository.root, os.fsdecode(repository.run("rev-parse", "--git-path", _NAME)).rstrip("\n")
    )


def _read(repository: Repository, path: str) -> bytes:
    try:
        return read_regular(os.path.realpath(os.path.join(repository.root, path)))
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}: make it a file") from error


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
