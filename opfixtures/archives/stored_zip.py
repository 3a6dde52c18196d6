"""A zip archive with all members stored as they are, as torch.save and torch.export.save write one."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence

from opfixtures.archives.archive import MAX_BYTES, MAX_MEMBERS
from opfixtures.archives.hostile_zip import Limits, ZipError, zip_members
from opfixtures.archives.zip_layout import layout_problem, renames


def stored_members(data: bytes, packed: str) -> dict[str, bytes]:
    """The contents by name, in the order of the directory. `packed` says what is wrong with a compressed member.

    Raises ZipError, also where two readers could see two archives.
    """

    def check(members: Sequence[zipfile.ZipInfo]) -> None:
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ZipError(packed)
        if any(renames(member.extra) for member in members):
            raise ZipError("it has a member of two names")
        if problem := layout_problem(data, len(members)):
            raise ZipError(problem)

    return zip_members(data, Limits(MAX_BYTES, MAX_BYTES, MAX_MEMBERS), check)
