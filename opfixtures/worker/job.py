"""What a worker is asked to do."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opfixtures.worker.observations import Json

ROW_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is asked to do.

    `rows` are those that `inside` documents, each with a `key` of its own; archives are bytes. `seconds` is the time
    limit of a step. `upgraders` are to be described, each with its source in the tree, None where it is not to be
    compared. `compile` has upgraders of the tree to compile, as `inside.compiling` documents.
    """

    task: str
    operator_module: str | None
    operators: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    seconds: float = ROW_SECONDS
    upgraders: Mapping[str, str | None] = field(default_factory=dict)
    compile: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    def to_json(self) -> Json:
        """The job as the worker reads it."""
        return {
            "task": self.task,
            "import": self.operator_module,
            "operators": list(self.operators),
            "upgraders": dict(self.upgraders),
            "compile": {name: dict(asked) for name, asked in self.compile.items()},
            "seconds": self.seconds,
            "rows": [{key: as_text(value) for key, value in row.items()} for row in self.rows],
        }


def as_text(value: Any) -> Any:
    """A value of a row as JSON has it: bytes in base64."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
