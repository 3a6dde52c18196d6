"""Exported programs, `.pt2`: made by torch.export, loaded, and looked at while they run.

Their graphs are torch.fx graphs, whose nodes call operators by their overload: a call is seen, and what it gives is
multiplied, by a function in the operator's place.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import zipfile
from contextlib import suppress
from typing import Any, Callable

import torch

from . import Json
from .archives import loaded
from .reasons import RefusedError, headline
from .running import read_inputs, run, run_samples
from .samples import UnsampledError, numbered, recorded

# What torch.export imports when it is first used: a child need not do it again.
USED_BY_EXPORT = (
    "torch.export",
    "torch._export.serde.serialize",
    "torch._export.passes",
    "torch.export.pt2_archive._package",
)
ABSOLUTE = re.compile(r'File "(?:/|[A-Za-z]:)')
# The date of all members: before torch 2.8 an archive has that of its making.
NO_DATE = (1980, 1, 1, 0, 0, 0)


# What the first call imports of an operator that torch.library.custom_op made: seconds, of each child.
USED_BY_CALLS = ("torch._dynamo",)


def import_early(names: tuple[str, ...]) -> None:
    """Import here, once for all children, what takes torch long to import. Not all releases have all of it."""
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)


def made_in_python() -> set[str]:
    """The operators that torch.library.custom_op has made so far, some of them torch's own."""
    return set(getattr(sys.modules.get("torch._library.custom_ops"), "OPDEFS", ()))


def save_program(module: Any, given: list[Json] | None, path: str) -> None:
    """Export a module with the first of its sample inputs, and save it.

    It may say in `dynamic_shapes()` what torch.export takes by that name, and with `strict_export = True` that its
    code is to be traced by dynamo.
    """
    refuse_without_export()
    export: Any = torch.export
    if not given:
        raise UnsampledError("torch.export traces a module with its inputs: give it sample_inputs()")
    inputs = read_inputs(given[0])
    args, kwargs = ((), inputs) if isinstance(inputs, dict) else (tuple(inputs), {})
    options: Json = {}
    if "strict" in inspect.signature(export.export).parameters:
        options["strict"] = bool(getattr(module, "strict_export", False))
    if hasattr(module, "dynamic_shapes"):
        options["dynamic_shapes"] = module.dynamic_shapes()
    with numbered(1):
        program = export.export(module, args, kwargs, **options)
    leave_out_what_varies(program)
    export.save(program, path)
    leave_out_dates(path)


def refuse_without_export() -> None:
    """Raises RefusedError where this torch makes no exported programs."""
    if not hasattr(getattr(torch, "export", None), "save"):
        raise RefusedError(f"torch {torch.__version__} has no torch.export.save, which is there from 2.1 on")


def leave_out_what_varies(program: Any) -> None:
    """Of what torch keeps for people to read, leave out ids of graphs and modules, and traces with paths of this
    machine, which dynamo writes: two runs write the same bytes, wherever torch is."""
    for graph_module in graphs_of(program.graph_module):
        for node in graph_module.graph.nodes:
            node.meta.pop("from_node", None)
            if ABSOLUTE.search(node.meta.get("stack_trace") or ""):
                del node.meta["stack_trace"]
            if any(str(key).isdigit() for key in node.meta.get("nn_module_stack") or ()):
                del node.meta["nn_module_stack"]


def leave_out_dates(path: str) -> None:
    """Give all members one date, where they have others: two runs write the same bytes."""
    with zipfile.ZipFile(path) as archive:
        members = [(member, archive.read(member)) for member in archive.infolist()]
    if all(member.date_time[0] <= NO_DATE[0] for member, _ in members):
        return
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members:
            archive.writestr(zipfile.ZipInfo(member.filename, NO_DATE), content)


def load_program(archive: bytes) -> Any:
    """The module of an exported program."""
    return loaded(archive, lambda file: torch.export.load(file).module())


