"""A settings file as text: whatever stands in its place, it is read or there is one error that says why not."""

from __future__ import annotations

import posixpath
import re

from opfixtures.errors import ConfigurationError, GitError, UserError
from opfixtures.repository.snapshot import NotAFileError, Snapshot
from opfixtures.settings.settings_scan import OWN_FILE

LARGEST = 1 << 18
"""The most bytes of a settings file: a reader of TOML in Python takes long for more. PyTorch's has 12 KiB."""
# tomllib takes quadratic time for the parts of a key.
_MOST_PARTS = 16
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = rf"(?<![A-Za-z0-9_-])(?:{_PART}[ \t]*+\.[ \t]*+){{{_MOST_PARTS}}}"
_CONFLICT = "(?m)^(?:<{7}|>{7}) "
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_NAMES = tuple("opfixtures".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def read_settings(snapshot: Snapshot, path: str) -> bytes | None:
    """The bytes of the file at `path` in a snapshot, if they may hold settings; None where they cannot.

    Raises:
        ConfigurationError: something else than a file stands there.
        UserError: as `Snapshot.read`.
    """
    try:
        source = snapshot.read(path)
    except NotAFileError as error:
        if not is_own(path) and _is_foreign(snapshot, path, error.target):
            return None
        raise ConfigurationError(
            f"{error.said}: put a file there, settings are read from nothing else"
        ) from error
    # Every Python project has a pyproject.toml; tomllib costs as much as a bare interpreter.
    return source if source is not None and (is_own(path) or _names_us(source)) else None


def is_own(path: str) -> bool:
    """Whether a file of that name holds nothing but our settings."""
    return posixpath.basename(path) == OWN_FILE


def _is_foreign(snapshot: Snapshot, path: str, target: str) -> bool:
    """Whether a link leads to a file of the snapshot that has no settings in it."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if not target or place.startswith(("/", "..")):
        return False
    try:
        source = snapshot.read(place)
    except GitError:
        raise
    except UserError:
        return False
    return source is not None and not _names_us(source)


def _names_us(source: bytes) -> bool:
    return any(name in source for name in _NAMES)


def decode_settings(path: str, source: bytes) -> str:
    """The text of a settings file, fit for a reader of TOML.

    Raises:
        ConfigurationError: it is not UTF-8, or larger than such a reader should be given.
    """
    if len(source) > LARGEST:
        raise ConfigurationError(f"{path} is larger than {LARGEST >> 10} KiB: keep settings alone in it")
    if source.startswith(_UTF_16) or any(name in source for name in _NAMES[1:]):
        raise ConfigurationError(f"{path} is UTF-16: save it as UTF-8")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        what = f"{path} is not UTF-8 at byte {error.start}, in line {line}"
        raise ConfigurationError(f"{what}: save it as UTF-8") from error
    for pattern, what in (
        (_CONFLICT, "a merge conflict begins or ends here: resolve it"),
        (_LONG_KEY, f"this key has more than {_MOST_PARTS} parts: write a shorter one"),
    ):
        if found := re.search(pattern, text):
            line = text.count("\n", 0, found.start()) + 1
            raise ConfigurationError(f"{path}:{line}: {what}")
    return text
