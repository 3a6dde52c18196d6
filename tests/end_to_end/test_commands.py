"""What `generate` and `verify` say without running a worker, and what they make of fixtures as they stand."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from opfixtures.change.owner import Owner
from opfixtures.declarations.model import FixtureEntry
from opfixtures.declarations.place import Place
from opfixtures.errors import RuntimeUnavailable
from opfixtures.proving.post_change import PostChange
from opfixtures.records.record import dump_record, load_record
from opfixtures.settings.config import Config
from tests.repositories import PYTORCH_TREE, VERSION_MAP, GitRepository, Ran

Opfixtures = Callable[..., Ran]
RunLong = Callable[..., Ran]
SCALE = "fixtures/test_versioned_scale_v3.ptl"


def test_a_dry_run_says_what_it_would_make_and_writes_nothing(
    library: GitRepository, opfixtures: Opfixtures
) -> None:
    head = library.git("rev-parse", "HEAD")
    ran = opfixtures(library, "generate", "--dry-run")
    assert (ran.status, ran.out.splitlines()[0]) == (
        0,
        f"would make  tinyops::scale at 4: {SCALE} with checkout, pre-change commit {head[:12]}",
    )
    assert not (library.root / "fixtures").exists()


def test_a_change_that_owes_nothing_makes_nothing(pytorch: GitRepository, opfixtures: Opfixtures) -> None:
    pytorch.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    ran = opfixtures(pytorch, "generate")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("opfixtures: nothing that a fixture rests on differs from commit ")


GELU_FIXTURE = "test/jit/fixtures/test_versioned_gelu_v9.ptl"


def test_verify_misses_what_target_holds(pytorch: GitRepository, opfixtures: Opfixtures) -> None:
    pytorch.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    pytorch.git("rm", "--quiet", GELU_FIXTURE)
    pytorch.commit("taken away")
    pytorch.write("test/jit/fixtures/planted.pt", "")
    ran = opfixtures(pytorch, "verify")
    assert (ran.status, f"mismatch    aten::gelu at 10  {GELU_FIXTURE}\n" in ran.out) == (1, True), ran.out
    assert "1 entry has no fixture: `opfixtures check --all` tells of each" in ran.out
    assert "not replayed, for no fixture entry owns it: test/jit/fixtures/planted.pt" in ran.out
    pytorch.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\ntarget = "nosuch"\n')
    pytorch.commit("another target")
    ran = opfixtures(pytorch, "verify")
    assert (ran.status, "what target holds was not looked for: target 'nosuch'" in ran.out) == (0, True), (
        ran.out
    )


@pytest.fixture
def gelu(new_repository: Callable[..., GitRepository]) -> GitRepository:
    """A tree with PyTorch's paths, where the second commit brought the entry. No fixture."""
    fixture = "test/jit/fixtures/test_versioned_gelu_v9.ptl"
    repository = new_repository(
        {path: text for path, text in PYTORCH_TREE.items() if path not in (VERSION_MAP, fixture)}
    )
    repository.write(VERSION_MAP, PYTORCH_TREE[VERSION_MAP])
    repository.commit("gelu")
    return repository


WOULD_MAKE = "would make  aten::gelu at 10: test/jit/fixtures/test_versioned_gelu_v9.ptl with torch-1.11.0"


def test_a_release_needs_no_history_and_the_commit_is_named_where_there_is_one(
    gelu: GitRepository, opfixtures: Opfixtures
) -> None:
    before = gelu.git("rev-parse", "HEAD~")
    gelu.git("clone", "--quiet", "--depth=1", f"file://{gelu.root}", "../shallow")
    ran = opfixtures(gelu, "generate", "--all", "--dry-run")
    assert (ran.status, ran.out.splitlines()[0]) == (0, f"{WOULD_MAKE}, pre-change commit {before[:12]}")
    ran = opfixtures(gelu, "generate", "--all", "--dry-run", folder="../shallow")
    assert (ran.status, ran.out.splitlines()[0]) == (0, WOULD_MAKE)
    assert "aten::gelu at 10: this clone lacks the history that shows which commit brought it" in ran.err


