"""What the upgraders of a runtime do, and whether a tree's source of them is what the runtime has."""

import sys

import pytest

from opfixtures.worker.observations import UpgraderSeen

# torch/csrc/jit/operator_upgraders/upgraders_entry.cpp of torch 2.13.0: those that hand on what they get.
IDENTITIES = {
    "div_Tensor_mode_0_3",
    "div_Scalar_mode_0_3",
    "div_out_mode_0_3",
    "div__Tensor_mode_0_3",
    "div__Scalar_mode_0_3",
    "full_out_0_4",
    "gelu_0_9",
    "gelu_out_0_9",
}
OTHERS = {
    "div_Tensor_0_3",
    "div_Scalar_0_3",
    "div_out_0_3",
    "div__Tensor_0_3",
    "div__Scalar_0_3",
    "full_0_4",
    "linspace_0_7",
    "linspace_out_0_7",
    "logspace_0_8",
    "logspace_out_0_8",
    # No entry of the version map uses it: which old calls it would serve cannot be told.
    "full_names_0_4",
}
GELU = "def gelu_0_9(self: Tensor) -> Tensor:\n  return torch.gelu(self, approximate={})\n"


@pytest.fixture(scope="session")
def torchs(worker):
    """The sources inside of the torch of today."""
    return dict(worker.torch._C._get_upgraders_entry_map())


def asked(replay, upgraders, python=sys.executable, module=None):
    return replay(python, {}, module=module, upgraders=upgraders)[0].upgraders


def test_every_upgrader_of_torch_is_an_identity_or_not(replay, torchs):
    assert set(torchs) == IDENTITIES | OTHERS
    seen = asked(replay, dict.fromkeys(torchs))
    assert {name for name, upgrader in seen.items() if upgrader.identity} == IDENTITIES
    assert {(upgrader.registered, upgrader.same, upgrader.problem) for upgrader in seen.values()} == {
        (True, None, "")
    }


def test_every_upgrader_of_torch_is_its_own_source(replay, torchs):
    seen = asked(replay, torchs)
    assert {(upgrader.same, upgrader.problem) for upgrader in seen.values()} == {(True, "")}


