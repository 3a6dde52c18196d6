"""Runs inside a runtime: exports fixture modules there, or replays fixtures. Standard library and torch only.

Python 3.7 syntax, torch 1.5.1 to today. Started as `python -s torch_worker.py JOB` from a copy of this file
in an empty folder. JOB is a JSON file:

    {"task": "generate" | "replay", "import": operator module or null, "operators": those to describe,
     "seconds": time limit of one step, "rows": [...]}

    generate row: {"key", "source", "class", "archive": a path, of which the file name counts, "bytecode":
                   the version to backport a copy to or null, "samples": recorded ones to run again, "tolerances"}
    replay row:   {"key", "archive", "raised": the same with its version record raised, "loaders", "upgrader_name",
                   "tolerances": {dtype: [rtol, atol]}, "samples": [{"inputs", "output"}]}

It answers with JSON lines on the standard output it was given: one `runtime` or `failed`, one `row` for each
row in their order ({"key", "told": what was seen, or {"refused": why}}), one `end`. It only observes; what the
observations mean is decided by the process that started it.

Fixture modules are untrusted code. Each step of a row runs in a forked child that tells what it saw through a
pipe: a module that crashes, hangs or exits is one row, no module sees what another left behind, and none can
answer for another. Exported archives are told too, not left in a file that a later row could change.
"""

from __future__ import annotations

import base64
import ctypes
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
from typing import Any, Callable

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
    torch.manual_seed(0)
    return to_json(function(*values))


def recorded(function: Any, inputs: tuple[Any, ...]) -> dict[str, Json]:
    """A sample. The function gets what the record holds, as in a replay: no strides, nothing shared."""
    kept = [to_json(value) for value in inputs]
    return {"inputs": kept, "output": run(function, kept)}


def record_samples(module: Any, scripted: Any, function: Any) -> list[dict[str, Json]]:
    """Sample inputs and their outputs. From types, what does not run is left out; given ones have to run."""
    if hasattr(module, "sample_inputs"):
        samples = checked_samples("sample_inputs", module.sample_inputs())
        return [recorded(function, inputs) for inputs in samples]
    # The name that torch/utils/bundled_inputs.py gives them.
    if hasattr(scripted, "get_all_bundled_inputs"):
        samples = checked_samples("get_all_bundled_inputs", scripted.get_all_bundled_inputs())
        return [recorded(function, inputs) for inputs in samples]
    arguments = scripted.forward.schema.arguments[1:]
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


# Generate.


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


def generate(row: Json) -> Json:
    """Export one fixture module and run the archive, not the module, for the outputs."""
    # torch names an archive's root folder after its file.
    name = os.path.basename(row["archive"])
    path = os.path.join(os.getcwd(), name)
    random.seed(0)
    torch.manual_seed(0)
    module = load_class(row["source"], row["class"])()
    if not isinstance(module, torch.nn.Module):
        raise RefusedError(f"{row['class']} is no torch.nn.Module")
    scripted = torch.jit.script(module)
    WRITERS[name.rpartition(".")[2]](scripted, path)
    function = torch.jit.load(path)
    return {
        "samples": record_samples(module, scripted, function),
        "again": run_samples(function, row),
        "archive": encoded(path),
        "backported": backported(path, row["bytecode"]),
    }


def backported(path: str, bytecode: int | None) -> str | None:
    """The archive as this torch backports it, None where it need not or cannot (it can from 1.9.1 on)."""
    try:
        mobile = importlib.import_module("torch.jit.mobile")
    except ImportError:
        return None
    if bytecode is None or not hasattr(mobile, "_backport_for_mobile"):
        return None
    if mobile._get_model_bytecode_version(path) <= bytecode:
        return None
    other = os.path.join(tempfile.mkdtemp(), os.path.basename(path))
    mobile._backport_for_mobile(path, other, bytecode)
    return encoded(other)


def encoded(path: str) -> str:
    with open(path, "rb") as stream:
        return base64.b64encode(stream.read()).decode()


# Replay.


def load_lite(archive: str) -> Any:
    mobile = importlib.import_module("torch.jit.mobile")
    return mobile._load_for_lite_interpreter(archive)


def load_jit(archive: str) -> Any:
    return torch.jit.load(archive)


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


def replay(row: Json, loader: str, archive: str) -> Json:
    """Load an archive and run the recorded inputs."""
    try:
        function = LOADERS[loader](row[archive])
    except Exception as error:
        return {"load_error": headline(error)}
    return {"load_error": None, "differences": run_samples(function, row)}


def load_any_module() -> None:
    """torch fills its table of upgraders when it first loads a module, and not before."""
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Identity()), buffer)
    buffer.seek(0)
    torch.jit.load(buffer)


def marked(graph: str, marker: str) -> str:
    """The upgrader's graph with a statement in front that no pass may drop: printing has an effect."""
    header, end, body = graph.partition("):\n")
    return (
        f'{header}{end}  %opfixtures_marker : str = prim::Constant[value="{marker}"]()\n'
        f"  prim::Print(%opfixtures_marker)\n{body}"
    )


def look_for_marker(row: Json) -> Json:
    """Whether a marker put in the upgrader's place shows up in the loaded graph."""
    name = row["upgrader_name"]
    # No archive can hold this one by itself.
    marker = f"opfixtures marker {os.urandom(8).hex()}"
    load_any_module()
    graphs = torch._C._dump_upgraders_map() if hasattr(torch._C, "_dump_upgraders_map") else {}
    if name not in graphs:
        return {"registered": False, "found": False}
    graph = str(graphs[name])
    torch._C._test_only_remove_upgraders({name: ""})
    torch._C._test_only_populate_upgraders({name: marked(graph, marker)})
    try:
        loaded = str(torch.jit.load(row["archive"]).inlined_graph)
    except Exception as error:
        return {"registered": True, "found": False, "load_error": headline(error)}
    return {"registered": True, "found": marker in loaded}


