"""What takes long is built once, and never half."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from opfixtures.errors import RuntimeUnavailable
from opfixtures.runtimes.cache import built_once, cache_root, let_go
from opfixtures.runtimes.cache_entries import entries, remove_half_built
from tests.ending import as_nobody


@pytest.fixture
def root(tmp_path):
    return str(tmp_path / "cache")


def write(name):
    def build(folder):
        with open(os.path.join(folder, name), "w"):
            pass

    return build


def refuse(folder):
    raise AssertionError(f"{folder} is built again")


def test_the_users_cache_folder_is_used():
    assert cache_root({"OPFIXTURES_CACHE": "/a", "XDG_CACHE_HOME": "/b"}) == "/a"
    assert cache_root({"XDG_CACHE_HOME": "/b"}) == "/b/opfixtures"
    assert cache_root({}) == os.path.expanduser("~/.cache/opfixtures")
    assert cache_root({"OPFIXTURES_CACHE": "here"}) == os.path.abspath("here")


def test_a_folder_is_built_once(root):
    folder = built_once(root, "key", write("tool"), needed="tool")
    assert built_once(root, "key", refuse, needed="tool") == folder
    assert built_once(root, "other", write("tool"), needed="tool") != folder


def test_what_has_lost_its_tool_is_built_again(root):
    """As an environment does whose Python was removed."""
    folder = built_once(root, "key", lambda folder: os.symlink("/gone", f"{folder}/tool"), needed="tool")
    assert os.path.lexists(f"{folder}/tool")
    built_once(root, "key", write("tool"), needed="tool")
    assert os.path.exists(f"{folder}/tool")


@pytest.mark.parametrize("error", [EOFError, KeyboardInterrupt])
def test_a_build_that_fails_leaves_nothing(root, error):
    def fail(folder):
        write("tool")(folder)
        raise error

    with pytest.raises(error):
        built_once(root, "key", fail, needed="tool")
    assert not os.path.exists(os.path.join(root, "key"))
    built_once(root, "key", write("tool"), needed="tool")


def test_a_deep_tree_is_removed_too(root):
    def fail(folder):
        for _ in range(2000):
            os.mkdir(os.path.join(folder, "d"))
            os.chdir(os.path.join(folder, "d"))
            folder = "."
        raise EOFError

    here = os.getcwd()
    try:
        with pytest.raises(EOFError):
            built_once(root, "key", fail, needed="tool")
    finally:
        os.chdir(here)
    assert not os.path.exists(os.path.join(root, "key"))


def test_two_that_want_the_same_wait_for_each_other(root):
    built = []

    def slowly(folder):
        built.append(folder)
        time.sleep(0.3)
        write("tool")(folder)

    threads = [
        threading.Thread(target=built_once, args=(root, "key", slowly), kwargs={"needed": "tool"})
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


BUILD_AND_HANG = """
import sys, time
from opfixtures.runtimes.cache import built_once

def build(folder):
    open(folder + "/half", "w")
    print("building", flush=True)
    time.sleep(99)

