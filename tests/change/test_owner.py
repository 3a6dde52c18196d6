from __future__ import annotations

from dataclasses import replace

from opfixtures.change.changes import Change
from opfixtures.change.owner import Owner, candidates, owner_of, owners
from opfixtures.declarations.model import Declarations, FixtureEntry, MapEntry, Registry, VersionMap
from opfixtures.declarations.place import Place
from opfixtures.settings.config import Config
from opfixtures.settings.version_range import VersionRange

PLACE = Place("a.py", 1, 1)
CONFIG = Config("map.py", None, "registry.py", ("modules.py",), "my/fixtures", None, (), None)


def entry(operator: str, bump: int) -> MapEntry:
    return MapEntry(operator, bump, f"up_{bump - 1}", "", PLACE)


def change(entries: tuple[MapEntry, ...], *rows: tuple[str, str]) -> Change:
    registry = Registry("registry.py", tuple(FixtureEntry(*one, PLACE) for one in rows))
    after = Declarations(VersionMap("map.py", entries), registry)
    return Change(CONFIG, Declarations(), after, frozenset(), Declarations, lambda _: False)


SCALE_4, SCALE_6, ADD_4 = entry("tiny::scale", 4), entry("tiny::scale", 6), entry("tiny::add", 4)


def told(change: Change) -> list[tuple[str, int | None]]:
    return [(one.row.module, one.entry.bumped_at_version if one.entry else None) for one in owners(change)]


def test_they_are_in_the_order_of_the_version_map_and_guards_come_last() -> None:
    rows = (
        ("GuardV3", "tiny::new"),
        ("AddV3", "tiny::add"),
        ("ScaleV5", "tiny::scale"),
        ("ScaleV3", "tiny::scale"),
        ("ScaleDefaultsV2", "tiny::scale"),
    )

    assert told(change((SCALE_4, SCALE_6, ADD_4), *rows)) == [
        ("ScaleV3", 4),
        ("ScaleDefaultsV2", 4),
        ("ScaleV5", 6),
        ("AddV3", 4),
        ("GuardV3", None),
    ]


def test_a_row_that_no_entry_of_its_operator_covers_owns_nothing() -> None:
    assert told(change((SCALE_4,), ("ScaleV4", "tiny::scale"), ("Scale", "tiny::scale"))) == []


def test_an_entry_in_several_arms_of_an_if_has_its_fixtures_once() -> None:
    assert told(change((SCALE_4, SCALE_4), ("ScaleV3", "tiny::scale"))) == [("ScaleV3", 4)]


def test_an_owner_has_what_its_entry_covers_and_the_last_bump_of_its_operator() -> None:
    both = change((SCALE_4, SCALE_6), ("ScaleV3", "tiny::scale"), ("ScaleV5", "tiny::scale"))

    first, second = owners(both)
    assert (first.covers, first.last_bump, first.path) == (range(4), 6, "my/fixtures/scale_v3.ptl")
    assert (second.covers, second.last_bump, second.is_guard) == (range(4, 6), 6, False)


def test_a_guard_covers_no_version() -> None:
    row = FixtureEntry("GuardV3", "tiny::new", PLACE)

    guard = owner_of(change((SCALE_4,)), row, None)
    assert guard == Owner(row, "my/fixtures/guard_v3.ptl")
    assert (guard.is_guard, guard.operator, guard.covers, guard.last_bump) == (True, "tiny::new", range(0), 0)


def test_the_newest_versions_are_those_without_a_bound() -> None:
    assert VersionRange(4).top > VersionRange(0, 10**9).top > VersionRange(0, 8).top


def test_a_fixture_of_each_format_that_is_asked_for_is_owed() -> None:
    (owner,) = owners(change((SCALE_4,), ("ScaleV3", "tiny::scale")))
    config = replace(CONFIG, fixture_formats=("pt2", "ptl"))
    paths = [(one.path, is_asked) for one, is_asked in candidates(owner, config)]
    assert paths == [
        ("my/fixtures/scale_v3.pt2", True),
        ("my/fixtures/scale_v3.ptl", True),
        ("my/fixtures/scale_v3.pt", False),
    ]
    assert config.fixture_paths("scale_v3") == ("my/fixtures/scale_v3.pt2", "my/fixtures/scale_v3.ptl")
