from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archives.model import Archive
from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry, MapEntry
from opfixtures.declarations.place import Place
from opfixtures.proving.facts import OLDER_RUNTIME, OTHER_RUNTIME, Proof, covers, prove, seen_running
from opfixtures.proving.result import Answer, Fact
from opfixtures.worker.observations import OperatorSeen, RuntimeSeen

OLD = "aten::gelu(Tensor self) -> Tensor"
NEW = "aten::gelu(Tensor self, *, str approximate='none') -> Tensor"
ENTRY = MapEntry("aten::gelu", 10, "gelu_0_9", OLD, Place("version_map.cpp", 1, 1))
OWNER = Owner(
    FixtureEntry("TestVersionedGeluV9", "aten::gelu", Place("registry.py", 1, 1)),
    "fixtures/test_versioned_gelu_v9.ptl",
    ENTRY,
    range(4, 10),
    last_bump=10,
)
GUARD = Owner(OWNER.row, OWNER.path)
OF_TORCH = OperatorSeen(schema=OLD, bumps=(), is_torchs=True)
OF_A_LIBRARY = OperatorSeen(schema=OLD, bumps=None, is_torchs=False)
ARCHIVE = Archive(3, 7, frozenset({"aten::gelu"}), sha256="", size=1)


def runtime(seen: OperatorSeen = OF_TORCH, version: int | None = 9, torch: str = "1.11.0") -> RuntimeSeen:
    """A runtime whose highest operator version is `version`."""
    return RuntimeSeen(torch, "bc2c6eda", "3.8", "Linux", version, None, {"aten::gelu": seen})


def proof(
    seen: OperatorSeen = OF_TORCH,
    version: int | None = 9,
    stamp: int = 3,
    bump: int = 10,
    built_from: str | None = None,
    today: str | None = None,
    other_failed: str = "",
    needless: str = "",
    is_bumped_today: bool = False,
    is_gone_today: bool = False,
) -> Proof:
    """The proof for gelu, with what is said of the runtime and of the archive it wrote."""
    owner = replace(OWNER, entry=replace(ENTRY, bumped_at_version=bump))
    return prove(
        owner,
        runtime(seen, version),
        replace(ARCHIVE, version=stamp),
        built_from=built_from,
        today=today,
        other_failed=other_failed,
        needless=needless,
        is_bumped_today=is_bumped_today,
        is_gone_today=is_gone_today,
    )


