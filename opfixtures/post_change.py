"""The post-change runtime: which one it is, and the replay there."""

from __future__ import annotations

from collections.abc import Sequence

from opfixtures.config import Config, RuntimeSpec
from opfixtures.errors import RuntimeUnavailable
from opfixtures.observations import WorkerError
from opfixtures.replay import Replayable, Replays, replay
from opfixtures.workshop import Workshop


def post_change_spec(made_by: RuntimeSpec | None, config: Config) -> RuntimeSpec:
    """The settings of the runtime after the change: a library's work tree, else what is there for the newest versions.

    Raises RuntimeUnavailable if no release and no interpreter is configured.
    """
    if made_by is not None and made_by.kind == "checkout":
        return made_by
    releases = [spec for spec in config.runtimes if spec.kind != "checkout" and not spec.operators]
    if not releases:
        raise RuntimeUnavailable(f"no release to replay with: add one to `runtimes` in {config.source}")
    return max(releases, key=lambda spec: spec.operator_versions.top)


def replay_after(fixtures: Sequence[Replayable], spec: RuntimeSpec, workshop: Workshop) -> Replays:
    """Replay in the post-change runtime.

    Raises RuntimeUnavailable if it cannot be had: not installed, not built, or the operator module does not import.
    """
    runtime = workshop.runtimes.obtain(spec, None)
    workshop.tell(f"replaying {len(fixtures)} fixtures with {runtime.name}")
    try:
        return replay(fixtures, runtime, workshop.tell, workshop.seconds)
    except WorkerError as error:
        raise RuntimeUnavailable(f"{runtime.name} cannot be used: {error}") from error
