"""What a rule found."""

from __future__ import annotations

from enum import StrEnum

from opfixtures.declarations.place import Place
from opfixtures.values import dataclass


class Severity(StrEnum):
    """How much a finding weighs: only an error makes exit status 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line that would mend findings, in the place of another. Texts may hold anything."""

    path: str
    line: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: what (`message`, one sentence), where (`place`), and how to mend it (`hint`, some lines).

    Texts may hold anything the repository does, control characters too: a report escapes them.
    """

    code: str
    severity: Severity
    operator: str | None
    place: Place
    message: str
    hint: str
