"""A fixture as a replay takes it, whether it was made just now or stands in the tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from opfixtures.archives.model import Archive
from opfixtures.change.owner import Owner
from opfixtures.records.tolerances import Tolerances
from opfixtures.worker.observations import Json


@dataclass(frozen=True, slots=True)
class Replayable:
    """A fixture to replay; `samples` is empty where there is no record. `schema_then` is what the operator had when it
    was made, None where nothing says so."""

    owner: Owner
    archive: Archive
    data: bytes
    samples: tuple[Json, ...]
    tolerances: Tolerances = field(default_factory=dict)
    schema_then: str | None = None

    @property
    def key(self) -> str:
        """What the worker calls it: the path of the fixture."""
        return self.owner.path
