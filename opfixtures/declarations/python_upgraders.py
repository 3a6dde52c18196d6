"""Reads the upgraders of a library: the TorchScript that `UPGRADERS` is, a string at the top level of a Python file."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache

from opfixtures.declarations.place import Problem
from opfixtures.declarations.python_source import parse
from opfixtures.declarations.upgrader_model import LibraryUpgraders
from opfixtures.repository.snapshot import NotAFileError
from opfixtures.settings.config import Config
from opfixtures.settings.settings_scan import below
from opfixtures.values import replace

_DEFINED = re.compile(r"^def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)


def python_upgraders(path: str, source: bytes) -> str | None:
    """The TorchScript; None where no plain string is assigned, or the file does not parse. Nothing is run."""
    tree = parse(path, source)
    if isinstance(tree, Problem):
        return None
    found = None
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="UPGRADERS")], value=ast.Constant(value=str(text))):
                found = text
            case ast.AnnAssign(target=ast.Name(id="UPGRADERS"), value=ast.Constant(value=str(text))):
                found = text
    return found


# Asked for each entry, of one text.
@lru_cache(maxsize=2)
def functions_in(text: str) -> frozenset[str]:
    """The names of the functions that TorchScript defines at its top level."""
    return frozenset(_DEFINED.findall(text))


def read_library_upgraders(config: Config, read: Callable[[str], bytes | None]) -> LibraryUpgraders | None:
    """The upgraders of a library, in the file that the settings name or where they stand by themselves; None where
    there is none, or it has them in a way of its own. `read` is that of `with_library_upgraders`."""
    path = with_library_upgraders(config, read).upgraders
    source = None
    if path is not None and path.endswith(".py"):
        with suppress(NotAFileError):
            source = read(path)
    text = python_upgraders(path, source) if path is not None and source is not None else None
    return None if path is None or text is None else LibraryUpgraders(path, text, functions_in(text))


def with_library_upgraders(config: Config, read: Callable[[str], bytes | None]) -> Config:
    """The settings; where they name no upgraders, with the Python file in which `read` finds those of the library.

    A link or a folder in the place of that file is none.
    """
    if config.upgraders is not None:
        return config
    for path in _places(config):
        try:
            source = read(path)
        except NotAFileError:
            continue
        if source is not None and python_upgraders(path, source) is not None:
            return replace(config, upgraders=path)
    return config


def _places(config: Config) -> Iterator[str]:
    """Where a library's upgraders stand in Python: beside the map, or in the package that is imported."""
    yield below(os.path.dirname(config.version_map), "upgraders.py")
    for module in dict.fromkeys(spec.module for spec in config.runtimes if spec.module):
        for top in ("", "src"):
            yield below(config.folder, "/".join(filter(None, [top, *module.split("."), "upgraders.py"])))
