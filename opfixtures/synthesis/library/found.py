"""What is found out about a library before anything is written: its operators, its package, how it is built."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from opfixtures.declarations.declared_operators import (
    DECLARING_SUFFIXES,
    DeclaredOperator,
    read_declared_operators,
)
from opfixtures.declarations.place import Problem
from opfixtures.errors import UserError
from opfixtures.settings.config_table import parse_toml
from opfixtures.settings.settings_scan import SHARED_FILE, below
from opfixtures.synthesis.library.layout import (
    Package,
    declaring_globs,
    find_package,
    of_the_library,
    project_name,
    setup_commands,
)

_SETUP = "setup.py"
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Library:
    """A library in a folder of the repository, "" for its root. Paths in it are from that folder.

    `problems` are what could not be read of its declarations; places are from the repository's root.
    """

    folder: str
    package: Package
    operators: tuple[DeclaredOperator, ...]
    problems: tuple[Problem, ...]
    declaring: tuple[str, ...]
    setup: tuple[tuple[str, ...], ...]

    @property
    def globs(self) -> list[str]:
        """The setting `operators`."""
        return declaring_globs(self.declaring)

    @property
    def namespace(self) -> str:
        """That of its first operator."""
        return self.operators[0].operator.partition("::")[0]


def find_library(
    folder: str,
    paths: Collection[str],
    read: Callable[[str], bytes | None],
    wanted: str | None = None,
    *,
    are_read: bool = True,
) -> Library:
    """The library in a folder whose files have these paths from there. `read` takes one from the repository's root.

    Raises UserError where nothing declares an operator, no package can be told, or nothing says how it is built. Where
    its operators need not be such that `are_read`, a file is enough that declares what cannot be read.
    """
    declared = [
        read_declared_operators(below(folder, path), read(below(folder, path)) or b"")
        for path in of_the_library(paths)
        if path.endswith(DECLARING_SUFFIXES) and not path.endswith(_YAML)
    ]
    found = [one for one in declared if one.operators]
    unread = [one for one in declared if one.problems]
    if not found and unread and not are_read:
        found = unread
    if not found:
        why, instead = "", ""
        if unread:
            why = f" ({unread[0].problems[0].place}: {unread[0].problems[0].message})"
            instead = ", or give --fixture-format pt2, whose fixtures need no schema that can be read"
        raise UserError(
            f"nothing in {folder or 'this repository'} declares an operator{why}: declare one with "
            f"torch.library.custom_op, Library.define or TORCH_LIBRARY, or run this in the library's folder{instead}"
        )
    declaring = tuple(one.path.removeprefix(below(folder, "")) for one in found)
    pyproject = _pyproject(below(folder, SHARED_FILE), read)
    setup = read(below(folder, _SETUP))
    text = None if setup is None else setup.decode("utf-8", "replace")
    has_cpp = any(not path.endswith(".py") for path in declaring)
    package = find_package(paths, declaring, project_name(pyproject, text or ""), wanted)
    every = [operator for one in found for operator in one.operators]
    # What begins with an underscore is the library's own business.
    public = [one for one in every if "::_" not in one.operator]
    problems = tuple(problem for one in declared for problem in one.problems)
    commands = setup_commands(pyproject, text, has_cpp)
    return Library(folder, package, tuple(public or every), problems, declaring, commands)


def _pyproject(path: str, read: Callable[[str], bytes | None]) -> Mapping[str, object]:
    source = read(path)
    return {} if source is None else parse_toml(path, source)
