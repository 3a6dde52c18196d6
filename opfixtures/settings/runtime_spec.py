"""How a torch is had for some operator versions: one of `[[tool.opfixtures.runtimes]]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from opfixtures.errors import ConfigurationError
from opfixtures.settings.config_table import Table
from opfixtures.settings.version_range import VersionRange

RuntimeKind = Literal["release", "checkout", "interpreter"]
_RUNTIME_KEYS = (
    "operator-versions",
    "operators",
    "kind",
    "name",
    "torch",
    "python",
    "index-url",
    "setup",
    "import",
    "bytecode",
    "version-record",
    "reason",
)
_OF_OTHER_KINDS = {"release": ("setup", "import"), "checkout": (), "interpreter": ("setup",)}
KINDS: tuple[RuntimeKind, ...] = get_args(RuntimeKind)


@dataclass(frozen=True, slots=True)
class Alteration:
    """What is altered in the archives of a runtime, and why: they are synthetic.

    `bytecode` is the version that their bytecode is brought to, `version_record` what the version record becomes;
    None leaves it.
    """

    bytecode: int | None
    version_record: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RuntimeSpec:
    """How a torch is had for the operator versions in `operator_versions`, of `operators` alone if there are any.

    `torch` is a version as a package index has it. `python` is a version such as `3.8`; of an interpreter, its
    path or command. `setup` are commands as argument lists; `module` is imported in the worker (`import` in the
    settings). `folder` is that of the settings, from the repository's root: where `setup` runs in a checkout.
    """

    kind: RuntimeKind
    name: str
    operator_versions: VersionRange
    torch: str | None
    python: str | None
    index_url: str | None
    setup: tuple[tuple[str, ...], ...]
    module: str | None
    operators: tuple[str, ...] = ()
    alteration: Alteration | None = None
    folder: str = ""

    def serves(self, operator: str, version: int) -> bool:
        """Whether it is the runtime for `operator` at an operator version."""
        return self.operator_versions.holds(version) and (not self.operators or operator in self.operators)


def read_runtimes(table: Table) -> tuple[RuntimeSpec, ...]:
    """The runtimes in the settings. Raises ConfigurationError where one lacks something, or two share a name."""
    runtimes = tuple(_runtime(entry) for entry in table.tables("runtimes"))
    names: set[str] = set()
    for runtime in runtimes:
        if runtime.name in names:
            raise table.error(f"two runtimes are named {runtime.name!r}: give each a `name` of its own")
        names.add(runtime.name)
    return runtimes


def _runtime(table: Table) -> RuntimeSpec:
    table.only(*_RUNTIME_KEYS)
    kind: RuntimeKind = table.needed("kind", table.choice("kind", KINDS))
    torch, python = table.word("torch"), table.word("python")
    if kind == "release":
        table.needed("torch", torch)
    if kind == "interpreter":
        table.needed("python", python)
    for key in _OF_OTHER_KINDS[kind]:
        if key in table.values:
            raise table.error(f"{key} has no meaning for kind {kind!r}: take it away, or choose another kind")
    module = table.word("import")
    if module is not None and not all(part.isidentifier() for part in module.split(".")):
        raise table.error(f"import must be the name of a Python module, not {module[:80]!r}")
    name = table.word("name") or (f"torch-{torch}" if kind == "release" else kind)
    table.check_name(name)
    versions = table.text("operator-versions")
    return RuntimeSpec(
        kind=kind,
        name=name,
        operator_versions=version_range(table, "operator-versions", versions) if versions else VersionRange(),
        torch=torch,
        python=python,
        index_url=table.word("index-url"),
        setup=table.commands("setup"),
        module=module,
        operators=table.words("operators"),
        alteration=_alteration(table),
        folder=table.folder,
    )


def _alteration(table: Table) -> Alteration | None:
    bytecode, version_record = table.number("bytecode"), table.number("version-record")
    reason = table.text("reason")
    if bytecode is None and version_record is None:
        return None
    return Alteration(bytecode, version_record, table.needed("reason", reason))


def version_range(table: Table, key: str, text: str) -> VersionRange:
    """The range that `text` at `key` says. Raises ConfigurationError if it says none."""
    try:
        return VersionRange.parse(text)
    except ConfigurationError as error:
        raise table.error(f"{key}: {error}") from error
