"""The files that a step writes for the runner: outputs, and the summary of the run.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

OUTPUTS = (
    "changed-operators",
    "generated",
    "refused",
    "pre-change-commit",
    "head",
    "report",
    "runtimes",
    "comment-url",
)
"""The names of all outputs, as action.yml has them."""

# A step has 1 MiB for its summary, in which one report and one text have room together.
MOST_MARKDOWN = 700_000
"""The most bytes of a report in a step's summary."""
_MOST_TEXT = 250_000


def write_outputs(path: str | None, values: Mapping[str, str]) -> None:
    """Append outputs to the file `path` ($GITHUB_OUTPUT); nothing where there is none."""
    if not path:
        return
    with open(path, "a", encoding="utf-8") as stream:
        for name, value in values.items():
            # No value can end before its own end: nobody knows the delimiter.
            end = secrets.token_hex(16)
            stream.write(f"{name}<<{end}\n{_one_line(value)}\n{end}\n")


def _one_line(value: str) -> str:
    return "".join(one if one.isprintable() else " " for one in value)


def append_summary(path: str | None, markdown: str) -> None:
    """Append what was rendered here, of at most `MOST_MARKDOWN` bytes, to the summary `path`, if there is one."""
    if path:
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(f"{markdown.rstrip()}\n")


def write_summary(path: str | None, heading: str, text: str) -> None:
    """Append a heading of ours and a text of anybody's to the summary `path` ($GITHUB_STEP_SUMMARY), if there is one.

    The text stands in a code block: nothing in it is Markdown.
    """
    text = text.encode("utf-8", "backslashreplace")[:_MOST_TEXT].decode("utf-8", "ignore")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    append_summary(path, f"### {heading}\n\n{fence}text\n{text.rstrip()}\n{fence}\n")


@contextmanager
def without_commands(stream: TextIO) -> Iterator[None]:
    """Has the runner take nothing for a command that is printed meanwhile: it looks for them in indented lines too."""
    token = secrets.token_hex(16)
    stream.write(f"::stop-commands::{token}\n")
    stream.flush()
    try:
        yield
    finally:
        stream.write(f"::{token}::\n")
        stream.flush()
