"""The runtime `release`: a released torch in an environment made by uv, and a library's own release beside it."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from opfixtures.errors import ConfigurationError, RuntimeUnavailable
from opfixtures.repository.git import without_git
from opfixtures.runtimes.cache import built_once
from opfixtures.runtimes.cache_entries import FOLDERS, LIBRARIES
from opfixtures.runtimes.commands import CommandError, run_logged
from opfixtures.runtimes.installed import installed_package
from opfixtures.runtimes.model import Runtime
from opfixtures.runtimes.pythons import find_python
from opfixtures.runtimes.step import Step, seconds_last_time
from opfixtures.runtimes.wheels import CPU_ONLY, has_cuda_on_pypi, in_the_way, why_no_wheel
from opfixtures.settings.runtime_spec import PYTHON as A_PYTHON
from opfixtures.settings.runtime_spec import RELEASE, RuntimeSpec
from opfixtures.worker.starting import EXECUTABLE_STACKS

PYTHON = os.path.join("env", "bin", "python")
_COMPILED = "compiled"
_LOG = "install.log"
# What releases before 2.0 import without naming it: numpy up to 1.8.1, typing_extensions from there on, and
# by 1.10 pkg_resources, which asks for this pin (https://setuptools.pypa.io/en/latest/pkg_resources.html).
# torch.export of 2.1 compares versions with packaging (torch/torch_version.py).
_UNDECLARED: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("0.", "1."): ("numpy<2", "setuptools<81", "typing_extensions"),
    ("2.1.",): ("packaging",),
}


def obtain_release(
    spec: RuntimeSpec, environment: Mapping[str, str], cache: str, tell: Callable[[str], None]
) -> Runtime:
    """An environment with the torch of `spec` and its packages, from the cache or made now.

    Raises:
        ConfigurationError: `torch` or `python` is not a version.
        RuntimeUnavailable: uv, the Python or the release cannot be had.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    torch = _version(spec, "torch", spec.torch or "", RELEASE)
    python = _version(spec, "python", spec.python or own, A_PYTHON)
    packages = "".join(f"{pin.name} {pin.version} with " for pin in spec.packages)

    def build(folder: str) -> None:
        what = f"installing {packages}torch {torch} for Python {python}"
        last = seconds_last_time(os.path.dirname(folder), "")
        tell(Step(what, log=os.path.join(folder, _LOG), expected=last))
        _install(spec, torch, python, folder, environment, tell)

    below = LIBRARIES if spec.packages else FOLDERS["release"]
    folder = built_once(os.path.join(cache, below), _key(spec, torch, python), build, PYTHON, tell)
    _keep_compiled(folder)
    path = os.path.join(folder, PYTHON)
    if not spec.packages:
        return Runtime("release", f"torch {torch}", path)
    (place,) = glob.glob(os.path.join(glob.escape(folder), "env", "lib", "python*", "site-packages"))
    return Runtime(
        "release",
        f"{packages}torch {torch}",
        path,
        operator_module=spec.module,
        homes=(os.path.join(folder, "env"),),
        packages=tuple(installed_package(place, pin.name) for pin in spec.packages),
    )


