"""Sample inputs for fixture modules that nobody has written yet, found by trying them in a runtime."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import compress

from opfixtures.declarations.function_schema import (
    Argument,
    FunctionSchema,
    SchemaError,
    normalised,
    parse_schema,
)
from opfixtures.runtimes import Runtime, check_import
from opfixtures.settings.fixture_formats import STAMPED_FORMATS
from opfixtures.synthesis.module_text import module_text
from opfixtures.synthesis.modules import Module, modules_for
from opfixtures.synthesis.sample_text import sample_text
from opfixtures.synthesis.ways import OTHERS, PLAIN
from opfixtures.worker.job import Job
from opfixtures.worker.observations import Json, OperatorSeen, Sampled
from opfixtures.worker.scratch import scratch_folder
from opfixtures.worker.told import sampled
from opfixtures.worker.worker_process import Answers, run_worker

# Of computing time, for one text of a module. Most is found in much less; an old torch needs 6 ms for an error.
SEARCH_SECONDS = 4.0
# How much longer is looked for values that an argument that changed may take.
_OF_WHAT_CHANGED = 2
# Of a step, which is a part of the search: many times what it computes. torch imports compilers within one.
_STEP_SECONDS = 20.0
# Of a module, by the clock: an operator that waits is given up then.
_WALL_SECONDS = 60.0
# What a class needs of its file.
HEAD = "import torch\n\n\n"


@dataclass(frozen=True, slots=True)
class SampledModule:
    """A fixture module that runs, with its samples as Python text; or why none was found that does.

    `off_default` has for each sample the arguments, by name, that have a default there, and another value.
    `unexported` says why torch.export makes no program of it, where one is to be made beside what is scripted.
    """

    module: Module
    samples: tuple[str, ...] = ()
    refusal: str = ""
    off_default: tuple[frozenset[str], ...] = ()
    unexported: str = ""

    def only(self, wanted: Sequence[bool]) -> SampledModule:
        """The module with those of its samples."""
        samples, off_default = compress(self.samples, wanted), compress(self.off_default, wanted)
        return replace(self, samples=tuple(samples), off_default=tuple(off_default))

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
    runtime: Runtime,
    modules: Sequence[Module],
    tell: Callable[[str], None],
    changed: Collection[str] = (),
    formats: Collection[str] = STAMPED_FORMATS,
) -> tuple[SampledModule, ...]:
    """Each module with samples that run in a runtime, in its way or the first other one that does.

    The arguments that `changed`, by name, get values other than their defaults, where that runs. `formats` are those
    of the fixtures: a module that becomes exported programs alone has one sample, and need not script.
    Raises WorkerError or RuntimeUnavailable: the runtime cannot be used.
    """
    texts = [texts_of(module) for module in modules]
    rows = tuple(search_row(some, frozenset(changed), formats) for some in texts)
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
        answers = run_worker(
            runtime.python, job, folder, lambda key, _: tell(f"tried {key.rpartition(' ')[2]}")
        )
    check_import(runtime, answers.runtime)
    return answers


def texts_of(module: Module) -> list[Module]:
    """The module in each way that makes another text of it, the plain one first."""
    made: dict[str, Module] = {}
    for way in (PLAIN, *OTHERS):
        one = replace(module, way=way)
        made.setdefault(module_text(one), one)
    return list(made.values())


def search_row(
    texts: Sequence[Module],
    changed: frozenset[str],
    formats: Collection[str],
    seconds: float = SEARCH_SECONDS,
) -> dict[str, Json]:
    """What a worker is asked of a module, which has these `texts`; `seconds` of computing time for each."""
    module = texts[0]
    passed = {one.passed.argument.name for one in module.parameters}
    return {
        "key": f"{module.schema.operator} {module.class_name}",
        "operator": module.schema.operator,
        "class": module.class_name,
        "seconds": seconds * (_OF_WHAT_CHANGED if changed & passed else 1),
        "wall_seconds": _WALL_SECONDS,
        "scripts": not frozenset(STAMPED_FORMATS).isdisjoint(formats),
        "exports": not frozenset(STAMPED_FORMATS).issuperset(formats),
        "texts": [
            {
                "source": HEAD + module_text(one),
                "for": one.way.words,
                "parameters": [_parameter(one, place, changed) for place in range(len(one.parameters))],
            }
            for one in texts
        ],
    }


def _parameter(module: Module, place: int, changed: frozenset[str]) -> dict[str, Json]:
    """What the search knows of a parameter: it has no schema."""
    parameter = module.parameters[place]
    argument = _argument(module, place)
    inner = argument.type.inside[0] if argument.type.name == "Optional" else argument.type
    return {
        "type": parameter.type,
        "argument": argument.name,
        "operator": module.schema.operator.rpartition("::")[2],
        "default": argument.default if isinstance(argument.default, str) else None,
        "default_value": _default_value(argument, inner.size),
        "is_changed": argument.name in changed,
        "is_out": parameter.is_out,
        "place": place,
        "size": inner.size,
    }


def _argument(module: Module, place: int) -> Argument:
    """What a parameter is passed to, with the default as every runtime prints it."""
    name = module.parameters[place].passed.argument.name
    return next(one for one in normalised(module.schema).arguments if one.name == name)


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
    module = texts[told.text]
    return SampledModule(
        module,
        tuple(sample_text(list(one)) for one in told.samples),
        off_default=tuple(_off_default(module, one) for one in told.samples),
        unexported=told.unexported,
    )


def _off_default(module: Module, inputs: Sequence[Json]) -> frozenset[str]:
    """The arguments that have a default, and another value in a sample."""
    names = set()
    for place, value in enumerate(inputs):
        argument = _argument(module, place)
        size = _parameter(module, place, frozenset())["size"]
        if argument.default is not None and _plain(value) != _default_value(argument, size):
            names.add(argument.name)
    return frozenset(names)


def _plain(value: Json) -> Json:
    """A value of a record, its numbers as such."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return float(value["float"]) if isinstance(value, dict) and "float" in value else value
