"""A Python that the user names is a runtime: a path or a command, and its operator module its own."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from opfixtures.errors import RuntimeUnavailable
from opfixtures.runtimes import check_import
from opfixtures.runtimes.interpreter import obtain_interpreter
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.version_range import VersionRange
from opfixtures.worker.observations import RuntimeSeen

SPEC = RuntimeSpec("interpreter", "nightly", VersionRange(), None, "env/bin/python", None, (), "tinyops")


@pytest.fixture
def environment(tmp_path):
    """A virtual environment in a repository's folder."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    return tmp_path / "env"


@pytest.mark.parametrize(
    "python", ["env/bin/python", "./env/bin/python", "{}/env/bin/python", "~/env/bin/python", "py"]
)
def test_a_python_is_named_by_its_path_or_by_a_command(environment, monkeypatch, tmp_path, python):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "commands").mkdir()
    (tmp_path / "commands" / "py").symlink_to(environment / "bin" / "python")

    found = obtain_interpreter(
        replace(SPEC, python=python.format(tmp_path)), str(tmp_path), {"PATH": str(tmp_path / "commands")}
    )

    assert (found.kind, found.name, found.operator_module, found.commit) == (
        "interpreter",
        "nightly",
        "tinyops",
        None,
    )
    prefix = subprocess.run(
        [found.python, "-c", "import sys; print(sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert prefix.stdout.strip() == str(sys.version_info[:2])


def test_a_virtual_environment_stays_one(environment, tmp_path):
    """Its Python is a link to another one, which has not what is installed in it."""
    found = obtain_interpreter(SPEC, str(tmp_path), {})

    assert found.python == str(environment / "bin" / "python")
    assert found.homes == (str(environment),)


@pytest.mark.parametrize("python", ["env/bin/python3.99", "no-such-python", "env/pyvenv.cfg"])
def test_no_such_python_is_one_sentence(environment, tmp_path, python):
    with pytest.raises(
        RuntimeUnavailable, match=r"^runtime 'nightly': there is no Python '.*': give the path"
    ):
        obtain_interpreter(replace(SPEC, python=python), str(tmp_path), {"PATH": str(environment / "bin")})


def test_its_operator_module_has_to_be_its_own(environment, tmp_path):
    found = obtain_interpreter(SPEC, str(tmp_path), {})

    def seen(imported):
        return RuntimeSeen("2.13.0", "", "3.11", "Linux", 10, imported, {})

    check_import(found, seen(os.path.join(environment, "lib", "tinyops.py")))
    with pytest.raises(
        RuntimeUnavailable, match=r"tinyops was imported from /elsewhere/tinyops\.py, not from nightly"
    ):
        check_import(found, seen("/elsewhere/tinyops.py"))


def test_a_path_is_meant_from_the_folder_of_the_settings(environment, tmp_path):
    root = tmp_path.parent
    found = obtain_interpreter(replace(SPEC, folder=tmp_path.name), str(root), {})
    assert found.python == str(environment / "bin" / "python")
    with pytest.raises(RuntimeUnavailable, match="there is no Python 'env/bin/python'"):
        obtain_interpreter(SPEC, str(root), {})
