"""The schemas of whole releases of torch, and programs that run there."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from tests.releases import python_of

RELEASES = ("2.13.0", "1.11.0")
# Those of the dispatcher, and all of aten: what an entry of a version map can be about.
SCHEMAS = """
import json, torch

def is_of_dispatcher(name):
    try:
        return "debug: registered at" in torch._C._dispatch_dump(name)
    except RuntimeError:
        return False

found = []
for schema in torch._C._jit_get_all_schemas():
    name = schema.name + ("." + schema.overload_name if schema.overload_name else "")
    if name.startswith("aten::") or is_of_dispatcher(name):
        found.append([str(schema), is_of_dispatcher(name)])
print(json.dumps(found))
"""


@cache
def schemas_of(release: str) -> tuple[tuple[str, bool], ...]:
    """The schemas of a release, in its order, and whether the dispatcher has them."""
    return tuple((text, own) for text, own in in_torch(release, SCHEMAS))


def in_torch(release: str, program: str, file: Path | None = None) -> Any:
    """What a program prints as JSON in a release of torch; it gets the path of `file`."""
    argv = [python_of(release), "-W", "ignore", "-c", program, *([str(file)] if file else [])]
    return json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
