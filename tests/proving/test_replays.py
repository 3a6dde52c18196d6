"""What a post-change runtime showed: whether it has the change, and for which fixtures it says anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archives.formats import JIT
from opfixtures.archives.model import Archive
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.making.replayable import Replayable
from opfixtures.proving.compiling import Text
from opfixtures.proving.replay import Replays
from opfixtures.proving.result import Answer, Fact, Facts
from opfixtures.proving.tree import Tree, stands_in, what_is_unseen
from opfixtures.proving.verify import evidence_of
from opfixtures.runtimes import Runtime
from opfixtures.settings.config import Config
from opfixtures.worker.observations import (
    MarkerSeen,
    OperatorSeen,
    RanSeen,
    Replayed,
    RowReplayed,
    RuntimeSeen,
    UpgraderSeen,
)

PLACE = Place("a.py", 1, 1)
OLD = "tiny::scale(Tensor x) -> Tensor"
NEW = "tiny::scale(Tensor x, float by=1.) -> Tensor"
ENTRY = MapEntry("tiny::scale", 4, "scale_0_3", OLD, PLACE)
OWNER = Owner(FixtureEntry("ScaleV3", "tiny::scale", PLACE), "scale_v3.ptl", ENTRY, range(4), 4)
GUARD = Owner(OWNER.row, OWNER.path)
ROW = RowReplayed(
    {JIT: Replayed((None,))}, {JIT: Replayed((None,))}, MarkerSeen(found=True, ran=True), ran=RanSeen(False)
)


def seen(schema: str | None = NEW, highest: int | None = 10, **of_operator: object) -> RuntimeSeen:
    operator = replace(OperatorSeen(schema, None, is_torchs=False), **of_operator)  # type: ignore[arg-type]
    return RuntimeSeen("2.13.0", "bc2c6eda", "3.11", "Linux", highest, None, {"tiny::scale": operator})


def replays(runtime: RuntimeSeen | None = None, **members: object) -> Replays:
    known = Replays(runtime or seen(), {OWNER.path: ROW}, by="the work tree")
    return replace(known, **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("runtime", "unchanged"),
    [
        (seen(NEW), False),
        (seen(OLD), True),
        (seen("tiny::scale( Tensor x ) -> (Tensor)"), True),
        (seen(None), False),
        (seen("what is this?"), False),
        # torch tells of a change that no schema shows.
        (seen(OLD, bumps=(4,), is_torchs=True), False),
        (seen(OLD, bumps=(3, 5), is_torchs=True), True),
        (seen(OLD, bumps=None, is_torchs=True), True),
        # A library's map is the library's word.
        (seen(OLD, bumps=(4,), is_torchs=False), True),
        (seen(OLD, highest=3), False),
    ],
)
def test_a_runtime_shows_no_change_where_the_old_schema_is_there_and_its_map_does_not_tell(
    runtime: RuntimeSeen, unchanged: bool
) -> None:
    assert replays(runtime).is_unchanged(OWNER) is unchanged


def test_an_operator_is_gone_where_a_runtime_from_after_the_change_has_none() -> None:
    assert replays(seen(None)).is_gone(OWNER)
    assert not replays(seen(NEW)).is_gone(OWNER)
    # Nothing is known of what was not asked for, nor of what is not from after the change.
    assert not replays(replace(seen(None), operators={})).is_gone(OWNER)
    assert not replays(seen(None, highest=3)).is_gone(OWNER)
    assert not Replays(failed="ImportError: x").is_gone(OWNER)


def test_neither_a_guard_nor_a_side_that_failed_is_unchanged() -> None:
    assert not replays(seen(OLD)).is_unchanged(GUARD)
    assert not Replays(failed="ImportError: x").is_unchanged(OWNER)


@pytest.mark.parametrize("highest", [None, 3])
def test_what_no_runtime_has_is_not_replayed_and_no_failure(highest: int | None) -> None:
    without = replays(seen(highest=highest), unreached={OWNER.path: "it died"})

    assert without.why_not(OWNER) == "no runtime has version 4"
    assert (without.failure(OWNER), without.row(OWNER), without.today(OWNER)) == ("", None, None)
    assert without.why_not(GUARD) == ""
    assert without.row(GUARD) == ROW


def test_a_release_with_another_upgrader_than_the_tree_says_nothing_of_it() -> None:
    other = replays(stands_in={"scale_0_3": "torch-2.13.0 has another scale_0_3 than this tree"})

    assert other.why_not(OWNER) == "torch-2.13.0 has another scale_0_3 than this tree"
    assert (other.row(OWNER), other.failure(OWNER), other.ran(OWNER)) == (None, "", None)
    assert (other.why_not(GUARD), other.ran(GUARD)) == ("", False)


TEXTS = {"scale_0_3": Text(failed="it does not compile"), "other_0_3": Text(told="it compiles")}


@pytest.mark.parametrize("runtime", [{"runtime": seen(highest=3)}, {"stands_in": {"scale_0_3": "another"}}])
def test_a_text_counts_where_nothing_could_be_replayed(runtime: dict[str, object]) -> None:
    failed = replays(**runtime, texts=TEXTS)  # type: ignore[arg-type]
    assert failed.failure(OWNER) == "it does not compile"
    assert evidence_of(OWNER, FACTS, failed, CONFIG).failed == "it does not compile"
    assert (failed.failure(GUARD), failed.text(GUARD)) == ("", Text())
    told = replays(**runtime, texts={"scale_0_3": TEXTS["other_0_3"]})  # type: ignore[arg-type]
    evidence = evidence_of(OWNER, FACTS, told, CONFIG)
    assert (evidence.failed, evidence.mismatched) == ("", "")
    assert evidence.not_replayed.endswith("; it compiles")
    another = replays(**runtime, texts={"scale_0_3": Text(mismatched="another signature")})  # type: ignore[arg-type]
    assert evidence_of(OWNER, FACTS, another, CONFIG).mismatched == "another signature"


def test_another_text_that_does_not_compile_fails_all_rows_but_those_that_no_upgrader_is_for() -> None:
    failed = replays(uncompiled="no model loads")
    assert (failed.failure(OWNER), failed.failure(GUARD)) == ("no model loads", "no model loads")
    assert failed.failure(replace(OWNER, path="scale_v3.pt2")) == ""


def test_another_text_of_which_nobody_knows_leaves_doubt_of_all_rows() -> None:
    doubted = replays(doubted={"other_0_3": "it may not compile"}, unreached={OWNER.path: "it died"})
    for owner in (OWNER, GUARD):
        assert (doubted.why_not(owner), doubted.row(owner), doubted.failure(owner)) == (
            "it may not compile",
            None,
            "",
        )
    assert doubted.text(OWNER) == Text()
    assert doubted.why_not(replace(OWNER, path="scale_v3.pt2")) == ""


def test_what_a_compiler_may_read_otherwise_says_nothing_of_any_model_of_torchscript() -> None:
    unread = replays(unread="m.cpp:1 is not in that form", doubted={"other_0_3": "it may not compile"})
    for owner in (OWNER, GUARD):
        assert (unread.why_not(owner), unread.row(owner), unread.ran(owner)) == (
            "m.cpp:1 is not in that form",
            None,
            None,
        )
        assert unread.why_not(replace(owner, path="scale_v3.pt2")) == ""


def test_the_texts_that_target_has_too_need_no_proof() -> None:
    tree = Tree({"a": "1", "b": "2", "c": "3"}, published={"a": "1", "b": "0", "d": "4"})
    assert tree.own == {"b": "2", "c": "3"}
    assert Tree().own == {}


def test_a_text_counts_nothing_where_it_was_replayed() -> None:
    replayed = replays(texts=TEXTS)
    assert (replayed.text(OWNER), replayed.failure(OWNER)) == (Text(), "")
    assert evidence_of(OWNER, FACTS, replayed, CONFIG).not_replayed == ""
    # What ended the worker, or had none start, says more.
    assert Replays(failed="ImportError: x", texts=TEXTS).failure(OWNER) == "ImportError: x"


def test_a_side_that_cannot_be_had_or_did_not_come_to_it_is_a_failure_with_its_cause() -> None:
    assert Replays(failed="ImportError: x").failure(OWNER) == "ImportError: x"
    assert replays(rows={}, unreached={OWNER.path: "it was killed"}).failure(OWNER) == "it was killed"
    assert replays().failure(OWNER) == ""


def test_the_upgrader_is_seen_running_or_of_a_guard_the_operator() -> None:
    assert (replays().ran(OWNER), replays().ran(GUARD)) == (True, False)
    assert replays(rows={}).ran(OWNER) is None


CONFIG = Config("map.py", None, "registry.py", ("modules.py",), "fixtures", None, (), None)
FACTS = Facts(Fact(Answer.YES), Fact(Answer.YES), Fact(Answer.YES))


def test_an_upgrader_changes_nothing_by_its_graph_or_by_the_settings_word() -> None:
    named = replace(CONFIG, identity_upgraders={"scale_0_3": "it only renames", "other_0_3": "x"})
    identity = replays(replace(seen(), upgraders={"scale_0_3": UpgraderSeen(True, identity=True)}))

    def changes_nothing(owner: Owner, replayed: Replays, config: Config) -> tuple[bool, str]:
        evidence = evidence_of(owner, FACTS, replayed, config)
        return evidence.changes_nothing, evidence.word

    word = "None says that scale_0_3 changes nothing: it only renames"
    assert changes_nothing(OWNER, replays(), CONFIG) == (False, "")
    assert changes_nothing(OWNER, identity, CONFIG) == (True, "")
    assert changes_nothing(OWNER, replays(), named) == changes_nothing(OWNER, identity, named) == (True, word)
    assert changes_nothing(GUARD, identity, named) == (False, "")


def test_what_the_settings_name_is_no_question_of_the_runtime() -> None:
    named = replace(CONFIG, identity_upgraders={"scale_0_3": "it only renames"})

    assert evidence_of(OWNER, FACTS, replays(seen(OLD)), CONFIG).unchanged
    assert not evidence_of(OWNER, FACTS, replays(seen(OLD)), named).unchanged


def test_what_a_release_leaves_unseen_is_said_of_what_it_replayed() -> None:
    unseen = replays(tree_unseen="by the upgrader of torch-2.13.0")

    assert evidence_of(OWNER, FACTS, unseen, CONFIG).unseen == "by the upgrader of torch-2.13.0"
    assert evidence_of(GUARD, FACTS, unseen, CONFIG).unseen == ""
    assert evidence_of(OWNER, FACTS, replace(unseen, rows={}), CONFIG).unseen == ""


HAS = {"scale_0_3": UpgraderSeen(registered=True, same=True), "other_0_3": UpgraderSeen(True, same=False)}
TREE = {"scale_0_3": "def scale_0_3 ..", "other_0_3": "def other_0_3 ..", "new_0_3": "def new_0_3 .."}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            TREE,
            {
                "other_0_3": "torch-2.13.0 has another other_0_3 than this tree, and no build of the change was given"
                " (--post-change-python)",
                "new_0_3": "torch-2.13.0 has no new_0_3, and no build of the change was given (--post-change-python)",
            },
        ),
        # Whatever the release has: the tree has none of them.
        (
            {},
            {
                name: f"up.cpp of this tree has no {name}: what torch-2.13.0 does says nothing about the change"
                for name in TREE
            },
        ),
    ],
)
def test_a_release_stands_in_only_for_upgraders_that_the_tree_has_too(
    texts: dict[str, str], said: dict[str, str]
) -> None:
    runtime = replace(seen(), upgraders=HAS)

    entries = [replace(ENTRY, upgrader_name=name) for name in TREE]
    assert stands_in(runtime, "torch-2.13.0", Tree(texts, "up.cpp"), entries) == said


def test_a_release_stands_in_only_for_entries_that_its_own_map_has() -> None:
    """The text of the upgrader may be the release's own, of another entry."""
    known = {ENTRY.upgrader_name: UpgraderSeen(True, same=True)}
    for bumps, said in (
        ((3, 5), "torch-2.13.0 bumps tiny::scale at 3, 5, and not at 4; no build"),
        ((4,), ""),
        (None, ""),
    ):
        runtime = replace(seen(bumps=bumps), upgraders=known)
        told = stands_in(runtime, "torch-2.13.0", Tree({ENTRY.upgrader_name: "def"}, "up.cpp"), [ENTRY])
        assert told.get(ENTRY.upgrader_name, "").startswith(said)
        assert bool(told) is bool(said)


