"""A Python of a version is found where people have theirs."""

import platform
import sys

import pytest

from opfixtures.runtimes.pythons import find_python

OWN = platform.python_version()


@pytest.fixture
def pretend(tmp_path):
    """Writes a program that answers as the Python of a version does, or fails as a shim does."""

    def write(path, version=None):
        program = tmp_path / path
        program.parent.mkdir(parents=True, exist_ok=True)
        answer = f"echo {version}" if version else "echo pyenv: command not found >&2; exit 127"
        program.write_text(f"#!/bin/sh\n{answer}\n")
        program.chmod(0o755)
        return str(program)

    return write


@pytest.fixture
def environment(tmp_path):
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}


def test_the_running_python_is_the_first_choice(pretend, environment):
    pretend(f"bin/python{'.'.join(OWN.split('.')[:2])}", OWN)
    assert find_python(OWN.rpartition(".")[0], environment) == sys.executable
    assert find_python(OWN, environment) == sys.executable


def test_one_on_path_is_found(pretend, environment):
    found = pretend("bin/python3.99", "3.99.1")
    assert find_python("3.99", environment) == found


def test_one_behind_pyenvs_shim_is_found(pretend, environment):
    pretend("bin/python3.99")
    pretend(".pyenv/versions/3.9.1/bin/python", "3.9.1")
    found = pretend(".pyenv/versions/3.99.1/bin/python", "3.99.1")
    # An interrupted `pyenv install` leaves such a folder.
    pretend(".pyenv/versions/3.99.2/nothing")
    assert find_python("3.99", environment) == found


def test_pyenv_may_be_elsewhere(pretend, environment, tmp_path):
    found = pretend("elsewhere/versions/3.99.1/bin/python", "3.99.1")
    assert find_python("3.99", {**environment, "PYENV_ROOT": str(tmp_path / "elsewhere")}) == found


def test_a_patch_version_is_that_one(pretend, environment):
    pretend(".pyenv/versions/3.99.10/bin/python", "3.99.10")
    found = pretend(".pyenv/versions/3.99.1/bin/python", "3.99.1")
    assert find_python("3.99.1", environment) == found


@pytest.mark.parametrize("answer", [None, "3.9.9", "3.990.1"])
def test_one_that_is_another_is_passed_over(pretend, environment, answer):
    pretend("bin/python3.99", answer)
    assert find_python("3.99", environment) is None


def test_there_may_be_none(environment):
    assert find_python("3.99", environment) is None


def test_a_folder_that_the_repository_brings_is_not_looked_into(pretend, monkeypatch, tmp_path):
    pretend(".pyenv/versions/3.99.1/bin/python", "3.99.1")
    monkeypatch.chdir(tmp_path)
    assert find_python("3.99", {"PATH": "/nowhere"}) is None
