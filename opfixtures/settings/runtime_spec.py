"""How a torch is had for some operator versions: one of `[[tool.opfixtures.runtimes]]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from opfixtures.errors import ConfigurationError
from opfixtures.settings.config_table import Table
from opfixtures.settings.version_range import VersionRange
from opfixtures.values import dataclass

if TYPE_CHECKING:
    from opfixtures.settings.pins import Pin

RuntimeKind = Literal["release", "checkout", "interpreter"]
_RUNTIME_KEYS = (
    "operator-versions",
    "operators",
    "kind",
    "name",
    "torch",
    "python",
    "index-url",
    "packages",
    "setup",
    "import",
    "bytecode",
    "version-record",
    "reason",
)
_OF_OTHER_KINDS = {"release": ("setup",), "checkout": ("packages",), "interpreter": ("setup", "packages")}
_MOST_PACKAGES = 32
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


RELEASE, PYTHON = r"\d[\w.+!]*", r"\d+\.\d+(\.\d+)?"
"""What `torch` and `python` of a release look like (PEP 440, as far as a release of torch uses it)."""


@dataclass(frozen=True, slots=True)
class RuntimeSpec:
    """How a torch is had for the operator versions in `operator_versions`, of `operators` alone if there are any.

    `torch` is a version as a package index has it. `python` is a version such as `3.8`; of an interpreter, its
    path or command. `setup` are commands as argument lists; `module` is imported in the worker (`import` in the
    settings). `folder` is that of the settings, from the repository's root: where `setup` runs in a checkout.
    `packages` are installed beside the torch of a release: a library as it was released, which `module` comes from.
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
    packages: tuple[Pin, ...] = ()

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
    packages = _packages(table)
    if kind == "release" and module is not None and not packages:
        raise table.error(
            "import has no meaning for a release of torch alone: name the library's own release in `packages`, take it"
            " away, or choose another kind"
        )
    if packages:
        table.needed("import", module)
    released = f"{packages[0].name}-{packages[0].version}" if packages else f"torch-{torch}"
    name = table.word("name") or (released if kind == "release" else kind)
    table.check_name(name)
    versions = table.text("operator-versions")
    return RuntimeSpec(
        kind=kind,
        name=name,
        operator_versions=version_range(table, "operator-versions", versions) if versions else VersionRange(),
        torch=torch,
        python=python,
        index_url=_index_url(table),
        setup=table.commands("setup"),
        module=module,
        operators=table.words("operators"),
        alteration=_alteration(table),
        folder=table.folder,
        packages=packages,
    )


def _packages(table: Table) -> tuple[Pin, ...]:
    texts = table.words("packages")
    if not texts:
        return ()
    from opfixtures.settings.pins import read_pin

    if len(texts) > _MOST_PACKAGES:
        raise table.error(
            f"packages may have {_MOST_PACKAGES} pins, not {len(texts)}: what they need comes by itself"
        )
    pins: dict[str, Pin] = {}
    for text in texts:
        pin = read_pin(text)
        if pin is None:
            raise table.error(
                f'packages must be exact pins such as "mylib==1.2", no URL, path, option or range, not {text[:80]!r}'
            )
        if pin.name == "torch":
            raise table.error("packages names torch: it has a key of its own, `torch`")
        if pin.name in pins:
            raise table.error(f"packages names {pin.name} twice: keep one of them")
        pins[pin.name] = pin
    return tuple(pins.values())


def _index_url(table: Table) -> str | None:
    """Where a release comes from. A path would be a file of the repository."""
    url = table.word("index-url")
    if url is not None and not url.startswith(("https://", "http://")):
        raise table.error(f"index-url must begin with https:// or http://, not {url[:80]!r}")
    return url


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
