"""Each rule finds what its page says in what the change touches, and nothing else."""

from dataclasses import replace

import pytest

from opfixtures.change.changes import Change
from opfixtures.declarations.model import (
    Declarations,
    FixtureEntry,
    FixtureModule,
    FixtureModules,
    MapEntry,
    Registry,
    VersionMap,
)
from opfixtures.declarations.place import Place, Problem
from opfixtures.records.fixture_files import FixtureFiles
from opfixtures.rules import RULES, judge
from opfixtures.rules.findings import Severity
from opfixtures.settings.config import Config

CONFIG = Config("map.py", None, "registry.py", ("modules.py",), "fixtures", None, (), None)
PROBLEM = Problem(Place("any", 7, 3), "cannot be read")


def entry(operator="aten::gelu", bump=10):
    schema = f"{operator}(Tensor self) -> Tensor"
    return MapEntry(operator, bump, f"upgrader_0_{bump - 1}", schema, Place("map.py", bump, 5))


def row(module="TestVersionedGeluV9", operator="aten::gelu"):
    return FixtureEntry(module, operator, Place("registry.py", 4, 5))


def module(name="TestVersionedGeluV9", is_module=True):
    return FixtureModule(name, is_module, Place("modules.py", 9, 1))


def version_map(*entries, problems=()):
    return VersionMap("map.py", entries, tuple(problems))


def registry(*rows, problems=()):
    return Registry("registry.py", rows, tuple(problems), Place("registry.py", 6, 1))


def modules(*classes, problems=()):
    return FixtureModules(classes, tuple(problems))


def declared(map_=None, rows=None, classes=None):
    return Declarations(map_ or version_map(), rows or registry(), classes or modules())


COMPLETE = declared(version_map(entry()), registry(row()), modules(module()))


def change(before, after, touched=("map.py", "registry.py", "modules.py"), published=None, files=()):
    target = Declarations(published)
    return Change(CONFIG, before, after, frozenset(touched), lambda: target, files.__contains__)


def found(*args, demanded=(), **options):
    """What the rules find: code, severity and place of each."""
    findings = judge(change(*args, **options), frozenset(demanded))
    return [f"{one.code} {one.severity} {one.place}" for one in findings]


ARCHIVE = ("fixtures/test_versioned_gelu_v9.ptl",)


def test_a_complete_change_owes_nothing():
    assert found(declared(), COMPLETE, files=ARCHIVE) == []


def test_what_the_change_does_not_touch_is_not_judged():
    debts = declared(
        version_map(entry(), problems=[PROBLEM]),
        registry(row("NoSuchModule", "aten::div"), problems=[PROBLEM]),
        modules(problems=[PROBLEM]),
    )
    assert found(debts, debts, touched=()) == []


class TestOPF101:
    def test_every_problem_of_a_touched_map_is_found_where_it_stands(self):
        after = declared(version_map(problems=[PROBLEM, Problem(Place("any", 2, 1), "x")]))
        assert found(declared(), after) == ["OPF101 error any:2:1", "OPF101 error any:7:3"]

    def test_an_empty_map_is_readable(self):
        assert found(declared(), declared(version_map())) == []


class TestOPF109:
    def test_a_map_that_is_there_is_not_gone(self):
        assert found(COMPLETE, COMPLETE, published=version_map()) == []

    def test_a_published_map_that_is_gone_is_found(self):
        after = Declarations(None, COMPLETE.registry, COMPLETE.modules)
        assert found(COMPLETE, after, published=version_map()) == ["OPF109 error map.py:1:1"]

    def test_where_nobody_looked_at_the_tags_what_is_published_stays(self):
        [finding] = [
            one
            for one in judge(change(COMPLETE, declared(), published=version_map(entry())))
            if one.code == "OPF109"
        ]
        assert finding.hint.splitlines()[1].endswith("that cannot be told: nobody looked at the tags")

    def test_a_map_that_only_this_branch_brought_may_go(self):
        after = Declarations(None, COMPLETE.registry, COMPLETE.modules)
        assert found(COMPLETE, after, published=None) == []


