"""Runs inside a runtime: exports fixture modules there, or replays fixtures. Standard library and torch only.

Python 3.7 syntax, torch 1.5.1 to today. Started as `python -s torch_worker.py` from a copy of this file in an
empty folder, with a JSON object on its standard input, the job:

    {"task": "generate" | "replay", "import": operator module or null, "operators": those to describe,
     "upgraders": {name: its source in the tree or null}, "seconds": time limit of one step, "rows": [...]}

    generate row: {"key", "operator", "source", "class", "archive": a path, of which the file name counts,
                   "bytecode": the version to backport a copy to or null, "samples": recorded ones to run again,
                   "tolerances": {dtype: [rtol, atol]}, "found": a committed archive}; "found" and "source" may
                   be absent: then nothing is reproduced, or nothing made
    replay row:   {"key", "operator", "archive", "loaders", "tolerances", "samples": [{"inputs", "output"}],
                   "upgrader_name", "raised": the archive with its version record raised}; an operator without
                   an upgrader has null there, and no "raised"

    "found", a replay's "archive" and "raised" are archives themselves, in base64.

It answers with JSON lines on the standard output it was given: one `runtime` or `failed`, one `row` for each
row in their order ({"key", "told": what was seen, or {"refused": why}}), one `end`. It only observes; what the
observations mean is decided by the process that started it.

Fixture modules and archives are untrusted. What runs them is a forked child that tells what it saw through a
pipe, step by step: one that crashes, hangs or exits costs the step that it was in. Of a child that ran module
code an archive and sample inputs are believed, and nothing else: what an archive computes is told by another
child, forked from the worker, which never runs module code, when all processes of the first are gone.
"""

from __future__ import annotations

import base64
import ctypes
import gc
import importlib
import io
import json
import linecache
import math
import os
import platform
import random
import re
import resource
import select
import signal
import struct
import sys
import tempfile
import time
import zipfile
from typing import Any, Callable, Iterator

Json = Any

FIXTURE_MODULE = "<fixture module>"
MAX_ELEMENTS = 100000
MAX_SAMPLES = 64
MAX_TOLD_BYTES = 16 << 20
MAX_FILE_BYTES = 256 << 20
MAX_MEMORY_BYTES = 8 << 30
MAX_PROCESSES = 64
# An integer of TorchScript has 64 bits; Python reads much longer ones, and needs a quadratic time for it.
MAX_DIGITS = 20
REASON_CHARACTERS = 2000
MOST_LANES = 4
ROWS_OF_A_LANE = 8
# To compile an upgrader takes milliseconds.
UPGRADER_SECONDS = 10.0


# The worker and the system.


