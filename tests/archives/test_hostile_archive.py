from __future__ import annotations

import copy
import io
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.archives.archive import MAX_BYTES, MAX_MEMBERS, MAX_NAMES, read_archive
from opfixtures.archives.model import ArchiveError
from opfixtures.archives.zip_layout import renames

Zipped = Callable[..., bytes]


def test_a_truncated_archive_is_refused(exported: dict[str, Any]) -> None:
    data = exported["Gelu"].data
    for length in range(len(data)):
        with pytest.raises(ArchiveError):
            read_archive(data[:length])


def test_a_flipped_bit_is_noticed_or_changes_nothing_that_is_read(exported: dict[str, Any]) -> None:
    data = exported["Gelu"].data
    as_exported = read_archive(data)
    noticed = 0
    for position in range(len(data)):
        for bit in (0, 5):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            try:
                archive = read_archive(bytes(flipped))
            except ArchiveError:
                noticed += 1
            else:
                assert (archive.version, archive.operators) == (as_exported.version, as_exported.operators)
    assert noticed > len(data)


def test_an_archive_that_two_readers_read_as_two_is_refused(exported: dict[str, Any]) -> None:
    """zipfile finds the directory from the end, torch where the records say it is."""
    one, other = exported["Gelu"].data, exported["WithSubmodule"].data
    end = len(one) - 22
    assert one[end - 20 : end - 16] == b"PK\x06\x07", "torch writes records of 64 bits"
    locator = one[: end - 12] + struct.pack("<Q", 0) + one[end - 4 :]
    moved = one[:end] + one[end : end + 16] + struct.pack("<I", 1) + one[end + 20 :]
    attempts = {
        "it does not begin with a member": b"....PTMF" + one,
        "its end record of 64 bits is not where it says": other + one,
        "its end record of 64 bits is not where it says ": locator,
        "its two end records differ": moved,
        "it does not end with its end record": one + b"\0",
    }
    for said, data in attempts.items():
        with pytest.raises(ArchiveError, match=said.strip()):
            read_archive(data)


def test_a_directory_is_where_its_record_says(zipped: Zipped) -> None:
    """Without records of 64 bits, as Python writes it: what stands before is no prefix to be skipped."""
    data = zipped({"m/version": b"3", "m/data.pkl": b"\x80\x02N."})
    assert read_archive(data).version == 3
    with pytest.raises(ArchiveError, match="its directory is not where it says"):
        read_archive(data + data)


def with_counts(data: bytes, end32: int, end64: int | None) -> bytes:
    """The archive, as Python writes it, with these numbers of members in its end records; without that of 64 bits for
    None."""
    end = len(data) - 22
    size, offset = struct.unpack_from("<II", data, end + 12)
    last = struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, end32, end32, size, offset, 0)
    if end64 is None:
        return data[:end] + last
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, end64, end64, size, offset)
    return data[:end] + record + struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1) + last


@pytest.mark.parametrize(
    ("end32", "end64", "is_read"),
    [
        (2, None, True),
        (1, None, False),
        (3, None, False),
        (0xFFFF, None, False),
        (2, 2, True),
        (0xFFFF, 2, True),
        (2, 1, False),
        (1, 2, False),
        (0xFFFF, 1, False),
    ],
)
def test_the_directory_has_as_many_members_as_both_end_records_count(
    zipped: Zipped, end32: int, end64: int | None, is_read: bool
) -> None:
    """zipfile reads the directory to its end, torch as many members as are counted: the others are hidden from it."""
    data = with_counts(zipped({"m/version": b"3", "m/model.json": b"{}"}), end32, end64)
    if is_read:
        assert read_archive(data).version == 3
    else:
        assert refusal(data) == "its end record counts other members than its directory has"


@pytest.mark.parametrize("name", ["m/", "m", "m/code/", "m/code/a.debug_pkl/"])
def test_a_member_that_is_no_file_is_refused(zipped: Zipped, name: str) -> None:
    """Its name inside of the root folder says nothing: what looks for a name would take it for none."""
    data = zipped({"m/version": b"3", name: b""})
    assert refusal(data) == "it has a member that is no file below its root folder"


def test_a_member_of_two_names_is_refused() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        member = zipfile.ZipInfo("m/version")
        member.extra = struct.pack("<HHB", 0x7075, 1, 1)
        archive.writestr(member, b"3")
    with pytest.raises(ArchiveError, match="a member of two names"):
        read_archive(written.getvalue())


def test_extra_fields_are_walked_through_once() -> None:
    """Many empty ones, the last of which gives another name; they are walked through without a copy of the rest."""
    extra = struct.pack("<HH", 0x9999, 0) * 16_000 + struct.pack("<HHB", 0x7075, 1, 1)
    assert renames(extra)
    assert not renames(extra[:-5])
    copied = Counted(extra)
    assert renames(copied)
    assert copied.slices == 0


class Counted(bytes):
    """Bytes that count how often they are cut."""

    slices = 0

    def __getitem__(self, key: Any) -> Any:
        self.slices += 1
        return Counted(super().__getitem__(key))


@given(st.binary())
def test_any_bytes_give_an_archive_error(content: bytes) -> None:
    with pytest.raises(ArchiveError):
        read_archive(content)