class TestOPF201:
    def test_an_added_entry_without_row_is_found_at_the_entry(self):
        assert found(declared(), declared(version_map(entry()))) == ["OPF201 error map.py:10:5"]

    @pytest.mark.parametrize(
        "other",
        [
            row("TestVersionedGeluV10"),
            row("TestVersionedGelu"),
            row("TestVersionedGeluV9", "aten::gelu.out"),
        ],
    )
    def test_a_row_that_does_not_match_is_no_fixture_entry(self, other):
        after = declared(version_map(entry()), registry(other), modules(module(other.module)))
        assert "OPF201 error map.py:10:5" in found(declared(), after)

    @pytest.mark.parametrize(("version", "owed"), [(3, [10]), (4, []), (9, [])])
    def test_each_entry_of_an_operator_owes_a_module_of_the_versions_it_covers(self, version, owed):
        before = declared(version_map(entry(bump=4)))
        rows = registry(row(f"OldV{version}"))
        after = declared(version_map(entry(bump=4), entry(bump=10)), rows, modules(module(f"OldV{version}")))
        expected = [f"OPF201 error map.py:{bump}:5" for bump in owed]
        assert [one for one in found(before, after) if "OPF201" in one] == expected

    @pytest.mark.parametrize(
        ("rows", "classes"),
        [
            ([], modules(module())),
            ([], modules()),
            ([row()], modules()),
            ([row()], modules(module(is_module=False))),
            ([row(operator="aten::gelu.out")], modules(module())),
            ([row("TestVersionedGeluV10")], modules(module("TestVersionedGeluV10"))),
        ],
        ids=["row", "row and class", "class", "no module any more", "another operator", "another version"],
    )
    def test_an_entry_whose_last_fixture_entry_is_taken_away_is_found_at_the_entry(self, rows, classes):
        after = declared(COMPLETE.version_map, registry(*rows), classes)
        [finding] = [one for one in judge(change(COMPLETE, after)) if one.code == "OPF201"]
        assert (finding.severity, str(finding.place)) == (Severity.ERROR, "map.py:10:5")
        assert finding.message == (
            "aten::gelu is bumped at version 10, and its fixture entry is taken away: TestVersionedGeluV9"
        )

    def test_a_registry_that_goes_takes_all_of_them_away(self):
        after = Declarations(COMPLETE.version_map, None, COMPLETE.modules)
        assert "OPF201 error map.py:10:5" in found(COMPLETE, after)

    def test_an_entry_that_keeps_another_one_loses_nothing(self):
        second = row("TestVersionedGeluDefaultsV9")
        classes = modules(module(), module(second.module))
        before = declared(COMPLETE.version_map, registry(row(), second), classes)
        assert found(before, declared(COMPLETE.version_map, registry(second), classes)) == []

    def test_one_that_a_new_entry_takes_over_is_lost_to_the_old_one(self):
        before = declared(COMPLETE.version_map, registry(row("GeluV3")), modules(module("GeluV3")))
        after = declared(
            version_map(entry(bump=5), entry()), registry(row("GeluV3")), modules(module("GeluV3"))
        )
        [finding] = [one for one in judge(change(before, after)) if one.code == "OPF201"]
        assert str(finding.place) == "map.py:10:5"
        assert "class TestVersionedGeluV9(" in finding.hint

    def test_what_never_had_one_or_goes_itself_loses_nothing(self):
        rowless = declared(COMPLETE.version_map, classes=COMPLETE.modules)
        assert found(rowless, declared(COMPLETE.version_map)) == []
        classless = declared(COMPLETE.version_map, COMPLETE.registry)
        assert found(classless, declared(COMPLETE.version_map)) == []
        assert found(COMPLETE, declared()) == []

    @pytest.mark.parametrize(
        ("map_", "rows", "classes"),
        [
            (version_map(entry(), problems=[PROBLEM]), registry(), modules()),
            (version_map(entry()), registry(problems=[PROBLEM]), modules()),
            (version_map(entry()), COMPLETE.registry, modules(problems=[PROBLEM])),
        ],
    )
    def test_what_cannot_be_read_may_have_it_still(self, map_, rows, classes):
        assert not any("OPF201" in one for one in found(COMPLETE, declared(map_, rows, classes)))

    def test_the_hint_is_what_to_bring_back(self):
        def hint(rows, classes):
            after = declared(COMPLETE.version_map, registry(*rows), classes)
            return next(one.hint for one in judge(change(COMPLETE, after)) if one.code == "OPF201")

        bring_row = (
            'bring its row back, in ALL_MODULES in registry.py:6:\n\n    TestVersionedGeluV9(): "aten::gelu",'
        )
        bring_class = "bring class TestVersionedGeluV9 back as it was, in modules.py"
        assert hint([], modules(module())) == bring_row
        assert hint([row()], modules()) == bring_class
        assert hint([], modules()) == f"{bring_class}\n{bring_row}"

    def test_a_class_that_another_row_has_is_not_suggested_again(self):
        rows, classes = registry(row(operator="aten::gelu_")), modules(module())
        [finding] = [
            one
            for one in judge(change(declared(), declared(version_map(entry()), rows, classes)))
            if one.code == "OPF201"
        ]
        assert "class TestVersionedGelu2V9(" in finding.hint
        assert '    TestVersionedGelu2V9(): "aten::gelu",' in finding.hint

    def test_an_entry_that_stood_there_before_owes_nothing_now(self):
        before = declared(version_map(entry("aten::div", 4)))
        after = declared(version_map(entry("aten::div", 4), entry()), registry(row()), modules(module()))
        assert found(before, after, files=ARCHIVE) == []

    def test_an_entry_in_both_arms_of_an_if_owes_one_fixture_entry(self):
        arms = replace(entry(), arm=((1, 0),)), replace(entry(), arm=((1, 1),), place=Place("map.py", 12, 5))
        assert found(declared(), declared(version_map(*arms))) == ["OPF201 error map.py:10:5"]

    def test_where_the_registry_cannot_be_read_nothing_can_be_missed(self):
        after = declared(version_map(entry()), registry(problems=[PROBLEM]))
        assert found(declared(), after) == ["OPF206 error any:7:3"]

    def test_the_hint_is_the_lines_to_add_and_the_files_they_go_to(self):
        (finding,) = judge(change(declared(), declared(version_map(entry()))))
        assert finding.operator == "aten::gelu"
        assert finding.hint == (
            "opfixtures new aten::gelu\nshows the lines and, with --apply, writes them; by hand that is\n"
            "add to modules.py:\n\n"
            "class TestVersionedGeluV9(torch.nn.Module):\n"
            "    def forward(self, input):\n"
            "        return torch.ops.aten.gelu(input)\n\n"
            "import it in registry.py:\n\n"
            "from modules import TestVersionedGeluV9\n\n"
            "add to ALL_MODULES in registry.py:6:\n\n"
            '    TestVersionedGeluV9(): "aten::gelu",'
        )

    def test_a_module_that_is_there_is_not_asked_for_again(self):
        source = b"import torch\nclass TestVersionedGeluV9(torch.nn.Module):\n  def forward(self, x): return x.gelu()\n"
        after = declared(version_map(entry()), classes=modules(module()))
        after = replace(after, module_files={"modules.py": source})
        (finding,) = judge(change(declared(), after))
        assert "\nadd to ALL_MODULES in registry.py:6:" in finding.hint
        assert "class" not in finding.hint

    def test_an_old_schema_that_does_not_parse_is_corrected_first(self):
        broken = MapEntry("aten::gelu", 10, "gelu_0_9", "aten::gelu(", Place("map.py", 10, 5))
        findings = judge(change(declared(), declared(version_map(broken))))
        (hint,) = [finding.hint for finding in findings if finding.code == "OPF201"]
        assert hint == (
            "old_schema of aten::gelu does not parse (expected a type, found the end): first correct old_schema"
        )

    def test_a_tree_without_registry_is_told_its_path(self):
        after = Declarations(version_map(entry()), None, modules())
        (finding,) = judge(change(declared(), after))
        assert "add to ALL_MODULES in registry.py:\n" in finding.hint