def record_program_samples(function: Any, given: list[Json] | None) -> tuple[list[dict[str, Json]], str]:
    """The inputs given with their outputs, and why some are left out.

    A program was traced with the first: what another one has otherwise, it may refuse.
    """
    if not given:
        raise UnsampledError("it was exported without sample inputs")
    with numbered(1):
        samples = [recorded(function, given[0])]
    refused: list[str] = []
    for number, inputs in enumerate(given[1:], 2):
        sample = attempt(function, inputs)
        if isinstance(sample, str):
            refused.append(f"sample {number}: {sample}")
        else:
            samples.append(sample)
    if not refused:
        return samples, ""
    count = f"{len(refused)} of {len(given)} samples do not fit what torch.export traced, and were left out"
    return samples, f"{count}: {refused[0]}"


def attempt(function: Any, inputs: Json) -> Json:
    """A sample, or why there is none."""
    try:
        return recorded(function, inputs)
    except Exception as error:
        return headline(error)


def program_operator_ran(archive: bytes, operator: str, samples: list[Json]) -> Json:
    """Whether a call of the operator came to its end while the samples ran, as `markers.operator_ran` has it."""
    module = load_program(archive)
    ran: list[bool] = []
    if not put_in_calls(
        module, operator, lambda target: lambda *args, **kwargs: seen(target(*args, **kwargs), ran)
    ):
        return {"ran": False}
    try:
        for sample in samples:
            run(module, sample["inputs"])
    except Exception as error:
        if not ran:
            return {"ran": None, "why": headline(error)}
    return {"ran": bool(ran)}


def seen(result: Any, ran: list[bool]) -> Any:
    ran.append(True)
    return result


def replay_program_multiplied(archive: bytes, row: Json, factor: int) -> Json:
    """The recorded inputs with a multiple of what the row's operator gives; {"not_tried": why} where there is none."""
    module = load_program(archive)
    unlike: list[bool] = []

    def multiplying(target: Any) -> Callable[..., Any]:
        in_place = target._schema.is_mutable
        return lambda *args, **kwargs: multiple(target(*args, **kwargs), factor, in_place, unlike)

    if not put_in_calls(module, row["operator"], multiplying):
        return {"not_tried": "the program does not call the operator"}
    differences = run_samples(module, row)
    if unlike:
        return {"not_tried": "the operator gives neither tensors nor numbers"}
    return {"load_error": None, "differences": differences}


def multiple(result: Any, factor: int, in_place: bool, unlike: list[bool]) -> Any:
    """A multiple of a result, of what is true or false the same or the opposite; `unlike` tells that there is none."""
    if isinstance(result, (tuple, list)):
        return type(result)([multiple(one, factor, in_place, unlike) for one in result])
    if isinstance(result, torch.Tensor):
        if result.dtype == torch.bool:
            return result.ne_(factor != 1) if in_place else result.ne(factor != 1)
        return result.mul_(factor) if in_place else result.mul(factor)
    if isinstance(result, bool):
        return result != (factor != 1)
    if isinstance(result, (int, float)):
        return result * factor
    unlike.append(True)
    return result


def put_in_calls(module: Any, operator: str, instead: Callable[[Any], Callable[..., Any]]) -> int:
    """Have each call of the operator whose result something needs call another function; how many there are."""
    count = 0
    for graph_module in graphs_of(module):
        for node in calls_in(graph_module):
            if name_of_target(node.target) == operator:
                node.target = instead(node.target)
                node.target.__name__ = "opfixtures_call"
                count += 1
        graph_module.recompile()
    return count


def graphs_of(module: Any) -> list[Any]:
    """The graphs of a program, those that others run among them."""
    return [one for one in module.modules() if isinstance(one, torch.fx.GraphModule)]


def calls_in(graph_module: Any) -> list[Any]:
    """The calls in one of them whose results something needs."""
    graph_module.graph.eliminate_dead_code()
    return [node for node in graph_module.graph.nodes if node.op == "call_function"]


def called_in(module: Any) -> list[str]:
    """The operators that a program calls and whose results something needs, each once."""
    names = {name_of_target(node.target) for one in graphs_of(module) for node in calls_in(one)}
    return sorted(filter(None, names))


def name_of_target(target: Any) -> str:
    """The full name of an operator with its overload; empty for what is none."""
    schema = getattr(target, "_schema", None)
    name = getattr(schema, "name", "")
    overload = getattr(schema, "overload_name", "")
    return f"{name}.{overload}" if overload else name
