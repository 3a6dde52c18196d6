"""Whether a project's settings can be used, and which runtime serves which operator version. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from opfixtures.change.library_numbers import TORCHSCRIPT
from opfixtures.declarations.model import Declarations
from opfixtures.settings.config import Config
from opfixtures.settings.runtime_spec import PYTHON, RELEASE, RuntimeSpec

# Of a tree like PyTorch's whose header does not say it.
_PRODUCED = 10


@dataclass(frozen=True, slots=True)
class Served:
    """A version that an operator can be bumped at, and the runtime for it; None where the settings have none.

    `operators` are those that the runtime is for; none for all that no other is for.
    """

    version: int
    runtime: RuntimeSpec | None
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check of a project found. `operators` are those that its files declare, by name. `guards` is the runtime
    that makes those of all operators that no other is for."""

    folder: str
    settings: str | None
    operators: tuple[str, ...]
    problems: tuple[str, ...]
    served: tuple[Served, ...]
    guards: RuntimeSpec | None = None

    @property
    def failed(self) -> bool:
        """Whether something is to be mended."""
        return bool(self.problems) or any(one.runtime is None for one in self.served)


def check_settings(config: Config, declared: Declarations, has: Callable[[str], bool]) -> Checked:
    """Check what `config` says against what a tree declares; `has` says whether a file is there."""
    files = declared.operators()
    names = dict.fromkeys(one.operator for file in files for one in file.operators)
    problems = tuple(_problems(config, declared, has))
    for_all = [spec for spec in config.runtimes if not spec.operators]
    guards = max(for_all, key=lambda spec: spec.operator_versions.top, default=None)
    served = tuple(_served(config, declared))
    return Checked(config.folder, config.source, tuple(names), problems, served, guards)


def _problems(config: Config, declared: Declarations, has: Callable[[str], bool]) -> Iterator[str]:
    named = {"version-map": config.version_map} if config.version_map else {}
    named |= {f"{one.key} {one.path}": one.path for one in config.named}
    for key, path in named.items():
        if not has(path):
            yield f"{key.partition(' ')[0]} names {path}, which is not there: add it, or name another file"
    read = [declared.modules.problems, *(file.problems for file in declared.operators())]
    read += [part.problems for part in (declared.version_map, declared.registry) if part]
    yield from (f"{problem.place}: {problem.message}" for problems in read for problem in problems)
    for spec in config.runtimes:
        yield from _odd_versions(spec)
    if config.operators and not declared.operators():
        yield "operators names no file that is there: name those that declare operators"
    if not config.version_map and not any(not spec.operators for spec in config.runtimes):
        yield "no runtime makes guards: add one to `runtimes`"


def _odd_versions(spec: RuntimeSpec) -> Iterator[str]:
    for key, value, pattern in (("torch", spec.torch, RELEASE), ("python", spec.python, PYTHON)):
        if spec.kind == "release" and value is not None and not re.fullmatch(pattern, value, re.ASCII):
            yield f"runtime {spec.name!r}: {key} must be a version, not {value!r}"


def _served(config: Config, declared: Declarations) -> Iterator[Served]:
    for version in _versions(config, declared):
        holding = [spec for spec in config.runtimes if spec.operator_versions.holds(version - 1)]
        for_all = next((spec for spec in holding if not spec.operators), None)
        # The first that serves an operator is its runtime: what stands behind one for all serves none.
        before = holding[: holding.index(for_all)] if for_all else holding
        yield from (Served(version, spec, spec.operators) for spec in before)
        yield Served(version, for_all)


def _versions(config: Config, declared: Declarations) -> range:
    if not config.version_map:
        return range(0)
    if config.versions is None and config.upgraders is None:
        return TORCHSCRIPT
    versions = declared.versions()
    produced = versions.produced.value if versions and versions.produced else _PRODUCED
    return range(1, produced + 2)
