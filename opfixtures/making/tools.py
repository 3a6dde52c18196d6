"""What making and replaying fixtures needs from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opfixtures.runtimes import Runtimes
from opfixtures.settings.sources import Sources
from opfixtures.worker.job import ROW_SECONDS
from opfixtures.worker.observations import held_in_all
from opfixtures.worker.starting import EarlyWorker


@dataclass(frozen=True, slots=True)
class Tools:
    """`root` is the work tree, `tell` is called with progress, `seconds` is the time limit of one module.

    `isolation` gets what kept untrusted code in each worker that ran. `early` is a
    worker that imports the torch to replay with, while fixtures are still made.
    """

    root: str
    runtimes: Runtimes
    tell: Callable[[str], None]
    seconds: float = ROW_SECONDS
    isolation: list[tuple[str, ...]] = field(default_factory=list)
    early: EarlyWorker | None = None

    @property
    def held(self) -> tuple[str, ...] | None:
        """What kept untrusted code in all of them; None where none ran."""
        return held_in_all(self.isolation)

    def building(self, sources: Sources) -> Tools:
        """The same, with builds of the repository kept by the content of these files."""
        return replace(self, runtimes=replace(self.runtimes, sources=sources))
