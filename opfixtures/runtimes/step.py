"""A step of what takes long, as `tell` gets it: a sentence, and how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

_SECONDS = ".seconds"
_MOST_BYTES = 32


class Step(str):
    """A sentence that knows more.

    `of` names what it is a part of, with `done` of `total` such parts; steps of one `phase` are counted together.
    `log` is a file that what runs writes to, `expected` the seconds that the same took last time, 0 where nobody knows.
    """

    phase: str
    of: str
    done: int
    total: int
    log: str | None
    expected: float

    def __new__(
        cls,
        sentence: str,
        phase: str = "",
        of: str = "",
        done: int = 0,
        total: int = 0,
        log: str | None = None,
        expected: float = 0.0,
    ) -> Step:
        """See the class."""
        self = super().__new__(cls, sentence)
        self.phase, self.of, self.done, self.total = phase, of, done, total
        self.log, self.expected = log, expected
        return self


class CountedSteps:
    """Tells the steps of a part of a phase as they are done."""

    def __init__(self, tell: Callable[[str], None], phase: str, of: str, total: int) -> None:
        self._tell, self._phase, self._of, self._total = tell, phase, of, total
        self._done = 0

    def next(self, sentence: str) -> None:
        """One more is done."""
        self._done += 1
        self._tell(Step(sentence, self._phase, self._of, self._done, self._total))


def keep_seconds(folder: str, seconds: float) -> None:
    """Note in a folder of the cache how long it took to build."""
    with open(os.path.join(folder, _SECONDS), "w", encoding="ascii") as stream:
        stream.write(f"{seconds:.1f}")


def seconds_last_time(root: str, prefix: str) -> float:
    """How long the last folder below `root` took whose name begins so; 0 where none says."""
    newest, seconds = 0.0, 0.0
    with suppress(OSError), os.scandir(root) as found:
        for one in found:
            if not one.name.startswith(prefix):
                continue
            with suppress(OSError, ValueError):
                path = os.path.join(one.path, _SECONDS)
                when = os.lstat(path).st_mtime
                if when > newest:
                    with open(path, encoding="ascii") as stream:
                        seconds = float(stream.read(_MOST_BYTES))
                    newest = when
    return seconds
