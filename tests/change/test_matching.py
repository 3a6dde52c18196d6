"""Matching in one pass says what the words of the design say one by one."""

from hypothesis import given
from hypothesis import strategies as st

from opfixtures.change.matching import Matching
from opfixtures.declarations.model import FixtureEntry, MapEntry, VersionMap
from opfixtures.declarations.place import Place

ANYWHERE = Place("file", 1, 1)
OPERATORS = st.sampled_from(["aten::a", "aten::b", "aten::c"])
ENTRIES = st.lists(
    st.builds(MapEntry, OPERATORS, st.integers(1, 9), st.just(""), st.just(""), st.just(ANYWHERE))
)
MODULES = st.integers(0, 10).map("TestV{}".format) | st.just("Test")
ROWS = st.lists(st.builds(FixtureEntry, MODULES, OPERATORS, st.just(ANYWHERE)))


@given(ENTRIES, ROWS)
def test_a_row_matches_the_entry_of_its_operator_that_covers_its_version(entries, rows):
    version_map = VersionMap("file", tuple(entries))
    matching = Matching(version_map, rows)
    for entry in entries:
        covers = version_map.covers(entry)
        names = {f"TestV{version}" for version in covers}
        assert matching.covers(entry) == covers
        assert list(matching.rows_of(entry)) == [
            row for row in rows if row.operator == entry.operator and row.module in names
        ]
    for row in rows:
        bumps = [entry.bumped_at_version for entry in entries if row in matching.rows_of(entry)]
        assert matching.bump_of(row) == (bumps[0] if bumps else None)
        assert matching.has_operator(row.operator) == any(entry.operator == row.operator for entry in entries)


@given(ENTRIES.filter(bool))
def test_all_entries_together_cover_what_each_covers(entries):
    version_map = VersionMap("file", tuple(entries))
    operator = entries[0].operator
    each = [set(version_map.covers(entry)) for entry in entries if entry.operator == operator]
    assert set(Matching(version_map, ()).covered(operator)) == set.union(*each)
