"""Skeletons of upgraders: the old signature, a call of the operator as it is now, and what is left to fill in."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Sequence

from opfixtures.declarations.old_calls import counterparts
from opfixtures.declarations.schema_types import (
    Argument,
    FunctionSchema,
    Type,
    normalised,
    result_annotation,
)
from opfixtures.synthesis.overloads import passing_all

_WIDTH = 79
TO_FILL_IN = "# to fill in: "
# What TorchScript reads as something else than a name: torch/csrc/jit/frontend/lexer.h.
_WORDS_OF_TORCHSCRIPT = frozenset({"print", "Ellipsis", "torch"})
_PLACEHOLDERS = {
    "Tensor": "torch.zeros([0])",
    "bool": "False",
    "complex": "0j",
    "float": "0.0",
    "int": "0",
    "number": "0",
    "str": "''",
}


def skeleton(
    old: FunctionSchema,
    new: FunctionSchema | None,
    upgrader_name: str,
    siblings: Sequence[FunctionSchema] = (),
    *,
    is_gone: bool = False,
) -> str:
    """The TorchScript text of an upgrader that compiles and waits to be filled in, each line ended by a newline.

    Its parameters are those of `old`, without defaults, as PyTorch's own have them
    (torch/csrc/jit/operator_upgraders/upgraders_entry.cpp). It calls the operator as `new` has it, None where nobody
    knows, with each argument that is there under its old name and type; a comment says what could not be mapped.
    `siblings` are the overloads of the operator as they are now. One that `is_gone` cannot be called. Where the schemas
    differ in defaults alone, which old models stored, the call is all that is needed.
    """
    is_told = new is not None and normalised(new) != normalised(old)
    new = new or old
    names = {one.name: _name(one) for one in old.arguments}
    parameters = [f"{names[one.name]}: {one.type.annotation}" for one in old.arguments]
    by_name = [one.kwarg_only for one in old.arguments]
    if True in by_name:
        parameters.insert(by_name.index(True), "*")
    head = _wrapped(f"def {upgrader_name}(", parameters, f") -> {_returned(old)}:")
    to_fill_in = f"  {TO_FILL_IN}compute what {old.operator} did before this change"
    if is_gone:
        lines = [
            *head,
            to_fill_in,
            "  # it is gone: call what has its place",
            f"  return {_instead(old, names)}".rstrip(),
        ]
        return "".join(f"{line}\n" for line in lines)
    calls, notes = _call(old, new, names, siblings)
    is_same = _returned(old) == _returned(new)
    if not is_same:
        notes.append(f"it gives {_returned(new)} now: give the {_returned(old)} that it gave")
    result = _other_than("result", names.values())
    given = "" if not old.returns else "return " if is_same else f"{result} = " if new.returns else ""
    if is_told and not notes:
        to_fill_in = f"  # complete, unless {old.operator} computes something else now"
    lines = [
        *head,
        to_fill_in,
        *(f"  # {note}" for note in notes),
        *_wrapped(f"  {given}{_operator(new)}(", calls, ")"),
        *([f"  return {_of_result(old, new, result, names)}"] if old.returns and not is_same else []),
    ]
    return "".join(f"{line}\n" for line in lines)


def what_it_is(text: str) -> str:
    """Whether a skeleton waits to be filled in, in words."""
    return (
        "a skeleton to fill in" if TO_FILL_IN in text else "complete, unless it computes something else now"
    )


def _other_than(name: str, names: Collection[str]) -> str:
    return name if name not in names else _other_than(f"{name}_", names)


def _of_result(old: FunctionSchema, new: FunctionSchema, result: str, names: dict[str, str]) -> str:
    """What was returned, where one of several values that the new operator gives has its type; else a placeholder."""
    then, now = ([one.type.annotation for one in schema.returns] for schema in (old, new))
    if len(now) > 1 and len(then) == 1 and then[0] in now:
        return f"{result}[{now.index(then[0])}]"
    return _instead(old, names)


def _name(argument: Argument) -> str:
    is_word = keyword.iskeyword(argument.name) or argument.name in _WORDS_OF_TORCHSCRIPT
    return argument.name + "_" * is_word


def _operator(schema: FunctionSchema) -> str:
    namespace, _, name = schema.name.rpartition("::")
    return f"torch.{name}" if namespace in ("", "aten") else f"torch.ops.{namespace}.{name}"


def _instead(old: FunctionSchema, names: dict[str, str]) -> str:
    """Something of the type that is returned: an argument, or a placeholder."""
    of_type = {one.type.annotation: names[one.name] for one in reversed(old.arguments)}
    values = [of_type.get(one.type.annotation, _placeholder(one.type)) for one in old.returns]
    return ", ".join(values)


def _call(
    old: FunctionSchema, new: FunctionSchema, names: dict[str, str], siblings: Sequence[FunctionSchema]
) -> tuple[list[str], list[str]]:
    """The arguments of the call of the new operator, and what has to be said of them."""
    before = {one.name: one for one in old.arguments}
    former = {now.name: name for name, now in counterparts(old, new).items()}
    texts, notes, left_out = [], [], False
    types_then, types_now = _types(old), _types(new)
    passed = passing_all(new, [new, *siblings])
    last_word = max(
        (place for place, one in enumerate(passed) if keyword.iskeyword(one.argument.name)), default=-1
    )
    for place, one in enumerate(passed):
        argument = one.argument
        was = former.get(argument.name, argument.name)
        then = before.pop(was, None)
        by_name = (one.by_name or left_out) and not keyword.iskeyword(argument.name)
        if then is not None and types_then[was] == types_now[argument.name]:
            value = names[was]
            notes += [f"{was} is called {argument.name} now"] if was != argument.name else []
        elif argument.default is not None:
            changed = "has another type" if then else "is new"
            notes.append(f"{argument.name} {changed}: it is left at its default, {_default(argument)}")
            if place > last_word:
                left_out = True
                continue
            # What stands behind it can be passed by its place alone.
            value = _default(normalised(new).arguments[new.arguments.index(argument)])
        else:
            value = _placeholder(argument.type)
            changed = "has another type" if then else "is new"
            notes.append(f"{argument.name} {changed}: say what it is for old models")
        texts.append(f"{argument.name}={value}" if by_name else value)
    notes += [f"{name} is gone: old models pass it" for name in before]
    return texts, notes


def _types(schema: FunctionSchema) -> dict[str, Type]:
    return {one.name: one.type for one in normalised(schema).arguments}


def _default(argument: Argument) -> str:
    default = argument.default
    return f"[{', '.join(default)}]" if isinstance(default, tuple) else str(default)


def _placeholder(type_: Type) -> str:
    if type_.name == "Optional":
        return "None"
    if type_.name == "List":
        # Of a list of these TorchScript takes no literal but an empty one.
        is_plain = type_.inside[0].annotation in _PLACEHOLDERS and type_.inside[0].annotation != "number"
        return f"[{_placeholder(type_.inside[0])}]" if is_plain else "[]"
    if type_.name == "Device":
        return "torch.device('cpu')"
    return _PLACEHOLDERS.get(type_.annotation, "None")


def _returned(schema: FunctionSchema) -> str:
    return result_annotation([one.type.annotation for one in schema.returns])


def _wrapped(head: str, items: list[str], tail: str) -> list[str]:
    line = head + ", ".join(items) + tail
    if len(line) <= _WIDTH or not items:
        return [line]
    # TorchScript takes no comma behind the last parameter.
    return [head, *(f"    {item}," for item in items[:-1]), f"    {items[-1]}", f"  {tail}"]
