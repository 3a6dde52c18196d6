"""What the cache holds, as a table and as JSON (schemas/cache.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from opfixtures.report.screen import PLAIN, QUIET, VERBOSE, Screen, wrapped
from opfixtures.repository.printable import printable
from opfixtures.runtimes.cache_entries import Entry

SCHEMA = 1
"""Rises with a change of meaning."""
_UNITS = ("bytes", "kB", "MB", "GB")


def cache_text(root: str, found: Sequence[Entry], screen: Screen = PLAIN, next_step: str = "") -> str:
    """A line an environment, with its kind, its name, what it takes, and when a run used it last; then the total.

    A name that does not fit is cut at its end: what it begins with names it, too. When `screen` is verbose, names are
    whole, with their paths below; when it is quiet, the total stands alone.
    """
    rows = [("kind", "name", "size", "last used")]
    rows += [(one.kind, printable(one.name), in_units(one.bytes), _use(one)) for one in found]
    is_verbose = screen.loudness == VERBOSE
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    if not is_verbose:
        widths[1] = min(widths[1], max(screen.width - widths[0] - widths[2] - widths[3] - 6, len("name...")))
    lines = list[str]()
    if found and screen.loudness != QUIET:
        paths = ["", *(one.path for one in found)]
        for (kind, name, size, use), path in zip(rows, paths, strict=True):
            shown = name if len(name) <= widths[1] else f"{name[: widths[1] - 3]}..."
            lines.append(f"{kind:<{widths[0]}}  {shown:<{widths[1]}}  {size:>{widths[2]}}  {use}")
            lines += [f"    {printable(path)}"] if is_verbose and path else []
    count = f"{len(found)} environment{'s' * (len(found) != 1)}"
    total = in_units(sum(one.bytes for one in found))
    lines += wrapped(f"opfixtures: {count}, {total} in {root}", screen.width)
    lines += wrapped(f"next: {next_step}", screen.width) if next_step and found else ()
    return "".join(f"{line}\n" for line in lines)


def cache_json(root: str, found: Sequence[Entry]) -> str:
    """The same as one object: bytes, and times as RFC 3339 has them, null where nobody could tell."""
    rows = [
        {
            "kind": one.kind,
            "name": one.name,
            "path": one.path,
            "bytes": one.bytes,
            "last_used": _time(one).isoformat(timespec="seconds") if one.last_used else None,
            "in_use": one.in_use,
        }
        for one in found
    ]
    total = sum(one.bytes for one in found)
    return (
        json.dumps({"schema": SCHEMA, "folder": root, "bytes": total, "environments": rows}, indent=2) + "\n"
    )


def in_units(size: int) -> str:
    """A number of bytes as people write it: `1.2 GB`."""
    number, unit = float(size), 0
    while number >= 1000 and unit + 1 < len(_UNITS):
        number, unit = number / 1000, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else f"{size} {_UNITS[0]}"


def _use(entry: Entry) -> str:
    when = _time(entry).date().isoformat() if entry.last_used else "never"
    return f"{when}, in use" if entry.in_use else when


def _time(entry: Entry) -> datetime:
    return datetime.fromtimestamp(entry.last_used, UTC)
