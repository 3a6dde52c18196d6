"""Whether what is read of a tree's upgraders is what its build would have, as far as target tells. Pure.

Only where a release stands in for a tree this is asked: its texts are compared with those of the release. Nothing is
preprocessed, so code around them can have another text compiled than the one that is read. That of target is its own.
"""

from __future__ import annotations

from opfixtures.change.changes import Change
from opfixtures.declarations.function_schema import SchemaError, parse_schema
from opfixtures.declarations.model import MapEntry, VersionMap
from opfixtures.declarations.schema_text import schema_text

_NO_BUILD = "no build of the change was given to tell what of it is compiled"


def why_not_told(change: Change, entry: MapEntry) -> str:
    """Why nobody can tell by reading which upgraders the tree has for an entry; empty where that can be told."""
    if change.published_at() is None:
        # Before the first commit there is nobody else's word.
        return ""
    here, there = change.version_map.path, change.target.version_map
    if there is not None and there.path != here:
        return f"{here} is the version map of this branch, and target's is {there.path}; {_NO_BUILD}"
    after, target = change.after.code_around(), change.target.code_around()
    for path, code in after.items():
        if target.get(path) != code:
            what = "is not where target has its own" if path not in target else "differs from target's"
            more = "" if path not in target else " outside of what it lists"
            return f"{path} {what}{more}, and {_NO_BUILD}"
    if _times(change.version_map, entry.operator) not in (1, _times(there, entry.operator)):
        return f"{here} lists {entry.operator} more than once, and of these the first counts"
    bumps = [one.bumped_at_version for one in change.entries_by_operator.get(entry.operator, [])]
    if bumps != sorted(bumps):
        return f"{here} has the entries of {entry.operator} not in ascending order, and torch takes the first that fits"
    theirs = {one.text for one in there.entries} if there else set()
    for one in change.version_map.entries:
        # torch parses those of all overloads of the name.
        if _name(one) == _name(entry) and one.text not in theirs:
            plain = _as_torch_prints(one.old_schema)
            if plain != one.old_schema:
                said = f"is not as torch prints it, {plain}" if plain else "does not parse"
                return f"{one.place}: the old schema of {one.operator} {said}; {_NO_BUILD}"
    return _why_not_told_of_mobile(change, entry)


def _name(entry: MapEntry) -> str:
    return entry.operator.partition(".")[0]


def _as_torch_prints(schema: str) -> str:
    """A schema as torch prints it, with its author's types; empty where it does not parse."""
    try:
        return schema_text(parse_schema(schema))
    except SchemaError:
        return ""


def _why_not_told_of_mobile(change: Change, entry: MapEntry) -> str:
    mobile, published = change.after.mobile_code(), change.target.mobile_code()
    path = change.config.mobile_upgraders or "the file of mobile upgraders"
    if mobile != published and not (mobile and published and mobile.is_same(published, entry.operator)):
        return f"{path} has another upgrader for {entry.operator} than target, and no build of the change was given"
    table, theirs = change.after.mobile_upgraders(), change.target.mobile_upgraders()
    if table is None:
        return ""
    has_row = any(
        (row.operator, row.upgrader_name) == (entry.operator, entry.upgrader_name) for row in table.rows
    )
    left_out = {name for name, _ in theirs.excluded} if theirs else set()
    if has_row or not left_out.isdisjoint((entry.operator, entry.upgrader_name)):
        return ""
    return f"{path} has no {entry.upgrader_name} for {entry.operator}, and no build of the change was given"


def _times(version_map: VersionMap | None, operator: str) -> int:
    """How often the keys of a version map name an operator, in the arms of an `#if` too."""
    return sum(key[0] == operator for key in version_map.keys) if version_map else 0
