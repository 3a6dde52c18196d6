"""Schemas that torch infers from annotations: read without torch, and equal to its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.function_schema import parse_schema

HEADER = """\
import collections.abc, typing, torch
import torch as t, typing as ty
from collections.abc import Sequence as Seq
from typing import List, Optional, Sequence, Tuple, Union
from torch import Tensor, device
from torch.types import Number

AMOUNT = 0.5
Tensors = List[Tensor]
"""
# What stands between `def f` and the colon, and what is given to custom_op.
TAKEN = [
    ("(x: Tensor) -> Tensor", ""),
    ("(x: torch.Tensor, y: t.Tensor) -> t.Tensor", ""),
    ("() -> None", ""),
    ("(x: 'Tensor', n: 'Optional[int]' = None) -> 'torch.Tensor'", ""),
    ("(x: Tensor, n: list['int'], m: Seq['Tensor']) -> tuple['Tensor', int]", ""),
    ("(a: int, b: float, c: bool, d: str, e: Number, f: torch.dtype, g: device) -> Tensor", ""),
    ("(a: Optional[int], b: float | None, c: None | bool, d: ty.Optional[str]) -> Tensor", ""),
    ("(e: Optional[Number], f: Union[torch.dtype, None], g: torch.device | None) -> Tensor", ""),
    ("(a: Union[int, float, bool], b: bool | int | float, c: Union[int, float, bool, None]) -> Tensor", ""),
    ("(a: Optional[Union[float, bool, int]], b: List[Number], c: list[int | float | bool]) -> Tensor", ""),
    ("(a: List[Tensor], b: list[Tensor], c: Sequence[Tensor], d: Seq[Tensor]) -> Tensor", ""),
    ("(a: Tensors, b: collections.abc.Sequence[int], c: typing.List[float]) -> Tensor", ""),
    ("(a: List[Optional[Tensor]], b: Sequence[Tensor | None]) -> Tensor", ""),
    ("(a: Optional[List[int]], b: list[float] | None, c: Optional[Sequence[bool]]) -> Tensor", ""),
    ("(x: Tensor, a: int = 1, b: float = 2, c: float = -0.5, d: bool = True, e: int = -3) -> Tensor", ""),
    ("(x: Tensor, a: float = 1e-5, b: float = AMOUNT, c: str = 'mean', d: Number = 1.0) -> Tensor", ""),
    ("(x: Tensor, a: Optional[float] = None, *, b: int = 0, c: bool = False) -> Tensor", ""),
    ("(x: Tensor, *, b: int, c: int = -0, d: int = -True) -> Tensor", ""),
    ("(a: torch.dtype = torch.float, b: torch.dtype = torch.int64, c: torch.dtype = t.bool) -> Tensor", ""),
    ("(a: device = torch.device('cpu'), b: device = device('cuda', 1), c: device = 'cpu') -> Tensor", ""),
    ("(x: Tensor) -> Tuple[Tensor, Tensor]", ""),
    ("(x: Tensor) -> tuple[Tensor, int, float, bool, Number, List[Tensor], list[Tensor]]", ""),
    ("(x: Tensor) -> Tuple[Tensor]", ""),
    ("(x: Tensor) -> Tuple[()]", ""),
    ("(x: Tensor) -> List[Tensor]", ""),
    ("(x: Tensor) -> int", ""),
    ("(x: Tensor) -> Number", ""),
    ("(x: Tensor, y: Tensor) -> None", "mutates_args=['y']"),
    ("(x: Tensor, y: List[Tensor], z: Optional[Tensor]) -> None", "mutates_args={'x', 'y', 'z'}"),
    ("(x: Tensor, n: int, z: Sequence[Optional[Tensor]]) -> None", "mutates_args='unknown'"),
    ("(x: Tensor) -> Tensor", "mutates_args={}"),
    ("(x: Tensor) -> Tensor", "mutates_args=frozenset()"),
    ("(x: Tensor, y: Tensor) -> Tensor", "mutates_args=('x',), tags=torch.Tag.inplace"),
    ("(x: Tensor, *, out: Tensor) -> Tensor", "mutates_args=('out',), tags=[torch.Tag.out]"),
    (
        "(x: Tensor, *, a: Tensor, b: Tensor) -> Tuple[Tensor, Tensor]",
        "mutates_args=('a', 'b'), tags=(t.Tag.out,)",
    ),
    ("(x: Tensor) -> Tensor", "mutates_args=(), tags=torch.Tag.pt2_compliant_tag"),
]
REFUSED = [
    ("(x) -> Tensor", ""),
    ("(x: Tensor)", ""),
    ("(x: Tensor, /) -> Tensor", ""),
    ("(*x: Tensor) -> Tensor", ""),
    ("(**x: Tensor) -> Tensor", ""),
    ("(x: Tuple[int, int]) -> Tensor", ""),
    ("(x: List[str]) -> Tensor", ""),
    ("(x: Union[int, float]) -> Tensor", ""),
    ("(x: Optional[List[Tensor]]) -> Tensor", ""),
    ("(x: object) -> Tensor", ""),
    ("(x: Tensor, n: List['int']) -> Tensor", ""),
    ("(x: Tensor, n: \"Optional['int']\") -> Tensor", ""),
    ("(x: Union[Tensor, 'int', None]) -> Tensor", ""),
    ("(x: 'never parsed') -> Tensor", ""),
    ("(x: 'y = 1') -> Tensor", ""),
    ("(x: dict[str, int]) -> Tensor", ""),
    ("(x: 'int | (float & str)') -> Tensor", ""),
    ("(x: int | str | float) -> Tensor", ""),
    ("(x: int = (1, 2)) -> Tensor", ""),
    ("(x: Tensor) -> Optional[Tensor]", ""),
    ("(x: Tensor) -> Sequence[Tensor]", ""),
    ("(x: Tensor) -> Tuple[Tensor, ...]", ""),
    ("(x: Tensor) -> tuple", ""),
    ("(x: Tensor, n: int) -> None", "mutates_args=['n']"),
    ("(x: Tensor) -> None", "mutates_args=['y']"),
    ("(x: Tensor) -> None", "mutates_args='x'"),
    ("(x: Tensor) -> None", "device_types='cpu'"),
]
ALL = [(signature, given or "mutates_args=()") for signature, given in TAKEN + REFUSED]
TORCHS = f"""
import inspect, json, sys
exec({HEADER!r})

