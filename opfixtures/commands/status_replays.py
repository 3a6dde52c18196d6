"""What `status` has replayed before it shows anything: with the post-change runtime, and with others that are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from opfixtures.change.changes import Change
from opfixtures.commands.common import as_settings_say, new_tools, refuse_problems, refuse_unknown_runtime
from opfixtures.commands.verify import beside_target, fixtures_there, replayed
from opfixtures.errors import UserError
from opfixtures.proving.loaded import Loaded
from opfixtures.proving.result import FixtureResult
from opfixtures.report.screen import USUAL
from opfixtures.repository.git import Repository
from opfixtures.repository.snapshot import Snapshot

_BELIEVED = (
    "a replay believes the records, as verify does: `opfixtures generate --all` makes the fixtures again"
)


@dataclass(slots=True)
class Replayed:
    """What was seen: `results` by path where a verdict was asked for; `loads` by path, runtime and loader. `told` are
    notes for people, `unavailable` is why a runtime could not be had, if so."""

    results: dict[str, FixtureResult] = field(default_factory=dict)
    failed: bool = False
    loads: dict[str, dict[str, dict[str, Loaded]]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    unavailable: UserError | None = None


def replays(
    repository: Repository,
    changes: Sequence[Change],
    fixtures: Snapshot,
    *,
    judged: bool,
    runtimes: Sequence[str],
    loudness: int = USUAL,
) -> Replayed:
    """Replay the fixtures with the post-change runtime if they are to be `judged`, and load them in all `runtimes`.

    Raises UserError for a runtime that the settings of no project have, and what `refuse_problems` does.
    """
    for change in changes:
        refuse_problems(change)
    for name in runtimes:
        refuse_unknown_runtime(name, [change.config for change in changes])
    found = [(change, list(fixtures_there(change, fixtures))) for change in changes]
    seen = Replayed()
    with new_tools(repository, loudness) as tools, beside_target(repository) as beside:
        if judged:
            parts, seen.unavailable = replayed(found, tools, beside=beside)
            seen.told = [note for note in (_BELIEVED, beside.problem) if note and parts]
            results = as_settings_say(parts)
            seen.failed = any(result.failed for result in results)
            seen.results = {one.fixture: one for one in results if one.fixture}
        for name in dict.fromkeys(runtimes):
            parts, unavailable = replayed(found, tools, name, beside=beside)
            seen.unavailable = seen.unavailable or unavailable
            for result in (result for part in parts for result in part.results):
                seen.loads.setdefault(result.fixture or "", {})[name] = dict(result.loaded)
    return seen