# What a tree may have in the place of torch's own source, and the problem with it.
SOURCES = {
    "another layout": (
        "\n# why\ndef gelu_0_9(self: Tensor) -> Tensor:\n\n    return torch.gelu(self, approximate='none')\n",
        True,
        "",
    ),
    "another name inside": (
        "def gelu_0_9(x: Tensor) -> Tensor:\n  return torch.gelu(x, approximate='none')\n",
        True,
        "",
    ),
    "another constant": (GELU.format("'tanh'"), False, ""),
    "another operator": (
        GELU.replace("gelu(", "silu(")
        .replace("def silu_0_9", "def gelu_0_9")
        .replace(", approximate={}", ""),
        False,
        "",
    ),
    "no such operator": (GELU.replace("torch.gelu", "torch.no_such"), False, "no_such"),
    "no function of the name": (
        "def other(self: Tensor) -> Tensor:\n  return self\n",
        False,
        "defines no function gelu_0_9",
    ),
    "no TorchScript": (
        "def gelu_0_9(self: Tensor) -> Tensor:\n  return open(self)\n",
        False,
        "undefined value open",
    ),
    "something of Python": (
        "def gelu_0_9(self: Tensor) -> Tensor:\n  return os.getcwd()\n",
        False,
        "undefined value os",
    ),
    "no code": ("def", False, "expected"),
    "nothing": ("", False, "defines no function gelu_0_9"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("key", SOURCES)
def test_another_source_is_the_same_or_not(worker, key):
    worker.warm_up()
    source, same, problem = SOURCES[key]
    told = worker.upgrader_told("gelu_0_9", source)
    assert (told["registered"], told["identity"], told["same"]) == (True, True, same)
    assert problem in told["problem"]
    assert bool(problem) == bool(told["problem"])
    assert "\n" not in told["problem"]


def test_an_upgrader_that_is_not_there_is_told_as_such(replay):
    assert asked(replay, {"nope_0_3": "def nope_0_3(): pass"}) == {"nope_0_3": UpgraderSeen()}


def test_a_source_that_crashes_the_frontend_costs_itself(replay, torchs):
    deep = f"def div_Tensor_0_3(self: Tensor, other: Tensor) -> Tensor:\n  return {'(' * 20_000}self{')' * 20_000}\n"
    seen = asked(replay, {"div_Tensor_0_3": deep, "gelu_0_9": torchs["gelu_0_9"]})
    assert seen["div_Tensor_0_3"] == UpgraderSeen(problem="crashed: SIGSEGV")
    assert seen["gelu_0_9"] == UpgraderSeen(True, True, True)


LIBRARY = """
def scale_0_3(x: Tensor, factor: float=2.0) -> Tensor:
  return torch.ops.tinyops.scale(x, factor)

def halve_0_3(x: Tensor) -> Tensor:
  if x.is_floating_point():
    return torch.ops.tinyops.halve(x)
  return torch.floor_divide(x, 2)
"""


def test_a_library_registers_its_own(replay, before, after):
    upgraders = {"scale_0_3": LIBRARY, "halve_0_3": LIBRARY.replace("(x, 2)", "(x, 3)")}
    seen = asked(replay, upgraders, after, "tinyops")
    # It hands on what it gets, and fills in the default that the operator has no more.
    assert seen["scale_0_3"] == UpgraderSeen(True, False, True)
    assert seen["halve_0_3"] == UpgraderSeen(True, False, False)
    assert set(asked(replay, upgraders, before, "tinyops").values()) == {UpgraderSeen()}


# Edits of the library's operator, of its upgrader's call, and whether the upgrader then changes nothing.
EDITS = {
    "the same default": ("factor=2.0", "(x, factor)", True),
    "another default": ("factor=3.0", "(x, factor)", False),
    # Without it the operator may have done as with another value, or as with none that there is.
    "a default more": ("factor=2.0, bool deep=False", "(x, factor, False)", False),
    "a default more that is left out": ("factor=2.0, bool deep=True", "(x, factor)", False),
    "another value than the default": ("factor=2.0, bool deep=False", "(x, factor, True)", False),
    "an argument more": ("factor=2.0, bool deep=False", "(x, factor, x.dim() > 1)", False),
    "a constant in an argument's place": ("factor=2.0", "(x, 2.0)", False),
    "another result": ("factor=2.0", "(x, factor) + 1", False),
    "another operator": ("factor=2.0", "(x, factor)", False),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("key", EDITS)
def test_an_upgrader_of_a_library_changes_nothing_or_does(library, replay, key):
    default, call, identity = EDITS[key]
    name = "other" if key == "another operator" else "scale"
    edits = (
        (
            "__init__.py",
            "scale(Tensor x, float factor)",
            f"scale(Tensor x, float {default}) -> Tensor".removesuffix(" -> Tensor"),
        ),
        (
            "__init__.py",
            '_library.define("halve',
            f'_library.define("other(Tensor x, float {default}) -> Tensor")\n_library.define("halve',
        ),
        ("upgraders.py", "torch.ops.tinyops.scale(x, factor)", f"torch.ops.tinyops.{name}{call}"),
    )
    seen = asked(replay, {"scale_0_3": None}, library("before", "change", edits=edits), "tinyops")
    assert seen["scale_0_3"] == UpgraderSeen(True, identity)


def test_an_old_release_tells_of_its_own(replay, release, torchs):
    """torch 1.11.0 has texts where others have graphs, and no upgrader of gelu."""
    known = {name: source for name, source in torchs.items() if not name.startswith(("gelu", "full_names"))}
    seen = asked(replay, {**known, "gelu_0_9": torchs["gelu_0_9"]}, release("1.11.0"))
    assert seen.pop("gelu_0_9") == UpgraderSeen()
    assert {name for name, upgrader in seen.items() if upgrader.registered} >= {"div_Tensor_0_3", "full_0_4"}
    assert all(upgrader.same for upgrader in seen.values() if upgrader.registered), seen
    assert {name for name, upgrader in seen.items() if upgrader.identity} <= IDENTITIES


def test_a_release_from_before_upgraders_has_none(replay, release):
    assert asked(replay, {"gelu_0_9": None}, release("1.5.1")) == {"gelu_0_9": UpgraderSeen()}
