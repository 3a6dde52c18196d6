"""What a fixture module says, before a change and after it: its class, and what that needs. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations, FixtureModule

if TYPE_CHECKING:
    from opfixtures.records.record import Record


def is_as_before(change: Change, module: str) -> bool | None:
    """Whether the class, with what it uses in its file and the classes it takes from other files of fixture modules, is
    what it was before the change; None where one of the two is not there, or not to be read."""
    from opfixtures.declarations.module_source import same_excerpt

    try:
        for name in _with_classes_of_other_files(change, module):
            before = _file_of(change.before, change.modules_before.get(name))
            after = _file_of(change.after, change.modules.get(name))
            if before is None or after is None:
                return None if name == module else False
            if not same_excerpt(before, after, name):
                return False
    except (KeyError, SyntaxError):
        return None
    return True


def _with_classes_of_other_files(change: Change, module: str) -> list[str]:
    """A class, and those that it takes from other files of fixture modules, one through the other.

    Raises SyntaxError or KeyError where one cannot be read.
    """
    names = [module]
    if len(change.after.module_files) < 2:
        return names
    from opfixtures.declarations.module_source import excerpt, names_taken

    for name in names:
        file, known = _file_of(change.after, change.modules.get(name)), change.modules.get(name)
        if file is None or known is None:
            continue
        # The list grows as it is read.
        names += (
            taken
            for taken in sorted(names_taken(excerpt(file, name)))
            if taken not in names
            and taken in change.modules
            and change.modules[taken].place.path != known.place.path
        )
    return names


def is_of_recorded_text(change: Change, module: str, record: Record) -> bool:
    """Whether the class is the one whose hash a record names, under the name that the record has for it; True where the
    class cannot be found or its file not be read."""
    from opfixtures.declarations.module_source import excerpt, renamed, source_sha256

    file = _file_of(change.after, change.modules.get(module))
    try:
        text = None if file is None else excerpt(file, module)
    except (KeyError, SyntaxError):
        text = None
    if text is None:
        return True
    return source_sha256(renamed(text, module, record.module.name)) == record.module.sha256


def _file_of(declarations: Declarations, module: FixtureModule | None) -> str | None:
    """The text of the file that the class stands in; None without a class."""
    return None if module is None else _text(declarations.module_files[module.place.path])


@lru_cache(maxsize=8)
def _text(source: bytes) -> str:
    """The text of a file in which a class was found: it can be decoded."""
    from opfixtures.declarations.python_source import decode

    return decode(source)
