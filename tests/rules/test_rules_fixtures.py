"""What the rules find in fixtures and records, staged in real repositories and looked at without torch."""

import hashlib
import json
import os
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opfixtures.archives import archive
from opfixtures.archives.archive import read_archive
from opfixtures.declarations.module_source import excerpt, source_sha256
from opfixtures.records.record import (
    Record,
    RecordedArchive,
    RecordedEntry,
    RecordedModule,
    RecordedProof,
    RecordedRuntime,
    dump_record,
)
from opfixtures.repository import git_snapshot, git_tree
from opfixtures.repository.git import Repository
from tests.repositories import MODULES, REGISTRY, VERSION_MAP, zipped_archive

VERSIONS = "caffe2/serialize/versions.h"
FOLDER = "test/jit/fixtures"
GELU = f"{FOLDER}/test_versioned_gelu_v9.ptl"
GELU_RECORD = f"{GELU}.json"
HARDSWISH = f"{FOLDER}/test_versioned_hardswish_v10.ptl"
SCHEMA = "aten::gelu(Tensor self) -> Tensor"


def gelu_record(source, data, **changes):
    """The record of this archive, made from the module in `source`; `changes` are of its parts' members."""
    seen = read_archive(data)
    parts: dict[str, Any] = {
        "entry": RecordedEntry("aten::gelu", 10, "gelu_0_9", SCHEMA),
        "module": RecordedModule(
            "TestVersionedGeluV9", MODULES, source_sha256(excerpt(source, "TestVersionedGeluV9"))
        ),
        "archive": RecordedArchive(
            os.path.basename(GELU),
            seen.sha256,
            seen.size,
            seen.version,
            seen.bytecode_version,
            tuple(sorted(seen.operators)),
        ),
        "runtime": RecordedRuntime("release", "torch 1.11.0", "1.11.0", "bc2c6eda", "3.8.18", "Linux-x86_64"),
        "pre_change": RecordedProof(None, ("schema",), SCHEMA, 9),
    }
    for part, members in changes.items():
        parts[part] = replace(parts[part], **members)
    return dump_record(Record(**parts, synthetic=(), tolerances={}, samples=({"inputs": [1], "output": 1},)))


@pytest.fixture
def found(opfixtures, findings):
    """Code and path of each finding in a repository, of some codes or of all."""

    def find(repository, *args, codes=()):
        ran = opfixtures(repository, "check", "--format", "json", *args)
        assert ran.err == ""
        return [one.rpartition(":")[0] for one in findings(ran) if not codes or one.startswith(codes)]

    return find


@pytest.fixture
def every(opfixtures):
    """All findings as JSON has them."""

    def find(repository, *args):
        return json.loads(opfixtures(repository, "check", "--format", "json", *args).out)["findings"]

    return find


@pytest.fixture
def first(every):
    """The first finding of a code."""

    def find(repository, code, *args):
        return next(one for one in every(repository, *args) if one["code"] == code)

    return find


@pytest.fixture
def recorded(pytorch):
    """A PyTorch tree whose fixture has a record; everything committed."""
    pytorch.write(GELU_RECORD, gelu_record(pytorch.read(MODULES), (pytorch.root / GELU).read_bytes()))
    pytorch.commit()
    return pytorch


def test_pytorchs_fixtures_without_record_are_no_finding(pytorch, found):
    assert found(pytorch, "--all") == []


def test_fixture_and_record_as_they_were_made_are_no_finding(recorded, found):
    assert found(recorded, "--all") == []
    recorded.git("reset", "--quiet", "--soft", "HEAD~")
    assert found(recorded) == []


def test_what_the_change_does_not_touch_is_not_looked_at(pytorch, found):
    pytorch.write(GELU, "no archive")
    pytorch.write(f"{FOLDER}/test_orphan_v1.ptl", "no archive")
    pytorch.commit()
    pytorch.write(REGISTRY, pytorch.read(REGISTRY) + "# more\n")
    assert found(pytorch) == []
    assert found(pytorch, "--all") == [
        f"OPF302 {FOLDER}/test_orphan_v1.ptl",
        f"OPF307 {FOLDER}/test_orphan_v1.ptl",
        f"OPF302 {GELU}",
    ]


def test_a_commit_is_judged_by_its_own_fixtures_whatever_is_checked_out(pytorch, found):
    pytorch.git("checkout", "--quiet", "-b", "branch")
    pytorch.write(GELU, "no archive")
    pytorch.commit()
    pytorch.git("checkout", "--quiet", "main")
    pytorch.write(f"{FOLDER}/below/README.ptl", "what stands below is no fixture of this folder")
    pytorch.commit()
    args = ("--from-ref", "main", "--to-ref", "branch")
    assert found(pytorch, *args, codes=("OPF302",)) == [f"OPF302 {GELU}"]
    assert found(pytorch, "--all") == []


def test_only_what_is_staged_counts(pytorch, found):
    (pytorch.root / GELU).write_text("no archive")
    assert found(pytorch) == []
    pytorch.git("add", GELU)
    assert found(pytorch, codes=("OPF302",)) == [f"OPF302 {GELU}"]
    pytorch.git("checkout", "--quiet", "HEAD", "--", GELU)
    assert found(pytorch) == []


def test_a_fixture_in_conflict_is_one_sentence(pytorch, opfixtures):
    pytorch.write(GELU, zipped_archive(2, "aten::gelu"))
    other = pytorch.commit()
    pytorch.git("reset", "--quiet", "--hard", "HEAD~")
    pytorch.write(GELU, zipped_archive(1, "aten::gelu"))
    pytorch.commit()
    pick = ("git", "cherry-pick", other)
    assert (
        subprocess.run(pick, cwd=pytorch.root, env=pytorch.environment, capture_output=True).returncode == 1
    )
    ran = opfixtures(pytorch, "check")
    assert (ran.status, ran.out) == (2, "")
    assert f"{GELU} has a merge conflict: resolve it and `git add` it first" in ran.err


