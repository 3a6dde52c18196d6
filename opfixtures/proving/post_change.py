"""The post-change runtime: which one it is, and the replay there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from opfixtures.change.owner import Owner
from opfixtures.declarations.model import MapEntry
from opfixtures.errors import GitError, RuntimeUnavailable, UserError
from opfixtures.making.replayable import Replayable
from opfixtures.making.tools import Tools
from opfixtures.proving.compiling import UNREAD, TreeOperators
from opfixtures.proving.replay import Replays, replay
from opfixtures.proving.tree import Tree, nothing_doubted
from opfixtures.runtimes.release import is_installed
from opfixtures.runtimes.step import Step
from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.worker.observations import WorkerError
from opfixtures.worker.starting import EarlyWorker


class Subject(Protocol):
    """What can be replayed, and what it is there for."""

    @property
    def owner(self) -> Owner: ...

    @property
    def replayable(self) -> Replayable: ...


AnySubject = TypeVar("AnySubject", bound=Subject)


@dataclass(frozen=True, slots=True)
class PostChange:
    """The side after the change.

    `spec` are the settings of its runtime, where somebody named one; else the settings have it. `upgraders` are the
    tree's own texts, by name; None where it has no file of them. `operators` reads those that the tree declares, and
    `why_not_told` says of an entry why these texts may not be what a build of the tree has, empty where they are.
    `why_not_plain` says the same of all entries and guards. `published` reads target's own texts, which need nobody's
    proof that they compile.
    """

    config: Config
    upgraders: Mapping[str, str] | None
    spec: RuntimeSpec | None = None
    operators: Callable[[], TreeOperators] = lambda: UNREAD
    why_not_told: Callable[[MapEntry], str] = nothing_doubted
    published: Callable[[], Mapping[str, str]] = dict
    why_not_plain: Callable[[], str] = str

    def spec_for(self, owner: Owner) -> RuntimeSpec:
        """A library's work tree, whatever else the settings have for it, else what is there for the newest versions.

        Raises RuntimeUnavailable if no release and no interpreter is configured.
        """
        if self.spec is not None:
            return self.spec
        built = [spec for spec in self.config.runtimes if spec.kind == "checkout" and _is_for(spec, owner)]
        if built:
            # The last recipe of several is that of the tree as it is now.
            return max(built, key=lambda spec: spec.operator_versions.holds(owner.last_bump))
        # A library's own release has it from before the change.
        others = [spec for spec in self.config.runtimes if spec.kind != "checkout" and not spec.packages]
        releases = [spec for spec in others if not spec.operators]
        if not releases and any(spec.packages for spec in self.config.runtimes):
            raise RuntimeUnavailable(
                'nothing builds the work tree to replay with: add a runtime of kind "checkout" to `runtimes` in'
                f" {self.config.source}"
            )
        if not releases:
            raise RuntimeUnavailable(
                f"no release to replay with: add one to `runtimes` in {self.config.source}"
            )
        return max(releases, key=lambda spec: spec.operator_versions.top)


def _is_for(spec: RuntimeSpec, owner: Owner) -> bool:
    """Whether a checkout has the operator as it is newest; one that made the fixture has it in any case."""
    bump = owner.entry.bumped_at_version if owner.entry else None
    if bump is None:
        return not spec.operators or owner.operator in spec.operators
    return spec.serves(owner.operator, owner.last_bump) or spec.serves(owner.operator, bump - 1)


def _stands_in(spec: RuntimeSpec, after: PostChange) -> bool:
    """Whether a runtime is no build of the change, whose upgraders would be the change's own: neither a library's work
    tree, nor the one that somebody gave. A torch that the settings name is as good as a release."""
    return spec.kind == "release" or (
        spec.kind == "interpreter" and spec.module is None and spec is not after.spec
    )


def replayed(
    subjects: Sequence[AnySubject], after: PostChange, tools: Tools
) -> Iterator[tuple[AnySubject, Replays, UserError | None]]:
    """The subjects with their replays, one worker for each post-change runtime; and what the user has to mend before
    one can be had that is not the change itself: the network, the settings."""
    groups: dict[RuntimeSpec | str, list[AnySubject]] = {}
    for subject in subjects:
        try:
            groups.setdefault(after.spec_for(subject.owner), []).append(subject)
        except RuntimeUnavailable as error:
            groups.setdefault(str(error), []).append(subject)
    for spec, group in groups.items():
        if isinstance(spec, str):
            shown: tuple[Replays, UserError | None] = Replays(failed=spec), None
        else:
            shown = _replay([subject.replayable for subject in group], spec, after, tools)
        yield from ((subject, *shown) for subject in group)


@contextmanager
def starting_early(owners: Iterable[Owner], after: PostChange, tools: Tools) -> Iterator[Tools]:
    """The tools, with a worker that imports the torch that most of these are replayed with, if that is installed.

    It has no job yet, and whatever is wrong with it is told when it should have one.
    """
    python = None
    with suppress(RuntimeUnavailable):
        specs = Counter(map(after.spec_for, owners))
        spec = max(specs, key=specs.__getitem__, default=None)
        if spec and spec.kind == "release" and is_installed(spec, tools.runtimes.cache):
            python = tools.runtimes.obtain(spec, None).python
    if python is None:
        yield tools
        return
    with EarlyWorker(python) as early:
        yield replace(tools, early=early)


def _replay(
    fixtures: Sequence[Replayable], spec: RuntimeSpec, after: PostChange, tools: Tools
) -> tuple[Replays, UserError | None]:
    try:
        runtime = tools.runtimes.obtain(spec, None)
    except (RuntimeUnavailable, GitError) as error:
        # A work tree that cannot be built is what the change made of it.
        is_the_change = spec.kind == "checkout" and isinstance(error, RuntimeUnavailable)
        return Replays(failed=error.whole if isinstance(error, RuntimeUnavailable) else str(error)), (
            None if is_the_change else error
        )
    what = f"replaying {len(fixtures)} {'fixture' if len(fixtures) == 1 else 'fixtures'} with {runtime.name}"
    tools.tell(Step(what, "replay", runtime.name, 0, len(fixtures)))
    tree = None
    if _stands_in(spec, after):
        # A tree of PyTorch declares thousands.
        operators = after.operators() if after.upgraders else UNREAD
        tree = Tree(
            after.upgraders,
            after.config.upgraders,
            operators,
            after.why_not_told,
            after.why_not_plain(),
            after.published(),
        )
    try:
        replays = replay(fixtures, runtime, tree, tools.tell, tools.seconds, tools.early)
    except (WorkerError, RuntimeUnavailable) as error:
        return Replays(failed=f"{runtime.name} cannot be used: {error}", by=runtime.name), None
    tools.isolation.extend([replays.seen.isolation] if replays.seen else [])
    return replays, None