@given(st.data())
def test_any_mutation_gives_an_archive_or_an_archive_error(
    exported: dict[str, Any], data: st.DataObject
) -> None:
    archive = exported["CallsNothing"].data
    start = data.draw(st.integers(0, len(archive)) | st.integers(len(archive) - 700, len(archive)))
    length, content = data.draw(st.integers(0, 20)), data.draw(st.binary(max_size=20))

    with suppress(ArchiveError):
        read_archive(archive[:start] + content + archive[start + length :])


def refusal(data: bytes) -> str:
    with pytest.raises(ArchiveError) as raised:
        read_archive(data)
    return str(raised.value)


def with_directory(edit: Callable[[zipfile.ZipFile], None]) -> bytes:
    """An archive of `m/version` whose directory was edited before it was written."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("m/version", b"3" * 100)
        edit(archive)
    return out.getvalue()


def test_an_archive_of_too_many_bytes_is_refused() -> None:
    assert refusal(bytes(MAX_BYTES + 1)) == f"it has {MAX_BYTES + 1} bytes (at most {MAX_BYTES})"


def test_an_archive_that_unpacks_to_too_much_is_refused() -> None:
    def edit(archive: zipfile.ZipFile) -> None:
        archive.filelist[0].file_size = 1 << 30

    assert refusal(with_directory(edit)) == f"it unpacks to 1073741824 bytes (at most {MAX_BYTES})"


def test_an_archive_that_packs_too_well_is_refused(zipped: Zipped) -> None:
    """Nothing that torch writes does, and a folder of them would unpack to gigabytes."""
    data = zipped({"m/version": b"3", "m/data/0": bytes(2 << 20)}, zipfile.ZIP_DEFLATED)

    assert refusal(data) == "it unpacks to more than 100 times its size"
    stored = {"m/version": b"3", "m/data/0": bytes(2 << 20)}
    assert read_archive(zipped(stored)).version == 3


def test_a_member_unpacks_to_no_more_than_the_directory_says(zipped: Zipped) -> None:
    data = zipped({"m/version": bytes(32 << 20)}, zipfile.ZIP_DEFLATED)
    understated = data.replace(struct.pack("<L", 32 << 20), struct.pack("<L", 9))
    tracemalloc.start()
    try:
        assert "Bad CRC-32" in refusal(understated)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 << 20


def test_too_many_members_are_refused_before_the_directory_is_read() -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *[0] * 14)
    start = process_time()

    assert refusal(entry * 300_000) == f"it has more than {MAX_MEMBERS} members"
    assert process_time() - start < 30


def test_members_that_overlap_are_refused() -> None:
    def edit(archive: zipfile.ZipFile) -> None:
        for number in range(9):
            again = copy.copy(archive.filelist[0])
            again.filename = f"m/{number}"
            archive.filelist.append(again)

    assert refusal(with_directory(edit)) == "its members overlap"


def test_a_member_shorter_than_its_directory_says_is_refused() -> None:
    def edit(archive: zipfile.ZipFile) -> None:
        archive.filelist[0].file_size = 101

    assert refusal(with_directory(edit)) == "a member has another size than its directory says"


def test_two_members_of_one_name_are_refused() -> None:
    def edit(archive: zipfile.ZipFile) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr("m/version", b"10\n")

    assert refusal(with_directory(edit)) == "it has two members of one name"


def test_a_name_that_ends_early_for_some_readers_is_refused(zipped: Zipped) -> None:
    data = zipped({"m/versionX": b"3\n"}).replace(b"m/versionX", b"m/version\0")

    assert refusal(data) == "the name of a member holds a NUL"


def test_calls_are_counted_and_not_kept(zipped: Zipped) -> None:
    once = zipped({"m/version": b"3", "m/code/a.py": b"torch.a(" * 400_000})
    many = b"".join(b"torch.a%d(" % number for number in range(MAX_NAMES + 1))

    tracemalloc.start()
    assert read_archive(once).names == {"aten::a"}
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 16 << 20
    assert "calls more than" in refusal(zipped({"m/version": b"3", "m/code/a.py": many}))


def test_a_compression_that_torch_does_not_read_is_refused(zipped: Zipped) -> None:
    assert "compressed in a way that torch does not read" in refusal(
        zipped({"m/version": b"3"}, zipfile.ZIP_LZMA)
    )


def test_an_encrypted_member_is_refused() -> None:
    def edit(archive: zipfile.ZipFile) -> None:
        archive.filelist[0].flag_bits |= 1

    assert "not a readable zip archive" in refusal(with_directory(edit))


def test_an_offset_beyond_every_file_is_refused() -> None:
    content, name = b"3\n", b"m/version"
    head = struct.pack("<3H2L", 0, 0, 0, 0, zlib.crc32(content))
    local = b"PK\x03\x04\x14\0\0\0" + head[2:] + struct.pack("<2L2H", 2, 2, len(name), 0) + name + content
    far = struct.pack("<HHQ", 1, 8, 1 << 63)
    entry = b"PK\x01\x02\x2d\0\x2d\0\0\0" + head[2:] + struct.pack("<2L2H", 2, 2, len(name), len(far))
    entry += struct.pack("<3H2L", 0, 0, 0, 0, 0xFFFFFFFF) + name + far
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local), 0)

    assert "not a readable zip archive" in refusal(local + entry + end)
