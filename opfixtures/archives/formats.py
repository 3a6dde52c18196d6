"""How each format of fixtures is read and replayed. CONTRIBUTING.md says what a new one needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opfixtures.archives.archive import first_difference, read_archive
from opfixtures.archives.exported_program import first_program_difference, read_exported_program
from opfixtures.archives.model import Archive

JIT, LITE, EXPORT = "torch.jit.load", "lite", "torch.export.load"


@dataclass(frozen=True, slots=True)
class Format:
    """How fixtures of one ending are read here, and which loaders replay them in a worker.

    `difference` names the first member in which two archives say something else, None where they say the same in other
    bytes. Both raise ArchiveError. `has_upgraders`: what loads them applies upgraders.
    """

    read: Callable[[bytes], Archive]
    difference: Callable[[bytes, bytes], str | None]
    loaders: tuple[str, ...]
    has_upgraders: bool = True


FORMATS = {
    "ptl": Format(read_archive, first_difference, (JIT, LITE)),
    "pt": Format(read_archive, first_difference, (JIT,)),
    "pt2": Format(read_exported_program, first_program_difference, (EXPORT,), has_upgraders=False),
}
"""By the ending of the file name. The worker exports `.ptl` for the lite interpreter, `.pt` by torch.jit.save, and
`.pt2` by torch.export.save."""

LOADERS = tuple(dict.fromkeys(loader for one in FORMATS.values() for loader in one.loaders))
"""All loaders of fixtures."""


def format_of(path: str) -> Format:
    """The format of the fixture at `path`."""
    return FORMATS[path.rpartition(".")[2]]
