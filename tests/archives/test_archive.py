from __future__ import annotations

import hashlib
import io
import pickle
import zipfile
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from opfixtures.archives.altered_archive import with_version
from opfixtures.archives.archive import archive_members, first_difference, read_archive
from opfixtures.archives.model import Archive, ArchiveError

Zipped = Callable[..., bytes]


def method(*operators: tuple[object, ...], name: str = "__torch__.M.forward") -> tuple[object, ...]:
    """A method as torch 1.5.1 writes it, which calls these operators."""
    code = (("instructions", ()), ("operators", operators), ("constants", ()), ("types", ()))
    return name, (*code, ("register_size", 2))


def members(
    *methods: object, version: bytes = b"2\n", record: str = "version", **more: bytes
) -> dict[str, bytes]:
    """The members of an archive in the layout of torch 1.5.1: bytecode without a number."""
    return {
        f"m/{record}": version,
        "m/data.pkl": b"\x80\x02N.",
        "m/bytecode.pkl": pickle.dumps(methods or (method(("aten::gelu", "")),), protocol=2),
        **{f"m/{name}": content for name, content in more.items()},
    }


MODULES = (
    "Gelu",
    "WithSubmodule",
    "WithControlFlow",
    "CallsNothing",
    "WithConstants",
    "SeveralMethods",
    "WithBundledInputs",
)


@pytest.mark.parametrize("module", MODULES)
def test_the_operators_are_those_that_torch_finds(exported: dict[str, Any], module: str) -> None:
    assert read_archive(exported[module].data).operators == exported[module].operators


def test_operators_with_and_without_overload_are_told_apart(exported: dict[str, Any]) -> None:
    assert {"aten::gelu", "aten::div.Tensor"} < read_archive(exported["WithSubmodule"].data).operators


def test_an_archive_says_what_it_is(exported: dict[str, Any]) -> None:
    data = exported["Gelu"].data

    assert read_archive(data) == Archive(
        version=10,
        bytecode_version=8,
        operators=frozenset({"aten::gelu"}),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        arguments=frozenset({("aten::gelu", 1)}),
        names=frozenset({"aten::gelu"}),
        unpacked=sum(map(len, archive_members(data).values())),
    )


def test_code_that_calls_operators_tells_their_names(zipped: Zipped) -> None:
    code = b"def forward(self, x: Tensor) -> Tensor:\n  y = torch.div_(ops.tiny.scale(x), x)\n  return annotate(y)\n"

    archive = read_archive(
        zipped({"m/version": b"3\n", "m/code/__torch__.py": code, "m/notes.py": b"torch.add("})
    )

    assert archive.bytecode_version is None
    assert archive.names == {"aten::div_", "tiny::scale"}
    assert archive.repeated == frozenset()


def test_names_that_code_calls_more_than_once_are_told(zipped: Zipped) -> None:
    one, other = b"torch.div(ops.tiny.div(x))", b"ops.aten.div(torch.add(x), torch.mul(ops.tiny.mul(x)))"

    archive = read_archive(zipped({"m/version": b"3\n", "m/code/a.py": one, "m/code/b.py": other}))

    assert archive.repeated == {"aten::div"}


def test_bytecode_without_a_number_is_3(zipped: Zipped) -> None:
    archive = read_archive(zipped(members(method(("aten::div", "Tensor")))))

    assert archive.bytecode_version == 3
    assert archive.operators == {"aten::div.Tensor"}


def test_the_operators_are_those_of_all_methods(zipped: Zipped) -> None:
    one, other = method(("aten::div", "Tensor"), name="a"), method(("aten::gelu", "", 1), name="b")

    assert read_archive(zipped(members(7, one, other))).operators == {"aten::div.Tensor", "aten::gelu"}


def test_without_bytecode_nothing_is_known_of_the_operators(zipped: Zipped) -> None:
    archive = read_archive(zipped({"m/version": b"3\n"}))

    assert (archive.bytecode_version, archive.operators) == (None, frozenset())


@pytest.mark.parametrize(
    ("records", "version"),
    [
        ({"m/version": b"3\n"}, 3),
        ({"m/version": b" 4 "}, 4),
        ({"m/version": b"9999"}, 9999),
        ({"m/.data/version": b"4\n"}, 4),
        ({"m/version": b"3\n", "m/.data/version": b"10\n"}, 10),
        ({"m/.data/version": b"10\n", "m/version": b"3\n"}, 10),
        ({"m/version": b"3\n", "m/.DATA/Version": b"10\n"}, 10),
        ({"m/VERSION": b"3\n"}, 3),
    ],
)
def test_the_version_is_that_of_the_record_torch_takes(
    zipped: Zipped, records: dict[str, bytes], version: int
) -> None:
    assert read_archive(zipped(records)).version == version


