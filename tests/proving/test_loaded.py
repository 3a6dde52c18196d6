"""What came of a fixture in a runtime, whatever should have come of it."""

from __future__ import annotations

import pytest

from opfixtures.proving.loaded import Loaded, Outcome, loaded
from opfixtures.worker.observations import NOT_REPLAYED, Replayed

ONE = {"tensor": "int8", "shape": [], "values": [1]}


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        (Replayed((None, None)), Loaded(Outcome.SAME, "", (None, None))),
        (
            Replayed((None, "1 then, 2 now"), outputs=(None, ONE)),
            Loaded(Outcome.OTHER_RESULTS, "", (None, "1 then, 2 now"), (None, ONE)),
        ),
        (
            Replayed(("raises: it is gone", "1 then, 2 now")),
            Loaded(Outcome.RAISES, "", ("raises: it is gone", "1 then, 2 now")),
        ),
        (Replayed(failure="no such operator"), Loaded(Outcome.NOT_LOADED, "no such operator")),
        (
            Replayed(failure="it ended with SIGSEGV", crashed=True),
            Loaded(Outcome.CRASHES, "it ended with SIGSEGV"),
        ),
        (NOT_REPLAYED, Loaded(Outcome.UNKNOWN)),
        (Replayed(), Loaded(Outcome.UNKNOWN, "it loads, and no recorded output is there to compare with")),
    ],
)
def test_the_first_thing_that_is_not_the_same_is_what_came_of_it(seen: Replayed, shown: Loaded) -> None:
    assert loaded({"lite": seen}) == {"lite": shown}