def test_a_fixture_that_is_lost_is_one_sentence(pytorch, opfixtures):
    pytorch.write(GELU, "no archive")
    oid = pytorch.git("rev-parse", f":{GELU}")
    (pytorch.root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    ran = opfixtures(pytorch, "check")
    assert (ran.status, ran.out) == (2, "")
    assert f"git cannot read object {oid}, {GELU} of the index: `git fsck` tells what is broken" in ran.err


def test_a_folder_of_too_many_files_is_one_sentence(pytorch, opfixtures, monkeypatch):
    # The folders above it are smaller.
    monkeypatch.setattr(git_tree, "_LARGEST_TREE", 300)
    for number in range(9):
        pytorch.write(f"{FOLDER}/{number}", "a file\n")
    pytorch.commit()
    pytorch.write(GELU, "no archive")
    ran = opfixtures(pytorch, "check")
    assert (ran.status, ran.out) == (2, "")
    assert f"{FOLDER} of HEAD holds too many files" in ran.err


class TestOPF302:
    def test_more_than_is_read_is_no_archive(self, pytorch, first, monkeypatch):
        monkeypatch.setattr(archive, "MAX_BYTES", 9)
        pytorch.write(GELU, "no archive")
        assert first(pytorch, "OPF302")["message"] == "not a readable archive: it has 10 bytes (at most 9)"

    @pytest.mark.parametrize("content", ["", "no archive", zipped_archive(3, "aten::gelu")[:-30]])
    def test_what_is_no_archive_is_found_with_the_command_that_makes_it(self, pytorch, first, content):
        pytorch.write(GELU, content)
        finding = first(pytorch, "OPF302")
        assert (finding["severity"], finding["operator"], finding["path"]) == ("error", "aten::gelu", GELU)
        assert finding["message"].startswith("not a readable archive: it is not a readable zip archive: ")
        assert finding["hint"] == "opfixtures generate --regenerate --operator aten::gelu"

    def test_a_symbolic_link_is_no_archive(self, pytorch, first):
        (pytorch.root / GELU).unlink()
        os.symlink("elsewhere", pytorch.root / GELU)
        pytorch.git("add", GELU)
        finding = first(pytorch, "OPF302")
        assert "it is a symbolic link" in finding["message"]
        assert finding["hint"] == "put the file itself in the place of the link"

    def test_nor_is_one_a_record(self, pytorch, first):
        os.symlink("elsewhere", pytorch.root / f"{GELU}.json")
        pytorch.git("add", f"{GELU}.json")
        finding = first(pytorch, "OPF305")
        assert finding["message"] == "not a record: it is a symbolic link, and none is followed"
        assert finding["hint"] == "put the file itself in the place of the link"

    def test_a_pointer_of_git_lfs_is_what_it_points_to_where_that_is_here(self, pytorch, found, first):
        data = zipped_archive(3, "aten::hardswish")
        sha256 = hashlib.sha256(data).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(data)}\n"
        pytorch.write(GELU, pointer)
        finding = first(pytorch, "OPF302")
        assert "a pointer of git LFS, and what it points to is not here" in finding["message"]
        assert finding["hint"] == "git lfs pull"
        stored = pytorch.root / ".git/lfs/objects" / sha256[:2] / sha256[2:4] / sha256
        stored.parent.mkdir(parents=True)
        stored.write_bytes(data)
        assert found(pytorch, codes=("OPF302", "OPF304")) == [f"OPF304 {GELU}"]
        pytorch.write(GELU, pointer.replace(sha256, "../" * 22))
        assert found(pytorch, codes=("OPF302",)) == [f"OPF302 {GELU}"]

    def test_names_of_any_bytes_are_shown_and_judged(self, pytorch, found, opfixtures):
        name = os.fsdecode(b"a\xff\nb.ptl")
        (pytorch.root / FOLDER / name).write_text("no archive")
        pytorch.git("add", "--all")
        assert found(pytorch) == [f"{code} {FOLDER}/{name}" for code in ("OPF302", "OPF307")]
        assert rf"{FOLDER}/a\udcff\nb.ptl:1:1: error OPF302" in opfixtures(pytorch, "check").out


class TestOPF303:
    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (
                zipped_archive(10, "aten::gelu"),
                "of version 10, its entry covers 0 to 9: exported after the change",
            ),
            (
                zipped_archive(11, "aten::gelu", "aten::relu"),
                "of version 11, its entry covers 0 to 9: exported after the change, or its version comes from "
                "aten::relu",
            ),
        ],
    )
    def test_an_archive_from_after_the_change_is_found(self, pytorch, first, data, why):
        pytorch.write(GELU, data)
        assert first(pytorch, "OPF303")["message"] == f"the archive is {why}"

    def test_one_that_meets_an_earlier_upgrader_is_found(self, pytorch, first):
        schema = f'"{SCHEMA}"'
        pytorch.replace(VERSION_MAP, "{{10,", f'{{{{4, "gelu_0_3", {schema}}}, {{10,')
        pytorch.replace(VERSION_MAP, "gelu_0_9", "gelu_4_9")
        finding = first(pytorch, "OPF303")
        assert finding["message"] == (
            "the archive is of version 3, its entry covers 4 to 9: "
            "exported too long before the change, an earlier entry is in between"
        )

    def test_an_added_row_brings_its_fixture_before_the_rule(self, pytorch, found):
        pytorch.replace(REGISTRY, "    TestVersionedGeluV9", "    # TestVersionedGeluV9")
        pytorch.write(GELU, zipped_archive(10, "aten::gelu"))
        pytorch.commit()
        pytorch.replace(REGISTRY, "    # TestVersionedGeluV9", "    TestVersionedGeluV9")
        assert found(pytorch) == [f"OPF303 {GELU}"]

    def test_a_map_that_cannot_be_read_covers_nobody_knows_what(self, pytorch, found):
        pytorch.write(GELU, zipped_archive(10, "aten::relu"))
        pytorch.replace(VERSION_MAP, "    });", "    MACRO});")
        assert found(pytorch, codes=("OPF303", "OPF304", "OPF307")) == []


