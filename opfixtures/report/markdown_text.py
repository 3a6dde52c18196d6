"""Text from a repository in GitHub's Markdown, where it is code and nothing else.

In code GitHub mentions nobody and links nothing: neither `@name`, `#1`, a commit's id nor an address; HTML and
comments are shown as they are. https://github.github.com/gfm/#code-spans, #fenced-code-blocks, #html-blocks
"""

from __future__ import annotations

import re
from html import escape

from opfixtures.repository.printable import printable

_BACKTICKS = re.compile("`+")
# cmark looks for no more than 80 of them around inline code, and 255 around a block.
_MOST_BACKTICKS = 60
_MOST_IN_SPAN, _MOST_IN_BLOCK, _MOST_LINES = 600, 4_000, 60


def code_span(text: str) -> str:
    """`text` on one line as inline code. No table may hold it: there `|` would end a cell."""
    shown = _cut(printable(text), _MOST_IN_SPAN) or "(empty)"
    ticks = "`" * (_longest(shown) + 1)
    # One space on either side is taken off again when it is shown.
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def code_element(text: str) -> str:
    """`text` on one line as an element for a line that starts an HTML block, in which Markdown is not read."""
    return f"<code>{escape(_cut(printable(text), _MOST_IN_SPAN))}</code>"


def link(shown: str, address: str | None) -> str:
    """`shown`, code already, with the address of its page if there is one: one that `web_links` made, in which nothing
    ends a link."""
    return f"[{shown}]({address})" if address else shown


def code_block(text: str, language: str = "text") -> str:
    """`text` as a code block of its own lines."""
    lines = [printable(line) for line in _cut(text, _MOST_IN_BLOCK).split("\n")]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], "..."]
    shown = "\n".join(lines)
    fence = "`" * max(3, _longest(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _longest(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def _cut(text: str, most: int) -> str:
    text = re.sub(f"`{{{_MOST_BACKTICKS},}}", f"{'`' * _MOST_BACKTICKS}...", text)
    return text if len(text) <= most else f"{text[: most - 3]}..."
