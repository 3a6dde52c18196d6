"""Where a zip archive's directory is, and how long: the same, whoever reads it.

Python's zipfile looks for it in front of the end record, takes what stands before the archive for a prefix, and reads
all of it; torch's miniz goes where the records say, and reads as many members as they count (APPNOTE.TXT, 4.3.14 to
4.3.16). An archive in which these differ is two programs.
"""

from __future__ import annotations

import struct

_END, _LOCATOR, _END64 = 22, 20, 56
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_UNICODE_PATH = 0x7075


def layout_problem(data: bytes, members: int) -> str:
    """What lets two readers see two archives; empty where there is but one to see. `members` is how many stand in the
    directory, from its beginning to its end."""
    if not data.startswith(b"PK\x03\x04"):
        return "it does not begin with a member"
    end = len(data) - _END
    if end < 0 or data[end : end + 4] != b"PK\x05\x06" or data[-2:] != b"\0\0":
        return "it does not end with its end record"
    *counts, size, offset = struct.unpack_from("<HHII", data, end + 8)
    before = end
    locator = end - _LOCATOR
    if locator >= 0 and data[locator : locator + 4] == b"PK\x06\x07":
        before = locator - _END64
        (place,) = struct.unpack_from("<Q", data, locator + 8)
        if before < 0 or place != before or data[before : before + 4] != b"PK\x06\x06":
            return "its end record of 64 bits is not where it says"
        *counts64, size64, offset64 = struct.unpack_from("<QQQQ", data, before + 24)
        if size not in (_FULL_32, size64) or offset not in (_FULL_32, offset64):
            return "its two end records differ"
        size, offset = size64, offset64
        counts = [*counts64, *(count for count in counts if count != _FULL_16)]
    if any(count != members for count in counts):
        return "its end record counts other members than its directory has"
    return "" if offset + size == before else "its directory is not where it says"


def renames(extra: bytes) -> bool:
    """Whether an extra field gives a member another name, which not all readers take (4.6.9)."""
    at = 0
    while len(extra) - at >= 4:
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == _UNICODE_PATH:
            return True
        at += 4 + length
    return False
