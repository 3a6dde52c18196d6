"""A release that breaks old files on purpose, and says so: its fixtures have to fail in just that way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.test_library import report
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
SAID = 'release = "tinyops 2.0", reason = "it rounds no more"'
SENTENCE = "from tinyops 2.0 on {}: it rounds no more (pyproject.toml says so)"
HALVE = "return torch.floor_divide(x, 2)"


@pytest.fixture
def made(library: GitRepository, run_long: RunLong) -> GitRepository:
    """The library with its fixtures, committed: target has no accepted break."""
    assert run_long(library, "generate").status == 0
    library.git("add", "--all")
    library.commit("tinyops 2.0")
    return library


def accept(library: GitRepository, how: str, operator: str = "tinyops::halve") -> None:
    library.write("accepted", "")
    settings = library.read("pyproject.toml").partition("\n[tool.opfixtures.accepted-breaks]")[0]
    broken = f'"{operator}" = {{ how = {how}, {SAID} }}'
    library.write("pyproject.toml", f"{settings}\n[tool.opfixtures.accepted-breaks]\n{broken}\n")


def halve_row(library: GitRepository, ran: Ran, path: Path) -> dict[str, Any]:
    row = report(path)["tinyops::halve"]
    assert ran.status == int(row["status"] not in ("verified", "accepted")), ran.out
    return row


WAYS = {
    "other results": ('"other results"', "return x * 0.5"),
    "raises": ('{ raises = "halves no more" }', "torch._assert(False, 'halves no more')\n    return x"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_fixture_that_breaks_as_accepted_is_accepted_and_in_another_way_is_not(
    made: GitRepository, run_long: RunLong, tmp_path: Path, way: str
) -> None:
    written, body = WAYS[way]
    made.replace("tinyops/upgraders.py", HALVE, body)
    accept(made, written)
    ran = run_long(made, "verify", "--report", str(tmp_path / "r.json"))
    row = halve_row(made, ran, tmp_path / "r.json")
    print(ran.out)
    assert row["status"] == "accepted"
