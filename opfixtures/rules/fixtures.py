"""Rules about the fixtures: the exported archives."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.changes import Change
from opfixtures.declarations.names import fixture_stem
from opfixtures.findings import Finding, Severity
from opfixtures.report.printable import printable
from opfixtures.rules.registered import NewFinding, rule


@rule("OPF301", Severity.NOTE)
def fixture_not_there_yet(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The fixture of an added entry is not there yet.

    The fixture is the model that a build from before the change exported. Only such a build can make it, and
    with every week it gets harder to have. Until it is there, nothing proves that old models still load and
    compute the same.

    A note at commit time, because the fixture is made from a commit; an error with `--require-fixtures`, for
    CI. To mend it:

        opfixtures generate --operator aten::gelu

    and commit the fixture and the record that it leaves beside it.
    """
    from shlex import quote

    for row in (row for entry in change.added for row in change.matching.rows_of(entry)):
        stem = f"{change.config.fixtures}/{fixture_stem(row.module)}"
        if not (change.has_file(f"{stem}.ptl") or change.has_file(f"{stem}.pt")):
            message = f"the fixture of {row.module} is not there yet: {stem}.ptl"
            hint = f"opfixtures generate --operator {quote(printable(row.operator))}"
            yield finding(row.operator, row.place, message, hint)