def isolate() -> None:
    """Give up what a fixture module must not have, each thing where the system lets a process give it up.

    No privileges (sudo), no sockets, no look into other processes: not into the worker, whose answers could
    be forged through its open files, and not into what started it. Processes that a module leaves behind
    become the worker's children, and the worker ends with the process that started it.
    The numbers are those of Linux's <linux/prctl.h> and <linux/sched.h>.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    prctl(libc, 38, 1)  # PR_SET_NO_NEW_PRIVS
    new_network, new_user = 0x40000000, 0x10000000
    # Another user namespace, even without a privilege in it, ends all access to processes outside.
    if libc.unshare(new_user | new_network) != 0:
        libc.unshare(new_network)
    deny_sockets(libc, os.uname().machine)
    prctl(libc, 4, 0)  # PR_SET_DUMPABLE
    answer_for_children(libc)


def answer_for_children(libc: Any) -> None:
    """Get what children leave behind, and end with the process that started this one."""
    prctl(libc, 36, 1)  # PR_SET_CHILD_SUBREAPER
    prctl(libc, 1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def prctl(libc: Any, option: int, value: int) -> int:
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    status: int = libc.prctl(option, *arguments)
    return status


def deny_sockets(libc: Any, machine: str) -> bool:
    """Let socket() fail from now on, in this process and its children; whether the system does so.

    Ubuntu 24.04, GitHub's runner, refuses network namespaces to users, and a local socket may lead to a
    Docker daemon. A filter needs no privilege (https://docs.kernel.org/userspace-api/seccomp_filter.html).
    """
    numbers = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}.get(machine)
    if numbers is None or struct.calcsize("P") != 8:
        return False
    architecture, socket = numbers
    io_uring_setup, first_of_x32 = 425, 0x40000000
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    filters = [
        (load, 0, 0, 4),
        (equal, 0, 4, architecture),
        (load, 0, 0, 0),
        (at_least, 2, 0, first_of_x32),
        (equal, 1, 0, io_uring_setup),
        (equal, 0, 1, socket),
        (end, 0, 0, 0x00050000 | 13),  # SECCOMP_RET_ERRNO | EACCES
        (end, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in filters))
    program = ctypes.create_string_buffer(struct.pack("HP", len(filters), ctypes.addressof(code)))
    done: int = libc.prctl(22, ctypes.c_ulong(2), program, ctypes.c_ulong(0), ctypes.c_ulong(0))
    return done == 0  # 22, 2: PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def limit(which: int, value: int) -> None:
    """Set a resource limit; one that is lower already stays."""
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def limit_worker() -> None:
    """Limits on files and memory. What torch maps itself, gigabytes where it is for CUDA, does not count."""
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    pages = first_line("/proc/self/statm").split()
    if pages:
        limit(resource.RLIMIT_AS, int(pages[0]) * resource.getpagesize() + MAX_MEMORY_BYTES)


def limit_step(seconds: float) -> None:
    """Limits on processor time and processes. Linux counts all processes of a user, those of root never."""
    limit(resource.RLIMIT_CPU, int(seconds) + 5)
    running = re.search(r"/(\d+) ", first_line("/proc/loadavg"))
    if running:
        limit(resource.RLIMIT_NPROC, int(running.group(1)) + MAX_PROCESSES)


def first_line(path: str) -> str:
    """The first line of a file of /proc; nothing where there is no such file: no Linux, an ended process."""
    try:
        with open(path) as stream:
            return stream.readline()
    except OSError:
        return ""


def take_stdout() -> Any:
    """The stream for answers. Modules and libraries print: what they print goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    ANSWERS = take_stdout()
    # The worker's folder: what a module writes there must not be imported by another.
    del sys.path[0]
    # Before torch, because Linux gives no user namespace to a process with threads.
    isolate()

import torch  # noqa: E402

# Values: a record's JSON. It is exact: Python writes a float with a text that reads back to the same double.


class RefusedError(Exception):
    """Why a row is refused, as a whole sentence."""


class UnrecordableError(RefusedError):
    """A value that a record cannot hold."""


class UnreadableError(RefusedError):
    """A record's JSON that stands for no value."""


def float_to_json(number: float) -> Json:
    """A float as JSON has it; NaN and the infinities, which JSON lacks, as text."""
    if math.isnan(number):
        return "nan"
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    return number


def complex_to_json(number: complex) -> Json:
    return [float_to_json(number.real), float_to_json(number.imag)]


def tensor_to_json(tensor: Any) -> Json:
    """A dense CPU tensor: dtype, shape and elements in row-major order, complex ones as [real, imaginary]."""
    dtype = name_of(tensor.dtype)
    if tensor.layout != torch.strided or getattr(tensor, "is_nested", False):
        raise UnrecordableError(f"a tensor that is not dense ({tensor.layout})")
    if tensor.device.type != "cpu":
        raise UnrecordableError(f"a tensor on {tensor.device}")
    if tensor.numel() > MAX_ELEMENTS:
        raise UnrecordableError(f"a tensor of {tensor.numel()} elements (at most {MAX_ELEMENTS})")
    # Half of torch cannot compute with complex32.
    if getattr(tensor, "is_quantized", False) or dtype == "complex32":
        raise UnrecordableError(f"a tensor of {dtype}")
    try:
        elements = tensor.detach().reshape(-1).tolist()
    except RuntimeError as error:
        raise UnrecordableError(f"a tensor of {dtype}") from error
    if tensor.dtype.is_floating_point:
        elements = [float_to_json(element) for element in elements]
    elif tensor.dtype.is_complex:
        elements = [complex_to_json(element) for element in elements]
    return {"tensor": dtype, "shape": list(tensor.shape), "values": elements}


def name_of(value: Any) -> str:
    """`float32` for torch.float32."""
    return str(value).replace("torch.", "")


def to_json(value: Any) -> Json:
    """Any value a TorchScript module takes or gives, as a record holds it. Raises UnrecordableError."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"float": float_to_json(value)}
    if isinstance(value, complex):
        return {"complex": complex_to_json(value)}
    if isinstance(value, torch.Tensor):
        return tensor_to_json(value)
    if isinstance(value, tuple):
        return {"tuple": [to_json(item) for item in value]}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[to_json(key), to_json(item)] for key, item in value.items()]}
    for kind in ("dtype", "device", "layout"):
        if isinstance(value, getattr(torch, kind)):
            return {kind: name_of(value)}
    raise UnrecordableError(f"a value of type {type(value).__name__}")


def from_json(data: Json) -> Any:
    """The value a record's JSON stands for: the inverse of `to_json`. Raises UnreadableError."""
    try:
        return read_value(data)
    except (AttributeError, KeyError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise UnreadableError(f"the record holds a value that cannot be read ({headline(error)})") from error


def read_value(data: Json) -> Any:
    if isinstance(data, list):
        return [read_value(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "tensor" in data:
        return read_tensor(data["tensor"], data["shape"], data["values"])
    if "float" in data:
        return float(data["float"])
    if "complex" in data:
        return read_complex(data["complex"])
    if "tuple" in data:
        return tuple(read_value(item) for item in data["tuple"])
    if "dict" in data:
        return {read_value(key): read_value(item) for key, item in data["dict"]}
    if "device" in data:
        return torch.device(data["device"])
    kind = "dtype" if "dtype" in data else "layout"
    return constant(kind, data[kind])


def read_tensor(dtype_name: str, shape: list[int], elements: list[Any]) -> Any:
    dtype = constant("dtype", dtype_name)
    if dtype.is_floating_point:
        elements = [float(element) for element in elements]
    elif dtype.is_complex:
        elements = [read_complex(element) for element in elements]
    return torch.tensor(elements, dtype=dtype).reshape(shape)


def read_complex(parts: list[Any]) -> complex:
    real, imaginary = parts
    return complex(float(real), float(imaginary))


def constant(kind: str, name: str) -> Any:
    """The dtype or layout of that name: a record must not reach anything else of torch."""
    value = getattr(torch, name, None)
    if not isinstance(value, getattr(torch, kind)):
        raise ValueError(f"{name!r} is no {kind}")
    return value


# Comparing what was recorded with what comes out now, both as JSON.

KINDS = ("tensor", "float", "complex", "tuple", "dict", "dtype", "device", "layout")


def kind_of(data: Json) -> str:
    if isinstance(data, dict):
        return next((kind for kind in KINDS if kind in data), "nothing known")
    return type(data).__name__


def difference(then: Json, now: Json, tolerances: Any) -> str | None:
    """The first difference between two values, None where they are equal within the tolerances.

    Args:
        then: the recorded value, `now` the one to compare, both as `to_json` gives them.
        tolerances: [rtol, atol] by dtype. A dtype that is not there is compared exactly; a float is a
            float64, a complex number a complex128. NaN equals NaN, -0.0 equals 0.0, a dict has its order.
    """
    kind = kind_of(then)
    if kind != kind_of(now):
        return f"{kind} then, {kind_of(now)} now"
    if kind == "tensor":
        return tensor_difference(then, now, tolerances)
    if kind in ("float", "complex"):
        dtype = "float64" if kind == "float" else "complex128"
        return number_difference(then[kind], now[kind], tolerances.get(dtype))
    if kind in ("tuple", "dict"):
        then, now = then[kind], now[kind]
    if isinstance(now, list):
        if len(then) != len(now):
            return f"{len(then)} values then, {len(now)} now"
        found = (place_difference(index, *pair, tolerances) for index, pair in enumerate(zip(then, now)))
        return next(filter(None, found), None)
    return None if then == now else f"{shown(then)} then, {shown(now)} now"


def place_difference(index: int, then: Json, now: Json, tolerances: Any) -> str | None:
    found = difference(then, now, tolerances)
    return f"value {index}: {found}" if found else None


def tensor_difference(then: Json, now: Json, tolerances: Any) -> str | None:
    if then["tensor"] != now["tensor"]:
        return f"{then['tensor']} then, {now['tensor']} now"
    if then["shape"] != now["shape"]:
        return f"shape {then['shape']} then, {now['shape']} now"
    if len(then["values"]) != len(now["values"]):
        return f"{len(then['values'])} elements then, {len(now['values'])} now"
    tolerance = tolerances.get(then["tensor"])
    for index, (old, new) in enumerate(zip(then["values"], now["values"])):
        found = number_difference(old, new, tolerance)
        if found:
            return f"element {index}: {found}"
    return None


def number_difference(then: Json, now: Json, tolerance: Any) -> str | None:
    """Elements as JSON has them: a number, the text of a NaN or an infinity, a pair for a complex number."""
    if then == now or (tolerance and is_near(then, now, *tolerance)):
        return None
    return f"{shown(then)} then, {shown(now)} now"


def is_near(then: Json, now: Json, rtol: float, atol: float) -> bool:
    """Whether |now - then| <= atol + rtol * |then|; of a complex number that is not finite, for each part."""
    if not isinstance(then, list):
        then, now = [then, 0.0], [now, 0.0]
    old, new = [float(part) for part in then], [float(part) for part in now]
    if all(math.isfinite(part) for part in old):
        return math.hypot(new[0] - old[0], new[1] - old[1]) <= atol + rtol * math.hypot(*old)
    return all(part_is_near(one, other, rtol, atol) for one, other in zip(old, new))


def part_is_near(then: float, now: float, rtol: float, atol: float) -> bool:
    if not math.isfinite(then):
        return then == now or (math.isnan(then) and math.isnan(now))
    return abs(now - then) <= atol + rtol * abs(then)


def shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


# Sample inputs from types.


class UnsampledError(RefusedError):
    """There are no sample inputs for the module."""


SHAPES = ((3, 3), (6,), (1, 2, 4, 4))


def sample_tensor(integral: bool, shape: tuple[int, ...], position: int) -> Any:
    """Distinct values of both signs and no zero (an operand may be a divisor), other for each argument."""
    count = 1
    for size in shape:
        count *= size
    values = [((index * 7 + position * 3) % 11 - 5) or 6 for index in range(count)]
    if integral:
        return torch.tensor(values, dtype=torch.int64).reshape(shape)
    return torch.tensor([value * 0.25 for value in values], dtype=torch.float32).reshape(shape)


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


def given_value(argument: Any, integral: bool, shape: tuple[int, ...], position: int) -> Any:
    return sample_value(str(argument.type), integral, shape, position)


def spare_value(argument: Any, integral: bool, shape: tuple[int, ...], position: int) -> Any:
    """The argument's default, None where it may be None, else a sample."""
    if argument.default_value is not None:
        return argument.default_value
    if str(argument.type).startswith("Optional["):
        return None
    return given_value(argument, integral, shape, position)


def checked_samples(method: str, given: Any) -> list[tuple[Any, ...]]:
    """What a method of that name gave: one tuple of inputs, or a list of such tuples."""
    samples = [given] if isinstance(given, tuple) else given
    if not isinstance(samples, list) or not samples or not all(isinstance(one, tuple) for one in samples):
        raise UnsampledError(f"{method}() has to return a tuple of inputs, or a list of such tuples")
    if len(samples) > MAX_SAMPLES:
        raise UnsampledError(f"{method}() returns {len(samples)} samples (at most {MAX_SAMPLES})")
    return samples


def run(function: Any, inputs: list[Json]) -> Json:
    """The output for inputs of a record, as JSON."""
    values = [from_json(value) for value in inputs]
    # torch.manual_seed() also seeds devices that a worker has not, which takes longer than most samples.
    torch.default_generator.manual_seed(0)
    return to_json(function(*values))


def recorded(function: Any, inputs: tuple[Any, ...]) -> dict[str, Json]:
    """A sample. The function gets what the record holds, as in a replay: no strides, nothing shared."""
    kept = [to_json(value) for value in inputs]
    return {"inputs": kept, "output": run(function, kept)}


def given_inputs(module: Any) -> list[list[Json]] | None:
    """What a module's sample_inputs() gives, as a record has it; None where it has no such method."""
    if not hasattr(module, "sample_inputs"):
        return None
    samples = checked_samples("sample_inputs", module.sample_inputs())
    return [[to_json(value) for value in inputs] for inputs in samples]


def record_samples(function: Any, given: list[list[Json]] | None) -> list[dict[str, Json]]:
    """The inputs given, or else those of the archive, with their outputs. Those have to run.

    Where there are none, they are made from the types of the archive's own arguments: of these, what does not run
    is left out.
    """
    if given is not None:
        return [recorded(function, tuple(map(from_json, inputs))) for inputs in given]
    # The name that torch/utils/bundled_inputs.py gives them.
    if hasattr(function, "get_all_bundled_inputs"):
        samples = checked_samples("get_all_bundled_inputs", function.get_all_bundled_inputs())
        return [recorded(function, inputs) for inputs in samples]
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


def sample_of_types(function: Any, arguments: list[Any], integral: bool, failures: list[str]) -> Json:
    """The first that runs: with all arguments given, then with those left out that may be, in each shape."""

    def attempt(make: Callable[..., Any], shape: tuple[int, ...]) -> Json:
        try:
            values = [make(argument, integral, shape, place) for place, argument in enumerate(arguments)]
            return recorded(function, tuple(values))
        except Exception as error:
            failures.append(headline(error))
            return None

    attempts = (attempt(make, shape) for make in (given_value, spare_value) for shape in SHAPES)
    return next(filter(None, attempts), None)


# Export: what module code may do, and what is seen of the archive that it leaves.

Step = Any  # tuple[str, Callable[[], Json]]


def load_class(source: str, name: str) -> Any:
    """The class, executed under a fixed name that scripts in every release and puts no path into archives."""
    linecache.cache[FIXTURE_MODULE] = (len(source), None, source.splitlines(True), FIXTURE_MODULE)
    module = type(sys)("fixture_module")
    # inspect finds the source of a class by its module's file.
    module.__file__ = FIXTURE_MODULE
    sys.modules[module.__name__] = module
    # Not with this file's own __future__ import, which makes texts of annotations.
    exec(compile(source, FIXTURE_MODULE, "exec", dont_inherit=True), module.__dict__)
    return module.__dict__[name]


def save_for_lite(scripted: Any, path: str) -> None:
    scripted._save_for_lite_interpreter(path)


def save_for_jit(scripted: Any, path: str) -> None:
    torch.jit.save(scripted, path)


WRITERS: Any = {"ptl": save_for_lite, "pt": save_for_jit}


def make(row: Json) -> Json:
    """Run module code: an archive, and the sample inputs that the module gives, None where it gives none."""
    # torch names an archive's root folder after its file.
    name = os.path.basename(row["archive"])
    random.seed(0)
    torch.manual_seed(0)
    module = load_class(row["source"], row["class"])()
    if not isinstance(module, torch.nn.Module):
        raise RefusedError(f"{row['class']} is no torch.nn.Module")
    path = os.path.join(os.getcwd(), name)
    WRITERS[name.rpartition(".")[2]](torch.jit.script(module), path)
    with open(path, "rb") as stream:
        archive = base64.b64encode(stream.read()).decode()
    return {"archive": archive, "samples": given_inputs(module)}


def made_by_module(told: Json) -> tuple[bytes, list[list[Json]] | None] | None:
    """The archive and the sample inputs, None where module code told something else in their place."""
    try:
        archive, given = base64.b64decode(told["archive"], validate=True), told["samples"]
    except (KeyError, TypeError, ValueError):
        return None
    if given is None:
        return archive, None
    is_list = isinstance(given, list) and 0 < len(given) <= MAX_SAMPLES
    return (archive, given) if is_list and all(isinstance(inputs, list) for inputs in given) else None


def steps_of_made(row: Json, archive: bytes, given: list[list[Json]] | None) -> list[Step]:
    """What is seen of an archive that was made now: outputs, a backported copy, whether the operator ran."""
    samples: list[Json] = []

    def run_it() -> Json:
        function = load_jit(archive)
        samples.extend(record_samples(function, given))
        return {
            "samples": samples,
            "again": run_samples(function, row),
            "backported": backported(archive, os.path.basename(row["archive"]), row["bytecode"]),
        }

    return [("run", run_it), ("ran", lambda: operator_ran(archive, row["operator"], samples))]


def backported(archive: bytes, name: str, bytecode: int | None) -> str | None:
    """The archive as this torch backports it, None where it need not or cannot (it can from 1.9.1 on)."""
    mobile = mobile_module()
    if bytecode is None or not hasattr(mobile, "_backport_for_mobile"):
        return None
    path, other = written(archive, name), os.path.join(tempfile.mkdtemp(), name)
    if mobile._get_model_bytecode_version(path) <= bytecode:
        return None
    mobile._backport_for_mobile(path, other, bytecode)
    with open(other, "rb") as stream:
        return base64.b64encode(stream.read()).decode()


def mobile_module() -> Any:
    """torch.jit.mobile, None before torch 1.6."""
    try:
        return importlib.import_module("torch.jit.mobile")
    except ImportError:
        return None


def load_as_it_can(archive: bytes) -> Any:
    """The archive under torch.jit.load, or else under lite where this torch has it."""
    try:
        return load_jit(archive)
    except Exception:
        if mobile_module() is None:
            raise
        return load_lite(archive)


def steps_of_found(row: Json, archive: bytes) -> list[Step]:
    """What is seen of an archive that was made before: the recorded samples again, whether the operator ran."""
    return [
        ("replay", lambda: replay(archive, load_as_it_can, row)),
        ("ran", lambda: operator_ran(archive, row["operator"], row["samples"])),
    ]


def generate(row: Json, seconds: float) -> Json:
    """One row of `generate`. What is committed is seen first: before the module, and whatever becomes of it."""
    told: Json = {}
    if row.get("found") is not None:
        seen = in_children(steps_of_found(row, base64.b64decode(row["found"])), seconds)
        told["found"] = {**seen["replay"], "ran": seen["ran"]}
    if row.get("source") is not None:
        told.update(making(row, seconds))
    return told


def making(row: Json, seconds: float) -> Json:
    """The archive and what it does, told by a child that never ran module code; or {"refused": why}."""
    told = in_children([("make", lambda: make(row))], seconds)["make"]
    if "refused" in told:
        return {"refused": told["refused"]}
    made = made_by_module(told)
    if made is None:
        return {"refused": "what it told is neither an archive nor sample inputs"}
    seen = in_children(steps_of_made(row, *made), seconds)
    if "refused" in seen["run"]:
        return seen["run"]
    return {**seen["run"], "ran": seen["ran"], "archive": told["archive"]}


# Replay.


def load_lite(archive: bytes) -> Any:
    mobile = importlib.import_module("torch.jit.mobile")
    return mobile._load_for_lite_interpreter(written(archive))


def load_jit(archive: bytes) -> Any:
    return torch.jit.load(written(archive))


def written(archive: bytes, name: str = "archive") -> str:
    """The path of a file with the archive in it: of what is in memory torch says less where it is malformed."""
    path = os.path.join(os.getcwd(), name)
    with open(path, "wb") as stream:
        stream.write(archive)
    return path


LOADERS: Any = {"torch.jit.load": load_jit, "lite": load_lite}


def run_samples(function: Any, row: Json) -> list[str | None]:
    """For each sample None where the output is the recorded one, else how it differs."""
    differences: list[str | None] = []
    for sample in row["samples"]:
        try:
            found = difference(sample["output"], run(function, sample["inputs"]), row["tolerances"])
        except Exception as error:
            found = f"raises: {headline(error)}"
        differences.append(found and found[:REASON_CHARACTERS])
    return differences


def replay(archive: bytes, load: Callable[[bytes], Any], row: Json) -> Json:
    """Load an archive and run the recorded inputs."""
    try:
        function = load(archive)
    except Exception as error:
        return {"load_error": headline(error)}
    return {"load_error": None, "differences": run_samples(function, row)}


def steps_of_replay(row: Json) -> list[Step]:
    """What is seen of a fixture. The marker comes last: it takes an upgrader's place in its process."""
    archives = {
        kind: base64.b64decode(row[kind]) for kind in ("archive", "raised") if row.get(kind) is not None
    }

    def step(loader: str, kind: str) -> Step:
        return f"{loader} {kind}", lambda: replay(archives[kind], LOADERS[loader], row)

    steps = [step(loader, kind) for loader in row["loaders"] for kind in archives]
    archive, name = archives["archive"], row["upgrader_name"]
    if name is None:
        return [*steps, ("ran", lambda: operator_ran(archive, row["operator"], row["samples"]))]
    return [*steps, ("marker", lambda: look_for_marker(archive, name, row["samples"]))]


# Markers: a statement that prints a text which nothing else can print shows that a place was reached.


class Listener:
    """A standard output that only waits for a marker: torch hands it what TorchScript prints."""

    def __init__(self, marker: str) -> None:
        self.marker = marker
        self.heard = False

    def write(self, text: str) -> None:
        self.heard = self.heard or self.marker in text

    def flush(self) -> None:
        pass


def new_marker() -> str:
    """A text that no archive can hold or print by itself."""
    return f"opfixtures marker {os.urandom(8).hex()}"


def reached(function: Callable[..., Any], samples: list[Json], marker: str) -> Json:
    """{"ran": whether a sample printed the marker}, {"ran": None, "why"} where none did and not all came to an end."""
    listener, output, failure = Listener(marker), sys.stdout, "there are no samples to run"
    sys.stdout = listener
    try:
        for sample in samples:
            failure = ""
            run(function, sample["inputs"])
    except Exception as error:
        failure = headline(error)
    finally:
        sys.stdout = output
    if failure and not listener.heard:
        return {"ran": None, "why": failure}
    return {"ran": listener.heard}


def operator_ran(archive: bytes, operator: str, samples: list[Json]) -> Json:
    """Whether a call of the operator in the archive's code came to its end while the samples ran, as `reached` has it.

    What the operator is called by inside of torch does not count: no upgrader would meet it. Nor does a call whose
    result nothing needs: torch leaves it out.
    """
    module = load_jit(archive)
    graph, marker = module.inlined_graph, new_marker()
    torch._C._jit_pass_dce(graph)
    called, hidden = mark_calls(graph, operator, marker)
    if hidden and not called:
        return {"ran": None, "why": f"its code calls {hidden}, which cannot be looked into"}
    return reached(forward_of(module, graph), samples, marker) if called else {"ran": False}


def forward_of(module: Any, graph: Any) -> Callable[..., Any]:
    """A module's forward with this graph in the place of its own. The function of a graph has no defaults."""
    function = torch._C._create_function_from_graph("forward", graph)
    arguments = module.forward.schema.arguments[1:]

    def forward(*values: Any) -> Any:
        defaults = [argument.default_value for argument in arguments[len(values) :]]
        return function(module._c, *values, *defaults)

    return forward


def mark_calls(graph: Any, operator: str, marker: str) -> tuple[int, str]:
    """Have each call of the operator print the marker when it is done.

    Returns:
        How many there are, and the kind of a node that calls code which is out of sight; empty without one.
    """
    text = graph.create("prim::Constant")
    text.s_("value", marker)
    text.output().setType(torch._C.StringType.get())
    count, hidden = 0, ""
    for node in list(nodes_of(graph)):
        if node.kind() in ("prim::CallMethod", "prim::CallFunction"):
            hidden = node.kind()
        elif called_by(node, operator):
            graph.create("prim::Print", [text.output()], 0).insertAfter(node)
            count += 1
        for inner in graphs_in(node):
            inner_count, inner_hidden = mark_calls(inner, operator, marker)
            count, hidden = count + inner_count, hidden or inner_hidden
    graph.prependNode(text)
    return count, hidden


def nodes_of(block: Any) -> Iterator[Any]:
    """The nodes of a graph and those of the blocks in it."""
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from nodes_of(inner)


def graphs_in(node: Any) -> Iterator[Any]:
    """The graphs that a node has as attributes, as torch.jit.fork has one, without calls as far as that can be."""
    for name in node.attributeNames():
        if node.kindOf(name) == "g":
            graph = node.g(name)
            torch._C._jit_pass_inline(graph)
            torch._C._jit_pass_dce(graph)
            yield graph


def called_by(node: Any, operator: str) -> bool:
    """Whether a node calls the operator, in that overload."""
    if node.kind() != operator.partition(".")[0]:
        return False
    if hasattr(node, "schema"):
        text: str = node.schema()
    else:
        # torch 1.5.1: the first that takes the inputs, as torch itself looks for it.
        schemas = torch._C._jit_get_schemas_for_operator(node.kind())
        text = next((str(schema) for schema in schemas if takes(schema, list(node.inputs()))), "")
    return text.partition("(")[0] == operator


def takes(schema: Any, inputs: list[Any]) -> bool:
    return len(schema.arguments) == len(inputs) and all(
        value.type().isSubtypeOf(argument.type) for value, argument in zip(inputs, schema.arguments)
    )


def marked(graph: str, marker: str) -> str:
    """The upgrader's graph with a marker before and behind what it does: no pass drops what prints."""
    header, end, body = graph.partition("):\n")
    inside, last, returned = body.rpartition("  return (")
    return (
        f'{header}{end}  %opfixtures_marker : str = prim::Constant[value="{marker}"]()\n'
        f"  prim::Print(%opfixtures_marker)\n{inside}  prim::Print(%opfixtures_marker)\n{last}{returned}"
    )


def drop_empty_markers(block: Any, marker: str) -> None:
    """Take out the markers of an upgrader of which nothing is left: torch runs nothing for a result nobody needs."""
    opening, is_empty = None, True
    for node in list(block.nodes()):
        if prints(node, marker):
            if opening is None:
                opening, is_empty = node, True
                continue
            if is_empty:
                opening.destroy()
                node.destroy()
            opening = None
        elif node.kind() != "prim::Constant":
            is_empty = False
            for inner in [*node.blocks(), *graphs_in(node)]:
                drop_empty_markers(inner, marker)


def prints(node: Any, marker: str) -> bool:
    if node.kind() != "prim::Print":
        return False
    texts = [value.node() for value in node.inputs()]
    return [text.s("value") for text in texts if text.kind() == "prim::Constant"] == [marker]


def look_for_marker(archive: bytes, name: str, samples: list[Json]) -> Json:
    """Whether a marker put in the upgrader's place shows up in the loaded graph, and whether the samples reach it."""
    marker = new_marker()
    graphs = upgrader_graphs()
    if name not in graphs:
        return {"registered": False, "found": False, "ran": False}
    torch._C._test_only_remove_upgraders({name: ""})
    torch._C._test_only_populate_upgraders({name: marked(str(graphs[name]), marker)})
    try:
        module = load_jit(archive)
        graph = module.inlined_graph
        found = marker in str(graph)
    except Exception as error:
        return {"registered": True, "found": False, "load_error": headline(error), "ran": None}
    torch._C._jit_pass_dce(graph)
    drop_empty_markers(graph, marker)
    return {"registered": True, "found": found, **reached(forward_of(module, graph), samples, marker)}


# Upgraders.


def upgrader_graphs() -> Any:
    """The upgraders of this runtime by name: graphs, or their texts. torch before 1.11 has none."""
    return torch._C._dump_upgraders_map() if hasattr(torch._C, "_dump_upgraders_map") else {}


def steps_of_upgraders(asked: Json) -> list[Step]:
    """What is to be told of each upgrader asked for, by name."""

    def step(name: str, source: str | None) -> Step:
        return name, lambda: upgrader_told(name, source)

    return [step(name, source) for name, source in asked.items()]


def upgrader_told(name: str, source: str | None) -> Json:
    """What an upgrader does here, and whether the tree's source of it says the same."""
    graph = upgrader_graphs().get(name)
    if graph is None:
        return {"registered": False, "identity": False, "same": None, "problem": ""}
    if isinstance(graph, str):
        graph = torch._C.parse_ir(graph)
    told = {"registered": True, "identity": changes_nothing(name, graph), "same": None, "problem": ""}
    if source is not None:
        try:
            told["same"] = plain_graph(compiled(name, source)) == plain_graph(graph)
        except Exception as error:
            told.update(same=False, problem=headline(error))
    return told


def changes_nothing(name: str, graph: Any) -> bool:
    """Whether an upgrader leaves old calls as they are: it hands its arguments on, and no default has changed."""
    entries = [
        (operator, entry.old_schema)
        for operator, entries in torch._C._get_operator_version_map().items()
        for entry in entries
        if entry.upgrader_name == name
    ]
    return bool(entries) and all(hands_on(graph, *entry) for entry in entries)


def hands_on(graph: Any, operator: str, old_schema: str) -> bool:
    """Whether a graph does nothing but call the operator with the graph's inputs, in order.

    What it adds must be a constant that is the argument's default; and an argument that old models may have left
    out must still have the default that it had.
    """
    calls = [node for node in nodes_of(graph) if node.kind() != "prim::Constant"]
    if len(calls) != 1 or not called_by(calls[0], operator):
        return False
    given, inputs = list(graph.inputs()), list(calls[0].inputs())
    now, then = (
        torch._C.parse_schema(calls[0].schema()).arguments,
        torch._C.parse_schema(old_schema).arguments,
    )
    if len(then) != len(given) or names_of(calls[0].outputs()) != names_of(graph.outputs()):
        return False
    passed = 0
    for value, argument in zip(inputs, now):
        if passed < len(given) and value.debugName() == given[passed].debugName():
            if has_default(then[passed]) and not same_default(then[passed], argument):
                return False
            passed += 1
        elif value.node().kind() != "prim::Constant" or not is_default(value.toIValue(), argument):
            return False
    return passed == len(given)


def names_of(values: Any) -> list[str]:
    return [value.debugName() for value in values]


def has_default(argument: Any) -> bool:
    return bool(argument.has_default_value())


def same_default(then: Any, now: Any) -> bool:
    return is_default(then.default_value, now)


def is_default(value: Any, argument: Any) -> bool:
    default = argument.default_value
    return has_default(argument) and type(value) is type(default) and bool(value == default)


class Operators(type(sys)):  # type: ignore[misc]
    """What `torch` means in an upgrader: in those of PyTorch's C++ all that `torch.ops.aten` has as well."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or hasattr(torch, name):
            return getattr(torch, name)
        return getattr(torch.ops.aten, name)


def compiled(name: str, source: str) -> Any:
    """The graph of a TorchScript function, which sees nothing of Python but torch."""
    unit, seen = torch._C.CompilationUnit(), {"torch": Operators("torch")}

    def resolved(word: str) -> Any:
        return seen.get(word)

    unit.define(source, resolved)
    function = unit.find_function(name)
    if function is None:
        raise RefusedError(f"its source defines no function {name}")
    return function.graph


def plain_graph(graph: Any) -> str:
    """A graph's text without the places of its source and the names of its values."""
    names: dict[str, str] = {}

    def plain(match: Any) -> str:
        text: str = match.group()
        return names.setdefault(text, f"%{len(names)}") if text[0] == "%" else text

    return re.sub(r'"(?:\\.|[^"\\])*"|%[\w.]+', plain, graph.str(False))


# What an error says, in a sentence.

INTERPRETER = "failed in the TorchScript interpreter"
# Sentences of torch's that help nobody here, and what its C++ adds on lines of their own.
EMPTY_SENTENCE = re.compile(r"employee|fburl\.com|discuss\.pytorch\.org|selective/custom build")
EMPTY_LINE = re.compile(
    r"\s*(?:Debug info for handle|frame #\d+|Exception raised from |\w+: (?:fallthrough )?registered at )"
)
# Of all backends those that have the operator, which stand below: the others fall back on one another.
BACKENDS = re.compile(r"(?<=only available for these backends: \[)[^\]]*")
KERNEL = re.compile(r"(?m)^(\w+): registered at .*\[kernel\]\s*$")
ASSERTION = re.compile(
    r"^\[enforce fail at [^\]]*\] *\.? *|^.*INTERNAL ASSERT FAILED at .*please report a bug to PyTorch\.\s*(?=\S)"
)
# As much of an error as is looked at; its cause is at the beginning or at the end.
TEXT_CHARACTERS = 20000


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
    return (cause[len("builtins.") :] if cause.startswith("builtins.") else cause)[:REASON_CHARACTERS]


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
    return f"{cause}\n{text}"[:REASON_CHARACTERS] if cause else named(error, text)


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
        text = f"{type(error).__name__}: {text}"
    return text[:REASON_CHARACTERS]


# Children.


def in_children(steps: list[Step], seconds: float) -> dict[str, Json]:
    """What each step tells, run one after the other in a forked child, with `seconds` for each.

    A step that does not come to its end has {"refused": why}; those behind it go on in a new child. Whatever the
    children started has ended with them.
    """
    told: dict[str, Json] = {}
    while steps:
        heard, ending = in_child(steps, seconds)
        told.update(heard)
        steps = steps[len(heard) :]
        if steps:
            told[steps[0][0]] = {"refused": ending}
            steps = steps[1:]
    return told


def in_child(steps: list[Step], seconds: float) -> tuple[dict[str, Json], str]:
    """What the first steps tell, as far as the child comes, and why it came no further; empty if it did them all."""
    reader, writer = os.pipe()
    folder = scratch_folder()
    # An archive's code can write to its own process's files: what it writes there is not taken for the child's.
    token = os.urandom(16).hex().encode()
    sys.stderr.flush()
    try:
        child = os.fork()
    except OSError as error:
        os.close(reader)
        os.close(writer)
        return {}, f"no process could be started for it: {error.strerror}"
    if child == 0:
        os.close(reader)
        live(steps, seconds, writer, token, folder)
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        heard, ending = listen(child, pipe, token, [name for name, _ in steps], seconds)
    end_children(HELPERS)
    return heard, ending


def scratch_folder() -> str:
    """A folder of the step's own, below the worker's, which a module may have removed."""
    os.makedirs(HOME, exist_ok=True)
    return tempfile.mkdtemp(dir=HOME)


def live(steps: list[Step], seconds: float, writer: int, token: bytes, folder: str) -> None:
    """The child's whole life. It never returns into the worker's code, whatever happens."""
    leave, status = os._exit, 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ANSWERS.detach().detach().close()
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.chdir(folder)
        os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = folder
        limit_step(seconds * len(steps))
        with os.fdopen(writer, "wb") as pipe:
            for _, function in steps:
                torch.set_grad_enabled(True)
                try:
                    told = function()
                except BaseException as error:
                    told = {"refused": whole(error)}
                pipe.write(b"\n%s%s\n" % (token, json.dumps(told, allow_nan=False).encode()))
                pipe.flush()
        status = 0
    finally:
        leave(status)


def listen(
    child: int, pipe: Any, token: bytes, names: list[str], seconds: float
) -> tuple[dict[str, Json], str]:
    """What the child told of the steps of these names, and why it told no more. The child has ended then."""
    os.set_blocking(pipe.fileno(), False)
    heard: dict[str, Json] = {}
    watched, rest, size, pause = [pipe], bytearray(), 0, 0.0005
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        chunk = pipe.read(1 << 20) if watched else None
        while chunk and size <= MAX_TOLD_BYTES:
            size += len(chunk)
            rest += chunk
            if b"\n" in chunk:
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    if line.startswith(token) and len(heard) < len(names):
                        heard[names[len(heard)]] = read_told(bytes(line[len(token) :]))
                        deadline, pause = time.monotonic() + seconds, 0.0005
            chunk = pipe.read(1 << 20)
        if chunk == b"":
            watched = []
        if len(heard) == len(names):
            ending = ""
        elif size > MAX_TOLD_BYTES:
            ending = f"its samples or its archive take more than {MAX_TOLD_BYTES >> 20} MiB"
        elif ended:
            ending = how_it_ended(status)
        elif time.monotonic() > deadline:
            ending = f"did not end within {seconds:g} seconds"
        else:
            select.select(watched, [], [], pause)
            pause = min(pause * 2, 0.02)
            continue
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        return heard, ending


def how_it_ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"crashed: {signal_name(os.WTERMSIG(status))}"
    code = os.WEXITSTATUS(status)
    return f"exited with status {code} before it was done" if code else "exited before it was done"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read_told(told: bytes) -> Json:
    """What a child told, as an object that the worker can hand on: a module may have written anything."""
    try:
        read = json.loads(told.decode(), parse_int=short_int, parse_constant=no_constant)
    except (ValueError, RecursionError):
        read = None
    return read if isinstance(read, dict) else {"refused": "exited before it was done"}


def short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("an integer of more than 64 bits")
    return int(text)


def no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def end_children(spared: set[int]) -> None:
    """End all children but the spared ones, those included that a module's process left behind.

    Where they do not end the worker does: nobody is to be believed in their presence.
    """
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        left = children() - spared
        if not left:
            return
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)
    sys.stderr.write("processes that a fixture module left behind cannot be ended\n")
    sys.stderr.flush()
    os._exit(1)


def children() -> set[int]:
    """The worker's children, ended ones included. Elsewhere than on Linux it has none between two steps."""
    if sys.platform != "linux":
        return set()
    pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}
    return {pid for pid in pids if parent_of(pid) == os.getpid()}


def parent_of(pid: int) -> int:
    # "pid (name) state parent ...", and the name may hold anything.
    fields = first_line(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if fields else 0


# The runtime.


def schema_of(operator: str) -> str | None:
    """The operator's schema here, None where there is none. An archive may name anything as an operator."""
    try:
        schemas = torch._C._jit_get_schemas_for_operator(operator.partition(".")[0])
    except (RuntimeError, TypeError):
        return None
    return next((str(schema) for schema in schemas if str(schema).partition("(")[0] == operator), None)


def registered_bumps(operator: str) -> list[int] | None:
    """The versions at which this runtime's own version map bumps the operator; None before torch 1.11."""
    if not hasattr(torch._C, "_get_operator_version_map"):
        return None
    entries = torch._C._get_operator_version_map().get(operator, ())
    return sorted(entry.bumped_at_version for entry in entries)


def import_operators(name: str) -> str | None:
    """Import the operator module; where it came from, of a namespace package its first folder."""
    module = importlib.import_module(name)
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return next((os.path.realpath(place) for place in places if place), None)


def warm_up() -> None:
    """Do here, once, what torch does when it first loads an archive and runs it: each child is spared it.

    torch fills its table of upgraders then, and not before. The archive is written by hand: to script a module
    here would leave its traces in what the children export.
    """
    code = """\
class M(Module):
  __parameters__ = []
  training : bool
  def forward(self: __torch__.M, x: Tensor) -> Tensor:
    if torch.is_floating_point(x):
      y = torch.div(x, x)
    else:
      y = torch.mul(x, x)
    return y
"""
    members = {
        "version": b"3\n",
        "data.pkl": b"\x80\x02c__torch__\nM\n)\x81}(X\x08\x00\x00\x00training\x88ub.",
        "constants.pkl": b"\x80\x02).",
        "code/__torch__.py": code.encode(),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in members.items():
            file.writestr(f"m/{name}", content)
    archive.seek(0)
    torch.jit.load(archive)(torch.ones(1))
    mobile_module()


def describe(job: Json, own: set[str], imported: str | None) -> Json:
    """What the runtime says of itself, of the operators asked for (torch's `own` are so told) and the upgraders."""
    operators = job["operators"]
    maximum = getattr(torch._C, "_get_max_operator_version", None)
    return {
        "event": "runtime",
        "torch": torch.__version__,
        "torch_git": torch.version.git_version,
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
        "max_operator_version": maximum() if maximum else None,
        "imported": imported,
        "operators": {
            operator: {
                "schema": schema_of(operator),
                "bumps": registered_bumps(operator),
                "torch": operator in own,
            }
            for operator in operators
        },
        "upgraders": in_children(steps_of_upgraders(job["upgraders"]), UPGRADER_SECONDS),
    }


# Rows.


def answer(event: Json) -> None:
    ANSWERS.write(json.dumps(event, allow_nan=False) + "\n")
    ANSWERS.flush()


def replayed(rows: list[Json], seconds: float) -> Iterator[Json]:
    """What is told of each row of `replay`, in their order.

    Where there are processors for it, processes like this one, the lanes, share them: no row runs what another
    could notice. Rows of `generate` have to come one after the other, each alone.
    """
    count = lanes_for(len(rows))
    lanes: list[Any] = []
    for place in range(count if count > 1 else 0):
        lanes.append(open_lane(rows[place::count], seconds, lanes))
    lanes = lanes or [None]
    for number, row in enumerate(rows):
        place = number % len(lanes)
        lane = lanes[place]
        line = lane.readline() if lane else ""
        if line.endswith("\n"):
            yield json.loads(line)
        elif lane:
            lanes[place] = None
            yield {"refused": "the process that replayed it ended early"}
        else:
            yield in_children(steps_of_replay(row), seconds)


def lanes_for(rows: int) -> int:
    """How many lanes are worth their start. Elsewhere than on Linux nothing would end what one leaves behind."""
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    return max(1, min(processors, MOST_LANES, rows // ROWS_OF_A_LANE))


def open_lane(rows: list[Json], seconds: float, others: list[Any]) -> Any:
    """A process that replays these rows: the stream of what it tells of each."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        run_lane(rows, seconds, writer, [reader, *(other.fileno() for other in others)])
    os.close(writer)
    HELPERS.add(child)
    return os.fdopen(reader)


def run_lane(rows: list[Json], seconds: float, writer: int, foreign: list[int]) -> None:
    global ANSWERS
    try:
        for descriptor in foreign:
            os.close(descriptor)
        ANSWERS.detach().detach().close()
        ANSWERS = os.fdopen(writer, "w")
        HELPERS.clear()
        if sys.platform == "linux":
            answer_for_children(ctypes.CDLL(None))
        for row in rows:
            answer(in_children(steps_of_replay(row), seconds))
    finally:
        os._exit(0)


def end_at_once(*_: Any) -> None:
    end_children(set())
    os._exit(1)


def take_job() -> Json:
    """The job from the standard input, which nobody can read or change any more then."""
    job = json.load(sys.stdin)
    quiet = os.open(os.devnull, os.O_RDONLY)
    os.dup2(quiet, 0)
    os.close(quiet)
    return job


def start(job: Json) -> Json:
    """Import the operator module; the description of the runtime.

    An operator that is there before the operator module is imported is torch's own.
    """
    own = {operator for operator in job["operators"] if schema_of(operator)}
    imported = import_operators(job["import"]) if job["import"] else None
    HELPERS.update(children())
    warm_up()
    # What is there now stays: the children need not copy it to look for what they can free.
    gc.freeze()
    return describe(job, own, imported)


def main() -> None:
    signal.signal(signal.SIGTERM, end_at_once)
    job = take_job()
    limit_worker()
    try:
        answer(start(job))
    except BaseException as error:
        answer({"event": "failed", "reason": with_causes(error)})
        return
    rows, seconds = job["rows"], job["seconds"]
    exports = job["task"] == "generate"
    answers = (generate(row, seconds) for row in rows) if exports else replayed(rows, seconds)
    for row, told in zip(rows, answers):
        answer({"event": "row", "key": row["key"], "told": told})
    answer({"event": "end"})


HOME = os.getcwd()
# What the operator module's import started, and the lanes: no step leaves it behind.
HELPERS: set[int] = set()

if __name__ == "__main__":
    main()
