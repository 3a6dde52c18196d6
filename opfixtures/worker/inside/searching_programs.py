"""Of the sample inputs that were found those that torch.export makes a program of, tried in children."""

from __future__ import annotations

import os
from typing import Any

from . import Json
from .children import in_children
from .exporting import load_class
from .programs import called_in, load_program, program_operator_ran, save_program
from .reasons import RefusedError, headline
from .running import run
from .values import from_json


def with_program(row: Json, text: Json, samples: list[Json], seconds: float) -> Json:
    """The samples, first the one that a program is made of, or {"refused": why}.

    torch.export traces with the first, and refuses others of other shapes, or with other values that are no tensors:
    what becomes a program alone has that one. What is scripted too keeps all of them; {"unexported": why} says beside
    them that no program can be made.
    """
    ordered = sorted(samples, key=lambda one: -telling(one["inputs"], text["parameters"]))
    made: list[int] = []

    def step(place: int) -> Any:
        def export() -> Json:
            if not made:
                export_once(row, text, ordered[place]["inputs"])
                made.append(place)
            return {"made": made[0]}

        return str(place), export

    told = in_children(list(map(step, range(len(ordered)))), seconds)
    first = next((one["made"] for one in told.values() if "made" in one), None)
    if first is not None:
        others = ordered[:first] + ordered[first + 1 :] if row["scripts"] else []
        return {"samples": [ordered[first], *others]}
    why = told["0"]["refused"]
    return {"samples": samples, "unexported": why} if row["scripts"] else {"refused": why, "errors": ""}


def telling(inputs: list[Json], parameters: list[Json]) -> int:
    """How many arguments have a value of their own: neither None nor their default."""
    pairs = [(from_json(value), one["default_value"]) for value, one in zip(inputs, parameters)]
    return sum(value is not None and (default is None or value != default) for value, default in pairs)


def export_once(row: Json, text: Json, inputs: Json) -> None:
    """Make a program with these inputs, load it and run it. Raises RefusedError where it does not call the operator."""
    path = os.path.join(os.getcwd(), "searched.pt2")
    try:
        save_program(load_class(text["source"], row["class"])(), [inputs], path)
        with open(path, "rb") as stream:
            archive = stream.read()
    except Exception as error:
        raise RefusedError(f"torch.export refuses it: {headline(error)}") from error
    try:
        # To its end: what comes after the operator may raise.
        run(load_program(archive), inputs)
    except Exception as error:
        what = "the program that torch.export makes of it does not run"
        raise RefusedError(f"{what}: {headline(error)}") from error
    if not program_operator_ran(archive, row["operator"], [{"inputs": inputs}])["ran"]:
        called = ", ".join(called_in(load_program(archive))) or "nothing"
        raise RefusedError(f"torch.export does not call {row['operator']} here, it calls {called}")
