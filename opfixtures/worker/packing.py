"""The worker as one file that every Python of a runtime starts."""

from __future__ import annotations

import io
import os
import zipfile

PACKAGE = "opfixtures_worker"
"""What the worker is called where it runs: nothing of torch or of a library has that name."""
_INSIDE = os.path.join(os.path.dirname(__file__), "inside")
_MAIN = f"from {PACKAGE}.__main__ import main\n\nmain()\n"


def worker_files() -> dict[str, str]:
    """The worker's files by their names in the archive."""
    files = {"__main__.py": _MAIN}
    for name in sorted(os.listdir(_INSIDE)):
        if name.endswith(".py"):
            with open(os.path.join(_INSIDE, name), encoding="utf-8") as stream:
                files[f"{PACKAGE}/{name}"] = stream.read()
    return files


def packed_worker() -> bytes:
    """The zip archive with the worker's files, the same bytes each time.

    The files are stored as they are, which every Python reads: zipimport needs zlib for the rest, and knows no other.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, text in worker_files().items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return packed.getvalue()
