"""What making and replaying fixtures needs from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from opfixtures.runtimes import Runtimes
from opfixtures.settings.sources import Sources
from opfixtures.worker.job import ROW_SECONDS


@dataclass(frozen=True, slots=True)
class Tools:
    """`root` is the work tree, `tell` is called with progress, `seconds` is the time limit of one module."""

    root: str
    runtimes: Runtimes
    tell: Callable[[str], None]
    seconds: float = ROW_SECONDS

    def building(self, sources: Sources) -> Tools:
        """The same, with builds of the repository kept by the content of these files."""
        return replace(self, runtimes=replace(self.runtimes, sources=sources))
