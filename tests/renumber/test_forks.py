"""A fork with entries of its own merges what it follows: two remotes, real merges, the check as their hook."""

import json
import shlex
import subprocess
import sys

import pytest

from opfixtures.declarations.module_source import excerpt, source_sha256
from opfixtures.records.record import load_record
from tests.renumber.conftest import BAR, GELU, MAP, MODULES, VERSIONS, tree
from tests.repositories import GitRepository, zipped_archive
from tests.rules.test_rules_fixtures import gelu_record

OWN = ("own", 11)
FOLDER = "test/jit/fixtures"
SETTINGS = '[tool.opfixtures]\npreset = "pytorch"\nupstream = "upstream/main"\n'
RESERVED = SETTINGS + 'reserved-versions = ">=1000"\n'


def with_fixture(files, name, version):
    """The files with the fixture of an operator and its record."""
    path, data = f"{FOLDER}/test_versioned_{name}_v{version - 1}.ptl", zipped_archive(3, f"aten::{name}")
    module = f"TestVersioned{name.capitalize()}V{version - 1}"
    record = gelu_record(
        files[MODULES],
        data,
        entry={
            "operator": f"aten::{name}",
            "bumped_at_version": version,
            "upgrader_name": f"{name}_0_{version - 1}",
            "old_schema": f"aten::{name}(Tensor self) -> Tensor",
        },
        module={"name": module, "sha256": source_sha256(excerpt(files[MODULES], module))},
        archive={"file": path.rpartition("/")[2]},
    )
    return {**files, path: data, f"{path}.json": record}


