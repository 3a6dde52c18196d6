"""A project that has moved has its releases, and what is published, where it stood then."""

import json

import pytest

from tests.monorepo import PACKAGE, SUB, library_files, version_map

MAP = "moved/tinyops/versions.py"


@pytest.fixture
def moved(monorepo):
    """A library that a release has, which target has moved since, and to which it added an entry."""
    monorepo.git("mv", PACKAGE, "moved")
    monorepo.commit()
    monorepo.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return monorepo


@pytest.fixture
def found(opfixtures):
    """The codes and operators of the findings about what is staged, warnings in brackets."""

    def find(repository):
        ran = opfixtures(repository, "check", "--format", "json")
        assert ran.err == ""
        form = {"error": "{} {}", "warning": "({} {})", "note": "({} {})"}
        findings = json.loads(ran.out)["findings"]
        return [form[one["severity"]].format(one["code"], one["operator"]) for one in findings]

    return find


def without_fixture(found):
    return [one for one in found if "OPF2" not in one and "OPF3" not in one]


class TestWhatAReleaseHasInAnotherFolder:
    def test_may_not_go(self, moved, found):
        moved.write(MAP, version_map())
        assert "OPF109 tiny::halve" in found(moved)

    def test_may_not_go_from_a_map_that_has_more_since(self, moved, found):
        moved.write(MAP, version_map(halve=4, other=5))
        moved.commit()
        moved.write(MAP, version_map(other=5))
        assert "OPF109 tiny::halve" in found(moved)

    def test_may_not_go_once_another_commit_took_an_entry_away(self, moved, found):
        moved.git("checkout", "--quiet", "v1")
        moved.write(f"{PACKAGE}/tinyops/versions.py", version_map(halve=4, other=4))
        moved.commit()
        moved.git("tag", "v2")
        moved.git("checkout", "--quiet", "main")
        moved.write(MAP, version_map())
        assert "OPF109 tiny::halve" in found(moved)

    def test_has_its_version(self, moved, found):
        moved.write(MAP, version_map(halve=4, other=4))
        assert "OPF108 tiny::other" in found(moved)
        moved.write(MAP, version_map(halve=4, other=5))
        assert without_fixture(found(moved)) == []


class TestWhatTargetHasInAnotherFolder:
    @pytest.fixture
    def on_a_branch(self, monorepo):
        """A branch whose first commit moved a library, of which no release tells."""
        monorepo.git("tag", "--delete", "v1")
        monorepo.write("packages/tinyops/tinyops/versions.py", version_map(halve=4, other=4))
        monorepo.commit()
        monorepo.git("tag", "v1")
        monorepo.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        monorepo.git("mv", PACKAGE, "moved")
        monorepo.commit()
        return monorepo

    def test_may_not_go(self, on_a_branch, found):
        on_a_branch.write(MAP, version_map(other=4))
        assert "OPF109 tiny::halve" in found(on_a_branch)

    def test_keeps_its_fixtures(self, on_a_branch, found):
        on_a_branch.git("rm", "--quiet", "moved/fixtures/halve_v3.ptl")
        assert found(on_a_branch)[0] == "OPF306 tiny::halve"

    def test_may_not_go_once_another_commit_took_an_entry_away(self, on_a_branch, found):
        on_a_branch.write(MAP, version_map(halve=4))
        on_a_branch.commit()
        on_a_branch.write(MAP, version_map())
        assert "OPF109 tiny::halve" in found(on_a_branch)


class TestAnotherProjectOfThen:
    def test_is_not_a_new_one_of_another_namespace(self, moved, found):
        for path, content in library_files("new", halve=4).items():
            text = content.replace("tiny::", "mine::") if isinstance(content, str) else content
            moved.write(path, text)
        moved.git("rm", "-r", "--quiet", "moved", SUB)
        moved.commit()
        moved.write("new/tinyops/versions.py", version_map().replace("tiny", "mine"))
        assert without_fixture(found(moved)) == []

    def test_leaves_a_doubt_where_it_may_be_this_one(self, moved, opfixtures):
        moved.git("rm", "-r", "--quiet", "moved", SUB)
        for path, content in library_files("new", fresh=4).items():
            moved.write(path, content)
        moved.commit()
        moved.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        moved.write("new/tinyops/versions.py", version_map())
        ran = opfixtures(moved, "check")
        assert "error OPF109: the published entry of tiny::fresh" in ran.out
        assert "tag v1 has a project in packages/tinyops" in ran.out

    def test_leaves_a_doubt_where_its_settings_cannot_be_used(self, moved, opfixtures):
        moved.git("checkout", "--quiet", "v1")
        moved.git("rm", "-r", "--quiet", SUB)
        moved.write(f"{PACKAGE}/pyproject.toml", "[tool.opfixtures]\nwrong = 1\n")
        moved.commit()
        moved.git("tag", "--force", "v1")
        moved.git("checkout", "--quiet", "main")
        moved.write(MAP, version_map())
        assert f"tag v1 has a project in {PACKAGE}, and no entry tells" in opfixtures(moved, "check").out
