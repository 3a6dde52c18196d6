"""The clock. Whoever needs a day is given one; the commands ask here."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """The day it is in UTC, the same on every machine."""
    return datetime.now(UTC).date()
