"""The runtime: what it says of itself, of operators and of upgraders, and what it does once for all."""

from __future__ import annotations

import importlib
import io
import os
import platform
import zipfile

import torch

from . import Json
from .answers import answer
from .archives import mobile_module
from .children import in_children
from .compiling import compiled_told
from .isolation import HELD
from .upgraders import steps_of_upgraders

# To compile an upgrader takes milliseconds.
UPGRADER_SECONDS = 10.0
# As many take far less time than a worker may be silent for, whatever they are.
UPGRADERS_AT_ONCE = 10


def overloads_of(operator: str) -> list[str]:
    """The schemas of the operator's name here, in the order in which TorchScript tries them. Any text may be asked."""
    try:
        return [str(schema) for schema in torch._C._jit_get_schemas_for_operator(operator.partition(".")[0])]
    except (RuntimeError, TypeError):
        return []


def schema_of(operator: str) -> str | None:
    """The operator's schema here, None where there is none."""
    schemas = overloads_of(operator)
    return next((schema for schema in schemas if schema.partition("(")[0] == operator), None)


def registered_bumps(operator: str) -> list[int] | None:
    """The versions at which this runtime's own version map bumps the operator; None before torch 1.11."""
    if not hasattr(torch._C, "_get_operator_version_map"):
        return None
    entries = torch._C._get_operator_version_map().get(operator, ())
    return sorted(entry.bumped_at_version for entry in entries)


def import_operators(name: str) -> str | None:
    """Import the operator module; where it came from, of a namespace package its first folder."""
    module = importlib.import_module(name)
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return next((os.path.realpath(place) for place in places if place), None)


def warm_up() -> None:
    """Do here, once, what torch does when it first loads an archive and runs it: each child is spared it.

    torch fills its table of upgraders then, and not before. The archive is written by hand: to script a module
    here would leave its traces in what the children export.
    """
    code = """\
class M(Module):
  __parameters__ = []
  training : bool
  def forward(self: __torch__.M, x: Tensor) -> Tensor:
    if torch.is_floating_point(x):
      y = torch.div(x, x)
    else:
      y = torch.mul(x, x)
    return y
"""
    members = {
        "version": b"3\n",
        "data.pkl": b"\x80\x02c__torch__\nM\n)\x81}(X\x08\x00\x00\x00training\x88ub.",
        "constants.pkl": b"\x80\x02).",
        "code/__torch__.py": code.encode(),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in members.items():
            file.writestr(f"m/{name}", content)
    archive.seek(0)
    torch.jit.load(archive)(torch.ones(1))
    mobile_module()


def with_overloads(operators: list[str]) -> list[str]:
    """The operators asked for, and the further overloads of their names that this runtime's version map has: an archive
    without bytecode may call any."""
    versions: Json = getattr(torch._C, "_get_operator_version_map", dict)()
    names = {operator.partition(".")[0] for operator in operators}
    return list(dict.fromkeys([*operators, *(one for one in versions if one.partition(".")[0] in names)]))


def tell_of_texts() -> None:
    """Say that the worker goes on: each text of an upgrader has a time of its own."""
    answer({"event": "texts"})


def describe(job: Json, own: set[str], imported: str | None) -> Json:
    """What the runtime says of itself, of the operators asked for (torch's `own` are so told) and the upgraders."""
    operators = with_overloads(job["operators"])
    upgraders: Json = {}
    steps = steps_of_upgraders(job["upgraders"])
    for begin in range(0, len(steps), UPGRADERS_AT_ONCE):
        upgraders.update(in_children(steps[begin : begin + UPGRADERS_AT_ONCE], UPGRADER_SECONDS))
        tell_of_texts()
    # What torch has itself was compiled when it was built, and nobody waits twice for the same.
    asked = job["compile"]
    refused = {name: upgraders[name] for name in asked if "refused" in upgraders.get(name, {})}
    others = {
        name: one
        for name, one in asked.items()
        if name not in refused and not upgraders.get(name, {}).get("same")
    }
    maximum = getattr(torch._C, "_get_max_operator_version", None)
    return {
        "event": "runtime",
        "torch": torch.__version__,
        "torch_git": torch.version.git_version,
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
        "max_operator_version": maximum() if maximum else None,
        "imported": imported,
        "isolation": HELD,
        "operators": {
            operator: {
                "schema": schema_of(operator),
                "overloads": overloads_of(operator),
                "bumps": registered_bumps(operator),
                "torch": operator in own,
            }
            for operator in operators
        },
        "upgraders": upgraders,
        "compiled": {**refused, **compiled_told(others, UPGRADER_SECONDS, tell_of_texts)},
    }