class TestOPF202:
    def test_a_row_without_its_class_is_found_at_the_row(self):
        after = declared(version_map(entry()), registry(row()))
        assert found(declared(), after, files=ARCHIVE) == ["OPF202 error registry.py:4:5"]

    def test_a_class_that_is_no_module_is_found_at_the_class(self):
        after = declared(version_map(entry()), registry(row()), modules(module(is_module=False)))
        assert found(declared(), after, files=ARCHIVE) == ["OPF202 error modules.py:9:1"]

    def test_a_class_that_may_be_a_module_is_believed(self):
        after = declared(version_map(entry()), registry(row()), modules(module(is_module=None)))
        assert found(declared(), after, files=ARCHIVE) == []

    @pytest.mark.parametrize("classes", [modules(), modules(module(is_module=False))])
    def test_a_change_that_takes_the_module_away_answers_for_the_row(self, classes):
        after = declared(version_map(entry()), registry(row()), classes)
        assert "OPF202" in [one.split()[0] for one in found(COMPLETE, after)]

    def test_the_hint_is_to_bring_back_what_was_there_and_else_to_define_it(self):
        def hint(before, *rows):
            after = declared(version_map(entry()), registry(*rows))
            return next(one.hint for one in judge(change(before, after)) if one.code == "OPF202")

        assert hint(COMPLETE, row()) == "bring the class back as it was"
        # Without that row the entry would be without a fixture entry.
        assert hint(declared(), row()) == "define it there"
        assert hint(declared(), row(), row("OtherV9")) == "define it there, or take this row away"
        assert hint(declared(), row("OtherV9", "aten::relu")) == "define it there, or take this row away"

    def test_a_row_of_an_operator_that_gets_an_entry_is_judged(self):
        after = declared(version_map(entry()), registry(row()))
        assert found(declared(rows=registry(row())), after, files=ARCHIVE) == ["OPF202 error registry.py:4:5"]

    def test_a_touched_module_file_that_cannot_be_read_is_found_without_any_row(self):
        after = declared(classes=modules(problems=[PROBLEM]))
        assert found(declared(), after) == ["OPF202 error any:7:3"]

    def test_a_module_file_that_cannot_be_read_is_the_one_thing_said(self):
        after = declared(version_map(entry()), registry(row()), modules(problems=[PROBLEM]))
        assert found(declared(), after, files=ARCHIVE) == ["OPF202 error any:7:3"]


