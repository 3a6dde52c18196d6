"""The releases of torch that benchmarks run in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from opfixtures.runtimes import Runtime
from opfixtures.runtimes.cache import cache_root
from opfixtures.runtimes.release import obtain_release
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.version_range import VersionRange

PYTHONS = {"1.5.1": "3.8", "1.9.1": "3.8", "1.11.0": "3.8", "2.13.0": "3.11"}


def tell(text: str) -> None:
    """What takes long, to the error stream."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def release(
    torch: str, python: str | None = None, name: str | None = None, told: Callable[[str], None] = tell
) -> Runtime:
    """A release in its own environment, which is made where it is missing. Raises RuntimeUnavailable."""
    spec = RuntimeSpec(
        "release", name or torch, VersionRange(), torch, python or PYTHONS[torch], None, (), None
    )
    return obtain_release(spec, os.environ, cache_root(os.environ), told)
