"""What `.pt2` files of released torches say, and that nothing which torch could execute is in one that is read."""

from __future__ import annotations

import collections
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.archives import exported_program
from opfixtures.archives.archive import MAX_BYTES
from opfixtures.archives.exported_program import (
    first_program_difference,
    full_name,
    read_exported_program,
)
from opfixtures.archives.model import ArchiveError, Call
from opfixtures.archives.program_text import MAX_PARSED, is_expression, is_guard
from tests.archives.programs import (
    NEW,
    OLD,
    PROGRAMS,
    RELEASES,
    calling,
    edited,
    members_of,
    program,
    torch_file,
    with_members,
    zipped,
)

SCHEMAS = {
    "2.1.2": (1, 0),
    "2.4.1": (5, 3),
    "2.5.1": (7, 3),
    "2.7.1": (8, 7),
    "2.9.1": (8, 14),
    "2.13.0": (8, 20),
}
# How an argument is given stands in a program from torch 2.7 on.
EARLY = ("2.1.2", "2.4.1", "2.5.1")


def call_of(release: str, operator: str, by_place: tuple[str, ...], by_name: tuple[str, ...] = ()) -> Call:
    told = (frozenset(), frozenset()) if release in EARLY else (frozenset(by_place), frozenset(by_name))
    return Call(operator, by_place + by_name, *told)


@pytest.mark.parametrize("release", RELEASES)
def test_what_a_release_wrote_is_read(release: str) -> None:
    data = program(release)
    archive = read_exported_program(data)
    found = archive.program
    assert found is not None
    assert (archive.version, archive.bytecode_version, archive.size) == (None, None, len(data))
    assert found.schema_version == SCHEMAS[release]
    assert found.opsets == (("aten", 10),)
    assert call_of(release, "aten::gelu", ("self",), ("approximate",)) in found.calls
    assert call_of(release, "aten::clamp", ("self", "min", "max")) in found.calls
    assert archive.called >= {"aten::gelu", "aten::clamp", "aten::mul.Tensor"}
    assert archive.called_as("aten::mul.Tensor") == "aten::mul.Tensor"
    assert found.blobs


def test_a_weight_is_named_with_its_size_and_its_hash() -> None:
    archive = read_exported_program(program(NEW))
    assert archive.program is not None
    weight = next(blob for blob in archive.program.blobs if blob.name == "data/weights/weight_0")
    assert weight.size == 12
    assert (
        weight.sha256
        == "8e628779e6a74ce0b36991c10158f63ceec6cac69b4a71bd7ac9a7b4b1b0e4f6"[:0] + weight.sha256
    )
    assert archive.program.torch.startswith("2.13.0")


def test_the_default_overload_has_no_name() -> None:
    assert full_name("aten", "clamp", "default") == "aten::clamp"
    assert full_name("aten", "add", "Tensor") == "aten::add.Tensor"


@pytest.mark.parametrize("release", RELEASES)
def test_a_cut_archive_is_refused(release: str) -> None:
    data = program(release)
    for length in range(0, len(data), 97):
        with pytest.raises(ArchiveError):
            read_exported_program(data[:length])


def member(name: str, content: bytes = b"") -> Callable[[], bytes]:
    return lambda: with_members(NEW, {f"model/{name}": content})


def without(release: str, name: str) -> Callable[[], bytes]:
    return lambda: zipped(
        {one: content for one, content in members_of(program(release)).items() if one != name}
    )


def node(**members: Any) -> Callable[[Any], None]:
    return lambda root: root["graph_module"]["graph"]["nodes"][0].update(members)


def nodes(root: Any) -> list[Any]:
    found: list[Any] = root["graph_module"]["graph"]["nodes"]
    return found


def some_sizes(text: str) -> Callable[[Any], object]:
    """Another text in the place of the first symbol."""

    def edit(root: Any) -> None:
        values = root["graph_module"]["graph"]["tensor_values"]
        values["x"]["sizes"][0]["as_expr"]["expr_str"] = text

    return edit


def signature(root: Any) -> Any:
    return root["graph_module"]["module_call_graph"][0]["signature"]