class TestOPF304:
    def test_an_archive_that_calls_something_else_is_found(self, pytorch, first):
        pytorch.write(GELU, zipped_archive(3, *(f"aten::op{number}" for number in range(7))))
        finding = first(pytorch, "OPF304")
        called = ", ".join(f"aten::op{number}" for number in range(5))
        assert finding["message"] == f"the archive does not call aten::gelu, it calls {called} and 2 more"
        assert finding["hint"].startswith("let TestVersionedGeluV9 call it, then: opfixtures generate ")

    def test_an_overload_is_another_operator(self, pytorch, first):
        pytorch.write(GELU, zipped_archive(3, "aten::gelu.out"))
        assert first(pytorch, "OPF304")["message"].endswith("it calls aten::gelu.out")

    def test_an_archive_that_calls_nothing_says_so(self, pytorch, first):
        pytorch.write(GELU, zipped_archive(3))
        assert first(pytorch, "OPF304")["message"].endswith("it calls no operator")

    def test_of_an_archive_without_bytecode_its_code_tells_names(self, pytorch, found):
        of_jit = GELU.replace(".ptl", ".pt")
        pytorch.write(of_jit, zipped_archive(3, "aten::gelu", bytecode=False))
        assert found(pytorch) == []
        pytorch.write(of_jit, zipped_archive(3, "aten::elu", bytecode=False))
        assert found(pytorch) == [f"OPF304 {of_jit}"]

    def test_a_guards_archive_calls_its_operator_too(self, guarded, first):
        guarded.write(HARDSWISH, zipped_archive(3, "aten::relu"))
        finding = first(guarded, "OPF304")
        assert (finding["operator"], finding["path"]) == ("aten::hardswish", HARDSWISH)


class TestOPF305:
    @pytest.mark.parametrize(
        ("changes", "what"),
        [
            ({"archive": {"file": "other.ptl"}}, "file name"),
            ({"archive": {"sha256": "0" * 64}}, "sha256"),
            ({"archive": {"size": 1}}, "size"),
            ({"archive": {"version": 2}}, "version"),
            ({"archive": {"bytecode_version": None}}, "bytecode version"),
            ({"archive": {"operators": ()}}, "operators"),
            ({"module": {"name": "TestVersionedGeluV8"}}, "module"),
            ({"entry": {"operator": "aten::relu"}}, "operator"),
            ({"entry": {"bumped_at_version": 11}}, "bumped_at_version"),
            ({"entry": {"upgrader_name": "gelu_0_8"}}, "upgrader_name"),
        ],
    )
    def test_each_thing_a_record_says_otherwise_is_found(self, pytorch, first, changes, what):
        data = (pytorch.root / GELU).read_bytes()
        pytorch.write(GELU_RECORD, gelu_record(pytorch.read(MODULES), data, **changes))
        finding = first(pytorch, "OPF305")
        assert (finding["path"], finding["operator"]) == (GELU_RECORD, "aten::gelu")
        assert finding["message"] == f"fixture and record disagree: {what}"
        assert finding["hint"].startswith(f"{what}: ")

    def test_an_old_schema_may_be_written_otherwise(self, recorded, found):
        recorded.replace(VERSION_MAP, "aten::gelu(Tensor self)", "aten::gelu( Tensor self )")
        assert found(recorded) == []

    def test_another_archive_beside_the_record_is_found(self, recorded, first):
        recorded.write(GELU, zipped_archive(3, "aten::gelu", *(f"aten::op{number}" for number in range(99))))
        finding = first(recorded, "OPF305")
        assert finding["message"] == "fixture and record disagree: sha256, size, operators"
        assert all(len(line) < 500 for line in finding["hint"].split("\n"))

    def test_what_is_no_record_is_found_where_it_stands(self, pytorch, first):
        pytorch.write(GELU_RECORD, "{}")
        assert first(pytorch, "OPF305")["message"].startswith("not a record: it is not an object with ")

    def test_a_record_without_its_fixture_is_found(self, recorded, found, first):
        recorded.git("rm", "--quiet", GELU)
        finding = first(recorded, "OPF305")
        assert (finding["path"], finding["message"]) == (GELU_RECORD, "a record without its fixture")
        assert finding["hint"] == f"restore {GELU}"
        recorded.commit()
        recorded.write(REGISTRY, recorded.read(REGISTRY) + "# more\n")
        assert found(recorded, codes=("OPF305",)) == []

    def test_a_record_without_its_fixture_may_go_where_that_may(self, pytorch, first):
        orphan = f"{FOLDER}/test_orphan_v1.ptl"
        pytorch.write(f"{orphan}.json", "{}")
        hint = f"git add {orphan}, or take its record away: git rm {orphan}.json"
        assert first(pytorch, "OPF305")["hint"] == hint
        pytorch.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        pytorch.write(orphan, zipped_archive(3, "aten::gelu"))
        pytorch.commit()
        pytorch.git("rm", "--quiet", orphan)
        hint = f"restore {orphan}, or take its record away as well: git rm {orphan}.json"
        assert first(pytorch, "OPF305")["hint"] == hint
        pytorch.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        assert first(pytorch, "OPF305")["hint"] == f"git rm {orphan}.json"

    def test_a_record_of_what_is_no_archive_is_compared_as_far_as_it_goes(self, recorded, found):
        recorded.write(GELU, "no archive")
        codes = ("OPF302", "OPF305")
        assert found(recorded, codes=codes) == [f"OPF302 {GELU}"]


