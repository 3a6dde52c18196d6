"""The paths in a repository's settings, found without a TOML parser.

More than the settings name, never less; where that is not certain, `UncertainError`. What the settings mean
is for `config` to say: this is the hook's first look, and it imports nothing.
"""

import os

from opfixtures.presets import PYTORCH_MODULES, PYTORCH_PATHS

OWN_FILE = ".opfixtures.toml"
SHARED_FILE = "pyproject.toml"


class UncertainError(Exception):
    """Only the whole check can tell."""


def paths_to_watch(root: str) -> list[str]:
    """Every path that a check of the work tree at `root` could read, and some more.

    Raises:
        UncertainError: that is not certain, or the version map is not there: a check complains of that.
        OSError, UnicodeDecodeError: the settings cannot be read.
    """
    settings = _settings(f"{root}/{OWN_FILE}") + _settings(f"{root}/{SHARED_FILE}")
    maps = [text for line in settings if line.startswith("version-map") for text in _strings(line)]
    if not maps and (not settings or any(line.startswith("preset") for line in settings)):
        maps = [PYTORCH_PATHS["version-map"]]
    if len(maps) != 1 or not os.path.isfile(f"{root}/{maps[0]}"):
        raise UncertainError
    # A module to import has the name of a folder, often of the one that every commit touches.
    named = [text for line in settings if not line.startswith("import") for text in _strings(line)]
    return [OWN_FILE, SHARED_FILE, *PYTORCH_PATHS.values(), *PYTORCH_MODULES, *filter(_is_path, named)]


def _settings(path: str) -> list[str]:
    """The lines of the tables `[tool.opfixtures...]` in a TOML file that need not be there."""
    if not os.path.lexists(path):
        return []
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if "opfixtures" not in text:
        return []
    settings = []
    inside = False
    for line in map(str.strip, text.split("\n")):
        if line.startswith("[") and line.strip("[ ")[:1].isalpha():
            inside = line.startswith(("[tool.opfixtures", "[[tool.opfixtures"))
        if inside and not line.startswith("#"):
            settings.append(line)
            if not line.isascii() or "'" in line or "\\" in line or '"""' in line:
                raise UncertainError
        elif "opfixtures" in line and not _only_mentions_it(line):
            raise UncertainError
    return settings


def _only_mentions_it(line: str) -> bool:
    """Whether the line, outside the settings, cannot be settings in another form: a comment, a requirement in
    a list, or a value of a key that is not `tool`."""
    key, equals, _ = line.partition("=")
    requirement = line.count('"') == 2 and line.startswith('"') and line.endswith(('"', '",'))
    return (
        line.startswith("#") or requirement or bool(equals and "opfixtures" not in key and "tool" not in key)
    )


def _strings(line: str) -> list[str]:
    return line.split('"')[1::2]


def _is_path(text: str) -> bool:
    """Whether the settings could hold `text` as a path. Others would stop git or mean the whole tree."""
    return not {"", ".", ".."}.intersection(text.split("/"))
