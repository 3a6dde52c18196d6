"""The settings of a repository: `[tool.opfixtures]` in `pyproject.toml` or `.opfixtures.toml`, or a preset.

Both files hold the same table under the same heading, so that it can move from one to the other as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from opfixtures.config_table import Table, parse_toml
from opfixtures.errors import ConfigurationError
from opfixtures.presets import PRESETS, PYTORCH, PYTORCH_PATHS
from opfixtures.settings_file import read_settings
from opfixtures.settings_scan import OWN_FILE, SHARED_FILE
from opfixtures.snapshot import Snapshot
from opfixtures.version_range import VersionRange

if TYPE_CHECKING:
    from opfixtures.waivers import Waiver

T = TypeVar("T")
RuntimeKind = Literal["release", "checkout", "interpreter"]

_KEYS = (
    "preset",
    "version-map",
    "upgraders",
    "versions",
    "mobile-upgraders",
    "mobile-upgraders-generator",
    "registry",
    "fixture-modules",
    "fixtures",
    "fixture-format",
    "target",
    "runtimes",
    "waivers",
    "sources",
    "identity-upgraders",
)
_SIGNS_OF_PYTORCH = ("version-map", "registry", "upgraders")
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
KINDS: tuple[RuntimeKind, ...] = ("release", "checkout", "interpreter")


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
    settings).
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

    def serves(self, operator: str, version: int) -> bool:
        """Whether it is the runtime for `operator` at an operator version."""
        return self.operator_versions.holds(version) and (not self.operators or operator in self.operators)


@dataclass(frozen=True, slots=True)
class Config:
    """Where a repository keeps what. Paths are relative to its root, `/` between parts; none leaves it.

    `upgraders`, `versions` (the header that sets the produced file format version) and the two of the mobile
    upgraders are None where a repository has no such file.

    `fixture_format` is one of `formats.FORMATS`. `target` is None where the default holds, `origin/HEAD`.
    `source` is the file the settings stand in, None where a preset needed no file. `sources` are globs of the files
    that a library is built from (`sources.Sources`), empty where the default holds. `identity_upgraders` are upgraders
    that change nothing although their graphs do not show it, by name, each with the reason.
    """

    version_map: str
    upgraders: str | None
    registry: str
    fixture_modules: tuple[str, ...]
    fixtures: str
    target: str | None
    runtimes: tuple[RuntimeSpec, ...]
    source: str | None
    versions: str | None = None
    mobile_upgraders: str | None = None
    mobile_upgraders_generator: str | None = None
    waivers: tuple[Waiver, ...] = ()
    fixture_format: str = "ptl"
    sources: tuple[str, ...] = ()
    identity_upgraders: Mapping[str, str] = field(default_factory=dict)


def read_config(snapshot: Snapshot) -> Config | None:
    """The settings in `snapshot`, or the preset of PyTorch where the tree has one of PyTorch's paths.

    Returns:
        None where there is neither.

    Raises:
        ConfigurationError: the settings cannot be used: an unknown key, a wrong type, a path that leaves the
            repository, settings in both files.
        UserError: as `Snapshot.read`.
    """
    found = [(path, settings) for path in (OWN_FILE, SHARED_FILE) if (settings := _settings(snapshot, path))]
    if len(found) > 1:
        raise ConfigurationError(
            f"{OWN_FILE} and {SHARED_FILE} both have [tool.opfixtures]: keep one of them"
        )
    if found:
        path, settings = found[0]
        return _config(settings, f"{path}: [tool.opfixtures]", path, snapshot.read(path) or b"")
    if any(snapshot.has(PYTORCH_PATHS[key]) for key in _SIGNS_OF_PYTORCH):
        return _config(PYTORCH, "preset", None)
    return None


def _settings(snapshot: Snapshot, path: str) -> Mapping[str, object] | None:
    source = read_settings(snapshot, path)
    if source is None:
        return None
    own = path == OWN_FILE
    root = Table(parse_toml(path, source), path)
    tools = root.table("tool") or Table({}, path)
    settings = tools.table("opfixtures")
    if own:
        tools.only("opfixtures")
        if settings is None:
            raise ConfigurationError(f"{path} has no settings: put them under the heading [tool.opfixtures]")
        root.only("tool")
    return settings.values if settings else None


def _config(settings: Mapping[str, object], where: str, source: str | None, text: bytes = b"") -> Config:
    table = Table(settings, where)
    table.only(*_KEYS)
    preset = table.choice("preset", tuple(PRESETS))
    if preset is not None:
        table = Table({**PRESETS[preset], **settings}, where)
    return Config(
        version_map=_needed(table, "version-map", table.path("version-map")),
        upgraders=table.path("upgraders"),
        registry=_needed(table, "registry", table.path("registry")),
        fixture_modules=_needed(table, "fixture-modules", table.paths("fixture-modules")),
        fixtures=_needed(table, "fixtures", table.path("fixtures")),
        target=table.word("target"),
        runtimes=_runtimes(table),
        source=source,
        versions=table.path("versions"),
        mobile_upgraders=table.path("mobile-upgraders"),
        mobile_upgraders_generator=table.path("mobile-upgraders-generator"),
        waivers=_waivers(table, text),
        fixture_format=table.choice("fixture-format", ("ptl", "pt")) or "ptl",
        sources=table.words("sources"),
        identity_upgraders=_reasons(table, "identity-upgraders"),
    )


def _reasons(table: Table, key: str) -> Mapping[str, str]:
    """A table of texts, each the reason for what its key names."""
    reasons = table.table(key)
    if reasons is None:
        return {}
    return {name: _needed(reasons, name, reasons.text(name)) for name in reasons.values}


def _waivers(table: Table, text: bytes) -> tuple[Waiver, ...]:
    waivers = table.table("waivers")
    if waivers is None:
        return ()
    from opfixtures.waivers import read_waivers

    return read_waivers(waivers, text)


def _runtimes(table: Table) -> tuple[RuntimeSpec, ...]:
    runtimes = tuple(_runtime(entry) for entry in table.tables("runtimes"))
    names: set[str] = set()
    for runtime in runtimes:
        if runtime.name in names:
            raise table.error(f"two runtimes are named {runtime.name!r}: give each a `name` of its own")
        names.add(runtime.name)
    return runtimes


def _runtime(table: Table) -> RuntimeSpec:
    table.only(*_RUNTIME_KEYS)
    kind: RuntimeKind = _needed(table, "kind", table.choice("kind", KINDS))
    torch, python = table.word("torch"), table.word("python")
    if kind == "release":
        _needed(table, "torch", torch)
    if kind == "interpreter":
        _needed(table, "python", python)
    module = table.word("import")
    if module is not None and not all(part.isidentifier() for part in module.split(".")):
        raise table.error(f"import must be the name of a Python module, not {module[:80]!r}")
    name = table.word("name") or (f"torch-{torch}" if kind == "release" else kind)
    table.check_name(name)
    versions = table.text("operator-versions")
    return RuntimeSpec(
        kind=kind,
        name=name,
        operator_versions=_range(table, versions) if versions else VersionRange(),
        torch=torch,
        python=python,
        index_url=table.word("index-url"),
        setup=table.commands("setup"),
        module=module,
        operators=table.words("operators"),
        alteration=_alteration(table),
    )


def _alteration(table: Table) -> Alteration | None:
    bytecode, version_record = table.number("bytecode"), table.number("version-record")
    reason = table.text("reason")
    if bytecode is None and version_record is None:
        return None
    return Alteration(bytecode, version_record, _needed(table, "reason", reason))


def _range(table: Table, text: str) -> VersionRange:
    try:
        return VersionRange.parse(text)
    except ConfigurationError as error:
        raise table.error(f"operator-versions: {error}") from error


def _needed(table: Table, key: str, value: T | None) -> T:
    if value is None:
        raise table.error(f"{key} is missing: add it")
    return value
