"""The settings of a project: `[tool.opfixtures]` in `pyproject.toml` or `.opfixtures.toml`, or a preset.

Both files hold the same table under the same heading, so that it can move from one to the other as it is. They stand
at the repository's root, or in the folder that the project's paths are meant from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from opfixtures.repository.snapshot import Snapshot
from opfixtures.settings.config_table import Table
from opfixtures.settings.fixture_formats import FIXTURE_FORMATS, STAMPED_FORMATS
from opfixtures.settings.presets import PRESETS, PYTORCH
from opfixtures.settings.runtime_spec import RuntimeSpec, read_runtimes, version_range
from opfixtures.settings.settings_scan import FILES_BESIDE_THE_MAP, below
from opfixtures.settings.settings_table import excluded_by, has_signs, settings_in
from opfixtures.settings.version_range import VersionRange
from opfixtures.values import dataclass, field

if TYPE_CHECKING:
    from opfixtures.settings.accepted_breaks import AcceptedBreak
    from opfixtures.settings.waivers import Waiver


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
    "operators",
    "unversioned-operators",
    "target",
    "upstream",
    "reserved-versions",
    "release-tags",
    "runtimes",
    "waivers",
    "accepted-breaks",
    "sources",
    "identity-upgraders",
    "exclude",
)


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that the settings name under `key`, and where they do: `line` and `column` count from 1."""

    key: str
    path: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Config:
    """Where a project keeps what. Paths are from the repository's root, `/` between parts; none leaves `folder`.

    `folder` is that of the settings, empty for the root. `named` are the files that the settings themselves name, no
    preset for them; version map and fixtures are not among them. It `is_gone` where a change takes the settings away:
    they are those from before.

    `upgraders`, `versions` (the header that sets the produced file format version) and the two of the mobile
    upgraders are None where a repository has no such file.

    `operators` are paths and globs of the files that declare operators with their schemas. `unversioned_operators` are
    names, and patterns of names, of those that change without an entry, for no model of users calls them.

    `version_map` is empty where there is none, and guards alone: `.pt2` has no versions. `fixture_formats` are endings
    of `archives.formats.FORMATS`. `target` is None where `origin/HEAD` holds. `source` is the file the settings stand
    in, None where a preset needed no file. `sources` are globs of the files
    that a library is built from (`sources.Sources`), empty where the default holds. `identity_upgraders` are upgraders
    that change nothing although their graphs do not show it, by name, each with the reason. `upstream` is the branch
    that a fork follows, None where the repository is none, and `reserved_versions` are those of the fork's own.
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
    fixture_formats: tuple[str, ...] = FIXTURE_FORMATS[:1]
    sources: tuple[str, ...] = ()
    identity_upgraders: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    named: tuple[NamedFile, ...] = ()
    is_gone: bool = False
    upstream: str | None = None
    reserved_versions: VersionRange | None = None
    release_tags: str | None = None
    operators: tuple[str, ...] = ()
    accepted_breaks: tuple[AcceptedBreak, ...] = ()
    unversioned_operators: tuple[str, ...] = ()

    @property
    def declared(self) -> tuple[str, ...]:
        """The files that fixtures are declared by."""
        own = (self.version_map, self.registry, *self.fixture_modules, self.upgraders, self.versions)
        return tuple(filter(None, own))

    def fixture_paths(self, stem: str) -> tuple[str, ...]:
        """Where the fixtures of that name stand, one of each format that is asked for."""
        return tuple(f"{self.fixtures}/{stem}.{one}" for one in self.fixture_formats)

    @property
    def first_file(self) -> str:
        """What a project begins with: its version map; without one its registry."""
        return self.version_map or self.registry


def read_config(snapshot: Snapshot, folder: str = "") -> Config | None:
    """The settings in a folder of `snapshot`, or the preset of PyTorch where one of PyTorch's paths is below it.

    Returns:
        None where there is neither.

    Raises:
        ConfigurationError: the settings cannot be used: an unknown key, a wrong type, a path that leaves the
            folder, settings in both files.
        UserError: as `Snapshot.read`.
    """
    path, settings = settings_in(snapshot, folder)
    if path is not None:
        # Settings that only exclude folders are those of no project.
        excluded_by(folder, path, settings)
        if settings.keys() != {"exclude"}:
            return _config(settings, folder, path, snapshot.read(path) or b"")
    if has_signs(snapshot, folder):
        return _config(PYTORCH, folder, None)
    return None


def _config(settings: Mapping[str, object], folder: str, source: str | None, text: bytes = b"") -> Config:
    table = Table(settings, f"{source}: [tool.opfixtures]" if source else "preset", folder)
    table.only(*_KEYS)
    preset = table.choice("preset", tuple(PRESETS))
    if preset is not None:
        table = Table({**PRESETS[preset], **settings}, table.where, folder)
    formats = table.choices("fixture-format", FIXTURE_FORMATS) or FIXTURE_FORMATS[:1]
    return Config(
        version_map=_version_map(table, formats),
        upgraders=table.path("upgraders"),
        registry=table.needed("registry", table.path("registry")),
        fixture_modules=table.needed("fixture-modules", table.paths("fixture-modules")),
        fixtures=table.needed("fixtures", table.path("fixtures")),
        target=table.word("target"),
        runtimes=read_runtimes(table),
        source=source,
        versions=table.path("versions"),
        mobile_upgraders=table.path("mobile-upgraders"),
        mobile_upgraders_generator=table.path("mobile-upgraders-generator"),
        waivers=_waivers(table, text),
        fixture_formats=formats,
        sources=table.words("sources"),
        identity_upgraders=_reasons(table, "identity-upgraders"),
        folder=folder,
        named=tuple(_named(settings, folder, text)) if source else (),
        upstream=table.word("upstream"),
        reserved_versions=_reserved(table),
        release_tags="" if table.values.get("release-tags") is False else table.text("release-tags"),
        operators=table.paths("operators") or (),
        accepted_breaks=_accepted_breaks(table, text),
        unversioned_operators=table.words("unversioned-operators"),
    )


def _version_map(table: Table, formats: tuple[str, ...]) -> str:
    """The path of the version map; empty where no format has a version, and there is none."""
    path = table.path("version-map")
    stamped = next((one for one in formats if one in STAMPED_FORMATS), None)
    if path is None and stamped is not None:
        raise table.error(
            "version-map is missing: name the file of operator versions, which fixtures of the format"
            f' {stamped!r} are proven by, or ask for "pt2" alone in fixture-format'
        )
    return path or ""


def _reserved(table: Table) -> VersionRange | None:
    versions = table.text("reserved-versions")
    if versions is None:
        return None
    table.needed("upstream", table.word("upstream"))
    return version_range(table, "reserved-versions", versions)


def _reasons(table: Table, key: str) -> Mapping[str, str]:
    """A table of texts, each the reason for what its key names."""
    reasons = table.table(key)
    if reasons is None:
        return {}
    return {name: reasons.needed(name, reasons.text(name)) for name in reasons.values}


def _named(settings: Mapping[str, object], folder: str, text: bytes) -> Iterator[NamedFile]:
    lines = text.decode("utf-8", "replace")
    # Without these a rule would be silent. The version map has an error of its own; fixtures come later.
    for key in FILES_BESIDE_THE_MAP:
        value = settings.get(key, [])
        for path in map(str, value if isinstance(value, list) else [value]):
            # TOML may write a path in other ways; then the first line has to do.
            at = lines.find(path, max(lines.find(key), 0))
            line, column = (
                (lines.count("\n", 0, at) + 1, at - lines.rfind("\n", 0, at)) if at > -1 else (1, 1)
            )
            yield NamedFile(key, below(folder, path), line, column)


def _waivers(table: Table, text: bytes) -> tuple[Waiver, ...]:
    waivers = table.table("waivers")
    if waivers is None:
        return ()
    from opfixtures.settings.waivers import read_waivers

    return read_waivers(waivers, text)


def _accepted_breaks(table: Table, text: bytes) -> tuple[AcceptedBreak, ...]:
    breaks = table.table("accepted-breaks")
    if breaks is None:
        return ()
    from opfixtures.settings.accepted_breaks import read_accepted_breaks

    return read_accepted_breaks(breaks, text)
