"""By which rules the versions of a change are numbered. Pure."""

from __future__ import annotations

from functools import lru_cache

from opfixtures.change.changes import Change
from opfixtures.change.published_versions import Numbering, has_header
from opfixtures.settings.fixture_formats import STAMPED_FORMATS

_TORCH = "aten::"


@lru_cache(maxsize=2)
def numbering_of(change: Change) -> Numbering:
    """The versions of a change beside those that are given out.

    That of a fork, which follows another repository, of a library, numbered by its releases, or of PyTorch.
    """
    upstream = change.upstream()
    if upstream is not None:
        from opfixtures.change.fork_numbers import ForkNumbering

        return ForkNumbering(change, upstream)
    if not is_library(change):
        return Numbering(change)
    from opfixtures.change.library_numbers import LibraryNumbering

    return LibraryNumbering(change)


def is_library(change: Change) -> bool:
    """Whether the map is that of a library whose fixtures TorchScript stamps: no header says what is produced, and not
    all operators are torch's own."""
    if not set(change.config.fixture_formats).intersection(STAMPED_FORMATS):
        return False
    operators = (operator for operator, _ in change.entries.keys() | change.published_entries.keys())
    return not has_header(change) and not all(operator.startswith(_TORCH) for operator in operators)
