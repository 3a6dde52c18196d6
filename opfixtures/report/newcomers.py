"""What `new` adds, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opfixtures.declarations.schema_text import schema_text, short_text
from opfixtures.settings.config import Config
from opfixtures.synthesis.additions import Additions
from opfixtures.synthesis.guards import NewGuard
from opfixtures.synthesis.newcomers import Newcomer
from opfixtures.synthesis.skeletons import what_it_is


def newcomer_text(newcomer: Newcomer, config: Config, label: str) -> Iterator[str]:
    """Lines about one operator: its schemas, its version, and what goes where. `label` names the state before."""
    entry = newcomer.entry
    yield entry.operator
    if newcomer.is_new:
        width = max(len(label), len("work tree")) + 3
        before = short_text(newcomer.before) if newcomer.before else entry.old_schema.partition("::")[2]
        yield f"{f'{label}:':{width}}{before}"
        now = short_text(newcomer.now) if newcomer.now else "no declaration has it"
        yield f"{'work tree:':{width}}{now}"
        left = newcomer.left
        # Of one there is no more to say.
        more = (
            f" ({left[0]} to {left[-1]} are left)"
            if left and len(left) > 1
            else " (the last one)"
            if left
            else ""
        )
        doubt = f", if no release has it: {newcomer.doubt}" if newcomer.doubt else ""
        yield f"version {entry.bumped_at_version} is the next one free{more}{doubt}"
    added = list(_added(newcomer.additions, config))
    yield from _listed(added)
    if not added:
        yield f"the entry at {entry.bumped_at_version} lacks nothing"
    if newcomer.is_as_before:
        yield (
            f"its schema is the same in {label} and in the work tree: if it computes something else since, say so with "
            "--behaviour"
        )
    if newcomer.upgrader is not None:
        yield f"still to do: give torch the upgrader {newcomer.upgrader.name}, where your library registers those:"
        yield ""
        yield from newcomer.upgrader.text.rstrip("\n").split("\n")
        yield ""


def newcomer_json(newcomer: Newcomer, config: Config) -> dict[str, object]:
    """One operator as an object."""
    entry, left = newcomer.entry, newcomer.left
    return {
        "operator": entry.operator,
        "bumped_at_version": entry.bumped_at_version,
        "versions_left": None if left is None else list(left),
        "upgrader_name": entry.upgrader_name,
        "old_schema": entry.old_schema,
        "new_schema": None if newcomer.now is None else schema_text(newcomer.now),
        "added": _added_json(newcomer.additions, config),
        "upgrader_to_register": None if newcomer.upgrader is None else newcomer.upgrader.text,
    }


def guard_text(guard: NewGuard, config: Config) -> Iterator[str]:
    """Lines about a guard: the operator as target has it, and what goes where."""
    yield guard.operator
    if guard.schema is not None:
        yield f"target:  {short_text(guard.schema)}"
    yield from _listed(list(_added(guard.additions, config)))
    if guard.there:
        yield f"has a guard: {', '.join(guard.there)}"


def guard_json(guard: NewGuard, config: Config) -> dict[str, object]:
    """A guard as an object."""
    return {
        "operator": guard.operator,
        "schema": None if guard.schema is None else schema_text(guard.schema),
        "added": _added_json(guard.additions, config),
    }


def _listed(added: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max((len(path) for path, _ in added), default=0)
    yield from (f"+ {path:{width}} {what}" for path, what in added)


def _added_json(additions: Additions, config: Config) -> list[dict[str, str]]:
    return [{"path": path, "what": what} for path, what in _added(additions, config)]


def _added(additions: Additions, config: Config) -> Iterator[tuple[str, str]]:
    """What goes where, path and words."""
    for entry in additions.entries:
        yield config.version_map, f"entry at {entry.bumped_at_version}"
    for upgrader in additions.upgraders:
        yield config.upgraders or "", f"{upgrader.name}, {what_it_is(upgrader.text)}"
    for module in additions.modules:
        samples = " with sample inputs" if "def sample_inputs(" in module.text else ""
        yield config.fixture_modules[0], f"{module.class_name}{samples}"
    for row in additions.rows:
        yield config.registry, f"row of {row.module}"
    if additions.version:
        yield config.versions or "", f"version {additions.version} is produced and read"
