"""What the tags of a clone tell of its releases, and when they cannot."""

import pytest

from opfixtures.change.comparison import staged
from opfixtures.change.read_change import read_change
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from tests.change.test_comparison import SCALE
from tests.tree_fixtures import LIBRARY

MAP = "my lib/versiöns.py"
SETTINGS = ".opfixtures.toml"
FOUR, FIVE = ("mylib::scale", 4), ("mylib::scale", 5)


@pytest.fixture
def released(inside):
    """What releases have, as a check of the index would read it."""

    def read(repository):
        with (
            inside(repository),
            GitObjects(Repository.discover(str(repository.root), repository.environment)) as objects,
        ):
            return read_change(objects, staged(objects)).released()

    return read


@pytest.fixture
def library(new_repository):
    """A library with an entry at 4, which no release has yet."""
    return new_repository({**LIBRARY, MAP: SCALE}, name="library")


def test_without_a_tag_nothing_is_released(library, released):
    assert (released(library).entries, released(library).doubt) == (set(), "")
    assert not released(library).may_have(*FOUR)


@pytest.mark.parametrize("options", [(), ("--annotate", "--message", "a release")])
def test_what_stands_in_the_map_at_a_tag_is_released_and_what_came_behind_it_is_not(
    library, released, options
):
    library.git("tag", *options, "v1.0")
    library.replace(MAP, '"bumped_at_version": 4', '"bumped_at_version": 5')
    library.commit()
    assert released(library).may_have(*FOUR)
    assert not released(library).may_have(*FIVE)


def test_a_tag_on_a_branch_that_was_never_merged_back_is_a_release(library, released):
    library.git("checkout", "--quiet", "-b", "release")
    library.commit()
    library.git("tag", "v1.0")
    library.git("checkout", "--quiet", "main")
    library.git("branch", "--quiet", "-D", "release")
    assert released(library).entries == {FOUR}


def test_the_map_is_looked_for_where_the_settings_had_it_then(library, released):
    library.git("tag", "v1.0")
    library.git("mv", MAP, "my lib/moved.py")
    library.replace(SETTINGS, "versiöns", "moved")
    library.commit()
    library.git("tag", "v1.1")
    assert released(library).entries == {FOUR}


def test_a_tag_without_a_map_or_of_no_commit_tells_of_nothing(library, released):
    library.git("rm", "--quiet", MAP)
    library.commit()
    library.git("tag", "v0.0")
    library.git("tag", "key", "HEAD:" + SETTINGS)
    library.git("reset", "--quiet", "--hard", "HEAD~")
    assert (released(library).entries, released(library).doubt) == (set(), "")


def test_a_map_that_cannot_be_read_at_a_tag_leaves_a_doubt(library, released):
    library.write(MAP, "OPERATOR_VERSIONS = make()\n")
    library.commit()
    library.git("tag", "v1.0")
    library.write(MAP, SCALE)
    library.commit()
    assert released(library).doubt.startswith(f"the version map of tag v1.0 cannot be read at {MAP}:1:")
    assert released(library).may_have(*FIVE)


def test_a_map_that_is_a_link_at_a_tag_leaves_a_doubt(library, released):
    (library.root / MAP).unlink()
    (library.root / MAP).symlink_to("elsewhere")
    library.git("add", "--all")
    library.commit()
    library.git("tag", "v1.0")
    library.git("reset", "--quiet", "--hard", "HEAD~")
    assert "is a symbolic link in tag v1.0" in released(library).doubt


def test_a_shallow_clone_cannot_tell_until_it_has_all(library, released, new_repository):
    library.git("tag", "v1.0")
    library.replace(MAP, '"bumped_at_version": 4', '"bumped_at_version": 5')
    library.commit()
    clone = new_repository(name="clone")
    clone.git("remote", "add", "origin", f"file://{library.root}")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "main")
    clone.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    doubt = released(clone).doubt
    assert doubt.startswith("this clone is shallow: ")
    clone.git(*doubt.split("`")[1].split()[1:], "--quiet")
    assert (released(clone).entries, released(clone).doubt) == ({FOUR}, "")


def test_a_clone_without_tags_cannot_tell(library, released):
    library.git("config", "remote.origin.tagOpt", "--no-tags")
    assert released(library).doubt.startswith("this clone fetches no tags: ")
    library.git("config", "remote.origin.tagOpt", "--tags")
    library.git("tag", "v1.0")
    assert not released(library).doubt


class TestACloneWithoutAnyTag:
    @pytest.fixture
    def published(self, library):
        library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        return library

    def test_cannot_tell_where_it_has_a_remote(self, published, released):
        assert not released(published).doubt
        published.git("remote", "add", "origin", "elsewhere")
        doubt = released(published).doubt
        assert doubt.startswith("this clone has no tags: `git fetch --tags` brings")
        # No change chooses by itself what it is held to.
        assert doubt.endswith(
            "set `release-tags = false` in a change of its own: it counts once target has it"
        )
        assert released(published).may_have(*FOUR)

    def test_can_tell_once_it_has_one_or_the_settings_say_that_there_is_none(self, published, released):
        published.git("remote", "add", "origin", "elsewhere")
        published.replace(SETTINGS, "registry =", "release-tags = false\nregistry =")
        # The change that says so is judged as before.
        assert released(published).doubt
        published.commit()
        assert (released(published).entries, released(published).doubt) == (set(), "")
        published.git("reset", "--quiet", "--hard", "HEAD~")
        published.git("tag", "v1.0")
        assert (released(published).entries, released(published).doubt) == ({FOUR}, "")

    def test_has_nothing_to_tell_where_nothing_is_published(self, library, released):
        library.write(MAP, "OPERATOR_VERSIONS = {}\n")
        library.commit()
        library.git("remote", "add", "origin", "elsewhere")
        assert not released(library).doubt


def test_of_several_libraries_each_may_have_tags_of_its_own(library, released):
    library.git("tag", "other-1.0")
    library.replace(MAP, '"bumped_at_version": 4', '"bumped_at_version": 5')
    library.replace(SETTINGS, "registry =", 'release-tags = "mine/*"\nregistry =')
    library.commit()
    assert released(library).entries == set()
    library.git("tag", "mine/1.0")
    assert released(library).entries == {FIVE}


def test_a_tag_whose_name_is_no_text_is_read_as_others(library, released):
    tag = "refs/tags/v1\udce9\u2028x"
    library.git("update-ref", tag, "HEAD")
    assert released(library).entries == {FOUR}
    library.write(MAP, "OPERATOR_VERSIONS = make()\n")
    library.commit()
    library.git("update-ref", tag, "HEAD")
    library.write(MAP, SCALE)
    assert "cannot be read" in released(library).doubt
    ran = library.opfixtures("check")
    assert (ran.status, ran.err) == (1, "")
