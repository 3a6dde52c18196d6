"""Files of projects, and what is added to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opfixtures.declarations.read import declare
from opfixtures.settings.config import Config
from opfixtures.synthesis.additions import Additions, ModuleText, NewEntry, NewRow, NewUpgrader
from opfixtures.synthesis.insertions import inserted

CONFIG = Config(
    version_map="map.py",
    upgraders="upgraders.py",
    registry="registry.py",
    fixture_modules=("modules.py",),
    fixtures="fixtures",
    target=None,
    runtimes=(),
    source=".opfixtures.toml",
    versions="versions.h",
)
CPP = replace(CONFIG, version_map="map.cpp", upgraders="upgraders.cpp")


def entry(name: str, version: int = 5, schema: str | None = None) -> NewEntry:
    operator = f"my::{name}"
    return NewEntry(operator, version, f"{name}_0_{version - 1}", schema or f"{operator}(Tensor x) -> Tensor")


def module(name: str) -> ModuleText:
    return ModuleText(name, f"class {name}(torch.nn.Module):\n    def forward(self, x):\n        return x\n")


def upgrader(name: str) -> NewUpgrader:
    return NewUpgrader(name, f"def {name}(x: Tensor) -> Tensor:\n  return x\n")


def row(name: str, operator: str = "my::a") -> NewRow:
    return NewRow(name, operator)


def put(text: str, additions: Additions, path: str, others: Mapping[str, str] | None = None) -> str:
    """The text of a file with the additions in it."""
    sources = {path: text.encode(), **{name: other.encode() for name, other in (others or {}).items()}}
    config = CPP if path.endswith(".cpp") else CONFIG
    new = inserted(sources, config, additions)
    assert new.keys() <= {path, *(others or ())}
    # A second reading says so, and `inserted` has seen to it; here it is seen once more.
    declare({**sources, **new}, config)
    return new.get(path, text.encode()).decode()
