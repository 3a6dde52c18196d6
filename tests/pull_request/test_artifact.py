from __future__ import annotations

import io
import json
import os
import re
import stat
import struct
import subprocess
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.archives.hostile_zip import ZipError
from opfixtures.pull_request import artifact_files
from opfixtures.pull_request.artifact import parse_artifact, read_artifact
from opfixtures.pull_request.artifact_files import MAX_FILES, ArtifactError
from opfixtures.records.record import dump_record, load_record
from tests.pull_request.conftest import MADE, patch_of

GELU, LINSPACE = "fixtures/test_versioned_gelu_v9.ptl", "fixtures/test_versioned_linspace_out_v7.ptl"
Files = dict[str, bytes]


def zipped(files: Files, edit: Callable[[zipfile.ZipInfo], object] = lambda _: None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            edit(member)
            archive.writestr(member, content)
    return out.getvalue()


@pytest.fixture(params=["zip", "folder"])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Files], str]:
    """Writes an artifact's files in both forms that an artifact is met in."""

    def write(files: Files) -> str:
        if request.param == "zip":
            (tmp_path / "artifact.zip").write_bytes(zipped({"fixtures/": b"", **files}))
            return str(tmp_path / "artifact.zip")
        for name, content in files.items():
            path = tmp_path / "artifact" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return str(tmp_path / "artifact")

    return write


def test_an_artifact_is_its_result_its_findings_and_its_fixtures(
    written: Callable[[Files], str], files: Files, result: dict[str, Any]
) -> None:
    artifact = read_artifact(written(files))

    assert [row.operator for row in artifact.result.fixtures] == [
        row["operator"] for row in result["fixtures"]
    ]
    assert [finding.code for finding in artifact.findings] == ["OPF201"]
    assert artifact.has_patch
    assert [f"fixtures/{made.name}" for made in artifact.fixtures] == [GELU, LINSPACE]
    for made in artifact.fixtures:
        assert made.data == files[f"fixtures/{made.name}"]
        assert made.record_data == files[f"fixtures/{made.name}.json"]
        assert made.record.archive.sha256 == made.archive.sha256
        assert made.may_be_committed


def test_an_artifact_without_fixtures_is_one(written: Callable[[Files], str]) -> None:
    empty = json.dumps({"schema": 3, "pre_change_commit": None, "fixtures": []}).encode()

    artifact = read_artifact(written({"result.json": empty, "status.html": b"<script>"}))

    # The page is for people.
    assert (artifact.result.fixtures, artifact.fixtures, artifact.has_patch) == ((), (), False)


def test_jobs_may_each_say_what_was_there_before(files: Files, result: dict[str, Any]) -> None:
    published = {"value": "not-applicable", "reason": "target holds it"}
    facts = {**result["fixtures"][0]["facts"], "reproduced": published}
    found = {**result["fixtures"][0], "made": "found", "facts": facts}
    result["fixtures"] += [found, found]

    assert len(parse_artifact({**files, "result.json": json.dumps(result).encode()}).fixtures) == 2


def test_a_fixture_that_differs_is_shown_and_not_committed(files: Files, result: dict[str, Any]) -> None:
    result["fixtures"][0]["status"] = "mismatch"

    said = {**files, "result.json": json.dumps(result).encode()}
    with pytest.raises(ArtifactError, match=r"fixtures.patch is about more"):
        parse_artifact(said)
    said.pop("fixtures.patch")
    gelu, linspace = parse_artifact(said).fixtures

    assert (gelu.may_be_committed, linspace.may_be_committed) == (False, True)


def test_all_fixtures_of_a_large_change_are_taken(
    written: Callable[[Files], str], files: Files, result: dict[str, Any]
) -> None:
    many, count = {"result.json": b""}, 600
    record = load_record(files[f"{GELU}.json"])
    row = result["fixtures"][0]
    result["fixtures"] = [{**row, "fixture": f"test/fixtures/f{number}.ptl"} for number in range(count)]
    for number in range(count):
        name = f"f{number}.ptl"
        many[f"fixtures/{name}"] = files[GELU]
        of_it = replace(record, archive=replace(record.archive, file=name))
        many[f"fixtures/{name}.json"] = dump_record(of_it)
    many["result.json"] = json.dumps(result).encode()

    assert len(read_artifact(written(many)).fixtures) == count


