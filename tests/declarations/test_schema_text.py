"""A schema that was read can be written, and is the same then."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.schema_text import schema_text


@pytest.mark.parametrize(
    "text",
    [
        "aten::div.Tensor(Tensor self, Tensor other) -> Tensor",
        "f() -> ()",
        "f(Tensor self, *, str approximate='none') -> Tensor",
        "f(Tensor(a!) self, Tensor(a -> *) b, Tensor(a|b -> c) d, Tensor! e) -> Tensor(a!)",
        "f(int[2] stride=1, int[2]? size=None, int[] dims=[0, 1], Tensor?[] some, float eps=1e-05) -> (Tensor, int)",
        "f(Scalar x, ScalarType? dtype=None, MemoryFormat m=contiguous_format, bool b=True) -> (Tensor values)",
        "f((int, Tensor)[] x, Dict(str, Tensor) d, Union(int, str) u, __torch__.torch.classes.a.B c, t y) -> t[]",
        "f(*, Generator? generator=None) -> (Tensor values, Tensor indices)",
        "f(Tensor x, ...) -> ...",
        "f(Tensor x) -> (Tensor, ...)",
        "f(str s='a\\'b\"c') -> Tensor(a)[]",
    ],
)
def test_what_is_written_is_read_as_the_same(text: str) -> None:
    schema = parse_schema(text)
    assert parse_schema(schema_text(schema)) == schema


@pytest.mark.torch
def test_every_operator_that_pytorch_declares_is_written_as_torch_reads_it() -> None:
    found = find_spec("torchgen")
    assert found is not None
    assert found.submodule_search_locations is not None
    file = Path(found.submodule_search_locations[0], "packaged", "ATen", "native", "native_functions.yaml")
    declared = read_declared_operators(file.name, file.read_bytes())
    assert len(declared.operators) > 2500
    for one in declared.operators:
        assert parse_schema(schema_text(one.schema)) == one.schema
