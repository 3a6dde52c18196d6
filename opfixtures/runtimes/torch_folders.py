"""Where the running interpreter has its torch. Also a program of its own, `python -I torch_folders.py`.

action.yml has the Python of the workflow say it, which has no opfixtures: standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import sys


def torch_folders() -> tuple[str, ...]:
    """The folder that holds torch, and those that may hold what it imports; none where there is no torch."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return ()
    sites = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    return tuple(dict.fromkeys([os.path.dirname(os.path.dirname(found.origin)), *sites]))


if __name__ == "__main__":
    sys.stdout.writelines(f"{folder}\n" for folder in torch_folders())
