"""What is looked at without torch: what is no file is refused by itself, and so is what is too much for one run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.place import Place
from opfixtures.making.plan import FoundFixture, unread
from opfixtures.proving.result import FixtureResult, Status
from opfixtures.proving.verify import MOST_TOGETHER, SoundFixture, look_at_all
from opfixtures.repository.snapshot import NotAFileError, TooLargeError, UnfitFileError

EACH = 15 << 20


def owner(number: int) -> Owner:
    return Owner(FixtureEntry("ScaleV3", "tiny::scale", Place("registry.py", 1, 1)), f"{number}.ptl")


def test_archives_are_looked_at_until_they_are_too_much(zipped: Callable[..., bytes]) -> None:
    large = zipped({"m/version": b"3\n", "m/data/0": bytes(EACH)})
    small = zipped({"m/version": b"3\n"})
    count = MOST_TOGETHER // EACH
    found = [FoundFixture(owner(number), large, None) for number in range(count + 1)]

    *looked_at, refused, last = look_at_all([*found, FoundFixture(owner(99), small, None)])

    assert len(looked_at) == count
    assert all(isinstance(one, SoundFixture) for one in (*looked_at, last))
    assert isinstance(refused, FixtureResult)
    assert (refused.status, refused.fixture) == (Status.REFUSED, f"{count}.ptl")
    assert refused.reason == (
        f"the archives of a run unpack to more than 128 MiB together: name some, `opfixtures verify {count}.ptl`"
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            NotAFileError("a.ptl", "the work tree", "a symbolic link", target="/dev/zero"),
            "a.ptl is a symbolic link in the work tree, to /dev/zero: put the file itself there, as a run made it",
        ),
        (
            TooLargeError("a.ptl", "the work tree", 16 << 20),
            "a.ptl in the work tree is larger than 16 MiB: put the file itself there, as a run made it",
        ),
    ],
)
def test_what_was_not_read_is_refused_by_itself(error: UnfitFileError, reason: str) -> None:
    (result,) = look_at_all([unread(owner(1), error)])

    assert isinstance(result, FixtureResult)
    assert (result.status, result.reason) == (Status.REFUSED, reason)
