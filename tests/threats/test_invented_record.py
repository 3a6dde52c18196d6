"""A record that nobody made, of an archive that nobody's old operator made, proves nothing.

A branch brings both by hand. The archive calls the operator; the record has outputs that a broken upgrader gives, a
commit, a release, proofs and a checksum that is right.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable

import pytest

from opfixtures.records.record import with_checksum
from tests.defences import CONTROL, LOOKED_AT, ONE_LAYOUT, OTHER_PROGRAM, VALUE
from tests.end_to_end.conftest import branched
from tests.repositories import GitRepository, Ran

SCALE = "fixtures/test_versioned_scale_v3.ptl"
INVENTED: dict[str, dict[str, object]] = {
    "outputs": {},
    "a commit": {"pre_change": {"commit": "f" * 40}},
    "no commit": {"pre_change": {"commit": None}},
    "a release": {"runtime": {"kind": "release", "torch": "0.0.1"}, "pre_change": {"commit": None}},
    "proofs": {"pre_change": {"proven_by": ["schema", "operator-version", "commit"]}},
    "another Python": {"runtime": {"python": "3.99.0"}},
    "another platform": {"runtime": {"platform": "Plan9-vax"}},
}


@pytest.fixture
def brought(made: GitRepository) -> GitRepository:
    """The library with a broken upgrader, and honest fixtures of before it was broken."""
    made.replace("tinyops/upgraders.py", "tinyops.scale(x, factor)", "tinyops.scale(x, factor + 1.0)")
    return made


def invent(library: GitRepository, members: dict[str, object]) -> None:
    record = json.loads(library.read(f"{SCALE}.json"))
    for sample in record["samples"]:
        # Three times the input, as the broken upgrader has it, and not twice.
        sample["output"]["values"] = [value * 3 for value in sample["inputs"][0]["values"]]
    for part, values in members.items():
        record[part] |= values
    del record["checksum"]
    (library.root / f"{SCALE}.json").write_bytes(with_checksum(record))
    branched(library)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("key", "defences"), [*((key, []) for key in INVENTED), ("a commit", [LOOKED_AT])])
def test_a_branch_brings_a_record_that_nobody_made(
    brought: GitRepository, run_without: Callable[..., Ran], key: str, defences: list[str]
) -> None:
    invent(brought, INVENTED[key])
    ran = run_without(brought, defences, "generate", "--operator", "tinyops::scale")
    assert ("verified" in ran.out, ran.status) == (bool(defences), 0 if defences else 1), ran.out


def test_a_record_hides_a_small_error_by_another(
    brought: GitRepository, run_long: Callable[..., Ran]
) -> None:
    """Its outputs are off by less than the tolerance, towards those of an upgrader that is off by less than two."""
    upgrader = "tinyops.scale(x, factor + 1.0)"
    brought.replace("tinyops/upgraders.py", upgrader, "tinyops.scale(x, factor * 1.000008)")
    record = json.loads(brought.read(f"{SCALE}.json"))
    for sample in record["samples"]:
        sample["output"]["values"] = [value * 1.000004 for value in sample["output"]["values"]]
    del record["checksum"]
    (brought.root / f"{SCALE}.json").write_bytes(with_checksum(record))
    branched(brought)
    ran = run_long(brought, "generate", "--operator", "tinyops::scale")
    assert ("mismatch" in ran.out, "verified" in ran.out, ran.status) == (True, False, 1), ran.out
    assert (
        "gives other outputs" not in ran.out
    )  # The pre-change runtime's are the recorded ones, within the tolerance.


def with_more(data: bytes, name: str, content: bytes = b"", *, hidden: bool = False) -> bytes:
    """The archive with one more member in its root folder, which the end record may leave out of its count."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(archive.namelist()[0].partition("/")[0] + "/" + name, content)
        count = len(archive.namelist()) - hidden
    data = out.getvalue()
    end = data.rindex(b"PK\x05\x06")
    return data[: end + 8] + struct.pack("<HH", count, count) + data[end + 12 :]


def of_another_python(library: GitRepository, path: str, change: Callable[[bytes], bytes] = bytes) -> None:
    """Change the archive, and let its record name a Python that may write other bytes."""
    data = change((library.root / path).read_bytes())
    (library.root / path).write_bytes(data)
    record = json.loads(library.read(f"{path}.json"))
    record["archive"] |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    record["runtime"]["python"] = "3.9.1"
    del record["checksum"]
    (library.root / f"{path}.json").write_bytes(with_checksum(record))


