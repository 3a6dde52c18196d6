"""What a command says on standard error: passed on as it comes, and its last sentence kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import IO

_PART, _MOST, _SECONDS = 1 << 16, 1 << 16, 10.0
_ERROR = "opfixtures: error: "


class Overheard:
    """The end of what was said."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self.said = b""

    @property
    def error(self) -> str | None:
        """The error that a command of ours ended with; None where it named none."""
        lines = self.said.decode("utf-8", "backslashreplace").splitlines()
        errors = [line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)]
        return errors[-1] if errors else None


@contextmanager
def overhearing() -> Iterator[tuple[IO[bytes], Overheard]]:
    """A stream for a command's standard error, and what was said there once this is left."""
    heard = Overheard()
    read, write = os.pipe()
    with os.fdopen(read, "rb", buffering=0) as source:
        listener = Thread(target=_pass_on, args=(source, heard), daemon=True)
        listener.start()
        try:
            with os.fdopen(write, "wb", buffering=0) as stream:
                yield stream, heard
        finally:
            # Whoever got away with the stream may hold it for ever.
            listener.join(_SECONDS)


def _pass_on(source: IO[bytes], heard: Overheard) -> None:
    while part := source.read(_PART):
        heard.said = (heard.said + part)[-_MOST:]
        sys.stderr.write(part.decode("utf-8", "backslashreplace"))
        sys.stderr.flush()
