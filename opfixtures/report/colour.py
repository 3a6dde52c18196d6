"""Whether a report may be coloured."""

from __future__ import annotations

from collections.abc import Mapping


def wants_colour(environment: Mapping[str, str], terminal: bool) -> bool:
    """Whether to colour what goes to a stdout that is or is not a `terminal`.

    NO_COLOR (https://no-color.org) forbids it; FORCE_COLOR (https://force-color.org) and CLICOLOR_FORCE
    (https://bixense.com/clicolors) ask for it wherever it goes, unless they are 0. pre-commit, where it
    colours, gives its hooks a terminal.
    """
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return terminal and environment.get("TERM") != "dumb"
