"""What cannot be checked is said in one sentence, with exit status 2."""

import os

import pytest


def failed(ran, sentence):
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith(f"opfixtures: error: {sentence}")
    assert ran.err.count("\n") == 1


def test_a_folder_in_no_repository(pytorch, opfixtures):
    failed(opfixtures(pytorch, "check", folder=".."), "not a git repository: ")


def test_a_repository_without_settings_and_pytorchs_paths(new_repository, opfixtures):
    repository = new_repository({"README.md": ""})
    failed(opfixtures(repository, "check"), "nothing to check: no [tool.opfixtures] in pyproject.toml")


def test_a_version_map_on_neither_side(library, opfixtures):
    library.git("mv", "my lib/versiöns.py", "elsewhere.py")
    library.commit()
    failed(
        opfixtures(library, "check"),
        "no version map: neither my lib/versiöns.py in HEAD nor my lib/versiöns.py in the index: "
        "correct `version-map` in .opfixtures.toml",
    )


def test_a_version_map_below_a_folder_that_is_a_link(library, opfixtures):
    os.symlink("my lib", library.root / "maps")
    library.git("add", "maps")
    library.replace(".opfixtures.toml", "my lib/versiöns.py", "maps/versiöns.py")
    library.commit()
    said = (
        "maps is a symbolic link in the index, to my lib, and maps/versiöns.py would lie below it: name the "
    )
    failed(opfixtures(library, "check"), said)


def test_a_version_map_that_is_a_link(library, opfixtures):
    library.git("mv", "my lib/versiöns.py", "my lib/moved.py")
    os.symlink("moved.py", library.root / "my lib/versiöns.py")
    library.git("add", "--all")
    failed(opfixtures(library, "check"), "my lib/versiöns.py is a symbolic link in the index")


def test_a_key_that_is_not_known(library, opfixtures):
    library.replace(".opfixtures.toml", "version-map", "version-mop")
    failed(
        opfixtures(library, "check"),
        ".opfixtures.toml: [tool.opfixtures]: unknown key 'version-mop', the nearest known one is 'ver",
    )


def test_a_revision_that_is_not_here(pytorch, opfixtures):
    ran = opfixtures(pytorch, "check", "--from-ref", "gone", "--to-ref", "HEAD")
    failed(ran, "gone names no commit in this clone")


def test_one_revision_without_the_other(pytorch, opfixtures):
    failed(opfixtures(pytorch, "check", "--to-ref", "HEAD"), "--from-ref and --to-ref belong together")


@pytest.mark.parametrize("given", [("", ""), ("HEAD", ""), ("", "HEAD")])
@pytest.mark.parametrize("command", ["check", "generate"])
def test_an_empty_revision_is_none(pytorch, opfixtures, command, given):
    # As a variable of a workflow is that was never set.
    options = ("--from-ref", "--to-ref") if command == "check" else ("--base", "--target")
    ran = opfixtures(pytorch, command, options[0], given[0], options[1], given[1])
    failed(ran, f"{options[0]} and {options[1]} take a revision")


def test_an_empty_revision_of_pre_commit_is_none_either(pytorch, opfixtures):
    ran = opfixtures(pytorch, "check", PRE_COMMIT_FROM_REF="", PRE_COMMIT_TO_REF="")
    failed(ran, "--from-ref and --to-ref take a revision each")


@pytest.mark.parametrize("given", [("", ""), ("HEAD", "")])
def test_empty_revisions_and_everything_at_once(pytorch, opfixtures, given):
    failed(opfixtures(pytorch, "check", "--all", "--from-ref", given[0], "--to-ref", given[1]), "--all looks")


def test_revisions_and_everything_at_once(pytorch, opfixtures):
    ran = opfixtures(pytorch, "check", "--all", "--from-ref", "HEAD", "--to-ref", "HEAD")
    failed(ran, "--all looks at the index alone")


def test_revisions_without_a_common_ancestor(pytorch, opfixtures):
    pytorch.git("checkout", "--quiet", "--orphan", "other")
    pytorch.commit()
    ran = opfixtures(pytorch, "check", "--from-ref", "main", "--to-ref", "other")
    failed(ran, "no common ancestor of main and other in this history: compare other ones")


class TestWhatIsReplayed:
    """A shorter map would be a smaller promise: nothing is built upon what cannot be read."""

    REGISTRY = "test/jit/fixtures_srcs/generate_models.py"

    def test_what_cannot_be_read_is_counted(self, pytorch, opfixtures):
        pytorch.write(self.REGISTRY, "ALL_MODULES = make_them()\n")
        ran = opfixtures(pytorch, "verify")
        failed(ran, f"{self.REGISTRY}:1:15: ALL_MODULES is ")
        assert "more" not in ran.err
        pytorch.write("test/jit/fixtures_srcs/fixtures_src.py", "class\n")
        assert opfixtures(pytorch, "verify").err.endswith(" (and 1 more that cannot be read)\n")

    def test_a_registry_that_is_missing_is_asked_for_and_what_is_to_stand_in_it_is_one(
        self, pytorch, opfixtures
    ):
        pytorch.git("rm", "--quiet", self.REGISTRY)
        ran = opfixtures(pytorch, "verify")
        failed(ran, f"no registry at {self.REGISTRY}: add it, with `ALL_MODULES = {{}}` in it")
        pytorch.write(self.REGISTRY, ran.err.split("`")[1] + "\n")
        pytorch.git("rm", "-r", "--quiet", "test/jit/fixtures")
        assert "registry" not in opfixtures(pytorch, "verify").err
