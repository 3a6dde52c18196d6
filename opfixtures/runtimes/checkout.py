"""The runtime `checkout`: the repository's own code, of a commit or the work tree, built in an environment.

This is how a library of custom operators gets its old operators back. The torch is that of a release if the
runtime's settings name one, else that of the running interpreter, seen through a path file and never
installed twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from opfixtures.errors import RuntimeUnavailable
from opfixtures.repository.git import Repository
from opfixtures.runtimes.cache import built_once
from opfixtures.runtimes.cache_entries import FOLDERS
from opfixtures.runtimes.commands import CommandError, run_logged
from opfixtures.runtimes.model import Runtime
from opfixtures.runtimes.release import PYTHON, obtain_release, uv_environment
from opfixtures.runtimes.side_checkout import check_out, content_of, work_tree_state
from opfixtures.runtimes.step import Step, seconds_last_time
from opfixtures.runtimes.torch_folders import torch_folders
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.sources import Sources
from opfixtures.worker.scratch import kept_log, scratch_folder

_LOG = "log"
# Bumped when what this file builds changes.
_RECIPE = 3
# Pythons for which virtualenv has no pip any more.
_NOT_BY_VIRTUALENV = ("3.6", "3.7", "3.8")


@dataclass(frozen=True, slots=True)
class _Base:
    """A Python to build with, its version, its torch's version, and the folders where that torch is found."""

    python: str
    python_version: str
    torch: str
    folders: tuple[str, ...]


def obtain_checkout(
    spec: RuntimeSpec,
    repository: Repository,
    commit: str | None,
    environment: Mapping[str, str],
    cache: str,
    tell: Callable[[str], None],
    sources: Sources,
) -> Runtime:
    """The library built from `commit`, or from the work tree if that is None; built once for what `sources` hold.

    Raises:
        GitError: the commit is not here.
        RuntimeUnavailable: there is no torch, or a setup command fails.
    """
    base = _base(spec, environment, cache, tell)
    with scratch_folder("opfixtures-objects-") as scratch:
        borrowed: tuple[str, ...] = ()
        if commit is None:
            tree, objects = work_tree_state(repository, scratch)
            borrowed, where = (objects,), "the work tree"
        else:
            tree, where = commit, f"commit {commit[:12]}"

        def build(folder: str) -> None:
            last = seconds_last_time(os.path.dirname(folder), f"{name}-")
            with scratch_folder("opfixtures-setup-") as scratch:
                log = os.path.join(scratch, _LOG)
                tell(Step(f"building {where}", where, log=log, expected=last))
                check_out(repository, tree, os.path.join(folder, "tree"), *borrowed)

                def of_command(sentence: str) -> None:
                    tell(Step(sentence, where, log=log, expected=last))

                _build(spec, base, folder, scratch, environment, where, of_command)

        content = content_of(repository, tree, sources, *borrowed)
        recipe = [_RECIPE, content, spec.folder, spec.setup, spec.module, astuple(base)]
        digest = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:32]
        # A name for people before it: where it is typed, what begins like one is enough.
        name = re.sub(r"[^A-Za-z0-9_.]", "", spec.module or "")[:40] or "checkout"
        key = f"{name}-{digest}"
        folder = built_once(os.path.join(cache, FOLDERS["checkout"]), key, build, PYTHON, tell)
    return Runtime(
        kind="checkout",
        name=f"{where} with torch {base.torch}",
        python=os.path.join(folder, PYTHON),
        operator_module=spec.module,
        homes=(os.path.join(folder, "env"), os.path.join(folder, "tree")),
        commit=commit,
    )


def _base(
    spec: RuntimeSpec, environment: Mapping[str, str], cache: str, tell: Callable[[str], None]
) -> _Base:
    if spec.torch is not None:
        python = obtain_release(spec, environment, cache, tell).python
        return _Base(python, spec.python or "", spec.torch, (_purelib(python),))
    folders = torch_folders()
    if not folders:
        raise RuntimeUnavailable(
            "no torch to build a checkout with: pip install 'opfixtures[torch]', or name a release in the"
            " runtime's `torch`; in a workflow, pip install torch for the Python that input `python` names"
        )
    try:
        own_version = version("torch")
    except PackageNotFoundError:
        own_version = "of the running interpreter"
    return _Base(sys.executable, platform.python_version(), own_version, folders)


def _purelib(python: str) -> str:
    question = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    command = [python, "-I", "-c", question]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return os.fsdecode(done.stdout[:-1])


def _build(
    spec: RuntimeSpec,
    base: _Base,
    folder: str,
    scratch: str,
    environment: Mapping[str, str],
    where: str,
    tell: Callable[[str], None],
) -> None:
    """The environment of a checkout, and the repository's setup commands in it. Of several each is a step."""
    env, tree = os.path.join(folder, "env"), os.path.join(folder, "tree")
    log, own = os.path.join(scratch, _LOG), _setup_environment(environment, env, scratch)
    try:
        run_logged(_making(base, env, scratch, with_pip=bool(spec.setup)), folder, own, log)
        path_file = os.path.join(_purelib(os.path.join(folder, PYTHON)), "opfixtures-torch.pth")
        with open(path_file, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.writelines(f"{path}\n" for path in base.folders)
        home = os.path.join(tree, spec.folder)
        if not os.path.isdir(home):
            raise RuntimeUnavailable(
                f"{where} has no folder {spec.folder} to build: name a commit that has it (--base)"
            )
        for number, command in enumerate(spec.setup, 1):
            if len(spec.setup) > 1:
                tell(f"setup command {number} of {len(spec.setup)} in {where}: {' '.join(command)}")
            run_logged(command, home, own, log)
    except CommandError as error:
        raise RuntimeUnavailable(
            f"{where} cannot be built: {error} (all output: {kept_log(log)})", error.last_lines
        ) from error


def _making(base: _Base, env: str, scratch: str, *, with_pip: bool) -> list[str]:
    """The command that makes an environment. virtualenv puts pip there in a tenth of the time that venv takes.

    It asks nobody for newer ones, and keeps nothing outside of `scratch`:
    https://virtualenv.pypa.io/en/latest/cli_interface.html
    """
    if not with_pip:
        return [base.python, "-I", "-m", "venv", "--without-pip", env]
    if find_spec("virtualenv") is None or base.python_version.startswith(_NOT_BY_VIRTUALENV):
        return [base.python, "-I", "-m", "venv", env]
    quiet = ["--quiet", "--no-download", "--no-periodic-update", "--app-data", os.path.join(scratch, "seeds")]
    return [sys.executable, "-P", "-m", "virtualenv", *quiet, "--python", base.python, env]


def _setup_environment(environment: Mapping[str, str], env: str, scratch: str) -> dict[str, str]:
    """The user's environment, in which the checkout's own Python comes first; nothing of git or GitHub.

    Temporary files go to `scratch`, with which they are removed."""
    own = uv_environment(environment)
    own["PATH"] = os.pathsep.join([os.path.join(env, "bin"), own.get("PATH", os.defpath)])
    own["VIRTUAL_ENV"] = env
    own["TMPDIR"] = scratch
    return own
