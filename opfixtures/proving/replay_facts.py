"""What a replay shows of a fixture: the observations of each loader in, facts out. Pure."""

from __future__ import annotations

from dataclasses import replace

from opfixtures.archives.formats import EXPORT, JIT, LITE
from opfixtures.archives.model import Archive, Program
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import MapEntry
from opfixtures.proving.exported_facts import defaults_fact, names_fact, order_fact
from opfixtures.proving.facts import named_operators
from opfixtures.proving.result import Answer, Fact, LoaderFacts
from opfixtures.worker.observations import NOT_REPLAYED, Replayed, RowReplayed, RuntimeSeen

VALUE_UNUSED = "no recorded output depends on what the upgrader gives: a multiple of that changes none"
OPERATOR_UNUSED = "no recorded output depends on what the operator gives: a multiple of that changes none"
VALUE_UNSEEN = "whether an output depends on what the upgrader gives cannot be seen by multiplying that"


def replay_facts(
    owner: Owner,
    archive: Archive,
    runtime: RuntimeSeen,
    replayed: RowReplayed,
    schema_then: str | None = None,
) -> dict[str, LoaderFacts]:
    """The facts of a replay in `runtime`, per loader. `replayed` has the archive raised to `owner.last_bump` too."""
    if archive.program is not None:
        unused = _value_counts(replayed).value is Answer.NO
        written = replayed.as_written[EXPORT]
        return {EXPORT: _of_program(owner, archive.program, runtime, written, unused, schema_then)}
    if owner.entry is None:
        unused = _value_counts(replayed).value is Answer.NO
        return {loader: _of_guard(seen, unused) for loader, seen in replayed.as_written.items()}
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


def _of_guard(replayed: Replayed, unused: bool) -> LoaderFacts:
    no_upgrader = Fact(Answer.NOT_APPLICABLE, "a guard has no upgrader")
    sensitive = Fact(Answer.NO, OPERATOR_UNUSED) if unused else no_upgrader
    return LoaderFacts(_loads(replayed), _equal(replayed), no_upgrader, sensitive)


def _of_program(
    owner: Owner,
    program: Program,
    runtime: RuntimeSeen,
    replayed: Replayed,
    unused: bool,
    schema_then: str | None,
) -> LoaderFacts:
    no_upgrader = Fact(Answer.NOT_APPLICABLE, "torch.export.load applies no upgrader")
    names = names_fact(program, runtime)
    return LoaderFacts(
        _loads(replayed),
        _equal(replayed),
        no_upgrader,
        Fact(Answer.NO, OPERATOR_UNUSED) if unused else no_upgrader,
        names if names.value is not Answer.YES else order_fact(owner.operator, schema_then, runtime),
        defaults_fact(owner.operator, program, schema_then, runtime),
    )


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
    counts = _value_counts(replayed)
    is_doubted = fact.value in (Answer.YES, Answer.NOT_APPLICABLE) and counts.reason != ""
    return counts if is_doubted else fact


def _value_counts(replayed: RowReplayed) -> Fact:
    """Whether an output depends on what the upgrader gives: without a reason where it does, or nothing could be tried.

    Of two multiples, put in the same way, one is what the upgrader gives: a sample that gives something else for that
    one shows what was put in, and not what was multiplied.
    """
    tripled, same = replayed.multiplied, replayed.by_one
    if not (tripled.was_run or same.was_run):
        return Fact(Answer.NOT_APPLICABLE)
    failure = same.failure or tripled.failure
    if failure:
        return Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: {failure}")
    pairs = list(zip(same.differences, tripled.differences, strict=False))
    changed = [three is not None for one, three in pairs if one is None]
    if any(changed) or not pairs:
        return Fact(Answer.YES)
    if changed:
        return Fact(Answer.NO, VALUE_UNUSED)
    return Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: {pairs[0][0]}")


def _noticed(entry: MapEntry, loader: str, replayed: RowReplayed, blind: str, runtime: RuntimeSeen) -> Fact:
    written, raised = replayed.as_written[loader], replayed.raised[loader]
    if blind:
        return Fact(Answer.UNKNOWN, blind)
    if written.failure or any(written.differences):
        return Fact(Answer.UNKNOWN, "it fails as it was written already")
    if raised.crashed or not raised.was_run:
        return Fact(Answer.UNKNOWN, f"without the upgrader: {raised.failure}")
    written_anew = _unlike_the_record(replayed.control.get(loader, NOT_REPLAYED))
    if written_anew and (raised.failure or any(raised.differences)):
        return Fact(Answer.UNKNOWN, f"it fails written anew with its own version already: {written_anew}")
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


def _unlike_the_record(replayed: Replayed) -> str:
    """How a replay failed, or differs from what was recorded; empty where it does not."""
    if not replayed.was_run:
        return replayed.failure or "nobody tried"
    return replayed.failure or next((found for found in replayed.differences if found is not None), "")


def _why_raising_tells_nothing(owner: Owner, archive: Archive, runtime: RuntimeSeen) -> str:
    """Why a failure of the raised archive would not show that the upgrader is missing; empty if it would."""
    highest = runtime.max_operator_version
    if highest is None or highest < owner.last_bump:
        return f"torch {runtime.torch} does not read version {owner.last_bump}, at which no upgrader applies"
    shadows = [
        operator
        for operator in _others(owner, archive, runtime)
        if any(
            (archive.version or 0) < bump <= owner.last_bump
            for bump in runtime.operator(operator).bumps or ()
        )
    ]
    if shadows:
        return f"raising the version record also disables the upgraders of {named_operators(shadows)}"
    return ""


def _others(owner: Owner, archive: Archive, runtime: RuntimeSeen) -> list[str]:
    """The operators that an archive calls beside the owner's; where all that is to be seen are names, all that it may
    call."""
    if archive.bytecode_version is not None:
        return sorted(archive.operators - {owner.operator})
    # The owner's name is called once for the owner.
    names = archive.names - ({archive.called_as(owner.operator)} - archive.repeated)
    return [one for one in runtime.operators if archive.called_as(one) in names and one != owner.operator]