class TestOwed:
    """What a change owes a fixture, for the rules and for whoever makes them."""

    def test_an_added_entry_owes_one_for_each_row_that_matches(self):
        rows = registry(row(), row("TestVersionedGeluDefaultsV9"), row("OtherV3", "aten::div"))
        assert change(declared(rows=rows), declared(version_map(entry()), rows)).owed == (
            (entry(), row()),
            (entry(), row("TestVersionedGeluDefaultsV9")),
        )

    def test_a_row_added_for_an_entry_that_stands_owes_one_and_its_neighbour_none(self):
        after = declared(COMPLETE.version_map, registry(row(), row("TestVersionedGeluDefaultsV9")))
        assert change(COMPLETE, after).owed == ((entry(), row("TestVersionedGeluDefaultsV9")),)

    def test_a_row_that_moves_owes_nothing(self):
        moved = replace(row(), place=Place("registry.py", 9, 5))
        assert change(COMPLETE, declared(COMPLETE.version_map, registry(moved))).owed == ()

    def test_an_entry_in_both_arms_of_an_if_owes_each_fixture_once(self):
        arms = replace(entry(), arm=((1, 0),)), replace(entry(), arm=((1, 1),), upgrader_name="other_0_9")
        assert change(declared(), declared(version_map(*arms), registry(row()))).owed == ((arms[0], row()),)

    def test_a_row_whose_operator_is_in_no_entry_is_a_guard_whatever_its_class_is_called(self):
        before = declared(rows=registry(row("Old", "aten::div")))
        rows = registry(row("Old", "aten::div"), row(), row("Whatever", "aten::relu"))
        made = change(before, declared(version_map(entry()), rows))
        assert made.guards == (row("Old", "aten::div"), row("Whatever", "aten::relu"))
        assert made.added_guards == (row("Whatever", "aten::relu"),)

    @pytest.mark.parametrize("map_", [None, version_map(problems=[PROBLEM])])
    def test_where_the_map_is_gone_or_unreadable_no_row_is_known_to_be_a_guard(self, map_):
        assert change(declared(), Declarations(map_, registry(row()))).guards == ()


