"""What a run is to write can be written: seen before the work, which takes minutes."""

from __future__ import annotations

import os
from collections.abc import Sequence

from opfixtures.atomic_write import remove_half_written, try_folder
from opfixtures.errors import UserError
from opfixtures.making.plan import Plan
from opfixtures.proving.generate import inside


def refuse_unwritable_fixtures(root: str, plans: Sequence[Plan]) -> None:
    """Raises UserError where a fixture that is to be made cannot be written below `root`, or would be outside of it."""
    paths = [planned.path for plan in plans for planned in plan.to_make]
    for folder in dict.fromkeys(os.path.dirname(inside(root, path)) for path in paths):
        _refuse(folder, "fixtures")


def refuse_links(path: str, root: str, what: str) -> None:
    """Raises UserError where a symbolic link of the repository below `root` stands in a path to be written to: a branch
    may bring it, and it may lead anywhere. None comes below `.git`."""
    inside, at = os.path.realpath(root), os.path.abspath(path)
    while os.path.dirname(at) != at:
        relative = os.path.relpath(os.path.realpath(os.path.dirname(at)), inside).split(os.sep)
        if os.path.islink(at) and relative[0] not in (os.pardir, ".git"):
            raise UserError(
                f"{what} is not written through a symbolic link of the repository, {at}: remove that"
            )
        at = os.path.dirname(at)


def refuse_unwritable(report: str | None, root: str) -> None:
    """Raises UserError where the report, a path, cannot be written, or would be through a link below `root`, if there
    is to be one."""
    if report is None:
        return
    refuse_links(report, root, "the report")
    path = os.path.realpath(report)
    if not report or os.path.isdir(path):
        raise UserError(
            f"the report cannot be written to {report!r}, which is no file: name one (nothing was built)"
        )
    # What is no file (`/dev/stdout`) is written to as it stands.
    if os.path.isfile(path) or not os.path.exists(path):
        remove_half_written(os.path.dirname(path), os.sep)
        _refuse(os.path.dirname(path), "the report")


def _refuse(folder: str, what: str) -> None:
    try:
        try_folder(folder)
    except OSError as error:
        at = f"{error.filename}: " if error.filename not in (None, folder) else ""
        raise UserError(
            f"{what} cannot be written to {folder}: {at}{error.strerror}: mend that first (nothing was built)"
        ) from error
