"""Fixture modules for every operator in PyTorch's version map, in the Python and the TorchScript of 2020.

A scalar argument is an int in one module and a float in another: a type of TorchScript is one of them. A default is
omitted in one module and given in another: what is omitted is what makes a fixture sensitive. Sample inputs are small
and exact, so that a difference stands out in a record.
"""

from typing import Optional

import torch

INTEGERS = torch.tensor([[7, -7, 9], [-9, 3, -1]])
DIVISORS = torch.tensor([[2, 2, -4], [-4, 3, 2]])
FLOATS = torch.tensor([[0.5, -1.25, 3.0], [-2.0, 0.75, 10.0]])
FLOAT_DIVISORS = torch.tensor([[2.0, 0.5, -1.5], [3.0, -0.25, 7.0]])


class TestVersionedDivTensorV3(torch.nn.Module):
    def forward(self, a, b):
        return torch.ops.aten.div(a, b)

    def sample_inputs(self):
        return [(INTEGERS, DIVISORS), (FLOATS, FLOAT_DIVISORS), (INTEGERS, FLOAT_DIVISORS)]


class TestVersionedDivScalarIntV3(torch.nn.Module):
    def forward(self, a, b: int):
        return torch.ops.aten.div(a, b)

    def sample_inputs(self):
        return [(INTEGERS, 2), (INTEGERS, -4), (FLOATS, 3)]


class TestVersionedDivScalarFloatV3(torch.nn.Module):
    def forward(self, a, b: float):
        return torch.ops.aten.div(a, b)

    def sample_inputs(self):
        return [(FLOATS, 1.5), (FLOATS, -0.25)]


class TestVersionedDivOutV3(torch.nn.Module):
    def forward(self, a, b, out):
        return torch.ops.aten.div(a, b, out=out)

    def sample_inputs(self):
        return [
            (INTEGERS, DIVISORS, torch.zeros(2, 3, dtype=torch.int64)),
            (FLOATS, FLOAT_DIVISORS, torch.zeros(2, 3)),
        ]


class TestVersionedDivInplaceTensorV3(torch.nn.Module):
    def forward(self, a, b):
        return torch.ops.aten.div_(a, b)

    def sample_inputs(self):
        return [(INTEGERS, DIVISORS), (FLOATS, FLOAT_DIVISORS)]


class TestVersionedDivInplaceScalarIntV3(torch.nn.Module):
    def forward(self, a, b: int):
        return torch.ops.aten.div_(a, b)

    def sample_inputs(self):
        return [(INTEGERS, 2), (INTEGERS, -4), (FLOATS, 3)]


class TestVersionedDivInplaceScalarFloatV3(torch.nn.Module):
    def forward(self, a, b: float):
        return torch.ops.aten.div_(a, b)

    def sample_inputs(self):
        return [(FLOATS, 1.5), (FLOATS, -0.25)]


class TestVersionedDivTensorModeV3(torch.nn.Module):
    def forward(self, a, b, rounding_mode: Optional[str]):
        return torch.ops.aten.div(a, b, rounding_mode=rounding_mode)

    def sample_inputs(self):
        return [
            (INTEGERS, DIVISORS, None),
            (INTEGERS, DIVISORS, "trunc"),
            (INTEGERS, DIVISORS, "floor"),
            (FLOATS, FLOAT_DIVISORS, "floor"),
        ]


class TestVersionedDivScalarModeIntV3(torch.nn.Module):
    def forward(self, a, b: int, rounding_mode: Optional[str]):
        return torch.ops.aten.div(a, b, rounding_mode=rounding_mode)

    def sample_inputs(self):
        return [(INTEGERS, 2, None), (INTEGERS, 2, "trunc"), (INTEGERS, 2, "floor"), (FLOATS, -4, "floor")]


class TestVersionedDivScalarModeFloatV3(torch.nn.Module):
    def forward(self, a, b: float, rounding_mode: Optional[str]):
        return torch.ops.aten.div(a, b, rounding_mode=rounding_mode)

    def sample_inputs(self):
        return [(FLOATS, 1.5, None), (FLOATS, 1.5, "trunc"), (FLOATS, -0.25, "floor")]


class TestVersionedDivOutModeV3(torch.nn.Module):
    def forward(self, a, b, rounding_mode: Optional[str], out):
        return torch.ops.aten.div(a, b, rounding_mode=rounding_mode, out=out)

    def sample_inputs(self):
        return [
            (INTEGERS, DIVISORS, "trunc", torch.zeros(2, 3, dtype=torch.int64)),
            (FLOATS, FLOAT_DIVISORS, None, torch.zeros(2, 3)),
        ]


