"""What a replay shows of a fixture: the observations of each loader in, facts out. Pure."""

from __future__ import annotations

from dataclasses import replace

from opfixtures.archives.archive import Archive
from opfixtures.archives.formats import JIT, LITE
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import MapEntry
from opfixtures.proving.facts import named_operators
from opfixtures.proving.result import Answer, Fact, LoaderFacts
from opfixtures.worker.observations import Replayed, RowReplayed, RuntimeSeen

VALUE_UNUSED = "no recorded output depends on what the upgrader gives: a multiple of that changes none"


def replay_facts(
    owner: Owner, archive: Archive, runtime: RuntimeSeen, replayed: RowReplayed
) -> dict[str, LoaderFacts]:
    """The facts of a replay in `runtime`, per loader. `replayed` has the archive raised to `owner.last_bump` too."""
    if owner.entry is None:
        return {loader: _of_guard(seen) for loader, seen in replayed.as_written.items()}
    is_torchs = runtime.operator(owner.operator).is_torchs
    blind = _why_raising_tells_nothing(owner, archive, runtime)
    jit = LoaderFacts(
        loads=_loads(replayed.as_written[JIT]),
        equal=_equal(replayed.as_written[JIT]),
        applied=_applied(owner.entry, replayed),
        sensitive=_sensitive(owner.entry, JIT, replayed, blind, runtime),
    )
    if LITE not in replayed.as_written:
        return {JIT: jit}
    if not is_torchs:
        return {JIT: jit, LITE: _lite_of_library(replayed)}
    return {JIT: jit, LITE: _lite(replayed, _sensitive(owner.entry, LITE, replayed, blind, runtime))}


def without_values(facts: LoaderFacts) -> LoaderFacts:
    """The facts of a fixture none of whose recorded outputs has a value: equal is not shown by them."""
    if facts.equal.value is not Answer.YES:
        return facts
    return replace(facts, equal=Fact(Answer.UNKNOWN, "no recorded output has an element that could differ"))


def _of_guard(replayed: Replayed) -> LoaderFacts:
    no_upgrader = Fact(Answer.NOT_APPLICABLE, "a guard has no upgrader")
    return LoaderFacts(_loads(replayed), _equal(replayed), no_upgrader, no_upgrader)


def _lite(replayed: RowReplayed, sensitive: Fact) -> LoaderFacts:
    written = replayed.as_written[LITE]
    applied = Fact(Answer.UNKNOWN, "the table of upgraders is compiled into the lite interpreter")
    if sensitive.value is Answer.YES and _equal(written).value is Answer.YES:
        applied = Fact(Answer.YES, "equal, and not so without the upgrader")
    return LoaderFacts(_loads(written), _equal(written), applied, sensitive)


def _lite_of_library(replayed: RowReplayed) -> LoaderFacts:
    compiled_in = Fact(Answer.NOT_APPLICABLE, "lite knows no upgraders but torch's own")
    return LoaderFacts(_loads(replayed.as_written[LITE]), compiled_in, compiled_in, compiled_in)


def _loads(replayed: Replayed) -> Fact:
    if replayed.crashed or not replayed.was_run:
        return Fact(Answer.UNKNOWN, replayed.failure)
    return Fact(Answer.NO, replayed.failure) if replayed.failure else Fact(Answer.YES)


def _equal(replayed: Replayed) -> Fact:
    if not replayed.was_run:
        return Fact(Answer.UNKNOWN, replayed.failure)
    if replayed.failure:
        return Fact(Answer.NO, replayed.failure if replayed.crashed else "it does not load")
    if not replayed.differences:
        return Fact(Answer.UNKNOWN, "no recorded outputs to compare with")
    for number, difference in enumerate(replayed.differences, 1):
        if difference is not None:
            return Fact(Answer.NO, f"sample {number}: {difference}")
    count = len(replayed.differences)
    return Fact(Answer.YES, f"{count} sample{'s' * (count > 1)}")


def _applied(entry: MapEntry, replayed: RowReplayed) -> Fact:
    marker = replayed.marker
    if marker.found:
        return Fact(Answer.YES, f"the marker in place of {entry.upgrader_name} is in the loaded graph")
    if marker.failure:
        return Fact(Answer.UNKNOWN, f"the marker could not be looked for: {marker.failure}")
    if not marker.registered:
        return Fact(Answer.NO, f"the runtime has no upgrader {entry.upgrader_name}")
    return Fact(Answer.NO, f"the marker in place of {entry.upgrader_name} is not in the loaded graph")


def _sensitive(entry: MapEntry, loader: str, replayed: RowReplayed, blind: str, runtime: RuntimeSeen) -> Fact:
    """Whether a missing upgrader is noticed, and what it gives counts for anything."""
    fact = _noticed(entry, loader, replayed, blind, runtime)
    multiplied = replayed.multiplied
    # What raises may raise for the multiplication itself, and shows nothing.
    values = [one for one in multiplied.differences if not (one or "").startswith("raises: ")]
    counts_for_nothing = bool(values) and not any(values)
    return Fact(Answer.NO, VALUE_UNUSED) if fact.value is Answer.YES and counts_for_nothing else fact


def _noticed(entry: MapEntry, loader: str, replayed: RowReplayed, blind: str, runtime: RuntimeSeen) -> Fact:
    written, raised = replayed.as_written[loader], replayed.raised[loader]
    if blind:
        return Fact(Answer.UNKNOWN, blind)
    if written.failure or any(written.differences):
        return Fact(Answer.UNKNOWN, "it fails as it was written already")
    if raised.crashed or not raised.was_run:
        return Fact(Answer.UNKNOWN, f"without the upgrader: {raised.failure}")
    if raised.failure:
        return Fact(Answer.YES, f"without the upgrader it does not load: {raised.failure}")
    difference = next((found for found in raised.differences if found is not None), None)
    if difference is not None:
        return Fact(Answer.YES, f"without the upgrader: {difference}")
    if not raised.differences:
        return Fact(Answer.UNKNOWN, "no recorded outputs to compare with")
    if runtime.upgrader(entry.upgrader_name).identity:
        return Fact(Answer.NOT_APPLICABLE, f"{entry.upgrader_name} changes nothing")
    return Fact(Answer.NO, "it passes without the upgrader too")


def _why_raising_tells_nothing(owner: Owner, archive: Archive, runtime: RuntimeSeen) -> str:
    """Why a failure of the raised archive would not show that the upgrader is missing; empty if it would."""
    highest = runtime.max_operator_version
    if highest is None or highest < owner.last_bump:
        return f"torch {runtime.torch} does not read version {owner.last_bump}, at which no upgrader applies"
    shadows = [
        operator
        for operator in archive.operators - {owner.operator}
        if any(archive.version < bump <= owner.last_bump for bump in runtime.operator(operator).bumps or ())
    ]
    if shadows:
        return f"raising the version record also disables the upgraders of {named_operators(shadows)}"
    return ""