def test_history_is_that_of_target_whatever_was_merged(gelu: GitRepository, opfixtures: Opfixtures) -> None:
    """Seen from the branch, its merge of main brought the entry; the branch's own commits are not published."""
    before = gelu.git("rev-parse", "HEAD~")
    gelu.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    gelu.git("checkout", "--quiet", "-b", "branch", "HEAD~")
    gelu.commit("of the branch")
    gelu.git("merge", "--quiet", "--no-edit", "main")
    ran = opfixtures(gelu, "generate", "--operator", "aten::gelu", "--dry-run")
    assert ran.out.splitlines()[0] == f"{WOULD_MAKE}, pre-change commit {before[:12]}"


def test_before_the_first_commit_there_is_no_pre_change_commit(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    repository = new_repository()
    for path, text in PYTORCH_TREE.items():
        repository.write(path, text)
    ran = opfixtures(repository, "generate", "--dry-run")
    assert (ran.status, ran.out) == (
        0,
        "would reproduce  aten::gelu at 10: test/jit/fixtures/test_versioned_gelu_v9.ptl with torch-1.11.0\n"
        "would replay  aten::gelu at 10: test/jit/fixtures/test_versioned_gelu_v9.ptl\n"
        "opfixtures: a dry run: 0 made, 1 reproduced, 1 replayed without --dry-run\n"
        "next: run `opfixtures generate` without --dry-run\n",
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("generate", "--operator", "aten::nope"), "'aten::nope' is not in torch/csrc"),
        (("generate", "--operator", ""), "'' is not in torch/csrc"),
        (
            ("generate", "--runtime", "nosuch"),
            "there is no runtime 'nosuch' in the settings: name one of these: ",
        ),
        (("generate", "--runtime", ""), "there is no runtime '' in the settings: name one of these: "),
        (("verify", "--runtime", ""), "there is no runtime '' in the settings: name one of these: "),
        (("generate", "--base", "nowhere"), "nowhere names no commit in this clone"),
        (("generate", "--target", "nowhere"), "nowhere names no commit in this clone"),
        (("verify", "nothing.ptl"), "nothing.ptl is not there, or no fixture entry owns it"),
        (
            ("verify", "--runtime", "mine"),
            "there is no runtime 'mine' in the settings: name one of these: torch-1.9.1-stamped-3, torch-1.5.1",
        ),
    ],
)
def test_what_is_not_there_is_one_sentence(
    pytorch: GitRepository, opfixtures: Opfixtures, args: tuple[str, ...], said: str
) -> None:
    ran = opfixtures(pytorch, *args)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"opfixtures: error: {said}")


def test_a_tree_without_settings_has_nothing_to_make(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    ran = opfixtures(new_repository({"README.md": "x\n"}), "generate")
    assert ran.status == 2
    assert "nothing to check: no [tool.opfixtures]" in ran.err


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (
            "fixtures_src/registry.py",
            "ALL_MODULES = {",
            "ALL_MODULES = make() or {",
            "fixtures_src/registry.py:5:15: ",
        ),
        ("fixtures_src/modules.py", "class Test", "class (Test", "fixtures_src/modules.py:6:7: "),
        ("tinyops/operator_versions.py", '"scale_0_3"', "NAME", "tinyops/operator_versions.py:8:30: "),
    ],
)
@pytest.mark.parametrize("command", ["generate", "verify"])
def test_what_cannot_be_read_is_not_built_upon(
    library: GitRepository, opfixtures: Opfixtures, command: str, path: str, old: str, new: str, said: str
) -> None:
    (library.root / path).write_text(library.read(path).replace(old, new, 1))
    ran = opfixtures(library, command)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"opfixtures: error: {said}")


