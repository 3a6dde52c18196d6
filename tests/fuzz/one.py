"""Fuzzes one reader with atheris, until libFuzzer ends the process: `python -m tests.fuzz.one READER [OPTION...]`."""

from __future__ import annotations

import random
import sys
import warnings

import atheris

with atheris.instrument_imports(include=["opfixtures"]):
    from tests.fuzz.targets import Target, target


def fuzz(fuzzed: Target, options: list[str]) -> None:
    """Does not return."""
    mutator = fuzzed.mutator
    if mutator is None:
        atheris.Setup([sys.argv[0], *options], fuzzed.check)
    else:

        def mutated(data: bytes, largest: int, seed: int) -> bytes:
            found = mutator(data, random.Random(seed), lambda part: atheris.Mutate(part, len(part) + 64))
            return found if len(found) <= largest else atheris.Mutate(data, largest)

        atheris.Setup([sys.argv[0], *options], fuzzed.check, custom_mutator=mutated)
    # What Python says of a source is its author's business.
    warnings.simplefilter("ignore")
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(target(sys.argv[1]), sys.argv[2:])
