"""Keeps old models working: gives torch this library's upgraders when it is imported.

Two limits are torch's own, up to 2.13 at least:

* `bumped_at_version` goes from 4 to 10. What no operator has bumped is stamped 3, and torch refuses to load an
  archive stamped above the version it produces itself ("maximum supported version for reading is 10").
* The stamp is one for the whole archive. An old model that also calls an operator which torch bumped later, such as
  `aten::gelu` at 10, is stamped with that: an upgrader of version 4 is not applied to it.

The lite interpreter applies no upgraders but those compiled into torch.
"""

import io

import torch

from .operator_versions import OPERATOR_VERSIONS

UPGRADERS = ""


def register():
    """Add the upgraders and the version map to torch's own."""
    # torch fills its table when it first loads a module, and would drop what is there by then.
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Identity()), buffer)
    buffer.seek(0)
    torch.jit.load(buffer)
    functions = torch.jit.CompilationUnit(UPGRADERS)
    for operator, entries in OPERATOR_VERSIONS.items():
        for entry in entries:
            name = entry["upgrader_name"]
            torch._C._test_only_populate_upgraders({name: str(getattr(functions, name).graph)})
            torch._C._test_only_add_entry_to_op_version_map(
                operator, torch._C._UpgraderEntry(entry["bumped_at_version"], name, entry["old_schema"])
            )


register()
