"""Whether what torch.save wrote holds tensors and plain values alone, so that to load it executes nothing else.

torch reads such a file with an unpickler that takes a few names only, and, where that fails, with one that takes all
(`deserialize_torch_artifact` in torch/_export/serde/serialize.py). Those few are named here, and nothing is executed.
"""

from __future__ import annotations

import pickletools
import re

from opfixtures.archives.hostile_zip import ZipError
from opfixtures.archives.model import ArchiveError
from opfixtures.archives.stored_zip import stored_members

# Without the elements of tensors, which stand beside it.
MAX_PICKLE = 1 << 20
# Of what torch.save writes (torch/serialization.py); constants.pkl would make a TorchScript archive of it.
_MEMBER = re.compile(
    r"data\.pkl|data/[0-9]{1,6}|byteorder|version|\.format_version|\.storage_alignment|\.data/serialization_id"
)
_NAMES = frozenset(
    {
        "collections OrderedDict",
        # A tensor with sizes that are marked as dynamic, which are in sets.
        "torch._tensor _rebuild_from_type_v2",
        "torch Tensor",
        "builtins set",
        "__builtin__ set",
        "torch._utils _rebuild_parameter",
        "torch._utils _rebuild_parameter_with_state",
        "torch._utils _rebuild_tensor_v2",
        "torch.serialization _get_layout",
        "torch device",
        "torch Size",
        *(
            f"torch {kind}Storage"
            for kind in (
                *("Bool", "Byte", "Char", "Short", "Int", "Long", "Half", "BFloat16", "Float", "Double"),
                *("ComplexFloat", "ComplexDouble", "Untyped"),
            )
        ),
    }
)
_DTYPES = re.compile(
    r"torch (bool|u?int(8|16|32|64)|b?float(16|32|64)|complex(64|128)|strided|contiguous_format)"
)
# Those that bring in a name, or take one from the stack or from a table of the process.
_BRINGING = frozenset({"GLOBAL"})
_REFUSED = frozenset({"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID"})


def check_tensors(name: str, content: bytes) -> None:
    """Raise ArchiveError unless the member `name` holds tensors and plain values alone."""
    try:
        members = stored_members(content, "it has a member that torch.save does not write")
    except ZipError as error:
        raise ArchiveError(f"its {name}: {error}") from error
    inside = {member.partition("/")[2]: one for member, one in members.items()}
    if len({member.partition("/")[0] for member in members}) != 1 or "data.pkl" not in inside:
        raise ArchiveError(f"its {name} is not what torch.save writes")
    strange = next((member for member in inside if _MEMBER.fullmatch(member) is None), None)
    if strange is not None:
        raise ArchiveError(f"its {name} has a member that torch.save does not write: {strange[:80]!r}")
    _check_pickle(name, inside["data.pkl"])


def _check_pickle(name: str, pickled: bytes) -> None:
    if len(pickled) > MAX_PICKLE:
        raise ArchiveError(f"the pickle of its {name} has {len(pickled)} bytes (at most {MAX_PICKLE})")
    try:
        for opcode, argument, _ in pickletools.genops(pickled):
            brings = opcode.name in _BRINGING
            if opcode.name in _REFUSED or (brings and not _is_tensors(str(argument))):
                what = str(argument)[:80] if brings else opcode.name
                raise ArchiveError(f"its {name} holds more than tensors and plain values: {what!r}")
    except ArchiveError:
        raise
    # Hostile bytes meet whatever pickletools raises, among it errors of struct and of codecs.
    except Exception as error:
        raise ArchiveError(f"its {name} holds no pickle: {str(error)[:200]}") from error


def _is_tensors(name: str) -> bool:
    return name in _NAMES or _DTYPES.fullmatch(name) is not None
