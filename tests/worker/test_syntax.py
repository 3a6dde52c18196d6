"""The worker is one file that runs where old releases run."""

import ast
import sys

import pytest

from opfixtures.worker.worker_process import WORKER

# Modules of Python 3.7 that Python 3.11 still has. https://docs.python.org/3.7/py-modindex.html
IN_BOTH = sys.stdlib_module_names - {"graphlib", "tomllib", "zoneinfo"}


@pytest.fixture(scope="module")
def source() -> str:
    with open(WORKER, encoding="utf-8") as stream:
        return stream.read()


def test_it_is_python_3_7(source):
    ast.parse(source, feature_version=(3, 7))


def test_feature_version_sees_what_is_newer():
    with pytest.raises(SyntaxError):
        ast.parse("if (n := 1): pass", feature_version=(3, 7))


def test_it_imports_the_standard_library_of_3_7_and_torch(source):
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported - IN_BOTH == {"torch"}


def test_its_annotations_are_never_evaluated(source):
    # `list[int]` and `int | None` would fail in Python 3.7.
    assert "from __future__ import annotations\n" in source
    assert "get_type_hints" not in source