def test_without_a_registry_nothing_is_made(library: GitRepository, opfixtures: Opfixtures) -> None:
    (library.root / "fixtures_src/registry.py").unlink()
    ran = opfixtures(library, "generate")
    assert (ran.status, "no registry at fixtures_src/registry.py" in ran.err) == (2, True)


def test_a_folder_of_fixtures_that_leads_out_of_the_repository_is_not_written_to(
    library: GitRepository, run_long: RunLong
) -> None:
    outside = library.root.parent / "outside"
    outside.mkdir()
    os.symlink(outside, library.root / "fixtures")
    ran = run_long(library, "generate")
    assert ran.status == 2
    assert "opfixtures: error: fixtures is a symbolic link in the work tree" in ran.err
    assert list(outside.iterdir()) == []


def test_what_is_no_archive_is_a_mismatch(library: GitRepository, opfixtures: Opfixtures) -> None:
    library.write(SCALE, "not a zip")
    ran = opfixtures(library, "verify")
    assert (ran.status, "not a readable archive: " in ran.out, "1 mismatch" in ran.out) == (1, True, True)


def test_a_record_that_says_otherwise_is_a_mismatch_and_is_not_replayed(
    library: GitRepository, run_long: RunLong, opfixtures: Opfixtures
) -> None:
    assert run_long(library, "generate", "--operator", "tinyops::scale").status == 0
    path = library.root / f"{SCALE}.json"
    record = load_record(path.read_bytes())
    path.write_bytes(dump_record(replace(record, archive=replace(record.archive, sha256="0" * 64))))
    ran = opfixtures(library, "verify", SCALE)
    assert (ran.status, "fixture and record disagree: sha256 is 0000" in ran.out) == (1, True)
    path.write_text("{}")
    ran = opfixtures(library, "verify", SCALE)
    assert (ran.status, "its record cannot be read: " in ran.out) == (1, True)


def test_an_archive_without_record_is_replayed_and_not_compared(
    library: GitRepository, run_long: RunLong
) -> None:
    """PyTorch's own fixtures have none."""
    assert run_long(library, "generate", "--operator", "tinyops::scale").status == 0
    (library.root / f"{SCALE}.json").unlink()
    ran = run_long(library, "verify", "-v")
    assert (ran.status, "1 unproven" in ran.out) == (1, True)
    assert "not compared: no recorded outputs to compare with: nothing says what it gave then" in ran.out
    assert "pre-change unknown (no record)" in ran.out
    assert "equal unknown, applied yes" in ran.out


def test_a_fixture_of_another_version_than_its_entry_covers_is_refused(
    library: GitRepository, run_long: RunLong
) -> None:
    """An entry at 2 covers 0 and 1; what 2.13 exports is stamped 3."""
    assert run_long(library, "generate", "--operator", "tinyops::scale").status == 0
    (library.root / f"{SCALE}.json").unlink()
    library.replace("tinyops/operator_versions.py", '"bumped_at_version": 4', '"bumped_at_version": 2')
    library.replace("fixtures_src/modules.py", "ScaleV3", "ScaleV1")
    library.replace("fixtures_src/registry.py", "ScaleV3", "ScaleV1")
    os.rename(library.root / SCALE, library.root / SCALE.replace("v3", "v1"))
    ran = run_long(library, "verify", SCALE.replace("v3", "v1"))
    assert (ran.status, "is stamped 3, its entry covers only up to 1" in ran.out) == (1, True)


def test_without_a_release_there_is_nothing_to_replay_with() -> None:
    config = Config("map.py", None, "registry.py", (), "fixtures", None, (), "pyproject.toml")
    guard = Owner(FixtureEntry("Scale", "tinyops::scale", Place("registry.py", 1, 1)), "fixtures/scale.ptl")
    with pytest.raises(RuntimeUnavailable, match="no release to replay with"):
        PostChange(config, {}).spec_for(guard)
