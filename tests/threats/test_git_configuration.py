"""What ran in a repository before may have told its git what to start. Nothing that opfixtures asks git starts it.

Each test puts a program where a configuration can name one, and gives git a reason to start it. Without its defence
the program runs (docs/trust.md).
"""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from opfixtures.commands.replays import touched
from opfixtures.proving.result import FixtureResult, Made, Result, Status
from opfixtures.pull_request import result_folder
from opfixtures.report.result_json import result_json
from opfixtures.repository.git import Repository
from opfixtures.repository.snapshot import WorkTreeSnapshot
from opfixtures.runtimes.side_checkout import check_out, work_tree_state
from tests.repositories import config_of

COMMANDS = [
    ("check",),
    ("hook", "pre-commit"),
    ("check", "--all"),
    ("check", "--from-ref", "HEAD~", "--to-ref", "HEAD"),
    ("status",),
    ("renumber",),
    ("generate", "--dry-run"),
    ("install-hooks",),
]
VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"


@pytest.fixture
def trap(tmp_path):
    """A program that says that it ran, and takes its time; `sprung` says what it was called for."""

    class Trap:
        path = str(tmp_path / "trap")

        def __init__(self):
            with open(self.path, "w") as file:
                file.write(f'#!/bin/sh\necho "$0 $*" >> "{tmp_path}/sprung"\nsleep 0.2\nexec cat\n')
            os.chmod(self.path, 0o755)

        @property
        def sprung(self):
            try:
                return (tmp_path / "sprung").read_text()
            except FileNotFoundError:
                return ""

        def set_again(self):
            (tmp_path / "sprung").unlink(missing_ok=True)

    return Trap()


@pytest.fixture
def repository(pytorch):
    """A PyTorch tree with two commits, in which every file looks changed to git."""
    pytorch.write("README.md", "more\n")
    pytorch.commit("second")
    return pytorch


def touch_all(repository):
    """Has every file look changed: git has to read it to see that it is not."""
    for path in repository.git("ls-files").splitlines():
        os.utime(repository.root / path, (1, 1))


