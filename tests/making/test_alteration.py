"""Archives altered as the settings say, and refused where they would say something else then."""

from __future__ import annotations

import io
import zipfile

import pytest

from opfixtures.archives.altered_archive import with_bytecode_4, with_version
from opfixtures.archives.archive import read_archive
from opfixtures.archives.flat_pickle import dump_flat_pickle, read_flat_pickle
from opfixtures.archives.model import ArchiveError
from opfixtures.making.alteration import altered, in_words
from opfixtures.records.record import RecordedAlteration
from opfixtures.settings.runtime_spec import Alteration

CODE = """\
class M(Module):
  __parameters__ = []
  def forward(self: __torch__.M,
    x: Tensor,
    n: Optional[int]) -> List[Tensor]:
    return [torch.gelu(x)]
  def other(self: __torch__.M, x) -> Tensor:
    return torch.gelu(x)
"""
TABLE = (
    ("instructions", (("OP", 0, 0),)),
    ("operators", (("aten::gelu", ""),)),
    ("constants", (None, 2.5, True)),
)


def archive(
    *methods: str, table: object = TABLE, code: str = CODE, version: int = 2, bytecode: object = None
) -> bytes:
    """An archive in the layout of torch 1.5.1 with these methods; `bytecode` instead of its own, if given."""
    methods_of = tuple((f"__torch__.M.{name}", table) for name in methods or ("forward",))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("m/version", f"{version}\n")
        file.writestr("m/code/__torch__.py", code)
        file.writestr("m/bytecode.pkl", dump_flat_pickle(methods_of if bytecode is None else bytecode))
    return out.getvalue()


def bytecode_of(data: bytes) -> object:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return read_flat_pickle(file.read("m/bytecode.pkl"), exact=True)


def argument(name: str, kind: str) -> tuple[tuple[str, object], ...]:
    return ("name", name), ("type", kind), ("default_value", None)


def test_bytecode_4_is_bytecode_3_with_the_types_that_the_code_tells() -> None:
    raised = with_bytecode_4(archive("forward", "other"))

    self = argument("self", "__torch__.M")
    of_forward = (
        ("arguments", (self, argument("x", "Tensor"), argument("n", "Optional[int]"))),
        ("returns", (argument("", "List[Tensor]"),)),
    )
    of_other = ("arguments", (self, argument("x", "Tensor"))), ("returns", (argument("", "Tensor"),))
    assert bytecode_of(raised) == (
        4,
        ("__torch__.M.forward", TABLE, of_forward),
        ("__torch__.M.other", TABLE, of_other),
    )
    assert read_archive(raised).bytecode_version == 4
    assert read_archive(raised).version == 2


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (archive("gone"), "its bytecode.pkl has a method whose types its code does not tell"),
        (
            archive(code=CODE.replace("n: Optional[int]", "n: int=2")),
            "its bytecode.pkl has a method whose types its code does not tell",
        ),
        (archive(code="class M(Module) def"), "its code cannot be read"),
        (
            archive(code=CODE.replace("Optional[int]", ".".join("a" * 1_500))),
            "its code has a type that nests too deeply|its code cannot be read",
        ),
        (archive(code="f'" + "{a}" * 100_000 + "'"), "its code has 300003 bytes"),
        (
            archive(bytecode=(5, ("__torch__.M.forward", TABLE, ()))),
            "its bytecode.pkl is of version 5, only 3 can be raised to 4",
        ),
        (archive(bytecode="text"), "its bytecode.pkl holds no table of methods"),
        (with_version(archive(), 3).replace(b"bytecode.pkl", b"bytecode.txt"), "it has no bytecode.pkl"),
    ],
)
def test_what_bytecode_4_cannot_say_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(ArchiveError, match=what):
        with_bytecode_4(data)


def test_bytecode_with_more_than_plain_values_is_not_raised() -> None:
    # A tensor among the constants, as torch writes one.
    data = archive(bytecode=(("__torch__.M.forward", TABLE),))
    tensor = b"\x80\x02cos\nsystem\n(tR."
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as file:
        for name in source.namelist():
            file.writestr(name, tensor if name.endswith(".pkl") else source.read(name))

    with pytest.raises(ArchiveError, match=r"its bytecode\.pkl cannot be read: opcode b'c'"):
        with_bytecode_4(out.getvalue())


def test_what_needs_no_alteration_gets_none() -> None:
    data = archive(version=3)

    assert altered(data, None, Alteration(None, None, "why")) == (data, ())
    assert altered(data, None, Alteration(3, 3, "why")) == (data, ())


def test_each_alteration_is_told_with_its_reason() -> None:
    data, made = altered(archive(), None, Alteration(4, 3, "lite"))

    assert made == (
        RecordedAlteration("bytecode version", 3, 4, "lite"),
        RecordedAlteration("version record", 2, 3, "lite"),
    )
    assert in_words(made)[0] == "bytecode version altered from 3 to 4: lite"
    assert (read_archive(data).bytecode_version, read_archive(data).version) == (4, 3)


def backported(bytecode: int, version: int = 3, operator: str = "aten::gelu") -> bytes:
    table = (TABLE[0], ("operators", ((operator, ""),)), *TABLE[2:])
    return archive(version=version, bytecode=(bytecode, ("__torch__.M.forward", table, ())))


def test_a_backport_of_the_runtime_is_taken() -> None:
    data, made = altered(backported(7), backported(5), Alteration(5, None, "lite"))

    assert data == backported(5)
    assert made == (RecordedAlteration("bytecode version", 7, 5, "lite"),)


@pytest.mark.parametrize(
    ("written", "other", "wanted", "what"),
    [
        (backported(7), None, 5, "its runtime cannot backport bytecode 7 to 5"),
        (backported(7), backported(5, version=10), 5, "its version record is 10 instead of 3"),
        (backported(7), backported(6), 5, "it has other operators or another bytecode"),
        (backported(7), backported(5, operator="aten::elu"), 5, "it has other operators or another bytecode"),
        (backported(5), None, 7, "its bytecode 5 cannot be raised to 7"),
    ],
)
def test_an_archive_that_says_something_else_then_is_refused(
    written: bytes, other: bytes | None, wanted: int, what: str
) -> None:
    with pytest.raises(ArchiveError, match=what):
        altered(written, other, Alteration(wanted, None, "lite"))
