"""A sweep's result, and the sweep itself: what is asked of which runtime, in which order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from opfixtures.errors import UserError
from opfixtures.records.tolerances import tolerances_for
from opfixtures.sweep.asking import Asker, Count, Row
from opfixtures.sweep.judgement import CHANGED, NO_MODEL, Replay, Verdict, judge, needs_second_run
from opfixtures.sweep.left_out import why_left_out, why_not_called
from opfixtures.sweep.then import Made, make_all
from opfixtures.sweep.witness import Sides, witness
from opfixtures.worker.observations import Json, OperatorSeen

# Rows to a worker: to run a model takes milliseconds, torch's import a second.
BATCH = 150
# glibc fills memory that it gives out with the complement of this byte (mallopt(3)), here 0x40: floats of it are 3.0.
PERTURBED = {"MALLOC_PERTURB_": "191"}
LOADERS = {"pt": "torch.jit.load", "pt2": "torch.export.load"}


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of an operator. `versioned`: the new runtime's version map tells of a change. `schema_now` is None
    where the new runtime lacks it."""

    operator: str
    verdict: Verdict
    schema_then: str
    schema_now: str | None
    versioned: bool
    witness: str | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """All of it. `left_out` has a reason by operator, `seconds` are wall time and what workers computed."""

    sides: Sides
    fixture_format: str
    operators: Sequence[Swept]
    left_out: Mapping[str, str]
    seconds: tuple[float, float]

    @property
    def changed(self) -> list[Swept]:
        """Those that hurt old models, the worst first."""
        some = [one for one in self.operators if one.verdict.status in CHANGED]
        return sorted(some, key=lambda one: (CHANGED.index(one.verdict.status), one.operator))

    @property
    def with_model(self) -> int:
        """Of how many a model was made."""
        return sum(one.verdict.replay is not None for one in self.operators)

    def named(self, operator: str) -> Swept:
        """The one of that name. Raises UserError where it was not swept, with why."""
        found = next((one for one in self.operators if one.operator == operator), None)
        if found is None:
            why = self.left_out.get(operator, f"{self.sides.old} has no such operator")
            raise UserError(f"{operator} is not swept: {why}")
        return found


def sweep(
    old: Asker,
    new: Asker,
    globs: Sequence[str],
    fixture_format: str,
    tell: Callable[[str], None],
    counting: Callable[[str], Count],
    clock: Callable[[], float] = time.monotonic,
) -> Sweep:
    """Sweep the operators that match a glob; without globs those of the old runtime's library, else of `aten`.

    `counting` gives what is called with how many rows of all are done.

    Raises WorkerError or RuntimeUnavailable where a runtime cannot be used, UserError where no operator matches.
    """
    begin = clock()
    tell(f"asking {old.runtime.name} what operators it has")
    texts = _schemas(old)
    schemas = {text.partition("(")[0]: text for text in texts}
    chosen = _chosen(old, schemas, globs)
    if not chosen:
        raise UserError(f"{old.runtime.name} has no operator that matches {' or '.join(globs) or 'aten::*'}")
    left_out = {one: why for one in chosen if (why := _why(one, schemas[one], globs))}
    operators = [one for one in chosen if one not in left_out]
    overloads: dict[str, list[str]] = {}
    for text in texts:
        overloads.setdefault(text.partition("(")[0].partition(".")[0], []).append(text)
    seen = new.describe(operators)
    if not old.torch:
        # All that it was asked an earlier run knew.
        old.describe(operators[:1])
    made = make_all(old, overloads, operators, fixture_format, counting("made"))
    left_out |= _not_called(operators, made)
    operators = [one for one in operators if one not in left_out]
    replays = _replayed(old, new, made, fixture_format, counting("replayed"))
    sides = Sides(old.runtime.name, new.runtime.name, old.torch, new.torch, old.runtime.operator_module)
    told = []
    for operator in operators:
        verdict = judge(operator, made[operator], replays[operator], is_there=bool(seen[operator].schema))
        told.append(_swept(operator, verdict, schemas[operator], seen[operator], sides, fixture_format))
    return Sweep(sides, fixture_format, told, left_out, (clock() - begin, old.seconds + new.seconds))


def _not_called(operators: Sequence[str], made: Mapping[str, Sequence[Made]]) -> dict[str, str]:
    """Of operators that no model calls why that is: no old model has them."""
    return {
        one: why
        for one in operators
        if not any(module.archive for module in made[one])
        if (why := why_not_called([module.refusal for module in made[one]]))
    }


def _schemas(asker: Asker) -> list[str]:
    told = asker.ask("list", [{"key": "list"}], 1)["list"]
    schemas = told.get("schemas") if isinstance(told, dict) else None
    if not isinstance(schemas, list) or not all(isinstance(one, str) for one in schemas):
        raise UserError(f"{asker.runtime.name} does not say what operators it has")
    return schemas


def _chosen(old: Asker, schemas: Mapping[str, str], globs: Sequence[str]) -> list[str]:
    """The operators that match, in the runtime's order; without globs the library's own."""
    if globs:
        return [one for one in schemas if any(fnmatchcase(one, glob) for glob in globs)]
    if old.runtime.operator_module is None:
        return [one for one in schemas if one.startswith("aten::")]
    seen = old.describe(list(schemas))
    return [one for one in schemas if not seen[one].is_torchs]


def _why(operator: str, schema: str, globs: Sequence[str]) -> str:
    return "" if operator in globs else why_left_out(schema)


def _replayed(
    old: Asker, new: Asker, made: Mapping[str, Sequence[Made]], fixture_format: str, count: Count
) -> dict[str, list[Replay]]:
    """Each module in the new runtime; where something differs, in the old one once more."""
    rows = {
        f"{operator} {place}": _row(f"{operator} {place}", one, fixture_format)
        for operator, modules in made.items()
        for place, one in enumerate(modules)
        if one.archive
    }
    now = new.ask("rerun", list(rows.values()), BATCH, count)
    first = {
        operator: [
            (key, Replay(one, now[key]))
            for place, one in enumerate(modules)
            if (key := f"{operator} {place}") in rows
        ]
        for operator, modules in made.items()
    }
    differing = [rows[key] for some in first.values() for key, one in some if needs_second_run(one)]
    # What differs because nobody set it has another value then.
    perturbed = replace(old, environment=PERTURBED)
    again = perturbed.ask("rerun", [{**row, "perturbed": PERTURBED} for row in differing], BATCH)
    old.seconds = perturbed.seconds
    return {
        operator: [Replay(one.made, one.now, again.get(key)) for key, one in some]
        for operator, some in first.items()
    }


def _row(key: str, made: Made, fixture_format: str) -> Row:
    return {
        "key": key,
        "loader": LOADERS[fixture_format],
        # torch.export is imported once, before the first row.
        "exports": fixture_format == "pt2",
        "archive": made.archive,
        "samples": list(made.samples),
        "tolerances": tolerances_for(made.samples),
    }


def _swept(
    operator: str, verdict: Verdict, schema: str, seen: OperatorSeen, sides: Sides, fixture_format: str
) -> Swept:
    text = witness(operator, verdict, sides, fixture_format) if verdict.status != NO_MODEL else None
    return Swept(operator, verdict, schema, seen.schema, bool(seen.bumps), text)


def told_value(value: Json) -> Json:
    """What a sample gave, without what only a replay needs."""
    if not isinstance(value, dict):
        return None
    return {key: value[key] for key in ("output", "inputs_after", "raises") if key in value}
