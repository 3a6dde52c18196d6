"""What somebody meant who mistyped a word."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 3
ALIKE = 0.75
"""For operators of one library, which begin alike."""


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """`: did you mean A or B?`, empty where nothing is like the word; the most alike first."""
    import difflib

    words = list(dict.fromkeys(known))
    folded = {one.lower(): one for one in words}
    # An operator whose overload or namespace was left out.
    found = [
        one for one in words if word and (one.startswith(f"{word}.") or one.rpartition("::")[2] == word)
    ][:_MOST]
    if not found:
        near = difflib.get_close_matches(word[:80].lower(), folded, n=_MOST, cutoff=cutoff)
        found = [folded[one] for one in near]
    return f": did you mean {' or '.join(found)}?" if found else ""