@pytest.mark.parametrize(
    ("change", "defences", "told"),
    [
        (bytes, [], "unproven"),
        (bytes, [OTHER_PROGRAM, VALUE], "verified"),
        # Its name is empty, and comes before all that differs.
        (lambda data: with_more(data, ""), [], "mismatch"),
        (lambda data: with_more(data, ""), [ONE_LAYOUT], "unproven"),
        (lambda data: with_more(data, ""), [ONE_LAYOUT, OTHER_PROGRAM, VALUE], "verified"),
    ],
)
def test_a_branch_brings_an_archive_of_another_program(
    library: GitRepository,
    run_long: Callable[..., Ran],
    run_without: Callable[..., Ran],
    change: Callable[[bytes], bytes],
    defences: list[str],
    told: str,
) -> None:
    """The module in the tree is an honest one."""
    honest = library.read("fixtures_src/modules.py")
    other = "y = torch.ops.tinyops.scale(x)\n        return x * 2 + y * 0"
    library.replace("fixtures_src/modules.py", "return torch.ops.tinyops.scale(x)", other)
    run_long(library, "generate", "--operator", "tinyops::scale")
    library.write("fixtures_src/modules.py", honest)
    library.replace("tinyops/upgraders.py", "tinyops.scale(x, factor)", "tinyops.scale(x, factor + 1.0)")
    of_another_python(library, SCALE, change)
    branched(library)
    ran = run_without(library, defences, "generate", "--operator", "tinyops::scale")
    assert (f"{told} " in ran.out, ran.status) == (True, told != "verified"), ran.out
    assert ("makes another archive (" in ran.out) is (told == "unproven"), ran.out


@pytest.mark.parametrize(
    ("defences", "told"),
    [
        ([], "mismatch"),
        ([ONE_LAYOUT], "unproven"),
        ([ONE_LAYOUT, OTHER_PROGRAM], "unproven"),
        ([ONE_LAYOUT, OTHER_PROGRAM, CONTROL], "verified"),
    ],
)
def test_an_archive_hides_a_member_that_its_raised_copy_shows(
    library: GitRepository,
    run_long: Callable[..., Ran],
    run_without: Callable[..., Ran],
    defences: list[str],
    told: str,
) -> None:
    """The module is an honest one, whose inputs are no integers: nothing of it would notice a missing upgrader."""
    library.replace("tinyops/upgraders.py", "return torch.floor_divide(x, 2)", "return x * 0")
    call = "return torch.ops.tinyops.halve(x)\n"
    samples = "\n    def sample_inputs(self):\n        return (torch.ones(2, dtype=torch.float32),)\n"
    library.replace("fixtures_src/modules.py", call, call + samples)
    run_long(library, "generate", "--operator", "tinyops::halve")
    halve = SCALE.replace("scale", "halve")
    of_another_python(library, halve, lambda data: with_more(data, "model.json", b"{}", hidden=True))
    branched(library)
    ran = run_without(library, defences, "generate", "--operator", "tinyops::halve")
    assert (f"{told} " in ran.out, ran.status) == (True, told != "verified"), ran.out
    assert ("fails written anew" in ran.out) is (ONE_LAYOUT in defences and CONTROL not in defences), ran.out


def drop_inputs_after(library: GitRepository, path: str) -> None:
    record = json.loads(library.read(f"{path}.json"))
    for sample in record["samples"]:
        del sample["inputs_after"]
    del record["checksum"]
    (library.root / f"{path}.json").write_bytes(with_checksum(record))


def test_a_record_does_not_say_what_its_run_changes(
    in_place: GitRepository, run_long: Callable[..., Ran]
) -> None:
    """As those of earlier versions do not: one that a branch brings has to."""
    run_long(in_place, "generate", "--operator", "tinyops::scale_")
    drop_inputs_after(in_place, SCALE)
    branched(in_place)
    ran = run_long(in_place, "generate", "--operator", "tinyops::scale_")
    assert (ran.status, "no word of what its run changes in its inputs" in ran.out) == (1, True), ran.out
