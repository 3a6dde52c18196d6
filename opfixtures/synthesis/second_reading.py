"""Whether files that got something say what they said before, what was added, and nothing else. Pure."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from opfixtures.declarations.model import Declarations, MapEntry
from opfixtures.declarations.place import Problem
from opfixtures.declarations.python_upgraders import python_upgraders
from opfixtures.declarations.upgrader_model import Upgrader
from opfixtures.errors import UserError
from opfixtures.settings.config import Config
from opfixtures.synthesis.additions import Additions


def believe(before: Declarations, after: Declarations, config: Config, additions: Additions) -> None:
    """Raises UserError where a second reading finds more or less than what was meant."""
    said = zip(
        _said(before, config, additions.version),
        _said(after, config),
        _added(additions, before.upgraders() is not None),
        strict=True,
    )
    for (path, old), (_, new), added in said:
        if _without(new, added) != list(old):
            raise _unlike(path)
    for operator in {entry.operator for entry in additions.entries}:
        was, is_now = (_versions_of(operator, side) for side in (before, after))
        if was == sorted(was) and is_now != sorted(is_now):
            raise _unlike(config.version_map)


def _said(side: Declarations, config: Config, version: int = 0) -> Iterator[tuple[str, Sequence[object]]]:
    """What each file says, without places; the header with no version below this one."""
    yield config.version_map, [entry.text for entry in _entries(side)]
    yield config.registry, [row.key for row in side.registry.rows] if side.registry else []
    yield config.fixture_modules[0], [(one.name, one.is_module) for one in side.modules.modules]
    yield config.upgraders or "", [(one.name, one.source) for one in _upgraders(side)]
    yield config.versions or "", list(_numbers(side, version))
    yield config.version_map, [problem.message for problem in _problems(side)]


def _added(additions: Additions, is_cpp: bool) -> Iterator[Sequence[object]]:
    """What was added to each of these."""
    yield [
        (one.operator, one.bumped_at_version, one.upgrader_name, one.old_schema) for one in additions.entries
    ]
    yield [(row.module, row.operator) for row in additions.rows]
    yield [(one.class_name, True) for one in additions.modules]
    yield [(one.name, f"\n{one.text}") for one in additions.upgraders] if is_cpp else []
    yield []
    yield []


def _without(said: Sequence[object], added: Sequence[object]) -> list[object] | None:
    """What is said but for what was added; None where that is not said as often as it was added."""
    left = Counter(added)
    kept = []
    for one in reversed(said):
        if left[one]:
            left[one] -= 1
        else:
            kept.append(one)
    return None if left.total() else kept[::-1]


def _entries(side: Declarations) -> Sequence[MapEntry]:
    return side.version_map.entries if side.version_map else ()


def _versions_of(operator: str, side: Declarations) -> list[int]:
    return [entry.bumped_at_version for entry in _entries(side) if entry.operator == operator]


def _upgraders(side: Declarations) -> Sequence[Upgrader]:
    upgraders = side.upgraders()
    return upgraders.upgraders if upgraders else ()


def _numbers(side: Declarations, version: int) -> Iterator[int]:
    versions = side.versions()
    if versions is not None:
        yield versions.minimum.value if versions.minimum else 0
        for constant in (versions.produced, versions.maximum):
            yield max(constant.value, version) if constant else 0


def _problems(side: Declarations) -> list[Problem]:
    files = (side.version_map, side.registry, side.modules, side.upgraders(), side.versions())
    return [problem for file in files if file is not None for problem in file.problems]


def believe_upgraders(
    sources: Mapping[str, bytes], new: Mapping[str, bytes], config: Config, additions: Additions
) -> None:
    """The same for upgraders in Python, which no declarations have."""
    path = config.upgraders
    if path is not None and path.endswith(".py") and path in new:
        added = "".join(f"\n{one.text}" for one in additions.upgraders)
        before, after = (python_upgraders(path, side[path]) or "" for side in (sources, new))
        # What there is may lack the last line break, or have no line.
        wanted = "\n".join([before.rstrip("\n"), added.lstrip("\n")])
        if after.replace("\r\n", "\n") not in (before + added, f"{before}\n{added}", wanted):
            raise _unlike(path)


def believe_python(sources: Mapping[str, bytes], new: Mapping[str, bytes]) -> None:
    """Raises UserError where a file of Python compiled, and no longer does: what parses need not."""
    for path, content in new.items():
        if path.endswith(".py") and _compiles(sources[path]) and not _compiles(content):
            raise _unlike(path)


def _compiles(content: bytes) -> bool:
    with warnings.catch_warnings():
        # Of the source, and its author's business.
        warnings.simplefilter("ignore")
        try:
            compile(content, "<source>", "exec", dont_inherit=True)
        except (SyntaxError, RecursionError):
            return False
    return True


def _unlike(path: str) -> UserError:
    return UserError(
        f"{path} would not say what is meant with these lines: nothing is written, add them by hand "
        "(and please report it)"
    )