@pytest.mark.parametrize(
    ("given", "by"),
    [
        ({}, ("operator-version", "archive-version")),
        ({"today": NEW}, ("schema", "operator-version", "archive-version")),
        ({"today": OLD}, ("operator-version", "archive-version")),
        ({"today": "aten::gelu( Tensor self ) -> (Tensor)"}, ("operator-version", "archive-version")),
        ({"today": "what is this?"}, ("operator-version", "archive-version")),
        ({"today": NEW, "version": 10}, ("schema",)),
        ({"today": NEW, "stamp": 10}, ("schema", "operator-version")),
        ({"built_from": "c0ffee"}, ("operator-version", "archive-version")),
        ({"seen": OF_A_LIBRARY, "built_from": "c0ffee"}, ("commit",)),
        ({"seen": OF_A_LIBRARY, "built_from": "c0ffee", "today": NEW}, ("schema", "commit")),
        ({"seen": OF_A_LIBRARY, "built_from": None, "today": NEW}, ("schema",)),
        # What is gone has no schema: it had the old one.
        ({"seen": OF_A_LIBRARY, "built_from": None, "is_gone_today": True}, ("schema",)),
        ({"seen": replace(OF_TORCH, bumps=(4, 9))}, ("operator-version", "archive-version")),
        (
            {
                "seen": replace(OF_TORCH, schema="aten::gelu(Tensor  self)->(Tensor)"),
                "today": NEW,
                "version": 10,
            },
            ("schema",),
        ),
    ],
)
def test_a_runtime_is_proven_pre_change_by_what_was_seen(
    given: dict[str, object], by: tuple[str, ...]
) -> None:
    assert proof(**given) == Proof(by=by)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("version", "stamp", "bump", "by"),
    [
        (10, 3, 10, ()),
        (12, 3, 10, ()),
        (9, 3, 10, ("operator-version", "archive-version")),
        (9, 10, 10, ("operator-version",)),
        (None, 3, 6, ("archive-version",)),
        (None, 3, 5, ()),
        (None, 3, 4, ()),
        (None, 4, 4, ()),
        (None, 2, 4, ("archive-version",)),
        (None, 2, 3, ("archive-version",)),
        (None, 2, 2, ()),
    ],
)
def test_a_runtime_that_can_stamp_the_bump_proves_nothing_by_not_stamping_it(
    version: int | None, stamp: int, bump: int, by: tuple[str, ...]
) -> None:
    refusal = "" if by else f"nothing shows that torch 1.11.0 is from before version {bump}: {OLDER_RUNTIME}"

    assert proof(version=version, stamp=stamp, bump=bump) == Proof(by, refusal)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (
            {"seen": replace(OF_TORCH, schema=None)},
            f"torch 1.11.0 has no operator aten::gelu: {OTHER_RUNTIME}",
        ),
        (
            {"seen": replace(OF_TORCH, schema=NEW)},
            f"not pre-change: torch 1.11.0 has {NEW}, the old schema is {OLD}: {OLDER_RUNTIME}",
        ),
        (
            {"seen": replace(OF_TORCH, bumps=(4, 10))},
            f"not pre-change: the version map of torch 1.11.0 bumps aten::gelu at 10: {OLDER_RUNTIME}",
        ),
        (
            {"seen": replace(OF_TORCH, bumps=(11,))},
            f"not pre-change: the version map of torch 1.11.0 bumps aten::gelu at 11: {OLDER_RUNTIME}",
        ),
        (
            {"seen": replace(OF_TORCH, schema="gelu(")},
            "whether it is pre-change cannot be told: the schema 'gelu(' does not parse",
        ),
        (
            {"seen": replace(OF_A_LIBRARY, schema=OLD)},
            f"nothing shows that torch 1.11.0 is from before version 10: {OLDER_RUNTIME}",
        ),
        (
            {"seen": OF_A_LIBRARY, "today": OLD},
            f"nothing shows that torch 1.11.0 is from before version 10: {OLDER_RUNTIME}",
        ),
    ],
)
def test_one_contradiction_refuses_whatever_else_speaks_for_the_runtime(
    given: dict[str, object], refusal: str
) -> None:
    everything: dict[str, object] = {"version": 9, "stamp": 3}
    if "nothing shows" not in refusal:
        everything |= {"built_from": "c0ffee", "today": NEW + " "}

    assert proof(**{**everything, **given}) == Proof(refusal=refusal)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bumps", "is_bumped_today", "by"),
    [
        ((), True, ("operator-version",)),
        ((4,), True, ("operator-version",)),
        ((), False, ()),
        (None, True, ()),
    ],
)
def test_a_librarys_release_is_pre_change_where_its_map_lacks_the_bump_that_todays_has(
    bumps: tuple[int, ...] | None, is_bumped_today: bool, by: tuple[str, ...]
) -> None:
    seen = replace(OF_A_LIBRARY, bumps=bumps)
    assert proof(seen, today=OLD, is_bumped_today=is_bumped_today).by == by
    # A torch that knows of none may be from before the map had it.
    assert proof(OF_TORCH, version=10, today=OLD, is_bumped_today=True).by == ()


def test_an_old_schema_that_does_not_parse_refuses() -> None:
    owner = replace(OWNER, entry=replace(ENTRY, old_schema="aten::gelu(int{} self) -> Tensor"))

    refused = prove(owner, runtime(), ARCHIVE, built_from=None, today=NEW)

    assert refused == Proof(
        refusal="whether it is pre-change cannot be told: "
        "the schema 'aten::gelu(int{} self) -> Tensor' does not parse"
    )


