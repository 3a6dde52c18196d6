"""The settings of a project as they are understood: each key with its value, and where that comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opfixtures.repository.snapshot import Snapshot
from opfixtures.settings.config import Config
from opfixtures.settings.presets import PRESETS
from opfixtures.settings.settings_table import settings_in

# What has an entry each is shown by itself, or is too long to be.
_COUNTED = ("waivers", "accepted-breaks", "identity-upgraders")
_DEFAULTS = {"target": "origin/HEAD", "release-tags": "*", "fixture-format": "ptl"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A key, its value as text or several of them, and `origin`: a file, a preset, or `default`."""

    key: str
    value: str | tuple[str, ...] | None
    origin: str


def understood(snapshot: Snapshot, config: Config) -> tuple[Setting, ...]:
    """All settings of a project but its runtimes, as `config` has them. Raises as `settings_in`."""
    path, own = settings_in(snapshot, config.folder)
    preset = own.get("preset") if path else "pytorch"
    of_preset = PRESETS.get(str(preset), {})
    return tuple(_settings(config, path, own, of_preset, str(preset)))


def _settings(
    config: Config, path: str | None, own: Mapping[str, object], of_preset: Mapping[str, object], preset: str
) -> Iterator[Setting]:
    values: dict[str, str | tuple[str, ...] | None] = {
        "preset": preset if of_preset else None,
        "version-map": config.version_map or None,
        "upgraders": config.upgraders,
        "versions": config.versions,
        "mobile-upgraders": config.mobile_upgraders,
        "mobile-upgraders-generator": config.mobile_upgraders_generator,
        "registry": config.registry,
        "fixture-modules": config.fixture_modules,
        "fixtures": config.fixtures,
        "fixture-format": config.fixture_formats,
        "operators": config.operators,
        "unversioned-operators": config.unversioned_operators,
        "target": config.target,
        "upstream": config.upstream,
        "reserved-versions": None if config.reserved_versions is None else str(own.get("reserved-versions")),
        "release-tags": "none" if config.release_tags == "" else config.release_tags,
        "sources": config.sources,
        "identity-upgraders": tuple(config.identity_upgraders),
        "waivers": tuple(one.key for one in config.waivers),
        "accepted-breaks": tuple(one.operator for one in config.accepted_breaks),
    }
    for key, value in values.items():
        if key in own and path is not None:
            yield Setting(key, value, path)
        elif key in of_preset or (key == "preset" and value):
            yield Setting(key, value, f"preset {preset}")
        else:
            yield Setting(key, value or _DEFAULTS.get(key), "default")