class TestOPF306:
    @pytest.mark.parametrize(("path", "what"), [(GELU, "a"), (GELU_RECORD, "the record of a")])
    def test_a_published_file_that_changes_or_goes_is_found_with_the_command_that_restores_it(
        self, recorded, found, first, path, what
    ):
        original = (recorded.root / path).read_bytes()
        recorded.write(path, original + b"\n")
        assert first(recorded, "OPF306")["message"] == f"{what} published fixture is changed"
        recorded.git("rm", "--quiet", "--force", path)
        finding = first(recorded, "OPF306")
        assert (finding["path"], finding["operator"]) == (path, "aten::gelu")
        assert finding["message"] == f"{what} published fixture is removed"
        restore = ("sh", "-c", finding["hint"].removeprefix("restore it: "))
        subprocess.run(restore, cwd=recorded.root, env=recorded.environment, check=True)
        recorded.git("add", "--all")
        assert found(recorded) == []

    def test_the_command_that_restores_works_in_a_folder_below_the_root_and_without_that_of_the_fixtures(
        self, pytorch, found, first
    ):
        pytorch.git("rm", "--quiet", "-r", FOLDER)
        restore = ("sh", "-c", first(pytorch, "OPF306")["hint"].removeprefix("restore it: "))
        subprocess.run(restore, cwd=pytorch.root / "torch", env=pytorch.environment, check=True)
        assert found(pytorch) == []

    def test_what_only_this_branch_brought_may_change_and_go(self, pytorch, found):
        pytorch.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        pytorch.replace(REGISTRY, "\n}", '\n    TestVersionedHardswishV10(): "aten::hardswish",\n}')
        pytorch.write(HARDSWISH, zipped_archive(3, "aten::hardswish"))
        pytorch.commit()
        pytorch.write(HARDSWISH, zipped_archive(2, "aten::hardswish"))
        assert found(pytorch, codes=("OPF306",)) == []
        pytorch.git("rm", "--quiet", "--force", HARDSWISH)
        assert found(pytorch, codes=("OPF306",)) == []

    def test_what_only_this_branch_brought_is_missing_as_long_as_its_row_stays(self, guarded, found, first):
        guarded.git("update-ref", "refs/remotes/origin/HEAD", "HEAD~")
        guarded.git("rm", "--quiet", HARDSWISH)
        assert found(guarded) == [f"OPF301 {REGISTRY}"]
        assert first(guarded, "OPF301", "--require-fixtures")["severity"] == "error"

    def test_what_an_earlier_commit_took_is_not_said_again_but_by_an_audit(self, pytorch, found):
        pytorch.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        pytorch.git("rm", "--quiet", GELU)
        pytorch.commit()
        pytorch.write(f"{FOLDER}/other.ptl.json", "{}")
        assert found(pytorch, codes=("OPF306",)) == []
        assert found(pytorch, "--all", codes=("OPF306",)) == [f"OPF306 {GELU}"]

    def test_a_fixture_may_go_with_its_entry_in_a_revert(self, pytorch, found):
        pytorch.write(VERSIONS, "constexpr uint64_t kProducedFileFormatVersion = 0xAL;\n")
        pytorch.commit()
        pytorch.write(VERSION_MAP, "std::unordered_map<std::string, std::vector<UpgraderEntry>> m({});\n")
        pytorch.write(REGISTRY, "ALL_MODULES = {}\n")
        pytorch.git("rm", "--quiet", GELU)
        assert found(pytorch, codes=("OPF306",)) == [f"OPF306 {GELU}"]
        pytorch.write(VERSIONS, "constexpr uint64_t kProducedFileFormatVersion = 0x9L;\n")
        assert found(pytorch) == []

    def test_one_that_no_entry_of_target_owns_may_go_and_not_change(self, pytorch, found):
        pytorch.write(f"{FOLDER}/test_orphan_v1.ptl", zipped_archive(3, "aten::gelu"))
        pytorch.commit()
        pytorch.write(f"{FOLDER}/test_orphan_v1.ptl", zipped_archive(2, "aten::gelu"))
        assert found(pytorch, codes=("OPF306",)) == [f"OPF306 {FOLDER}/test_orphan_v1.ptl"]
        pytorch.git("rm", "--quiet", "--force", f"{FOLDER}/test_orphan_v1.ptl")
        assert found(pytorch) == []

    def test_where_targets_registry_cannot_be_read_any_may_have_an_owner(self, pytorch, found):
        pytorch.write(REGISTRY, "ALL_MODULES = make()\n")
        pytorch.commit()
        pytorch.git("rm", "--quiet", GELU)
        assert found(pytorch, codes=("OPF306",)) == [f"OPF306 {GELU}"]

    def test_that_of_a_guard_stays_as_long_as_its_row(self, guarded, first):
        guarded.write(HARDSWISH, zipped_archive(2, "aten::hardswish"))
        assert first(guarded, "OPF306")["message"] == "a published fixture is changed"
        guarded.git("rm", "--quiet", "--force", HARDSWISH)
        finding = first(guarded, "OPF306")
        assert (finding["severity"], finding["message"]) == ("error", "a published fixture is removed")

    def test_a_guard_that_is_taken_away_is_a_warning(self, guarded, found, first):
        guarded.git("rm", "--quiet", HARDSWISH)
        guarded.replace(REGISTRY, '\n    TestVersionedHardswishV10(): "aten::hardswish",', "")
        assert found(guarded) == [f"OPF306 {HARDSWISH}"]
        finding = first(guarded, "OPF306")
        assert (finding["severity"], finding["operator"]) == ("warning", "aten::hardswish")
        assert finding["message"] == "a guard is taken away: nothing replays aten::hardswish any more"
        restore = finding["hint"].removeprefix("to keep it, bring its row back, and restore it: ")
        subprocess.run(("sh", "-c", restore), cwd=guarded.root, env=guarded.environment, check=True)
        assert (guarded.root / HARDSWISH).read_bytes() == zipped_archive(3, "aten::hardswish")

    def test_where_the_registry_cannot_be_read_a_guard_may_still_be_there(self, guarded, found):
        guarded.git("rm", "--quiet", HARDSWISH)
        guarded.write(REGISTRY, "ALL_MODULES = make()\n")
        assert f"OPF306 {HARDSWISH}" in found(guarded)

    def test_a_folder_that_moves_with_the_settings_takes_its_fixtures_along(self, pytorch, found):
        pytorch.git("mv", FOLDER, "test/moved")
        assert found(pytorch, codes=("OPF306",)) == ["OPF306 " + GELU]
        pytorch.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\nfixtures = "test/moved"\n')
        assert found(pytorch) == []


