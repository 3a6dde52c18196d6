"""What the schemas of today make of an exported program, whose arguments are looked up by their names. Pure.

torch.export.load takes of the arguments that a program stores those whose names today's schema has, and drops the
others without a word (`deserialize_inputs` in torch/_export/serde/serialize.py). Those that were given by their place
it lines up in the order of today, without a gap for what was not stored. What equalled its default was not stored, and
gets today's. All that shows whatever the outputs are: samples need not feed the argument.
"""

from __future__ import annotations

from opfixtures.archives.model import Call, Program
from opfixtures.declarations.function_schema import Argument, SchemaError, parse_schema
from opfixtures.proving.result import Answer, Fact
from opfixtures.worker.observations import RuntimeSeen


def names_fact(program: Program, runtime: RuntimeSeen) -> Fact:
    """Whether every argument that the program stores is one of its operator's schema in the runtime and comes to its
    own place, and all that this asks for are there."""
    for call in dict.fromkeys(program.calls):
        schema = runtime.operator(call.operator).schema
        if schema is None:
            return Fact(Answer.NO, f"there is no operator {call.operator} any more")
        today = _arguments(schema)
        if today is None:
            return Fact(Answer.UNKNOWN, f"the schema {schema!r} does not parse")
        lost = next((name for name in call.arguments if name not in today), None)
        if lost is not None:
            return Fact(
                Answer.NO,
                f"argument {lost} of {call.operator} is dropped without a word: today it is {schema}",
            )
        needed = next((one for one in today.values() if _is_missing(one, call)), None)
        if needed is not None:
            return Fact(
                Answer.NO,
                f"argument {needed.name} of {call.operator} has no default, and the program does not store it: today"
                f" it is {schema}",
            )
        misplaced = _misplaced(call, today)
        if misplaced:
            return Fact(Answer.NO, f"argument {misplaced}: today it is {schema}")
    return Fact(Answer.YES)


def order_fact(operator: str, then: str | None, runtime: RuntimeSeen) -> Fact:
    """Whether the arguments of the operator stand in the order of then: a model that gives the first of two that
    changed places gives it to the other one now, without a word, whatever this program stores."""
    schema = runtime.operator(operator).schema or ""
    before, today = _arguments(then or ""), _arguments(schema)
    if before is None or today is None:
        return Fact(Answer.YES)
    placed = [one for one in before if one in today and not (before[one].kwarg_only or today[one].kwarg_only)]
    for one, other in zip(placed, (one for one in today if one in placed), strict=True):
        if one != other:
            return Fact(
                Answer.NO,
                f"argument {one} of {operator} is taken for {other} where a model gives {one} alone by its place: today"
                f" it is {schema}",
            )
    return Fact(Answer.YES)


def defaults_fact(operator: str, program: Program, then: str | None, runtime: RuntimeSeen) -> Fact:
    """Whether the defaults that the program's calls of the operator left out are those of today.

    `then` is its schema when the program was made, None where nothing says so. The calls of other operators leave out
    defaults too, of which no record tells what they were: it is said of which.
    """
    schema = runtime.operator(operator).schema
    if schema is None:
        return Fact(Answer.UNKNOWN, f"torch {runtime.torch} has no operator {operator}")
    before, today = _arguments(then or ""), _arguments(schema)
    if before is None or today is None:
        return Fact(Answer.UNKNOWN, "which defaults the operator had then is not known")
    for call in (one for one in program.calls if one.operator == operator):
        for name in _left_out(call, before):
            now = today.get(name) or _in_its_place(before[name], before, today)
            if now is not None and now.default is not None and now.default != before[name].default:
                return Fact(
                    Answer.NO,
                    f"{name} was left out, it was {_text(before[name])} then and is {_text(now)} now{_as(name, now)}",
                )
    others = sorted(
        {one.operator for one in program.calls if one.operator != operator and _leaves_out(one, runtime)}
    )
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        return Fact(Answer.YES, f"of {operator}; nobody recorded those of {others[0]}{more}")
    return Fact(Answer.YES)


def _leaves_out(call: Call, runtime: RuntimeSeen) -> bool:
    return bool(_left_out(call, _arguments(runtime.operator(call.operator).schema or "") or {}))


def _in_its_place(gone: Argument, before: dict[str, Argument], today: dict[str, Argument]) -> Argument | None:
    """The argument of today that may be one which is gone under another name: a new one of its type."""
    new = (one for one in today.values() if one.name not in before and one.type == gone.type)
    return next(new, None)


def _as(name: str, now: Argument) -> str:
    return "" if now.name == name else f", as {now.name}"


def _misplaced(call: Call, today: dict[str, Argument]) -> str:
    """Which argument that the program gives by its place does not come to its own one, and how; empty if all do."""
    placed = [one for one in today.values() if one.name in call.arguments and _is_placed(one, call)]
    for place, one in zip(today.values(), placed, strict=False):
        if one.kwarg_only:
            return f"{one.name} of {call.operator} has to be named, and the program gives it by its place"
        if one is not place:
            return f"{one.name} of {call.operator} is taken for {place.name}, which is in its place"
    return ""


def _is_placed(argument: Argument, call: Call) -> bool:
    """Whether torch gives an argument by its place: where the program does not say, that depends on today's schema."""
    if argument.name in call.by_place or argument.name in call.by_name:
        return argument.name in call.by_place
    return argument.default is None and not argument.kwarg_only


def _is_missing(argument: Argument, call: Call) -> bool:
    return argument.default is None and argument.name not in call.arguments


def _left_out(call: Call, before: dict[str, Argument]) -> list[str]:
    return [name for name, one in before.items() if name not in call.arguments and one.default is not None]


def _arguments(schema: str) -> dict[str, Argument] | None:
    try:
        parsed = parse_schema(schema)
    except SchemaError:
        return None
    return {one.name: one for one in parsed.arguments}


def _text(argument: Argument) -> str:
    default = argument.default
    return f"[{', '.join(default)}]" if isinstance(default, tuple) else str(default)
