"""The runtime `release`: a released torch in an environment made by uv."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from opfixtures.errors import ConfigurationError, RuntimeUnavailable
from opfixtures.repository.git import without_git
from opfixtures.runtimes.cache import built_once
from opfixtures.runtimes.cache_entries import FOLDERS
from opfixtures.runtimes.commands import CommandError, run_logged
from opfixtures.runtimes.model import Runtime
from opfixtures.runtimes.pythons import find_python
from opfixtures.settings.runtime_spec import RuntimeSpec

PYTHON = os.path.join("env", "bin", "python")
_COMPILED = "compiled"
# What releases before 2.0 import without naming it: numpy up to 1.8.1, typing_extensions from there on, and
# by 1.10 pkg_resources, which asks for this pin (https://setuptools.pypa.io/en/latest/pkg_resources.html).
_UNDECLARED = ("numpy<2", "setuptools<81", "typing_extensions")


def obtain_release(
    spec: RuntimeSpec, environment: Mapping[str, str], cache: str, tell: Callable[[str], None]
) -> Runtime:
    """An environment with the torch of `spec`, from the cache or made now.

    Raises:
        ConfigurationError: `torch` or `python` is not a version.
        RuntimeUnavailable: uv, the Python or the release cannot be had.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    torch = _version(spec, "torch", spec.torch or "", r"\d[\w.+!]*")
    python = _version(spec, "python", spec.python or own, r"\d+\.\d+(\.\d+)?")

    def build(folder: str) -> None:
        tell(f"installing torch {torch} for Python {python}")
        _install(_requirements(torch), python, spec.index_url, folder, environment)

    source = hashlib.sha256((spec.index_url or "").encode()).hexdigest()[:8] if spec.index_url else "default"
    key = f"torch-{torch}-python-{python}-{source}"
    folder = built_once(os.path.join(cache, FOLDERS["release"]), key, build, PYTHON, tell)
    _keep_compiled(folder)
    return Runtime("release", f"torch {torch}", os.path.join(folder, PYTHON))


def _version(spec: RuntimeSpec, key: str, text: str, pattern: str) -> str:
    # It becomes part of paths and arguments.
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ConfigurationError(f"runtime {spec.name!r}: {key} must be a version, not {text!r}")
    return text


def _requirements(torch: str) -> list[str]:
    old = torch.startswith(("0.", "1."))
    return [f"torch=={torch}", *(_UNDECLARED if old else ())]


def _install(
    requirements: list[str],
    version: str,
    index_url: str | None,
    folder: str,
    environment: Mapping[str, str],
) -> None:
    uv = find_uv(environment)
    own = uv_environment(environment)
    # Where it runs uv reads the settings of that folder and of those above, which may be a repository's
    # (https://docs.astral.sh/uv/concepts/configuration-files/): no repository holds this one.
    apart, env = os.path.abspath(os.sep), os.path.join(os.path.abspath(folder), "env")
    log = os.path.join(folder, "install.log")
    python = find_python(version, environment) or version
    try:
        run_logged([uv, "venv", "--no-project", "--python", python, env], apart, own, log)
    except CommandError as error:
        raise RuntimeUnavailable(
            f"no Python {version} for {requirements[0]}: install it (pyenv install {version}, or uv python"
            f" install {version}), or name another in the runtime's `python` (uv: {_uv_said(error)})"
        ) from error
    index = [f"--index={index_url}"] if index_url else []
    try:
        command = [uv, "pip", "install", "--python", os.path.join(folder, PYTHON), *index, *requirements]
        run_logged(command, apart, own, log)
    except CommandError as error:
        raise RuntimeUnavailable(
            f"{requirements[0]} cannot be installed for Python {version}: check the network, and the"
            f" runtime's `torch`, `python` and `index-url` (uv: {_uv_said(error)})"
        ) from error


def _uv_said(error: CommandError) -> str:
    """uv's error with its causes, which stand on the lines below, in one line. Older ones draw a tree."""
    after = re.search(r"(?ms)^\s*(?:error:|\u00d7) *(.+?)(?:\n\s*\n|\Z)", error.output)
    if after is None:
        return str(error)
    causes = [re.sub(r"^\W*(?:cause:|Caused by:)?\s*", "", line) for line in after.group(1).splitlines()]
    return ": ".join(cause for cause in causes if cause)[:300]


def _keep_compiled(folder: str) -> None:
    """Import torch once, so that Python keeps what it compiles of it.

    uv compiles nothing, and a worker writes nothing into an environment: each would compile all of torch again,
    which takes as long as the import itself.
    """
    done = os.path.join(folder, _COMPILED)
    if os.path.exists(done):
        return
    # A torch that does not import is told by the worker; a cache that cannot be written is slower.
    with suppress(CommandError, OSError):
        argv = [os.path.join(folder, PYTHON), "-s", "-W", "ignore", "-c", "import torch"]
        run_logged(argv, folder, {"PATH": os.defpath}, os.path.join(folder, "install.log"))
        with open(done, "w"):
            pass


def find_uv(environment: Mapping[str, str]) -> str:
    """The path of uv: of `opfixtures[generate]`, else on PATH. Raises RuntimeUnavailable."""
    try:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv", path=environment.get("PATH"))
    if found is None:
        raise RuntimeUnavailable("uv is needed to install a release: pip install 'opfixtures[generate]'")
    return found


def uv_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of uv: the user's, and where pip has been told to look, uv looks too.

    The variables are those of https://docs.astral.sh/uv/reference/environment/; pip separates links by white
    space, uv by commas.
    """
    own = without_git(environment)
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
        own.pop(name, None)
    if "UV_FIND_LINKS" not in own and own.get("PIP_FIND_LINKS"):
        own["UV_FIND_LINKS"] = ",".join(own["PIP_FIND_LINKS"].split())
    if "UV_DEFAULT_INDEX" not in own and "UV_INDEX_URL" not in own and own.get("PIP_INDEX_URL"):
        own["UV_DEFAULT_INDEX"] = own["PIP_INDEX_URL"]
    return own