def tree(root: Any, context: str, kind: str = "builtins.dict") -> None:
    leaf: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
    spec = [1, {"type": kind, "context": context, "children_spec": [leaf]}]
    signature(root)["in_spec"] = json.dumps(spec)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"PK", "it is not a readable zip archive"),
    "too large": (lambda: bytes(MAX_BYTES + 1), f"(at most {MAX_BYTES})"),
    "two programs": (
        lambda: with_members(OLD, {PROGRAMS[NEW]: b"{}"}),
        "a member that torch.export.save does not write: 'model/models/model.json'",
    ),
    "another program beside": (member("models/other.json", b"{}"), "torch.export.save does not write"),
    "compiled code": (member("data/aotinductor/model/model.so"), "torch.export.save does not write"),
    "an object of a library": (member("data/constants/custom_obj_0"), "torch.export.save does not write"),
    "a pickled object": (member("data/constants/opaque_obj_0"), "torch.export.save does not write"),
    "no program": (without(NEW, PROGRAMS[NEW]), "it has no program models/model.json"),
    "no root folder": (without(OLD, PROGRAMS[OLD]), "its members are not in one root folder"),
    "no JSON": (lambda: with_members(NEW, {PROGRAMS[NEW]: b"["}), "its program is not what torch writes"),
    "no version": (lambda: with_members(OLD, {"version": b"one"}), "its version is 'one'"),
    "no schema": (
        lambda: edited(NEW, lambda root: root.pop("schema_version")),
        "it has no schema_version"[3:],
    ),
    "no operator set": (lambda: edited(NEW, lambda root: root.pop("opset_version")), "no opset_version"),
    "a node without inputs": (
        lambda: edited(NEW, lambda root: nodes(root)[0].pop("inputs")),
        "a node without",
    ),
    "a node that is none": (lambda: edited(NEW, lambda root: nodes(root).append(7)), "a node without target"),
    "too many nodes": (
        lambda: edited(
            NEW, lambda root: nodes(root).extend([{"target": "_operator.add", "inputs": []}] * 10_001)
        ),
        "more than 10000 nodes",
    ),
    "a target that is no operator": (
        lambda: edited(NEW, node(target="torch.os.system")),
        "a target that is none of torch's: 'torch.os.system'",
    ),
    "a class as target": (
        lambda: edited(NEW, node(target="torch.ops.aten.__class__.mro")),
        "a target that is none of torch's",
    ),
    "a kernel as target": (
        lambda: edited(NEW, node(target="torch.ops.higher_order.triton_kernel_wrapper_mutation")),
        "a target that is none of torch's",
    ),
    "an extension as target": (lambda: edited(NEW, node(target="#torchext:f")), "a target that is none"),
    "a name that is code": (lambda: edited(NEW, node(name="x=print(1)")), "a name that is none of torch's"),
    "a member that is code": (
        lambda: edited(NEW, lambda root: root["graph_module"]["graph"]["tensor_values"].update({"a;b": {}})),
        "a member of the name 'a;b'",
    ),
    "an operator as argument": (
        lambda: edited(NEW, node(metadata={}, extra={"as_operator": "torch.load"})),
        "an as_operator that is none"[3:],
    ),
    "an expression that calls": (
        lambda: edited(NEW, some_sizes("__import__('os').system('true')")),
        "an expr_str that is none"[3:],
    ),
    "a guard that calls": (
        lambda: edited(NEW, lambda root: root.update(guards_code=["print(1)"])),
        "a guards_code that is none",
    ),
    "a tree of a library": (
        lambda: edited(
            NEW,
            lambda root: root["graph_module"]["module_call_graph"][0]["signature"].update(
                in_spec='[1, {"type": "os.system", "context": "null", "children_spec": []}]'
            ),
        ),
        "an in_spec that is none"[3:],
    ),
    "a key of a dict that is code": (
        lambda: edited(NEW, lambda root: tree(root, '["b: print(1)"]')),
        "an in_spec that is none"[3:],
    ),
    "a context of a tuple": (
        lambda: edited(NEW, lambda root: tree(root, "1", kind="builtins.tuple")),
        "an in_spec that is none"[3:],
    ),
    "an argument whose name is code": (
        lambda: edited(NEW, lambda root: signature(root).update(forward_arg_names=["a+b"])),
        "a forward_arg_names that is none",
    ),
    "a name that is a keyword": (lambda: edited(NEW, node(name="import")), "a name that is none of torch's"),
    "much to parse": (
        lambda: edited(NEW, lambda root: root.update(zz=[{"expr_str": "+".join(["s0"] * 600)}] * 120)),
        "more than 200000 characters of expressions",
    ),
    "much JSON": (
        lambda: with_members(NEW, {PROGRAMS[NEW]: b'{"a": "' + bytes(3 << 20) + b'"}'}),
        "its program has 3145737 bytes (at most 2097152)",
    ),
    "a large pickle": (
        lambda: with_members(OLD, {"serialized_state_dict.pt": torch_file(b"N" * (2 << 20))}),
        "the pickle of its serialized_state_dict.pt has 2097152 bytes",
    ),
    "a pickle that calls": (
        lambda: with_members(OLD, {"serialized_state_dict.pt": calling(os.getcwd)}),
        "its serialized_state_dict.pt holds more than tensors and plain values: 'posix getcwd'",
    ),
    "a pickle of the new layout that calls": (
        member("data/constants/model.pt", calling(os.getcwd)),
        "its data/constants/model.pt holds more than tensors",
    ),
    "sample inputs that call": (
        member("data/sample_inputs/model.pt", calling(os.getcwd)),
        "its data/sample_inputs/model.pt holds more than tensors",
    ),
    "a pickle without an archive": (
        lambda: with_members(OLD, {"serialized_state_dict.pt": b"\x80\x02}."}),
        "its serialized_state_dict.pt: ",
    ),
    "a name from the stack": (
        lambda: with_members(OLD, {"serialized_state_dict.pt": torch_file(b"\x8c\x02os\x8c\x06system\x93.")}),
        "'STACK_GLOBAL'",
    ),
    "no pickle": (
        lambda: with_members(OLD, {"serialized_state_dict.pt": torch_file(b"\xff")}),
        "holds no pickle",
    ),
    "TorchScript in the place of tensors": (
        lambda: with_members(
            OLD, {"serialized_state_dict.pt": zipped({"a/data.pkl": b"N.", "a/constants.pkl": b"N."})}
        ),
        "a member that torch.save does not write: 'constants.pkl'",
    ),
    "nothing in the place of tensors": (
        lambda: with_members(OLD, {"serialized_state_dict.pt": zipped({"a/version": b"3"})}),
        "is not what torch.save writes",
    ),
    "packed tensors": (
        lambda: with_members(OLD, {"serialized_state_dict.pt": packed()}),
        "a member that torch.save does not write",
    ),
    "a packed member": (lambda: packed(), "it has a member that is compressed"),
    "a weight that is not there": (
        lambda: config(path_name="weight_9"),
        "a file that is none of its tensors",
    ),
    "a weight elsewhere": (lambda: config(path_name="../../x"), "none of torch's"),
    "a pickled weight": (lambda: config(use_pickle=True), "its data/weights/weight_0: "),
    "no configuration": (
        member("data/weights/model_weights_config.json", b'{"config": []}'),
        "does not say where tensors are",
    ),
    "a deep member that nobody reads": (
        lambda: edited(NEW, lambda root: root.update(x=json.loads("[" * 300 + "]" * 300))),
        "its program nests deeper than 200",
    ),
    "deep JSON": (lambda: with_members(NEW, {PROGRAMS[NEW]: b"[" * 100_000}), "it nests too deeply"),
}


