"""The post-change runtime: which one it is, and the replay there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from opfixtures.errors import GitError, RuntimeUnavailable, UserError
from opfixtures.making.replayable import Replayable
from opfixtures.making.tools import Workshop
from opfixtures.proving.replay import Replays, replay
from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.worker.observations import WorkerError


class Subject(Protocol):
    """What can be replayed. `made_by` are the settings of the runtime that makes it, None where there are none."""

    @property
    def replayable(self) -> Replayable: ...

    @property
    def made_by(self) -> RuntimeSpec | None: ...


AnySubject = TypeVar("AnySubject", bound=Subject)


@dataclass(frozen=True, slots=True)
class PostChange:
    """The side after the change.

    `spec` are the settings of its runtime, where somebody named one; else the settings have it. `upgraders` are the
    tree's own texts, by name, where they can be read without torch: of a library there are none.
    """

    config: Config
    upgraders: Mapping[str, str]
    spec: RuntimeSpec | None = None

    def spec_for(self, made_by: RuntimeSpec | None) -> RuntimeSpec:
        """A library's work tree, else what is there for the newest versions.

        Raises RuntimeUnavailable if no release and no interpreter is configured.
        """
        if self.spec is not None:
            return self.spec
        if made_by is not None and made_by.kind == "checkout":
            return made_by
        releases = [spec for spec in self.config.runtimes if spec.kind != "checkout" and not spec.operators]
        if not releases:
            raise RuntimeUnavailable(
                f"no release to replay with: add one to `runtimes` in {self.config.source}"
            )
        return max(releases, key=lambda spec: spec.operator_versions.top)


def replayed(
    subjects: Sequence[AnySubject], after: PostChange, workshop: Workshop
) -> Iterator[tuple[AnySubject, Replays, UserError | None]]:
    """The subjects with their replays, one worker for each post-change runtime; and what the user has to mend before
    one can be had that is not the change itself: the network, the settings."""
    groups: dict[RuntimeSpec | str, list[AnySubject]] = {}
    for subject in subjects:
        try:
            groups.setdefault(after.spec_for(subject.made_by), []).append(subject)
        except RuntimeUnavailable as error:
            groups.setdefault(str(error), []).append(subject)
    for spec, group in groups.items():
        if isinstance(spec, str):
            shown: tuple[Replays, UserError | None] = Replays(failed=spec), None
        else:
            shown = _replay([subject.replayable for subject in group], spec, after, workshop)
        yield from ((subject, *shown) for subject in group)


def _replay(
    fixtures: Sequence[Replayable], spec: RuntimeSpec, after: PostChange, workshop: Workshop
) -> tuple[Replays, UserError | None]:
    try:
        runtime = workshop.runtimes.obtain(spec, None)
    except (RuntimeUnavailable, GitError) as error:
        # A work tree that cannot be built is what the change made of it.
        is_the_change = spec.kind == "checkout" and isinstance(error, RuntimeUnavailable)
        return Replays(failed=str(error)), None if is_the_change else error
    workshop.tell(
        f"replaying {len(fixtures)} {'fixture' if len(fixtures) == 1 else 'fixtures'} with {runtime.name}"
    )
    # A build of the change has the change's own upgraders.
    texts = after.upgraders if spec.kind == "release" else {}
    try:
        return replay(fixtures, runtime, texts, workshop.tell, workshop.seconds), None
    except (WorkerError, RuntimeUnavailable) as error:
        return Replays(failed=f"{runtime.name} cannot be used: {error}", by=runtime.name), None