@pytest.mark.parametrize("texts", [{ENTRY.upgrader_name: "def"}, None], ids=["a file", "no file"])
def test_no_release_stands_in_where_nobody_can_tell_which_text_the_tree_has(
    texts: dict[str, str] | None,
) -> None:
    runtime = replace(seen(), upgraders={ENTRY.upgrader_name: UpgraderSeen(True, False, same=True)})

    def said(why: str) -> dict[str, str]:
        return stands_in(runtime, "", Tree(texts, "up.cpp", why_not_told=lambda _: why), [ENTRY])

    assert said("") == {}
    assert said("so it is") == {ENTRY.upgrader_name: "so it is (--post-change-python)"}


def test_outputs_without_an_element_are_equal_to_anything() -> None:
    empty = {"inputs": [], "output": {"tensor": "float32", "shape": [0], "values": []}}
    one = {"inputs": [], "output": {"tensor": "float32", "shape": [1], "values": [1.0]}}

    def equal(*samples: object) -> Answer:
        fixture = Replayable(OWNER, Archive(3, 7, frozenset({"tiny::scale"}), "", 1), b"", samples)
        return replays().facts(fixture)[JIT].equal.value

    assert (equal(empty), equal(one), equal(empty, one)) == (Answer.UNKNOWN, Answer.YES, Answer.YES)


