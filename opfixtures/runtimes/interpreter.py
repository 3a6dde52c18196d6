"""The runtime `interpreter`: a Python that the user names, with the torch that is in it: a source build, a nightly."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from opfixtures.errors import RuntimeUnavailable
from opfixtures.runtimes.model import Runtime
from opfixtures.settings.runtime_spec import RuntimeSpec


def obtain_interpreter(spec: RuntimeSpec, root: str, environment: Mapping[str, str]) -> Runtime:
    """The Python of `spec`: a path, from the folder of its settings or from `~`, or a command on PATH.

    An operator module has to come from its environment. Raises RuntimeUnavailable if there is no such Python.
    """
    named = spec.python or ""
    if "/" in named:
        path = os.path.join(root, spec.folder, os.path.expanduser(named))
        found = path if os.path.isfile(path) and os.access(path, os.X_OK) else None
    else:
        found = shutil.which(named, path=environment.get("PATH"))
    if found is None:
        raise RuntimeUnavailable(
            f"runtime {spec.name!r}: there is no Python {named!r}: give the path of one that imports torch"
        )
    # Not resolved: a virtual environment's Python is a link to another one.
    home = os.path.dirname(os.path.dirname(os.path.abspath(found)))
    return Runtime(
        "interpreter", spec.name, os.path.abspath(found), operator_module=spec.module, homes=(home,)
    )
