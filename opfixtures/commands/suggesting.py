"""Which lines a check would have otherwise: what `check --fix` writes, as far as that is one line for another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from opfixtures.change.changes import Change
from opfixtures.declarations.python_upgraders import with_library_upgraders
from opfixtures.declarations.read import read_sources
from opfixtures.errors import UserError
from opfixtures.repository.snapshot import Snapshot
from opfixtures.rules.findings import Finding, Severity, Suggestion
from opfixtures.synthesis.mending import MENDED, Mending

_MOST = 20


def suggested(change: Change, after: Snapshot, findings: Sequence[Finding]) -> list[Suggestion]:
    """The lines of `after`, the state after the change, that the mends of these findings replace. Where something is
    written in a way that cannot be edited, there are none."""
    errors = [one for one in findings if one.severity is Severity.ERROR and one.code in MENDED]
    if not errors:
        return []
    with suppress(UserError):
        change = replace(change, config=with_library_upgraders(change.config, after.read))
        sources = read_sources(after, change.config)
        places = [(finding.code, finding.place) for finding in errors]
        mended = Mending(change, sources, places, after.has).mended()
        # Files that get another name would be left behind.
        return [] if mended.renamed else list(_lines(sources, mended.files))
    return []


def _lines(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Suggestion]:
    for path, content in after.items():
        old, new = (text.decode("utf-8", "replace").split("\n") for text in (before.get(path, b""), content))
        pairs = list(zip(old, new, strict=False))
        other = [(number, *pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1]]
        # What is longer or shorter has lines for which there is no other.
        if len(old) == len(new) and len(other) <= _MOST:
            for number, was, shall in other:
                yield Suggestion(path, number, was.removesuffix("\r"), shall.removesuffix("\r"))