@pytest.mark.parametrize("made", ["found", "made again"])
@pytest.mark.parametrize("reproduced", ["yes", "no", "unknown"])
def test_what_the_branch_brought_is_looked_at_again_and_is_there_already(
    files: Files, result: dict[str, Any], made: str, reproduced: str
) -> None:
    result["fixtures"][0]["made"] = made
    result["fixtures"][0]["facts"]["reproduced"]["value"] = reproduced
    said = {**files, "result.json": json.dumps(result).encode()}
    with pytest.raises(ArtifactError, match=r"fixtures.patch is about more"):
        parse_artifact(said)
    said.pop("fixtures.patch")

    gelu, linspace = parse_artifact(said).fixtures

    assert (gelu.may_be_committed, linspace.may_be_committed) == (False, True)
    assert gelu.record.entry.operator == "aten::gelu"


def _as_guard(files: Files) -> None:
    """A record without entry, and a row that may have one by now."""
    gelu = load_record(files[f"{GELU}.json"])
    entry = replace(gelu.entry, bumped_at_version=None, upgrader_name=None)
    files[f"{GELU}.json"] = dump_record(replace(gelu, entry=entry))
    files.pop("fixtures.patch", None)


@pytest.mark.parametrize("row", [{}, {"bumped_at_version": None, "upgrader_name": None}])
def test_the_record_of_a_guard_names_no_entry_which_may_have_come_since(
    files: Files, row: dict[str, Any]
) -> None:
    _as_guard(files)
    _edited(0, **row)(files)

    gelu, _ = parse_artifact(files).fixtures

    assert (gelu.record.entry.bumped_at_version, gelu.result.module) == (None, "TestVersionedGeluV9")


def _with_a_program(files: Files, result: dict[str, Any], **members: Any) -> Files:
    """The same with a guard of an exported program, in the first row's place."""
    folder = Path(__file__).parents[2] / "fixtures_src" / "programs" / "fixtures"
    row = result["fixtures"][0] | {
        "operator": "aten::exp",
        "bumped_at_version": None,
        "upgrader_name": None,
        "module": "Exp",
        "fixture": "test/fixtures/exp.pt2",
        "made": "by this run",
        **members,
    }
    result["fixtures"] = [row, *result["fixtures"][1:]]
    for name in ("exp.pt2", "exp.pt2.json"):
        files[f"fixtures/{name}"] = (folder / name).read_bytes()
    for name in (GELU, f"{GELU}.json", "fixtures.patch"):
        files.pop(name, None)
    return files | {"result.json": json.dumps(result).encode()}


def test_an_exported_program_is_taken_as_others_are(files: Files, result: dict[str, Any]) -> None:
    made = {one.name: one for one in parse_artifact(_with_a_program(files, result)).fixtures}["exp.pt2"]

    assert (made.archive.version, made.archive.called) == (None, frozenset({"aten::exp"}))
    assert (made.record.archive.version, made.may_be_committed) == (None, True)


def test_an_exported_program_of_another_operator_is_refused(files: Files, result: dict[str, Any]) -> None:
    with pytest.raises(ArtifactError, match="its record has another operator"):
        parse_artifact(_with_a_program(files, result, operator="aten::log"))


HOSTILE_NAMES = [
    "../result.json",
    "fixtures/../../etc/passwd.ptl",
    "/etc/passwd",
    "fixtures/a/b.ptl",
    "fixtures/.ptl",
    "fixtures/-rf.ptl",
    "fixtures/a b.ptl",
    "fixtures/a\n.ptl",
    "fixtures/\u202egelu.ptl",
    "fixtures/a.ptl\n",
    "fixtures\\a.ptl",
    "fixtures/run.py",
    "fixtures/" + "a" * 300 + ".ptl",
    "RESULT.JSON",
    ".git/config",
    "result.json/x",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_file_that_no_artifact_has_is_refused(files: Files, tmp_path: Path, name: str) -> None:
    path = tmp_path / "artifact.zip"
    path.write_bytes(zipped({**files, name: b"x"}))

    with pytest.raises(ArtifactError, match="which no result artifact has"):
        read_artifact(str(path))


def _set(**members: Any) -> Callable[[zipfile.ZipInfo], object]:
    def mend(info: zipfile.ZipInfo) -> None:
        for name, value in members.items():
            setattr(info, name, value)

    return mend


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (_set(external_attr=(stat.S_IFLNK | 0o777) << 16), "is a link, or no file at all"),
        (_set(external_attr=(stat.S_IFIFO | 0o600) << 16), "is a link, or no file at all"),
        (_set(filename="fixtures/a.ptl\0.py"), "which no result artifact has"),
        (_set(filename="result.json"), "it has two members of one name"),
    ],
)
def test_a_zip_of_other_things_than_files_is_refused(
    files: Files, tmp_path: Path, edit: Callable[[zipfile.ZipInfo], object], why: str
) -> None:
    path = tmp_path / "artifact.zip"
    path.write_bytes(zipped(files, edit))

    with pytest.raises(ArtifactError, match=why):
        read_artifact(str(path))


