"""Nothing is written over what somebody saved while a command ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opfixtures.errors import UserError
from opfixtures.repository.printable import printable
from opfixtures.repository.snapshot import WorkTreeSnapshot


def refuse_other(root: str, paths: Iterable[str], read: Mapping[str, bytes]) -> None:
    """Raise UserError where one of the files that are about to be written is not what was `read` of it, by path; an
    empty text is no file."""
    # Anew: a snapshot may keep what it read.
    work_tree = WorkTreeSnapshot(root)
    for path in paths:
        if (work_tree.read(path) or b"") != read.get(path, b""):
            raise UserError(
                f"{printable(path)} was saved by somebody else meanwhile: nothing is written, run it again"
            )
