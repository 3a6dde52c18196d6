"""Text from a repository, made harmless for a terminal and for the log of a workflow."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` on one line, with every character that a terminal would not just show written as an escape.

    Control characters, line breaks, and those that reorder or hide what follows (Unicode's Cf) are among
    these: a name in a pull request shall not be able to forge a report. Nor a command: GitHub's runner takes
    `##[...]` for one wherever it stands in a line, and `::` where nothing but blanks stand before it
    (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs).
    """
    text = text.replace("##[", r"#\x23[")
    if text.lstrip().startswith("::"):
        text = text.replace("::", r"\x3a:", 1)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
