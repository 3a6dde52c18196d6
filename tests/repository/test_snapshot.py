"""A snapshot gives the bytes of a tree and follows nothing out of it."""

import os

import pytest

from opfixtures.errors import GitError, UserError
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import LARGEST, EmptySnapshot, Snapshot, WorkTreeSnapshot


@pytest.fixture
def objects(new_repository, git_environment):
    """The objects of a repository that has a file, a file with an odd name, a link and a folder."""
    repository = new_repository({"file": "committed\n", "a b/ä ö": "odd\n", "oneline": "no end"})
    os.symlink("file", repository.root / "link")
    os.symlink("a b", repository.root / "folder")
    repository.git("add", "link", "folder")
    repository.commit()
    repository.write("file", "staged\n")
    (repository.root / "file").write_text("on disk\n")
    with GitObjects(Repository.discover(str(repository.root), git_environment)) as objects:
        yield objects


def snapshots(objects):
    repository = objects.repository
    commit = objects.commit(repository.resolve("HEAD"))
    return [objects.head(), commit, objects.index(), WorkTreeSnapshot(repository.root)]


def test_each_snapshot_reads_its_own_state(objects):
    assert [one.read("file") for one in snapshots(objects)] == [
        b"committed\n",
        b"committed\n",
        b"staged\n",
        b"on disk\n",
    ]
    empty: Snapshot = EmptySnapshot()
    assert empty.read("file") is None


def test_each_snapshot_has_a_name_for_a_sentence(objects):
    commit = objects.repository.resolve("HEAD")
    names = [one.name for one in snapshots(objects)]
    assert names == ["HEAD", f"commit {commit[:7]}", "the index", "the work tree"]


@pytest.mark.parametrize("which", range(4), ids=["HEAD", "commit", "index", "work tree"])
class TestEverySnapshot:
    def test_names_with_spaces_and_umlauts_are_read(self, objects, which):
        assert snapshots(objects)[which].read("a b/ä ö") == b"odd\n"

    def test_a_short_file_without_an_end_of_line_is_no_link(self, objects, which):
        assert snapshots(objects)[which].read("oneline") == b"no end"

    def test_what_is_not_there_is_none(self, objects, which):
        snapshot = snapshots(objects)[which]
        assert snapshot.read("gone missing") is None
        assert not snapshot.has("file/below")

    def test_a_folder_is_no_file(self, objects, which):
        snapshot = snapshots(objects)[which]
        assert not snapshot.has("a b")
        with pytest.raises(
            UserError, match=r"^a b is a folder in .*: name the real path in the configuration$"
        ):
            snapshot.read("a b")

    def test_a_link_is_there_and_is_not_followed(self, objects, which):
        snapshot = snapshots(objects)[which]
        assert snapshot.has("link")
        with pytest.raises(
            UserError, match=r"^link is a symbolic link in .*, to file: name the real path in "
        ):
            snapshot.read("link")

    def test_nothing_is_below_a_folder_that_is_a_link(self, objects, which):
        snapshot = snapshots(objects)[which]
        assert not snapshot.has("folder/ä ö")
        with pytest.raises(
            UserError, match=r"^folder is a symbolic link in .*, to a b, and folder/ä ö would lie"
        ):
            snapshot.read("folder/ä ö")


def test_a_file_too_large_to_be_meant_is_refused_and_the_next_one_read(objects):
    root = objects.repository.root
    with open(os.path.join(root, "large"), "wb") as file:
        file.truncate(LARGEST + 1)
    objects.repository.run("add", "large")
    for snapshot in (objects.index(), WorkTreeSnapshot(root)):
        assert snapshot.has("large")
        with pytest.raises(UserError, match=r"large in .* is larger than 16 MiB"):
            snapshot.read("large")
        assert snapshot.read("oneline") == b"no end"


def test_before_the_first_commit_head_is_empty(new_repository, git_environment):
    repository = new_repository()
    with GitObjects(Repository.discover(str(repository.root), git_environment)) as objects:
        assert not objects.head().has("anything")


def test_a_line_break_in_a_name_cannot_be_asked_for(objects):
    with pytest.raises(UserError, match=r"'a\\nb' has a line break in its name"):
        objects.index().read("a\nb")


def test_a_submodule_is_no_file(objects):
    head = objects.repository.resolve("HEAD")
    objects.repository.run("update-index", "--add", "--cacheinfo", f"160000,{head},module")
    assert objects.index().read("module") is None


def test_a_git_that_ends_early_is_no_empty_tree(new_repository, git_environment):
    repository = new_repository({"file": "text\n"})
    with GitObjects(Repository.discover(str(repository.root), git_environment)) as objects:
        head = objects.head()
        objects._process.kill()
        with pytest.raises(GitError, match=r"^git cannot read \w+:file: `git fsck` tells what is broken"):
            head.read("file")
        # It was begun again.
        assert head.read("file") == b"text\n"
