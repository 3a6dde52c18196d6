"""What takes long is built once, and never half."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from opfixtures.runtimes.cache import built_once, cache_root


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
    assert sorted(os.listdir(folder)) == [".complete", "whole"]


def test_a_cache_in_a_work_tree_is_not_part_of_it(new_repository):
    repository = new_repository({"a": "a"})
    built_once(str(repository.root / "cache" / "releases"), "key", write("tool"), needed="tool")
    assert repository.git("status", "--porcelain") == ""
