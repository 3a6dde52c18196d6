"""A mend of one line, as GitHub takes it with a click.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/commenting-on-a-pull-request
"""

from __future__ import annotations

import re

from opfixtures.rules.findings import Suggestion

# cmark reads no fence of more than 255 backticks.
_LONGEST, _MOST_BACKTICKS = 1_000, 60
# Letters and marks that show nothing, some of them in names: fillers of Hangul, the blank of Braille, what chooses a
# variant (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point).
_SHOWS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


def suggestion_markdown(suggestion: Suggestion) -> str:
    """What to say of it; empty where its text could show otherwise than it is, or end its block."""
    new = suggestion.new
    longest = max((len(run) for run in re.findall("`+", new)), default=0)
    if max(len(new) - _LONGEST, longest - _MOST_BACKTICKS) > 0:
        return ""
    if not new.replace("\t", "").isprintable() or _SHOWS_NOTHING.search(new):
        return ""
    fence = "`" * max(3, longest + 1)
    return f"`opfixtures check --fix` writes this line so:\n\n{fence}suggestion\n{new}\n{fence}\n"