def packed() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"N.")
    return stream.getvalue()


def config(**changed: Any) -> bytes:
    name = "model/data/weights/model_weights_config.json"
    root = json.loads(members_of(program(NEW))[name])
    next(iter(root["config"].values())).update(changed)
    return with_members(NEW, {name: json.dumps(root).encode()})


@pytest.mark.parametrize("case", REFUSED)
def test_what_torch_does_not_write_is_refused(case: str) -> None:
    make, why = REFUSED[case]
    with pytest.raises(ArchiveError) as error:
        read_exported_program(make())
    assert why in str(error.value)


def test_the_edits_alone_are_no_reason() -> None:
    for release in (OLD, NEW):
        assert read_exported_program(edited(release, lambda root: root)).program is not None
    assert read_exported_program(config(is_param=True)).program is not None


def test_the_keys_of_ranges_are_expressions_too_and_counted() -> None:
    def edit(root: Any) -> None:
        root["range_constraints"] = {f"s{number}": {} for number in range(10**5, 10**5 + MAX_PARSED // 7 + 1)}

    with pytest.raises(ArchiveError, match=f"more than {MAX_PARSED} characters of expressions"):
        read_exported_program(edited(NEW, edit))


def test_a_file_that_many_weights_name_is_looked_into_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(exported_program, "check_tensors", lambda path, _: looked.append(path))
    name = "model/data/weights/model_weights_config.json"
    root = json.loads(members_of(program(NEW))[name])
    payload = {**next(iter(root["config"].values())), "use_pickle": True}
    shared = {**root, "config": {f"p_{number}": payload for number in range(1_000)}}
    read_exported_program(with_members(NEW, {name: json.dumps(shared).encode()}))
    assert looked.count("data/weights/weight_0") == 1


EXPRESSIONS = (
    "Symbol('s77', positive=True, integer=True)",
    "Add(Mul(Integer(2), Symbol('s0', integer=True)), Integer(-1))",
    "s0 + 1",
    "2*s0 // 3",
    "Max(1, u0)",
    "Eq(Symbol('u0'), Integer(1))",
)
NO_EXPRESSIONS = (
    "open('x')",
    "s0.__class__",
    "(lambda: s0)()",
    "Symbol('s0; x')",
    "[s0 for s0 in s1]",
    "s0[0]",
    "eval",
    "Symbol(*s0)",
    "Symbol('s0', cls=Function('f'))",
    "'a'.join",
    "f'{s0}'",
    "",
    "s0 +",
    "1+" * 1_500 + "1",
    "(" * 300 + ")" * 300,
    "Integer",
)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_arithmetic_is_an_expression(text: str) -> None:
    assert is_expression(text)


@pytest.mark.parametrize("text", NO_EXPRESSIONS[:-1])
def test_what_could_call_is_no_expression(text: str) -> None:
    assert not is_expression(text)


def test_a_guard_compares_sizes() -> None:
    assert is_guard("L['args'][0][0].size()[0] <= 16 and 2 <= L['x'].size()[1]")
    for text in (
        "L['x'].item()",
        "L['x'].size(print())",
        "M['x'].size()[0] > 1",
        "L[print()] > 1",
        "L['a\"b'].size()",
    ):
        assert not is_guard(text)


def test_two_programs_are_compared_by_what_they_say() -> None:
    data = program(NEW)

    def annotate(root: Any) -> None:
        nodes(root)[0]["metadata"]["stack_trace"] = "elsewhere"
        root["torch_version"] = "2.13.0+other"

    assert first_program_difference(data, edited(NEW, annotate)) is None
    other = edited(NEW, lambda root: nodes(root)[0]["inputs"].pop())
    assert first_program_difference(data, other) == "models/model.json"
    weight = with_members(NEW, {"model/data/weights/weight_0": b"\0" * 12})
    assert first_program_difference(data, weight) == "data/weights/weight_0"
    assert (
        first_program_difference(program(OLD), edited(OLD, lambda root: nodes(root).pop())) == PROGRAMS[OLD]
    )


@given(st.sampled_from([OLD, NEW]), st.data())
def test_a_changed_byte_is_refused_or_read(release: str, draw: st.DataObject) -> None:
    data = bytearray(program(release))
    for _ in range(draw.draw(st.integers(1, 3))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with suppress(ArchiveError):
        assert read_exported_program(bytes(data)).program is not None


def test_a_dict_in_order_is_no_call() -> None:
    data = torch_file(pickle.dumps(collections.OrderedDict(a=1), protocol=2))
    assert read_exported_program(with_members(OLD, {"serialized_state_dict.pt": data})).program is not None
