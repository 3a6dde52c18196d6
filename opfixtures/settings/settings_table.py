"""Where settings are found in a tree: the file in a folder, and its table. What they mean is for `config` to say."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from opfixtures.errors import ConfigurationError
from opfixtures.repository.snapshot import Snapshot
from opfixtures.settings.config_table import Table, parse_toml
from opfixtures.settings.presets import PYTORCH_MAP, SIGNS_OF_PYTORCH
from opfixtures.settings.settings_file import is_own, read_settings
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, below


def has_signs(snapshot: Snapshot, folder: str) -> bool:
    """Whether a folder is a tree with PyTorch's paths."""
    signs = (PYTORCH_MAP,) if folder else SIGNS_OF_PYTORCH
    return any(snapshot.has(below(folder, sign)) for sign in signs)


def settings_in(
    snapshot: Snapshot, folder: str, names: Collection[str] = (OWN_FILE, SHARED_FILE)
) -> tuple[str | None, Mapping[str, object]]:
    """The path of the file in a folder that has settings, and these, unchecked; None and none where there are none.

    Files of other `names` are not looked at.

    Raises:
        ConfigurationError: both files have settings, one is not TOML, or as `read_settings`.
        UserError: as `Snapshot.read`.
    """
    paths = (below(folder, name) for name in (OWN_FILE, SHARED_FILE) if name in names)
    found = [(path, settings) for path in paths if (settings := _settings(snapshot, path))]
    if len(found) > 1:
        raise ConfigurationError(
            f"{found[0][0]} and {found[1][0]} both have [tool.opfixtures]: keep one of them"
        )
    return found[0] if found else (None, {})


def excluded_by(folder: str, path: str | None, settings: Mapping[str, object]) -> tuple[str, ...]:
    """The folders below which nothing is a project, as the settings in `folder` have it. Raises ConfigurationError."""
    table = Table(settings, f"{path}: [tool.opfixtures]", folder)
    excluded = table.paths("exclude") or ()
    pattern = next((one for one in excluded if not {"*", "?"}.isdisjoint(one)), None)
    if pattern is not None:
        raise table.error(f"exclude takes the names of folders and no patterns, not {pattern[:80]!r}")
    return excluded


def _settings(snapshot: Snapshot, path: str) -> Mapping[str, object] | None:
    source = read_settings(snapshot, path)
    if source is None:
        return None
    root = Table(parse_toml(path, source), path)
    tools = root.table("tool") or Table({}, path)
    settings = tools.table("opfixtures")
    if is_own(path):
        tools.only("opfixtures")
        if settings is None:
            raise ConfigurationError(f"{path} has no settings: put them under the heading [tool.opfixtures]")
        root.only("tool")
    return settings.values if settings else None
