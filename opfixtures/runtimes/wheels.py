"""Which wheels of torch there are, and what of a user's environment keeps uv from them."""

from __future__ import annotations

import re
from collections.abc import Mapping

CPU_ONLY = "--torch-backend=cpu"
"""Has uv take what belongs to PyTorch from PyTorch's own index of CPU builds (https://docs.astral.sh/uv/guides/integration/pytorch/)."""

# As `uv pip install --dry-run --no-deps --python-platform ... torch==...` finds them, on PyPI.
_FIRST = {
    ("Linux", "aarch64"): (1, 8, 0),
    ("Darwin", "arm64"): (1, 9, 0),
}
_NEVER = {("Linux", "aarch64"): {(1, 9, 1)}, ("Darwin", "arm64"): {(1, 9, 1)}}
_LAST = {("Darwin", "x86_64"): (2, 2, 2)}
_NAMES = {"aarch64": "Linux on aarch64", "arm64": "macOS on ARM", "x86_64": "macOS on Intel"}

# Each can have uv find nothing, or not what a release needs (https://docs.astral.sh/uv/reference/environment/);
# those of pip are handed to uv.
_IN_THE_WAY = (
    "UV_CONFIG_FILE",
    "UV_CONSTRAINT",
    "UV_DEFAULT_INDEX",
    "UV_EXCLUDE_NEWER",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_INDEX",
    "UV_INDEX_STRATEGY",
    "UV_INDEX_URL",
    "UV_NO_BINARY",
    "UV_NO_BINARY_PACKAGE",
    "UV_OFFLINE",
    "UV_OVERRIDE",
    "UV_PRERELEASE",
    "UV_REQUIRE_HASHES",
    "UV_RESOLUTION",
    "UV_TORCH_BACKEND",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
)


def has_cuda_on_pypi(torch: str, system: str) -> bool:
    """Whether PyPI's wheel of a release brings CUDA as packages of its own, gigabytes of them: on Linux from 1.13 on.

    `system` is that of `platform.system()`; a version that names its build (`2.13.0+cu130`) is taken as it is.
    """
    return system == "Linux" and "+" not in torch.removesuffix("+cpu") and _numbers(torch) >= (1, 13)


def why_no_wheel(torch: str, system: str, machine: str) -> str | None:
    """Why PyPI has no wheel of a release for a machine, with those that it has; None where nothing is known.

    `system` and `machine` are those of `platform`.
    """
    place, numbers = (system, machine), _numbers(torch)
    name = _NAMES.get(machine)
    if place in _FIRST and (numbers < _FIRST[place] or numbers in _NEVER[place]):
        first = ".".join(map(str, _FIRST[place]))
        return f"for {name} PyPI has torch {first}, 1.10.0 and later, and not {torch}"
    if place in _LAST and numbers > _LAST[place]:
        return f"for {name} PyPI has torch up to {'.'.join(map(str, _LAST[place]))}, and not {torch}"
    return None


def in_the_way(environment: Mapping[str, str]) -> list[str]:
    """The variables of a user that decide what uv can install, by name."""
    return [name for name in _IN_THE_WAY if environment.get(name)]


def _numbers(torch: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", torch.partition("+")[0])[:3])
