"""Reads operators and their schemas where they are declared, as the file name says: C++, Python or YAML.

Nothing is imported, compiled or run. What only a build or a run could tell is a problem at its place.
"""

from __future__ import annotations

from opfixtures.declarations.declared_model import DeclaredOperator, DeclaredOperators
from opfixtures.declarations.place import Place, Problem

__all__ = ["DECLARING_SUFFIXES", "DeclaredOperator", "DeclaredOperators", "read_declared_operators"]

_CPP = (".cpp", ".cc", ".cxx", ".cu", ".h", ".hpp")
_YAML = (".yaml", ".yml")
DECLARING_SUFFIXES = (*_CPP, ".py", *_YAML)
"""How the names of files end that operators are read from."""


def read_declared_operators(path: str, source: bytes) -> DeclaredOperators:
    """The operators that the file at `path` declares; whatever the bytes, never an exception, in linear time.

    C++ declares in `TORCH_LIBRARY` and `TORCH_LIBRARY_FRAGMENT` (https://docs.pytorch.org/cppdocs/library.html),
    Python by `torch.library`, YAML in PyTorch's `native_functions.yaml`.
    """
    if path.endswith(_CPP):
        from opfixtures.declarations.declared_cpp import read_cpp_operators

        return read_cpp_operators(path, source)
    if path.endswith(".py"):
        from opfixtures.declarations.declared_python import read_python_operators

        return read_python_operators(path, source)
    if path.endswith(_YAML):
        from opfixtures.declarations.declared_yaml import read_yaml_operators

        return read_yaml_operators(path, source)
    message = (
        f"operators are not read from such a file: name one that ends in {', '.join(DECLARING_SUFFIXES)}"
    )
    return DeclaredOperators(path, problems=(Problem(Place(path, 1, 1), message),))