@pytest.mark.parametrize("text", [b"3.5", b"1" * 20, b"", b"-3", b"+3", b"0x3", "٣".encode(), b"3\n4"])
def test_a_version_record_that_is_no_number_is_refused(zipped: Zipped, text: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"its version record is .*, not a number"):
        read_archive(zipped({"m/version": text}))


NO_TABLE = "its bytecode.pkl lists a method without a table of operators"
NO_NAME = "its bytecode.pkl lists something as an operator that has no name and overload"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({}, "it does not begin with a member"),
        ({"m/data.pkl": b"N."}, "it has no version record"),
        ({"version": b"3\n"}, "it has a member that is no file below its root folder"),
        ({"m/version": b"3\n", "other/version": b"10\n"}, "its members are not in one root folder"),
        ({"m/version": b"3\n", "m/Version": b"10\n"}, "it has two members of one name"),
        (members() | {"m/bytecode.pkl": b"S."}, "its bytecode.pkl cannot be read: opcode b'S' at byte 0"),
        (members() | {"m/bytecode.pkl": b"N."}, "its bytecode.pkl holds no table of methods"),
        (members(True), NO_TABLE),
        (members(-1), NO_TABLE),
        (members(1 << 40), NO_TABLE),
        (members(5, "forward"), NO_TABLE),
        (members(("forward", ())), NO_TABLE),
        (members(("forward", ((), ("operators", None)))), NO_TABLE),
        (members(method(())), NO_NAME),
        (members(method(("aten::gelu",))), NO_NAME),
        (members(method(("", "out"))), NO_NAME),
        (members(method((1, ""))), NO_NAME),
        (members(method(("a\nb", ""))), NO_NAME),
        (members(method(("a" * 200, ""))), NO_NAME),
    ],
)
def test_what_is_no_archive_of_torch_is_refused(zipped: Zipped, content: dict[str, bytes], what: str) -> None:
    with pytest.raises(ArchiveError) as raised:
        read_archive(zipped(content))

    assert str(raised.value) == what


def test_an_archive_without_methods_calls_nothing(zipped: Zipped) -> None:
    archive = read_archive(zipped(members(5)))

    assert (archive.bytecode_version, archive.operators) == (5, frozenset())


def test_a_table_of_operators_that_stands_in_many_methods_is_read_once(zipped: Zipped) -> None:
    table = tuple(("aten::gelu", str(number)) for number in range(5_000))
    shared = method(*table)
    data = zipped(members(*[shared] * 20_000))
    start = process_time()

    assert len(read_archive(data).operators) == 5_000
    assert process_time() - start < 5


@pytest.mark.parametrize("module", MODULES)
def test_another_version_leaves_every_other_member_as_it_is(exported: dict[str, Any], module: str) -> None:
    data = exported[module].data
    altered = with_version(data, 7)

    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(io.BytesIO(altered)) as after:
        assert before.namelist() == after.namelist()
        differing = [name for name in before.namelist() if before.read(name) != after.read(name)]
    assert differing in ([f"{module}/version"], [f"{module}/.data/version"])
    assert read_archive(altered).version == 7
    assert read_archive(altered).operators == read_archive(data).operators


def test_another_version_is_the_same_bytes_at_any_time(
    exported: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = with_version(exported["Gelu"].data, 7)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)

    assert with_version(exported["Gelu"].data, 7) == now


def test_another_version_replaces_both_version_records(zipped: Zipped) -> None:
    altered = with_version(zipped({"m/version": b"3", "m/.Data/version": b"4"}), 10)

    with zipfile.ZipFile(io.BytesIO(altered)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [b"10\n", b"10\n"]


def test_an_archive_without_version_record_gets_none(zipped: Zipped) -> None:
    with pytest.raises(ArchiveError, match="it has no version record"):
        with_version(zipped({"m/data.pkl": b"N."}), 10)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("code/__torch__.py", "code/__torch__.py"),
        ("constants/0", "constants/0"),
        # Where there are both, torch takes this one for the version.
        (".data/version", ".data/version"),
        ("code/__torch__.py.debug_pkl", None),
        (".data/serialization_id", None),
    ],
)
def test_another_program_is_one_that_says_something_else(zipped: Zipped, name: str, told: str | None) -> None:
    one, two = (zipped({**members(), f"m/{name}": content}) for content in (b"1", b"2"))
    without = zipped(members())
    assert first_difference(one, one) is None
    assert first_difference(one, two) == told
    # What one alone has may be there to tell it from another.
    assert first_difference(without, two) == first_difference(two, without) == name


def test_the_first_of_several_differences_is_named(zipped: Zipped) -> None:
    one, two = (
        zipped({**members(), "m/a": content, "m/code/b.py": content, "m/c.debug_pkl": content})
        for content in (b"1", b"2")
    )

    assert first_difference(one, two) == "a"