@pytest.fixture
def guarded(pytorch):
    """A PyTorch tree with a guard of aten::hardswish and its fixture, published."""
    pytorch.replace(REGISTRY, "\n}", '\n    TestVersionedHardswishV10(): "aten::hardswish",\n}')
    guard = "class TestVersionedHardswishV10(torch.nn.Module):\n    pass\n\n\nclass "
    pytorch.replace(MODULES, "class ", guard)
    pytorch.write(HARDSWISH, zipped_archive(3, "aten::hardswish"))
    pytorch.commit()
    pytorch.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return pytorch


class TestAGuardWhoseOperatorGetsItsEntry:
    @pytest.fixture
    def grown(self, pytorch, add_hardswish):
        """A published guard whose class names no version, its fixture and record; and then its operator's entry."""
        fixture = f"{FOLDER}/hardswish_guard.ptl"
        pytorch.replace(REGISTRY, "\n}", '\n    HardswishGuard(): "aten::hardswish",\n}')
        guard = "class HardswishGuard(torch.nn.Module):\n    pass\n\n\nclass "
        pytorch.replace(MODULES, "class ", guard)
        data = zipped_archive(3, "aten::hardswish")
        pytorch.write(fixture, data)
        text = excerpt(pytorch.read(MODULES), "HardswishGuard")
        changes = {
            "entry": {"operator": "aten::hardswish", "bumped_at_version": None, "upgrader_name": None},
            "module": {"name": "HardswishGuard", "sha256": source_sha256(text)},
            "archive": {"file": "hardswish_guard.ptl"},
        }
        pytorch.write(f"{fixture}.json", gelu_record(pytorch.read(MODULES), data, **changes))
        pytorch.commit()
        add_hardswish(pytorch)
        return pytorch

    def test_takes_its_fixture_and_record_along(self, grown, found, first):
        name, *commands = first(grown, "OPF204")["hint"].split("\n")
        assert name == "rename it to TestVersionedHardswishV10, in its class and in this row"
        assert commands[0] == "and with it"
        for path in (REGISTRY, MODULES):
            grown.replace(path, "HardswishGuard", "TestVersionedHardswishV10")
        for command in commands[1:]:
            grown.git(*command.split()[1:])
        assert f"{FOLDER}/test_versioned_hardswish_v10.ptl" == HARDSWISH
        assert (grown.root / f"{HARDSWISH}.json").exists()
        assert found(grown) == []

    def test_keeps_nothing_where_another_operator_has_what_it_was(self, grown, found):
        for path in (REGISTRY, MODULES):
            grown.replace(path, "HardswishGuard", "TestVersionedHardswishV10")
        grown.replace(REGISTRY, '"aten::hardswish"', '"aten::relu"')
        grown.git("mv", f"{FOLDER}/hardswish_guard.ptl", HARDSWISH)
        assert f"OPF306 {FOLDER}/hardswish_guard.ptl" in found(grown)

    def test_is_not_missed_where_the_entry_has_a_fixture_made_anew(self, grown, found):
        """The operator is replayed then, by what is proven for its entry."""
        for path in (REGISTRY, MODULES):
            grown.replace(path, "HardswishGuard", "TestVersionedHardswishV10")
        for ending in ("", ".json"):
            grown.git("rm", "--quiet", f"{FOLDER}/hardswish_guard.ptl{ending}")
        assert found(grown, codes=("OPF306",)) == [f"OPF306 {FOLDER}/hardswish_guard.ptl"]
        grown.write(HARDSWISH, zipped_archive(2, "aten::hardswish"))
        assert found(grown, codes=("OPF306",)) == []

    def test_is_told_apart_from_one_whose_text_is_another(self, grown, found):
        for path in (REGISTRY, MODULES):
            grown.replace(path, "HardswishGuard", "TestVersionedHardswishV10")
        grown.replace(MODULES, "    pass", "    x = 1")
        for ending in ("", ".json"):
            grown.git("mv", f"{FOLDER}/hardswish_guard.ptl{ending}", f"{HARDSWISH}{ending}")
        assert found(grown) == [f"OPF308 {HARDSWISH}"]


