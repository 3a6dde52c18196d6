"""Replays fixtures in a post-change runtime: loads each, runs the recorded inputs, compares with the recorded outputs.

Nothing is installed into the runtime but the marker, and that in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opfixtures.archives.altered_archive import with_version
from opfixtures.archives.formats import format_of
from opfixtures.change.owner import Owner
from opfixtures.making.replayable import Replayable
from opfixtures.proving.compiling import Text, others_of, questions, text_of
from opfixtures.proving.facts import same_schemas
from opfixtures.proving.loaded import Loaded, loaded
from opfixtures.proving.replay_facts import replay_facts, without_values
from opfixtures.proving.result import LoaderFacts
from opfixtures.proving.samples import say_nothing
from opfixtures.proving.tree import Tree, stands_in, what_is_unseen
from opfixtures.runtimes import Runtime, check_import
from opfixtures.runtimes.step import CountedSteps
from opfixtures.worker.job import ROW_SECONDS, Job
from opfixtures.worker.observations import Json, RowReplayed, RuntimeSeen
from opfixtures.worker.scratch import scratch_folder
from opfixtures.worker.starting import EarlyWorker
from opfixtures.worker.told import row_replayed
from opfixtures.worker.worker_process import run_worker


@dataclass(frozen=True, slots=True)
class Replays:
    """What a post-change runtime showed; `by` is its name. `seen` is None where it could not be had or used, with the
    cause as `failed`.

    `rows` and `unreached` are by a fixture's key: what was seen of it, or why the worker did not come to it.
    `stands_in` says of which upgraders the runtime has another text than the tree, by their names: what it shows of
    them is nothing about the change. `texts` has what is known of the tree's own, by the same names. `tree_unseen` says
    that nobody saw the tree's upgraders. `uncompiled` is why no model of the tree loads, empty where one may, and
    `doubted` says by name of which texts of the tree nobody knows that they compile, as all have to for any model.
    `unread` says why nobody knows what the tree has for any model.
    """

    seen: RuntimeSeen | None = None
    rows: Mapping[str, RowReplayed] = field(default_factory=dict)
    unreached: Mapping[str, str] = field(default_factory=dict)
    failed: str = ""
    by: str | None = None
    stands_in: Mapping[str, str] = field(default_factory=dict)
    tree_unseen: str = ""
    texts: Mapping[str, Text] = field(default_factory=dict)
    uncompiled: str = ""
    doubted: Mapping[str, str] = field(default_factory=dict)
    unread: str = ""

    def today(self, owner: Owner) -> str | None:
        """The operator's schema after the change, None where no runtime from after it was seen."""
        return None if self._lacks_version(owner) else self.schema(owner)

    def schema(self, owner: Owner) -> str | None:
        """The operator's schema in the runtime, whether that is from after the change or not."""
        return self.seen.operator(owner.operator).schema if self.seen else None

    def is_gone(self, owner: Owner) -> bool:
        """Whether a runtime from after the change was asked for the operator, and has none."""
        is_told = self.seen is not None and owner.operator in self.seen.operators
        return is_told and not self._lacks_version(owner) and self.schema(owner) is None

    def is_unchanged(self, owner: Owner) -> bool:
        """Whether the operator has its old schema, and torch's own version map does not tell of the change."""
        today, entry = self.today(owner), owner.entry
        if today is None or entry is None or self.seen is None:
            return False
        is_told = self.seen.operator(owner.operator).is_torchs and self.is_bumped(owner)
        return same_schemas(today, entry.old_schema) is True and not is_told

    def is_bumped(self, owner: Owner) -> bool:
        """Whether the runtime's own version map has the entry."""
        if self.seen is None or owner.entry is None:
            return False
        return owner.entry.bumped_at_version in (self.seen.operator(owner.operator).bumps or ())

    def why_not(self, owner: Owner) -> str:
        """Why nothing of it was replayed, although the runtime could be used; empty where it was."""
        doubt = (
            self.unread or next(iter(self.doubted.values()), "")
            if format_of(owner.path).has_upgraders
            else ""
        )
        return self._why_not_its_own(owner) or doubt if self.seen else ""

    def _why_not_its_own(self, owner: Owner) -> str:
        if owner.entry is None:
            return ""
        if self._lacks_version(owner):
            return f"no runtime has version {owner.entry.bumped_at_version}"
        return self.stands_in.get(owner.entry.upgrader_name, "")

    def text(self, owner: Owner) -> Text:
        """What is known of the tree's text of its upgrader, where nothing of it was replayed."""
        if self.seen is None or owner.entry is None or not self._why_not_its_own(owner):
            return Text()
        return self.texts.get(owner.entry.upgrader_name, Text())

    def unseen(self, owner: Owner) -> str:
        """What a replay of it left unseen; empty where there is nothing of that kind."""
        return "" if owner.entry is None or self.row(owner) is None else self.tree_unseen

    def failure(self, owner: Owner) -> str:
        """Why the side after the change could not be had, or not run for it; empty where it could."""
        its_own = self.failed or self.text(owner).failed
        if its_own or (self.uncompiled and format_of(owner.path).has_upgraders):
            return its_own or self.uncompiled
        return "" if self.why_not(owner) else self.unreached.get(owner.path, "")

    def row(self, owner: Owner) -> RowReplayed | None:
        """What was seen of it; None where it was not replayed."""
        return None if self.why_not(owner) else self.rows.get(owner.path)

    def loaded(self, owner: Owner) -> dict[str, Loaded]:
        """What each loader showed of it, also where nothing can be concluded from that."""
        row = self.rows.get(owner.path)
        return loaded(row.as_written) if row else {}

    def facts(self, fixture: Replayable) -> dict[str, LoaderFacts]:
        """The facts per loader; empty where the fixture was not replayed."""
        row = self.row(fixture.owner)
        if self.seen is None or row is None:
            return {}
        facts = replay_facts(fixture.owner, fixture.archive, self.seen, row, fixture.schema_then)
        if not say_nothing(fixture.samples):
            return facts
        return {loader: without_values(seen) for loader, seen in facts.items()}

    def ran(self, owner: Owner) -> bool | None:
        """Whether the replay came to the operator's upgrader, or to the operator; None where nobody saw."""
        row = self.row(owner)
        if row is None:
            return None
        if not format_of(owner.path).has_upgraders:
            return row.ran.ran or None  # With another schema a call may be one that nothing needs.
        if owner.is_guard:
            return row.ran.ran
        # Where no upgrader is applied, none can be seen running.
        return row.marker.ran if row.marker.found else None

    def changes_nothing(self, owner: Owner) -> bool:
        """Whether the upgrader's own graph does nothing but call the operator with what it is given."""
        return bool(self.seen and owner.entry and self.seen.upgrader(owner.entry.upgrader_name).identity)

    def _lacks_version(self, owner: Owner) -> bool:
        if owner.entry is None:
            return False
        highest = self.seen.max_operator_version if self.seen else None
        return highest is None or highest < owner.entry.bumped_at_version


