"""What a renumbering leaves to people: names in other files, the mobile upgraders, fixtures made under the old name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from shlex import quote

from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.names import fixture_stem
from opfixtures.records.record import record_path
from opfixtures.settings.config import Config
from opfixtures.settings.fixture_formats import FIXTURES
from opfixtures.synthesis.renumbering import Renumbering

_MOST_PLACES = 20

Has = Callable[[str], bool]


def replaced_names(renumbering: Renumbering) -> frozenset[str]:
    """The names that nothing is called by any more."""
    new = {*renumbering.upgraders.values(), *renumbering.modules.values()}
    return frozenset({*renumbering.upgraders, *renumbering.modules} - new)


def stale_fixtures(config: Config, row: FixtureEntry, has: Has) -> list[str]:
    """The fixture of a fixture entry and its record, as far as they are there."""
    stem = f"{config.fixtures}/{fixture_stem(row.module)}"
    paths = [path for ending in FIXTURES for path in (stem + ending, record_path(stem + ending))]
    return [path for path in paths if has(path)]


def mentions(files: Mapping[str, bytes], names: frozenset[str]) -> Iterator[str]:
    """Where these files, by path, still say one of the names: in comments and longer texts."""
    for path, content in files.items():
        for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
            for name in re.findall(r"\w+", line):
                if name in names:
                    yield f"{path}:{number} says {name}"


def left_over(config: Config, renumbering: Renumbering, has: Has, mentioned: Sequence[str]) -> Iterator[str]:
    """What is still to be done, a line each. `has` says what stands in the tree, `mentioned` is where old names do."""
    yield from mentioned[:_MOST_PLACES]
    if len(mentioned) > _MOST_PLACES:
        yield f"{len(mentioned) - _MOST_PLACES} more places say such names"
    if renumbering.upgraders and config.mobile_upgraders and has(config.mobile_upgraders):
        program = config.mobile_upgraders_generator or "its generator"
        yield f"write {config.mobile_upgraders} again: build this change, and run {program}"
    again: dict[str, str] = {}
    for row in renumbering.rows:
        stale, renamed = stale_fixtures(config, row, has), row.module in renumbering.modules
        if renamed:
            yield from (f"remove {path}, made under the old name" for path in stale)
        if stale:
            again.setdefault(row.operator, "" if renamed else "--regenerate ")
    yield from (f"opfixtures generate {option}--operator {quote(name)}" for name, option in again.items())
