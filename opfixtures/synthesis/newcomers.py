"""What `new` adds for an operator: an entry with all that it owes, or what an entry that stands lacks. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from opfixtures.change.changes import Change
from opfixtures.change.library_numbers import no_version_left
from opfixtures.change.matching import Matching
from opfixtures.change.next_version import next_version
from opfixtures.declarations.function_schema import FunctionSchema, SchemaError, parse_schema, same_schema
from opfixtures.declarations.model import MapEntry, VersionMap
from opfixtures.declarations.place import Place
from opfixtures.declarations.returned import not_to_be_upgraded
from opfixtures.declarations.schema_changes import added_arguments
from opfixtures.declarations.schema_text import argument_text, schema_text
from opfixtures.errors import NothingChanged, UserError
from opfixtures.synthesis.additions import Additions, ModuleText, NewEntry, NewUpgrader
from opfixtures.synthesis.declared_schemas import declared, is_declared, overloads, refuse_unread
from opfixtures.synthesis.insertions import raised
from opfixtures.synthesis.modules import Module
from opfixtures.synthesis.proposals import (
    Proposals,
    fault_of,
    lacks_upgrader,
    new_upgrader,
    refuse_stray_row,
    upgrader_name,
    without_samples,
)
from opfixtures.synthesis.what_changed import changed_names


class Finder(Protocol):
    """What a pre-change runtime knows."""

    def overloads(self, entry: MapEntry) -> Sequence[FunctionSchema]:
        """The overloads of an entry's operator there, in TorchScript's order; none where nobody can ask."""

    def write(
        self, entry: MapEntry, changed: Collection[str], modules: Sequence[Module]
    ) -> Sequence[ModuleText]:
        """The modules with sample inputs on which they run there: the arguments that `changed`, by name, get values
        other than their defaults, where that runs."""


class NoFinder:
    """There is no runtime to ask."""

    def overloads(self, entry: MapEntry) -> Sequence[FunctionSchema]:  # noqa: ARG002
        """None."""
        return ()

    def write(
        self,
        entry: MapEntry,  # noqa: ARG002
        changed: Collection[str],  # noqa: ARG002
        modules: Sequence[Module],
    ) -> Sequence[ModuleText]:
        """The modules without sample inputs."""
        return without_samples(modules)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What is added for an entry of an operator.

    `before` and `now` are its schemas in target and in the work tree, None where no declaration has it. `left` are the
    versions that a library has left, for an entry that is new; `doubt` says why a release may have its own. Where an
    entry stands, `is_as_before` says that nothing tells of another change. `upgrader` is a skeleton that goes to no
    file: nobody knows where its library has those.
    """

    entry: MapEntry
    additions: Additions
    before: FunctionSchema | None = None
    now: FunctionSchema | None = None
    is_new: bool = False
    left: range | None = None
    doubt: str = ""
    upgrader: NewUpgrader | None = None
    is_as_before: bool = False


