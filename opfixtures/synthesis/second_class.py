"""A class that stands for two operators: a row gets one of its own."""

from __future__ import annotations

from collections.abc import Mapping

from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.registry import read_registry
from opfixtures.errors import UserError
from opfixtures.settings.config import Config
from opfixtures.synthesis.additions import Additions
from opfixtures.synthesis.insertions import inserted
from opfixtures.synthesis.python_insertions import PythonInsertions
from opfixtures.synthesis.python_names import Binding
from opfixtures.synthesis.source_text import Edit, SourceText


def with_class_of_its_own(
    sources: Mapping[str, bytes], config: Config, row: FixtureEntry, added: Additions
) -> dict[str, bytes]:
    """The files in which a row calls the first class of a fixture entry to be added, and the rest of that is there.

    Raises UserError as `inserted`.
    """
    path, name = config.registry, added.rows[0].module
    content = sources[path]
    source = SourceText(path, content)
    file = PythonInsertions(source, content)
    start = source.offset(row.place)
    token = next(one for one in file.tokens if one.offset >= start and one.text == row.module)
    binding = Binding(file, config.fixture_modules[0])
    new = source.edited([Edit(token.offset, row.module, name), *binding.of_names([name])])
    _believe(path, content, new, row, name)
    rest = Additions(modules=added.modules, rows=added.rows[1:])
    return {path: new, **inserted({**sources, path: new}, config, rest)}


def _believe(path: str, before: bytes, after: bytes, row: FixtureEntry, name: str) -> None:
    """Raises UserError where a second reading finds more or less than another class in that row."""
    old, new = read_registry(path, before), read_registry(path, after)
    wanted = [(name, one.operator) if one == row else one.key for one in old.rows]
    if [one.key for one in new.rows] != wanted or len(new.problems) != len(old.problems):
        raise UserError(
            f"{row.place}: {row.module} of {row.operator} cannot be renamed here: rename it by hand"
        )
