"""A fixture that the branch brings is believed for what the pre-change runtime shows of it, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.proving.reproduction import MadeAgain, RunAgain, base_version, reproduced
from opfixtures.proving.result import Answer, Fact
from opfixtures.records.record import Record, RecordedRuntime
from opfixtures.worker.observations import RuntimeSeen

EQUAL = RunAgain(differences=(None,))
DIFFERENT = RunAgain(differences=(None, "1 then, 2 now"))
SAME = MadeAgain(is_same=True, differences=(None,))
OTHER_BYTES = MadeAgain(differences=(None,))
REFUSED = MadeAgain(refusal="it does not script")
TORCH = "torch 1.11.0+cpu"


def runtime(**members: object) -> RuntimeSeen:
    """The runtime that the record names, but for its build and what is said here."""
    known = RuntimeSeen("1.11.0+cpu", "bc2c6eda", "3.8.18", "Linux-x86_64", 9, None, {})
    return replace(known, **members)  # type: ignore[arg-type]


@pytest.fixture
def record(gelu_record: Record) -> Record:
    """The record of an archive that is as torch 1.11.0+cu102 wrote it."""
    return replace(gelu_record, synthetic=())


@pytest.fixture
def synthetic(gelu_record: Record) -> Record:
    """The record of one that was altered after that."""
    assert gelu_record.synthetic
    return gelu_record


ELSEWHERE = runtime(platform="Darwin-arm64")


def test_the_recorded_build_gives_the_same_bytes_and_the_recorded_outputs(record: Record) -> None:
    assert reproduced(record, runtime(), "release", SAME, EQUAL) == Fact(
        Answer.YES, f"made again by {TORCH}: the same bytes, the recorded outputs"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"torch_git": "0ff1ce"},
        {"python": "3.8.19"},
        {"platform": "Darwin-arm64"},
    ],
)
@pytest.mark.parametrize("made", [None, OTHER_BYTES, REFUSED])
def test_another_build_of_the_release_only_has_to_give_the_recorded_outputs(
    record: Record, other: dict[str, object], made: MadeAgain | None
) -> None:
    assert reproduced(record, runtime(**other), "release", made, EQUAL) == Fact(
        Answer.YES,
        f"{TORCH} gives the recorded outputs; its record names torch 1.11.0+cu102, Python 3.8.18, Linux-x86_64",
    )


@pytest.mark.parametrize("named", ["0.0.1-never-existed", "1.10.2", "1.11.0.post1"])
def test_a_record_that_names_another_release_than_the_settings_is_not_reproduced(
    record: Record, named: str
) -> None:
    other = replace(record, runtime=replace(record.runtime, torch=named))

    assert reproduced(other, runtime(), "release", SAME, EQUAL) == Fact(
        Answer.NO,
        f"its record names torch {named}, and the settings have {TORCH} for it:"
        " make it again with `opfixtures generate --regenerate`",
    )


@pytest.mark.parametrize("kind", ["checkout", "interpreter"])
def test_a_checkout_may_be_built_with_another_torch(record: Record, kind: str) -> None:
    other = replace(record, runtime=replace(record.runtime, torch="2.12.0"))

    assert reproduced(other, runtime(), kind, OTHER_BYTES, EQUAL).value is Answer.YES
    assert reproduced(other, runtime(), kind, OTHER_BYTES, DIFFERENT).value is Answer.NO


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
@pytest.mark.parametrize("made", [None, SAME, OTHER_BYTES])
def test_other_outputs_are_told_with_the_sample(
    record: Record, seen: RuntimeSeen, made: MadeAgain | None
) -> None:
    assert reproduced(record, seen, "release", made, DIFFERENT) == Fact(
        Answer.NO, f"{TORCH} gives other outputs: sample 2: 1 then, 2 now"
    )


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
def test_an_archive_that_does_not_load_there_is_not_reproduced(record: Record, seen: RuntimeSeen) -> None:
    run = RunAgain(failure="version 10 is not supported")

    assert reproduced(record, seen, "release", SAME, run) == Fact(
        Answer.NO, f"{TORCH} does not load it: version 10 is not supported"
    )


@pytest.mark.parametrize(
    ("made", "fact"),
    [
        (
            OTHER_BYTES,
            Fact(
                Answer.NO,
                f"made again by {TORCH}, which is the recorded one, it is another archive than "
                "test_versioned_gelu_v9.ptl",
            ),
        ),
        (
            REFUSED,
            Fact(
                Answer.NO,
                f"made again by {TORCH}, which is the recorded one, it is refused: it does not script",
            ),
        ),
        (None, Fact(Answer.UNKNOWN, f"{TORCH}, which is the recorded one, did not make it again")),
    ],
)
def test_the_recorded_build_has_to_make_it_again(record: Record, made: MadeAgain | None, fact: Fact) -> None:
    assert reproduced(record, runtime(), "release", made, EQUAL) == fact


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
@pytest.mark.parametrize("made", [None, SAME, OTHER_BYTES])
def test_an_archive_that_nobody_ran_is_not_proven_by_one_that_was_made_again(
    record: Record, seen: RuntimeSeen, made: MadeAgain | None
) -> None:
    assert reproduced(record, seen, "release", made, None) == Fact(Answer.UNKNOWN, f"{TORCH} did not run it")


def test_a_module_that_is_refused_there_is_told_where_nothing_was_run(record: Record) -> None:
    assert reproduced(record, ELSEWHERE, "release", REFUSED, None) == Fact(
        Answer.NO, f"made again by {TORCH} it is refused: it does not script"
    )


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
def test_without_samples_nothing_can_be_compared(record: Record, seen: RuntimeSeen) -> None:
    assert reproduced(record, seen, "release", SAME, RunAgain()) == Fact(
        Answer.UNKNOWN, "its record has no samples to run"
    )


def test_a_synthetic_archive_is_made_again_as_no_runtime_wrote_it(synthetic: Record) -> None:
    assert reproduced(synthetic, runtime(), "release", SAME, None) == Fact(
        Answer.YES, f"made again by {TORCH}: the same bytes, the recorded outputs"
    )
    assert reproduced(synthetic, runtime(), "release", OTHER_BYTES, None).value is Answer.NO
    assert reproduced(synthetic, ELSEWHERE, "release", SAME, None).value is Answer.YES
    assert reproduced(synthetic, runtime(), "release", None, None) == Fact(
        Answer.UNKNOWN, f"{TORCH} did not run it"
    )


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (REFUSED, f"made again by {TORCH} it is refused: it does not script"),
        (
            replace(SAME, differences=("1 then, 2 now",)),
            f"{TORCH} gives other outputs: sample 1: 1 then, 2 now",
        ),
        (
            replace(SAME, differences=(), failure="no such operator"),
            f"{TORCH} does not load it: no such operator",
        ),
    ],
)
def test_a_synthetic_one_that_does_not_come_out_again_is_not_reproduced(
    synthetic: Record, seen: RuntimeSeen, made: MadeAgain, reason: str
) -> None:
    assert reproduced(synthetic, seen, "release", made, None) == Fact(Answer.NO, reason)


def test_nothing_ties_a_synthetic_archive_to_another_one_that_was_made(synthetic: Record) -> None:
    """A record that names another platform than the runtime's must not spare its archive the comparison."""
    assert reproduced(synthetic, ELSEWHERE, "release", OTHER_BYTES, None) == Fact(
        Answer.UNKNOWN, f"{TORCH} makes another archive, and cannot run one that was altered"
    )


@pytest.mark.parametrize(
    ("torch", "base"),
    [
        ("2.13.0+cpu", "2.13.0"),
        ("1.11.0+cu102", "1.11.0"),
        ("1.5.1", "1.5.1"),
        ("2.14.0a0+git0ff1ce", "2.14.0a0"),
    ],
)
def test_a_release_is_one_whatever_it_was_compiled_for(torch: str, base: str) -> None:
    assert base_version(torch) == base


def test_what_it_was_compiled_for_makes_no_other_build(record: Record) -> None:
    for torch in ("1.11.0", "1.11.0+cpu", "1.11.0+cu113"):
        assert reproduced(record, runtime(torch=torch), "release", OTHER_BYTES, EQUAL).value is Answer.NO
    named = RecordedRuntime("release", "torch-1.11.0", "1.11.0", "bc2c6eda", "3.8.18", "Linux-x86_64")
    assert reproduced(
        replace(record, runtime=named), runtime(torch="1.11.0+cu113"), "release", SAME, EQUAL
    ).reason.startswith("made again by torch 1.11.0+cu113")
