"""Why something failed, in a sentence: what says most in an error of torch."""

from __future__ import annotations

import re
from typing import Any

REASON_CHARACTERS = 2000
INTERPRETER = "failed in the TorchScript interpreter"
# Sentences of torch's that help nobody here, and what its C++ adds on lines of their own.
EMPTY_SENTENCE = re.compile(r"employee|fburl\.com|discuss\.pytorch\.org|selective/custom build")
EMPTY_LINE = re.compile(
    r"\s*(?:Debug info for handle|frame #\d+|Exception raised from |\w+: (?:fallthrough )?registered at "
    r"|Caused by: \(\S+\.py:\d+ in |For (?:more information|extended logs|more debugging help|C\+\+ stack trace)\b.*"
    r"(?:TORCH|https://)|If you suspect the guard was triggered from C\+\+"
    r"|The error above occurred when calling torch\.export)"
)
# Of all backends those that have the operator, which stand below: the others fall back on one another.
BACKENDS = re.compile(r"(?<=only available for these backends: \[)[^\]]*")
KERNEL = re.compile(r"(?m)^(\w+): registered at .*\[kernel\]\s*$")
ASSERTION = re.compile(
    r"^\[enforce fail at [^\]]*\] *\.? *|^.*INTERNAL ASSERT FAILED at .*please report a bug to PyTorch\.\s*(?=\S)"
)
# What TorchScript shows of the code that it saved; behind it stands the author's own.
SERIALIZED = re.compile(
    r"Traceback of TorchScript, serialized code \(most recent call last\):\n[\s\S]*?"
    r"(?=Traceback of TorchScript, original code)"
)
# A frame of another file, torch's or the worker's, with the lines of code below it.
FOREIGN_FRAME = re.compile(
    r'(?m)^([ \t]*)File "/[^"\n]*", line \d+.*\n?(?:\1[ \t]+(?![ \t]|File ").*(?:\n|$))*'
)
TWICE = re.compile(r"^(\w+: )(?:builtins\.)?\1+")
# The name of fixture modules for Python and torch, and how they name a line of one.
FIXTURE_MODULE = "<fixture module>"
OWN_FRAME = re.compile(rf'File "{FIXTURE_MODULE}", line (\d+)(?:, in (\w+))?')
# As much of an error as is looked at; its cause is at the beginning or at the end.
TEXT_CHARACTERS = 20000
# What an error has that came up while a sample ran: its number.
SAMPLE = "_opfixtures_sample"
MOST_SAMPLES = 1000


class RefusedError(Exception):
    """Why a row is refused, as a whole sentence."""


def text_of(error: BaseException) -> str:
    try:
        return useful(str(error)).strip()
    except Exception:
        return "an error that cannot be shown"


def useful(text: str) -> str:
    """The text of an error of torch without what says nothing of its cause."""
    if len(text) > 2 * TEXT_CHARACTERS:
        text = f"{text[:TEXT_CHARACTERS]}\n{text[-TEXT_CHARACTERS:]}"
    kernels = ", ".join(KERNEL.findall(text))
    lines = [line for line in text.splitlines() if not EMPTY_LINE.match(line)]
    lines = [BACKENDS.sub(kernels, line) for line in lines] if kernels else lines
    return "\n".join(ASSERTION.sub("", " ".join(filter(has_use, sentences(line))), 1) for line in lines)


def sentences(line: str) -> list[str]:
    return re.split(r"(?<=[.!?])  ?(?=[A-Z'])", line)


def has_use(sentence: str) -> bool:
    return not EMPTY_SENTENCE.search(sentence)


def headline(error: BaseException) -> str:
    """The one line of an error that says most: TorchScript's come with the source and a stack behind."""
    text = text_of(error)
    return interpreters_cause(text) or named(error, first_sentence(text))


def interpreters_cause(text: str) -> str:
    """Behind the stack that the TorchScript interpreter shows: `RuntimeError: list index out of range`."""
    if INTERPRETER not in text:
        return ""
    behind = re.search(r"(?m)^\S[^\n]*: (?:.|\n)*", text.rpartition("<--- HERE")[2])
    cause = first_sentence(behind.group()) if behind else ""
    cause = cause[len("builtins.") :] if cause.startswith("builtins.") else cause
    return TWICE.sub(r"\1", cause)[:REASON_CHARACTERS]


def first_sentence(text: str) -> str:
    """The first line that says something, with the lines that go on with it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith("Arguments for call are not valid"):
        # Behind it stands each overload with what does not fit it.
        lines = lines[2:]
    if not lines:
        return ""
    first, *others = lines
    if re.search(r"\) -> .*:$", first):
        return " ".join([first, *others[:1]])
    for line in others:
        if first[-1] in ".:!?" or not line[0].islower():
            break
        first = f"{first} {line}"
    # What goes on after two says what to do where torch is built, or that there may be other causes.
    return " ".join(sentences(first)[:2]).rstrip(":")


def whole(error: BaseException) -> str:
    """The error with all that torch says of it, its cause first, for a reason somebody has to act on."""
    text = text_of(error)
    cause = interpreters_cause(text)
    if not cause:
        return named(error, FOREIGN_FRAME.sub("", text).strip())
    shown, here, said = FOREIGN_FRAME.sub("", SERIALIZED.sub("", text)).rpartition("<--- HERE")
    # It stands in front already.
    more = "" if cause.endswith(TWICE.sub(r"\1", said.strip().replace("builtins.", "", 1))) else said
    return f"{cause}\n{shown}{here}{more}"[:REASON_CHARACTERS]


def where(error: BaseException) -> dict[str, Any]:
    """Where in the fixture module an error came up: the number of the sample, the line of the last frame that is the
    author's, and its function, as far as that is known."""
    found: dict[str, Any] = {}
    sample = vars(error).get(SAMPLE)
    if isinstance(sample, int) and 0 < sample < MOST_SAMPLES:
        found["sample"] = sample
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FIXTURE_MODULE:
            found["line"], found["function"] = trace.tb_lineno, trace.tb_frame.f_code.co_name
        trace = trace.tb_next
    if "line" not in found:
        for line, function in OWN_FRAME.findall(text_of(error)):
            found["line"], found["function"] = int(line), function
    return found


def with_causes(error: BaseException) -> str:
    """The error and those behind it: a library may say of a missing driver that it cannot be imported."""
    texts, seen = [whole(error)], {id(error)}
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen:
        texts.append(f"(caused by {headline(cause)})")
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return " ".join(texts)[:REASON_CHARACTERS]


def named(error: BaseException, text: str) -> str:
    if not isinstance(error, RefusedError):
        text = TWICE.sub(r"\1", f"{type(error).__name__}: {text}")
    return text[:REASON_CHARACTERS]
