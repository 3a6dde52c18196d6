"""A runtime of a library is used only if the library came from it."""

from types import SimpleNamespace
from typing import cast

import pytest

from opfixtures.errors import RuntimeUnavailable
from opfixtures.records.record import RecordedPackage
from opfixtures.repository.git import Repository
from opfixtures.runtimes import Runtime, Runtimes, check_import
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.version_range import VersionRange
from opfixtures.worker.observations import RuntimeSeen


@pytest.fixture
def checked(tmp_path):
    """Checks where the operator module of a checkout came from."""

    def check(imported, module="mylib", home=tmp_path / "env"):
        runtime = Runtime("checkout", "commit 1", "python", module, (str(home), str(tmp_path / "tree")))
        check_import(runtime, RuntimeSeen("2", "a", "3", "Linux", 10, imported, {}))

    return check


def test_from_the_environment_or_the_tree_is_well(checked, tmp_path):
    checked(f"{tmp_path}/env/lib/mylib/__init__.py")
    checked(f"{tmp_path}/tree/mylib")


def test_a_cache_folder_may_be_a_link(checked, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    checked(f"{tmp_path}/real/lib/mylib.py", home=tmp_path / "link")


@pytest.mark.parametrize(
    "place", ["/usr/lib/mylib.py", "{tmp_path}/env-of-another/mylib.py", "{tmp_path}/env"]
)
def test_from_elsewhere_is_refused(checked, tmp_path, place):
    imported = place.format(tmp_path=tmp_path)
    reason = f"^mylib was imported from {imported}, not from commit 1: make the runtime's `setup` install it$"
    with pytest.raises(RuntimeUnavailable, match=reason):
        checked(imported)


def test_from_another_place_than_a_librarys_release_is_refused(tmp_path):
    package = RecordedPackage("mylib", "1.2", "12" * 32)
    runtime = Runtime("release", "mylib 1.2", "python", "mylib", (str(tmp_path),), packages=(package,))
    with pytest.raises(
        RuntimeUnavailable, match=r"name the package that has it in the runtime's `packages`$"
    ):
        check_import(runtime, RuntimeSeen("2", "a", "3", "Linux", 10, "/usr/lib/mylib.py", {}))


def test_from_nowhere_is_refused(checked):
    with pytest.raises(RuntimeUnavailable, match="imported from nowhere"):
        checked(None)


def test_a_runtime_without_a_library_imports_none(checked):
    checked(None, module=None)


def test_on_windows_one_sentence_says_where_to_go(monkeypatch):
    spec = RuntimeSpec("release", "old", VersionRange(), "1.5.1", "3.8", None, (), None)
    monkeypatch.setattr("opfixtures.runtimes.os", SimpleNamespace(name="nt"))
    with pytest.raises(RuntimeUnavailable, match="on Linux and macOS only"):
        Runtimes(cast(Repository, None), {}, "cache", print).obtain(spec, None)