def _directory(data: bytes, offset: int, form: str, value: int) -> bytes:
    """The zip with a number in the first entry of its directory replaced (APPNOTE.TXT, 4.3.12)."""
    place = data.index(b"PK\x01\x02") + offset
    return data[:place] + struct.pack(form, value) + data[place + struct.calcsize(form) :]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: _directory(data, 8, "<H", 1), "is encrypted"),
        (lambda data: _directory(data, 24, "<I", 900 << 20), "times its size"),
        (lambda data: _directory(data, 20, "<I", len(data)), "its members overlap"),
        (lambda data: _directory(data, 24, "<I", 100), "Bad CRC-32"),
        (lambda data: _directory(data, 24, "<I", 9999), "another size than its directory says"),
        (lambda data: _directory(data, 10, "<H", 99), "not a readable zip archive"),
        (lambda data: data[: len(data) // 2], "not a readable zip archive"),
        (lambda _: b"", "not a readable zip archive"),
        (lambda data: data + b"PK\x01\x02" * MAX_FILES, f"more than {MAX_FILES} members"),
    ],
)
def test_a_zip_that_lies_is_refused(
    files: Files, tmp_path: Path, spoil: Callable[[bytes], bytes], why: str
) -> None:
    path = tmp_path / "artifact.zip"
    path.write_bytes(spoil(zipped(files)))

    with pytest.raises(ArtifactError, match=why):
        read_artifact(str(path))


