"""The operators that the files of a snapshot declare, as far as the settings name them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from opfixtures.declarations.declared_model import DeclaredOperators
from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.place import Place, Problem
from opfixtures.errors import GitError, UserError
from opfixtures.repository.git_snapshot import GitSnapshot
from opfixtures.repository.snapshot import NotAFileError, Snapshot, WorkTreeSnapshot
from opfixtures.settings.globs import glob_parts, is_glob, matches


def declaring_files(snapshot: Snapshot, operators: Iterable[str]) -> list[str]:
    """The files that the setting `operators` names: each path, and what matches a glob. Raises GitError."""
    paths = list(operators)
    globs = [path for path in paths if is_glob(path)]
    # The empty tree has none.
    files = snapshot.files() if globs and isinstance(snapshot, GitSnapshot | WorkTreeSnapshot) else []
    return list(dict.fromkeys([*(path for path in paths if not is_glob(path)), *named_by(globs, files)]))


def named_by(operators: Iterable[str], files: Iterable[str]) -> list[str]:
    """Those of the files that the setting `operators` names, by their paths or by a glob."""
    paths = set(operators)
    globs = [glob_parts(path) for path in paths if is_glob(path)]
    return [file for file in files if file in paths or any(matches(parts, file) for parts in globs)]


def read_declared_files(snapshot: Snapshot, operators: tuple[str, ...]) -> tuple[DeclaredOperators, ...]:
    """What each of these files declares, as far as it is there.

    A file that cannot be read is a problem, but for a link that a glob matches: what it leads to has a path of its own.
    Raises GitError.
    """
    read = [_declared(snapshot, path, path in operators) for path in declaring_files(snapshot, operators)]
    return tuple(filter(None, read))


def _declared(snapshot: Snapshot, path: str, is_named: bool) -> DeclaredOperators | None:
    try:
        source = snapshot.read(path)
    except GitError:
        raise
    except UserError as error:
        if isinstance(error, NotAFileError) and not is_named:
            return None
        return DeclaredOperators(path, problems=(Problem(Place(path, 1, 1), str(error)),))
    return None if source is None else _read(path, source)


# A change leaves most files as they were.
_read = lru_cache(maxsize=256)(read_declared_operators)
