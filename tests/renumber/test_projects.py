"""Projects in folders: each has its own numbers, and its names are looked for in its own folder."""

import pytest

from tests.monorepo import SETTINGS, library_files, version_map

ONE, OTHER = "packages/one", "packages/other"


@pytest.fixture
def repository(new_repository):
    """Two libraries, in which half and third both claimed version 5: a release has half in either."""
    files = {**library_files(ONE, base=4, half=5), **library_files(OTHER, ".opfixtures.toml", base=4, half=5)}
    repository = new_repository(files)
    # What no release has may be shared.
    repository.git("tag", "v1.0")
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return repository


@pytest.fixture
def third(repository):
    """Adds third at version 5, as if half were not there, to a library."""

    def add(folder):
        added = library_files(folder, base=4, half=5, third=5)
        for name in ("tinyops/versions.py", "fixtures_src/registry.py", "fixtures_src/modules.py"):
            repository.write(f"{folder}/{name}", added[f"{folder}/{name}"])
        repository.write(f"{folder}/README.md", "third_0_4 is new\n")

    return add


def test_one_is_renumbered_where_it_stands(repository, third, opfixtures):
    third(ONE)
    before = repository.read(f"{OTHER}/tinyops/versions.py")
    ran = opfixtures(repository, "renumber", "--apply")
    assert (ran.status, ran.err) == (0, "")
    assert "tiny::third at 5 becomes 6: tiny::half has 5\n" in ran.out
    assert f"still to do: {ONE}/README.md:1 says third_0_4\n" in ran.out
    assert "opfixtures: 3 files written\n" in ran.out
    assert '"upgrader_name": "third_0_5"' in repository.read(f"{ONE}/tinyops/versions.py")
    assert "ThirdV5()" in repository.read(f"{ONE}/fixtures_src/registry.py")
    assert repository.read(f"{OTHER}/tinyops/versions.py") == before


def test_several_are_renumbered_at_once(repository, third, opfixtures):
    third(ONE)
    third(OTHER)
    ran = opfixtures(repository, "renumber", "--apply")
    assert ran.out.count("tiny::third at 5 becomes 6: tiny::half has 5\n") == 2
    assert "opfixtures: 6 files written\n" in ran.out
    for folder in (ONE, OTHER):
        assert f"+++ b/{folder}/tinyops/versions.py\n" in ran.out
        assert '"upgrader_name": "third_0_5"' in repository.read(f"{folder}/tinyops/versions.py")
        assert ran.out.count(f"still to do: {folder}/README.md:1 says third_0_4\n") == 1


def test_names_in_another_project_stay_its_own(repository, third, opfixtures):
    third(ONE)
    repository.write(f"{OTHER}/README.md", "third_0_4 of another library\n")
    for path, content in library_files(f"{ONE}/inner", deep=4).items():
        repository.write(path, content)
    repository.write(f"{ONE}/inner/README.md", "third_0_4 of an inner one\n")
    out = opfixtures(repository, "renumber").out
    assert [line for line in out.splitlines() if "says third_0_4" in line] == [
        f"still to do: {ONE}/README.md:1 says third_0_4"
    ]


def test_names_of_one_at_the_root_are_looked_for_everywhere_else(new_repository, opfixtures):
    repository = new_repository({**library_files("", base=4, half=5), **library_files(ONE, third=5)})
    repository.git("tag", "v1.0")
    for path, content in library_files("", base=4, half=5, third=5).items():
        repository.write(path, content)
    repository.write("docs/README.md", "third_0_4 is new\n")
    out = opfixtures(repository, "renumber").out
    assert "still to do: docs/README.md:1 says third_0_4\n" in out
    assert ONE not in out


def test_an_operator_has_to_be_added_by_one_of_them(repository, third, opfixtures):
    third(ONE)
    assert "becomes 6" in opfixtures(repository, "renumber", "--operator", "tiny::third").out
    ran = opfixtures(repository, "renumber", "--operator", "tiny::gone")
    assert (ran.status, ran.out) == (2, "")
    assert f"no entry of tiny::gone to {ONE}/tinyops/versions.py or {OTHER}/tinyops/versions.py: " in ran.err


def test_one_that_has_moved_keeps_the_numbers_that_target_gave_out(repository, third, opfixtures):
    third(ONE)
    repository.git("mv", ONE, "moved")
    assert "tiny::third at 5 becomes 6: tiny::half has 5\n" in opfixtures(repository, "renumber").out


def test_each_has_a_target_of_its_own(repository, third, opfixtures):
    third(ONE)
    repository.write(f"{OTHER}/tinyops/versions.py", version_map(base=4, half=5, mine=5))
    repository.write(f"{ONE}/pyproject.toml", SETTINGS + 'target = "released"\n')
    repository.commit()
    repository.git("branch", "released")
    out = opfixtures(repository, "renumber").out
    assert "third" not in out
    assert "tiny::mine at 5 becomes 6: tiny::half has 5\n" in out