class TestOPF307:
    def test_an_added_fixture_that_no_row_names_is_a_warning(self, pytorch, first):
        path = f"{FOLDER}/test_orphan_v1.pt"
        pytorch.write(path, zipped_archive(3, "aten::gelu"))
        finding = first(pytorch, "OPF307")
        assert (finding["severity"], finding["path"], finding["operator"]) == ("warning", path, None)
        assert finding["message"] == f"no row of {REGISTRY} owns this fixture"

    def test_one_whose_row_the_change_takes_away_is_found_and_kept(self, pytorch, found, first):
        pytorch.write(REGISTRY, "ALL_MODULES = {}\n")
        assert found(pytorch) == [f"OPF307 {GELU}", f"OPF201 {VERSION_MAP}"]
        assert first(pytorch, "OPF307")["hint"] == (
            f"an entry still needs it: bring its row back in ALL_MODULES in {REGISTRY}:\n\n"
            '    TestVersionedGeluV9(): "aten::gelu",'
        )
        pytorch.commit()
        pytorch.write(REGISTRY, "ALL_MODULES = {}\n# more\n")
        assert found(pytorch) == []

    def test_one_whose_row_matches_no_entry_is_found_unless_the_row_is_told_of_it(self, pytorch, found):
        pytorch.replace(REGISTRY, "\n}", '\n    TestVersionedGeluV12(): "aten::gelu",\n}')
        pytorch.replace(
            MODULES, "class ", "class TestVersionedGeluV12(torch.nn.Module):\n    pass\n\n\nclass "
        )
        path = GELU.replace("v9", "v12")
        pytorch.write(path, zipped_archive(3, "aten::gelu"))
        assert found(pytorch) == [f"OPF204 {REGISTRY}"]
        pytorch.commit()
        pytorch.write(path, zipped_archive(2, "aten::gelu"))
        assert found(pytorch, codes=("OPF307",)) == [f"OPF307 {path}"]

    def test_a_guard_owns_its_fixture(self, guarded, found):
        guarded.write(HARDSWISH, zipped_archive(2, "aten::hardswish"))
        assert found(guarded, codes=("OPF307",)) == []

    def test_one_that_another_format_of_a_row_has_is_owned(self, pytorch, found):
        pytorch.write(GELU.replace(".ptl", ".pt"), zipped_archive(3, "aten::gelu", bytecode=False))
        assert found(pytorch) == []

    def test_where_nothing_stands_in_the_way_the_hint_takes_it_away_with_its_record(
        self, recorded, found, first
    ):
        orphan = f"{FOLDER}/test_orphan_v1.ptl"
        recorded.write(orphan, zipped_archive(3, "aten::gelu"))
        recorded.write(f"{orphan}.json", "{}")
        recorded.write("test/test_other.py", "load('test_orphan_v11.ptl', 'a_test_orphan_v1.ptl')\n")
        hint = first(recorded, "OPF307")["hint"]
        assert hint == f"add what it was made for, or take it away: git rm {orphan} {orphan}.json"
        recorded.git(*hint.partition("git ")[2].split(), "--cached", "--quiet")
        assert found(recorded) == []

    @pytest.mark.parametrize(
        "line",
        ["load('/jit/fixtures/test_orphan_v1.pt')", "stem = 'test_orphan_v1'", "x(b/test_orphan_v1.ptl)"],
    )
    def test_what_another_file_of_the_tree_names_is_kept(self, pytorch, first, line):
        pytorch.write("test/jit/test_éléments.py", f"import torch\n{line}\n")
        pytorch.write(f"{FOLDER}/test_orphan_v1.pt", zipped_archive(3, "aten::gelu"))
        hint = first(pytorch, "OPF307")["hint"]
        assert hint == "add what it was made for, and keep it: test/jit/test_éléments.py:2 names it"
        pytorch.commit()
        pytorch.git("reset", "--quiet", "--soft", "HEAD~")
        refs = ("--from-ref", "HEAD", "--to-ref", pytorch.git("rev-parse", "ORIG_HEAD"))
        assert first(pytorch, "OPF307", *refs)["hint"] == hint

    def test_what_is_judged_is_searched_and_not_what_lies_there(self, pytorch, first):
        (pytorch.root / "notes.py").write_text("test_orphan_v1.pt\n")
        pytorch.write(f"{FOLDER}/test_orphan_v1.pt", zipped_archive(3, "aten::gelu"))
        assert "git rm" in first(pytorch, "OPF307")["hint"]
        pytorch.git("add", "notes.py")
        assert first(pytorch, "OPF307")["hint"].endswith("and keep it: notes.py:1 names it")

    def test_what_a_clone_cannot_tell_is_kept(self, pytorch, first, monkeypatch):
        kept = "and keep it: this clone cannot tell whether another file names it"
        pytorch.write(f"{FOLDER}/test orphan.pt", zipped_archive(3, "aten::gelu"))
        assert first(pytorch, "OPF307")["hint"].endswith(kept)
        pytorch.git("mv", f"{FOLDER}/test orphan.pt", f"{FOLDER}/test_orphan_v1.pt")
        assert "git rm" in first(pytorch, "OPF307")["hint"]
        pytorch.write("notes.py", "lost\n")
        oid = pytorch.git("rev-parse", ":notes.py")
        (pytorch.root / ".git/objects" / oid[:2] / oid[2:]).unlink()
        (pytorch.root / "notes.py").unlink()
        assert first(pytorch, "OPF307")["hint"].endswith(kept)
        monkeypatch.setattr(Repository, "partial", True)
        pytorch.git("rm", "--quiet", "--cached", "notes.py")
        assert first(pytorch, "OPF307")["hint"].endswith(kept)

    def test_of_very_much_that_names_it_a_part_is_read(self, pytorch, every, monkeypatch):
        monkeypatch.setattr(git_snapshot, "_MOST_SAID", 99)
        pytorch.write("notes.py", "test_orphan_v1\n" * 99)
        for name in ("test_orphan_v1", "test_orphan_v2"):
            pytorch.write(f"{FOLDER}/{name}.pt", zipped_archive(3, "aten::gelu"))
        hints = [one["hint"] for one in every(pytorch) if one["code"] == "OPF307"]
        assert [hint.rpartition(": ")[2] for hint in hints] == [
            "notes.py:1 names it",
            "this clone cannot tell whether another file names it",
        ]

    def test_what_its_record_says_is_of_an_entry_gets_that_ones_row(self, pytorch, found, first):
        path = f"{FOLDER}/gelu_defaults_v9.ptl"
        data = zipped_archive(3, "aten::gelu")
        pytorch.write(path, data)
        changes: dict[str, dict[str, object]] = {
            "archive": {"file": "gelu_defaults_v9.ptl"},
            "module": {"name": "GeluDefaultsV9"},
        }
        pytorch.write(f"{path}.json", gelu_record(pytorch.read(MODULES), data, **changes))
        hint = first(pytorch, "OPF307")["hint"]
        row = '    GeluDefaultsV9(): "aten::gelu",'
        assert hint == (
            f"its record is of aten::gelu at 10: write its row in ALL_MODULES in {REGISTRY}:\n\n{row}"
        )
        changes |= {"entry": {"bumped_at_version": 11}}
        pytorch.write(f"{path}.json", gelu_record(pytorch.read(MODULES), data, **changes))
        assert first(pytorch, "OPF307")["hint"].startswith("add what it was made for, ")
        pytorch.replace(REGISTRY, "\n}", f"\n{row}\n}}")
        pytorch.replace(MODULES, "class ", "class GeluDefaultsV9(torch.nn.Module):\n    pass\n\n\nclass ")
        assert found(pytorch, codes=("OPF307", "OPF204")) == []

    def test_a_row_that_the_branch_brought_may_go_with_its_fixture(self, pytorch, first):
        pytorch.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        pytorch.replace(REGISTRY, "\n}", '\n    GeluV9(): "aten::gelu",\n}')
        pytorch.write(f"{FOLDER}/gelu_v9.ptl", zipped_archive(3, "aten::gelu"))
        pytorch.commit()
        pytorch.replace(REGISTRY, '    GeluV9(): "aten::gelu",\n', "")
        assert "or take it away: git rm" in first(pytorch, "OPF307")["hint"]

    def test_a_published_guard_whose_row_goes_is_to_come_back(self, guarded, first):
        guarded.replace(REGISTRY, '\n    TestVersionedHardswishV10(): "aten::hardswish",', "")
        hint = (
            f"bring its row back in ALL_MODULES in {REGISTRY}:\n\n"
            '    TestVersionedHardswishV10(): "aten::hardswish",'
        )
        assert first(guarded, "OPF307")["hint"] == hint
        # Also once the row is gone for a while.
        guarded.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        guarded.commit()
        guarded.write(f"{HARDSWISH}.json", "{}")
        assert first(guarded, "OPF307")["hint"] == hint

    def test_a_published_second_module_whose_row_goes_is_to_come_back(self, pytorch, first):
        row = '    GeluV9(): "aten::gelu",\n'
        pytorch.replace(REGISTRY, "\n}", f"\n{row}}}")
        pytorch.replace(MODULES, "class ", "class GeluV9(torch.nn.Module):\n    pass\n\n\nclass ")
        pytorch.write(f"{FOLDER}/gelu_v9.ptl", zipped_archive(3, "aten::gelu"))
        pytorch.commit()
        pytorch.replace(REGISTRY, row, "")
        hint = first(pytorch, "OPF307")["hint"]
        assert hint.startswith("an entry still needs it: bring its row back")
        assert "git rm" not in hint

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            (f"{FOLDER}/test_loads.py", "load('test_orphan_v1.pt')"),
            ("test/test_loads.py", "load(f'test_orphan_v{version}.pt')"),
            ("test/test_loads.py", "load('test_orphan_v%d.pt' % version)"),
            ("test/test_loads.hidden", "test_orphan_v1.pt"),
        ],
    )
    def test_what_is_named_in_less_open_ways_is_kept(self, pytorch, first, path, line):
        pytorch.write(".gitattributes", "*.hidden -diff\n")
        pytorch.write(path, f"{line}\n")
        pytorch.write(f"{FOLDER}/test_orphan_v1.pt", zipped_archive(3, "aten::gelu"))
        hint = first(pytorch, "OPF307")["hint"]
        assert hint == f"add what it was made for, and keep it: {path}:1 names it"

    def test_records_and_fixtures_name_nothing_and_brackets_are_no_pattern(self, pytorch, first):
        folder = "test/[jit]"
        pytorch.write(".opfixtures.toml", f'[tool.opfixtures]\npreset = "pytorch"\nfixtures = "{folder}"\n')
        pytorch.git("mv", FOLDER, folder)
        pytorch.commit()
        pytorch.write(f"{folder}/test_orphan_v1.pt", zipped_archive(3, "aten::gelu") + b"\ntest_orphan_v1\n")
        pytorch.write(f"{folder}/test_orphan_v1.pt.json", "test_orphan_v1\n")
        assert "git rm" in first(pytorch, "OPF307")["hint"]
        pytorch.write("test/j/x.pt", "test_orphan_v1\n")
        assert "and keep it: test/j/x.pt:1 names it" in first(pytorch, "OPF307")["hint"]

    def test_a_registry_that_cannot_be_read_may_own_it(self, pytorch, found):
        pytorch.write(f"{FOLDER}/test_orphan_v1.ptl", zipped_archive(3, "aten::gelu"))
        pytorch.write(REGISTRY, "ALL_MODULES = make()\n")
        assert found(pytorch, codes=("OPF307",)) == []


