from __future__ import annotations

import io
import pickle
import zipfile
from contextlib import suppress
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.archives.flat_pickle import MAX_BYTES, PickleError, dump_flat_pickle, read_flat_pickle

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple),
    max_leaves=40,
)


@given(PLAIN)
def test_a_plain_value_is_read_as_pickle_wrote_it(value: Any) -> None:
    assert repr(read_flat_pickle(pickle.dumps(value, protocol=2))) == repr(value)


def test_a_memo_of_more_than_256_entries_is_read() -> None:
    value = tuple(f"text {number}" for number in range(1000)) * 2

    assert read_flat_pickle(pickle.dumps(value, protocol=2)) == value


def test_a_dict_is_the_list_of_its_keys_and_values() -> None:
    assert read_flat_pickle(pickle.dumps({"a": 1, "b": 2}, protocol=2)) == ["a", 1, "b", 2]


def test_every_constant_that_torch_writes_is_read(exported: dict[str, Any]) -> None:
    with zipfile.ZipFile(io.BytesIO(exported["WithConstants"].data)) as archive:
        bytecode = archive.read("WithConstants/bytecode.pkl")

    text = repr(read_flat_pickle(bytecode))

    for constant in ("-70000", "9876543210", "0.5", "'ünï\\n'"):
        assert constant in text


class Hostile:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, ("raise SystemExit('executed')",)


def test_a_call_is_not_executed() -> None:
    assert read_flat_pickle(pickle.dumps((1, Hostile()), protocol=2)) == (1, None)


def test_a_call_by_name_is_not_executed() -> None:
    assert read_flat_pickle(b"cos\nsystem\n(X\x04\x00\x00\x00exittR.") is None


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is cut off at byte 0"),
        (b"N", "it is cut off at byte 1"),
        (b"X\xff\xff\xff\xffab.", "it is cut off at byte 8"),
        (b"cos", "it is cut off at byte 3"),
        (b"\x8a\xff\x01", "it is cut off at byte 3"),
        (b".", "it does not end with one value at byte 1"),
        (b"NN.", "it does not end with one value at byte 3"),
        (b"N(N.", "it does not end with one value at byte 4"),
        (b"N.junk", "it does not end with one value at byte 2"),
        (b"\x85.", "its stack runs empty at byte 1"),
        (b"N(\x86.", "its stack runs empty at byte 3"),
        (b"NR.", "its stack runs empty at byte 2"),
        (b"q\x00.", "its stack runs empty at byte 2"),
        (b"t.", "its stack has no mark at byte 1"),
        (b"Na.", "it appends to something that is no list at byte 2"),
        (b")Na.", "it appends to something that is no list at byte 3"),
        (b"j\x00\x00\x00\x80.", "it recalls what it has not remembered at byte 5"),
        (b"S'text'\n.", "opcode b'S' at byte 0"),
        (b"N0.", "opcode b'0' at byte 1"),
        (b"(" * MAX_BYTES + b".", f"it has {MAX_BYTES + 1} bytes (at most {MAX_BYTES})"),
    ],
)
def test_what_is_no_pickle_of_plain_values_is_refused_with_the_place(content: bytes, what: str) -> None:
    with pytest.raises(PickleError) as raised:
        read_flat_pickle(content)

    assert str(raised.value) == what


OPCODES = st.sampled_from([*b"(.]})NabehjqrtuKX\x80\x81\x85\x86\x87\x00\x01"])


@given(st.binary() | st.lists(OPCODES).map(bytes))
def test_any_bytes_give_a_value_or_a_pickle_error(content: bytes) -> None:
    with suppress(PickleError):
        read_flat_pickle(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Nr\xff\xff\xff\x7f.", id="a memo index of two billion"),
        pytest.param(b"(" * 100_000 + b"t" * 100_000 + b".", id="100,000 marks"),
        pytest.param(b")" + b"q\x00h\x00\x86" * 100_000 + b".", id="a tuple of two to the power of 100,000"),
        pytest.param(b"]q\x00" + b"h\x00a" * 100_000 + b".", id="a list that contains itself"),
        pytest.param(b"(" + b"N" * 1_000_000 + b"t.", id="a tuple of a million"),
        pytest.param(b"]" + b"(NNNNe" * 300_000 + b".", id="a list that grows by many steps"),
    ],
)
def test_no_pickle_keeps_the_reader_busy(content: bytes) -> None:
    start = process_time()

    read_flat_pickle(content)

    assert process_time() - start < 60


WRITABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple),
)


@given(WRITABLE)
def test_what_is_written_is_read_back(value: object) -> None:
    written = dump_flat_pickle(value)

    assert repr(read_flat_pickle(written, exact=True)) == repr(value)
    assert repr(pickle.loads(written)) == repr(value)


def deep() -> object:
    value: object = ()
    for _ in range(5000):
        value = (value,)
    return value


def wide() -> object:
    value: object = "x" * 1000
    for _ in range(20):
        value = (value, value)
    return value


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({}, "a dict that cannot be written"),
        (2**31, "a int that cannot be written"),
        (deep(), "a value that nests too deeply"),
        (wide(), "a value of more than"),
    ],
)
def test_what_cannot_be_written_is_refused(value: object, what: str) -> None:
    with pytest.raises(PickleError, match=what):
        dump_flat_pickle(value)


@pytest.mark.parametrize("value", [{"a": 1}, (1, {"b": 2})])
def test_an_exact_reader_takes_no_dict(value: object) -> None:
    with pytest.raises(PickleError, match="opcode b'}'"):
        read_flat_pickle(pickle.dumps(value, protocol=2), exact=True)
