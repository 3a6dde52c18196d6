"""A witness: a short script that shows a change, runnable by anybody who has both runtimes. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opfixtures.sweep.judgement import Verdict
from opfixtures.synthesis.modules import module_text
from opfixtures.synthesis.sample_text import sample_text


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
    made, place = verdict.replay.made, verdict.sample or 0
    name = re.sub("[^A-Za-z0-9_]+", "_", operator).strip("_")
    path, inputs = f"{name}.{fixture_format}", sample_text(list(made.samples[place]["inputs"]))
    shown = "model(*inputs), inputs" if "in the inputs after" in verdict.detail else "model(*inputs)"
    lines = [
        f"# {operator}: run this with {sides.old}, then with {sides.new}, in one folder.",
        "import os",
        *([f"import {sides.library}"] if sides.library else []),
        "import torch",
        "",
        module_text(made.module).rstrip("\n"),
        "",
        f"inputs = {inputs}",
        f"if {_is_old(path, sides)}:",
        f"    {_save(made.module.class_name, path, fixture_format)}",
        f"model = {_load(path, fixture_format)}",
        "torch.manual_seed(0)",
        f"print(torch.__version__, {shown})",
    ]
    text = "\n".join(lines) + "\n"
    return text if "os.path" in text else text.replace("import os\n", "", 1)


def _is_old(path: str, sides: Sides) -> str:
    if sides.old_torch != sides.new_torch:
        return f'torch.__version__.startswith("{sides.old_torch.partition("+")[0]}")'
    return f'not os.path.exists("{path}")'


def _save(class_name: str, path: str, fixture_format: str) -> str:
    if fixture_format == "pt2":
        return f'torch.export.save(torch.export.export({class_name}(), inputs), "{path}")'
    return f'torch.jit.save(torch.jit.script({class_name}()), "{path}")'


def _load(path: str, fixture_format: str) -> str:
    if fixture_format == "pt2":
        return f'torch.export.load("{path}").module()'
    return f'torch.jit.load("{path}")'