@pytest.mark.parametrize(
    ("limit", "why"), [("MAX_PACKED", "it has 2001 bytes"), ("MAX_BYTES", "it unpacks to")]
)
def test_size_is_limited_packed_and_unpacked(
    written: Callable[[Files], str], files: Files, monkeypatch: pytest.MonkeyPatch, limit: str, why: str
) -> None:
    path = written(files)
    if limit == "MAX_PACKED" and os.path.isdir(path):
        pytest.skip("a folder is not packed")
    monkeypatch.setattr(artifact_files, limit, 2000)

    with pytest.raises(ArtifactError, match=why):
        read_artifact(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "artifact.zip"
    path.write_bytes(zipped({"result.json": b" " * (4 << 20)}))

    with pytest.raises(ArtifactError, match="unpacks to more than 100 times its size"):
        read_artifact(str(path))


@pytest.mark.parametrize("name", ["result.json", "fixtures", "fixtures/a.ptl"])
def test_no_link_in_a_folder_is_followed(files: Files, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "artifact"
    (folder / "fixtures").mkdir(parents=True)
    if name != "result.json":
        (folder / "result.json").write_bytes(files["result.json"])
    if name == "fixtures":
        (folder / "fixtures").rmdir()
    os.symlink("/etc", folder / name)

    with pytest.raises(ArtifactError, match=r"link|which no result artifact has"):
        read_artifact(str(folder))


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    for number in range(MAX_FILES + 1):
        (tmp_path / "fixtures" / f"a{number}.ptl").touch()

    with pytest.raises(ArtifactError, match=f"more than {MAX_FILES} files"):
        read_artifact(str(tmp_path))


def test_what_is_neither_file_nor_folder_is_refused() -> None:
    with pytest.raises(ArtifactError, match="neither a file nor a folder"):
        read_artifact(os.devnull)


def _edited(row: int, **members: Any) -> Callable[[Files], object]:
    def edit(files: Files) -> None:
        result = json.loads(files["result.json"])
        result["fixtures"][row].update(members)
        files["result.json"] = json.dumps(result).encode()

    return edit


def _rerecorded(files: Files) -> None:
    """A record whose checksum holds, of another archive."""
    record = load_record(files[f"{LINSPACE}.json"])
    files[f"{GELU}.json"] = dump_record(record)


def _made_after_the_change(files: Files) -> None:
    """An archive stamped as a runtime after the change stamps it, with result and record that agree."""
    gelu = load_record(files[f"{GELU}.json"])
    entry = replace(gelu.entry, bumped_at_version=gelu.archive.version)
    files[f"{GELU}.json"] = dump_record(replace(gelu, entry=entry))
    _edited(0, bumped_at_version=gelu.archive.version)(files)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda files: files.pop("result.json"), "it has no result.json"),
        (lambda files: files.update({"result.json": b"{}"}), "result.json: it has no schema"),
        (lambda files: files.pop(f"{GELU}.json"), "is missing, or alone"),
        (lambda files: files.pop(GELU), "is missing, or alone"),
        (lambda files: files.update({GELU: b"no archive"}), "not a readable zip archive"),
        (lambda files: files.update({f"{GELU}.json": b"{}"}), "not an object with the number of a schema"),
        (lambda files: files.update({GELU: files[LINSPACE]}), "its record has another sha256"),
        (_rerecorded, "its record has another file name"),
        (_edited(0, made=None), "says of 0 fixtures that this one was made"),
        (_edited(0, made="found", facts=None), "says of 0 fixtures that this one was made"),
        (_edited(0, bumped_at_version=None), "its record is of another entry"),
        (_edited(0, fixture="test/fixtures/another.ptl"), "says of 0 fixtures that this one was made"),
        (_edited(0, module="TestVersionedGeluV8"), "its record has another module"),
        (_edited(0, operator="aten::gelu.out"), "its record has another operator"),
        (_edited(0, upgrader_name="gelu_0_8"), "its record is of another entry"),
        (_edited(0, bumped_at_version=9), "its record is of another entry"),
        (_edited(1, fixture=f"elsewhere/{GELU}"), "says of 2 fixtures that this one was made"),
        (_made_after_the_change, "does not call 'aten::gelu' as it was before 3"),
    ],
)
def test_fixtures_that_do_not_agree_with_what_is_said_of_them_are_refused(
    files: Files, edit: Callable[[Files], object], why: str
) -> None:
    parse_artifact(files)
    edit(files)

    with pytest.raises(ArtifactError, match=why):
        parse_artifact(files)


@given(st.data())
def test_nothing_but_an_artifact_error_comes_of_bytes_that_were_changed(data: st.DataObject) -> None:
    packed = bytearray(_PACKED)
    for _ in range(data.draw(st.integers(1, 8))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ZipError):
        artifact_files._of_zip(bytes(packed))


_PACKED = zipped({"result.json": b"{}" * 40, GELU: b"x" * 40})


OWN = f"test/fixtures/{MADE[0]}"


@pytest.mark.parametrize(
    "more",
    [
        "echo 'import os' >> setup.py",
        "rm setup.py",
        "chmod +x setup.py",
        f"mv setup.py {OWN}",
        f"ln -sf /etc/passwd {OWN}",
        f"chmod +x {OWN}",
        "mkdir -p .github/workflows; echo 'on: push' > .github/workflows/ci.yml",
        "printf '\\0' > test/fixtures/other.ptl",
    ],
)
def test_a_patch_of_more_than_what_was_made_is_refused(files: Files, tmp_path: Path, more: str) -> None:
    """People are told to apply it."""
    made = {f"test/{name}": data for name, data in files.items() if name.startswith("fixtures/")}
    with pytest.raises(ArtifactError, match=r"line \d+ of fixtures.patch is about more than the fixtures"):
        parse_artifact({**files, "fixtures.patch": patch_of(tmp_path, made, more)})


def test_nor_is_one_with_other_bytes(files: Files, tmp_path: Path) -> None:
    """git would not apply one that says another id than its bytes have."""
    made = {f"test/{name}": data for name, data in files.items() if name.startswith("fixtures/")}
    made[OWN] = b"EVIL PICKLE"
    with pytest.raises(ArtifactError, match=r"line \d+ of fixtures.patch"):
        parse_artifact({**files, "fixtures.patch": patch_of(tmp_path, made)})