class TestOPF203:
    def test_an_added_row_of_an_operator_without_entry_is_a_warning(self):
        after = declared(rows=registry(row()), classes=modules(module()))
        assert found(declared(), after, files=ARCHIVE) == ["OPF203 warning registry.py:4:5"]

    def test_it_is_called_a_guard_and_nothing_is_to_be_taken_away(self):
        after = declared(rows=registry(row()), classes=modules(module()))
        [finding] = judge(change(declared(), after, files=ARCHIVE))
        assert finding.message == "aten::gelu of TestVersionedGeluV9 is not in the version map: it is a guard"
        assert finding.hint == (
            "target's operator makes its fixture, and every head has to compute the same, without an upgrader;\n"
            "the change that alters the operator adds its entry; if the operator is misspelt, correct it here"
        )

    def test_a_guard_that_stands_is_told_of_no_more(self):
        guarded = declared(rows=registry(row("Guard")), classes=modules(module("Guard")))
        assert found(guarded, guarded) == []

    def test_a_row_whose_operator_leaves_the_map_is_an_error(self):
        after = declared(version_map(), COMPLETE.registry, COMPLETE.modules)
        assert found(COMPLETE, after) == ["OPF203 error registry.py:4:5"]

    def test_a_row_that_goes_with_its_entry_owes_nothing(self):
        assert found(COMPLETE, declared()) == []

    def test_an_old_row_without_entry_is_not_this_changes(self):
        before = declared(rows=registry(row()), classes=modules(module()))
        after = declared(version_map(entry("aten::div")), registry(row()), modules(module()))
        assert not any("OPF203" in one for one in found(before, after))

    @pytest.mark.parametrize("map_", [None, version_map(problems=[PROBLEM])])
    def test_where_the_map_is_gone_or_unreadable_nothing_left_it(self, map_):
        after = Declarations(map_, COMPLETE.registry, COMPLETE.modules)
        assert not any("OPF203" in one for one in found(COMPLETE, after))


