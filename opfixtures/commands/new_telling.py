"""Of the sample inputs that were found those that tell whether an upgrader is applied, where a runtime shows it."""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.change.changes import Change
from opfixtures.change.owner import owner_of
from opfixtures.commands.common import post_change
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.errors import RuntimeUnavailable
from opfixtures.making.export import Candidate, Errand, Group, Outcome, export
from opfixtures.making.plan import PlannedFixture
from opfixtures.making.sampling import HEAD, SampledModule
from opfixtures.making.tools import Tools
from opfixtures.proving.post_change import replayed
from opfixtures.proving.replay import Replays
from opfixtures.runtimes import Runtime
from opfixtures.settings.runtime_spec import RuntimeSpec


def those_that_tell(
    found: Sequence[SampledModule],
    entry: MapEntry,
    change: Change,
    spec: RuntimeSpec,
    runtime: Runtime,
    tools: Tools,
) -> list[SampledModule]:
    """The modules with those of their samples that come out otherwise where no upgrader is applied.

    All are kept where none does, and where no release has the change yet: nothing is built for this. `spec` and
    `runtime` are the pre-change runtime.
    """
    after, place = post_change(change, None), Place(change.registry.path, 1, 1)
    rows = [FixtureEntry(one.module.class_name, entry.operator, place) for one in found]
    owners = [owner_of(change, row, entry) for row in rows]
    try:
        is_to_be_built = any(after.spec_for(owner).kind == "checkout" for owner in owners)
    except RuntimeUnavailable:
        return list(found)
    if is_to_be_built:
        return list(found)
    errands = tuple(
        Errand(PlannedFixture(owner, "", HEAD + one.text, spec, None))
        for owner, one in zip(owners, found, strict=True)
    )
    outcomes = export([Group(errands, runtime)], tools.seconds, tools.tell)
    made = [one.made for one in outcomes if isinstance(one, Outcome) and isinstance(one.made, Candidate)]
    kept = {owner.path: one for owner, one in zip(owners, found, strict=True)}
    for candidate, replays, _ in replayed(made, after, tools):
        path = candidate.planned.path
        telling = _telling(candidate, replays)
        kept[path] = kept[path].only(telling) if any(telling) else kept[path]
    return list(kept.values())


def _telling(candidate: Candidate, replays: Replays) -> list[bool]:
    """Of each sample whether any loader shows that the upgrader is missing; none where nothing was replayed."""
    row = replays.row(candidate.owner)
    told = [False] * len(candidate.samples)
    for seen in row.raised.values() if row else ():
        if not seen.was_run or seen.crashed:
            continue
        differs = [text is not None for text in seen.differences] or [bool(seen.failure)] * len(told)
        told = [one or other for one, other in zip(told, differs, strict=True)]
    return told