class TestVersionedDivInplaceTensorModeV3(torch.nn.Module):
    def forward(self, a, b, rounding_mode: Optional[str]):
        return torch.ops.aten.div_(a, b, rounding_mode=rounding_mode)

    def sample_inputs(self):
        return [(INTEGERS, DIVISORS, "floor"), (FLOATS, FLOAT_DIVISORS, None)]


class TestVersionedDivInplaceScalarModeIntV3(torch.nn.Module):
    def forward(self, a, b: int, rounding_mode: Optional[str]):
        return torch.ops.aten.div_(a, b, rounding_mode=rounding_mode)

    def sample_inputs(self):
        return [(INTEGERS, 2, "trunc"), (FLOATS, -4, None)]


class TestVersionedDivInplaceScalarModeFloatV3(torch.nn.Module):
    def forward(self, a, b: float, rounding_mode: Optional[str]):
        return torch.ops.aten.div_(a, b, rounding_mode=rounding_mode)

    def sample_inputs(self):
        return [(FLOATS, 1.5, "floor"), (FLOATS, -0.25, None)]


class TestVersionedFullIntV4(torch.nn.Module):
    def forward(self, rows: int, fill_value: int):
        return torch.ops.aten.full([rows, 2], fill_value)

    def sample_inputs(self):
        return [(2, 3), (1, -7)]


class TestVersionedFullFloatV4(torch.nn.Module):
    def forward(self, rows: int, fill_value: float):
        return torch.ops.aten.full([rows, 2], fill_value)

    def sample_inputs(self):
        return [(2, 3.5), (1, -0.25)]


class TestVersionedFullOutIntV4(torch.nn.Module):
    def forward(self, rows: int, fill_value: int, out):
        return torch.ops.aten.full([rows, 2], fill_value, out=out)

    def sample_inputs(self):
        return [(2, 3, torch.zeros(2, 2)), (1, -7, torch.zeros(1, 2, dtype=torch.int64))]


class TestVersionedFullOutFloatV4(torch.nn.Module):
    def forward(self, rows: int, fill_value: float, out):
        return torch.ops.aten.full([rows, 2], fill_value, out=out)

    def sample_inputs(self):
        return [(2, 3.5, torch.zeros(2, 2))]


class TestVersionedLinspaceIntV7(torch.nn.Module):
    def forward(self, start: int, end: int):
        return torch.ops.aten.linspace(start, end)

    def sample_inputs(self):
        return [(-3, 10), (5, 0)]


class TestVersionedLinspaceFloatV7(torch.nn.Module):
    def forward(self, start: float, end: float):
        return torch.ops.aten.linspace(start, end)

    def sample_inputs(self):
        return [(-0.5, 2.25)]


class TestVersionedLinspaceStepsV7(torch.nn.Module):
    def forward(self, start: float, end: float, steps: int):
        return torch.ops.aten.linspace(start, end, steps)

    def sample_inputs(self):
        return [(-0.5, 2.25, 5), (1.0, 0.0, 12)]


class TestVersionedLinspaceOutV7(torch.nn.Module):
    def forward(self, start: float, end: float, out):
        return torch.ops.aten.linspace(start, end, out=out)

    def sample_inputs(self):
        return [(-0.5, 2.25, torch.zeros(100))]


class TestVersionedLogspaceIntV8(torch.nn.Module):
    def forward(self, start: int, end: int):
        return torch.ops.aten.logspace(start, end)

    def sample_inputs(self):
        return [(-2, 2)]


class TestVersionedLogspaceFloatV8(torch.nn.Module):
    def forward(self, start: float, end: float):
        return torch.ops.aten.logspace(start, end)

    def sample_inputs(self):
        return [(-0.5, 1.25)]


class TestVersionedLogspaceStepsV8(torch.nn.Module):
    def forward(self, start: float, end: float, steps: int, base: float):
        return torch.ops.aten.logspace(start, end, steps, base)

    def sample_inputs(self):
        return [(-0.5, 1.25, 5, 2.0), (0.0, 2.0, 9, 10.0)]


class TestVersionedLogspaceOutV8(torch.nn.Module):
    def forward(self, start: float, end: float, out):
        return torch.ops.aten.logspace(start, end, out=out)

    def sample_inputs(self):
        return [(-0.5, 1.25, torch.zeros(100))]


class TestVersionedGeluV9(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)

    def sample_inputs(self):
        return [(FLOATS,), (FLOAT_DIVISORS,)]


class TestVersionedGeluOutV9(torch.nn.Module):
    def forward(self, x, out):
        return torch.ops.aten.gelu(x, out=out)

    def sample_inputs(self):
        return [(FLOATS, torch.zeros(2, 3))]
