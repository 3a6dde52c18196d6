"""A witness: a short script that shows a change, runnable by anybody who has both runtimes. Pure.

Its model is that of the sweep, written as a person would: what is no tensor stands in the call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opfixtures.sweep.judgement import GONE, LOAD, Verdict
from opfixtures.sweep.left_out import may_be_random
from opfixtures.synthesis.literals import with_literals
from opfixtures.synthesis.module_text import Layout, class_lines, function_lines
from opfixtures.synthesis.modules import Module
from opfixtures.synthesis.python_layout import laid_out
from opfixtures.synthesis.sample_text import value_text

_WIDTH = 100
_LAYOUT, _IN_CLASS = Layout(_WIDTH, fills=True), Layout(_WIDTH - 4, fills=True)
# An input so short stands in the call, whatever the others need.
_SHORT = 20
# What a name of an input would hide.
_OWN = ("forward", "model", "os", "print", "torch")


@dataclass(frozen=True, slots=True)
class Sides:
    """The two runtimes: their names, the version of each torch, and the library that both import, if one does."""

    old: str
    new: str
    old_torch: str
    new_torch: str
    library: str | None = None


def witness(operator: str, verdict: Verdict, sides: Sides, fixture_format: str) -> str | None:
    """The script: run by the old runtime it saves a model, run by any it loads that and shows what comes of it.

    None where no model was made.
    """
    if verdict.replay is None:
        return None
    inputs = _inputs(verdict)
    # Which overload a model loads as, if any, hangs on the types that it was made with.
    module = with_literals(verdict.replay.made.module, inputs, exact=verdict.status in (GONE, LOAD))
    path = f"{re.sub('[^A-Za-z0-9_]+', '_', operator)}.{fixture_format}"
    exports = fixture_format == "pt2"
    shows_inputs = "in the inputs after" in verdict.detail
    lines, given = _given(module, inputs, sides, named=exports or shows_inputs)
    call = f"model({', '.join(given)})"
    shown = ["torch.__version__", call, *(given if shows_inputs else ())]
    imports = ["os"] * (not _by_version(sides)) + ([sides.library] if sides.library else []) + ["torch"]
    text = [
        f"# {operator}: run with {sides.old}, then with {sides.new}, in one folder.",
        *(f"import {one}" for one in imports),
        *("", ""),
        *(class_lines(module, _IN_CLASS) if exports else function_lines(module, _LAYOUT)),
        *("", ""),
        *lines,
        f"if {_is_old(path, sides)}:",
        f"    {_exported(module, given, path) if exports else _scripted(path)}",
        f"model = {_load(path, exports)}",
        *(["torch.manual_seed(0)"] if may_be_random(operator) else []),
        *laid_out(f"print({', '.join(shown)})", _WIDTH),
    ]
    return "\n".join(text) + "\n"


def _inputs(verdict: Verdict) -> list[Any]:
    """Those of the sample that shows it; of a model that does not load the shortest."""
    samples = [list(one["inputs"]) for one in verdict.replay.made.samples] if verdict.replay else []
    if verdict.sample is not None:
        return samples[verdict.sample]
    return min(samples, key=lambda inputs: len("".join(map(value_text, inputs))))


def _given(module: Module, inputs: Sequence[Any], sides: Sides, named: bool) -> tuple[list[str], list[str]]:
    """The lines that make what the model is given, and what its call says then: names, or the values where all fit in
    one line, or where they are short. `named`: all have names."""
    values = [
        (one.name, value_text(value))
        for one, value in zip(module.parameters, inputs, strict=True)
        if not one.literal
    ]
    texts = [text for _, text in values]
    if not named and len(f"print(torch.__version__, model({', '.join(texts)}))") <= _WIDTH:
        return [], texts
    lines, given, hidden = [], [], {*_OWN, (sides.library or "").partition(".")[0]}
    for name, text in values:
        if not named and len(text) <= _SHORT:
            given.append(text)
            continue
        variable = name + "_" * (name in hidden)
        lines += laid_out(f"{variable} = {text}", _WIDTH)
        given.append(variable)
    return lines, given


def _by_version(sides: Sides) -> bool:
    return sides.old_torch != sides.new_torch


def _is_old(path: str, sides: Sides) -> str:
    if _by_version(sides):
        return f'torch.__version__.startswith("{sides.old_torch.partition("+")[0]}")'
    return f'not os.path.exists("{path}")'


def _scripted(path: str) -> str:
    return f'torch.jit.script(forward).save("{path}")'


def _exported(module: Module, given: Sequence[str], path: str) -> str:
    inputs = f"({', '.join(given)}{',' * (len(given) == 1)})"
    return f'torch.export.save(torch.export.export({module.class_name}(), {inputs}), "{path}")'


def _load(path: str, exports: bool) -> str:
    return f'torch.export.load("{path}").module()' if exports else f'torch.jit.load("{path}")'
