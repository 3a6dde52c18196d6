"""Mutations that keep the form: a record whose checksum holds, a result, settings, a zip archive.

Each takes bytes, a source of chance, and what mutates bytes; what has no such form yet is replaced by a seed.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

Mutate = Callable[[bytes], bytes]
Mutator = Callable[[bytes, random.Random, Mutate], bytes]

ODD: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        4,
        7,
        10,
        2**31,
        2**63 - 1,
        2**63,
        -(2**63) - 1,
        10**400,
        0.5,
        -0.0,
        1e300,
    ),
    *(
        "",
        "a",
        "nan",
        "inf",
        "-inf",
        "\ud800",
        "\0",
        "\u2028",
        "é",
        "::error::",
        "x" * 300,
        "86" * 20,
        "ab" * 32,
    ),
    *(
        "aten::gelu",
        "float32",
        "int64",
        "bool",
        "complex64",
        "cpu",
        "cuda:1",
        "strided",
        "release",
        "yes",
        "no",
    ),
    *("verified", "refused", "mismatch", "by this run", "schema", "version record", "bytecode version"),
    *(
        [],
        {},
        [[]],
        [None],
        {"": None},
        {"tuple": []},
        {"dict": [["a", 1]]},
        {"float": "nan"},
        {"device": "cpu"},
    ),
    *({"complex": [0.5, "inf"]}, {"dtype": "float32"}, {"layout": "strided"}),
    {"tensor": "float32", "shape": [2], "values": [1, "nan"]},
    {"tensor": "int8", "shape": [], "values": [-128]},
    {"tensor": "bool", "shape": [0, 2], "values": []},
]
_MOST_NODES = 3_000


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    """Each place of a JSON value: what holds it, and its key or number there."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting and len(found) < _MOST_NODES:
        one = waiting.pop()
        items = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, inner in items:
            found.append((one, key))
            waiting.append(inner)
    return found


def _edited(root: Any, chance: random.Random, mutate: Mutate) -> Any:
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        nodes = _nodes(root)
        if not nodes:
            return copy.deepcopy(chance.choice(ODD))
        holder, key = chance.choice(nodes)
        other, other_key = chance.choice(nodes)
        match chance.randrange(9):
            case 0 | 1:
                holder[key] = copy.deepcopy(chance.choice(ODD))
            case 2:
                holder[key] = copy.deepcopy(other[other_key])
            case 3:
                del holder[key]
            case 4 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(chance.choice([holder[key], *ODD])))
            case 5 if isinstance(holder, dict):
                holder[chance.choice(["", "more", "\ud800", "tensor", "tuple", str(other_key)])] = holder.pop(
                    key
                )
            case 6:
                holder[key] = [holder[key]] if chance.random() < 0.5 else {"tuple": [holder[key]]}
            case 7 if isinstance(holder[key], str):
                holder[key] = mutate(holder[key].encode("utf-8", "replace")).decode("utf-8", "replace")
            case _ if isinstance(holder[key], int):
                holder[key] += chance.choice((-1, 1, 1 << 31))
    return root


def _root(data: bytes, seed: bytes) -> Any:
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        root = json.loads(seed)
    return root


def json_mutator(seed: bytes) -> Mutator:
    """Edits the value, now and then the bytes."""

    def mutated(data: bytes, chance: random.Random, mutate: Mutate) -> bytes:
        if chance.random() < 0.1:
            return mutate(data)
        return json.dumps(_edited(_root(data, seed), chance, mutate)).encode()

    return mutated


def record_mutator(seed: bytes) -> Mutator:
    """Edits the value, and puts the checksum right, now and then not."""

    def mutated(data: bytes, chance: random.Random, mutate: Mutate) -> bytes:
        if chance.random() < 0.05:
            return mutate(data)
        root = _edited(_root(data, seed), chance, mutate)
        return checksummed(root) if isinstance(root, dict) else json.dumps(root).encode()

    return mutated


def checksummed(root: dict[str, Any]) -> bytes:
    """JSON of any form, with a checksum that holds."""
    rest = json.dumps({name: value for name, value in root.items() if name != "checksum"})
    comma = ", " if len(rest) > 2 else ""
    head, tail = f'{rest[:-1]}{comma}"checksum": "', '"\n}\n'
    return (head + hashlib.sha256((head + "0" * 64 + tail).encode()).hexdigest() + tail).encode()


def lines_mutator(lines: list[str], values: list[str]) -> Mutator:
    """Puts lines of a language in and out, and values behind `=`; now and then edits the bytes."""

    def mutated(data: bytes, chance: random.Random, mutate: Mutate) -> bytes:
        if chance.random() < 0.2:
            return mutate(data)
        text = data.decode("utf-8", "surrogateescape").split("\n")
        for _ in range(chance.choice((1, 1, 2, 4))):
            at = chance.randrange(len(text) + 1)
            has_line = at < len(text)
            match chance.randrange(7):
                case 0 | 1:
                    text.insert(at, chance.choice(lines))
                case 2 if has_line:
                    del text[at]
                case 3 if has_line:
                    text.insert(at, chance.choice(text))
                case 4 | 5 if has_line:
                    text[at] = f"{text[at].partition('=')[0]}= {chance.choice(values)}"
                case 6 if has_line:
                    text[at] = mutate(text[at].encode("utf-8", "surrogateescape")).decode(
                        "utf-8", "surrogateescape"
                    )
                case _:
                    text.append(chance.choice(lines))
        return "\n".join(text).encode("utf-8", "surrogateescape")

    return mutated


def zip_mutator(seed: bytes) -> Mutator:
    """Edits, doubles, renames or drops a member; now and then edits the bytes of the whole."""

    def mutated(data: bytes, chance: random.Random, mutate: Mutate) -> bytes:
        if chance.random() < 0.2:
            return mutate(data)
        members = _members(data) or _members(seed)
        at = chance.randrange(len(members))
        name, content = members[at]
        match chance.randrange(6):
            case 0:
                members[at] = mutate(name.encode()).decode("utf-8", "replace")[:100], content
            case 1:
                members.append(
                    (chance.choice([name.upper(), f"{name}/", f"../{name}", name, f"m/{name}"]), content)
                )
            case 2 if len(members) > 1:
                del members[at]
            case _:
                members[at] = name, mutate(content)
        return zipped(members, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))

    return mutated


def _members(data: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if info.file_size < 1 << 20][:50]
            return [(info.filename, archive.read(info)) for info in infos]
    # Bytes meet whatever zipfile raises.
    except Exception:
        return []


def zipped(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive of these members, of one name several where it is so."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", compression) as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return out.getvalue()
