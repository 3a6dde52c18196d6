"""What of a package is installed is told by its files, whoever asks and wherever they are."""

from __future__ import annotations

import hashlib
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from opfixtures.errors import RuntimeUnavailable
from opfixtures.records.record import RecordedPackage
from opfixtures.runtimes.installed import installed_package

DOCS = Path(__file__).parents[2] / "docs" / "libraries.md"
INFO = "my_lib-1.2.dist-info"
FILES = {
    "my_lib/__init__.py": b"x = 1\n",
    "my_lib/two words \xc3\xa9.txt".encode("latin-1").decode(): b"",
    f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: My.Lib\nVersion: 1.2\n",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n",
}
OF_THE_INSTALLER = (f"{INFO}/INSTALLER", f"{INFO}/REQUESTED", f"{INFO}/direct_url.json", "my_lib/x.pyc")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder in which somebody installed the package, who wrote more files, and a script elsewhere."""
    folder = tmp_path / "env" / "lib" / "site-packages"
    for name, content in {**FILES, **dict.fromkeys(OF_THE_INSTALLER, b"mine")}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    names = [*FILES, *OF_THE_INSTALLER, "../../bin/script", "/etc/passwd", f"{INFO}/RECORD"]
    (folder / INFO / "RECORD").write_text("".join(f"{name},,\n" for name in names), encoding="utf-8")
    return folder


def test_the_hash_is_what_the_docs_have_sha256sum_write_of_the_wheel(packages: Path, tmp_path: Path) -> None:
    wheel, unpacked = tmp_path / "my_lib-1.2-py3-none-any.whl", tmp_path / "unpacked"
    with zipfile.ZipFile(wheel, "w") as file:
        for name, content in FILES.items():
            file.writestr(name, content)
        file.writestr(f"{INFO}/RECORD", "")
    zipfile.ZipFile(wheel).extractall(unpacked)
    (line,) = re.findall(r"^\$ (find .*)$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    listing, _, last = line.rpartition(" | ")
    listed = subprocess.run(("bash", "-c", listing), cwd=unpacked, check=True, capture_output=True).stdout

    assert last == "sha256sum"
    assert listed.count(b"\n") == len(FILES)
    assert installed_package(str(packages), "my-lib") == RecordedPackage(
        "my-lib", "1.2", hashlib.sha256(listed).hexdigest()
    )


def test_another_file_is_another_hash(packages: Path) -> None:
    before = installed_package(str(packages), "my-lib")
    (packages / "my_lib" / "__init__.py").write_text("x = 2\n")
    assert installed_package(str(packages), "my-lib").sha256 != before.sha256


def test_a_package_that_is_not_there_is_one_sentence(packages: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"^other was installed, and .* has nothing of that name"):
        installed_package(str(packages), "other")


def test_a_file_that_is_gone_is_one_sentence(packages: Path) -> None:
    (packages / "my_lib" / "__init__.py").unlink()
    with pytest.raises(RuntimeUnavailable, match=r"^my-lib cannot be read: .*__init__\.py: No such file"):
        installed_package(str(packages), "my-lib")