def test_a_schema_that_does_not_parse_is_still_the_same_as_itself() -> None:
    strange = "aten::gelu(Tensor self) -> Tomorrow"
    seen = replace(OF_TORCH, schema=strange)
    owner = replace(OWNER, entry=replace(ENTRY, old_schema=strange))

    proven = prove(owner, runtime(seen), ARCHIVE, built_from=None, today=strange)

    assert proven == Proof(by=("operator-version", "archive-version"))


def test_an_operator_that_the_runtime_did_not_describe_is_one_it_lacks() -> None:
    silent = replace(runtime(), operators={})

    for owner in (OWNER, GUARD):
        assert prove(owner, silent, ARCHIVE, built_from=None, today=None).refusal == (
            f"torch 1.11.0 has no operator aten::gelu: {OTHER_RUNTIME}"
        )


IMPORT_ERROR = "ImportError: no_such_module"


def test_a_side_after_the_change_that_fails_is_not_blamed_on_the_side_before() -> None:
    unknown = proof(OF_A_LIBRARY, other_failed=IMPORT_ERROR)

    assert unknown.fact == Fact(Answer.UNKNOWN, f"the side after the change failed: {IMPORT_ERROR}")
    assert (unknown.by, unknown.refusal) == ((), "")


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"built_from": "c0ffee"}, Fact(Answer.YES, "commit")),
        ({"seen": OF_TORCH}, Fact(Answer.YES, "operator-version, archive-version")),
        ({"needless": "altered"}, Fact(Answer.NOT_APPLICABLE, "altered")),
        (
            {"seen": replace(OF_A_LIBRARY, schema=NEW)},
            Fact(
                Answer.NO,
                f"not pre-change: torch 1.11.0 has {NEW}, the old schema is {OLD}: {OLDER_RUNTIME}",
            ),
        ),
    ],
)
def test_a_proof_that_does_not_need_the_other_side_stands_without_it(
    given: dict[str, object], fact: Fact
) -> None:
    assert proof(**{"seen": OF_A_LIBRARY, "other_failed": IMPORT_ERROR, **given}).fact == fact  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "built_from", "fact"),
    [
        (
            OF_TORCH,
            None,
            Fact(Answer.NOT_APPLICABLE, "a guard, made by aten::gelu as torch 1.11.0 has it"),
        ),
        (OF_A_LIBRARY, "c0ffee", Fact(Answer.YES, "commit")),
        (
            replace(OF_TORCH, schema=NEW, bumps=(10,)),
            None,
            Fact(Answer.NOT_APPLICABLE, "a guard, made by aten::gelu as torch 1.11.0 has it"),
        ),
    ],
)
def test_a_guard_needs_no_proof_and_has_what_there_is(
    seen: OperatorSeen, built_from: str | None, fact: Fact
) -> None:
    proven = prove(GUARD, runtime(seen), ARCHIVE, built_from=built_from, today=None, other_failed="it failed")

    assert proven.fact == fact


def test_a_proof_is_a_fact() -> None:
    assert Proof(by=("schema", "commit")).fact == Fact(Answer.YES, "schema, commit")
    assert Proof(refusal="not pre-change").fact == Fact(Answer.NO, "not pre-change")


STAMPED = "the archive is stamped {}, its entry covers only "


@pytest.mark.parametrize(
    ("stamp", "operators", "fact"),
    [
        (4, ("aten::gelu",), Fact(Answer.YES, "aten::gelu ran, stamped 4")),
        (9, ("aten::gelu", "aten::div.Tensor"), Fact(Answer.YES, "aten::gelu ran, stamped 9")),
        (10, ("aten::gelu",), Fact(Answer.NO, STAMPED.format(10) + "up to 9: exported after the change")),
        (
            10,
            ("aten::gelu", "aten::gelu.out", "aten::add"),
            Fact(
                Answer.NO,
                STAMPED.format(10)
                + "up to 9: exported after the change, or shadowed by one of aten::add, aten::gelu.out",
            ),
        ),
        (
            3,
            ("aten::gelu",),
            Fact(Answer.NO, STAMPED.format(3) + "from 4: exported before an earlier change"),
        ),
        (
            4,
            ("aten::gelu.out",),
            Fact(Answer.NO, "the archive does not call aten::gelu, it calls aten::gelu.out"),
        ),
        (4, (), Fact(Answer.NO, "the archive does not call aten::gelu, it calls no operator")),
        (
            4,
            tuple(f"x::{number}" for number in range(10, 30)),
            Fact(
                Answer.NO,
                "the archive does not call aten::gelu, it calls "
                + ", ".join(f"x::{number}" for number in range(10, 20))
                + " and 10 more",
            ),
        ),
    ],
)
def test_an_archive_covers_its_entry_by_its_operators_and_its_stamp(
    stamp: int, operators: tuple[str, ...], fact: Fact
) -> None:
    archive = replace(ARCHIVE, version=stamp, operators=frozenset(operators))

    assert covers(OWNER, archive, ran=True) == fact


