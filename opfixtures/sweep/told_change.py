"""What a sweep tells whoever changed a library: a finding for each operator that old models feel. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase

from opfixtures.declarations.place import Place
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.waived import waive
from opfixtures.settings.accepted_breaks import AcceptedBreak, Way, by_operator
from opfixtures.settings.config import Config
from opfixtures.sweep.judgement import CHANGED
from opfixtures.worker.observations import Json

_WHAT: Mapping[str, str] = {
    "crash": "crashes in models from before the change",
    "gone": "is gone",
    "load": "does not load any more in models from before the change",
    "raises": "raises where it did not",
    "dtype": "gives another dtype",
    "shape": "gives another shape",
    "values": "gives other results",
}
# What an accepted break says of old files.
_ACCEPTED: Mapping[Way, Collection[str]] = {
    Way.NOT_LOADED: ("gone", "load"),
    Way.RAISES: ("raises",),
    Way.OTHER_RESULTS: ("dtype", "shape", "values"),
}
# What to do, as report/hint_parts.py knows it.
_MAKE_UPGRADER = "adds an entry and an upgrader, if that is meant; if not, mend the operator"
_MEND_UPGRADER = (
    "mend the upgrader that its entry names, or the operator, until old models get their old results"
)
_WAIVE = "or put up with it for a while: waive that code in the settings"
# Of an operator whose schema says so already.
_TOLD_BY_THE_CHECK = frozenset({"OPF501", "OPF502"})


def sweep_findings(
    told: Json, config: Config, place: Callable[[str], Place], known: Collection[Finding], today: date
) -> list[Finding]:
    """The findings of a sweep, whose report is `told`; waived ones are notes.

    Left out is what accepted-breaks of the settings say, operators that fail in another way are not; what
    unversioned-operators name; and what `known` findings of
    the check say of the same operator.
    """
    left_out = {one.operator for one in known if one.operator and one.code in _TOLD_BY_THE_CHECK}
    accepted = by_operator(config.accepted_breaks)
    found = [
        _finding(row, place)
        for row in _rows(told)
        if row["operator"] not in left_out
        and not any(_is_accepted(row, one) for one in accepted.get(row["operator"], ()))
        and not any(fnmatchcase(row["operator"], glob) for glob in config.unversioned_operators)
    ]
    return waive(found, config.waivers, today)


def _rows(told: Json) -> Sequence[Mapping[str, str]]:
    rows = told.get("operators") if isinstance(told, dict) else None
    return [one for one in rows or () if one["status"] in CHANGED]


def _is_accepted(row: Mapping[str, str], one: AcceptedBreak) -> bool:
    return row["status"] in _ACCEPTED[one.how] and one.error in row["detail"]


def _finding(row: Mapping[str, str], place: Callable[[str], Place]) -> Finding:
    operator, status = row["operator"], row["status"]
    detail = f" ({row['detail']})" if row["detail"] else ""
    is_versioned = bool(row.get("versioned"))
    keeps = "its upgrader does not keep" if is_versioned else "no upgrader keeps"
    hint = (
        _MEND_UPGRADER if is_versioned else f"opfixtures new {operator} --behaviour --apply\n{_MAKE_UPGRADER}"
    )
    return Finding(
        f"sweep.{status}",
        Severity.ERROR,
        operator,
        place(operator),
        f"{operator} {_WHAT[status]}{detail}, and {keeps} old models as they were",
        f"{hint}\n{_WAIVE}\n",
    )
