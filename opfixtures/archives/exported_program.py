"""Reads a `.pt2`, what torch.export.save writes, without torch: nothing in it is loaded or executed.

The program is JSON (torch/_export/serde/schema.py). Up to torch 2.7 it stands beside a number of its own, and with
pickled tensors in a zip archive without a root folder (torch/export/__init__.py, `save`); from 2.8 on in the layout of
PT2 archives (torch/export/pt2_archive/constants.py), with a file for each tensor.

torch executes code of such a file when it loads it: pickles, expressions, guards, and any function whose name it gives
(`deserialize_torch_artifact`, `_parse_sym_expr`, `_convert_guards_code_to_fn`, `deserialize_operator`). What could be
code is held to forms in which it is none (`program_text`, `tensor_pickle`); the rest is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from opfixtures.archives.hostile_zip import ZipError
from opfixtures.archives.model import Archive, ArchiveError, Blob, Call, Program
from opfixtures.archives.program_text import check_texts, without_notes
from opfixtures.archives.stored_zip import stored_members
from opfixtures.archives.tensor_pickle import check_tensors
from opfixtures.strict_json import parse_json

MAX_CALLS = 10_000
# That of a fixture has some KiB, and a byte of JSON can become fifty in memory.
MAX_JSON = 2 << 20

_MODEL = "model"
# Up to torch 2.7; 2.1 wrote its tensors into files that end in .json, and they are no JSON.
_PROGRAM = "serialized_exported_program.json"
_PICKLES = re.compile(r"serialized_(state_dict|constants|example_inputs)\.(pt|json)")
_VERSION = "version"
# From torch 2.8 on, below the root folder. 2.8 pickled all weights into one file, and the constants.
_NEW = {
    "program": re.compile(rf"models/{_MODEL}\.json"),
    "config": re.compile(rf"data/(weights|constants)/{_MODEL}_(weights|constants)_config\.json"),
    "pickle": re.compile(rf"data/(weights|constants|sample_inputs)/{_MODEL}\.pt"),
    "tensor": re.compile(r"data/(weights/weight|constants/tensor)_[0-9]{1,6}"),
    "other": re.compile(r"archive_format|archive_version|byteorder|\.data/(version|serialization_id)"),
}
# ArgumentKind in torch/_export/serde/schema.py.
_BY_PLACE, _BY_NAME = 1, 2
_TARGET = re.compile(r"torch\.ops\.(\w+)\.(\w+)\.(\w+)")


def read_exported_program(data: bytes) -> Archive:
    """Parse a `.pt2`.

    Raises ArchiveError if it is not a zip archive of a sane size with the members that torch writes, if its program
    cannot be read, or if there is in it what torch could take for code.
    """
    members = program_members(data)
    if _PROGRAM in members:
        program, version = members.pop(_PROGRAM), _version_of(members.pop(_VERSION, b""))
        blobs = _old_blobs(members)
    else:
        program, version = _new_program(members), None
        blobs = _new_blobs(members)
    root = _parsed(program, "its program")
    opsets, version = _opsets(root), version or _schema_version(root)
    check_texts(root)
    calls = tuple(_calls(root))
    return Archive(
        version=None,
        bytecode_version=None,
        operators=frozenset(call.operator for call in calls),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        unpacked=sum(map(len, members.values())) + len(program),
        program=Program(version, calls, blobs, opsets, str(root.get("torch_version") or "")[:80]),
    )


def program_members(data: bytes) -> dict[str, bytes]:
    """The contents by name, without the root folder if there is one. Raises ArchiveError."""
    try:
        members = stored_members(
            data, "it has a member that is compressed, which torch.export.save does not do"
        )
    except ZipError as error:
        raise ArchiveError(str(error)) from error
    if _PROGRAM in members:
        return members
    roots = {name.partition("/")[0] for name in members}
    if len(roots) != 1:
        raise ArchiveError(f"it has no {_PROGRAM}, and its members are not in one root folder")
    return {name.partition("/")[2]: content for name, content in members.items()}


def first_program_difference(data: bytes, other: bytes) -> str | None:
    """The first member in which two `.pt2` say something else; None where they say the same in other bytes.

    What torch keeps for people to read names lines of a source and releases of torch, and a hash of all only says that
    they differ: neither counts. Raises ArchiveError.
    """
    one, two = _that_counts(data), _that_counts(other)
    return min((name for name in one.keys() | two.keys() if one.get(name) != two.get(name)), default=None)


def _that_counts(data: bytes) -> dict[str, Any]:
    members: dict[str, Any] = program_members(data)
    for name in members.keys() & {_PROGRAM, f"models/{_MODEL}.json"}:
        members[name] = without_notes(_parsed(members[name], name))
    return {name: content for name, content in members.items() if not name.endswith("serialization_id")}


def _version_of(record: bytes) -> tuple[int, int] | None:
    """Major and minor of the old layout's `version`: torch 2.7 writes one that says nothing, and the program has it."""
    text = record.decode(errors="replace")
    if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", text) is None:
        raise ArchiveError(f"its version is {text[:20]!r}, not a number such as 5.3")
    major, dot, minor = text.partition(".")
    return (int(major), int(minor)) if dot else None


