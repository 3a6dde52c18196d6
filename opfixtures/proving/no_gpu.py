"""What a runner without a GPU cannot show: told as that, and not as what the change did. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from opfixtures.proving.result import FAILURES, FixtureResult, Status

# The words of torch, of a library that is linked with CUDA, and of the dispatcher where a kernel is for GPUs alone.
_LACKING = re.compile(
    r"not compiled with CUDA enabled|Found no NVIDIA driver|No CUDA GPUs are available|No HIP GPUs are available"
    r"|CUDA driver version is insufficient|no CUDA-capable device|lib(cuda|cudart|nvrtc|cublas|cudnn)[.\w-]*\.so"
    r"|Could not run '[^']*' with arguments from the '(CPU|QuantizedCPU|SparseCPU)' backend"
)
# What a sample gave, where it gave something: a value may hold any words.
_A_VALUE = re.compile(r"\bsample \d+: (?!raises: )")
NO_GPU = "this runner has no GPU, which the operator or its library needs: run it on one that has"


def without_gpu(result: FixtureResult) -> FixtureResult:
    """The result; what is not green for want of a GPU is `failed`, on whichever side that showed."""
    if result.status not in FAILURES:
        return result
    errors = (text for text in _said(result) if not _A_VALUE.search(text))
    said = next((text for text in errors if _LACKING.search(text)), None)
    return result if said is None else replace(result, status=Status.FAILED, reason=f"{NO_GPU} ({said})")


def _said(result: FixtureResult) -> Iterator[str]:
    yield result.reason
    if result.facts is not None:
        yield result.facts.reproduced.reason
        for seen in result.facts.loaders.values():
            yield from (seen.loads.reason, seen.equal.reason)
