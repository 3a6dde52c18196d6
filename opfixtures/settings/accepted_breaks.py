"""Accepted breaks: what a release breaks on purpose, by operator, with the way in which old files fail from then on.

    [tool.opfixtures.accepted-breaks]
    "mylib::scale" = { how = "other results", release = "mylib 2.0", reason = "factor is applied once" }

A list of tables accepts several for one operator: the first that fits a fixture holds for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from opfixtures.settings.config_table import Table
from opfixtures.settings.fixture_formats import FIXTURE_FORMATS

_HEADING = "[tool.opfixtures.accepted-breaks"
# Any error has an "e".
SHORTEST_ERROR = 10
_WAYS = 'how must be "does not load", "other results" or { raises = "part of the error" }'


class Way(StrEnum):
    """How an old file fails."""

    NOT_LOADED = "does not load"
    RAISES = "raises"
    OTHER_RESULTS = "other results"


def in_words(how: Way, error: str) -> str:
    """How an old file fails, with the part of the error where it raises."""
    return f'raises "{error}"' if how is Way.RAISES else str(how)


def sentence(how: Way, error: str, release: str, reason: str) -> str:
    """What users of old files are told of a break."""
    return f"{in_words(how, error)} from {release} on: {reason}"


@dataclass(frozen=True, slots=True)
class AcceptedBreak:
    """A break that somebody answers for: `release` is the first that has it, such as `mylib 2.0`.

    `error` is the part that an error has to have, empty unless it raises. `modules` and `formats`, endings of
    `fixture_formats.FIXTURE_FORMATS`, say which fixtures of the operator break; where they are empty, all do. `line` is
    where it stands in the settings: the same elsewhere in them is the same break.
    """

    operator: str
    how: Way
    release: str
    reason: str
    error: str = ""
    modules: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    line: int = field(default=1, compare=False)

    @property
    def sentence(self) -> str:
        """What users of old files are told."""
        return sentence(self.how, self.error, self.release, self.reason)

    def is_for(self, module: str | None, fixture: str | None) -> bool:
        """Whether it is about the operator's fixture of that module, at that path."""
        is_its_module = not self.modules or module in self.modules
        return is_its_module and (not self.formats or (fixture or "").rpartition(".")[2] in self.formats)


def by_operator(breaks: Iterable[AcceptedBreak]) -> dict[str, list[AcceptedBreak]]:
    """The breaks of each operator, in their order."""
    found: dict[str, list[AcceptedBreak]] = {}
    for one in breaks:
        found.setdefault(one.operator, []).append(one)
    return found


def read_accepted_breaks(table: Table, source: bytes) -> tuple[AcceptedBreak, ...]:
    """The accepted breaks in the table `[tool.opfixtures.accepted-breaks]` of the settings file `source`.

    Raises:
        ConfigurationError: one lacks something, has no known way to fail, or stands behind one that is about all
            fixtures of its operator. Which operators have fixtures only the rules know.
    """
    lines = _lines(source)
    return tuple(one for operator in table.values for one in _of_operator(operator, table, lines))


def _of_operator(operator: str, table: Table, lines: Mapping[str, Sequence[int]]) -> Iterator[AcceptedBreak]:
    is_of_all = False
    for number, own in enumerate(_tables(table, operator)):
        if is_of_all:
            raise own.error(
                "nothing comes to this table, for one before it is about all fixtures of the operator: narrow that one"
                " by `modules` or `formats`"
            )
        one = _accepted_break(operator, own, _line(lines.get(operator, ()), number))
        is_of_all = not (one.modules or one.formats)
        yield one


def _tables(table: Table, operator: str) -> Iterator[Table]:
    values = table.values[operator]
    if not isinstance(values, list):
        yield table.table(operator) or table
        return
    if not values or not all(isinstance(one, dict) for one in values):
        raise table.error(f"{operator[:80]} must be a table, or a list of tables")
    for number, one in enumerate(values, 1):
        yield Table(one, f"{table.where}: [{operator[:80]}] {number}", table.folder)


def _accepted_break(operator: str, table: Table, line: int) -> AcceptedBreak:
    table.only("how", "release", "reason", "modules", "formats")
    how, error = _how(table)
    release, reason = table.text("release"), table.text("reason")
    if release is None:
        raise table.error('release is missing: say which one breaks old files, such as "mylib 2.0"')
    if reason is None:
        raise table.error("reason is missing: say why, for whoever has old files")
    modules, formats = table.words("modules"), table.words("formats")
    unknown = next((one for one in formats if one not in FIXTURE_FORMATS), None)
    if unknown is not None:
        known = " and ".join(map(repr, FIXTURE_FORMATS))
        raise table.error(f"formats has {unknown[:80]!r}, known is {known}")
    return AcceptedBreak(operator, how, release, reason, error, modules, formats, line)


def _how(table: Table) -> tuple[Way, str]:
    value = table.values.get("how")
    if isinstance(value, dict) and value.keys() == {Way.RAISES.value}:
        named = Table(value, f"{table.where}: [how]", table.folder)
        error = named.needed(Way.RAISES.value, named.text(Way.RAISES.value)).strip()
        if len(error) < SHORTEST_ERROR:
            raise table.error(
                f"how says that it raises {error!r}, which other errors have too: write {SHORTEST_ERROR} characters"
                " of the error, or more"
            )
        return Way.RAISES, error
    if value == Way.NOT_LOADED.value or value == Way.OTHER_RESULTS.value:
        return Way(value), ""
    raise table.error(_WAYS)


def _lines(source: bytes) -> dict[str, list[int]]:
    """Where the keys in quotes stand, as keys of the table or as headings of tables of their own, by what is in the
    quotes. TOML may write a key in other ways."""
    found: dict[str, list[int]] = {}
    is_inside = False
    for number, line in enumerate(source.decode("utf-8", "replace").split("\n"), 1):
        key = line.strip()
        if key.startswith("["):
            # A list of tables has two brackets.
            heading = key.replace("[[", "[", 1)
            is_inside = heading.startswith(_HEADING)
            key = heading.removeprefix(f"{_HEADING}.")
        if is_inside and key.startswith(('"', "'")):
            found.setdefault(key[1:].partition(key[0])[0], []).append(number)
    return found


def _line(lines: Sequence[int], number: int) -> int:
    # Then the first line has to do.
    return lines[min(number, len(lines) - 1)] if lines else 1