def _old_blobs(members: dict[str, bytes]) -> tuple[Blob, ...]:
    for name, content in members.items():
        if _PICKLES.fullmatch(name) is None:
            raise ArchiveError(f"it has a member that torch.export.save does not write: {name[:80]!r}")
        # torch writes nothing at all where there is nothing to keep.
        if content:
            check_tensors(name, content)
    return _as_blobs(members)


def _new_program(members: dict[str, bytes]) -> bytes:
    programs = [name for name in members if _NEW["program"].fullmatch(name)]
    if len(programs) != 1:
        raise ArchiveError(f"it has no program models/{_MODEL}.json")
    return members.pop(programs[0])


def _new_blobs(members: dict[str, bytes]) -> tuple[Blob, ...]:
    tensors: dict[str, bytes] = {}
    for name, content in members.items():
        kind = next((kind for kind, form in _NEW.items() if form.fullmatch(name)), "")
        if not kind:
            raise ArchiveError(f"it has a member that torch.export.save does not write: {name[:80]!r}")
        if kind == "config":
            _check_config(name, _parsed(content, name), members)
        if kind == "pickle" and content:
            check_tensors(name, content)
        if kind in ("pickle", "tensor"):
            tensors[name] = content
    return _as_blobs(tensors)


def _check_config(name: str, config: Any, members: dict[str, bytes]) -> None:
    """What says where each tensor is: in a file beside it, and pickled ones are looked into."""
    check_texts(config)
    folder = name.rpartition("/")[0]
    payloads = config.get("config") if isinstance(config, dict) else None
    if not isinstance(payloads, dict) or not all(isinstance(one, dict) for one in payloads.values()):
        raise ArchiveError(f"its {name} does not say where tensors are")
    pickles: dict[str, None] = {}
    for payload in payloads.values():
        path = f"{folder}/{payload.get('path_name')}"
        if _NEW["tensor"].fullmatch(path) is None or path not in members:
            raise ArchiveError(f"its {name} names a file that is none of its tensors")
        if payload.get("use_pickle") is not False:
            pickles[path] = None
    # Weights that are one tensor name one file, any number of times.
    for path in pickles:
        check_tensors(path, members[path])


def _as_blobs(members: dict[str, bytes]) -> tuple[Blob, ...]:
    return tuple(
        Blob(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in members.items()
    )


def _parsed(content: bytes, what: str) -> Any:
    if len(content) > MAX_JSON:
        raise ArchiveError(f"{what} has {len(content)} bytes (at most {MAX_JSON})")
    try:
        return parse_json(content)
    except ValueError as error:
        raise ArchiveError(f"{what} is not what torch writes: {error}") from error


def _schema_version(root: Any) -> tuple[int, int]:
    match root:
        case {"schema_version": {"major": int(major), "minor": int(minor)}}:
            return major, minor
        # torch 2.1 has one number.
        case {"schema_version": int(major)}:
            return major, 0
    raise ArchiveError("its program has no schema_version")


def _opsets(root: Any) -> tuple[tuple[str, int], ...]:
    match root:
        case {"opset_version": dict(versions)} if all(type(one) is int for one in versions.values()):
            return tuple(sorted(versions.items()))
    raise ArchiveError("its program has no opset_version")


def _calls(root: Any) -> Iterator[Call]:
    """The calls of operators, of the graphs inside of others too."""
    count = 0
    for node in _nodes(root):
        match node:
            case {"target": str(target), "inputs": list(inputs)} if all(
                isinstance(one, dict) and isinstance(one.get("name"), str) for one in inputs
            ):
                count += 1
                if count > MAX_CALLS:
                    raise ArchiveError(f"its program has more than {MAX_CALLS} nodes")
                found = _TARGET.fullmatch(target)
                if found and found[1] != "higher_order":
                    yield _call(full_name(*found.groups()), inputs)
            case _:
                raise ArchiveError("its program has a node without target or inputs")


def _call(operator: str, inputs: Sequence[Any]) -> Call:
    by_place, by_name = (
        frozenset(one["name"] for one in inputs if one.get("kind") == kind) for kind in (_BY_PLACE, _BY_NAME)
    )
    return Call(operator, tuple(one["name"] for one in inputs), by_place, by_name)


def full_name(namespace: str, name: str, overload: str) -> str:
    """`aten::add.Tensor` of `torch.ops.aten.add.Tensor`: an overload without name is called `default` there."""
    return f"{namespace}::{name}" + ("" if overload == "default" else f".{overload}")


def _nodes(root: Any) -> Iterator[Any]:
    """All there is in a list called `nodes`, wherever it stands."""
    left = [root]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            nodes = value.get("nodes")
            yield from nodes if isinstance(nodes, list) else ()
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
