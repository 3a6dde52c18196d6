"""The readers that are fuzzed: a promise, a kept corpus, words of its language or a mutator that keeps the form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.readers import READERS
from tests.fuzz.structure import Mutator, json_mutator, lines_mutator, record_mutator, zip_mutator

CORPUS = Path(__file__).parent / "corpus"
WORDS = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Target:
    """A reader. `largest` is in bytes; `words` names a dictionary; a `mutator` keeps the form."""

    name: str
    check: Callable[[bytes], None]
    largest: int = 4096
    words: str = ""
    mutator: Mutator | None = None

    @property
    def corpus(self) -> Path:
        """The folder of what is kept: real inputs, what coverage found, and what once broke the promise."""
        return CORPUS / self.name


def _seed(name: str) -> bytes:
    """A real input of a reader."""
    return (CORPUS / name / "real").read_bytes()


def _lines(name: str) -> list[str]:
    return (WORDS / name).read_text(encoding="utf-8").split("\n")[:-1]


def target(name: str) -> Target:
    """The reader of that name."""
    check = READERS[name]
    match name:
        case "archive" | "artifact" | "program":
            return Target(name, check, 24 << 10, mutator=zip_mutator(_seed(name)))
        case "record":
            return Target(name, check, 8 << 10, mutator=record_mutator(_seed(name)))
        case "answer" | "event" | "result":
            return Target(name, check, 8 << 10, mutator=json_mutator(_seed(name)))
        case "settings":
            return Target(
                name, check, mutator=lines_mutator(_lines("settings.lines"), _lines("settings.values"))
            )
        case "pickle" | "bytecode":
            return Target(name, check, words="pickle")
        case "schema":
            return Target(name, check, 1024, words="schema")
        case "declared-cpp" | "declared-python" | "declared-yaml":
            return Target(name, check, words=name)
        case "expression":
            return Target(name, check, 256, words="python")
        case "modules" | "python-map" | "registry":
            return Target(name, check, words="python")
        case "upgraders":
            return Target(name, check, words="upgraders")
    return Target(name, check, words="cpp")