built_once(sys.argv[1], "key", build, needed="half")
"""


def test_a_build_that_was_killed_is_built_again(root):
    command = [sys.executable, "-c", BUILD_AND_HANG, root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        process.send_signal(signal.SIGKILL)
    folder = built_once(root, "key", write("whole"), needed="half")
    assert sorted(os.listdir(folder)) == [".complete", ".seconds", "whole"]


def test_a_cache_in_a_work_tree_is_not_part_of_it(new_repository):
    repository = new_repository({"a": "a"})
    built_once(str(repository.root / "cache" / "releases"), "key", write("tool"), needed="tool")
    assert repository.git("status", "--porcelain") == ""


def environment(folder):
    """What is in an environment, and all that is looked at."""
    for path in ("env/bin/tool", "env/lib/torch/__init__.py", "env/lib/torch/lib/libtorch_cpu.so"):
        os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
        with open(f"{folder}/{path}", "wb") as stream:
            stream.write(bytes(1000))


NEEDED = "env/bin/tool"


def truncate(folder):
    os.truncate(f"{folder}/env/lib/torch/lib/libtorch_cpu.so", 999)


def remove_module(folder):
    os.unlink(f"{folder}/env/lib/torch/__init__.py")


def remove_half(folder):
    shutil.rmtree(f"{folder}/env/lib/torch/lib")


def remove_all_but_the_mark(folder):
    shutil.rmtree(f"{folder}/env")


def put_a_file_for_a_folder(folder):
    shutil.rmtree(f"{folder}/env/lib")
    with open(f"{folder}/env/lib", "w"):
        pass


def put_a_folder_for_the_mark(folder):
    os.unlink(f"{folder}/.complete")
    os.mkdir(f"{folder}/.complete")


DAMAGE = {
    put_a_folder_for_the_mark: "it cannot be read: Is a directory",
    truncate: "env/lib/torch/lib/libtorch_cpu.so is cut short",
    remove_module: "env/lib/torch/__init__.py is gone",
    remove_half: "env/lib/torch/lib/libtorch_cpu.so is gone",
    remove_all_but_the_mark: "env/bin/tool is gone",
    put_a_file_for_a_folder: "env/lib/torch/__init__.py is gone",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_told_by_name_and_built_again_once(root, damage):
    folder, told = built_once(root, "key", environment, NEEDED), list[str]()
    damage(folder)
    assert built_once(root, "key", environment, NEEDED, told.append) == folder
    assert told == [f"the cached environment key is damaged ({DAMAGE[damage]}): building it again"]
    assert built_once(root, "key", refuse, NEEDED, told.append) == folder
    assert len(told) == 1


def test_what_another_run_has_just_built_is_not_built_again(root, monkeypatch):
    folder = built_once(root, "key", environment, NEEDED)
    seen = ["", None]
    monkeypatch.setattr("opfixtures.runtimes.cache.damage", lambda *_: seen.pop(0))
    assert built_once(root, "key", refuse, NEEDED) == folder
    assert seen == []


def test_what_grows_and_what_python_compiles_is_no_damage(root):
    folder = built_once(root, "key", environment, NEEDED)
    os.makedirs(f"{folder}/env/lib/torch/__pycache__")
    with open(f"{folder}/env/lib/torch/lib/libtorch_cpu.so", "ab") as stream:
        stream.write(b"more")
    with open(f"{folder}/env/new", "w"):
        pass
    built_once(root, "key", refuse, NEEDED)


def test_what_cannot_be_built_again_is_one_sentence_that_names_it(root):
    def offline(_):
        raise RuntimeUnavailable("no network")

    truncate(built_once(root, "key", environment, NEEDED))
    with pytest.raises(RuntimeUnavailable) as caught:
        built_once(root, "key", offline, NEEDED)
    assert str(caught.value) == (
        "the cached environment key was damaged (env/lib/torch/lib/libtorch_cpu.so is cut short), and building it again"
        " failed: no network (when that is mended, `opfixtures cache clean key` removes what is left)"
    )


def test_what_is_damaged_again_at_once_is_not_built_a_third_time(root):
    builds = []

    def without_tool(folder):
        builds.append(folder)
        environment(folder)
        os.unlink(f"{folder}/{NEEDED}")

    truncate(built_once(root, "key", environment, NEEDED))
    with pytest.raises(
        RuntimeUnavailable, match=r"again failed: env/bin/tool is gone right after it was built"
    ):
        built_once(root, "key", without_tool, NEEDED)
    assert len(builds) == 1


def test_what_this_user_may_not_remove_is_told(root, monkeypatch):
    """As another user's folder."""
    truncate(built_once(root, "key", environment, NEEDED))
    monkeypatch.setattr("opfixtures.runtimes.cache.remove_tree", lambda _: None)
    with pytest.raises(RuntimeUnavailable) as caught:
        built_once(root, "key", environment, NEEDED)
    assert str(caught.value) == (
        "the cached environment key is damaged (env/lib/torch/lib/libtorch_cpu.so is cut short), and"
        f" {root}/key is not this user's to remove: have its owner remove it, or name another cache in OPFIXTURES_CACHE"
    )


