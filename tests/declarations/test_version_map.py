"""A version map is read as its file name says, from bytes."""

from __future__ import annotations

import subprocess
import sys

from opfixtures.declarations.place import Place
from opfixtures.declarations.version_map import read_version_map

CPP = b"""\
static std::unordered_map<std::string, std::vector<UpgraderEntry>> operatorVersionMap(
    {{"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}}});
"""
PYTHON = b"""OPERATOR_VERSIONS = {
    "mylib::scale": [{"bumped_at_version": 4, "upgrader_name": "scale_0_3", "old_schema": "mylib::scale()"}],
}
"""


def test_the_file_name_says_how_a_map_is_read() -> None:
    for suffix in (".cpp", ".cc", ".cxx", ".h", ".hpp"):
        (entry,) = read_version_map(f"map{suffix}", CPP).entries
        assert entry.place == Place(f"map{suffix}", 2, 22)
    (entry,) = read_version_map("map.py", PYTHON).entries
    assert entry.place == Place("map.py", 2, 22)
    (problem,) = read_version_map("map.txt", CPP).problems
    assert problem.place == Place("map.txt", 1, 1)
    assert all(suffix in problem.message for suffix in (".py", ".cpp", ".cc", ".cxx", ".h", ".hpp"))


def test_a_byte_order_mark_takes_no_column() -> None:
    line = CPP.replace(b"\n", b" ")
    assert read_version_map("map.cpp", b"\xef\xbb\xbf" + line) == read_version_map("map.cpp", line)
    assert read_version_map("map.py", b"\xef\xbb\xbf" + PYTHON) == read_version_map("map.py", PYTHON)


def test_only_the_reader_of_its_language_is_imported() -> None:
    script = (
        "import sys; from opfixtures.declarations.version_map import read_version_map;"
        "read_version_map('map.cpp', b''); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    imported = run.stdout.split()
    assert "opfixtures.declarations.cpp_version_map" in imported
    assert "opfixtures.declarations.python_version_map" not in imported
