"""Rules about the names of operators, wherever they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.map_entries import operator_of
from opfixtures.rules.registered import NewFinding, rule


@rule("OPF115", Severity.ERROR)
def operator_has_no_namespace(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An operator is named without its namespace: in the version map, in an old_schema or in the registry.

    torch knows an operator by its full name, `mylib::sharpen`, and looks that up in the version map. An entry of
    `sharpen` is found by nobody: no model is stamped with it, and no upgrader is applied. A row of `sharpen`
    matches no entry of `mylib::sharpen`. An old_schema without one got into PyTorch's map,
    `div_.Scalar(Tensor(a!), Tensor other)` (pytorch/pytorch#69807).

    To mend it, write the full name, with its overload if it has one:

        "mylib::sharpen": [
            {
                "bumped_at_version": 4,
                "upgrader_name": "sharpen_0_3",
                "old_schema": "mylib::sharpen(Tensor x) -> Tensor",
            },
        ],
    """
    for entry in change.written:
        if not _has_namespace(entry.operator):
            message = f"operator {entry.operator} of the version map has no namespace"
            yield finding(entry.operator, entry.place, message, _hint(change, entry.operator))
        named = operator_of(entry.old_schema)
        if named is not None and not _has_namespace(named):
            message = f"old_schema of {entry.operator} names {named}, which has no namespace"
            yield finding(entry.operator, entry.place, message, _hint(change, named))
    for row in change.judged_rows:
        if not _has_namespace(row.operator):
            message = f"{row.module} is registered for {row.operator}, which has no namespace"
            yield finding(row.operator, row.place, message, _hint(change, row.operator))


def _has_namespace(operator: str) -> bool:
    namespace, _, name = operator.partition("::")
    return bool(namespace and name)


def _hint(change: Change, operator: str) -> str:
    """The name in the namespace that most operators are of."""
    others = [*(other for other, _ in change.entries), *(row.operator for row in change.registry.rows)]
    namespaces = Counter(other.partition("::")[0] for other in others if _has_namespace(other))
    namespace = namespaces.most_common(1)[0][0] if namespaces else "mylib"
    name = operator.strip(":") or "sharpen"
    return printable(f"write its full name, such as {namespace}::{name}")
