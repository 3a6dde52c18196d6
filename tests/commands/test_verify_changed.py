"""`verify --changed` replays what the difference from target can have changed, and no others."""

from __future__ import annotations

import pytest

from opfixtures.commands.fixture_snapshot import FixtureSnapshot
from opfixtures.commands.verify import _changes, beside_target, fixtures_there
from opfixtures.commands.verify_changed import changed_alone
from opfixtures.repository.git import Repository
from tests.repositories import MODULES, REGISTRY, VERSION_MAP, zipped_archive

UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
GELU = "test/jit/fixtures/test_versioned_gelu_v9.ptl"
ELU = "test/jit/fixtures/test_versioned_elu_v9.ptl"
TEXTS = """static std::unordered_map<std::string, std::string> kUpgradersEntryMap({
    {"gelu_0_9", R"SCRIPT(
def gelu_0_9(self: Tensor) -> Tensor:
  return torch.gelu(self)
)SCRIPT"},
    {"elu_0_9", R"SCRIPT(
def elu_0_9(self: Tensor) -> Tensor:
  return torch.elu(self)
)SCRIPT"},
});
"""


@pytest.fixture
def tree(pytorch):
    """Two operators, each with an entry, an upgrader and a fixture, all committed."""
    pytorch.replace(
        VERSION_MAP,
        "    });",
        '    {"aten::elu", {{10, "elu_0_9", "aten::elu(Tensor self) -> Tensor"}}},\n    });',
    )
    pytorch.replace(REGISTRY, "\n}", '\n    TestVersionedEluV9(): "aten::elu",\n}')
    module = "\n\nclass TestVersionedEluV9(torch.nn.Module):\n    def forward(self, x):\n        return torch.elu(x)\n"
    pytorch.write(MODULES, pytorch.read(MODULES) + module)
    pytorch.write(UPGRADERS, TEXTS)
    pytorch.write(ELU, zipped_archive(3, "aten::elu"))
    pytorch.commit()
    return pytorch


@pytest.fixture
def chosen(tree, inside):
    """The paths of the fixtures that are replayed."""

    def paths():
        with inside(tree):
            repository = Repository.discover(str(tree.root), tree.environment)
            (change,) = _changes(repository)
            found = list(fixtures_there(change, FixtureSnapshot(repository.root)))
            with beside_target(repository) as beside:
                some = changed_alone(repository, beside.changes.get(""), found, [change.config], ())
        return [one.owner.path for one in some]

    return paths


def test_nothing_where_nothing_differs(chosen, tree):
    assert chosen() == []
    tree.write("README.md", "more\n")
    tree.replace(MODULES, "torch.elu(x)", "torch.elu(x * 2)")
    assert chosen() == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (VERSION_MAP, '"elu_0_9", "aten::elu(Tensor self)', '"elu_0_9", "aten::elu(Tensor x)'),
        (UPGRADERS, "return torch.elu(self)", "return torch.elu(self + 1)"),
    ],
    ids=["entry", "upgrader"],
)
def test_that_of_an_entry_or_an_upgrader_that_differs(chosen, tree, path, old, new):
    tree.replace(path, old, new)
    assert chosen() == [ELU]


@pytest.mark.parametrize("path", [GELU, f"{GELU}.json"])
def test_a_fixture_that_differs_or_its_record(chosen, tree, path):
    tree.write(path, "something else")
    assert chosen() == [GELU]


def test_all_where_the_settings_differ(chosen, tree):
    tree.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\n')
    assert chosen() == [GELU, ELU]


def test_all_where_a_build_of_the_tree_differs(chosen, tree):
    runtime = '\n[[tool.opfixtures.runtimes]]\nkind = "checkout"\nimport = "torch"\nsetup = [["true"]]\n'
    tree.write(".opfixtures.toml", f'[tool.opfixtures]\npreset = "pytorch"\n{runtime}')
    tree.commit()
    assert chosen() == []
    tree.write("torch/other.py", "")
    assert chosen() == [GELU, ELU]


def test_the_command_says_that_there_is_nothing(tree, opfixtures):
    ran = opfixtures(tree, "verify", "--changed")
    assert ran.status == 0
    assert ran.out.startswith(
        "opfixtures: nothing to verify: nothing that a replay rests on differs from target"
    )
