"""A released torch is installed by uv, or one sentence says why not. No test here needs a network."""

import io
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from opfixtures.errors import ConfigurationError, RuntimeUnavailable
from opfixtures.runtimes import release
from opfixtures.runtimes.commands import CommandError
from opfixtures.runtimes.release import find_uv, is_installed, obtain_release, uv_environment
from opfixtures.settings.pins import Pin
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.version_range import VersionRange

SPEC = RuntimeSpec("release", "old", VersionRange(), "1.5.1", None, None, (), None)


@pytest.fixture
def obtain(tmp_path):
    """Obtains a release with nothing but what this test gives, offline."""

    def run(spec=SPEC, **environment):
        offline = {
            "UV_OFFLINE": "1",
            "UV_CACHE_DIR": str(tmp_path / "uv"),
            "UV_NO_CONFIG": "1",
            "HOME": str(tmp_path),
            "PATH": os.defpath,
        }
        return obtain_release(spec, {**offline, **environment}, str(tmp_path / "cache"), print)

    return run


@pytest.fixture
def wheels(tmp_path):
    """A folder with a wheel that is called torch."""
    folder = tmp_path / "wheels of mine"
    folder.mkdir()
    add_wheel(folder, "torch", "0.1")
    return folder


def add_wheel(folder, name, version, *needs):
    """Put a wheel with one module into a folder."""
    info = f"{name}-{version}.dist-info"
    wanted = "".join(f"Requires-Dist: {need}\n" for need in needs)
    members = {
        f"{name}/__init__.py": f"__version__ = '{version}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{wanted}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in members.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in members))


LIBRARY = replace(SPEC, torch="0.1", module="mylib", packages=(Pin("mylib", "1.2"),))


@pytest.fixture
def library(wheels, monkeypatch):
    """The folder, in which 1.2 of a library wants 0.1 of torch, and 1.3 a newer one."""
    monkeypatch.setattr(release, "_UNDECLARED", {})
    add_wheel(wheels, "mylib", "1.2", "torch==0.1")
    add_wheel(wheels, "mylib", "1.3", "torch>=0.2")
    return wheels


def sentence(caught):
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_where_pip_finds_it_uv_does(obtain, wheels, monkeypatch, tmp_path):
    # White space separates pip's links; a file URL has none.
    monkeypatch.setattr(release, "_UNDECLARED", {})
    spec = replace(SPEC, torch="0.1")
    found = obtain(spec, PIP_FIND_LINKS=wheels.as_uri())
    assert found.kind == "release"
    assert found.name == "torch 0.1"
    assert os.access(found.python, os.X_OK)
    assert found.python.startswith(str(tmp_path / "cache"))
    assert obtain(spec, PATH="/nowhere") == found  # from the cache, where nothing is run


def test_a_library_is_installed_beside_the_torch_of_the_settings(obtain, library, tmp_path):
    alone = obtain(replace(SPEC, torch="0.1"), PIP_FIND_LINKS=library.as_uri())
    found = obtain(LIBRARY, PIP_FIND_LINKS=library.as_uri())
    assert (found.kind, found.name) == ("release", "mylib 1.2 with torch 0.1")
    assert (found.operator_module, alone.operator_module) == ("mylib", None)
    ask = "import mylib, torch; print(torch.__version__, mylib.__version__, mylib.__file__)"
    told = subprocess.run(
        [found.python, "-c", ask], capture_output=True, text=True, check=True
    ).stdout.split()
    assert told[:2] == ["0.1", "1.2"]
    assert [told[2].startswith(f"{home}/") for home in found.homes] == [True]
    (package,) = found.packages
    assert (package.name, package.version, len(package.sha256)) == ("mylib", "1.2", 64)
    # What pull requests chose is kept beside what they did not.
    assert found.python.startswith(f"{tmp_path}/cache/libraries/mylib-")
    assert alone.python.startswith(f"{tmp_path}/cache/releases/torch-0.1-")
    assert obtain(LIBRARY, PATH="/nowhere") == found  # from the cache, where nothing is run


@pytest.mark.parametrize(
    "other",
    [
        {"packages": (Pin("mylib", "1.3"),)},
        {"packages": (Pin("mylib", "1.2", ("gpu",)),)},
        {"packages": (Pin("mylib", "1.2"), Pin("more", "1"))},
        {"packages": ()},
        {"torch": "0.2"},
        {"python": "3.8"},
        {"index_url": "http://127.0.0.1:9/mine"},
    ],
)
def test_another_environment_is_kept_for_whatever_may_install_something_else(other):
    def key(spec):
        return release._key(spec, spec.torch, spec.python or "3.11")

    assert key(replace(LIBRARY, **other)) != key(LIBRARY)
    assert key(replace(LIBRARY, module="mylib.ops", name="other")) == key(LIBRARY)


def test_the_order_of_packages_makes_no_other_environment():
    pins = (Pin("a", "1"), Pin("b", "1"))
    ordered, turned = (
        release._key(replace(LIBRARY, packages=some), "0.1", "3.8") for some in (pins, pins[::-1])
    )
    assert (ordered[2:], ordered[0], turned[0]) == (turned[2:], "a", "b")


def test_a_library_that_wants_another_torch_is_one_sentence(obtain, library):
    spec = replace(LIBRARY, packages=(Pin("mylib", "1.3"),))
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(spec, PIP_FIND_LINKS=library.as_uri())
    text = sentence(caught)
    assert text.startswith("torch==0.1 with mylib==1.3 cannot be installed for Python 3.")
    assert (
        "check the network, and the runtime's `torch`, `packages`, `python` and `index-url`; uv also follows"
        " UV_OFFLINE, PIP_FIND_LINKS of your environment (uv: No solution" in text
    )
    assert re.search(r"mylib\W+1\.3 depends on torch>=0\.2", text)


def test_a_library_is_never_built(obtain, library, tmp_path):
    """An sdist would run what it says, with the rights of who runs opfixtures."""
    seen = tmp_path / "it ran"
    name = "other-1.0"
    with tarfile.open(library / f"{name}.tar.gz", "w:gz") as archive:
        for path, text in {
            "PKG-INFO": "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n",
            "setup.py": f"open({str(seen)!r}, 'w').close()\n",
        }.items():
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(replace(LIBRARY, packages=(Pin("other", "1.0"),)), PIP_FIND_LINKS=library.as_uri())
    assert "other==1.0 has no usable wheels" in sentence(caught)
    assert not seen.exists()


def test_the_settings_of_a_repository_around_the_cache_are_not_uvs(obtain, wheels, monkeypatch, tmp_path):
    """A pull request would say by them where torch comes from."""
    monkeypatch.setattr(release, "_UNDECLARED", {})
    # It cannot be read: who reads it says so.
    (tmp_path / "uv.toml").write_text("find-links = 1\n")
    found = obtain(replace(SPEC, torch="0.1"), PIP_FIND_LINKS=wheels.as_uri(), UV_NO_CONFIG="0")
    assert found.python.startswith(str(tmp_path / "cache"))


def test_what_python_compiles_of_torch_is_kept(obtain, wheels, monkeypatch, tmp_path):
    """A worker writes nothing into an environment: it would compile all of torch each time."""
    monkeypatch.setattr(release, "_UNDECLARED", {})
    # Also where an earlier run left that out.
    monkeypatch.setattr(release, "_keep_compiled", lambda _: None)
    obtain(replace(SPEC, torch="0.1"), PIP_FIND_LINKS=wheels.as_uri())
    assert not list((tmp_path / "cache").rglob("torch/__pycache__/*.pyc"))
    monkeypatch.undo()
    obtain(replace(SPEC, torch="0.1"))
    (compiled,) = (tmp_path / "cache").rglob("torch/__pycache__/*.pyc")
    compiled.unlink()
    obtain(replace(SPEC, torch="0.1"))
    assert not compiled.exists()  # it was done once


def test_a_torch_that_does_not_import_is_not_the_installations_concern(obtain, wheels, monkeypatch, tmp_path):
    monkeypatch.setattr(release, "_UNDECLARED", {})
    python = obtain(replace(SPEC, torch="0.1"), PIP_FIND_LINKS=wheels.as_uri()).python
    (module,) = (tmp_path / "cache").rglob("torch/__init__.py")
    (Path(python).parents[2] / "compiled").unlink()
    module.unlink()
    module.write_text("raise ImportError('no driver')\n")
    assert obtain(replace(SPEC, torch="0.1")).python == python


def test_a_torch_that_was_damaged_is_installed_again(obtain, wheels, monkeypatch, tmp_path):
    monkeypatch.setattr(release, "_UNDECLARED", {})
    spec, links = replace(SPEC, torch="0.1"), wheels.as_uri()
    python = obtain(spec, PIP_FIND_LINKS=links).python
    (module,) = (tmp_path / "cache").rglob("torch/__init__.py")
    module.unlink()
    assert obtain(spec, PIP_FIND_LINKS=links).python == python
    assert module.exists()
    module.unlink()
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(spec)
    name = Path(python).parents[2].name
    text = sentence(caught)
    assert text.startswith(f"the cached environment {name} was damaged (env/lib/python3.")
    assert "/torch/__init__.py is gone), and building it again failed: torch==0.1 cannot be installed" in text
    assert text.endswith(f"(when that is mended, `opfixtures cache clean {name}` removes what is left)")


def test_no_such_release_is_one_sentence(obtain):
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(replace(SPEC, torch="99"))
    text = sentence(caught)
    assert text.startswith("torch==99 cannot be installed for Python 3.")
    assert "there is no version of torch==99" in text or "torch was not found" in text
    assert "check the network" in text


def test_a_failed_installation_leaves_nothing(obtain, tmp_path):
    with pytest.raises(RuntimeUnavailable):
        obtain()
    assert sorted(path.suffix for path in (tmp_path / "cache" / "releases").iterdir()) == [""]


def test_no_network_is_one_sentence(obtain):
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(UV_OFFLINE="0", UV_DEFAULT_INDEX="http://127.0.0.1:9/simple", UV_HTTP_RETRIES="0")
    assert "http://127.0.0.1:9/simple/torch/" in sentence(caught)


def test_an_index_of_the_settings_is_asked(obtain):
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(
            replace(SPEC, index_url="http://127.0.0.1:9/mine"),
            UV_OFFLINE="0",
            UV_DEFAULT_INDEX="http://127.0.0.1:9/simple",
            UV_HTTP_RETRIES="0",
        )
    assert "http://127.0.0.1:9/mine/" in sentence(caught)


def test_no_such_python_is_one_sentence(obtain):
    with pytest.raises(RuntimeUnavailable) as caught:
        obtain(replace(SPEC, python="3.99"))
    text = sentence(caught)
    assert text.startswith("no Python 3.99 for torch==1.5.1: install it (pyenv install 3.99, ")
    assert "(uv: No interpreter found for Python 3.99" in text


@pytest.mark.parametrize(
    "output",
    [
        "Using Python 3.8\nerror: No way\n  cause: Because of it\n\nhint: no\n",
        "Using Python 3.8\n  \u00d7 No way\n  \u2570\u2500\u25b6 Because\n      of it\n",
        "error: No way\n  Caused by: Because of it\n",
    ],
)
def test_the_causes_that_uv_names_are_told(output):
    said = release._uv_said(CommandError(("uv",), "exit status 1", output))
    assert said.replace("Because: of", "Because of") == "No way: Because of it"


def test_what_uv_says_otherwise_is_told_as_it_is():
    assert release._uv_said(CommandError(("uv",), "SIGKILL")) == "`uv` failed (SIGKILL)"


@pytest.mark.parametrize("version", ["../1.5.1", "1.5.1 ", "", "--help", "latest"])
def test_what_is_no_version_of_torch_is_a_configuration_error(obtain, version):
    with pytest.raises(ConfigurationError, match="runtime 'old': torch must be a version, not "):
        obtain(replace(SPEC, torch=version))


@pytest.mark.parametrize("version", ["/usr/bin/python3", "3", "pypy3.9", "3.8/../x"])
def test_what_is_no_version_of_python_is_a_configuration_error(obtain, version):
    with pytest.raises(ConfigurationError, match="runtime 'old': python must be a version, not "):
        obtain(replace(SPEC, python=version))


def test_without_uv_its_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(RuntimeUnavailable, match=r"pip install 'opfixtures\[generate\]'"):
        find_uv({"PATH": str(tmp_path)})
    uv = tmp_path / "uv"
    uv.write_text("")
    uv.chmod(0o755)
    assert find_uv({"PATH": str(tmp_path)}) == str(uv)


def test_the_environment_of_uv_is_the_users():
    user = {
        "PIP_FIND_LINKS": "/a /b",
        "PIP_INDEX_URL": "https://x",
        "PYTHONPATH": "p",
        "GIT_DIR": "g",
        "A": "a",
    }
    assert uv_environment(user) == {
        "PIP_FIND_LINKS": "/a /b",
        "PIP_INDEX_URL": "https://x",
        "UV_FIND_LINKS": "/a,/b",
        "UV_DEFAULT_INDEX": "https://x",
        "A": "a",
    }


def test_what_the_user_tells_uv_stays():
    user = {"PIP_FIND_LINKS": "/a", "PIP_INDEX_URL": "b", "UV_FIND_LINKS": "c", "UV_DEFAULT_INDEX": "d"}
    assert uv_environment(user) == user


def test_nothing_of_github_reaches_what_is_installed():
    given = {
        "GITHUB_TOKEN": "t",
        "GITHUB_ENV": "/e",
        "ACTIONS_RUNTIME_TOKEN": "a",
        "RUNNER_TEMP": "/r",
        "PATH": "/p",
    }
    assert release.uv_environment(given) == {"PATH": "/p"}


def test_only_a_torch_alone_that_was_made_is_installed(obtain, wheels, tmp_path):
    spec, cache = replace(SPEC, torch="3.0"), str(tmp_path / "cache")
    add_wheel(wheels, "torch", "3.0")
    assert not is_installed(spec, cache)
    obtain(spec, UV_FIND_LINKS=str(wheels))
    assert is_installed(spec, cache)
    assert not is_installed(replace(spec, packages=(Pin("mylib", "1.2"),)), cache)
    assert not is_installed(replace(spec, torch=None), cache)
