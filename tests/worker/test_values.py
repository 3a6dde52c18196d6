"""What a record holds is what the module got and gave: exactly, or not at all and by name."""

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.records.recorded_values import TENSOR_DTYPES, RecordedValueError, check_samples

# torch calls complex32 experimental and some of its tensors prototypes.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

shapes = st.lists(st.integers(0, 3), max_size=3)


def through_json(worker, value):
    """The value as it comes back from a record, which has to take it for one."""
    data = json.loads(json.dumps(worker.to_json(value), allow_nan=False))
    check_samples([{"inputs": [data], "output": data}])
    return worker.from_json(data)


def same(one, other):
    """Equal with type and sign of zero, NaN equal to NaN."""
    return type(one) is type(other) and repr(one) == repr(other)


@given(data=st.data(), name=st.sampled_from(sorted(TENSOR_DTYPES)), shape=shapes)
def test_a_tensor_of_any_bits_comes_back(worker, data, name, shape):
    torch = worker.torch
    dtype = getattr(torch, name)
    size = math.prod(shape) * torch.empty(0, dtype=dtype).element_size()
    bits = data.draw(st.binary(min_size=size, max_size=size))
    if name == "bool":
        bits = bytes(byte & 1 for byte in bits)
    tensor = torch.tensor(list(bits), dtype=torch.uint8).view(dtype).reshape(shape)
    back = through_json(worker, tensor)
    assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
    assert same(back.tolist(), tensor.tolist())


def test_every_dtype_of_this_torch_is_recorded_or_named(worker):
    torch = worker.torch
    dtypes = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    for dtype in dtypes:
        name = worker.name_of(dtype)
        if name in TENSOR_DTYPES:
            assert worker.to_json(torch.empty(2, dtype=dtype))["tensor"] == name
        else:
            with pytest.raises(worker.UnrecordableError, match=name):
                worker.to_json(torch.empty(2, dtype=dtype))
    assert {getattr(torch, name) for name in TENSOR_DTYPES} <= dtypes


integers = st.integers(-(2**63), 2**63 - 1)
keys = st.one_of(st.text(), integers, st.floats(allow_nan=False))
scalars = st.one_of(st.none(), st.booleans(), integers, st.floats(), st.complex_numbers(), st.text())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
    ),
    max_leaves=10,
)


@given(value=values)
def test_nested_values_come_back(worker, value):
    assert same(through_json(worker, value), value)


@given(value=values)
def test_no_value_differs_from_itself(worker, value):
    data = worker.to_json(value)
    assert worker.difference(data, json.loads(json.dumps(data)), {}) is None


def test_constants_of_torch_come_back(worker):
    torch = worker.torch
    for value in (torch.float32, torch.device("cpu"), torch.device("cuda:1"), torch.strided):
        assert through_json(worker, value) == value


def test_a_tensor_in_a_container_comes_back(worker):
    torch = worker.torch
    back = through_json(worker, (torch.ones(2), [torch.zeros(1)], {"a": torch.ones(1), "b": torch.zeros(2)}))
    assert same(back[0].tolist(), [1.0, 1.0])
    assert same(back[1][0].tolist(), [0.0])
    assert list(back[2]) == ["a", "b"]


def test_the_layout_in_memory_is_not_recorded(worker):
    torch = worker.torch
    plain = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    expected = worker.to_json(plain)
    assert worker.to_json(plain.t().contiguous().t()) == expected
    assert worker.to_json(plain.clone().requires_grad_()) == expected
    assert worker.to_json(torch.ones(1).expand(3))["values"] == [1.0, 1.0, 1.0]
    assert worker.to_json(torch.tensor([1 + 2j]).conj())["values"] == [[1.0, -2.0]]


def test_a_named_tuple_is_recorded_as_a_tuple(worker):
    pair = worker.torch.max(worker.torch.ones(1, 1), 0)
    assert worker.to_json(pair)["tuple"][1] == {"tensor": "int64", "shape": [1], "values": [0]}


def unrecordable(torch):
    yield torch.ones(2).to_sparse(), "not dense"
    yield torch.ones(2, device="meta"), "on meta"
    yield torch.ones(1).expand(100001), "100001 elements"
    yield torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.quint8), "tensor of quint8"
    yield torch.nested.nested_tensor([torch.ones(1), torch.ones(2)]), "not dense"
    yield object(), "type object"
    yield [(object(),)], "type object"


def test_what_a_record_cannot_hold_is_named(worker):
    for value, reason in unrecordable(worker.torch):
        with pytest.raises(worker.UnrecordableError, match=reason):
            worker.to_json(value)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)
KEYS = ["tensor", "shape", "values", "float", "complex", "tuple", "dict", "dtype", "device", "layout"]
hostile = st.dictionaries(st.sampled_from(KEYS), st.one_of(json_values, st.sampled_from(["float32", "load"])))


@given(data=hostile)
def test_a_hostile_record_is_unreadable_and_no_more(worker, data):
    with suppress(worker.UnreadableError):
        worker.from_json(data)


@given(data=hostile)
def test_what_a_record_takes_for_a_value_is_one(worker, data):
    try:
        check_samples([{"inputs": [], "output": data}])
    except RecordedValueError:
        return
    worker.from_json(data)


@pytest.mark.parametrize("data", [{"dtype": "load"}, {"layout": "float32"}, {"tensor": "ones"}, {"dtype": 3}])
def test_a_record_names_nothing_of_torch_but_constants(worker, data):
    with pytest.raises(worker.UnreadableError):
        worker.from_json({"shape": [0], "values": [], **data})
