"""Released torches, installed by uv in the user's cache; today's is the one that runs the tests."""

from __future__ import annotations

import os
import sys
from functools import cache

from opfixtures.runtimes.cache import cache_root
from opfixtures.runtimes.release import obtain_release
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.version_range import VersionRange

TODAY = "2.13.0"


@cache
def python_of(release: str) -> str:
    """The Python of a release."""
    if release == TODAY:
        return sys.executable
    spec = RuntimeSpec("release", "old", VersionRange(), release, "3.8", None, (), None)
    return obtain_release(spec, os.environ, cache_root(os.environ), print).python
