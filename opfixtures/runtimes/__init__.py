"""How a torch is had. CONTRIBUTING.md says what a new kind needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opfixtures.errors import RuntimeUnavailable
from opfixtures.repository.git import Repository
from opfixtures.runtimes.checkout import obtain_checkout
from opfixtures.runtimes.interpreter import obtain_interpreter
from opfixtures.runtimes.model import Runtime
from opfixtures.runtimes.release import obtain_release
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.sources import Sources
from opfixtures.worker.observations import RuntimeSeen


@dataclass(frozen=True, slots=True)
class Runtimes:
    """Gives runtimes out: all that building one needs. `tell` is called with what takes long.

    A build of the repository is kept by the content of its `sources`.
    """

    repository: Repository
    environment: Mapping[str, str]
    cache: str
    tell: Callable[[str], None]
    sources: Sources = field(default_factory=Sources)

    def obtain(self, spec: RuntimeSpec, commit: str | None) -> Runtime:
        """The runtime of `spec`; a checkout from `commit`, or from the work tree if that is None.

        Raises RuntimeUnavailable, ConfigurationError, or GitError if a checkout's commit is not here.
        """
        if os.name != "posix":
            raise RuntimeUnavailable(
                "fixtures are made and replayed on Linux and macOS only: run this on one of them"
            )
        if spec.kind == "release":
            return obtain_release(spec, self.environment, self.cache, self.tell)
        if spec.kind == "interpreter":
            return obtain_interpreter(spec, self.repository.root, self.environment)
        return obtain_checkout(
            spec, self.repository, commit, self.environment, self.cache, self.tell, self.sources
        )


def check_import(runtime: Runtime, seen: RuntimeSeen) -> None:
    """Make sure that the operator module came from the runtime and from nowhere else on the machine.

    Raises RuntimeUnavailable.
    """
    if runtime.operator_module is None:
        return
    imported = seen.imported or ""
    if not any(imported.startswith(os.path.realpath(home) + os.sep) for home in runtime.homes):
        mend = (
            "name the package that has it in the runtime's `packages`"
            if runtime.packages
            else "make the runtime's `setup` install it"
        )
        raise RuntimeUnavailable(
            f"{runtime.operator_module} was imported from {imported or 'nowhere'}, not from {runtime.name}: {mend}"
        )


__all__ = ["Runtime", "Runtimes", "check_import"]
