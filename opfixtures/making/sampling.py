"""Sample inputs for fixture modules that nobody has written yet, found by trying them in a runtime."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from opfixtures.declarations.function_schema import Argument, FunctionSchema, SchemaError, parse_schema
from opfixtures.runtimes import Runtime, check_import
from opfixtures.synthesis.modules import Module, module_text, modules_for
from opfixtures.synthesis.sample_text import sample_text
from opfixtures.synthesis.ways import OTHERS, PLAIN
from opfixtures.worker.job import Job
from opfixtures.worker.observations import Json, OperatorSeen, Sampled
from opfixtures.worker.scratch import scratch_folder
from opfixtures.worker.told import sampled
from opfixtures.worker.worker_process import Answers, run_worker

# Of computing time, for one text of a module: what is found is found in much less.
SEARCH_SECONDS = 1.0
# Of a step, which is a part of the search: many times what it computes. torch imports compilers within one.
_STEP_SECONDS = 20.0
# Of a module, by the clock: an operator that waits is given up then.
_WALL_SECONDS = 60.0
# What a class needs of its file.
HEAD = "import torch\n\n\n"


@dataclass(frozen=True, slots=True)
class SampledModule:
    """A fixture module that runs, with its samples as Python text; or why none was found that does."""

    module: Module
    samples: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def text(self) -> str:
        """The class, with sample_inputs() where there are samples."""
        return module_text(self.module, self.samples)


def operators_in(
    runtime: Runtime, operators: Sequence[str], tell: Callable[[str], None]
) -> Mapping[str, OperatorSeen]:
    """What a runtime says of operators, by full name. Raises WorkerError or RuntimeUnavailable."""
    return _run(runtime, Job("search", runtime.operator_module, tuple(operators), ()), tell).runtime.operators


def find_samples(
    runtime: Runtime, modules: Sequence[Module], tell: Callable[[str], None]
) -> tuple[SampledModule, ...]:
    """Each module with samples that run in a runtime, in its way or the first other one that does.

    Raises WorkerError or RuntimeUnavailable: the runtime cannot be used.
    """
    texts = [_texts(module) for module in modules]
    rows = tuple(_row(some) for some in texts)
    job = Job("search", runtime.operator_module, (), rows, _STEP_SECONDS)
    answers = _run(runtime, job, tell)
    return tuple(
        _sampled(some, sampled(answers.rows.get(row["key"]), len(some)), answers.failure)
        for some, row in zip(texts, rows, strict=True)
    )


def overloads_seen(seen: OperatorSeen) -> list[FunctionSchema]:
    """The overloads that a runtime has of an operator, in its order; those left out that do not parse."""
    found = []
    for text in seen.overloads:
        with suppress(SchemaError):
            found.append(parse_schema(text))
    return found


def drafts(operator: str, class_name: str, seen: OperatorSeen) -> tuple[Module, ...]:
    """The fixture modules of an operator as a runtime has it; none where it has none, or its schema does not parse."""
    siblings = overloads_seen(seen)
    schema = next((one for one in siblings if one.operator == operator), None)
    return modules_for(schema, class_name, siblings) if schema else ()


def _run(runtime: Runtime, job: Job, tell: Callable[[str], None]) -> Answers:
    with scratch_folder("opfixtures-search-") as folder:
        answers = run_worker(runtime.python, job, folder, lambda key: tell(f"tried {key.rpartition(' ')[2]}"))
    check_import(runtime, answers.runtime)
    return answers


def _texts(module: Module) -> list[Module]:
    """The module in each way that makes another text of it, the plain one first."""
    made: dict[str, Module] = {}
    for way in (PLAIN, *OTHERS):
        one = replace(module, way=way)
        made.setdefault(module_text(one), one)
    return list(made.values())


def _row(texts: Sequence[Module]) -> dict[str, Json]:
    module = texts[0]
    return {
        "key": f"{module.schema.operator} {module.class_name}",
        "operator": module.schema.operator,
        "class": module.class_name,
        "seconds": SEARCH_SECONDS,
        "wall_seconds": _WALL_SECONDS,
        "texts": [
            {
                "source": HEAD + module_text(one),
                "for": one.way.words,
                "parameters": [_parameter(one, place) for place in range(len(one.parameters))],
            }
            for one in texts
        ],
    }


def _parameter(module: Module, place: int) -> dict[str, Json]:
    """What the search knows of a parameter: it has no schema."""
    parameter = module.parameters[place]
    argument = parameter.passed.argument
    inner = argument.type.inside[0] if argument.type.name == "Optional" else argument.type
    return {
        "type": parameter.type,
        "argument": argument.name,
        "default": argument.default if isinstance(argument.default, str) else None,
        "default_value": _default_value(argument, inner.size),
        "is_out": parameter.is_out,
        "place": place,
        "size": inner.size,
    }


def _default_value(argument: Argument, size: int | None) -> Json:
    """The default as the search compares it; None where there is none, or a name stands for it."""
    default = argument.default
    try:
        if isinstance(default, tuple):
            return [literal_eval(one) for one in default]
        value = None if default is None else literal_eval(default)
    except ValueError:
        return None
    is_list = size is not None and not isinstance(value, (list, type(None)))
    return [value] * (size or 0) if is_list else value


def _sampled(texts: Sequence[Module], told: Sampled, failure: str) -> SampledModule:
    if not told.samples:
        return SampledModule(texts[0], refusal=told.refusal or failure)
    return SampledModule(texts[told.text], tuple(sample_text(list(one)) for one in told.samples))