class TestOPF204:
    @pytest.mark.parametrize("name", ["TestVersionedGeluV10", "TestVersionedGelu"])
    def test_a_row_whose_version_no_entry_covers_is_found_at_the_row(self, name):
        after = declared(version_map(entry()), registry(row(), row(name)), modules(module(), module(name)))
        assert found(COMPLETE, after) == ["OPF204 error registry.py:4:5"]

    @pytest.mark.parametrize(
        ("rows", "name"),
        [
            (["TestVersionedGeluV10"], "TestVersionedGeluV9"),
            (["GeluDefaultsV12"], "GeluDefaultsV9"),
            (["TestVersionedGelu"], "TestVersionedGeluV9"),
            (["TestVersionedGeluV9", "TestVersionedGeluV10"], "TestVersionedGelu2V9"),
            (
                ["TestVersionedGeluV9", "TestVersioned_gelu2V9", "TestVersionedGeluV10"],
                "TestVersionedGelu3V9",
            ),
            (["TestVersionedGeluV9", "TestVersionedGelu2V9", "TestVersionedGeluV10"], "TestVersionedGelu3V9"),
        ],
    )
    def test_the_name_to_take_instead_is_free(self, rows, name):
        after = declared(version_map(entry()), registry(*map(row, rows)), modules(*map(module, rows)))
        [finding] = [one for one in judge(change(declared(), after)) if one.code == "OPF204"]
        assert finding.hint == f"rename it to {name}, in its class and in this row"

    def test_an_operator_that_is_not_in_the_map_yet_covers_nothing_that_could_be_missed(self):
        after = declared(rows=registry(row()), classes=modules(module()))
        assert not any("OPF204" in one for one in found(declared(), after))

    def test_a_map_that_cannot_be_read_covers_nobody_knows_what(self):
        after = declared(
            version_map(entry(), problems=[PROBLEM]), registry(row("OldV12")), modules(module("OldV12"))
        )
        assert not any("OPF204" in one for one in found(COMPLETE, after))


class TestOPF205:
    @pytest.mark.parametrize("name", ["TestVersioned_geluV9", "TestVersionedGeluV9"])
    def test_an_added_row_whose_file_another_row_writes_is_found(self, name):
        second = replace(row(name, "aten::gelu.out"), place=Place("registry.py", 5, 5))
        after = declared(COMPLETE.version_map, registry(row(), second), modules(module(), module(name)))
        assert [one for one in found(COMPLETE, after) if "OPF205" in one] == ["OPF205 error registry.py:5:5"]

    @pytest.mark.parametrize("new_first", [True, False])
    def test_the_new_one_of_the_two_is_to_be_renamed(self, new_first):
        new = row("TestVersioned_geluV9", "aten::gelu.out")
        rows = registry(*([new, row()] if new_first else [row(), new]))
        after = declared(COMPLETE.version_map, rows, modules(module(), module(new.module)))
        [finding] = [one for one in judge(change(COMPLETE, after)) if one.code == "OPF205"]
        assert finding.message.endswith(": fixtures/test_versioned_gelu_v9.ptl")
        assert finding.hint.startswith(
            "rename TestVersioned_geluV9 of aten::gelu.out to TestVersioned_gelu2V9, in its class"
        )

    def test_one_class_in_two_rows_is_told_to_become_two(self):
        rows = registry(row(), row(operator="aten::gelu.out"))
        after = declared(COMPLETE.version_map, rows, COMPLETE.modules)
        [finding] = [one for one in judge(change(COMPLETE, after)) if one.code == "OPF205"]
        assert finding.hint == (
            "give aten::gelu.out a second class, beside the other and in its row, such as TestVersionedGelu2V9"
        )

    def test_rows_with_files_of_their_own_are_not(self):
        rows = registry(row(), row("TestVersionedGeluOutV9", "aten::gelu.out"))
        after = declared(COMPLETE.version_map, rows, modules(module(), module("TestVersionedGeluOutV9")))
        assert not any("OPF205" in one for one in found(COMPLETE, after))

    def test_two_old_rows_are_not_this_changes(self):
        rows = registry(row(), row(operator="aten::gelu.out"))
        before = declared(COMPLETE.version_map, rows, COMPLETE.modules)
        assert not any("OPF205" in one for one in found(before, before))


class TestOPF206:
    def test_a_touched_registry_that_cannot_be_read_is_found(self):
        after = declared(rows=registry(problems=[PROBLEM]))
        assert found(declared(), after) == ["OPF206 error any:7:3"]

    def test_an_untouched_one_is_found_where_an_entry_depends_on_it(self):
        broken = registry(problems=[PROBLEM])
        after = declared(version_map(entry()), broken)
        assert found(declared(rows=broken), after, touched=["map.py"]) == ["OPF206 error any:7:3"]


