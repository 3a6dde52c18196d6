"""Values out of a TOML table: each is what it should be, or a ConfigurationError says why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from opfixtures.errors import ConfigurationError
from opfixtures.settings.settings_file import decode_settings
from opfixtures.settings.settings_scan import below

Choice = TypeVar("Choice", bound=str)
Value = TypeVar("Value")
_LONGEST_NAME = 60


def parse_toml(path: str, source: bytes) -> Mapping[str, object]:
    """The root table of the TOML file at `path`.

    Raises:
        ConfigurationError: it is not TOML, or as `decode_settings`.
    """
    import tomllib

    text = decode_settings(path, source)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from error
    except ValueError as error:
        # Python reads no decimal integer of more digits (https://docs.python.org/3/library/stdtypes.html#int-max-str).
        raise ConfigurationError(
            f"{path} holds an integer of thousands of digits: write a shorter one"
        ) from error
    except RecursionError as error:
        raise ConfigurationError(f"{path} is nested too deeply to be read") from error


class Table:
    """A TOML table and where it stands. What is not there is None; what is there and wrong raises
    ConfigurationError, in every method.

    `folder` is that of the settings file, from the repository's root; empty for the root itself."""

    def __init__(self, values: Mapping[str, object], where: str, folder: str = "") -> None:
        self.values = values
        self.where = where
        self.folder = folder

    def error(self, sentence: str) -> ConfigurationError:
        """An error that says where the table stands."""
        return ConfigurationError(f"{self.where}: {sentence}")

    def needed(self, key: str, value: Value | None) -> Value:
        """The value at `key`. Raises ConfigurationError if there is none."""
        if value is None:
            raise self.error(f"{key[:80]} is missing: add it")
        return value

    def only(self, *known: str) -> None:
        """Refuse keys other than `known`, and name the nearest of these."""
        unknown = next((key for key in self.values if key not in known), None)
        if unknown is None:
            return
        import difflib

        nearest = difflib.get_close_matches(unknown[:80], known, n=1, cutoff=0)
        raise self.error(f"unknown key {unknown[:80]!r}, the nearest known one is {nearest[0]!r}")

    def text(self, key: str) -> str | None:
        """A string that is not empty and can be shown on one line."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value or not value.isprintable():
            raise self.error(f"{key[:80]} must be a string, not empty and without control characters")
        return value

    def word(self, key: str) -> str | None:
        """A string that a command takes as one argument and never as an option."""
        value = self.text(key)
        if value is not None and (value.startswith("-") or " " in value):
            raise self.error(f"{key} must be one word that does not begin with '-', not {value[:80]!r}")
        return value

    def check_name(self, name: str) -> None:
        """Refuse a name that an artifact of a workflow cannot have after its own."""
        if len(name) > _LONGEST_NAME or not all(
            one.isascii() and (one.isalnum() or one in "._+-") for one in name
        ):
            wanted = f"up to {_LONGEST_NAME} letters, digits, '.', '_', '+' and '-'"
            raise self.error(f"name must be {wanted}, not {name[:80]!r}")

    def words(self, key: str) -> tuple[str, ...]:
        """Strings that can be shown on one line; () where there are none."""
        value = self.values.get(key, [])
        if not _is_texts(value) or not all(text.isprintable() for text in cast(list[str], value)):
            raise self.error(f"{key} must be a list of strings")
        return tuple(cast(list[str], value))

    def number(self, key: str) -> int | None:
        """A positive integer of 31 bits."""
        value = self.values.get(key)
        if value is None:
            return None
        # The value itself may be too long to be shown.
        if not isinstance(value, int) or isinstance(value, bool) or value not in range(1, 1 << 31):
            raise self.error(f"{key} must be a positive integer below {1 << 31}")
        return value

    def choice(self, key: str, known: tuple[Choice, ...]) -> Choice | None:
        """One of `known`."""
        value = self.text(key)
        if value is None:
            return None
        found = next((one for one in known if one == value), None)
        if found is None:
            raise self.error(f"{key} is {value[:80]!r}, known is {' and '.join(map(repr, known))}")
        return found

    def choices(self, key: str, known: tuple[Choice, ...]) -> tuple[Choice, ...] | None:
        """One of `known`, or a list of some of them, each once."""
        value = self.values.get(key)
        if not isinstance(value, list):
            one = self.choice(key, known)
            return None if one is None else (one,)
        found = tuple(one for word in value for one in known if one == word)
        if not found or len(set(found)) != len(value):
            raise self.error(
                f"{key} is {str(value)[:80]}, known are {' and '.join(map(repr, known))}, each once"
            )
        return found

    def path(self, key: str) -> str | None:
        """A path below the folder of the settings; given from the repository's root."""
        value = self.text(key)
        return None if value is None else self._inside(key, value)

    def paths(self, key: str) -> tuple[str, ...] | None:
        """Paths below the folder of the settings, at least one; given from the repository's root."""
        value = self.values.get(key)
        if value is None:
            return None
        if not _is_texts(value) or not value:
            raise self.error(f'{key} must be a list of paths, such as ["test/fixtures_src.py"]')
        return tuple(self._inside(key, path) for path in cast(list[str], value))

    def commands(self, key: str) -> tuple[tuple[str, ...], ...]:
        """Commands as lists of arguments; () where there are none."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(_is_texts(command) and command for command in value):
            raise self.error(f'{key} must be a list of argument lists, such as [["pip", "install", "."]]')
        return tuple(map(tuple, value))

    def table(self, key: str) -> Table | None:
        """The table under `key`."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(f"{key[:80]} must be a table")
        return Table(value, f"{self.where}: [{key[:80]}]", self.folder)

    def tables(self, key: str) -> list[Table]:
        """The list of tables under `key`; empty where there is none."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.error(f"{key} must be a list of tables, each under [[tool.opfixtures.{key}]]")
        return [Table(one, f"{self.where}: {key} {count}", self.folder) for count, one in enumerate(value, 1)]

    def _inside(self, key: str, path: str) -> str:
        parts = path.split("/")
        wrong = {"", ".", ".."}.intersection(parts) or ".git" in path.lower().split("/")
        if wrong or "\\" in path or not path.isprintable():
            raise self.error(
                f"{key} must be a path from the folder of the settings, with '/' and without '..', not {path[:80]!r}"
            )
        return below(self.folder, path)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and "\0" not in text for text in value)
