"""What a worker does with each format of fixtures, by the ending of the file name."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from . import Json
from .archives import load_as_it_can, load_jit, load_lite, save_for_jit, save_for_lite
from .markers import operator_ran
from .multiplying import replay_with_calls_multiplied
from .programs import (
    load_program,
    program_operator_ran,
    record_program_samples,
    replay_program_multiplied,
    save_program,
)
from .samples import record_samples


class Format(NamedTuple):
    """`write` makes the archive of a module with its sample inputs. `load` gives what runs; `load_as_it_can` may take
    another loader for it. `record` gives the samples with their outputs, and why some are left out. `ran` and
    `multiplied` look at the calls of an operator. `has_upgraders`: what is loaded may meet one.
    """

    write: Callable[[Any, Any, str], None]
    load: Callable[[bytes], Any]
    load_as_it_can: Callable[[bytes], Any]
    record: Callable[[Any, Any], Any]
    ran: Callable[[bytes, str, Any], Json]
    multiplied: Callable[[bytes, Json, int], Json]
    has_upgraders: bool


def record_all_samples(function: Any, given: Any) -> Any:
    return record_samples(function, given), ""


SCRIPT = (load_jit, load_as_it_can, record_all_samples, operator_ran, replay_with_calls_multiplied, True)
PROGRAM = (
    load_program,
    load_program,
    record_program_samples,
    program_operator_ran,
    replay_program_multiplied,
    False,
)
FORMATS = {
    "ptl": Format(save_for_lite, *SCRIPT),
    "pt": Format(save_for_jit, *SCRIPT),
    "pt2": Format(save_program, *PROGRAM),
}
LOADERS: Any = {"torch.jit.load": load_jit, "lite": load_lite, "torch.export.load": load_program}


def format_of(name: str) -> Format:
    """The format of a file of that name."""
    return FORMATS[name.rpartition(".")[2]]


def format_loaded_by(loaders: list[str]) -> Format:
    """The format of what these loaders load; those of TorchScript are loaded alike."""
    return FORMATS["pt2" if "torch.export.load" in loaders else "pt"]
