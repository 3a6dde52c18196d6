"""The operators whose declarations a change touches: what the files that differ declare before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from opfixtures.declarations.declared_files import declaring_files, named_by, read_declared_files
from opfixtures.declarations.declared_model import DeclaredOperator, DeclaredOperators
from opfixtures.declarations.function_schema import normalised
from opfixtures.declarations.place import Problem
from opfixtures.errors import GitError, UserError
from opfixtures.repository.git_snapshot import GitSnapshot
from opfixtures.repository.snapshot import Snapshot


@dataclass(frozen=True)
class DeclaredChange:
    """What the files that differ declare before and after a change; of both, files that are alike are left out."""

    before: tuple[DeclaredOperators, ...] = ()
    after: tuple[DeclaredOperators, ...] = ()

    @cached_property
    def unread(self) -> tuple[Problem, ...]:
        """What cannot be read after, and came with the change."""
        known = {problem.message for file in self.before for problem in file.problems}
        problems = (problem for file in self.after for problem in file.problems)
        return tuple(problem for problem in problems if problem.message not in known)

    @cached_property
    def changed(self) -> tuple[tuple[DeclaredOperator, DeclaredOperator | None], ...]:
        """Each operator that is declared otherwise, as it was and as it is, None where it is gone: of the arms of an
        `#if` each that has no equal, and one that comes beside others. None is gone where something that cannot be
        read came with the change."""
        before, now = _by_operator(self.before), _by_operator(self.after)
        found: list[tuple[DeclaredOperator, DeclaredOperator | None]] = []
        for operator, then in before.items():
            today = now.get(operator, [])
            left, new = _unequal(then, today), _unequal(today, then)
            if today:
                # In order; what comes beside the others is meant for models of the first.
                pairs = zip_longest(left, new, fillvalue=None)
                found += [(one or then[0], other or today[0]) for one, other in pairs]
            elif not self.unread:
                found.append((then[0], None))
        return tuple(found)


def read_declared_change(
    before: Snapshot, after: Snapshot, operators: Sequence[str], differing: Sequence[str] | None
) -> DeclaredChange:
    """What the files of the setting `operators`, of both sides, declare where they differ.

    `differing` are the paths outside of which both sides are the same, None where nobody looked. Raises GitError.
    """
    if differing is None:
        paths = [*declaring_files(before, operators), *declaring_files(after, operators)]
        different = [path for path in dict.fromkeys(paths) if _differs(before, after, path)]
    else:
        different = named_by(operators, differing)
    if not different:
        return DeclaredChange()
    own = tuple(different)
    return DeclaredChange(read_declared_files(before, own), read_declared_files(after, own))


def _by_operator(files: Iterable[DeclaredOperators]) -> dict[str, list[DeclaredOperator]]:
    found: dict[str, list[DeclaredOperator]] = {}
    for file in files:
        for one in file.operators:
            found.setdefault(one.operator, []).append(one)
    return found


def _unequal(some: Iterable[DeclaredOperator], others: Iterable[DeclaredOperator]) -> list[DeclaredOperator]:
    """Those of some whose schema none of the others has."""
    known = {normalised(one.schema) for one in others}
    return [one for one in some if normalised(one.schema) not in known]


def _differs(before: Snapshot, after: Snapshot, path: str) -> bool:
    if isinstance(before, GitSnapshot) and isinstance(after, GitSnapshot):
        one, other = before.entry(path), after.entry(path)
        return (one and (one.path, one.oid)) != (other and (other.path, other.oid))
    return _content(before, path) != _content(after, path)


def _content(snapshot: Snapshot, path: str) -> bytes | None:
    try:
        return snapshot.read(path)
    except GitError:
        raise
    except UserError as error:
        # A link, or what is too large: whoever reads the declarations says so.
        return str(error).encode()