def ran(repository, *arguments, **options):
    """The exit status of a command, in a process of its own. What hangs is ended, and fails."""
    command = (sys.executable, "-m", "opfixtures", *arguments)
    own = {"env": repository.environment, "stdin": subprocess.DEVNULL, **options}
    process = subprocess.Popen(
        command, cwd=repository.root, stdout=subprocess.DEVNULL, start_new_session=True, **own
    )
    try:
        return process.wait(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(params=COMMANDS, ids=" ".join)
def run(request, repository, trap):
    """Runs one of the commands; returns its exit status."""

    def start():
        # What laid it may have sprung it.
        trap.set_again()
        return ran(repository, *request.param)

    return start


class TestNoCommandStarts:
    """`check` reads no file of the work tree through git, what does turns filters off."""

    def test_a_file_system_monitor(self, repository, run, trap):
        repository.git("config", "core.fsmonitor", trap.path)
        touch_all(repository)
        assert run() == 0
        assert trap.sprung == ""

    @pytest.mark.sampled(10)
    @pytest.mark.parametrize("key", ["clean", "process"])
    @pytest.mark.parametrize("file", ["config", "config.worktree"])
    def test_a_filter(self, repository, run, trap, key, file):
        repository.git("config", "extensions.worktreeConfig", "true")
        repository.git("config", "--file", f".git/{file}", f"filter.Evil.{key}", trap.path)
        repository.git("config", "--file", f".git/{file}", "filter.Evil.required", "true")
        (repository.root / ".git/info").mkdir(exist_ok=True)
        (repository.root / ".git/info/attributes").write_text("* filter=Evil\n")
        touch_all(repository)
        assert run() == 0
        assert trap.sprung == ""

    def test_what_looks_at_signatures(self, repository, run, trap):
        repository.git("config", "log.showSignature", "true")
        repository.git("config", "gpg.program", trap.path)
        commit = repository.git("cat-file", "commit", "HEAD") + "\n"
        head, _, message = commit.partition("\n\n")
        signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n{message}"
        (repository.root / "signed").write_text(signed)
        repository.git("update-ref", "HEAD", repository.git("hash-object", "-t", "commit", "-w", "signed"))
        (repository.root / "signed").unlink()
        assert run() == 0
        assert trap.sprung == ""

    @pytest.mark.parametrize("hook", ["post-index-change", "reference-transaction"])
    def test_a_hook_of_the_repository(self, repository, run, trap, hook, tmp_path):
        (tmp_path / "hooks").mkdir()
        os.symlink(trap.path, tmp_path / "hooks" / hook)
        repository.git("config", "core.hooksPath", str(tmp_path / "hooks"))
        touch_all(repository)
        index = (repository.root / ".git/index").read_bytes()
        # With its own folder of hooks there is nowhere to install any.
        assert run() in (0, 2)
        assert trap.sprung == ""
        assert (repository.root / ".git/index").read_bytes() == index

    @pytest.mark.sampled(8)
    @pytest.mark.parametrize(
        ("url", "key"),
        [("ssh://nowhere.example/r", "core.sshCommand"), ("file:///nowhere", "remote.origin.uploadpack")],
    )
    def test_what_fetches_for_a_partial_clone(self, repository, run, trap, url, key, tmp_path):
        repository.git("config", "uploadpack.allowFilter", "true")
        options = (
            "--quiet",
            "--filter=tree:0",
            "--no-checkout",
            repository.root.as_uri(),
            str(tmp_path / "clone"),
        )
        repository.git("clone", *options)
        repository.root = tmp_path / "clone"
        repository.git("config", "remote.origin.url", url)
        repository.git("config", key, trap.path)
        run()
        assert trap.sprung == ""

    def test_a_file_system_monitor_that_waits(self, repository, tmp_path):
        slow = tmp_path / "slow"
        slow.write_text("#!/bin/sh\nexec sleep 30\n")
        slow.chmod(0o755)
        repository.git("config", "core.fsmonitor", str(slow))
        begun = time.monotonic()
        assert ran(repository, "check") == 0
        assert time.monotonic() - begun < 20


@pytest.mark.parametrize("key", ["clean", "process"])
def test_no_filter_is_started_to_see_whether_anything_changed(repository, trap, key, git_environment):
    repository.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\n')
    repository.write(".gitattributes", "* filter=a.b\n")
    repository.commit()
    repository.git("config", f"filter.a.b.{key}", trap.path)
    touch_all(repository)
    trap.set_again()
    root = str(repository.root)
    config = config_of(WorkTreeSnapshot(root))
    found = Repository.discover(root, git_environment)
    assert touched(found, config, [config], repository.git("rev-parse", "HEAD")) is None
    assert trap.sprung == ""


class TestTheStateOfTheWorkTree:
    """What a checkout runtime is built from."""

    @pytest.fixture
    def state(self, git_environment, tmp_path):
        def take(repository):
            found = Repository.discover(str(repository.root), git_environment)
            tree, objects = work_tree_state(found, str(tmp_path / "scratch"))
            check_out(found, tree, str(tmp_path / "out"), objects)
            return tmp_path / "out"

        return take

    @pytest.mark.parametrize("key", ["clean", "process", "smudge"])
    def test_starts_no_filter(self, repository, state, trap, key):
        repository.write(".gitattributes", "* filter=a.b\n")
        repository.git("config", f"filter.a.b.{key}", trap.path)
        repository.git("config", "filter.a.b.required", "true")
        (repository.root / "README.md").write_text("changed\n")
        touch_all(repository)
        assert (state(repository) / "README.md").read_text() == "changed\n"
        assert trap.sprung == ""

    def test_starts_no_file_system_monitor_and_no_hook(self, repository, state, trap):
        repository.git("config", "core.fsmonitor", trap.path)
        for hook in ("post-index-change", "post-checkout", "reference-transaction", "pre-commit"):
            os.symlink(trap.path, repository.root / ".git/hooks" / hook)
        trap.set_again()
        (repository.root / "README.md").write_text("changed\n")
        assert (state(repository) / "README.md").read_text() == "changed\n"
        assert trap.sprung == ""

    def test_starts_nothing_that_a_submodule_names(self, repository, state, trap, new_repository):
        inner = new_repository({".gitattributes": "* filter=evil\n", "file": "inner\n"}, name="inner")
        repository.git(
            "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub"
        )
        repository.commit()
        repository.git("-C", "sub", "config", "filter.evil.clean", trap.path)
        (repository.root / "sub/file").write_text("changed\n")
        (repository.root / "README.md").write_text("changed\n")
        assert (state(repository) / "README.md").read_text() == "changed\n"
        assert trap.sprung == ""


@pytest.mark.parametrize(
    "key", ["filter.evil.clean", "diff.evil.textconv", "diff.evil.command", "diff.external"]
)
def test_nothing_is_started_where_fixtures_are_put_into_a_result(
    repository, trap, key, git_environment, tmp_path
):
    path = "test/jit/fixtures/test_versioned_gelu_v9.ptl"
    repository.git("config", key, trap.path)
    repository.write(".gitattributes", "* filter=evil diff=evil\n")
    trap.set_again()
    (repository.root / path).write_text("made\n")
    (repository.root / f"{path}.json").write_text("{}\n")
    folder = tmp_path / "result"
    folder.mkdir()
    made = FixtureResult(
        "aten::gelu",
        10,
        "gelu_0_9",
        Status.GENERATED,
        made=Made.BY_THIS_RUN,
        fixture=path,
        runtime="a runtime",
    )
    (folder / "result.json").write_text(result_json(Result(None, (made,))))
    found = Repository.discover(str(repository.root), git_environment)
    result_folder.write_files(found, str(folder))
    assert b"GIT binary patch" in (folder / "fixtures.patch").read_bytes()
    assert trap.sprung == ""


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_git_reads_what_the_user_types(repository, tmp_path, arguments):
    """What asks for something on standard input would wait for ever, or take what a hook is given."""
    real = subprocess.run(
        ("sh", "-c", "command -v git"), capture_output=True, text=True, check=True
    ).stdout.strip()
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    # `git cat-file --batch` has requests there.
    git.write_text(
        f'#!/bin/sh\ncase "$*" in *--batch*) ;; *) head -c 6 >> "{tmp_path}/read" ;; esac\nexec {real} "$@"\n'
    )
    git.chmod(0o755)
    receiver, sender = os.pipe()
    os.write(sender, b"secret" * 100)
    try:
        # The pipe stays open: whoever reads to its end waits.
        environment = {**repository.environment, "PATH": f"{git.parent}:{os.environ['PATH']}"}
        assert ran(repository, *arguments, env=environment, stdin=receiver) == 0
    finally:
        os.close(receiver)
        os.close(sender)
    assert (tmp_path / "read").read_bytes() == b""
