"""Sample inputs that a search finds, in real releases."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.names import class_name_for
from opfixtures.making import sampling
from opfixtures.making.sampling import SampledModule, drafts, find_samples, operators_in
from opfixtures.runtimes import Runtime
from opfixtures.synthesis.modules import modules_for
from tests.releases import python_of

pytestmark = pytest.mark.torch
# Of many kinds: hints of an earlier version, pasted, made a fixture for 58 of them.
WAITS = """\
import time
import torch

if not hasattr(torch, "waits"):
    torch.waits = torch.library.Library("waits", "DEF")
    torch.waits.define("q(Tensor x) -> Tensor")
    torch.waits.impl("q", lambda x: time.sleep(1000), "CPU")


"""
HUNDRED = Path(__file__).with_name("hundred_operators.txt").read_text(encoding="utf-8").split()


def found(release: str, *operators: str) -> dict[str, list[SampledModule]]:
    """What a search finds for operators in a release."""
    runtime = Runtime("interpreter", release, python_of(release))
    seen = operators_in(runtime, operators, print)
    modules = [one for name in operators for one in drafts(name, class_name_for(name, 9), seen[name])]
    sampled = find_samples(runtime, modules, print)
    return {name: [one for one in sampled if one.module.schema.operator == name] for name in operators}


def test_of_a_hundred_operators_at_least_95_have_a_module_that_runs() -> None:
    modules = found("2.13.0", *HUNDRED)
    none = {name: some[0].refusal for name, some in modules.items() if not any(one.samples for one in some)}
    assert len(HUNDRED) == 100
    assert len(none) <= 5, none


def test_samples_are_few_and_tell_something() -> None:
    modules = found(
        "2.13.0",
        "aten::clamp",
        "quantized::add",
        "quantized::linear_dynamic",
        "quantized::linear_unpack",
        "quantized::embedding_byte",
        "aten::q_per_channel_axis",
        "aten::_foreach_add_.Scalar",
        "aten::to_sparse.sparse_dim",
        "aten::full",
        "aten::einsum",
    )
    clamp, without_bounds = modules["aten::clamp"]
    assert clamp.samples
    assert without_bounds.samples == ()
    assert "At least one of 'min' or 'max' must not be None" in without_bounds.refusal
    [add] = modules["quantized::add"]
    assert "qa = torch.quantize_per_tensor(qa, 0.125, 10, 13)" in add.text
    assert ".dequantize()" in add.text
    assert "linear_prepack(quantized, None)" in modules["quantized::linear_dynamic"][0].text
    assert "returned[0].dequantize()" in modules["quantized::linear_unpack"][0].text
    assert "embedding_bag_prepack(quantized)" in modules["quantized::embedding_byte"][0].text
    assert "torch.quantize_per_channel(" in modules["aten::q_per_channel_axis"][0].text
    [foreach] = modules["aten::_foreach_add_.Scalar"]
    assert "return input\n" in foreach.text
    assert ".to_dense()" in modules["aten::to_sparse.sparse_dim"][0].text
    # Whole numbers and others, which a Scalar takes both.
    numbers = " ".join(modules["aten::full"][0].samples + modules["aten::full"][1].samples)
    assert "0.5" in numbers
    assert ", 1" in numbers
    for name, some in modules.items():
        assert all(len(one.samples) <= 3 for one in some), name
        assert any(one.samples for one in some), name


def test_a_search_finds_the_same_again() -> None:
    assert found("2.13.0", "aten::conv2d") == found("2.13.0", "aten::conv2d")


@pytest.mark.parametrize("release", ["1.5.1", "1.11.0"])
def test_old_releases_are_searched_too(release: str) -> None:
    modules = found(release, "aten::div.out", "aten::linspace", "aten::max_pool2d")
    assert {name: [bool(one.samples) for one in some] for name, some in modules.items()} == {
        "aten::div.out": [True],
        "aten::linspace": [True, True],
        "aten::max_pool2d": [True, True],
    }


def test_what_is_at_its_default_gets_another_value_where_that_runs() -> None:
    """TorchScript stores no trailing argument that equals its default."""
    whole, _ = found("2.13.0", "aten::conv2d")["aten::conv2d"]
    stride, padding, *_ = re.findall(r"\[\d, \d\]", whole.samples[0])
    assert stride != "[1, 1]"
    assert padding != "[0, 0]"
    whole, _ = found("2.13.0", "aten::leaky_relu")["aten::leaky_relu"]
    assert all("0.01" not in sample for sample in whole.samples)


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor", "memory_format"),
        ("multi_margin_loss(Tensor self, Tensor target, Scalar p=1, Scalar margin=1) -> Tensor", "p"),
    ],
)
def test_what_changed_gets_another_value_than_its_default(schema: str, name: str) -> None:
    """Without being told, a search leaves it at None, which runs first."""
    modules = modules_for(parse_schema(f"aten::{schema}"), "TestVersionedChangedV3")
    runtime = Runtime("interpreter", "here", python_of("2.13.0"))
    whole, least = find_samples(runtime, modules, print, [name])
    assert any(name in one for one in whole.off_default), whole.samples
    assert least.samples
    assert not any(least.off_default)
    # None is tried for what may be None, beside that.
    assert len(whole.off_default) == len(whole.samples)
    wanted = [name in one for one in whole.off_default]
    assert all(name in one for one in whole.only(wanted).off_default)


def test_an_operator_that_waits_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "HEAD", WAITS)
    monkeypatch.setattr(sampling, "_STEP_SECONDS", 2.0)
    monkeypatch.setattr(sampling, "_WALL_SECONDS", 5.0)
    modules = modules_for(parse_schema("waits::q(Tensor x) -> Tensor"), "TestVersionedQV3")
    begun = time.monotonic()
    [one] = find_samples(Runtime("interpreter", "here", python_of("2.13.0")), modules, print)
    assert one.refusal == "did not end within 2 seconds"
    assert time.monotonic() - begun < 60


def test_what_torchscript_does_not_call_is_named() -> None:
    [concat, *_] = found("2.13.0", "aten::concat")["aten::concat"]
    assert concat.refusal == "TorchScript does not call aten::concat here, it calls aten::cat"
