"""What the two sides of a sweep tell, made up: modules of one operator, and what workers saw of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.sweep.judgement import Replay
from opfixtures.sweep.then import Made
from opfixtures.synthesis.modules import modules_for


@pytest.fixture
def made() -> Callable[..., Made]:
    """Makes a module of an operator with one sample, which gave these outputs in the old runtime."""

    def make(*outputs: Any, schema: str = "aten::abs(Tensor self) -> Tensor") -> Made:
        (module,) = modules_for(parse_schema(schema), "AbsGuard")
        samples = tuple({"inputs": [tensor(-1.0)], "output": one} for one in outputs)
        return Made(module, b"archive", samples)

    return make


@pytest.fixture
def replay(made: Callable[..., Made]) -> Callable[..., Replay]:
    """A module whose one sample gives this now, `again` what a second run of the old runtime told of it."""

    def make(told: dict[str, Any], again: dict[str, Any] | None = None, **schema: str) -> Replay:
        second = {"load_error": None, "samples": [again]} if again else None
        return Replay(made(tensor(1.0), **schema), {"load_error": None, "samples": [told]}, second)

    return make


def tensor(*values: float, dtype: str = "float32") -> dict[str, Any]:
    """A vector as a record has it."""
    return {"tensor": dtype, "shape": [len(values)], "values": list(values)}
