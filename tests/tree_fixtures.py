"""A library of custom operators, and edits of a version map."""

import json
from pathlib import Path

import jsonschema
import pytest

from opfixtures import report
from opfixtures.change.changes import Change
from opfixtures.declarations.read import declare
from opfixtures.rules import judge
from tests.monorepo import PACKAGE, SUB, TREE, library_files, pytorch_below
from tests.repositories import config_of

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
GELU = '    {{"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}},\n'
HARDSWISH = '     {"aten::hardswish", {{11, "hardswish_0_10", "aten::hardswish(Tensor self) -> Tensor"}}},\n'
SCHEMA = json.loads((Path(report.__file__).parent / "schemas/findings.schema.json").read_text())
LIBRARY = {
    ".opfixtures.toml": """\
[tool.opfixtures]
version-map = "my lib/versiöns.py"
registry = "my lib/registry.py"
fixture-modules = ["my lib/modules.py"]
fixtures = "my lib/fixtures"
""",
    "my lib/versiöns.py": "OPERATOR_VERSIONS = {}\n",
    "my lib/registry.py": "ALL_MODULES = {}\n",
    "my lib/modules.py": "import torch\n",
}


@pytest.fixture
def library(new_repository):
    """A library with names that need care, and an empty version map."""
    return new_repository(LIBRARY, name="library")


@pytest.fixture
def monorepo(new_repository):
    """A library by each kind of settings, and a PyTorch tree, all in folders and released, and nothing at the root."""
    files = {
        **library_files(PACKAGE, halve=4),
        **library_files(SUB, ".opfixtures.toml", third=4),
        **pytorch_below(TREE),
        "README.md": "Packages.\n",
        "pyproject.toml": "[tool.other]\n",
    }
    repository = new_repository(files, name="monorepo")
    repository.git("tag", "v1")
    return repository


@pytest.fixture
def add_hardswish():
    """Adds an entry for aten::hardswish at version 11, after gelu's, and stages it."""

    def add(repository):
        repository.replace(VERSION_MAP, GELU, GELU + HARDSWISH)

    return add


@pytest.fixture
def findings():
    """Code, path and line of each finding in a JSON report, which keeps to the published schema."""

    def read(ran):
        reported = json.loads(ran.out)
        jsonschema.validate(reported, SCHEMA)
        return [f"{one['code']} {one['path']}:{one['line']}" for one in reported["findings"]]

    return read


class Files(dict):
    """A snapshot of these files."""

    name = "these files"

    def read(self, path):
        text = self.get(path)
        return None if text is None else text.encode()

    has = dict.__contains__


@pytest.fixture
def judged():
    """The findings of some rules about a change of a PyTorch tree, from files by path to files by path.

    Nothing is published but what target declares; without it, that is what stood before.
    """

    def find(*codes, before, after, target=None, landed=None, everything=False):
        config = config_of(Files({VERSION_MAP: "", **after}))

        def declared(files):
            return declare(
                {path: text.encode() for path, text in files.items() if isinstance(text, str)}, config
            )

        target = before if target is None else target
        before = {} if everything else before
        change = Change(
            config,
            declared(before),
            declared(after),
            frozenset(path for path, _ in before.items() ^ after.items()),
            lambda: declared(target),
            after.__contains__,
            lambda: declared(target if landed is None else landed),
        )
        return [finding for finding in judge(change) if finding.code in codes]

    return find
