"""How each format of fixtures is read and replayed. CONTRIBUTING.md says what a new one needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opfixtures.archives.archive import Archive, read_archive

JIT, LITE = "torch.jit.load", "lite"


@dataclass(frozen=True, slots=True)
class Format:
    """How fixtures of one ending are read here, and which loaders replay them in a worker.

    `read` raises ArchiveError.
    """

    read: Callable[[bytes], Archive]
    loaders: tuple[str, ...]


FORMATS = {
    "ptl": Format(read_archive, (JIT, LITE)),
    "pt": Format(read_archive, (JIT,)),
}
"""By the ending of the file name. The worker exports `.ptl` for the lite interpreter, `.pt` by torch.jit.save."""


def format_of(path: str) -> Format:
    """The format of the fixture at `path`."""
    return FORMATS[path.rpartition(".")[2]]