class TestOPF301:
    def test_a_fixture_that_is_not_there_is_a_note_at_the_row(self):
        assert found(declared(), COMPLETE) == ["OPF301 note registry.py:4:5"]

    def test_a_row_added_for_an_entry_that_stands_owes_a_fixture_of_its_own(self):
        second = row("TestVersionedGeluDefaultsV9")
        after = declared(
            COMPLETE.version_map, registry(row(), second), modules(module(), module(second.module))
        )
        assert found(COMPLETE, after) == ["OPF301 note registry.py:4:5"]
        assert found(COMPLETE, after, demanded=["OPF301"]) == ["OPF301 error registry.py:4:5"]
        made = ["fixtures/test_versioned_gelu_defaults_v9.ptl"]
        assert found(COMPLETE, after, files=made) == []

    def test_a_guard_owes_one_as_any_fixture_entry_does(self):
        after = declared(rows=registry(row("Gelu")), classes=modules(module("Gelu")))
        assert "OPF301 note registry.py:4:5" in found(declared(), after)
        assert "OPF301 note registry.py:4:5" not in found(declared(), after, files=["fixtures/gelu.ptl"])
        assert found(after, after) == []

    def test_it_is_an_error_where_fixtures_are_required(self):
        assert found(declared(), COMPLETE, demanded=["OPF301"]) == ["OPF301 error registry.py:4:5"]

    @pytest.mark.parametrize(("ending", "other"), [("ptl", "pt"), ("pt", "ptl")])
    def test_only_what_has_the_format_of_the_settings_is_the_fixture(self, ending, other):
        def owed(there):
            paths = {f"fixtures/test_versioned_gelu_v9.{there}"}
            config = replace(CONFIG, fixture_formats=(ending,))
            made = replace(change(declared(), COMPLETE), config=config, has_file=paths.__contains__)
            return [finding.code for finding in judge(made) if finding.code == "OPF301"]

        assert (owed(ending), owed(other)) == ([], ["OPF301"])

    def test_the_file_is_named_in_the_format_of_the_settings(self):
        of_jit = replace(change(declared(), COMPLETE), config=replace(CONFIG, fixture_formats=("pt",)))
        [finding] = judge(of_jit)
        assert finding.message.endswith(": fixtures/test_versioned_gelu_v9.pt")

    def test_the_hint_is_the_command_that_makes_it(self):
        (finding,) = judge(change(declared(), COMPLETE))
        assert finding.hint == "opfixtures generate --operator aten::gelu"

    def test_the_command_is_one_whatever_the_operator_is_called(self):
        hostile = "aten::a; b\n"
        after = declared(version_map(entry(hostile)), registry(row(operator=hostile)), modules(module()))
        (finding,) = [one for one in judge(change(declared(), after)) if one.code == "OPF301"]
        assert finding.hint == r"opfixtures generate --operator 'aten::a; b\n'"


def test_where_nobody_searches_the_tree_no_fixture_is_offered_for_removal():
    files = FixtureFiles("fixtures", lambda: {"orphan.ptl": "id"}, lambda name, most: (most, name.encode()))
    findings = judge(change(declared(), replace(declared(), fixtures=files)))
    assert [finding.hint for finding in findings if finding.code == "OPF307"] == [
        "add what it was made for, and keep it: this clone cannot tell whether another file names it"
    ]


def test_the_rules_have_the_severities_that_were_published():
    severities = {code: rule.severity for code, rule in RULES.items()}
    errors = [
        *range(101, 110),
        *range(111, 116),
        201,
        202,
        204,
        205,
        206,
        *range(302, 307),
        402,
        501,
        502,
        503,
        504,
    ]
    warnings = [110, 203, 307, 308, 401, 403]
    assert severities == {
        **{f"OPF{number}": Severity.ERROR for number in errors},
        **{f"OPF{number}": Severity.WARNING for number in warnings},
        "OPF301": Severity.NOTE,
    }
