"""PyTorch's operators that a sweep leaves out, and why: what they give is no function of their inputs. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from opfixtures.declarations.function_schema import SchemaError, parse_schema

_RANDOM = re.compile(
    r"(^|_)(rand|randint|randn|randperm|random|bernoulli|multinomial|cauchy|geometric|exponential|binomial|dropout"
    r"|uniform|normal|poisson|rrelu|gumbel|gamma|dirichlet|sobol)(_|$)|rand_like|randn_like|randint_like|_with_noise"
)
# poisson_nll_loss computes, standard_gamma draws.
_COMPUTED = re.compile(r"_loss|^(lgamma|digamma|polygamma|mvlgamma|igamma)")
_UNINITIALISED = re.compile(r"^(new_)?empty(_|$)|^resize(_|$)|_resize(_|$)|^_?empty_")
_OF_DEVICES = re.compile(
    r"cudnn|cuda|miopen|(^|_)mps(_|$)|vulkan|metal|xla|pin_memory|is_pinned|record_stream|nnpack|xnnpack|_amp_"
)
_OF_PROCESSES = re.compile(
    r"^(set_|_?debug_|_assert|from_file|_?print|rename)|^(retain_grad|requires_grad_|_backward)$"
)

# As worker/inside/searching.py and searching_programs.py say it; the last is of names of dimensions.
_NOT_CALLED = re.compile(
    r"(?:TorchScript|torch\.export) does not call \S+ here, it calls (?P<other>.*)|all symbols must have a namespace"
)


def why_not_called(refusals: Sequence[str]) -> str:
    """Why no model calls an operator, by what was said of its modules; empty where a model may."""
    found = [_NOT_CALLED.search(one) for one in refusals]
    if not found or not all(found):
        return ""
    other = next((one["other"] for one in found if one and one["other"]), None)
    return (
        f"a model calls another in its place: {other}"
        if other
        else "TorchScript knows no names of dimensions"
    )


def may_be_random(operator: str) -> bool:
    """Whether an operator may draw random numbers. PyTorch's say it by their names; of others nobody knows."""
    namespace, _, name = operator.rpartition("::")
    stem = name.partition(".")[0]
    return namespace != "aten" or bool(_RANDOM.search(stem) and not _COMPUTED.search(stem))


def why_left_out(schema: str) -> str:
    """Why an operator is left out, by its schema as a runtime prints it; empty where it is swept.

    Names tell something of PyTorch's operators alone: `mylib::resize` is any function of its inputs."""
    full = schema.partition("(")[0]
    namespace, _, name = full.rpartition("::")
    stem = name.partition(".")[0]
    if namespace != "aten":
        return ""
    if may_be_random(full):
        return "random"
    if _UNINITIALISED.search(stem):
        return "gives memory that nobody set"
    if _OF_DEVICES.search(stem):
        return "is of a device"
    if "Tensor" not in schema:
        return "takes and gives no tensor"
    if stem.startswith("_"):
        return "internal, by its leading underscore"
    if _OF_PROCESSES.search(stem):
        return "is about the process or a tensor's graph, not about values"
    return "" if _is_readable(schema) else "its schema cannot be read"


def counts_by_reason(reasons: Iterable[str]) -> dict[str, int]:
    """How many operators are left out for each reason, most first; whatever is called in their place is one reason."""
    return dict(Counter(one.partition(":")[0] for one in reasons).most_common())


def _is_readable(schema: str) -> bool:
    try:
        parse_schema(schema)
    except SchemaError:
        return False
    return True