class TestOPF308:
    def test_an_edited_module_is_a_warning_at_its_fixture(self, recorded, first):
        recorded.replace(MODULES, "gelu(x)", "gelu(x + 1)")
        finding = first(recorded, "OPF308")
        assert (finding["severity"], finding["path"]) == ("warning", GELU)
        assert finding["message"] == "TestVersionedGeluV9 is not the module that this fixture was made from"

    def test_one_without_a_record_is_found_where_its_module_changes_beside_it(self, pytorch, found, first):
        pytorch.replace(MODULES, "gelu(x)", "relu(x)")
        finding = first(pytorch, "OPF308")
        assert (finding["severity"], finding["path"]) == ("warning", GELU)
        assert finding["message"] == "TestVersionedGeluV9 is not the module that this fixture was made from"
        pytorch.commit()
        pytorch.write(MODULES, pytorch.read(MODULES) + "\nmore = 1\n")
        assert found(pytorch) == []

    def test_of_one_without_a_record_neighbours_and_what_it_imports_differ(self, pytorch, found):
        pytorch.replace(MODULES, "import torch\n", "import torch\n\nFACTOR = 2\n")
        pytorch.replace(MODULES, "gelu(x)", "gelu(x) * FACTOR")
        pytorch.commit()
        pytorch.replace(MODULES, "class ", "class Neighbour:\n    pass\n\n\nclass ")
        assert found(pytorch) == []
        pytorch.replace(MODULES, "FACTOR = 2", "FACTOR = 3")
        assert found(pytorch) == [f"OPF308 {GELU}"]

    def test_one_without_a_record_that_is_made_with_its_module_is_of_that_one(self, pytorch, found):
        pytorch.git("rm", "--quiet", GELU)
        pytorch.commit()
        pytorch.replace(MODULES, "gelu(x)", "gelu(x + 1)")
        pytorch.write(GELU, zipped_archive(3, "aten::gelu"))
        assert found(pytorch) == []

    def test_neighbours_and_places_may_change(self, recorded, found):
        recorded.replace(MODULES, "class ", "class Neighbour:\n    pass\n\n\nclass ")
        assert found(recorded) == []

    def test_an_old_debt_is_for_an_audit_alone(self, recorded, found):
        recorded.replace(MODULES, "gelu(x)", "gelu(x + 1)")
        recorded.commit()
        recorded.write(MODULES, recorded.read(MODULES) + "\nmore = 1\n")
        assert found(recorded) == []
        assert found(recorded, "--all") == [f"OPF308 {GELU}"]

    @pytest.mark.parametrize(
        "imported", ["from other import Base", "from other import Base as B", "import other"]
    )
    @pytest.mark.parametrize("with_record", [True, False])
    def test_a_base_class_in_another_file_counts(self, pytorch, found, imported, with_record):
        base = {"from other import Base as B": "B", "import other": "other.Base"}.get(imported, "Base")
        pytorch.replace(MODULES, "import torch\n", f"import torch\n{imported}\n")
        pytorch.replace(MODULES, "(torch.nn.Module)", f"({base})")
        pytorch.write(
            "other.py",
            "from third import Root\n\n\nclass Base(Root):\n    pass\n\n\nclass Beside(Root):\n    pass\n",
        )
        pytorch.write("third.py", "import torch\n\n\nclass Root(torch.nn.Module):\n    pass\n")
        modules = f'fixture-modules = ["{MODULES}", "other.py", "third.py"]'
        pytorch.write(".opfixtures.toml", f'[tool.opfixtures]\npreset = "pytorch"\n{modules}\n')
        if with_record:
            data = (pytorch.root / GELU).read_bytes()
            pytorch.write(GELU_RECORD, gelu_record(pytorch.read(MODULES), data))
        pytorch.commit()
        pytorch.replace("other.py", "class Beside(Root):\n    pass", "class Beside(Root):\n    x = 1")
        assert found(pytorch) == []
        for path, old in (("other.py", "class Base(Root):\n    pass"), ("third.py", "    pass")):
            pytorch.replace(path, old, old.replace("pass", "x = 1"))
            assert found(pytorch) == [f"OPF308 {GELU}"]
            pytorch.git("reset", "--quiet", "--hard")

    def test_a_record_that_comes_with_another_source_is_found(self, pytorch, found):
        data = (pytorch.root / GELU).read_bytes()
        pytorch.write(GELU_RECORD, gelu_record(pytorch.read(MODULES), data, module={"sha256": "0" * 64}))
        assert found(pytorch) == [f"OPF308 {GELU}"]

    @pytest.mark.parametrize("text", ["class", "import torch\n"])
    def test_a_module_that_is_not_there_or_not_python_is_another_rules(self, recorded, found, text):
        recorded.write(MODULES, text)
        assert {one.split()[0] for one in found(recorded)} <= {"OPF201", "OPF202"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_of_any_bytes_there_is_a_finding_or_none_and_never_a_traceback(recorded, opfixtures, findings, data):
    whole = [
        zipped_archive(3, "aten::gelu"),
        gelu_record(recorded.read(MODULES), zipped_archive(3, "aten::gelu")),
    ]
    for path, original in zip((GELU, GELU_RECORD), whole, strict=True):
        content = bytearray(data.draw(st.binary(max_size=300) | st.just(original)))
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)) if content else ():
            content[place] = data.draw(st.integers(0, 255))
        recorded.write(path, bytes(content))
    ran = opfixtures(recorded, "check", "--format", "json")
    assert (ran.err, ran.status) in (("", 0), ("", 1))
    for one in findings(ran):
        assert one.startswith("OPF30")
        assert FOLDER in one


@pytest.mark.parametrize(
    "record",
    [b"[" * 100_000, b'{"schema": ' + b"1" * 5000 + b"}", b'"\\ud800"', b"\xff", b'{"schema": 1e999}'],
)
def test_a_hostile_record_is_one_finding(recorded, found, record):
    recorded.write(GELU_RECORD, record)
    assert found(recorded, codes=("OPF305",)) == [f"OPF305 {GELU_RECORD}"]