class Fork:
    """The clone of a fork. `origin` is the fork's own repository, `upstream` the one that it follows."""

    def __init__(self, repository, upstream, opfixtures):
        self.repository = repository
        self.git, self.root, self.read = repository.git, repository.root, repository.read
        self.upstream = upstream
        self._opfixtures = opfixtures

    def lay(self, files, where=None):
        for path, content in files.items():
            (where or self.repository).write(path, content)

    def publish(self, files):
        """Commit these files on main and push them to origin."""
        self.lay(files)
        self.repository.commit()
        self.git("push", "--quiet", "origin", "main")

    def upstream_lands(self, files):
        """Commit these files in the repository that is followed, and fetch it."""
        self.lay(files, self.upstream)
        self.upstream.commit("landed upstream")
        self.git("fetch", "--quiet", "upstream")

    def merge(self):
        """Merge upstream with the hook in force: its status and what it says."""
        done = subprocess.run(
            ("git", "merge", "--no-edit", "upstream/main"),
            cwd=self.root,
            env=self.repository.environment,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def commit(self):
        return subprocess.run(
            ("git", "commit", "--quiet", "--no-edit"),
            cwd=self.root,
            env=self.repository.environment,
            capture_output=True,
            text=True,
        ).returncode

    def run(self, *args):
        return self._opfixtures(self.repository, *args)

    def errors(self, *args):
        """Code and message of each error that a check finds in what is staged."""
        found = self.run("check", "--format", "json", *args)
        assert found.err == ""
        findings = json.loads(found.out)["findings"]
        return [(one["code"], one["message"]) for one in findings if one["severity"] == "error"]


@pytest.fixture
def fork(new_repository, opfixtures, tmp_path):
    """A fork that has the settings of a test to itself, cloned from its own repository."""

    def make(settings, *own, produced=11):
        upstream = new_repository(with_fixture(tree(GELU, produced=10), "gelu", 10), name="upstream")
        upstream.git("clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
        upstream.git("clone", "--quiet", str(tmp_path / "origin.git"), str(tmp_path / "clone"))
        repository = GitRepository(tmp_path / "clone", upstream.environment)
        repository.git("remote", "add", "upstream", str(upstream.root))
        repository.git("fetch", "--quiet", "upstream")
        made = Fork(repository, upstream, opfixtures)
        made.publish({".opfixtures.toml": settings})
        if own:
            files = tree(*own, GELU, produced=produced)
            for name, version in own:
                files = with_fixture(files, name, version)
            made.publish(files)
        for name in ("pre-commit", "pre-merge-commit"):
            hook = repository.root / ".git/hooks" / name
            hook.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -m opfixtures check\n")
            hook.chmod(0o755)
        return made

    return make


UPSTREAMS = with_fixture(tree(GELU, BAR, produced=11), "bar", 11)
TAKEN = (
    "OPF108",
    "aten::own is bumped at version 11, which aten::bar of upstream/main has taken already: "
    "the next free version is {}",
)


class TestItsOwnNumberIsUpstreamsToo:
    def test_the_merge_is_stopped_at_the_forks_own_entry(self, fork):
        fork = fork(SETTINGS, OWN)
        fork.upstream_lands(UPSTREAMS)
        status, said = fork.merge()
        assert status != 0
        assert f"error OPF108: {TAKEN[1].format(12)}" in said
        assert "aten::bar is bumped" not in said
        assert fork.errors() == [(TAKEN[0], TAKEN[1].format(12))]

    @pytest.mark.parametrize(("settings", "version"), [(SETTINGS, 12), (RESERVED, 1000)])
    def test_renumber_moves_the_forks_own_and_nothing_of_upstreams(self, fork, settings, version):
        fork = fork(settings, OWN)
        fork.upstream_lands(UPSTREAMS)
        fork.merge()
        assert fork.errors() == [(TAKEN[0], TAKEN[1].format(version))]
        shown = fork.run("renumber", "--apply").out
        assert f"aten::own at 11 becomes {version}: aten::bar of upstream/main has 11\n" in shown
        text = fork.read(MAP)
        assert f'{{"aten::own", {{{{{version}, "own_0_{version - 1}", ' in text
        assert '{"aten::bar", {{11, "bar_0_10", ' in text
        assert f"kProducedFileFormatVersion = 0x{version:X}L" in fork.read(VERSIONS)
        record = load_record((fork.root / f"{FOLDER}/test_versioned_own_v10.ptl.json").read_bytes())
        assert (record.entry.bumped_at_version, record.entry.upgrader_name) == (
            version,
            f"own_0_{version - 1}",
        )
        fork.git("add", "--all")
        assert fork.errors() == []
        assert fork.commit() == 0
        assert fork.run("renumber").out == "opfixtures: nothing to renumber\n"
        assert fork.errors("--from-ref", "origin/main", "--to-ref", "HEAD") == []

    def test_on_a_branch_as_well(self, fork):
        fork = fork(SETTINGS, OWN)
        fork.git("checkout", "--quiet", "-b", "sync")
        fork.repository.write("README.md", "of the fork")
        fork.repository.commit()
        fork.upstream_lands(UPSTREAMS)
        assert fork.merge()[0] != 0
        assert fork.errors() == [(TAKEN[0], TAKEN[1].format(12))]
        fork.run("renumber", "--apply")
        fork.git("add", "--all")
        assert fork.commit() == 0

    def test_without_the_settings_upstreams_entry_is_held_against_the_merge(self, fork):
        fork = fork('[tool.opfixtures]\npreset = "pytorch"\n', OWN)
        fork.upstream_lands(UPSTREAMS)
        assert fork.merge()[0] != 0
        [(code, message)] = fork.errors()
        assert (code, "aten::bar is bumped at version 11, which aten::own has taken" in message) == (
            "OPF108",
            True,
        )

    def test_what_was_merged_before_is_an_old_debt(self, fork):
        fork = fork(SETTINGS, OWN)
        fork.upstream_lands(UPSTREAMS)
        fork.merge()
        fork.git("commit", "--quiet", "--no-verify", "--no-edit")
        fork.git("push", "--quiet", "origin", "main")
        fork.repository.write(MAP, fork.read(MAP) + "// more\n")
        assert fork.errors() == []
        assert fork.run("renumber").out == "opfixtures: nothing to renumber\n"

    def test_an_entry_that_is_taken_out_is_found_all_the_same(self, fork):
        fork = fork(SETTINGS, OWN)
        fork.upstream_lands(UPSTREAMS)
        fork.merge()
        line = next(line for line in fork.read(MAP).splitlines() if "aten::own" in line)
        fork.repository.replace(MAP, f"{line}\n", "")
        assert ("OPF109", "the published entry of aten::own at version 11 is removed") in fork.errors()

    def test_a_record_that_is_none_stops_it_before_anything_is_written(self, fork):
        fork = fork(SETTINGS, OWN)
        fork.upstream_lands(UPSTREAMS)
        fork.merge()
        path = f"{FOLDER}/test_versioned_own_v10.ptl.json"
        (fork.root / path).write_text("{}")
        before = fork.read(MAP)
        ran = fork.run("renumber", "--apply")
        assert (ran.status, ran.out) == (2, "")
        assert f"{path} is no record: " in ran.err
        assert fork.read(MAP) == before

    def test_an_entry_without_a_record_moves_alone(self, fork):
        fork = fork(SETTINGS, OWN)
        fork.git("rm", "--quiet", f"{FOLDER}/test_versioned_own_v10.ptl.json")
        fork.git("commit", "--quiet", "--no-verify", "--message", "without")
        fork.git("push", "--quiet", "origin", "main")
        fork.upstream_lands(UPSTREAMS)
        fork.merge()
        assert "aten::own at 11 becomes 12" in fork.run("renumber", "--apply").out


class TestAMergeWithoutACollision:
    def test_what_upstream_brings_is_its_own_to_number(self, fork):
        fork = fork(RESERVED, ("own", 1000), produced=1000)
        fork.upstream_lands(with_fixture(tree(GELU, ("bar", 13), produced=13), "bar", 13))
        assert fork.merge()[0] != 0  # versions.h, which both have raised
        fork.git("checkout", "--ours", VERSIONS)
        fork.git("add", VERSIONS)
        assert fork.errors() == []
        assert fork.commit() == 0

    def test_what_upstream_takes_back_may_go(self, fork):
        fork = fork(SETTINGS)
        fork.upstream_lands(UPSTREAMS)
        assert fork.merge()[0] == 0
        fork.git("push", "--quiet", "origin", "main")
        bar = f"{FOLDER}/test_versioned_bar_v10.ptl"
        fork.upstream.git("rm", "--quiet", bar, f"{bar}.json")
        # The number stays given out: another change has it by now.
        fork.upstream_lands(with_fixture(tree(GELU, ("baz", 11), produced=11), "baz", 11))
        status, said = fork.merge()
        assert (status, fork.errors()) == (0, []), said
        assert "aten::bar" not in fork.read(MAP)

    def test_what_upstream_mends_is_followed(self, fork):
        fork = fork(SETTINGS)
        fork.upstream_lands(UPSTREAMS)
        fork.merge()
        fork.git("push", "--quiet", "origin", "main")
        mended = {MAP: UPSTREAMS[MAP].replace("aten::bar(Tensor self)", "aten::bar(Tensor self, int dim)")}
        fork.upstream_lands(mended)
        fork.git("merge", "--quiet", "--no-verify", "--no-commit", "upstream/main")
        assert not [error for error in fork.errors() if error[0] == "OPF109"]

    def test_what_only_the_fork_changes_of_upstreams_is_not(self, fork):
        fork = fork(SETTINGS)
        fork.upstream_lands(UPSTREAMS)
        fork.merge()
        fork.git("push", "--quiet", "origin", "main")
        fork.repository.replace(MAP, "aten::bar(Tensor self)", "aten::bar(Tensor self, int dim)")
        assert ("OPF109", "the published entry of aten::bar at version 11 is changed") in fork.errors()


class TestWhatTheForkAdds:
    @pytest.mark.parametrize(
        ("version", "why"),
        [
            (11, "and >=1000 are the versions of this fork's own: the next free version is 1000"),
            (10, "which aten::gelu of upstream/main has taken already: the next free version is 1000"),
            (1001, "and 999 is the last one of this fork's own: the next free version is 1000"),
        ],
    )
    def test_it_has_a_reserved_version(self, fork, version, why):
        fork = fork(RESERVED)
        fork.lay(tree(("own", version), GELU, produced=1001))
        assert ("OPF108", f"aten::own is bumped at version {version}, {why}") in fork.errors()
        fork.lay(tree(("own", 1000), GELU, produced=1000))
        assert not [error for error in fork.errors() if error[0] == "OPF108"]

    @pytest.mark.parametrize(
        ("version", "why"),
        [
            (11, ">=1000 are the versions of this fork's own"),
            (10, "aten::gelu of upstream/main has 10"),
            (1001, "a version was skipped"),
        ],
    )
    def test_renumber_gives_it_one_and_says_why(self, fork, version, why):
        fork = fork(RESERVED)
        fork.lay(tree(("own", version), GELU, produced=1001))
        assert f"aten::own at {version} becomes 1000: {why}\n" in fork.run("renumber", "--apply").out
        fork.git("add", "--all")
        assert not [error for error in fork.errors() if error[0] == "OPF108"]

    def test_what_upstream_has_no_number_for_does_not_give_way(self, fork):
        fork = fork(SETTINGS, OWN)
        line = next(line for line in fork.read(MAP).splitlines() if "aten::own" in line)
        moved = line.replace('{11, "own_0_10', '{12, "own_0_11')
        fork.repository.replace(MAP, line, moved)
        assert ("OPF109", "the published entry of aten::own at version 11 is removed") in fork.errors()

    def test_several_in_a_row_and_one_that_is_taken(self, fork):
        fork = fork(RESERVED, ("own", 1000), produced=1000)
        fork.lay(tree(("own", 1000), GELU, ("more", 1001), ("third", 1002), produced=1002))
        assert not [error for error in fork.errors() if error[0] == "OPF108"]
        fork.lay(tree(("own", 1000), GELU, ("more", 1000), produced=1000))
        [message] = [message for code, message in fork.errors() if code == "OPF108"]
        assert message.endswith("which aten::own has taken already: the next free version is 1001")
        fork.lay(tree(("own", 1000), ("own.out", 1000), GELU, produced=1000))
        assert not [error for error in fork.errors() if error[0] == "OPF108"]

    def test_a_range_may_end(self, fork):
        fork = fork(SETTINGS + 'reserved-versions = "==1000"\n', ("own", 1000), produced=1000)
        fork.lay(tree(("own", 1000), GELU, ("more", 1001), produced=1001))
        [message] = [message for code, message in fork.errors() if code == "OPF108"]
        assert message == (
            "aten::more is bumped at version 1001, and ==1000 are the versions of this fork's own, "
            "and no reserved version is left"
        )
        ran = fork.run("renumber")
        assert (ran.status, ran.err.rstrip().endswith(": widen `reserved-versions`")) == (2, True)

    def test_without_a_range_it_is_the_next_one_behind_both(self, fork):
        fork = fork(SETTINGS)
        fork.upstream_lands(UPSTREAMS)
        fork.lay(tree(("own", 11), GELU, produced=11))
        assert (TAKEN[0], TAKEN[1].format(12)) in fork.errors()
        fork.lay(tree(("own", 12), GELU, produced=12))
        assert not [error for error in fork.errors() if error[0] == "OPF108"]

    def test_what_is_picked_from_upstream_keeps_upstreams_number(self, fork):
        fork = fork(RESERVED)
        fork.upstream_lands(UPSTREAMS)
        fork.lay(UPSTREAMS)
        assert fork.errors() == []


class TestSettings:
    def test_upstream_that_is_not_here_is_one_sentence(self, fork):
        fork = fork(SETTINGS)
        fork.git("update-ref", "-d", "refs/remotes/upstream/main")
        fork.lay(tree(("own", 11), GELU, produced=11))
        ran = fork.run("check")
        assert (ran.status, ran.out) == (2, "")
        assert ran.err == (
            "opfixtures: error: upstream 'upstream/main' of .opfixtures.toml is not in this clone: correct it, or "
            "`git fetch upstream main:refs/remotes/upstream/main` fetches it\n"
        )

    def test_a_change_may_mend_its_name(self, fork):
        fork = fork(SETTINGS.replace("upstream/main", "upstream/gone"))
        fork.lay({**UPSTREAMS, ".opfixtures.toml": SETTINGS})
        fork.upstream_lands(UPSTREAMS)
        assert fork.errors() == []

    def test_no_change_chooses_what_it_is_judged_by(self, fork):
        fork = fork('[tool.opfixtures]\npreset = "pytorch"\n', OWN)
        fork.upstream_lands(UPSTREAMS)
        fork.git("merge", "--quiet", "--no-commit", "upstream/main")
        fork.repository.write(".opfixtures.toml", SETTINGS)
        assert [code for code, _ in fork.errors()] == ["OPF108"]

    def test_where_upstreams_map_cannot_be_read_nothing_is_said_of_what_it_gave_out(self, fork):
        fork = fork(SETTINGS)
        fork.upstream_lands({MAP: UPSTREAMS[MAP].replace('"bar_0_10"', "NAME")})
        fork.lay(tree(("own", 10), GELU, produced=10))
        assert not [error for error in fork.errors() if error[0] == "OPF108"]
