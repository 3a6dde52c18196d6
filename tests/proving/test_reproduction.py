"""A fixture that the branch brings is believed for what the pre-change runtime shows of it, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.proving.reproduction import MadeAgain, RunAgain, base_version, reproduced
from opfixtures.proving.result import Answer, Fact
from opfixtures.records.record import Record, RecordedPackage, RecordedRuntime
from opfixtures.worker.observations import OperatorSeen, RuntimeSeen

ONE, TWO = (
    {"inputs": [{"tensor": "float32", "shape": [1], "values": [number]}], "output": {"float": number}}
    for number in (1.0, 2.0)
)
SAMPLES = (ONE, TWO)
EQUAL = RunAgain(differences=(None, None))
DIFFERENT = RunAgain(differences=(None, "1 then, 2 now"))
REFUSED = MadeAgain(refusal="it does not script")
TORCH = "torch 1.11.0+cpu"


def again(
    *,
    is_same: bool = True,
    differences: tuple[str | None, ...] = (None, None),
    samples: tuple[object, ...] = SAMPLES,
) -> MadeAgain:
    """What came of making it again: all as it was, but for what is said here."""
    return MadeAgain("", is_same, differences, samples)


def runtime(**members: object) -> RuntimeSeen:
    """The runtime that the record names, but for its build and what is said here."""
    known = RuntimeSeen("1.11.0+cpu", "bc2c6eda", "3.8.18", "Linux-x86_64", 9, None, {})
    return replace(known, **members)  # type: ignore[arg-type]


@pytest.fixture
def record(gelu_record: Record) -> Record:
    """The record of an archive that is as torch 1.11.0+cu102 wrote it."""
    return replace(gelu_record, synthetic=(), samples=SAMPLES)


@pytest.fixture
def synthetic(gelu_record: Record) -> Record:
    """The record of one that was altered after that."""
    assert gelu_record.synthetic
    return replace(gelu_record, samples=SAMPLES)


ELSEWHERE = runtime(platform="Darwin-arm64")
RECORDED = f"{TORCH}, which is the recorded one,"


def test_the_recorded_build_gives_the_same_bytes_and_the_recorded_outputs(record: Record) -> None:
    assert reproduced(record, runtime(), "release", again(), EQUAL) == Fact(
        Answer.YES, f"made again by {TORCH}: the same bytes and samples, the recorded outputs"
    )


@pytest.mark.parametrize(
    "other", [{"torch_git": "0ff1ce"}, {"python": "3.8.19"}, {"platform": "Darwin-arm64"}]
)
@pytest.mark.parametrize("is_same", [True, False])
def test_another_build_of_the_release_has_to_give_the_samples_and_outputs_and_may_write_other_bytes(
    record: Record, other: dict[str, object], is_same: bool
) -> None:
    assert reproduced(record, runtime(**other), "release", again(is_same=is_same), EQUAL) == Fact(
        Answer.YES,
        f"{TORCH} gives the recorded outputs; its record names torch 1.11.0+cu102, Python 3.8.18, Linux-x86_64",
    )


def test_the_schema_that_a_record_names_is_that_of_the_runtime(record: Record) -> None:
    """What a program left out is held against the defaults in it."""
    operator, said = record.entry.operator, record.pre_change.schema
    other = said.replace(")", ", int more=1)", 1)
    for seen, told in (
        (said, ""),
        (None, ""),
        (other, f"its record says that the operator was {said}, and {TORCH} has {other}"),
    ):
        had = runtime(operators={operator: OperatorSeen(seen, None, is_torchs=True)})
        fact = reproduced(record, had, "release", again(), EQUAL)
        assert fact.value is (Answer.NO if told else Answer.YES)
        assert fact.reason.startswith(told)


@pytest.mark.parametrize("kind", ["release", "checkout", "interpreter"])
@pytest.mark.parametrize("named", ["0.0.1-never-existed", "1.10.2", "1.11.0.post1"])
def test_a_record_that_names_another_torch_than_the_settings_have_is_not_reproduced(
    record: Record, named: str, kind: str
) -> None:
    other = replace(record, runtime=replace(record.runtime, torch=named, kind=kind))

    assert reproduced(other, runtime(), kind, again(), EQUAL) == Fact(
        Answer.NO,
        f"its record names torch {named}, and the settings have {TORCH} for it:"
        " make it again with `opfixtures generate --regenerate`",
    )


@pytest.mark.parametrize("kind", ["checkout", "interpreter"])
def test_the_kind_of_runtime_is_that_of_the_settings_and_not_what_the_record_says(
    record: Record, kind: str
) -> None:
    assert record.runtime.kind == "release"
    assert reproduced(record, runtime(), kind, again(), EQUAL) == Fact(
        Answer.NO,
        f"its record names a runtime of kind release, and the settings have {kind} for it:"
        " make it again with `opfixtures generate --regenerate`",
    )


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
@pytest.mark.parametrize("is_same", [True, False])
def test_other_outputs_are_told_with_the_sample(record: Record, seen: RuntimeSeen, is_same: bool) -> None:
    assert reproduced(record, seen, "release", again(is_same=is_same), DIFFERENT) == Fact(
        Answer.NO, f"{TORCH} gives other outputs: sample 2: 1 then, 2 now"
    )


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
def test_an_archive_that_does_not_load_there_is_not_reproduced(record: Record, seen: RuntimeSeen) -> None:
    run = RunAgain(failure="version 10 is not supported")

    assert reproduced(record, seen, "release", again(), run) == Fact(
        Answer.NO, f"{TORCH} does not load it: version 10 is not supported"
    )


def test_the_recorded_build_has_to_write_the_same_bytes(record: Record) -> None:
    assert reproduced(record, runtime(), "release", again(is_same=False), EQUAL) == Fact(
        Answer.NO, f"made again by {RECORDED} it is another archive than test_versioned_gelu_v9.ptl"
    )


@pytest.mark.parametrize(("seen", "by"), [(runtime(), RECORDED), (ELSEWHERE, TORCH)])
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (REFUSED, "it is refused: it does not script"),
        # A hand-made archive gives what its record says, and the module something else.
        (again(differences=(None, "0 then, 2 now")), "it gives other outputs: sample 2: 0 then, 2 now"),
        (again(samples=(ONE,)), "its samples are others: the record has 2, the module gives 1"),
        (
            again(samples=(ONE, ONE)),
            "its samples are others: sample 2 has other inputs in the record than the module gives",
        ),
    ],
)
@pytest.mark.parametrize("run", [EQUAL, None])
def test_what_was_made_again_has_to_agree_as_well_whatever_the_archive_gave(
    record: Record,
    synthetic: Record,
    seen: RuntimeSeen,
    by: str,
    made: MadeAgain,
    reason: str,
    run: RunAgain | None,
) -> None:
    of = record if run else synthetic
    assert reproduced(of, seen, "release", made, run) == Fact(Answer.NO, f"made again by {by} {reason}")


@pytest.mark.parametrize("number", [1.0000001, 1])
def test_inputs_that_another_machine_is_said_to_have_made_are_not_proven_where_they_differ_at_all(
    record: Record, number: float
) -> None:
    """Who writes a record chooses the platform that it names: a nudge hides what an upgrader does at a tie."""
    nudged = {"inputs": [{"tensor": "float32", "shape": [1], "values": [number]}], "output": {"float": 1.0}}
    made, told = again(samples=(nudged, TWO)), "sample 1 has other inputs in the record than the module gives"

    assert reproduced(record, ELSEWHERE, "release", made, EQUAL) == Fact(
        Answer.UNKNOWN,
        f"{told}, and it names another machine or Python than this:"
        " `opfixtures generate --regenerate` makes it again",
    )
    assert reproduced(record, runtime(), "release", made, EQUAL) == Fact(
        Answer.NO, f"made again by {RECORDED} its samples are others: {told}"
    )


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
@pytest.mark.parametrize("made", [again(), again(is_same=False), REFUSED])
def test_an_archive_that_nobody_ran_is_not_proven_by_one_that_was_made_again(
    record: Record, seen: RuntimeSeen, made: MadeAgain
) -> None:
    assert reproduced(record, seen, "release", made, None) == Fact(Answer.UNKNOWN, f"{TORCH} did not run it")


@pytest.mark.parametrize("seen", [runtime(), ELSEWHERE])
def test_what_was_not_run_for_every_sample_is_not_compared(record: Record, seen: RuntimeSeen) -> None:
    without = replace(record, samples=())
    some = RunAgain(differences=(None,))

    assert reproduced(without, seen, "release", again(), RunAgain()) == Fact(
        Answer.UNKNOWN, "its record has no samples to run"
    )
    assert reproduced(record, seen, "release", again(), some).reason == f"{TORCH} did not run all samples"
    made = reproduced(record, seen, "release", again(differences=(None,)), EQUAL)
    assert (made.value, "did not run all samples when it made it again" in made.reason) == (
        Answer.UNKNOWN,
        True,
    )


def test_a_synthetic_archive_is_made_again_as_no_runtime_wrote_it(synthetic: Record) -> None:
    assert reproduced(synthetic, runtime(), "release", again(), None) == Fact(
        Answer.YES, f"made again by {TORCH}: the same bytes and samples, the recorded outputs"
    )
    assert reproduced(synthetic, runtime(), "release", again(is_same=False), None).value is Answer.NO
    assert reproduced(synthetic, ELSEWHERE, "release", again(), None).value is Answer.YES


def test_nothing_ties_a_synthetic_archive_to_another_one_that_was_made(synthetic: Record) -> None:
    """A record that names another platform than the runtime's must not spare its archive the comparison."""
    assert reproduced(synthetic, ELSEWHERE, "release", again(is_same=False), None) == Fact(
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
        assert (
            reproduced(record, runtime(torch=torch), "release", again(is_same=False), EQUAL).value
            is Answer.NO
        )
    named = RecordedRuntime("release", "torch-1.11.0", "1.11.0", "bc2c6eda", "3.8.18", "Linux-x86_64")
    assert reproduced(
        replace(record, runtime=named), runtime(torch="1.11.0+cu113"), "release", again(), EQUAL
    ).reason.startswith("made again by torch 1.11.0+cu113")


MYLIB = RecordedPackage("mylib", "1.2", "12" * 32)
MORE = RecordedPackage("more", "3", "34" * 32)


@pytest.mark.parametrize(
    ("recorded", "installed", "named", "have"),
    [
        ((MYLIB,), (replace(MYLIB, version="1.3"),), "mylib 1.2", "mylib 1.3"),
        ((MYLIB,), (), "mylib 1.2", "no package beside torch"),
        ((), (MYLIB,), "no package beside torch", "mylib 1.2"),
        ((MYLIB, MORE), (MYLIB,), "mylib 1.2, more 3", "mylib 1.2"),
    ],
)
def test_a_record_that_names_another_release_of_the_library_is_not_reproduced(
    record: Record,
    recorded: tuple[RecordedPackage, ...],
    installed: tuple[RecordedPackage, ...],
    named: str,
    have: str,
) -> None:
    other = replace(record, runtime=replace(record.runtime, packages=recorded))
    assert reproduced(other, runtime(), "release", again(), EQUAL, installed) == Fact(
        Answer.NO,
        f"its record names {named}, and the settings have {have} for it:"
        " make it again with `opfixtures generate --regenerate`",
    )


def test_the_recorded_wheel_gives_the_same_bytes(record: Record) -> None:
    own = replace(record, runtime=replace(record.runtime, packages=(MYLIB, MORE)))
    assert reproduced(own, runtime(), "release", again(), EQUAL, (MORE, MYLIB)).reason == (
        f"made again by {TORCH}: the same bytes and samples, the recorded outputs"
    )
    assert (
        reproduced(own, runtime(), "release", again(is_same=False), EQUAL, (MORE, MYLIB)).value is Answer.NO
    )


@pytest.mark.parametrize("is_same", [True, False])
def test_another_wheel_of_the_release_has_to_give_the_recorded_outputs(record: Record, is_same: bool) -> None:
    own = replace(record, runtime=replace(record.runtime, packages=(MYLIB, MORE)))
    other = replace(MYLIB, version="1.2+cpu", sha256="56" * 32)
    assert reproduced(own, runtime(), "release", again(is_same=is_same), EQUAL, (other, MORE)) == Fact(
        Answer.YES,
        f"{TORCH} gives the recorded outputs; its record names torch 1.11.0+cu102, Python 3.8.18, Linux-x86_64 and"
        " other files of mylib 1.2",
    )