def test_git_applies_what_is_taken(files: Files, tmp_path: Path) -> None:
    (tmp_path / "fixtures.patch").write_bytes(files["fixtures.patch"])
    subprocess.run(("git", "init", "--quiet", "."), cwd=tmp_path, check=True)
    subprocess.run(("git", "apply", "--index", "fixtures.patch"), cwd=tmp_path, check=True)
    assert (tmp_path / OWN).read_bytes() == files[OWN.removeprefix("test/")]
    (tmp_path / "other.patch").write_bytes(files["fixtures.patch"].replace(b"\nz", b"\nY", 1))
    forged = subprocess.run(("git", "apply", "other.patch"), cwd=tmp_path, capture_output=True)
    assert forged.returncode != 0


def test_a_file_without_its_bytes_is_refused(files: Files) -> None:
    """git makes an empty file of it."""
    parts = re.split(rb"(?m)^(?=diff )", files["fixtures.patch"])[1:]
    for number, part in enumerate(parts):
        bare = part.partition(b"GIT binary patch")[0]
        patch = b"".join([*parts[:number], bare, *parts[number + 1 :]])
        with pytest.raises(ArtifactError, match=r"fixtures.patch"):
            parse_artifact({**files, "fixtures.patch": patch})
        with pytest.raises(ArtifactError, match=r"fixtures.patch"):
            parse_artifact({**files, "fixtures.patch": patch.replace(bare, bare + b"GIT binary patch\n")})


def test_an_empty_patch_is_none(files: Files) -> None:
    assert not parse_artifact({**files, "fixtures.patch": b""}).has_patch


@pytest.mark.parametrize(
    "line", [b"rename from setup.py", b"--- a/setup.py", b"+++ b/setup.py", b"diff --git a/setup.py b/x.ptl"]
)
def test_nor_is_a_line_of_another_file(files: Files, line: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"line 1 of"):
        parse_artifact({**files, "fixtures.patch": line + b"\n" + files["fixtures.patch"]})


def test_a_patch_of_what_was_made_again_is_taken(files: Files, tmp_path: Path) -> None:
    """A change in place: git writes deltas, and what differs in a record."""
    made = {f"test/{name}": data for name, data in files.items() if name.startswith("fixtures/")}
    patch_of(tmp_path, {path: data.replace(b"torch", b"hcrot") for path, data in made.items()})
    tree = subprocess.run(("git", "write-tree"), cwd=tmp_path, check=True, capture_output=True, text=True)
    patch_of(tmp_path, made)
    diff = ("git", "diff", "--cached", "--binary", "--full-index", tree.stdout.strip())
    patch = subprocess.run(diff, cwd=tmp_path, check=True, capture_output=True).stdout
    assert b"\ndelta " in patch
    assert parse_artifact({**files, "fixtures.patch": patch}).has_patch


@pytest.mark.parametrize("twice", [r"(?s)(.*)", r"(?s).*?(index [0-9a-f.]+ 100644\n|index [0-9a-f.]+\n)"])
def test_a_patch_that_says_something_twice_is_refused(files: Files, twice: str) -> None:
    patch = files["fixtures.patch"].decode()
    found = re.match(twice, patch)
    assert found is not None
    begin, end = found.span(1)
    again = (patch[:end] + patch[begin:end] + patch[end:]).encode()

    with pytest.raises(ArtifactError, match=r"line \d+ of fixtures.patch"):
        parse_artifact({**files, "fixtures.patch": again})


@pytest.mark.parametrize(
    "line",
    [b"diff --git a/" + b"x b/" * 250_000, b"diff --git a/" + b" b/" * 250_000, b"index " + b"0" * 200_000],
)
def test_a_line_of_any_length_is_refused_at_once(files: Files, line: bytes) -> None:
    begun = process_time()
    with pytest.raises(ArtifactError, match=r"line 1 of fixtures.patch"):
        parse_artifact({**files, "fixtures.patch": line + b"\n" + files["fixtures.patch"]})
    assert process_time() - begun < 3