def observe(row: Json, seconds: float) -> Json:
    """All observations of one fixture, each in a child of its own: loaders crash on malformed archives."""
    seen = {
        f"{loader} {archive}": in_child(replay, (row, loader, archive), seconds)
        for loader in row["loaders"]
        for archive in ("archive", "raised")
    }
    return {**seen, "marker": in_child(look_for_marker, (row,), seconds)}


# Children.


def text_of(error: BaseException) -> str:
    try:
        return str(error).strip()
    except Exception:
        return "an error that cannot be shown"


def headline(error: BaseException) -> str:
    """The line of an error that says most: TorchScript's come with the source and a stack behind."""
    lines = [line.strip() for line in text_of(error).splitlines() if line.strip()]
    return named(error, lines[0] if lines else "")


def whole(error: BaseException) -> str:
    """The error with all that torch says of it, for a reason somebody has to act on."""
    return named(error, text_of(error))


def named(error: BaseException, text: str) -> str:
    if not isinstance(error, RefusedError):
        text = f"{type(error).__name__}: {text}"
    return text[:REASON_CHARACTERS]


def in_child(function: Callable[..., Json], arguments: tuple[Any, ...], seconds: float) -> Json:
    """What the function tells, run in a forked child; {"refused": why} if it did not come to an end."""
    reader, writer = os.pipe()
    folder = scratch_folder()
    sys.stderr.flush()
    try:
        child = os.fork()
    except OSError as error:
        os.close(reader)
        os.close(writer)
        return {"refused": f"no process could be started for it: {error.strerror}"}
    if child == 0:
        os.close(reader)
        live(function, arguments, seconds, writer, folder)
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        told, ending = listen(child, pipe, seconds)
    end_children(HELPERS)
    return ending if ending else read_told(told)


def scratch_folder() -> str:
    """A folder of the step's own, below the worker's, which a module may have removed."""
    os.makedirs(HOME, exist_ok=True)
    return tempfile.mkdtemp(dir=HOME)


def live(
    function: Callable[..., Json], arguments: tuple[Any, ...], seconds: float, writer: int, folder: str
) -> None:
    """The child's whole life. It never returns into the worker's code, whatever happens."""
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        ANSWERS.detach().detach().close()
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.chdir(folder)
        os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = folder
        limit_step(seconds)
        try:
            told = function(*arguments)
        except BaseException as error:
            told = {"refused": whole(error)}
        with os.fdopen(writer, "w") as pipe:
            json.dump(told, pipe, allow_nan=False)
        status = 0
    finally:
        os._exit(status)


def listen(child: int, pipe: Any, seconds: float) -> tuple[bytes, Json]:
    """What the child told, and {"refused": why} if it did not end by itself and well."""
    os.set_blocking(pipe.fileno(), False)
    told, watched, pause = bytearray(), [pipe], 0.0005
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        chunk = pipe.read(1 << 20) if watched else None
        while chunk and len(told) <= MAX_TOLD_BYTES:
            told += chunk
            chunk = pipe.read(1 << 20)
        if chunk == b"":
            watched = []
        if len(told) > MAX_TOLD_BYTES:
            ending = f"its samples or its archive take more than {MAX_TOLD_BYTES >> 20} MiB"
        elif ended:
            return bytes(told), None if status == 0 else {"refused": how_it_ended(status)}
        elif time.monotonic() > deadline:
            ending = f"did not end within {seconds:g} seconds"
        else:
            select.select(watched, [], [], pause)
            pause = min(pause * 2, 0.02)
            continue
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        return b"", {"refused": ending}


def how_it_ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"crashed: {signal_name(os.WTERMSIG(status))}"
    return f"exited with status {os.WEXITSTATUS(status)} before it was done"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read_told(told: bytes) -> Json:
    """What a child told, as JSON that the worker can hand on: a module may have written anything."""
    try:
        return json.loads(told.decode(), parse_int=short_int, parse_constant=no_constant)
    except (ValueError, RecursionError):
        return {"refused": "exited before it was done"}


def short_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("an integer of more than 64 bits")
    return int(text)


def no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def end_children(spared: set[int]) -> None:
    """End all children but the spared ones, those included that a module's process left behind."""
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


def describe(job: Json) -> Json:
    """What the runtime says of itself and of the operators asked for.

    An operator that is there before the operator module is imported is torch's own.
    """
    operators = job["operators"]
    own = {operator for operator in operators if schema_of(operator)}
    imported = import_operators(job["import"]) if job["import"] else None
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
    }


def answer(event: Json) -> None:
    ANSWERS.write(json.dumps(event, allow_nan=False) + "\n")
    ANSWERS.flush()


def end_at_once(*_: Any) -> None:
    end_children(set())
    os._exit(1)


def main(path: str) -> None:
    signal.signal(signal.SIGTERM, end_at_once)
    with open(path) as stream:
        job = json.load(stream)
    limit_worker()
    try:
        answer(describe(job))
    except BaseException as error:
        answer({"event": "failed", "reason": whole(error)})
        return
    HELPERS.update(children())
    seconds = job["seconds"]
    exports = job["task"] == "generate"
    for row in job["rows"]:
        told = in_child(generate, (row,), seconds) if exports else observe(row, seconds)
        answer({"event": "row", "key": row["key"], "told": told})
    answer({"event": "end"})


HOME = os.getcwd()
# What the operator module's import started.
HELPERS: set[int] = set()

if __name__ == "__main__":
    main(sys.argv[1])
