"""The stream for answers: lines of JSON on the standard output that the worker was given."""

from __future__ import annotations

import json
import os
import select
from typing import Any

from . import Json

ANSWERS: Any = None


def take_stdout() -> None:
    """Keep the stream for answers. Modules and libraries print: what they print goes to the standard error."""
    answer_into(os.dup(1))
    os.dup2(2, 1)


def answer_into(descriptor: int) -> None:
    """Answer there from now on."""
    global ANSWERS
    ANSWERS = os.fdopen(descriptor, "w")


def answer(event: Json) -> None:
    ANSWERS.write(json.dumps(event, allow_nan=False) + "\n")
    ANSWERS.flush()


def close_answers() -> None:
    """Close the stream in a forked child, which must not answer in the worker's place."""
    ANSWERS.detach().detach().close()


def is_listened_to() -> bool:
    """Whether there is still somebody who reads the answers."""
    asked = select.poll()
    asked.register(ANSWERS, 0)
    return not asked.poll(0)
