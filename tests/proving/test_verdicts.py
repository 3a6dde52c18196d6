"""The status table: what the facts of all fixtures of an entry come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archives.formats import JIT, LITE
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving.replay_facts import VALUE_UNSEEN
from opfixtures.proving.reproduction import BELIEVED, PUBLISHED, RECORDED
from opfixtures.proving.result import Answer, Fact, Facts, LoaderFacts, Status
from opfixtures.proving.verdicts import Evidence, verdicts

YES, NO, UNKNOWN, NOT_APPLICABLE = (Fact(answer, f"because {answer}") for answer in Answer)
PLACE = Place("a.py", 1, 1)
ENTRY = MapEntry("aten::gelu", 10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor", PLACE)
OWNER = Owner(FixtureEntry("GeluV9", "aten::gelu", PLACE), "gelu_v9.ptl", ENTRY, range(10), 10)
GUARD = Owner(FixtureEntry("SiluV9", "aten::silu", PLACE), "silu_v9.ptl")
SENSITIVE = LoaderFacts(YES, YES, YES, YES)
INSENSITIVE = LoaderFacts(YES, YES, YES, NO)
OF_GUARD = LoaderFacts(YES, YES, NOT_APPLICABLE, NOT_APPLICABLE)
LIBRARY_UNDER_LITE = LoaderFacts(YES, NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE)
VERIFIED = (Status.VERIFIED, "")


def row(
    *loaders: LoaderFacts,
    owner: Owner = OWNER,
    pre_change: Fact = YES,
    covers: Fact = YES,
    reproduced: Fact = RECORDED,
    failed: str = "",
    not_replayed: str = "",
    changes_nothing: bool = False,
    unchanged: bool = False,
) -> Evidence:
    """A fixture that was seen with `torch.jit.load`, then lite, as far as there are facts of them."""
    facts = Facts(pre_change, covers, reproduced, dict(zip((JIT, LITE), loaders, strict=False)))
    return Evidence(owner, facts, failed, not_replayed, changes_nothing, unchanged)


def of(evidence: Evidence) -> tuple[Status, str]:
    (verdict,) = verdicts([evidence])
    return verdict


NOT_EQUAL, NOT_APPLIED = replace(SENSITIVE, equal=NO), replace(SENSITIVE, applied=NO)
APPLIED_UNKNOWN = replace(SENSITIVE, applied=UNKNOWN)


@pytest.mark.parametrize(
    "evidence",
    [
        row(SENSITIVE),
        row(SENSITIVE, SENSITIVE),
        row(SENSITIVE, INSENSITIVE),
        row(INSENSITIVE, SENSITIVE),
        row(SENSITIVE, LIBRARY_UNDER_LITE),
        row(APPLIED_UNKNOWN),
        row(SENSITIVE, pre_change=NOT_APPLICABLE),
        row(SENSITIVE, reproduced=BELIEVED),
        row(SENSITIVE, reproduced=PUBLISHED),
        row(INSENSITIVE, changes_nothing=True),
        row(replace(INSENSITIVE, sensitive=NOT_APPLICABLE), changes_nothing=True),
        row(SENSITIVE, unchanged=True),
        row(OF_GUARD, OF_GUARD, owner=GUARD, pre_change=NOT_APPLICABLE),
    ],
)
def test_verified_is_equal_and_a_missing_upgrader_would_be_noticed_or_changes_nothing(
    evidence: Evidence,
) -> None:
    assert of(evidence) == VERIFIED


@pytest.mark.parametrize("evidence", [row(SENSITIVE), row(INSENSITIVE, changes_nothing=True)])
def test_what_a_replay_left_unseen_is_said_beside_verified(evidence: Evidence) -> None:
    assert of(replace(evidence, unseen="by another upgrader")) == (Status.VERIFIED, "by another upgrader")


def test_generated_is_what_no_runtime_can_replay() -> None:
    reason = "no runtime has version 11"

    assert of(row(not_replayed=reason)) == (Status.GENERATED, f"not replayed: {reason}")


def test_a_text_that_can_never_load_is_no_better_than_a_replay_that_did_not() -> None:
    other = "it takes 2 arguments"
    assert of(replace(row(not_replayed="no runtime"), mismatched=other)) == (Status.MISMATCH, other)
    assert of(replace(row(failed="it does not compile"), mismatched=other))[0] is Status.FAILED
    assert of(replace(row(pre_change=NO), mismatched=other))[0] is Status.REFUSED


UNNOTICED = (
    "nothing would notice a missing upgrader: leave out the arguments whose default changed or is gone, and pass all "
    "others that changed, with values other than their defaults (TorchScript stores no trailing argument that equals "
    "its default)"
)
NO_CHANGE = (
    "the runtime after the change shows no change: it has the old schema, and passes without the upgrader too: "
    "give inputs for which old and new results differ, or, if there are none, name the upgrader in "
    "`identity-upgraders`; if that runtime lacks the change, replay with a build of it (--post-change-python)"
)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (row(INSENSITIVE), UNNOTICED),
        (row(INSENSITIVE, INSENSITIVE), UNNOTICED),
        (row(replace(INSENSITIVE, sensitive=UNKNOWN)), UNNOTICED),
        (row(INSENSITIVE, unchanged=True), NO_CHANGE),
        # Whatever the graph says: no upgrader was looked for in a runtime without the change.
        (row(INSENSITIVE, unchanged=True, changes_nothing=True), NO_CHANGE),
        (row(SENSITIVE, reproduced=UNKNOWN), "not reproduced: because unknown"),
        (row(not_replayed="no runtime", reproduced=UNKNOWN), "not reproduced: because unknown"),
        (row(SENSITIVE, covers=UNKNOWN), "because unknown"),
        (row(SENSITIVE, pre_change=UNKNOWN), "because unknown"),
        (row(OF_GUARD, owner=GUARD, covers=UNKNOWN), "because unknown"),
        (row(OF_GUARD, owner=GUARD, reproduced=UNKNOWN), "not reproduced: because unknown"),
    ],
)
def test_unproven_is_what_is_equal_and_proves_nothing(evidence: Evidence, reason: str) -> None:
    assert of(evidence) == (Status.UNPROVEN, reason)


def test_whose_word_it_is_that_an_upgrader_changes_nothing_is_said() -> None:
    said = replace(row(INSENSITIVE, changes_nothing=True), word="a.toml says so", unseen="by another")

    assert of(said) == (Status.VERIFIED, "a.toml says so; by another")


@pytest.mark.parametrize("changes_nothing", [True, False])
def test_what_was_not_seen_to_count_proves_nothing(changes_nothing: bool) -> None:
    unseen = Fact(Answer.UNKNOWN, f"{VALUE_UNSEEN}: raises: a view")
    evidence = row(replace(SENSITIVE, sensitive=unseen), changes_nothing=changes_nothing)

    assert of(evidence) == (Status.UNPROVEN, unseen.reason)


NO_RECORD = replace(SENSITIVE, equal=Fact(Answer.UNKNOWN, "no recorded outputs to compare with"))
NOT_RUN = replace(SENSITIVE, equal=Fact(Answer.UNKNOWN, "the worker told nothing of it"))


@pytest.mark.parametrize(
    ("loaders", "reason"),
    [
        ((NO_RECORD,), "no recorded outputs to compare with"),
        ((NO_RECORD, NO_RECORD), "no recorded outputs to compare with"),
        ((SENSITIVE, NOT_RUN), "the worker told nothing of it"),
        ((NOT_RUN, SENSITIVE), "the worker told nothing of it"),
        ((NOT_RUN, NO_RECORD), "the worker told nothing of it, no recorded outputs to compare with"),
        ((LIBRARY_UNDER_LITE,), "no loader could"),
        ((), "no loader could"),
    ],
)
@pytest.mark.parametrize("owner", [OWNER, GUARD])
def test_a_loader_that_was_not_compared_leaves_it_unproven(
    owner: Owner, loaders: tuple[LoaderFacts, ...], reason: str
) -> None:
    assert of(row(*loaders, owner=owner)) == (Status.UNPROVEN, f"not compared: {reason}")


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (row(NOT_EQUAL), f"{JIT}: not equal: because no"),
        (row(SENSITIVE, NOT_EQUAL), f"{LITE}: not equal: because no"),
        # Why it does not is what somebody has to mend.
        (row(replace(NOT_EQUAL, loads=NO)), f"{JIT}: does not load: because no"),
        (row(NOT_APPLIED), f"{JIT}: not applied: because no"),
        (row(SENSITIVE, reproduced=NO), "not reproduced: because no"),
        (row(not_replayed="no runtime", reproduced=NO), "not reproduced: because no"),
        (row(replace(OF_GUARD, equal=NO), owner=GUARD), f"{JIT}: not equal: because no"),
        # What is waived for want of a proof must not hide that it differs.
        (row(NOT_EQUAL, reproduced=UNKNOWN), f"{JIT}: not equal: because no"),
        (row(NOT_EQUAL, covers=UNKNOWN), f"{JIT}: not equal: because no"),
        (row(NOT_EQUAL, unchanged=True, changes_nothing=True), f"{JIT}: not equal: because no"),
    ],
)
def test_mismatch_is_what_computes_something_else(evidence: Evidence, reason: str) -> None:
    assert of(evidence) == (Status.MISMATCH, reason)


@pytest.mark.parametrize(
    "evidence",
    [
        row(failed="ImportError: x"),
        row(failed="ImportError: x", pre_change=UNKNOWN),
        row(failed="ImportError: x", covers=UNKNOWN),
        row(failed="ImportError: x", reproduced=UNKNOWN),
        row(failed="ImportError: x", owner=GUARD),
        row(NOT_EQUAL, failed="ImportError: x"),
        row(failed="ImportError: x", not_replayed="no runtime"),
        row(failed="ImportError: x", changes_nothing=True),
    ],
)
def test_failed_is_the_side_after_the_change_and_names_the_cause(evidence: Evidence) -> None:
    assert of(evidence) == (Status.FAILED, "ImportError: x")


@pytest.mark.parametrize(
    "evidence",
    [
        row(SENSITIVE, covers=NO),
        row(SENSITIVE, pre_change=NO),
        row(NOT_EQUAL, pre_change=NO, reproduced=NO),
        row(failed="ImportError: x", covers=NO),
        row(not_replayed="no runtime", pre_change=NO),
        row(OF_GUARD, owner=GUARD, covers=NO),
    ],
)
def test_refused_is_what_is_no_fixture_of_its_entry_whatever_else_was_seen(evidence: Evidence) -> None:
    assert of(evidence) == (Status.REFUSED, "because no")


def test_what_is_not_reproduced_is_told_before_a_side_that_fails() -> None:
    """Who broke the record is not helped by the build."""
    assert of(row(failed="ImportError: x", reproduced=NO)) == (
        Status.MISMATCH,
        "not reproduced: because no",
    )


def at(bump: int) -> Owner:
    return replace(OWNER, entry=replace(ENTRY, bumped_at_version=bump))


def test_one_sensitive_row_is_enough_for_all_rows_of_its_entry() -> None:
    evidence = [row(INSENSITIVE), row(SENSITIVE), row(INSENSITIVE, unchanged=True)]

    assert verdicts(evidence) == [VERIFIED] * 3
    assert [status for status, _ in verdicts([evidence[0], evidence[2]])] == [Status.UNPROVEN] * 2


@pytest.mark.parametrize(
    ("loaders", "status"),
    [
        ((NOT_EQUAL,), Status.MISMATCH),
        ((replace(INSENSITIVE, applied=NO),), Status.MISMATCH),
        ((NO_RECORD,), Status.UNPROVEN),
    ],
)
def test_a_sensitive_row_excuses_nothing_else_of_the_others(
    loaders: tuple[LoaderFacts, ...], status: Status
) -> None:
    assert [found for found, _ in verdicts([row(SENSITIVE), row(*loaders)])] == [Status.VERIFIED, status]


@pytest.mark.parametrize(
    "owner",
    [
        at(4),
        replace(OWNER, row=replace(OWNER.row, operator="aten::gelu.out")),
    ],
)
def test_a_sensitive_row_of_another_entry_notices_nothing_here(owner: Owner) -> None:
    assert [status for status, _ in verdicts([row(SENSITIVE, owner=owner), row(INSENSITIVE)])] == [
        Status.VERIFIED,
        Status.UNPROVEN,
    ]


@pytest.mark.parametrize(
    "broken",
    [
        row(NOT_EQUAL),
        row(NOT_APPLIED),
        row(SENSITIVE, covers=NO),
        row(SENSITIVE, pre_change=NO),
        row(SENSITIVE, reproduced=NO),
        row(SENSITIVE, reproduced=UNKNOWN),
        row(SENSITIVE, failed="ImportError: x"),
    ],
)
def test_a_row_that_is_not_green_itself_speaks_for_no_other(broken: Evidence) -> None:
    """Its evidence is not believed for itself: an archive that nobody reproduced may be sensitive to anything."""
    assert verdicts([broken, row(INSENSITIVE)])[1] == (Status.UNPROVEN, UNNOTICED)


def test_a_row_that_differs_on_one_loader_is_still_sensitive_on_the_other() -> None:
    """`aten::full` is left out of lite's upgraders: waived there, and noticed by `torch.jit.load`."""
    assert verdicts([row(SENSITIVE, NOT_EQUAL), row(INSENSITIVE)]) == [
        (Status.MISMATCH, f"{LITE}: not equal: because no"),
        VERIFIED,
    ]


def test_every_row_has_its_verdict_in_the_order_of_the_rows() -> None:
    evidence = [row(NOT_EQUAL), row(OF_GUARD, owner=GUARD), row(SENSITIVE), row(failed="x")]

    assert [status for status, _ in verdicts(evidence)] == [
        Status.MISMATCH,
        Status.VERIFIED,
        Status.VERIFIED,
        Status.FAILED,
    ]
    assert verdicts([]) == []
