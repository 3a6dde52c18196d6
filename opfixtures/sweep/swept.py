"""A sweep's result, and the sweep itself: what is asked of which runtime, in which order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from opfixtures.errors import UserError
from opfixtures.sweep.asking import Asker, Count
from opfixtures.sweep.judgement import CHANGED, NO_MODEL, Verdict, judge
from opfixtures.sweep.left_out import why_left_out, why_not_called
from opfixtures.sweep.replaying import replayed
from opfixtures.sweep.then import Made, make_all
from opfixtures.sweep.witness import Sides, witness
from opfixtures.worker.observations import Json, OperatorSeen


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
    unmatched = next((glob for glob in globs if not any(fnmatchcase(one, glob) for one in chosen)), None)
    if unmatched is not None or not chosen:
        raise UserError(_no_operator(old, schemas, unmatched))
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
    replays = replayed(old, new, made, fixture_format, counting)
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
    """The operators that match, in the runtime's order; without globs the library's own, which its import registers."""
    if globs:
        return [one for one in schemas if any(fnmatchcase(one, glob) for glob in globs)]
    if old.runtime.operator_module is None:
        return [one for one in schemas if one.startswith("aten::")]
    seen = old.describe(list(schemas))
    return [one for one in schemas if seen[one].schema and not seen[one].is_torchs]


def _no_operator(old: Asker, schemas: Mapping[str, str], glob: str | None) -> str:
    """That a glob matches nothing, and which would; without a glob that there is nothing of a library."""
    if glob is None:
        own = (
            f"that `import {old.runtime.operator_module}` registers"
            if old.runtime.operator_module
            else "of aten"
        )
        return f"{old.runtime.name} has no operator {own}"
    said = f"{old.runtime.name} has no operator that matches {glob}"
    if "::" not in glob:
        return f"{said}: write its namespace as well, such as 'aten::{glob}'"
    base = glob.partition(".")[0]
    near = [one for one in schemas if one.partition(".")[0] == base]
    return f"{said}: it has {', '.join(near[:5])}" if near else said


def _why(operator: str, schema: str, globs: Sequence[str]) -> str:
    return "" if operator in globs else why_left_out(schema)


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
