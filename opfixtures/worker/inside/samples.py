"""Sample inputs, given or made from types, with their outputs."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterator

import torch

from . import Json
from .reasons import SAMPLE, RefusedError, headline
from .running import inputs_to_json, run
from .whereabouts import noted

MAX_SAMPLES = 64
SHAPES = ((3, 3), (6,), (1, 2, 4, 4))


class UnsampledError(RefusedError):
    """There are no sample inputs for the module."""


def checked_samples(method: str, given: Any) -> list[Any]:
    """What a method of that name gave: one tuple of inputs, or a dict of them by name, or a list of such."""
    samples = [given] if isinstance(given, (tuple, dict)) else given
    if not isinstance(samples, list) or not samples or not all(map(are_inputs, samples)):
        raise UnsampledError(
            f"{method}() has to return a tuple of inputs, a dict of them by name, or a list of such: it "
            f"returns {returned(given)}"
        )
    if len(samples) > MAX_SAMPLES:
        raise UnsampledError(f"{method}() returns {len(samples)} samples (at most {MAX_SAMPLES})")
    return samples


def returned(given: Any) -> str:
    """What is no sample: `an empty list`, `a list with a Tensor`, `None`."""
    if given is None:
        return "None"
    if not isinstance(given, list):
        return f"a {type(given).__name__}"
    wrong = [one for one in given if not are_inputs(one)]
    return f"a list with a {type(wrong[0]).__name__}" if wrong else "an empty list"


def are_inputs(sample: Any) -> bool:
    is_by_name = isinstance(sample, dict) and all(
        isinstance(name, str) and name.isidentifier() for name in sample
    )
    return isinstance(sample, tuple) or is_by_name


def given_inputs(module: Any) -> list[Json] | None:
    """What a module's sample_inputs() gives, as a record has it; None where it has no such method."""
    if not hasattr(module, "sample_inputs"):
        return None
    with noted(function="sample_inputs"):
        samples = checked_samples("sample_inputs", module.sample_inputs())
    return [inputs_to_json(inputs) for inputs in samples]


def record_samples(function: Any, given: list[Json] | None) -> list[dict[str, Json]]:
    """The inputs given, or else those of the archive, with their outputs. Those have to run.

    Where there are none, they are made from the types of the archive's own arguments: of these, what does not run
    is left out.
    """
    if given is not None:
        return recorded_all(function, given)
    # The name that torch/utils/bundled_inputs.py gives them.
    if hasattr(function, "get_all_bundled_inputs"):
        samples = checked_samples("get_all_bundled_inputs", function.get_all_bundled_inputs())
        return recorded_all(function, [inputs_to_json(inputs) for inputs in samples])
    arguments = function.forward.schema.arguments[1:]
    failures: list[str] = []
    made: list[dict[str, Json]] = []
    for integral in (False, True):
        sample = sample_of_types(function, arguments, integral, failures)
        if sample and sample not in made:
            made.append(sample)
    if not made:
        raise UnsampledError(f"no sample made from types runs, give it sample_inputs(): {failures[0]}")
    return made


def recorded_all(function: Any, given: list[Json]) -> list[dict[str, Json]]:
    """All of them have to run."""
    samples = []
    for number, inputs in enumerate(given, 1):
        with numbered(number):
            samples.append(recorded(function, inputs))
    return samples


@contextmanager
def numbered(number: int) -> Iterator[None]:
    """What fails inside of it tells which sample that was, and what crashes too."""
    try:
        with noted(sample=number):
            yield
    except Exception as error:
        with suppress(Exception):
            setattr(error, SAMPLE, number)
        raise


def recorded(function: Any, inputs: Json) -> dict[str, Json]:
    """A sample. The function gets what the record holds, as in a replay: no strides, nothing shared."""
    return {"inputs": inputs, **run(function, inputs)}


def sample_of_types(function: Any, arguments: list[Any], integral: bool, failures: list[str]) -> Json:
    """The first that runs: with all arguments given, then with those left out that may be, in each shape."""

    def attempt(make: Callable[..., Any], shape: tuple[int, ...]) -> Json:
        try:
            values = [make(argument, integral, shape, place) for place, argument in enumerate(arguments)]
            return recorded(function, inputs_to_json(values))
        except Exception as error:
            failures.append(headline(error))
            return None

    attempts = (attempt(make, shape) for make in (given_value, spare_value) for shape in SHAPES)
    return next(filter(None, attempts), None)


def given_value(argument: Any, integral: bool, shape: tuple[int, ...], position: int) -> Any:
    return sample_value(str(argument.type), integral, shape, position)


def spare_value(argument: Any, integral: bool, shape: tuple[int, ...], position: int) -> Any:
    """The argument's default, None where it may be None, else a sample."""
    if argument.default_value is not None:
        return argument.default_value
    if str(argument.type).startswith("Optional["):
        return None
    return given_value(argument, integral, shape, position)


def sample_value(type_name: str, integral: bool, shape: tuple[int, ...], position: int) -> Any:
    """A value of the TorchScript type, e.g. `Optional[int]` or `List[Tensor]`, given as torch prints it."""
    if type_name == "Tensor":
        return sample_tensor(integral, shape, position)
    if type_name in ("number", "Scalar"):
        return 2 + position if integral else 1.5 + position
    simple = {
        "int": 2 + position,
        "float": 1.5 + position,
        "bool": True,
        "complex": 1.5 + 2j,
        "str": "",
        "Device": torch.device("cpu"),
    }
    if type_name in simple:
        return simple[type_name]
    name, _, inner = type_name.partition("[")
    members = split_types(inner[:-1])
    if name == "Union":
        wanted = "int" if integral else "float"
        return sample_value(wanted if wanted in members else members[0], integral, shape, position)
    if name in ("Optional", "List", "Tuple", "Dict"):
        values = [sample_value(member, integral, shape, position + i) for i, member in enumerate(members)]
        if name == "List":
            return [*values, sample_value(members[0], integral, shape, position + 1)]
        if name == "Dict":
            return {values[0]: values[1]}
        return tuple(values) if name == "Tuple" else values[0]
    raise UnsampledError(f"no value is known for an argument of type {type_name}")


def sample_tensor(integral: bool, shape: tuple[int, ...], position: int) -> Any:
    """Distinct values of both signs and no zero (an operand may be a divisor), other for each argument."""
    count = 1
    for size in shape:
        count *= size
    values = [((index * 7 + position * 3) % 11 - 5) or 6 for index in range(count)]
    if integral:
        return torch.tensor(values, dtype=torch.int64).reshape(shape)
    return torch.tensor([value * 0.25 for value in values], dtype=torch.float32).reshape(shape)


def split_types(text: str) -> list[str]:
    """The members of `int, Tuple[int, str]`."""
    members, depth = [""], 0
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "," and depth == 0:
            members.append("")
        else:
            members[-1] += character
    return [member.strip() for member in members]