def test_the_verdict_looks_at_what_the_side_after_the_change_came_to() -> None:
    failed = evidence_of(OWNER, FACTS, Replays(failed="ImportError: x"), CONFIG)
    not_there = evidence_of(OWNER, FACTS, replays(seen(highest=3)), CONFIG)
    unchanged = evidence_of(OWNER, FACTS, replays(seen(OLD)), CONFIG)

    assert (failed.failed, failed.not_replayed, failed.unchanged) == ("ImportError: x", "", False)
    assert (not_there.failed, not_there.not_replayed) == ("", "no runtime has version 4")
    assert unchanged.unchanged


@pytest.mark.parametrize(
    ("kind", "module", "tree", "unseen"),
    [
        (
            "release",
            None,
            Tree(None, "up.cpp"),
            "by the upgrader of it: that of this tree was not seen, no file of `",
        ),
        ("release", None, Tree({}, "up.cpp"), ""),
        (
            "interpreter",
            "mylib",
            None,
            "by the mylib that is installed in it: whether it is that of this tree nobody",
        ),
        # Somebody named a build of the change.
        ("interpreter", None, None, ""),
        ("checkout", "mylib", None, ""),
    ],
)
def test_what_a_runtime_shows_nothing_of_is_said(
    kind: str, module: str | None, tree: Tree | None, unseen: str
) -> None:
    told = what_is_unseen(Runtime(kind, "it", "python", module), tree)
    assert told[: len(unseen)] == unseen
    assert bool(told) is bool(unseen)
