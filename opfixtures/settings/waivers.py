"""Waivers: dated, reasoned exceptions, by operator or path, for some codes.

    [tool.opfixtures.waivers]
    "aten::full" = { codes = ["replay.lite"], reason = "not for mobile", expires = 2027-06-30 }

Pure: whoever asks says which day it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from opfixtures.settings.config_table import Table
from opfixtures.settings.settings_scan import below


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception until the day `expires`, that day included.

    `key` is an operator, or the path of findings that are of none, from `folder`, that of the settings. `line` is
    where it stands in these.
    """

    key: str
    codes: tuple[str, ...]
    reason: str
    expires: date
    line: int = 1
    folder: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What the key may name: an operator, or a path from the repository's root."""
        return frozenset({self.key, below(self.folder, self.key)})

    def is_for(self, operator: str | None, path: str) -> bool:
        """Whether it waives findings of an operator, or else at a path from the repository's root."""
        return below(self.folder, self.key) == path if operator is None else self.key == operator


def waiver_for(
    waivers: Iterable[Waiver], code: str, operator: str | None, path: str, today: date
) -> Waiver | None:
    """The waiver in force for a code, of an operator or else of a path; None where there is none."""
    in_force = (waiver for waiver in waivers if waiver.expires >= today and code in waiver.codes)
    return next((waiver for waiver in in_force if waiver.is_for(operator, path)), None)


def read_waivers(table: Table, source: bytes) -> tuple[Waiver, ...]:
    """The waivers in the table `[tool.opfixtures.waivers]` of the settings file `source`.

    Raises:
        ConfigurationError: a waiver lacks something, or `expires` is not a date. Which codes there are, and which of
            them can be waived, only the rules know.
    """
    lines: dict[str, int] = {}
    for number, line in enumerate(source.decode("utf-8", "replace").split("\n"), 1):
        lines.setdefault(_quoted_key(line), number)
    # TOML may write a key in other ways; then the first line has to do.
    return tuple(_waiver(key, table.table(key) or table, lines.get(key, 1)) for key in table.values)


def _waiver(key: str, table: Table, line: int) -> Waiver:
    table.only("codes", "reason", "expires")
    codes, reason, expires = table.values.get("codes"), table.text("reason"), table.values.get("expires")
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
        raise table.error('codes must be a list of codes, such as ["OPF303", "replay.lite"]')
    if reason is None:
        raise table.error("reason is missing: say why, for whoever reads it when it expires")
    # A datetime is a date, too.
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise table.error("expires must be a date, such as 2027-06-30 without quotes")
    return Waiver(key, tuple(codes), reason, expires, line, table.folder)


def _quoted_key(line: str) -> str:
    """The key in quotes that a line begins with, or the heading of a waiver's own table."""
    line = line.strip().removeprefix("[tool.opfixtures.waivers.")
    return line[1:].partition(line[0])[0] if line.startswith(('"', "'")) else ""
