from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archive import Archive
from opfixtures.declarations.model import MapEntry, Place
from opfixtures.facts import IDENTITY_UPGRADERS, Proof, covers, covers_after_replay, prove
from opfixtures.formats import JIT, LITE
from opfixtures.observations import OperatorSeen, RuntimeSeen
from opfixtures.result import Answer, Fact, LoaderFacts

YES = Fact(Answer.YES)
OLD = "aten::gelu(Tensor self) -> Tensor"
NEW = "aten::gelu(Tensor self, *, str approximate='none') -> Tensor"
ENTRY = MapEntry("aten::gelu", 10, "gelu_0_9", OLD, Place("version_map.cpp", 1, 1))
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
) -> Proof:
    """The proof for gelu, with what is said of the runtime and of the archive it wrote."""
    entry, archive = replace(ENTRY, bumped_at_version=bump), replace(ARCHIVE, version=stamp)
    return prove(entry, runtime(seen, version), archive, built_from=built_from, today=today)


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
    refusal = "" if by else f"nothing shows that torch 1.11.0 is from before version {bump}"

    assert proof(version=version, stamp=stamp, bump=bump) == Proof(by, refusal)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"seen": replace(OF_TORCH, schema=None)}, "torch 1.11.0 has no operator aten::gelu"),
        (
            {"seen": replace(OF_TORCH, schema=NEW)},
            f"not pre-change: torch 1.11.0 has {NEW}, the old schema is {OLD}",
        ),
        (
            {"seen": replace(OF_TORCH, bumps=(4, 10))},
            "not pre-change: the version map of torch 1.11.0 bumps aten::gelu at 10",
        ),
        (
            {"seen": replace(OF_TORCH, bumps=(11,))},
            "not pre-change: the version map of torch 1.11.0 bumps aten::gelu at 11",
        ),
        (
            {"seen": replace(OF_TORCH, schema="gelu(")},
            "whether it is pre-change cannot be told: the schema 'gelu(' does not parse",
        ),
        (
            {"seen": replace(OF_A_LIBRARY, schema=OLD)},
            "nothing shows that torch 1.11.0 is from before version 10",
        ),
        (
            {"seen": OF_A_LIBRARY, "today": OLD},
            "nothing shows that torch 1.11.0 is from before version 10",
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


def test_an_old_schema_that_does_not_parse_refuses() -> None:
    entry = replace(ENTRY, old_schema="aten::gelu(int{} self) -> Tensor")

    refused = prove(entry, runtime(), ARCHIVE, built_from=None, today=NEW)

    assert refused == Proof(
        refusal="whether it is pre-change cannot be told: "
        "the schema 'aten::gelu(int{} self) -> Tensor' does not parse"
    )


def test_a_schema_that_does_not_parse_is_still_the_same_as_itself() -> None:
    strange = "aten::gelu(Tensor self) -> Tomorrow"
    seen = replace(OF_TORCH, schema=strange)

    proven = prove(replace(ENTRY, old_schema=strange), runtime(seen), ARCHIVE, built_from=None, today=strange)

    assert proven == Proof(by=("operator-version", "archive-version"))


def test_an_operator_that_the_runtime_did_not_describe_is_one_it_lacks() -> None:
    silent = replace(runtime(), operators={})

    assert prove(ENTRY, silent, ARCHIVE, built_from=None, today=None).refusal == (
        "torch 1.11.0 has no operator aten::gelu"
    )


def test_a_proof_is_a_fact() -> None:
    assert Proof(by=("schema", "commit")).fact == Fact(Answer.YES, "schema, commit")
    assert Proof(refusal="not pre-change").fact == Fact(Answer.NO, "not pre-change")


STAMPED = "the archive is stamped {}, its entry covers only "


@pytest.mark.parametrize(
    ("stamp", "operators", "fact"),
    [
        (4, ("aten::gelu",), Fact(Answer.YES, "calls aten::gelu, stamped 4")),
        (9, ("aten::gelu", "aten::div.Tensor"), Fact(Answer.YES, "calls aten::gelu, stamped 9")),
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

    assert covers(ENTRY, range(4, 10), archive) == fact


@pytest.mark.parametrize(
    ("stamp", "names", "fact"),
    [
        (4, ("aten::gelu",), Fact(Answer.UNKNOWN, "its code calls aten::gelu, and code names no overload")),
        (4, ("aten::div",), Fact(Answer.NO, "the archive does not call aten::gelu, it calls aten::div")),
        (10, ("aten::gelu",), Fact(Answer.NO, STAMPED.format(10) + "up to 9: exported after the change")),
    ],
)
def test_of_an_archive_without_bytecode_code_tells_what_it_calls(
    stamp: int, names: tuple[str, ...], fact: Fact
) -> None:
    of_jit = replace(
        ARCHIVE, version=stamp, bytecode_version=None, operators=frozenset(), names=frozenset(names)
    )

    assert covers(replace(ENTRY, operator="aten::gelu.out"), range(4, 10), of_jit) == fact


@pytest.mark.parametrize("applied", Answer)
def test_an_upgrader_that_is_applied_shows_which_overload_is_called(applied: Answer) -> None:
    loaders = {JIT: LoaderFacts(YES, YES, Fact(applied), YES)}
    unknown, no = (
        Fact(Answer.UNKNOWN, "its code calls aten::gelu"),
        Fact(Answer.NO, "exported after the change"),
    )

    assert covers_after_replay(no, loaders) == no
    assert covers_after_replay(unknown, {}) == unknown
    assert covers_after_replay(unknown, loaders) == (
        Fact(Answer.YES, "its code calls aten::gelu; its upgrader is applied")
        if applied is Answer.YES
        else unknown
    )


def test_an_altered_version_record_stands_in_for_a_proof_and_for_no_contradiction() -> None:
    def patched(entry: MapEntry) -> Fact:
        new = replace(runtime(), max_operator_version=10)
        return prove(
            entry, new, replace(ARCHIVE, version=10), built_from=None, today=None, patched="altered"
        ).fact

    assert patched(ENTRY) == Fact(Answer.NOT_APPLICABLE, "altered")
    assert patched(replace(ENTRY, old_schema=NEW)).value is Answer.NO


def test_what_lite_does_not_change_torch_jit_load_does_not_either() -> None:
    assert IDENTITY_UPGRADERS[LITE] < IDENTITY_UPGRADERS[JIT]
