"""Whether a file of mobile upgraders is in the form that torchgen/operator_versions/gen_mobile_upgraders.py writes.

Its two lists hold calls of a few names, texts, numbers and nothing else; what they say is for `mobile_code` to read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opfixtures.declarations.plain_cpp import Values
from opfixtures.declarations.plain_tokens import NotPlainError, PlainToken, joined

_LISTS = ("operatorVersionMapForMobile", "upgrader_function_list")
_CALLED = frozenset(
    {
        "ByteCodeFunctionWithOperator",
        "Instruction",
        "OperatorString",
        "Upgrader",
        "c10::IValue",
        "c10::parseType",
        "mobile::Function::registerFunc",
        "std::string",
        *(
            f"std::vector<{of}>"
            for of in ("Instruction", "OperatorString", "Upgrader", "c10::IValue", "c10::TypePtr")
        ),
    }
)
_NAMED = re.compile(r"true|false|OpCode::[A-Z][A-Z_]*")
_FUNCTION = re.compile(r'"[A-Za-z_][A-Za-z0-9_]*"')
_NUMBER = re.compile(r"0|[1-9][0-9]*")
_BRACKETS = {"(": ")", "{": "}"}
# One that is generated nests seven.
_DEEPEST = 10


def code_around_lists(tokens: Sequence[PlainToken]) -> tuple[str, ...]:
    """The texts of the tokens around the two lists, with an empty one in the place of each, in linear time. Raises
    NotPlainError where these hold anything else than what is generated, or there are not two."""
    around, begin, found = list[str](), 0, list[str]()
    for at, token in enumerate(tokens[:-2]):
        if (
            at < begin
            or token.text not in _LISTS
            or [one.text for one in tokens[at + 1 : at + 3]] != ["(", "{"]
        ):
            continue
        values = Values(tokens, at + 2)
        around += [*joined(tokens[begin : at + 2]), ""]
        for _ in values.listed():
            _value(values, 0)
        found.append(token.text)
        begin = values.at
    if sorted(found) != sorted(_LISTS):
        raise NotPlainError(0, f"not one list of each name, {' and '.join(_LISTS)}")
    return (*around, *joined(tokens[begin:]))


def what_may_fail(tokens: Sequence[PlainToken]) -> dict[str, int]:
    """What torch looks up or parses when it makes the list of functions, all of them for any one: types, operators,
    names of instructions, and names of functions that are none. Each with where it stands; in linear time."""
    found: dict[str, int] = {}
    for at, token in enumerate(tokens[:-4]):
        texts = [one.text for one in tokens[at : at + 5]]
        if token.text in ("parseType", "OperatorString"):
            end = next((n for n in range(at, min(at + 12, len(tokens))) if tokens[n].text == ")"), at)
            found["".join(one.text for one in tokens[at:end])] = token.offset
        elif texts[:3] == ["OpCode", ":", ":"]:
            found[f"OpCode {texts[3]}"] = token.offset
        elif token.text == "registerFunc" and not _FUNCTION.fullmatch(texts[2]):
            found[f"registerFunc {texts[2]}"] = token.offset
    return found


def _value(values: Values, depth: int) -> None:
    token = values.next
    if depth > _DEEPEST:
        values.refuse("what nests deeper than what is generated")
    if token.kind == "string":
        values.string()
    elif token.kind == "number" or token.text == "-":
        values.at += token.text == "-"
        if not _NUMBER.fullmatch(values.next.text):
            values.refuse()
        values.at += 1
    else:
        _call(values, depth)


def _call(values: Values, depth: int) -> None:
    """What begins with a name, or with a brace."""
    begin, name = values.next, ""
    while values.next.kind == "word" or values.next.text in (":", "<", ">"):
        name += values.next.text
        values.at += 1
        if len(name) > 100:
            values.refuse()
    if _NAMED.fullmatch(name):
        return
    opening = values.next.text
    if opening not in _BRACKETS or (name not in _CALLED and (name or opening != "{")):
        raise NotPlainError(begin.offset, ascii(begin.text[:20]))
    for _ in values.listed(opening, _BRACKETS[opening]):
        _value(values, depth + 1)