def is_installed(spec: RuntimeSpec, cache: str) -> bool:
    """Whether there is an environment of a torch alone for `spec`: to obtain it takes no time."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = _key(spec, spec.torch or "", spec.python or own)
    return not spec.packages and os.path.exists(os.path.join(cache, FOLDERS["release"], key, _COMPILED))


def _key(spec: RuntimeSpec, torch: str, python: str) -> str:
    """What an environment is kept by: another key wherever something else may be installed."""
    source = hashlib.sha256((spec.index_url or "").encode()).hexdigest()[:8] if spec.index_url else "default"
    # The CPU builds and PyPI's are one release: which of them is there, the machine decides.
    key = f"torch-{torch.removesuffix('+cpu')}-python-{python}-{source}"
    if not spec.packages:
        return key
    # A name for people before it, as for a checkout; the order of packages changes nothing.
    recipe = json.dumps([key, spec.index_url, sorted(map(str, spec.packages))])
    return f"{spec.packages[0].name[:40]}-{hashlib.sha256(recipe.encode()).hexdigest()[:32]}"


def _version(spec: RuntimeSpec, key: str, text: str, pattern: str) -> str:
    # It becomes part of paths and arguments.
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ConfigurationError(f"runtime {spec.name!r}: {key} must be a version, not {text!r}")
    return text


def _install(
    spec: RuntimeSpec,
    torch: str,
    version: str,
    folder: str,
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> None:
    """Have uv install torch and all packages at once: what does not go together is found out before that."""
    uv = find_uv(environment)
    own = uv_environment(environment)
    # Where it runs uv reads the settings of that folder and of those above, which may be a repository's
    # (https://docs.astral.sh/uv/concepts/configuration-files/): no repository holds this one.
    apart, env = os.path.abspath(os.sep), os.path.join(os.path.abspath(folder), "env")
    log = os.path.join(folder, _LOG)
    python = find_python(version, environment) or version
    pins = [f"torch=={torch}", *map(str, spec.packages)]
    try:
        run_logged([uv, "venv", "--no-project", "--python", python, env], apart, own, log)
    except CommandError as error:
        raise RuntimeUnavailable(
            f"no Python {version} for {pins[0]}: install it (pyenv install {version}, or uv python"
            f" install {version}), or name another in the runtime's `python` (uv: {_uv_said(error)})"
        ) from error
    undeclared = next((names for begins, names in _UNDECLARED.items() if torch.startswith(begins)), ())
    options = [f"--index={spec.index_url}"] if spec.index_url else []
    # What was released is had as a wheel: to build one would run what it says.
    options.append("--no-build")
    command = [uv, "pip", "install", "--python", os.path.join(folder, PYTHON), *options, *pins, *undeclared]
    if not spec.index_url and has_cuda_on_pypi(torch, platform.system()):
        command += _cpu_builds(command, own, folder, tell)
    try:
        run_logged(command, apart, own, log)
    except CommandError as error:
        raise RuntimeUnavailable(_why_not_installed(spec, pins, version, environment, error)) from error


def _cpu_builds(
    command: list[str], environment: Mapping[str, str], folder: str, tell: Callable[[str], None]
) -> list[str]:
    """The option that has uv take torch from PyTorch's index of CPU builds, if that has it; nothing else is fetched."""
    if environment.get("UV_TORCH_BACKEND"):
        return []
    asked = {"UV_HTTP_CONNECT_TIMEOUT": "10", **environment, "UV_HTTP_RETRIES": "0"}
    try:
        log = os.path.join(folder, "cpu.log")
        run_logged([*command, CPU_ONLY, "--dry-run"], os.path.abspath(os.sep), asked, log)
    except CommandError as error:
        tell(
            "PyTorch's index of CPU builds was no help: taking torch from the default index, where it may bring"
            f" gigabytes of CUDA (uv: {_uv_said(error)})"
        )
        return []
    return [CPU_ONLY]


def _why_not_installed(
    spec: RuntimeSpec, pins: list[str], version: str, environment: Mapping[str, str], error: CommandError
) -> str:
    keys = "`torch`, `packages`, `python`" if spec.packages else "`torch`, `python`"
    known = why_no_wheel(pins[0].partition("==")[2], platform.system(), platform.machine())
    user = in_the_way(environment)
    mend = [
        f"{known}: name one of those in the runtime's `torch`, or run this on Linux on x86-64"
        if known
        else f"check the network, and the runtime's {keys} and `index-url`",
        *([f"uv also follows {', '.join(user)} of your environment"] if user else []),
    ]
    return (
        f"{' with '.join(pins)} cannot be installed for Python {version}: {'; '.join(mend)}"
        f" (uv: {_uv_said(error)})"
    )


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
        run_logged(argv, folder, {"PATH": os.defpath, **EXECUTABLE_STACKS}, os.path.join(folder, _LOG))
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
    own = {
        name: value
        for name, value in without_git(environment).items()
        if not name.startswith(("GITHUB_", "ACTIONS_", "RUNNER_"))
    }
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
        own.pop(name, None)
    if "UV_FIND_LINKS" not in own and own.get("PIP_FIND_LINKS"):
        own["UV_FIND_LINKS"] = ",".join(own["PIP_FIND_LINKS"].split())
    if "UV_DEFAULT_INDEX" not in own and "UV_INDEX_URL" not in own and own.get("PIP_INDEX_URL"):
        own["UV_DEFAULT_INDEX"] = own["PIP_INDEX_URL"]
    return own
