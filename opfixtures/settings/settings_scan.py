"""The paths in a project's settings, found without a TOML parser.

More than the settings name, never less; where that is not certain, `UncertainError`. What the settings mean
is for `config` to say: this is the hook's first look, and it imports nothing.
"""

from opfixtures.settings.presets import PYTORCH_MAP, PYTORCH_MODULES, PYTORCH_OPERATORS, PYTORCH_PATHS

OWN_FILE = ".opfixtures.toml"
SHARED_FILE = "pyproject.toml"
ASKED_FOR = (
    OWN_FILE,
    SHARED_FILE,
    *(path for key, path in PYTORCH_PATHS.items() if key != "fixtures"),
    *PYTORCH_MODULES,
)
"""What every check asks for in a folder."""
FILES_BESIDE_THE_MAP = (
    "registry",
    "fixture-modules",
    "upgraders",
    "versions",
    "mobile-upgraders",
    "mobile-upgraders-generator",
)
"""The keys of single files, and of lists of them, but for the version map."""


class UncertainError(Exception):
    """Only the whole check can tell."""


def below(folder: str, path: str) -> str:
    """The path from the repository's root of what stands at `path` in a folder; "" is the root."""
    return f"{folder}/{path}" if folder else path


def folders_above(path: str) -> list[str]:
    """The folders that a path leads through, outer ones first; the root is none."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


class Scan:
    """What makes a folder a project, if something does, by paths from the repository's root.

    `required` are files that have to be there: a check complains of one that is not. `watched` are all that a check
    could read, and some more; `globs` are of files that declare operators. `excluded` are folders in which nothing is a
    project.
    """

    def __init__(self, folder: str, texts: list[str], pytorch: bool) -> None:
        """`texts` are those of the settings files in `folder`; `pytorch`: one of PyTorch's paths is below it.

        Raises UncertainError.
        """
        found = [lines for text in texts if (lines := _settings(text))]
        if len(found) > 1:
            raise UncertainError
        lines = found[0] if found else []
        values = _values(lines)
        excluded = values.pop("exclude", [])
        by_settings = bool(values) or any(map(_is_heading, lines[1:]))
        # A module to import has the name of a folder, often of the one that every commit touches.
        named = [
            text
            for line in lines
            if not (line.startswith("import") or _is_prose(line))
            for text in _strings(line)
        ]
        # What another key names is read, whatever the folders are that no project is in.
        read = {text for texts in values.values() for text in texts}
        only_excluded = set(excluded) - read
        named = [text for text in named if text not in only_excluded]
        required = [path for key in ("version-map", *FILES_BESIDE_THE_MAP) for path in values.get(key, [])]
        if "preset" in values or (pytorch and not by_settings):
            required += [] if "version-map" in values else [PYTORCH_MAP]
            named += (*PYTORCH_PATHS.values(), *PYTORCH_MODULES, PYTORCH_OPERATORS)
        elif by_settings and not _has_one_map(values):
            raise UncertainError
        if any(map(_has_wildcards, excluded)):
            raise UncertainError
        self.folder = folder
        self.is_project = by_settings or pytorch
        self.excluded = [below(folder, path) for path in excluded]
        self.required = [below(folder, path) for path in required]
        self.watched = [below(folder, path) for path in named if _is_path(path)]
        declaring = filter(_is_path, values.get("operators", []))
        self.globs = [below(folder, path) for path in declaring if _has_wildcards(path)]


def _has_wildcards(path: str) -> bool:
    return "*" in path or "?" in path


def _has_one_map(values: dict[str, list[str]]) -> bool:
    """Whether the settings name one version map, or none where `.pt2` has no versions, and there are guards alone."""
    maps = values.get("version-map")
    return values.get("fixture-format") == ["pt2"] if maps is None else len(maps) == 1


def _settings(text: str) -> list[str]:
    """The lines of the tables `[tool.opfixtures...]` in a TOML file, their headings included."""
    if "opfixtures" not in text:
        return []
    settings = []
    inside = False
    for line in map(str.strip, text.split("\n")):
        if _is_heading(line):
            inside = line.startswith(("[tool.opfixtures", "[[tool.opfixtures"))
        if inside and not line.startswith("#"):
            settings.append(line)
            if _is_unclear(line):
                raise UncertainError
        elif "opfixtures" in line and not _only_mentions_it(line):
            raise UncertainError
    return settings


def _is_unclear(line: str) -> bool:
    """Whether a line may mean something else than it looks like: a string that does not end at the next `"`, or one
    that git spells otherwise."""
    outside = "".join(line.split('"')[::2])
    return (
        "'" in outside
        or "\\" in line
        or '"""' in line
        or "\0" in line
        or not (line.isascii() or _is_prose(line))
    )


def _is_prose(line: str) -> bool:
    """Whether it is why something is waived, accepted or altered: no path."""
    return line.partition("=")[0].strip() == "reason"


def _is_heading(line: str) -> bool:
    return line.startswith("[") and line.strip("[ ")[:1].isalpha()


def _only_mentions_it(line: str) -> bool:
    """Whether the line, outside the settings, cannot be settings in another form: a comment, a requirement in
    a list, or a value of a key that is not `tool`."""
    key, equals, _ = line.partition("=")
    requirement = line.count('"') == 2 and line.startswith('"') and line.endswith(('"', '",'))
    return (
        line.startswith("#") or requirement or bool(equals and "opfixtures" not in key and "tool" not in key)
    )


def _values(lines: list[str]) -> dict[str, list[str]]:
    """The strings of each key in the table `[tool.opfixtures]` itself."""
    values: dict[str, list[str]] = {}
    key, depth = "", 0
    for number, line in enumerate(lines):
        if _is_heading(line):
            if number and depth == 0:
                break
            continue
        if depth == 0 and line:
            key, equals, _ = line.partition("=")
            key = key.strip()
            if not equals or not key.replace("-", "").isalpha() or key in values:
                raise UncertainError
        strings = _strings(line)
        values.setdefault(key, []).extend(strings)
        outside = "".join(line.split('"')[::2]).partition("#")[0]
        depth += outside.count("[") - outside.count("]")
    return values


def _strings(line: str) -> list[str]:
    return line.split('"')[1::2]


def _is_path(text: str) -> bool:
    """Whether the settings could hold `text` as a path. Others would stop git or mean the whole tree."""
    return not {"", ".", ".."}.intersection(text.split("/"))