@pytest.mark.parametrize(
    ("ran", "fact"),
    [
        (True, Fact(Answer.YES, "aten::gelu ran, stamped 4")),
        (
            False,
            Fact(Answer.NO, "no sample input comes to the call of aten::gelu: give sample inputs that do"),
        ),
        (None, Fact(Answer.UNKNOWN, "its code calls aten::gelu, and nobody saw the call running")),
    ],
)
@pytest.mark.parametrize("owner", [OWNER, GUARD])
def test_a_call_that_stands_in_the_code_covers_nothing_until_it_was_seen_running(
    owner: Owner, ran: bool | None, fact: Fact
) -> None:
    assert covers(owner, replace(ARCHIVE, version=4), ran) == fact


@pytest.mark.parametrize("stamp", [0, 3, 10, 99])
def test_a_guard_covers_whatever_its_stamp_is(stamp: int) -> None:
    archive = replace(ARCHIVE, version=stamp)

    assert covers(GUARD, archive, ran=True) == Fact(Answer.YES, f"aten::gelu ran, stamped {stamp}")
    assert covers(GUARD, replace(archive, operators=frozenset()), ran=True).value is Answer.NO


@pytest.mark.parametrize(
    ("seen", "ran"),
    [
        ((), None),
        ((None, None), None),
        ((None, False), False),
        ((False, None), False),
        ((False, True), True),
        ((True, None), True),
    ],
)
def test_one_runtime_that_saw_the_call_running_is_enough(
    seen: tuple[bool | None, ...], ran: bool | None
) -> None:
    assert seen_running(*seen) is ran


@pytest.mark.parametrize(
    ("stamp", "names", "ran", "fact"),
    [
        (4, ("aten::gelu",), True, Fact(Answer.YES, "aten::gelu.out ran, stamped 4")),
        (
            4,
            ("aten::gelu",),
            None,
            Fact(Answer.UNKNOWN, "its code calls aten::gelu, and nobody saw the call running"),
        ),
        (
            4,
            ("aten::div",),
            True,
            Fact(Answer.NO, "the archive does not call aten::gelu, it calls aten::div"),
        ),
        (
            10,
            ("aten::gelu",),
            True,
            Fact(Answer.NO, STAMPED.format(10) + "up to 9: exported after the change"),
        ),
    ],
)
def test_of_an_archive_without_bytecode_the_run_tells_which_overload_it_calls(
    stamp: int, names: tuple[str, ...], ran: bool | None, fact: Fact
) -> None:
    of_jit = replace(
        ARCHIVE, version=stamp, bytecode_version=None, operators=frozenset(), names=frozenset(names)
    )
    owner = replace(OWNER, row=replace(OWNER.row, operator="aten::gelu.out"))

    assert covers(owner, of_jit, ran) == fact


def test_an_altered_version_record_stands_in_for_a_proof_and_for_no_contradiction() -> None:
    def patched(old_schema: str) -> Fact:
        owner = replace(OWNER, entry=replace(ENTRY, old_schema=old_schema))
        new, archive = replace(runtime(), max_operator_version=10), replace(ARCHIVE, version=10)
        return prove(owner, new, archive, built_from=None, today=None, needless="altered").fact

    assert patched(OLD) == Fact(Answer.NOT_APPLICABLE, "altered")
    assert patched(NEW).value is Answer.NO
