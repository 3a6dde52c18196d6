"""The operators whose declarations a change touches: what the files that differ declare before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

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
        """Each operator that is declared otherwise, as it was and as it is, None where it is gone: the one of several
        arms of an `#if` that has no equal. None is gone where something that cannot be read came with the change."""
        now: dict[str, list[DeclaredOperator]] = {}
        for one in _all(self.after):
            now.setdefault(one.operator, []).append(one)
        found: dict[str, tuple[DeclaredOperator, DeclaredOperator | None]] = {}
        for then in _all(self.before):
            today = now.get(then.operator, [])
            if any(normalised(one.schema) == normalised(then.schema) for one in today):
                continue
            if today:
                found.setdefault(then.operator, (then, today[0]))
            elif not self.unread:
                found.setdefault(then.operator, (then, None))
        return tuple(found.values())


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


def _all(files: Iterable[DeclaredOperators]) -> list[DeclaredOperator]:
    return [one for file in files for one in file.operators]


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
