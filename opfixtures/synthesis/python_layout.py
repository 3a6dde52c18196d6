"""An expression of Python in lines that are not too long, as black and ruff leave it. Pure."""

from __future__ import annotations

_OPENING, _CLOSING = "([{", ")]}"


def laid_out(text: str, room: int) -> list[str]:
    """The lines of an expression, of which the first has no indentation: what its last brackets hold stands in a line
    each, with a comma behind, where it does not fit into `room` characters.

    A comma behind the last says to formatters that this is wanted, however long their lines are
    (https://docs.astral.sh/ruff/settings/#format_skip-magic-trailing-comma).
    """
    opening = _last_brackets(text)
    if len(text) <= room or opening is None:
        return [text]
    end = len(text.rstrip(",")) - 1
    inside = [line for one in _parts(text[opening + 1 : end]) for line in laid_out(f"{one},", room - 4)]
    return [text[: opening + 1], *(f"    {line}" for line in inside), text[end:]]


def _last_brackets(text: str) -> int | None:
    """Where the brackets open that the text ends with, but for a comma; None where it ends otherwise."""
    depth, opening, quote, start = 0, None, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _OPENING:
            start = place if depth == 0 else start
            depth += 1
        elif character in _CLOSING:
            depth -= 1
            opening = start if depth == 0 else opening
    return opening if text.rstrip(",")[-1:] in tuple(_CLOSING) else None


def _parts(text: str) -> list[str]:
    """What stands between the commas of a text that are in no brackets and no string."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        depth += (character in _OPENING) - (character in _CLOSING) if not quote else 0
        if character == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
