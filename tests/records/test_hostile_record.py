from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opfixtures
from opfixtures.records.record import MAX_BYTES, Record, RecordError, dump_record, load_record

SCHEMA = json.loads(
    (Path(opfixtures.__file__).parent / "report" / "schemas" / "record.schema.json").read_text(
        encoding="utf-8"
    )
)


def checksummed(root: dict[str, Any]) -> bytes:
    """JSON of any form, with a checksum that holds."""
    rest = json.dumps({name: value for name, value in root.items() if name != "checksum"})
    head, tail = f'{rest[:-1]}, "checksum": "', '"\n}\n'
    return (head + hashlib.sha256((head + "0" * 64 + tail).encode()).hexdigest() + tail).encode()


def test_a_change_of_any_byte_is_seen(gelu_record: Record) -> None:
    written = dump_record(gelu_record)

    for place in range(len(written)):
        with pytest.raises(RecordError):
            load_record(written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :])


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda r: r.pop("entry"), "it has no entry"),
        (lambda r: r.update(more=1), "it has an unknown member 'more'"),
        (lambda r: r.update(schema=2), "its schema is 2, this opfixtures reads 1"),
        (lambda r: r.update(schema=True), "it is not an object with the number of a schema"),
        (lambda r: r.pop("schema"), "it is not an object with the number of a schema"),
        (lambda r: r.update(module=[]), "its module is not an object"),
        (lambda r: r["module"].pop("path"), "its module has no path"),
        (lambda r: r["module"].update(line=1), "its module has an unknown member 'line'"),
        (lambda r: r["module"].update(path=3), "its module.path is not a text"),
        (lambda r: r["module"].update(path="\ud800"), "its module.path is not a text"),
        (lambda r: r["module"].update(sha256="12" * 32 + "\n"), "its module.sha256 is not a sha256"),
        (
            lambda r: r["entry"].update(bumped_at_version=0),
            "its entry.bumped_at_version is not a positive integer or null",
        ),
        (lambda r: r["archive"].update(size=True), "its archive.size is not a positive integer"),
        (lambda r: r["archive"].update(size=2308.0), "its archive.size is not a positive integer"),
        (lambda r: r["archive"].update(version=-1), "its archive.version is not an integer from 0 or null"),
        (
            lambda r: r["archive"].update(version=2**63),
            "its archive.version is not an integer from 0 or null",
        ),
        (
            lambda r: r["archive"].update(bytecode_version="7"),
            "its archive.bytecode_version is not an integer from 0 or null",
        ),
        (
            lambda r: r["archive"].update(operators="aten::gelu"),
            "its archive.operators is not a list of texts",
        ),
        (lambda r: r["archive"].update(operators=[None]), "its archive.operators is not a list of texts"),
        (
            lambda r: r["runtime"].update(kind="mine"),
            "its runtime.kind is not one of release, checkout, interpreter",
        ),
        (lambda r: r["runtime"].update(packages={}), "its runtime.packages is not a list"),
        (lambda r: r["runtime"].update(packages=[]), "its runtime.packages names none"),
        (lambda r: r["runtime"].update(packages=["mylib"]), "its runtime.packages[0] is not an object"),
        (
            lambda r: r["runtime"].update(packages=[{"name": "mylib", "version": "1.2"}]),
            "its runtime.packages[0] has no sha256",
        ),
        (
            lambda r: r["runtime"].update(packages=[{"name": "mylib", "version": "1.2", "sha256": "1"}]),
            "its runtime.packages[0].sha256 is not a sha256",
        ),
        (lambda r: r["pre_change"].pop("commit"), "its pre_change has no commit"),
        (
            lambda r: r["pre_change"].update(commit="HEAD"),
            "its pre_change.commit is not a commit's id or null",
        ),
        (
            lambda r: r["pre_change"].update(proven_by=[]),
            "its pre_change.proven_by names no proof",
        ),
        (
            lambda r: r["pre_change"].update(proven_by=["faith"]),
            "its pre_change.proven_by is not a list of some of "
            "schema, operator-version, archive-version, commit",
        ),
        (lambda r: r.update(synthetic={}), "its synthetic is not a list"),
        (
            lambda r: r["synthetic"][0].update(altered="inputs"),
            "its synthetic[0].altered is not one of bytecode version, version record",
        ),
        (lambda r: r.update(tolerances=[]), "its tolerances is not an object"),
        (
            lambda r: r["tolerances"].update(int64=[1, 1]),
            "its tolerances['int64'] is for no dtype of inexact numbers",
        ),
        (
            lambda r: r["tolerances"].update(float32=[1e-5]),
            "its tolerances['float32'] is not a pair of numbers from 0, rtol and atol",
        ),
        (
            lambda r: r["tolerances"].update(float32=[True, 0.0]),
            "its tolerances['float32'] is not a pair of numbers from 0, rtol and atol",
        ),
        (
            lambda r: r["tolerances"].update(float32=[1e-5, 1e300]),
            "its tolerances['float32'] is wider than [5e-06, 1e-07]",
        ),
        (lambda r: r.update(samples=[]), "its samples is not a list of at least one"),
        (
            lambda r: r["samples"][0]["inputs"][0]["shape"].pop(),
            "its samples[0].inputs[0] has 4 values, its shape holds another number of them",
        ),
    ],
)
def test_another_form_is_refused_with_what_is_wrong(
    gelu_record: Record, edit: Callable[[Any], object], what: str
) -> None:
    root = json.loads(dump_record(gelu_record))
    edit(root)

    with pytest.raises(RecordError) as raised:
        load_record(checksummed(root))

    assert str(raised.value) == what


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "it is not JSON in UTF-8: Expecting value"),
        (b"\xff\xfe{\0}\0", "it is not JSON in UTF-8: 'utf-8' codec can't decode"),
        (b"[" * 200_000, "it nests too deeply"),
        (b'{"a":' * 200_000, "it nests too deeply"),
        (b"9" * 5000, "it is not JSON in UTF-8: Exceeds the limit"),
        (b'{"schema": NaN}', "it is not JSON in UTF-8: NaN is not JSON"),
        (b'{"schema": 1, "schema": 1}', "it is not JSON in UTF-8: an object has two members of one name"),
        (b"[1]", "it is not an object with the number of a schema"),
        (b" " * (MAX_BYTES + 1), f"it has {MAX_BYTES + 1} bytes"),
    ],
)
def test_what_is_no_json_is_refused_with_what_is_wrong(data: bytes, what: str) -> None:
    with pytest.raises(RecordError) as raised:
        load_record(data)

    assert str(raised.value).startswith(what)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["float32", "nan"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.sampled_from(["tensor", "shape", "float", "tuple", "dict"]), inner)
    ),
    max_leaves=6,
)


@given(st.data(), JSON)
@settings(max_examples=300)
def test_whatever_is_put_into_a_record_it_is_of_the_published_form_or_refused(
    gelu_record: Record, data: st.DataObject, planted: Any
) -> None:
    root = json.loads(dump_record(gelu_record))
    parent, key = root, data.draw(st.sampled_from(sorted(root)))
    while isinstance(parent[key], (dict, list)) and parent[key] and data.draw(st.booleans()):
        parent = parent[key]
        key = data.draw(st.sampled_from(sorted(parent) if isinstance(parent, dict) else range(len(parent))))
    parent[key] = planted

    with suppress(RecordError):
        record = load_record(checksummed(root))
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(dump_record(record)))


@given(st.binary())
def test_any_bytes_give_a_record_error(content: bytes) -> None:
    with pytest.raises(RecordError):
        load_record(content)
