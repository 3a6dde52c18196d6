"""What was seen in a runtime, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opfixtures.records.recorded_values import Json

__all__ = [
    "NOT_REPLAYED",
    "UNSEEN",
    "CompiledSeen",
    "Exported",
    "Json",
    "MarkerSeen",
    "OperatorSeen",
    "RanSeen",
    "Replayed",
    "Reproduced",
    "RowReplayed",
    "RuntimeSeen",
    "Sampled",
    "UpgraderSeen",
    "WorkerError",
    "held_in_all",
]


class WorkerError(Exception):
    """The worker failed as a whole, or answered in another form than it should."""


@dataclass(frozen=True, slots=True)
class OperatorSeen:
    """An operator in a runtime.

    `schema` is None where the runtime lacks it. `bumps` are the versions at which the runtime's own version
    map bumps it, None where it has no such map. `is_torchs`: it is there without the library. `overloads` are the
    schemas of its name, in the order in which TorchScript tries them.
    """

    schema: str | None
    bumps: tuple[int, ...] | None
    is_torchs: bool
    overloads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a search for sample inputs found: the number of the text that runs, and its samples, as a record has them.

    Without samples `refusal` says why none runs. `unexported` says why no program can be made of it, beside that; empty
    where one can, or nobody asked.
    """

    text: int = 0
    samples: tuple[tuple[Json, ...], ...] = ()
    refusal: str = ""
    unexported: str = ""


@dataclass(frozen=True, slots=True)
class UpgraderSeen:
    """An upgrader in a runtime.

    `identity`: it hands its arguments on, and an old model means the same without it. `same`: the tree's source of
    it is what the runtime has, None where that was not asked or could not be seen; `problem` says why it is not.
    """

    registered: bool = False
    identity: bool = False
    same: bool | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CompiledSeen:
    """What torch's frontend says of the tree's text of an upgrader.

    `problem`: why it does not compile. `difference`: how its signature is not that of the old schema. `unseen`: why
    neither can be told. `missing`: the operator that it looked for in vain, `mylib::scale`. All are empty where it
    could stand in the place of old calls.
    """

    problem: str = ""
    difference: str = ""
    unseen: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class RuntimeSeen:
    """What a runtime says of itself. `imported` is the file of the operator module.

    `upgraders` has those that were asked for, `compiled` the tree's texts of some. `isolation` names what keeps fixture
    modules in there.
    """

    torch: str
    torch_git: str
    python: str
    platform: str
    max_operator_version: int | None
    imported: str | None
    operators: Mapping[str, OperatorSeen]
    upgraders: Mapping[str, UpgraderSeen] = field(default_factory=dict)
    isolation: tuple[str, ...] = ()
    compiled: Mapping[str, CompiledSeen] = field(default_factory=dict)

    def upgrader(self, name: str) -> UpgraderSeen:
        """The upgrader of that name; one that the runtime does not describe is one that it lacks."""
        return self.upgraders.get(name, UpgraderSeen())

    def operator(self, name: str) -> OperatorSeen:
        """The operator of that name; one that the runtime does not describe is one that it lacks."""
        return self.operators.get(name, OperatorSeen(schema=None, bumps=None, is_torchs=False))


def held_in_all(seen: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    """What kept untrusted code in all of several workers, each with its `isolation`; None where there are none."""
    return tuple(name for name in seen[0] if all(name in one for one in seen)) if seen else None


@dataclass(frozen=True, slots=True)
class RanSeen:
    """Whether the operator was seen running while the samples ran; None where that cannot be told, with the reason."""

    ran: bool | None = None
    reason: str = ""


UNSEEN = RanSeen()
"""Nobody looked."""


@dataclass(frozen=True, slots=True)
class Reproduced:
    """An archive that was made before, in this runtime. `differences` has None for each sample that gave what was
    recorded; `failure` says why there are none.
    """

    differences: tuple[str | None, ...] = ()
    failure: str = ""
    ran: RanSeen = UNSEEN


@dataclass(frozen=True, slots=True)
class Exported:
    """One row of `generate`: an archive and samples as a record has them, or why there is none.

    `again` has, for each sample that was given to run again, None where it gave what was recorded. `found` is what
    came of the committed archive, None where there was none: without a module to make, it is all there is.
    `backported` is the archive in older bytecode, None where that was not asked or is not to be had. `left_out` says
    why some of the samples that the module gives are not there. Where there is a refusal, `sample` is the number of the
    sample that failed, `line` that of the excerpt and `function` the one that it is in, as far as they are known.
    """

    samples: tuple[Json, ...] = ()
    again: tuple[str | None, ...] = ()
    refusal: str = ""
    ran: RanSeen = UNSEEN
    found: Reproduced | None = None
    archive: bytes = b""
    backported: bytes | None = None
    left_out: str = ""
    sample: int | None = None
    line: int | None = None
    function: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One archive under one loader. `differences` has None for each sample that gave what was recorded.

    `failure` says why there are none. With `crashed` the loader or the operator crashed, hung or exited;
    without `was_run` nothing was tried. `outputs` has what came of the samples that differ, as far as the worker told
    it, and None for the others; it may be empty.
    """

    differences: tuple[str | None, ...] = ()
    failure: str = ""
    crashed: bool = False
    was_run: bool = True
    outputs: tuple[Json | None, ...] = ()


NOT_REPLAYED = Replayed(was_run=False)
"""Nobody tried."""


@dataclass(frozen=True, slots=True)
class MarkerSeen:
    """Whether the marker in the upgrader's place is in the loaded graph, and whether the samples reached it.

    `ran` is None where that cannot be told: there are no samples, or one failed first.
    """

    found: bool = False
    registered: bool = False
    failure: str = ""
    ran: bool | None = None


@dataclass(frozen=True, slots=True)
class RowReplayed:
    """One row of `replay`, by loader: the archive as written, with its version record raised, and as `control` written
    anew in the same way, with its own version. `multiplied` is it as written, under torch.jit.load, with an upgrader
    that gives a multiple of what it gives; `by_one` has a multiple put in that is the same.

    A row without an upgrader has no marker, and no version that could be raised: `ran` says whether the operator was
    seen running, and it is the operator's own result that is multiplied.
    """

    as_written: Mapping[str, Replayed]
    raised: Mapping[str, Replayed]
    marker: MarkerSeen
    ran: RanSeen = UNSEEN
    multiplied: Replayed = NOT_REPLAYED
    by_one: Replayed = NOT_REPLAYED
    control: Mapping[str, Replayed] = field(default_factory=dict)
