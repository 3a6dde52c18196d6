"""A runner without a GPU is no fault of the change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opfixtures.archives.formats import JIT
from opfixtures.proving.no_gpu import NO_GPU, without_gpu
from opfixtures.proving.result import Answer, Fact, Facts, FixtureResult, LoaderFacts, Status

YES = Fact(Answer.YES)
SAID = [
    "AssertionError: Torch not compiled with CUDA enabled",
    "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU",
    "RuntimeError: No CUDA GPUs are available",
    "OSError: libcudart.so.12: cannot open shared object file: No such file or directory",
    "ImportError: libcuda.so.1: cannot open shared object file: No such file or directory",
    "NotImplementedError: Could not run 'tinyops::scale' with arguments from the 'CPU' backend.",
]


def result(status: Status, reason: str = "", facts: Facts | None = None) -> FixtureResult:
    return FixtureResult("tinyops::scale", 4, "scale_0_3", status, reason, facts=facts)


@pytest.mark.parametrize("said", SAID)
def test_a_side_that_needs_a_gpu_is_failed_whichever_it_is(said: str) -> None:
    for status in (Status.FAILED, Status.REFUSED, Status.MISMATCH):
        told = without_gpu(result(status, f"the work tree cannot be used: {said}"))
        assert (told.status, told.reason) == (
            Status.FAILED,
            f"{NO_GPU} (the work tree cannot be used: {said})",
        )


@pytest.mark.parametrize("said", SAID)
def test_so_is_a_sample_that_needs_one_and_what_nobody_could_reproduce(said: str) -> None:
    fact = Fact(Answer.NO, f"sample 1: raises: {said}")
    ran = Facts(YES, YES, YES, {JIT: LoaderFacts(YES, fact, YES, YES)})
    loaded = Facts(YES, YES, YES, {JIT: LoaderFacts(fact, YES, YES, YES)})
    reproduced = Facts(YES, YES, fact)
    for facts in (ran, loaded, reproduced):
        assert without_gpu(result(Status.MISMATCH, "not equal", facts)).status is Status.FAILED


def test_what_fails_for_another_reason_or_is_green_stays() -> None:
    facts = Facts(YES, YES, Fact(Answer.YES, SAID[0]))
    for one in (
        result(Status.VERIFIED, SAID[0], facts),
        result(Status.GENERATED, SAID[0]),
        result(Status.MISMATCH, "sample 1: 1 then, 2 now"),
        result(
            Status.MISMATCH, "raises: RuntimeError: expected a CUDA stream", replace(facts, reproduced=YES)
        ),
    ):
        assert without_gpu(one) == one
