"""What became of each fixture: the one form that every report is rendered from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Answer(StrEnum):
    """The value of a fact."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Status(StrEnum):
    """What became of a fixture."""

    GENERATED = "generated"
    PRESENT = "present"
    REFUSED = "refused"
    VERIFIED = "verified"
    MISMATCH = "mismatch"


FAILURES = frozenset({Status.REFUSED, Status.MISMATCH})
# One that differs when it is replayed was made too.
MADE = frozenset({Status.GENERATED, Status.VERIFIED, Status.MISMATCH})


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was checked, and what the answer rests on."""

    value: Answer
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoaderFacts:
    """The facts of a replay with one loader."""

    loads: Fact
    equal: Fact
    applied: Fact
    sensitive: Fact

    @property
    def differ(self) -> bool:
        """Whether the replay shows that something is wrong."""
        return Answer.NO in (self.equal.value, self.applied.value)


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of a fixture. `loaders` is empty where it was not replayed."""

    pre_change: Fact
    covers: Fact
    loaders: dict[str, LoaderFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FixtureResult:
    """What became of one fixture. `module` and `fixture` are None where an entry has no fixture entry.

    `runtime` names the runtime that made the fixture, `replayed_by` the post-change runtime where it was replayed.
    `fixture` is a path inside the repository, `synthetic` says what was altered in what the runtime wrote, `waived`
    until when and why a difference is put up with. `pre_change_commit` is an object id; `verify` leaves it to the
    record.
    """

    operator: str
    bumped_at_version: int
    upgrader_name: str
    status: Status
    reason: str = ""
    module: str | None = None
    fixture: str | None = None
    runtime: str | None = None
    replayed_by: str | None = None
    synthetic: tuple[str, ...] = ()
    facts: Facts | None = None
    waived: str = ""
    pre_change_commit: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What `generate` or `verify` did. `pre_change_commit` is the object id that all fixtures share, if any.

    `planned` are paths of fixtures that other jobs were to make, and of which nothing is known.
    """

    pre_change_commit: str | None
    fixtures: tuple[FixtureResult, ...]
    planned: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether any fixture was refused or differs, and is not waived."""
        return any(fixture.status in FAILURES and not fixture.waived for fixture in self.fixtures)
