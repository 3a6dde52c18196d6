"""Exported programs as torch wrote them (`programs/<release>.pt2`), and the same with something else in them.

Each is of the module in `programs/README.md`, exported by that release.
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "programs"
RELEASES = ("2.1.2", "2.4.1", "2.5.1", "2.7.1", "2.9.1", "2.13.0")
OLD, NEW = "2.7.1", "2.13.0"
PROGRAMS = {OLD: "serialized_exported_program.json", NEW: "model/models/model.json"}


def program(release: str) -> bytes:
    """The archive of a release."""
    return (FOLDER / f"{release}.pt2").read_bytes()


def members_of(data: bytes) -> dict[str, bytes]:
    """Its members by name, the root folder of the new layout called `model`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {one: one for one in archive.namelist()}
        if PROGRAMS[OLD] not in names:
            names = {one: "model/" + one.partition("/")[2] for one in names}
        return {name: archive.read(one) for one, name in names.items()}


def zipped(members: Mapping[str, bytes]) -> bytes:
    """An archive of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()


def with_members(release: str, members: Mapping[str, bytes]) -> bytes:
    """The archive of a release with other members, or more of them."""
    return zipped({**members_of(program(release)), **members})


def edited(release: str, edit: Callable[[Any], object]) -> bytes:
    """The archive of a release with its program edited."""
    root = json.loads(members_of(program(release))[PROGRAMS[release]])
    edit(root)
    return with_members(release, {PROGRAMS[release]: json.dumps(root).encode()})


def torch_file(pickled: bytes) -> bytes:
    """What torch.save writes, with another pickle in it."""
    return zipped({"archive/data.pkl": pickled, "archive/version": b"3\n", "archive/byteorder": b"little"})


class Calling:
    """Something whose pickle calls a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._call


def calling(function: Callable[..., Any], *arguments: Any) -> bytes:
    """What torch.save writes of a dict with such a thing in it."""
    return torch_file(pickle.dumps({"w": Calling(function, *arguments)}, protocol=2))
