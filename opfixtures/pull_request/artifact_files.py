"""The files of a result artifact, which is hostile: a zip as GitHub hands it out, or the folder it was unpacked to.

Their names are known beforehand, so none can lead anywhere, and no limit is near what a real change needs.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice

from opfixtures.archives.hostile_zip import Limits, ZipError, zip_members
from opfixtures.errors import UserError
from opfixtures.settings.fixture_formats import FIXTURE_FORMATS

RESULT, PATCH, FIXTURES = "result.json", "fixtures.patch", "fixtures"
# For people who download the artifact. Nobody here reads it.
PAGE = "status.html"
MAX_PACKED = 64 << 20
MAX_BYTES = 128 << 20
MAX_FILES = 10_000
# Deflate packs at most 1032 to 1. Long runs of one recorded number pack well, so what is small may.
MAX_RATIO, FREE_OF_RATIO = 100, 1 << 20
_FIXTURE = re.compile(
    rf"fixtures/[A-Za-z0-9_][A-Za-z0-9_.-]{{0,200}}\.({'|'.join(FIXTURE_FORMATS)})(\.json)?"
)


class ArtifactError(UserError):
    """Not a result artifact as the Action writes one: one sentence that says why."""


def read_files(path: str) -> dict[str, bytes]:
    """The files by name, with `/` between parts. Raises ArtifactError, and OSError where `path` cannot be read."""
    mode = os.lstat(path).st_mode
    try:
        if stat.S_ISDIR(mode):
            return _of_folder(path)
        if not stat.S_ISREG(mode):
            raise ZipError(f"{path} is neither a file nor a folder")
        with open(path, "rb") as stream:
            return _of_zip(stream.read(MAX_PACKED + 1))
    except ZipError as error:
        raise ArtifactError(f"the artifact is refused: {error}") from error


def _of_zip(data: bytes) -> dict[str, bytes]:
    files = zip_members(data, Limits(MAX_PACKED, MAX_BYTES, MAX_FILES), _check_members)
    # Some programs write the folder as a member, which has no content.
    return {name: one for name, one in files.items() if (one or name != f"{FIXTURES}/") and name != PAGE}


def _check_members(members: Sequence[zipfile.ZipInfo]) -> None:
    for member in members:
        if member.filename == f"{FIXTURES}/" and not member.file_size:
            continue
        _check_name(member.orig_filename)
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise ZipError(f"{member.filename} is a link, or no file at all")
        if member.file_size > FREE_OF_RATIO and member.file_size > MAX_RATIO * member.compress_size:
            raise ZipError(f"{member.filename} unpacks to more than {MAX_RATIO} times its size")


def _of_folder(path: str) -> dict[str, bytes]:
    sizes = {name: size for name, size in _listed(path) if name != PAGE}
    _check_total(size for size in sizes.values())
    files = {}
    for name, size in sizes.items():
        with open(os.path.join(path, name), "rb") as stream:
            files[name] = stream.read(size)
    return files


def _listed(path: str) -> Iterator[tuple[str, int]]:
    """The names and sizes of what lies in a folder. No link is followed."""
    entries = [("", entry) for entry in _entries(path)]
    if any(entry.name == FIXTURES and entry.is_dir(follow_symlinks=False) for _, entry in entries):
        entries = [one for one in entries if one[1].name != FIXTURES]
        entries += [(f"{FIXTURES}/", entry) for entry in _entries(os.path.join(path, FIXTURES))]
    for folder, entry in entries:
        name = folder + entry.name
        _check_name(name)
        if not entry.is_file(follow_symlinks=False):
            raise ZipError(f"{name} is a link, or no file at all")
        yield name, entry.stat(follow_symlinks=False).st_size


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        entries = list(islice(found, MAX_FILES + 1))
    if len(entries) > MAX_FILES:
        raise ZipError(f"it has more than {MAX_FILES} files")
    return entries


def _check_name(name: str) -> None:
    if name not in (RESULT, PATCH, PAGE) and not _FIXTURE.fullmatch(name):
        raise ZipError(f"it has a file {name[:80]!r}, which no result artifact has")


def _check_total(sizes: Iterator[int]) -> None:
    if sum(sizes) > MAX_BYTES:
        raise ZipError(f"it unpacks to more than {MAX_BYTES >> 20} MiB")
