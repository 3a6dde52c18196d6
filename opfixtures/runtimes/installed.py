"""What was installed into an environment: which version of a package, and the hash of its files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions

from opfixtures.errors import RuntimeUnavailable
from opfixtures.records.record import RecordedPackage

# Installers write these beside what a wheel brings, and list them in RECORD, which so is another than the wheel's own:
# https://packaging.python.org/en/latest/specifications/recording-installed-packages/
_OF_INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")


def installed_package(folder: str, name: str) -> RecordedPackage:
    """The package of that name, whose files are in `folder` with those of other packages.

    Its `sha256` is that of the list of its files which `sha256sum` writes where the wheel is unpacked: for each a line
    of hash, two spaces and path, in the order of the paths. What an installer adds is left out, and so is what it puts
    elsewhere: scripts name their environment.

    Raises RuntimeUnavailable if it is not there, or cannot be read.
    """
    found = next(iter(distributions(name=name, path=[folder])), None)
    if found is None:
        raise RuntimeUnavailable(
            f"{name} was installed, and {folder} has nothing of that name: name another version"
        )
    try:
        lines = sorted(_lines(found, folder), key=lambda line: line[64:])
    except OSError as error:
        raise RuntimeUnavailable(f"{name} cannot be read: {error.filename}: {error.strerror}") from error
    listed = "".join(lines).encode("utf-8", "surrogateescape")
    return RecordedPackage(name, found.version, hashlib.sha256(listed).hexdigest())


def _lines(package: Distribution, folder: str) -> Iterator[str]:
    for path in package.files or ():
        name = os.path.normpath(path)
        is_elsewhere = os.path.isabs(name) or name.split(os.sep)[0] == os.pardir
        is_of_installer = path.parent.suffix == ".dist-info" and path.name in _OF_INSTALLERS
        if is_elsewhere or is_of_installer or path.suffix == ".pyc":
            continue
        with open(os.path.join(folder, name), "rb") as stream:
            yield f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {name}\n"