def replay(
    fixtures: Sequence[Replayable],
    runtime: Runtime,
    tree: Tree | None,
    tell: Callable[[str], None],
    seconds: float = ROW_SECONDS,
    early: EarlyWorker | None = None,
) -> Replays:
    """Replay all fixtures in one worker: in `early`, if that is of the same Python.

    `tree` has the upgraders of the tree where the runtime may have others: a release. A build of the tree has them.

    Raises WorkerError if torch or the operator module does not import there, RuntimeUnavailable if the operator module
    came from elsewhere.
    """
    entries = [fixture.owner.entry for fixture in fixtures if fixture.owner.entry]
    own = tree.own if tree else {}
    names = sorted({entry.upgrader_name for entry in entries} | own.keys())
    texts = (tree and tree.upgraders) or {}
    asked_of_texts = questions(entries, texts, tree.operators, own) if tree else {}
    with scratch_folder("opfixtures-replay-") as folder:
        asked = tuple(map(_row, fixtures))
        operators = {
            name for fixture in fixtures for name in (fixture.owner.operator, *fixture.archive.called)
        }
        job = Job(
            "replay",
            runtime.operator_module,
            tuple(sorted(operators)),
            asked,
            seconds,
            {name: texts.get(name) for name in names},
            asked_of_texts,
        )
        count = CountedSteps(tell, "replay", runtime.name, len(asked))
        ready = early if early and early.python == runtime.python else None

        def done(key: str, _: Json) -> None:
            count.next(f"replayed {key}")

        answers = run_worker(runtime.python, job, folder, done, early=ready)
    check_import(runtime, answers.runtime)
    rows = {key: row_replayed(told, format_of(key).loaders) for key, told in answers.rows.items()}
    unreached = {fixture.key: answers.failure for fixture in fixtures if fixture.key not in rows}
    known = Replays(
        answers.runtime,
        rows,
        unreached,
        by=runtime.name,
        tree_unseen=what_is_unseen(runtime, tree),
        unread=tree.doubted if tree else "",
    )
    if tree is None:
        return known
    others = stands_in(answers.runtime, runtime.name, tree, entries)
    if tree.upgraders is None:
        return replace(known, stands_in=others)
    compiled = answers.runtime.compiled
    known_texts = {
        name: text_of(name, compiled.get(name), runtime.name, tree.operators)
        for name in names
        if name in texts
    }
    uncompiled, doubted = others_of(own, answers.runtime, runtime.name, tree.operators)
    return replace(known, stands_in=others, texts=known_texts, uncompiled=uncompiled, doubted=doubted)


def _row(fixture: Replayable) -> dict[str, Json]:
    owner = fixture.owner
    altered, stamp = {}, fixture.archive.version
    if owner.entry is not None and stamp is not None:
        altered["raised"] = with_version(fixture.data, owner.last_bump)
        altered["control"] = with_version(fixture.data, stamp)
    return {
        "key": fixture.key,
        "loaders": list(format_of(fixture.key).loaders),
        "operator": owner.operator,
        "upgrader_name": owner.entry.upgrader_name if owner.entry else None,
        "tolerances": fixture.tolerances,
        "samples": list(fixture.samples),
        "archive": fixture.data,
        **altered,
    }
