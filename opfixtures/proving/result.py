"""What became of each fixture: the one form that every report is rendered from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from opfixtures.change.owner import Owner
from opfixtures.declarations.model import MapEntry
from opfixtures.proving.loaded import Loaded
from opfixtures.rules.findings import Suggestion
from opfixtures.settings.accepted_breaks import Way, sentence


class Answer(StrEnum):
    """The value of a fact."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Status(StrEnum):
    """The verdict: what the facts of a fixture come to."""

    VERIFIED = "verified"
    ACCEPTED = "accepted"
    GENERATED = "generated"
    UNPROVEN = "unproven"
    MISMATCH = "mismatch"
    FAILED = "failed"
    REFUSED = "refused"


FAILURES = frozenset({Status.UNPROVEN, Status.MISMATCH, Status.FAILED, Status.REFUSED})
"""What is not green: exit status 1, unless it is waived."""


WRITE_LIMITS = frozenset({"read-only mounts", "Landlock"})
"""Either keeps untrusted code from writing elsewhere than in its own folder."""


class Made(StrEnum):
    """How this run came to the fixture. `AGAIN`: it was there, and what was made has the same bytes."""

    BY_THIS_RUN = "by this run"
    FOUND = "found"
    AGAIN = "made again"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was checked, and what the answer rests on."""

    value: Answer
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoaderFacts:
    """The facts of a replay with one loader. `names` and `defaults` are of torch.export.load, which looks arguments up
    by name: None for other loaders."""

    loads: Fact
    equal: Fact
    applied: Fact
    sensitive: Fact
    names: Fact | None = None
    defaults: Fact | None = None

    @property
    def told(self) -> dict[str, Fact]:
        """All that there are, by name."""
        facts = {
            name: getattr(self, name)
            for name in ("loads", "equal", "applied", "sensitive", "names", "defaults")
        }
        return {name: fact for name, fact in facts.items() if fact is not None}

    @property
    def judged(self) -> dict[str, Fact]:
        """Those of which a `no` shows that something is wrong, what says most of it first."""
        told = self.told
        return {name: told[name] for name in ("names", "defaults", "equal", "applied") if name in told}

    @property
    def differ(self) -> bool:
        """Whether the replay shows that something is wrong."""
        return any(fact.value is Answer.NO for fact in self.judged.values())


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of a fixture. `loaders` is empty where it was not replayed.

    `reproduced` is about a fixture that the branch brings: whether the pre-change runtime gave its outputs in this run.
    """

    pre_change: Fact
    covers: Fact
    reproduced: Fact
    loaders: dict[str, LoaderFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """How a loader failed for one sample, or for all of them where it did not load. `way` is None for a crash."""

    way: Way | None
    reason: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted break that a fixture shows. `source` is the file of settings that names it, `by_branch` says that
    those of target do not."""

    how: Way
    error: str
    release: str
    reason: str
    source: str
    by_branch: bool

    @property
    def sentence(self) -> str:
        """What users of old files are told, and whose word it is."""
        branch = ", of this branch: target's settings do not" if self.by_branch else ""
        what = sentence(self.how, self.error, self.release, self.reason)
        return f"{what} ({self.source} says so{branch})"


@dataclass(frozen=True, slots=True)
class FixtureResult:
    """What became of one fixture. `module` and `fixture` are None where an entry has no fixture entry.

    `bumped_at_version` and `upgrader_name` are None for a guard, which has no entry. `made` is None where there is no
    fixture: it was refused, or nobody made one. `runtime` names the runtime that made the fixture, `replayed_by` the
    post-change runtime where it was replayed. `fixture` is a path inside the repository, `synthetic` says what was
    altered in what the runtime wrote, `waived` until when and why what is not green is put up with. `pre_change_commit`
    is an object id; for what target holds it is left to the record. `accepted` is None unless that is its status.

    `failures` are those of the replay, by loader: what an accepted break is judged by. No report has them. `loaded` is
    what each loader showed, `schema_now` the operator's schema there: both also where no verdict can rest on it.
    """

    operator: str
    bumped_at_version: int | None
    upgrader_name: str | None
    status: Status
    reason: str = ""
    made: Made | None = None
    module: str | None = None
    fixture: str | None = None
    runtime: str | None = None
    replayed_by: str | None = None
    synthetic: tuple[str, ...] = ()
    facts: Facts | None = None
    waived: str = ""
    pre_change_commit: str | None = None
    accepted: Accepted | None = None
    failures: Mapping[str, tuple[Failure, ...]] = field(default_factory=dict, compare=False)
    loaded: Mapping[str, Loaded] = field(default_factory=dict, compare=False)
    schema_now: str | None = field(default=None, compare=False)

    @property
    def is_new(self) -> bool:
        """Whether target does not hold the fixture: this run made it, or the branch brings it."""
        brought = self.facts is not None and self.facts.reproduced.value is not Answer.NOT_APPLICABLE
        return self.made is Made.BY_THIS_RUN or (self.made is not None and brought)

    @property
    def failed(self) -> bool:
        """Whether it is not green, and not waived."""
        return self.status in FAILURES and not self.waived


@dataclass(frozen=True, slots=True)
class Result:
    """What `generate` or `verify` did. `pre_change_commit` is the object id that all fixtures share, if any.

    `planned` are paths of fixtures that other jobs were to make, and of which nothing is known. `isolation` names what
    kept untrusted code in all workers that ran; None where none ran. `notes` are sentences on what no row is about:
    what the branch's settings say and those of target do not, what was not looked at. `suggestions` are lines that mend
    findings.
    """

    pre_change_commit: str | None
    fixtures: tuple[FixtureResult, ...]
    planned: tuple[str, ...] = ()
    isolation: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def writes_unlimited(self) -> bool:
        """Whether untrusted code could write wherever the user can."""
        return self.isolation is not None and not WRITE_LIMITS.intersection(self.isolation)

    @property
    def failed(self) -> bool:
        """Whether any fixture is not green, and is not waived."""
        return any(fixture.failed for fixture in self.fixtures)


def result_of(subject: Owner | MapEntry, status: Status, reason: str) -> FixtureResult:
    """What became of the fixture of an owner, or of an entry that has no fixture entry, before anything is known of
    runtimes."""
    owner = subject if isinstance(subject, Owner) else None
    entry = subject if isinstance(subject, MapEntry) else subject.entry
    return FixtureResult(
        operator=subject.operator,
        bumped_at_version=entry.bumped_at_version if entry else None,
        upgrader_name=entry.upgrader_name if entry else None,
        status=status,
        reason=reason,
        module=owner.row.module if owner else None,
        fixture=owner.path if owner else None,
    )
