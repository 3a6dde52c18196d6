"""A library is built from a commit, or from the work tree, in an environment of its own that has a torch."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from opfixtures.errors import GitError, RuntimeUnavailable
from opfixtures.repository.git import Repository
from opfixtures.runtimes import checkout
from opfixtures.runtimes.checkout import obtain_checkout
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.sources import Sources
from opfixtures.settings.version_range import VersionRange
from opfixtures.worker.starting import worker_environment

# Installs the library, and tells with what.
SETUP = """\
import json, os, pathlib, shutil, sys, sysconfig
shutil.copytree("mylib", pathlib.Path(sysconfig.get_paths()["purelib"]) / "mylib")
with open("setup.json", "w") as stream:
    json.dump({"environment": dict(os.environ), "prefix": sys.prefix, "pip": shutil.which("pip")}, stream)
"""
LIBRARY = {"mylib/__init__.py": "VERSION = 1\n", "setup_here.py": SETUP}
SPEC = RuntimeSpec(
    "checkout", "checkout", VersionRange(), None, None, None, (("python", "setup_here.py"),), "mylib"
)
ALL_SOURCES = Sources(fixtures=("fixtures",))
FOUND = importlib.util.find_spec("torch")
assert FOUND is not None
assert FOUND.origin is not None
TORCH = Path(FOUND.origin).parent


@pytest.fixture
def library(new_repository):
    return new_repository(LIBRARY)


@pytest.fixture
def obtain(tmp_path, git_environment, told):
    """Obtains a checkout; without a commit, of the work tree."""

    def run(repository, commit=None, spec=SPEC, sources=ALL_SOURCES, **environment):
        whole = {**git_environment, **environment}
        found = Repository.discover(str(repository.root), whole)
        return obtain_checkout(spec, found, commit, whole, str(tmp_path / "cache"), told.append, sources)

    return run


@pytest.fixture
def told():
    """What the progress would show."""
    return []


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """Where the logs of setups go."""
    folder = tmp_path / "logs"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def seen(runtime, expression, tmp_path):
    """What an expression gives where a worker runs."""
    code = f"import json, sys, mylib, torch; print(json.dumps({expression}))"
    command = [runtime.python, "-s", "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=worker_environment(str(tmp_path)), capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_commit_and_the_work_tree_stand_side_by_side(library, obtain, told, tmp_path, logs):
    commit = library.git("rev-parse", "HEAD")
    (library.root / "mylib" / "__init__.py").write_text("VERSION = 2\n")
    secrets = {
        "GITHUB_TOKEN": "t",
        "ACTIONS_RUNTIME_TOKEN": "t",
        "GIT_WORK_TREE": str(library.root),
        "MINE": "m",
    }
    before = obtain(library, commit, **secrets)
    after = obtain(library)

    assert before.name.startswith(f"commit {commit[:12]} with torch 2.")
    assert (before.commit, before.operator_module) == (commit, "mylib")
    assert (after.commit, after.name.partition(" with")[0]) == (None, "the work tree")
    asked = "[mylib.VERSION, mylib.__file__, torch.__file__]"
    for runtime, version in ((before, 1), (after, 2)):
        found, library_file, torch_file = seen(runtime, asked, tmp_path)
        assert found == version
        assert library_file.startswith(runtime.homes[0] + os.sep)
        assert torch_file == str(TORCH / "__init__.py")

    setup = json.loads(Path(before.homes[1], "setup.json").read_text())
    assert setup["prefix"] == setup["environment"]["VIRTUAL_ENV"] == before.homes[0]
    assert setup["pip"] == os.path.join(before.homes[0], "bin", "pip")
    assert setup["environment"]["MINE"] == "m"
    assert not {"GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GIT_WORK_TREE"} & set(setup["environment"])

    assert told == [f"building commit {commit[:12]}", "building the work tree"]
    assert list(logs.iterdir()) == []
    assert obtain(library, commit, PATH=os.path.dirname(sys.executable) + os.pathsep + os.defpath) == before
    assert len(told) == 2  # built once


def test_a_setup_that_fails_is_one_sentence_with_its_log(library, obtain, logs, tmp_path):
    commands = (("sh", "-c", "echo hello"), ("sh", "-c", "echo much; echo error: no compiler; exit 3"))
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(library, spec=replace(SPEC, setup=commands))
    (log,) = logs.iterdir()
    assert str(caught.value) == (
        "the work tree cannot be built: `sh -c echo much; echo error: no compiler; exit 3` failed"
        f" (exit status 3): error: no compiler (all output: {log})"
    )
    assert log.read_text() == "hello\nmuch\nerror: no compiler\n"
    assert caught.value.below == ("much", "error: no compiler")
    assert caught.value.whole == f"{caught.value}\n  much\n  error: no compiler"
    assert sorted(path.suffix for path in (tmp_path / "cache" / "checkouts").iterdir()) == [""]


def test_an_interrupted_setup_leaves_nothing(library, obtain, logs, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("opfixtures.runtimes.checkout.run_logged", interrupt)
    with pytest.raises(KeyboardInterrupt):
        obtain(library)
    assert list(logs.iterdir()) == []
    assert sorted(path.suffix for path in (tmp_path / "cache" / "checkouts").iterdir()) == [""]


def test_copies_elsewhere_do_not_get_in_front(library, obtain, tmp_path, monkeypatch):
    """One beside the running interpreter's torch, one of the user's, one on PYTHONPATH."""
    beside = tmp_path / "site-packages"
    user = tmp_path / "user" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    for folder in (beside, user, tmp_path / "path"):
        (folder / "mylib").mkdir(parents=True)
        (folder / "mylib" / "__init__.py").write_text("VERSION = 'elsewhere'\n")
    monkeypatch.syspath_prepend(str(beside))
    environment = {"PYTHONUSERBASE": str(tmp_path / "user"), "PYTHONPATH": str(tmp_path / "path")}
    runtime = obtain(library, **environment)
    assert seen(runtime, "[mylib.VERSION, sys.path[-1]]", tmp_path)[0] == 1
    assert str(beside) in seen(runtime, "sys.path", tmp_path)


def test_without_a_setup_nothing_is_installed(library, obtain, tmp_path):
    runtime = obtain(library, spec=replace(SPEC, setup=(), module=None))
    command = [runtime.python, "-s", "-c", "import mylib"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "No module named 'mylib'" in done.stderr


def test_the_torch_may_be_a_release(library, obtain, tmp_path, monkeypatch):
    release = tmp_path / "release"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", release], check=True)
    (site,) = release.glob("lib/python*/site-packages")
    (site / "torch").mkdir()
    (site / "torch" / "__init__.py").write_text("__version__ = '0.1'\n")

    class Release:
        python = str(release / "bin" / "python")

    monkeypatch.setattr("opfixtures.runtimes.checkout.obtain_release", lambda *_: Release)
    runtime = obtain(library, spec=replace(SPEC, torch="0.1", setup=()))
    assert runtime.name == "the work tree with torch 0.1"
    (Path(runtime.homes[1]) / "mylib").rename(site / "mylib")
    assert seen(runtime, "torch.__version__", tmp_path) == "0.1"


def test_without_a_torch_it_is_said_where_to_get_one(library, obtain, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(RuntimeUnavailable, match=r"pip install 'opfixtures\[torch\]', or name a release"):
        obtain(library)


def test_a_torch_built_from_source_has_no_metadata(library, obtain, monkeypatch):
    def refuse(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("opfixtures.runtimes.checkout._build", pretend_to_build)
    monkeypatch.setattr("opfixtures.runtimes.checkout.version", refuse)
    assert obtain(library).name == "the work tree with torch of the running interpreter"


def test_a_commit_that_is_not_here_leaves_nothing(library, obtain, tmp_path):
    with pytest.raises(GitError):
        obtain(library, "0" * 40)
    assert not (tmp_path / "cache" / "checkouts").exists()


def test_a_build_is_kept_by_what_its_sources_hold(library, obtain, told, monkeypatch):
    """Whatever the commit is called: docs, tests and fixtures that change build nothing."""
    monkeypatch.setattr("opfixtures.runtimes.checkout._build", pretend_to_build)
    first = library.git("rev-parse", "HEAD")
    for path in ("docs/index.md", "tests/test_a.py", "fixtures/a.ptl", "README.md"):
        library.write(path, "more")
    second = library.commit()
    (library.root / "fixtures" / "untracked.ptl").write_text("fixture")

    built = {obtain(library, commit).homes for commit in (first, second, None)}

    assert (len(built), told) == (1, [f"building commit {first[:12]}"])
    (library.root / "mylib" / "untracked.py").write_text("")
    assert obtain(library).homes not in built
    assert told[1:] == ["building the work tree"]


def test_which_files_those_are_is_for_the_settings_to_say(library, obtain, told, monkeypatch):
    monkeypatch.setattr("opfixtures.runtimes.checkout._build", pretend_to_build)
    only = Sources(("mylib/**",))
    first = obtain(library, sources=only)
    library.write("setup_here.py", "pass")
    assert obtain(library, sources=only) == first
    library.write("mylib/docs/used.py", "")
    assert obtain(library, sources=only).homes != first.homes
    assert len(told) == 2


@pytest.mark.parametrize(
    "change",
    [{"setup": (("true",),)}, {"module": "other"}],
    ids=["another setup", "another module"],
)
def test_another_recipe_is_another_checkout(library, obtain, change, monkeypatch):
    monkeypatch.setattr("opfixtures.runtimes.checkout._build", pretend_to_build)
    first = obtain(library)
    assert obtain(library) == first
    assert obtain(library, spec=replace(SPEC, **change)).homes != first.homes


def test_another_python_at_the_same_place_is_another_checkout(library, obtain, monkeypatch):
    monkeypatch.setattr("opfixtures.runtimes.checkout._build", pretend_to_build)
    first = obtain(library)
    monkeypatch.setattr("platform.python_version", lambda: "3.99.1")
    assert obtain(library).homes != first.homes


def pretend_to_build(_spec, _base, folder, *_):
    (Path(folder) / "env" / "bin").mkdir(parents=True)
    (Path(folder) / "env" / "bin" / "python").touch()


def test_a_project_in_a_folder_is_built_there(new_repository, obtain, tmp_path):
    """Its `setup` runs where its settings stand; the whole repository is around it."""
    repository = new_repository(
        {"README.md": "", **{f"packages/tiny/{path}": text for path, text in LIBRARY.items()}}
    )
    commit = repository.git("rev-parse", "HEAD")
    spec = replace(SPEC, folder="packages/tiny")
    for runtime in (obtain(repository, commit, spec), obtain(repository, None, spec)):
        assert seen(runtime, "mylib.VERSION", tmp_path) == 1
        assert (Path(runtime.homes[1]) / "README.md").is_file()
    with pytest.raises(RuntimeUnavailable, match="setup_here"):
        obtain(repository, commit)


def test_a_commit_from_before_the_folder_says_so(new_repository, obtain, logs):
    repository = new_repository(LIBRARY)
    commit = repository.git("rev-parse", "HEAD")
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(repository, commit, replace(SPEC, folder="packages/tiny"))
    assert str(caught.value) == (
        f"commit {commit[:12]} has no folder packages/tiny to build: name a commit that has it (--base)"
    )
    assert list(logs.iterdir()) == []


class TestWhatMakesAnEnvironment:
    """virtualenv has no pip for old Pythons, and is not there without the extra `generate`."""

    def making(self, version: str, *, with_pip: bool = True) -> str:
        base = checkout._Base("python", version, "2.13.0", ())
        return " ".join(checkout._making(base, "env", "scratch", with_pip=with_pip))

    def test_is_virtualenv(self) -> None:
        assert "-m virtualenv --quiet --no-download --no-periodic-update" in self.making("3.11.7")
        assert self.making("3.11.7").endswith("--app-data scratch/seeds --python python env")

    @pytest.mark.parametrize("version", ["3.7", "3.8.20"])
    def test_is_venv_for_old_pythons(self, version: str) -> None:
        assert self.making(version) == "python -I -m venv env"

    def test_is_venv_where_virtualenv_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checkout, "find_spec", lambda _: None)
        assert self.making("3.11.7") == "python -I -m venv env"

    def test_is_venv_where_nothing_is_installed(self) -> None:
        assert self.making("3.11.7", with_pip=False) == "python -I -m venv --without-pip env"
