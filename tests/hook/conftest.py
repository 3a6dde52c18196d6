"""A library of custom operators, and edits of a version map."""

import json
from pathlib import Path

import jsonschema
import pytest

from opfixtures import report

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
GELU = '    {{"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}},\n'
HARDSWISH = '     {"aten::hardswish", {{11, "hardswish_0_10", "aten::hardswish(Tensor self) -> Tensor"}}},\n'
SCHEMA = json.loads((Path(report.__file__).parents[1] / "schemas/findings.schema.json").read_text())
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
