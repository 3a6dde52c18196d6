"""An error as GitHub's annotation: beside the line that it names, if it begins with one."""

from __future__ import annotations

import re

from opfixtures.declarations.place import Place
from opfixtures.report.findings_github import annotation, notice
from opfixtures.rules.findings import Severity
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE

# As problems of declarations and settings are told: `path:line:column: what`.
_AT_LINE = re.compile(
    r"(?P<path>[^:\s][^:]{0,300}):(?P<line>[1-9][0-9]{0,8})(?::(?P<column>[1-9][0-9]{0,8}))?: "
)
_SETTINGS = re.compile(
    rf"(?P<path>(?:[^:\s]{{0,300}}/)?(?:{re.escape(OWN_FILE)}|{re.escape(SHARED_FILE)}))(?=[: ])"
)
# tomllib's own words.
_IN_TOML = re.compile(r"\(at line (?P<line>[1-9][0-9]{0,8}), column (?P<column>[1-9][0-9]{0,8})\)")


def error_annotation(sentence: str) -> str:
    """The workflow command for an error that ends a command; the sentence may hold anything."""
    place = place_in(sentence)
    if place is None:
        return notice(Severity.ERROR, sentence)
    return annotation(Severity.ERROR, place, "opfixtures", sentence)


def place_in(sentence: str) -> Place | None:
    """Where the sentence says that something is wrong; None where it names no file first."""
    at_line = _AT_LINE.match(sentence)
    if at_line:
        return Place(at_line["path"], int(at_line["line"]), int(at_line["column"] or 1))
    settings = _SETTINGS.match(sentence)
    if settings is None:
        return None
    toml = _IN_TOML.search(sentence)
    return Place(settings["path"], int(toml["line"]) if toml else 1, int(toml["column"]) if toml else 1)