class Newcomers:
    """Says what to add for operators of one change: nothing of it is added twice, or called like something else of it.

    `registered` is the TorchScript of a library's upgraders, None where no file has it.
    """

    def __init__(self, change: Change, registered: str | None, finder: Finder) -> None:
        self._change = change
        self._registered = registered
        self._finder = finder
        self._proposals = Proposals(change)
        self._skeletons = set[str]()
        self._version = 0

    def known(self) -> list[str]:
        """Every operator that anything here names."""
        change = self._change
        names = [row.operator for row in change.registry.rows]
        for side in (change.before, change.after, change.target):
            names += [one.operator for file in side.operators() for one in file.operators]
            names += [entry.operator for entry in (side.version_map.entries if side.version_map else ())]
        return list(dict.fromkeys(names))

    def for_entry(self, entry: MapEntry) -> Newcomer:
        """What an entry that stands lacks."""
        return replace(self._complete(entry, declared(self._change.after, entry.operator)), upgrader=None)

    def for_operator(self, operator: str, old_schema: str | None, *, behaviour: bool) -> list[Newcomer]:
        """What to add for an operator: what its entries of this change lack; or, where it has none, an entry.

        `old_schema` is what it was before, where no declaration tells; with `behaviour` it need not differ.

        Raises:
            UserError: nobody knows the operator, or what it was; its declaration cannot be read; nothing changed; no
                version is left; there is no version map.
        """
        change = self._change
        if not change.config.version_map:
            raise UserError(
                f"the settings name no version map, so {operator} can have a guard and no entry: "
                f"`opfixtures new {operator} --guard`"
            )
        own = [entry for entry in change.added if entry.operator == operator]
        if own:
            return [self.for_entry(entry) for entry in own]
        before, now = declared(change.before, operator), declared(change.after, operator)
        if old_schema is None:
            refuse_unread(change.before, operator, before, "before the change")
            refuse_unread(change.after, operator, now, "now")
        old = _parsed(old_schema, operator) if old_schema is not None else before
        published = change.entries_by_operator.get(operator, [])
        is_changed = behaviour or old_schema is not None or (before and now and not same_schema(before, now))
        if not is_changed and published:
            lacking = [self.for_entry(entry) for entry in published]
            is_as_before = bool(before and now) and not any(one.additions for one in lacking)
            return [*lacking[:-1], replace(lacking[-1], is_as_before=is_as_before)]
        if old is None:
            raise self._unknown(operator, now)
        if not behaviour and now is not None and same_schema(old, now):
            raise NothingChanged(
                f"nothing changed: {operator} has the same schema before and now: if it computes something else for "
                "the same inputs, say so with --behaviour"
            )
        added = added_arguments(old, now) if now is not None and not behaviour else ()
        if added:
            raise UserError(
                f"it needs no entry: {operator} only gets {', '.join(map(argument_text, added))}, and old models run "
                "with that without an upgrader: if they compute something else then, say so with --behaviour"
            )
        text = schema_text(old)
        version, left, doubt = next_version(change, operator, text)
        # An upgrader that no entry names was written for this one.
        names = {entry.upgrader_name for entry in change.version_map.entries}
        last = max((entry.bumped_at_version for entry in published), default=0)
        name = upgrader_name(operator, range(last, version), names)
        entry = MapEntry(operator, version, name, text, Place(change.version_map.path, 1, 1))
        of_entry = Additions(entries=(NewEntry(operator, version, name, text),))
        completed = self._complete(entry, now)
        additions = of_entry + completed.additions
        return [replace(completed, additions=additions, before=before, is_new=True, left=left, doubt=doubt)]

    def _complete(self, entry: MapEntry, now: FunctionSchema | None) -> Newcomer:
        change, additions, homeless = self._change, Additions(), None
        has_home = change.after.upgraders() is not None or self._registered is not None
        if not has_home or lacks_upgrader(entry, change.after.upgraders(), self._registered):
            self._refuse(entry)
            is_gone = now is None and is_declared(change.before, entry.operator)
            today = overloads(change.after, entry.operator)
            upgrader = new_upgrader(entry, now, today, is_gone=is_gone)
            if not has_home:
                homeless = upgrader
            elif upgrader.name not in self._skeletons:
                self._skeletons.add(upgrader.name)
                additions += Additions(upgraders=(upgrader,))
        rows = self._matching(entry).rows_of(entry)
        if not rows:
            refuse_stray_row(change, entry)
        if not rows or any(row.module not in change.modules for row in rows):
            self._refuse(entry)
            siblings = self._finder.overloads(entry) or overloads(change.before, entry.operator)
            write = partial(self._finder.write, entry, changed_names(change, entry, now))
            additions += self._proposals.of_entry(entry, rows, siblings, write)
        versions, version = change.after.versions(), entry.bumped_at_version
        if versions is not None and version > self._version and any(raised(versions, version)):
            self._version = version
            additions += Additions(version=version)
        return Newcomer(entry, additions, now=now, upgrader=homeless)

    def _refuse(self, entry: MapEntry) -> None:
        """Raises UserError where nothing can be built upon an entry: before anybody searches for sample inputs."""
        fault, returned = fault_of(entry), not_to_be_upgraded(entry.old_schema)
        if returned:
            fault = (
                f"torch cannot upgrade {entry.operator}, which returns {returned}: "
                f"{no_version_left(entry.operator)}"
            )
        if fault:
            where = f"{entry.place}: " if entry.key in self._change.entries else ""
            raise UserError(f"{where}{fault}")

    def _matching(self, entry: MapEntry) -> Matching:
        """The rows beside the entries, this one among them."""
        change = self._change
        if entry.key in change.entries:
            return change.matching
        # A guard's row becomes the entry's.
        entries = {**change.entries, entry.key: entry}.values()
        return Matching(VersionMap("", tuple(entries)), change.registry.rows)

    def _unknown(self, operator: str, now: FunctionSchema | None) -> UserError:
        if now is not None:
            return UserError(
                f"{operator} is new: no declaration before had it, so no old model calls it, and it needs no entry"
            )
        known = self.known()
        if operator not in known:
            bare = operator.rpartition("::")[2]
            meant = [
                one for one in known if one.startswith(f"{operator}.") or one.rpartition("::")[2] == bare
            ]
            near = difflib.get_close_matches(operator, known, n=3, cutoff=0.8)
            listed = list(dict.fromkeys([*meant[:5], *near]))
            if listed:
                return UserError(f"there is no operator {operator}: did you mean {' or '.join(listed)}?")
        if any(self._change.after.operators()):
            return UserError(
                f"there is no operator {operator} in the declarations that the settings name as `operators`: correct "
                "its name, or give the schema that it had by --old-schema"
            )
        return UserError(
            f"nobody knows the schema that {operator} had: name the files that declare operators as `operators` in the "
            f"settings, or give it: --old-schema '{operator}(Tensor x) -> Tensor'"
        )


def _parsed(text: str, operator: str) -> FunctionSchema:
    """The schema of an operator, which may lack the namespace. Raises UserError where it is none, or of another."""
    namespace = operator.rpartition("::")[0]
    try:
        schema = parse_schema(text)
    except SchemaError as error:
        raise UserError(f"the old schema of {operator} cannot be read ({error}): correct it") from error
    if "::" not in schema.name and namespace:
        schema = replace(schema, name=f"{namespace}::{schema.name}")
    if schema.operator != operator:
        raise UserError(
            f"the old schema is of {schema.operator}, and not of {operator}: correct the one or the other"
        )
    return schema