def inferred(function, *, device_types=None, **given):
    return torch.library.infer_schema(function, **given)

answers = []
for signature, given in json.load(sys.stdin):
    space = dict(globals())
    exec(f"def f{{signature}}: ...", space)
    try:
        answers.append(eval(f"inferred(f, {{given}})", space))
    except Exception as error:
        answers.append([type(error).__name__])
print(json.dumps(answers))
"""


def read(signature: str, given: str):
    source = f"{HEADER}@torch.library.custom_op('mylib::f', {given})\ndef f{signature}: ...\n"
    return read_declared_operators("ops.py", source.encode())


@pytest.mark.torch
def test_what_is_inferred_equals_what_torch_infers() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TORCHS],
        input=json.dumps(ALL),
        text=True,
        capture_output=True,
        check=True,
    )
    answers = json.loads(run.stdout)
    differing = []
    for (signature, given), answer in zip(ALL, answers, strict=True):
        declared = read(signature, given)
        assert len(declared.operators) + len(declared.problems) == 1
        if isinstance(answer, str):
            same = [one.schema for one in declared.operators] == [parse_schema(f"mylib::f{answer}")]
        else:
            same = bool(declared.problems)
        if not same:
            differing.append((signature, given, answer, declared))
    assert differing == []
    assert [isinstance(answer, str) for answer in answers] == [True] * len(TAKEN) + [False] * len(REFUSED)
