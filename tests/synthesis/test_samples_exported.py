"""Sample inputs of modules that become exported programs, tried in real releases."""

from __future__ import annotations

import pytest

from opfixtures.declarations.function_schema import parse_schema
from opfixtures.declarations.names import guard_name_for
from opfixtures.making import sampling
from opfixtures.making.sampling import SampledModule, find_samples
from opfixtures.runtimes import Runtime
from opfixtures.synthesis.modules import modules_for
from tests.releases import python_of

pytestmark = pytest.mark.torch
# What a library registers when it is imported, in front of each module.
OPERATORS = """\
import sys
import torch

if not hasattr(torch, "made"):
    made = torch.made = torch.library.Library("made", "DEF")

    def define(schema, function, fake=None):
        name = schema.partition("(")[0]
        made.define(schema)
        made.impl(name, function, "CompositeExplicitAutograd")
        if fake:
            torch.library.register_fake(f"made::{name}", fake)

    def only_eager(x):
        frame = sys._getframe()
        while frame:
            if frame.f_code.co_filename.startswith("<eval_with_key>"):
                raise RuntimeError("not in a program")
            frame = frame.f_back
        return x + 1

    define("turn(Tensor x, SymBool by) -> Tensor", lambda x, by: -x if by else x + 0, lambda x, by: -x)
    define("unfaked(Tensor x, float by=2.0) -> Tensor", lambda x, by=2.0: torch.tensor(x.tolist()) + by)
    def picky(x, n=1):
        if n != 1 and x.is_floating_point():
            raise RuntimeError("n is for whole numbers")
        return x * n

    define("picky(Tensor x, int n=1) -> Tensor", picky, lambda x, n=1: x * n)
    new_size = lambda x: torch.library.get_ctx().new_dynamic_size()
    define("count(Tensor x) -> SymInt", lambda x: int(x.sum().item()) - 10**6, new_size)
    define("eager(Tensor x) -> Tensor", only_eager, lambda x: x + 1)


"""
PROGRAMS, BOTH = ("pt2",), ("ptl", "pt2")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "HEAD", OPERATORS)


def found(
    schema: str, formats: tuple[str, ...], release: str = "2.13.0", siblings: tuple[str, ...] = ()
) -> tuple[SampledModule, ...]:
    one = parse_schema(schema)
    modules = modules_for(
        one, guard_name_for(one.operator), tuple(map(parse_schema, siblings)), scripts="ptl" in formats
    )
    return find_samples(Runtime("interpreter", release, python_of(release)), modules, print, (), formats)


@pytest.mark.usefixtures("made")
def test_a_program_runs_to_its_end() -> None:
    """torch.export asserts of a size that no tensor has, behind the call, that it is not negative."""
    (one,) = found("made::count(Tensor x) -> SymInt", PROGRAMS)
    assert one.samples == ()
    assert one.refusal.startswith("the program that torch.export makes of it does not run: ")


@pytest.mark.usefixtures("made")
def test_what_torchscript_cannot_call_is_exported_all_the_same() -> None:
    schema = "made::turn(Tensor x, SymBool by) -> Tensor"
    [one] = found(schema, PROGRAMS)
    assert (len(one.samples), one.refusal) == (1, "")
    assert ", True)" in one.samples[0]
    for formats in (("ptl",), BOTH):
        [one] = found(schema, formats)
        assert one.samples == ()
        assert "Expected a value of type 'bool' for argument 'by'" in one.refusal


@pytest.mark.usefixtures("made")
def test_the_one_sample_is_that_which_tells_most() -> None:
    # Found second, in whole numbers.
    whole, _ = found("made::picky(Tensor x, int n=1) -> Tensor", PROGRAMS)
    assert whole.off_default == (frozenset({"n"}),)
    whole, least = found("aten::leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor", PROGRAMS)
    assert (len(whole.samples), len(least.samples)) == (1, 1)
    assert whole.off_default == (frozenset({"negative_slope"}),)
    [one] = found("aten::clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor", PROGRAMS)[:1]
    assert one.off_default == (frozenset({"min", "max"}),)


def test_what_is_scripted_too_has_all_its_samples_and_the_first_is_exported() -> None:
    schema = "aten::clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor"
    whole = found(schema, BOTH)[0]
    assert set(whole.samples) == set(found(schema, ("ptl",))[0].samples)
    assert len(whole.samples) > 1
    assert whole.off_default[0] == {"min", "max"}
    assert whole.unexported == ""


@pytest.mark.thorough
@pytest.mark.usefixtures("made")
def test_what_does_not_export_says_why() -> None:
    schema = "made::unfaked(Tensor x, float by=2.0) -> Tensor"
    for one in found(schema, PROGRAMS):
        assert one.samples == ()
        assert one.refusal.startswith("torch.export refuses it: ")
    for one in found(schema, BOTH):
        assert one.samples
        assert one.unexported.startswith("torch.export refuses it: ")
    [one] = found("made::eager(Tensor x) -> Tensor", PROGRAMS)
    assert one.refusal == (
        "the program that torch.export makes of it does not run: RuntimeError: not in a program"
    )
    [one] = found("made::stored(Tensor x, Storage s) -> Tensor", PROGRAMS)
    assert one.refusal == "no value is known for s, of type Storage"


def test_what_torch_export_does_not_call_is_named() -> None:
    [one] = found("aten::is_floating_point(Tensor self) -> bool", PROGRAMS)
    assert one.refusal == "torch.export does not call aten::is_floating_point here, it calls nothing"


def test_an_overload_is_called_by_its_name() -> None:
    siblings = (
        "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
        "aten::add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor",
    )
    whole, least = found(siblings[1], PROGRAMS, siblings=siblings)
    assert "torch.ops.aten.add.Scalar(input, other, alpha)" in whole.text
    assert "torch.ops.aten.add.Scalar(input, other)" in least.text
    assert whole.samples
    assert least.samples


def test_a_torch_without_export_is_told() -> None:
    [one] = found("aten::relu(Tensor self) -> Tensor", PROGRAMS, "1.11.0")
    assert one.refusal.startswith("torch 1.11.0")
    assert one.refusal.endswith(" has no torch.export.save, which is there from 2.1 on")
    [one] = found("aten::relu(Tensor self) -> Tensor", BOTH, "1.11.0")
    assert one.samples
    assert " has no torch.export.save" in one.unexported
