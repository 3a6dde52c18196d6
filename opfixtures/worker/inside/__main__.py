"""The worker's first steps. To import this file isolates the process that does."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from .answers import take_stdout
from .isolation import isolate

take_stdout()
# All but the worker itself comes from the runtime.
ARCHIVE = sys.path.pop(0)
# Before torch, because Linux gives no user namespace to a process with threads.
isolate(os.environ["HOME"])
# Nearly all that an import makes stays: it is looked through when the job starts, and not time and again before.
gc.disable()

from .job import do_job  # noqa: E402


def main() -> None:
    """Do the job, now that all of this package is imported."""
    forget_archive()
    do_job()


def forget_archive() -> None:
    """Leave Python no way back to the archive, in whose place untrusted code can put another.

    torch formats stacks (torch/cuda/__init__.py, `_lazy_call`): Python asks the loader of each module in them for its
    source. And importlib.invalidate_caches() has each finder read its archive again.
    """
    for name, module in list(sys.modules.items()):
        if name == "__main__" or name.partition(".")[0] == __package__:
            spec: Any = module.__spec__
            spec.loader = module.__loader__ = None
    for path in list(sys.path_importer_cache):
        if path == ARCHIVE or path.startswith(ARCHIVE + os.sep):
            del sys.path_importer_cache[path]
