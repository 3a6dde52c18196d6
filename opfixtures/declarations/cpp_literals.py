"""What C++ literals stand for."""

from __future__ import annotations

import re

_INTEGER = re.compile(
    r"(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)|(?P<octal>0[0-7]*)|(?P<decimal>[1-9][0-9]*))[uUlLzZ]{0,3}"
)
_BASES = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_LARGEST_INT = 2**31 - 1

_ESCAPE = re.compile(
    r"\\(?:[ \t\f\v\r]*(?P<splice>\n)|(?P<simple>[abfnrtv'\"?\\])|(?P<octal>[0-7]{1,3})"
    r"|x(?P<hex>[0-9a-fA-F]+)|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|)"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class EscapeError(ValueError):
    """An escape sequence that stands for no character, at `offset` into the literal."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def integer_value(text: str) -> int | None:
    """The value of an integer literal that fits an `int`; None for any other number."""
    match = _INTEGER.fullmatch(text.replace("'", ""))
    if match is None or match.lastgroup is None:
        return None
    digits = match[match.lastgroup].lstrip("0") or "0"
    # 31 digits hold any int in any base; Python refuses to convert thousands of decimal ones.
    if len(digits) > 31 or (value := int(digits, _BASES[match.lastgroup])) > _LARGEST_INT:
        return None
    return value


def string_value(text: str) -> str:
    """The value of an ordinary or raw string literal, its prefix ignored.

    Raises EscapeError for an escape sequence that is unknown or stands for no character.
    """
    quote = text.index('"')
    if text[:quote].endswith("R"):
        delimiter = text.index("(") - quote
        return text[quote + 1 + delimiter : -1 - delimiter]
    if "\\" not in text:
        return text[quote + 1 : -1]
    value = _ESCAPE.sub(_unescape, text)
    try:
        # Escaped bytes, in which narrow strings spell characters beyond ASCII, were kept as surrogates.
        return value.encode("utf-8", "surrogateescape").decode()[quote + 1 : -1]
    except UnicodeError:
        raise EscapeError("escaped bytes that are not UTF-8", quote) from None


def _unescape(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[match.lastgroup or 0]
    if kind == "splice":
        return ""
    if kind == "simple":
        return _SIMPLE.get(text, text)
    if kind in ("octal", "hex"):
        byte = int(text, 8 if kind == "octal" else 16)
        # Where a text is made of a literal without its length, it ends at a NUL.
        if 0 < byte <= 0xFF:
            return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)
    elif kind in ("short", "long"):
        character = int(text, 16)
        if 0 < character < 0xD800 or 0xDFFF < character <= 0x10FFFF:
            return chr(character)
    raise EscapeError(f"`{match[0]}` is no escape sequence for a character", match.start())