@pytest.fixture
def shared(tmp_path):
    """A cache that every user may write, with an environment of this user that no other may read."""
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_mode & 0o005 != 0o005:
            path.chmod(0o755)
    root = tmp_path / "cache"
    folder = built_once(str(root), "key", environment, NEEDED)
    let_go()
    root.chmod(0o777)
    for name in (".gitignore", "key.lock"):
        (root / name).unlink()
    os.chmod(folder, 0o700)
    return str(root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_an_environment_of_another_user_is_told_and_left(shared):
    said = as_nobody(lambda: built_once(shared, "key", environment, NEEDED))
    assert said == (
        "RuntimeUnavailable: the cached environment key is damaged (it cannot be read: Permission denied), and"
        f" {shared}/key is not this user's to remove: have its owner remove it, or name another cache in"
        " OPFIXTURES_CACHE"
    )
    assert as_nobody(lambda: remove_half_built(os.path.dirname(shared))) == "None"
    assert as_nobody(lambda: entries(os.path.dirname(shared))) == "[]"
    built_once(shared, "key", refuse, NEEDED)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_cache_of_another_user_is_one_sentence(shared):
    os.chmod(shared, 0o755)
    assert as_nobody(lambda: built_once(shared, "key", environment, NEEDED)) == (
        f"RuntimeUnavailable: the cache cannot be used: {shared}/.gitignore: Permission denied: mend that, or name"
        " another folder in OPFIXTURES_CACHE"
    )


@pytest.mark.parametrize("below", ["", "/releases"])
def test_a_file_in_the_place_of_the_cache_is_one_sentence(tmp_path, below):
    (tmp_path / "cache").write_text("")
    root = f"{tmp_path}/cache{below}"
    with pytest.raises(
        RuntimeUnavailable, match=rf"^the cache cannot be used: {root}: (File exists|Not a directory): "
    ):
        built_once(root, "key", environment, NEEDED)


def test_an_error_of_the_build_is_its_own(root):
    def fail(_):
        raise FileNotFoundError(2, "No such file or directory", "/elsewhere")

    with pytest.raises(FileNotFoundError, match="/elsewhere"):
        built_once(root, "key", fail, NEEDED)


USE = """
import sys
from opfixtures.runtimes.cache import built_once
built_once(sys.argv[1], "key", lambda _: None, "env/bin/tool")
print("in use", flush=True)
sys.stdin.read()
"""


def test_what_a_run_uses_is_not_built_anew_under_it(root):
    folder = built_once(root, "key", environment, NEEDED)
    let_go()
    command = [sys.executable, "-c", USE, root]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in use\n"
        truncate(folder)
        told = list[str]()
        waiting = threading.Thread(target=built_once, args=(root, "key", environment, NEEDED, told.append))
        waiting.start()
        waiting.join(0.3)
        assert (waiting.is_alive(), os.path.getsize(f"{folder}/env/lib/torch/lib/libtorch_cpu.so")) == (
            True,
            999,
        )
        process.kill()
        waiting.join(20)
    assert os.path.getsize(f"{folder}/env/lib/torch/lib/libtorch_cpu.so") == 1000
    assert told[0] == "waiting for another run, which has key"


def test_half_built_folders_of_killed_runs_go_and_one_that_is_being_built_stays(tmp_path):
    root = str(tmp_path / "releases")
    whole = built_once(root, "whole", environment, NEEDED)
    for name in ("half", "locked"):
        os.mkdir(f"{root}/{name}")
    for name in ("gone.lock", "half.lock"):
        with open(f"{root}/{name}", "w"):
            pass

    def build(folder):
        environment(folder)
        remove_half_built(str(tmp_path))
        assert os.path.exists(f"{folder}/{NEEDED}")

    built_once(root, "new", build, NEEDED)
    assert sorted(os.listdir(root)) == [".gitignore", "new", "new.lock", "whole", "whole.lock"]
    assert [one.path for one in entries(str(tmp_path))] == [f"{root}/new", whole]


def test_what_is_completed_meanwhile_is_not_half_built(tmp_path, monkeypatch):
    """Another run builds it, and ends, between the look and the lock."""
    root = str(tmp_path / "releases")
    os.makedirs(f"{root}/key")
    asked = []

    def complete_now(folder):
        asked.append(folder)
        return len(asked) > 1

    monkeypatch.setattr("opfixtures.runtimes.cache_entries.is_complete", complete_now)
    remove_half_built(str(tmp_path))
    assert os.path.isdir(f"{root}/key")
