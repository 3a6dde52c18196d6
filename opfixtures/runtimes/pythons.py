"""Finds a Python of a version on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping


def find_python(version: str, environment: Mapping[str, str]) -> str | None:
    """The path of a Python of `version`, `3.8` or `3.8.18`; None where there is none.

    pyenv's own folders are looked into: its shims stand on PATH for every version it has, and fail for those
    that are not selected. uv stops at such a shim (https://github.com/astral-sh/uv/issues/1640).
    """
    return next((path for path in _candidates(version, environment) if _is_python(path, version)), None)


def _candidates(version: str, environment: Mapping[str, str]) -> Iterator[str]:
    yield sys.executable
    minor = ".".join(version.split(".")[:2])
    on_path = shutil.which(f"python{minor}", path=environment.get("PATH"))
    if on_path:
        yield on_path
    home = environment.get("HOME") or os.path.expanduser("~")
    versions = os.path.join(environment.get("PYENV_ROOT") or os.path.join(home, ".pyenv"), "versions")
    for name in sorted(os.listdir(versions), reverse=True) if os.path.isdir(versions) else ():
        if name.startswith(minor + "."):
            yield os.path.join(versions, name, "bin", "python")


def _is_python(path: str, version: str) -> bool:
    command = [path, "-I", "-c", "import platform; print(platform.python_version())"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = done.stdout.decode(errors="replace").strip()
    return done.returncode == 0 and f"{found}.".startswith(f"{version}.")
