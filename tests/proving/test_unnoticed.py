"""What is asked of a fixture that would pass without its upgrader: the arguments that changed, by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archives.formats import JIT
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving.result import Answer, Fact, Facts, LoaderFacts, Status
from opfixtures.proving.unnoticed import unnoticed
from opfixtures.proving.verdicts import Evidence, verdicts

NOTHING = "nothing would notice a missing upgrader: "
STORED = " (TorchScript stores no trailing argument that equals its default)"
ANY = (
    f"{NOTHING}leave out the arguments whose default changed or is gone, and pass all others that changed, with values "
    f"other than their defaults{STORED}"
)
THEN = "mylib::scale(Tensor x, float factor=2.0, int n=1, bool flag=False) -> Tensor"


@pytest.mark.parametrize(
    ("now", "asked"),
    [
        (
            "mylib::scale(Tensor x, float factor, int n=1, bool flag=False) -> Tensor",
            "leave out factor, whose default changed or is gone",
        ),
        (
            "mylib::scale(Tensor x, float factor=3.0, int n=2, bool flag=False) -> Tensor",
            "leave out factor and n, whose defaults changed or are gone",
        ),
        (
            "mylib::scale(Tensor x, float factor=2.0, int n=1) -> Tensor",
            f"pass flag, with a value other than its default{STORED}",
        ),
        (
            "mylib::scale(Tensor x, float factor=3.0) -> Tensor",
            "leave out factor, whose default changed or is gone; and pass n and flag, with values other than their "
            f"defaults{STORED}",
        ),
    ],
)
def test_the_arguments_that_changed_are_named(now: str, asked: str) -> None:
    assert unnoticed(THEN, now) == f"{NOTHING}{asked}"


@pytest.mark.parametrize("now", [None, THEN, "no schema", THEN.replace("Tensor x", "Scalar x")])
def test_where_no_schema_shows_which_it_is_said_of_all(now: str | None) -> None:
    assert unnoticed(THEN, now) == ANY


def test_a_verdict_names_those_of_its_entry() -> None:
    yes, no = Fact(Answer.YES), Fact(Answer.NO)
    place = Place("a.py", 1, 1)
    entry = MapEntry("mylib::scale", 4, "scale_0_3", THEN, place)
    owner = Owner(FixtureEntry("ScaleV3", "mylib::scale", place), "scale_v3.ptl", entry, range(4), 4)
    unproven = Evidence(owner, Facts(yes, yes, yes, {JIT: LoaderFacts(yes, yes, yes, no)}))
    gone = replace(unproven, schema_now="mylib::scale(Tensor x, float factor=2.0, int n=1) -> Tensor")

    assert verdicts([unproven, gone]) == [
        (Status.UNPROVEN, ANY),
        (Status.UNPROVEN, f"{NOTHING}pass flag, with a value other than its default{STORED}"),
    ]
