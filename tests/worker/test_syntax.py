"""The worker's files run where old releases run, and import nothing late."""

import ast
import sys

import pytest

from opfixtures.worker.packing import PACKAGE, worker_files

# Modules of Python 3.7 that Python 3.11 still has. https://docs.python.org/3.7/py-modindex.html
IN_BOTH = sys.stdlib_module_names - {"graphlib", "tomllib", "zoneinfo"}
FILES = worker_files()
OWN = sorted(set(FILES) - {"__main__.py"})


@pytest.mark.parametrize("name", FILES)
def test_it_is_python_3_7(name):
    ast.parse(FILES[name], feature_version=(3, 7))


def test_feature_version_sees_what_is_newer():
    with pytest.raises(SyntaxError):
        ast.parse("if (n := 1): pass", feature_version=(3, 7))


def test_it_imports_the_standard_library_of_3_7_and_torch():
    imported = set()
    for name in OWN:
        for node in ast.walk(ast.parse(FILES[name])):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add((node.module or "").partition(".")[0])
    assert imported - IN_BOTH == {"torch"}


@pytest.mark.parametrize("name", FILES)
def test_it_imports_of_itself_no_more_than_its_own_folder(name):
    relative = [node for node in ast.walk(ast.parse(FILES[name])) if isinstance(node, ast.ImportFrom)]
    assert {node.level for node in relative} <= {0, 1}
    assert {node.module for node in relative if node.level and node.module and "." in node.module} == set()


def late_imports(source):
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    return [ast.unparse(node) for node in imports if node not in tree.body]


@pytest.mark.parametrize("name", FILES)
def test_it_imports_nothing_late(name):
    """Untrusted code could have put something else in the archive's place by then."""
    assert late_imports(FILES[name]) == []


def test_a_late_import_is_seen():
    assert late_imports("import os\ndef f():\n    from . import g") == ["from . import g"]


def test_by_name_it_imports_parts_of_torch_and_the_operator_module_alone():
    asked = [
        ast.unparse(node)
        for name in OWN
        for node in ast.walk(ast.parse(FILES[name]))
        if isinstance(node, ast.Call) and "import" in ast.unparse(node.func).lower()
    ]
    assert sorted(asked) == [
        "import_early(USED_BY_CALLS)",
        "import_early(USED_BY_EXPORT)",
        "import_operators(job['import'])",
        "importlib.import_module('torch.jit.mobile')",
        "importlib.import_module('torch.jit.mobile')",
        # Of torch's own, and the operator module.
        "importlib.import_module(name)",
        "importlib.import_module(name)",
    ]


@pytest.mark.parametrize("name", OWN)
def test_its_annotations_are_never_evaluated(name):
    # `list[int]` and `int | None` would fail in Python 3.7.
    assert "from __future__ import annotations\n" in FILES[name]
    assert "get_type_hints" not in FILES[name]


def test_the_archives_root_only_starts_the_package():
    assert FILES["__main__.py"] == f"from {PACKAGE}.__main__ import main\n\nmain()\n"
