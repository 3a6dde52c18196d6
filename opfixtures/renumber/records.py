"""The records of published fixtures whose entry gets another version: what was recorded stays, and names it anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from opfixtures.declarations.names import fixture_stem
from opfixtures.errors import UserError
from opfixtures.records.record import RecordError, dump_record, load_record, record_path
from opfixtures.settings.config import Config
from opfixtures.settings.fixture_formats import FIXTURES
from opfixtures.synthesis.renumbering import Renumbering


def renumbered_records(
    config: Config, renumbering: Renumbering, read: Callable[[str], bytes | None]
) -> dict[str, tuple[bytes, bytes]]:
    """By path what a record is and what it becomes. `read` gives the bytes of a file, None where there is none.

    Raises UserError where one is no record.
    """
    records = {}
    for row, entry in renumbering.published:
        for ending in FIXTURES:
            path = record_path(f"{config.fixtures}/{fixture_stem(row.module)}{ending}")
            content = read(path)
            if content is None:
                continue
            try:
                record = load_record(content)
            except RecordError as error:
                raise UserError(f"{path} is no record: {error} (nothing is renumbered before)") from error
            named = replace(
                record.entry,
                bumped_at_version=entry.bumped_at_version,
                upgrader_name=entry.upgrader_name,
            )
            records[path] = content, dump_record(replace(record, entry=named))
    return records
