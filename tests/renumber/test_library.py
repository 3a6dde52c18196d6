"""A library: its version map is Python, and its upgraders are written in ways of its own."""

import pytest

SETTINGS = """\
[tool.opfixtures]
version-map = "mylib/versions.py"
upgraders = "mylib/upgraders.py"
registry = "fixtures/registry.py"
fixture-modules = ["fixtures/modules.py"]
fixtures = "fixtures"
"""
ENTRY = '{{"bumped_at_version": {0}, "upgrader_name": "{1}_0_{2}", "old_schema": "mylib::{1}(Tensor x) -> Tensor"}}'
THIRD = '"mylib::third": [{'
FILES = {
    ".opfixtures.toml": SETTINGS,
    "mylib/versions.py": f'OPERATOR_VERSIONS = {{\n    "mylib::scale": [{ENTRY.format(4, "scale", 3)}],\n}}\n',
    "mylib/upgraders.py": 'SCALE = "def scale_0_3(x): return x"\n',
    "fixtures/registry.py": 'import modules\n\nALL_MODULES = {\n    modules.TestScaleV3(): "mylib::scale",\n}\n',
    "fixtures/modules.py": "import torch\n\n\nclass TestScaleV3(torch.nn.Module):\n    pass\n",
}


def adding(name, version, files=FILES):
    """The files with an operator more, bumped at this version."""
    module = f"Test{name.title()}V{version - 1}"
    added = {
        "mylib/versions.py": f'    "mylib::{name}": [{ENTRY.format(version, name, version - 1)}],\n}}\n',
        "mylib/upgraders.py": f'{name.upper()} = "def {name}_0_{version - 1}(x): return x"\n',
        "fixtures/registry.py": f'    modules.{module}(): "mylib::{name}",\n}}\n',
        "fixtures/modules.py": f"\n\nclass {module}(torch.nn.Module):\n    pass\n",
    }
    return {path: text.removesuffix("}\n") + added.get(path, "") for path, text in files.items()}


class Library:
    def __init__(self, repository, opfixtures):
        self.repository = repository
        self.run = lambda *args: opfixtures(repository, *args)

    def lay(self, files):
        for path, text in files.items():
            self.repository.write(path, text)

    def read(self, path):
        return (self.repository.root / path).read_bytes().decode()


@pytest.fixture
def library(new_repository, opfixtures):
    """A library in which halve and third both claim version 5; a release has halve."""
    repository = new_repository(adding("halve", 5))
    repository.git("tag", "v1.0")
    return Library(repository, opfixtures)


def test_map_registry_and_modules_are_renumbered_and_the_upgraders_named(library):
    library.lay(adding("third", 5, adding("halve", 5)))
    ran = library.run("renumber", "--apply")
    assert ran.status == 0
    assert "still to do: mylib/upgraders.py:3 says third_0_4\n" in ran.out
    expected = adding("third", 6, adding("halve", 5))
    for path in ("mylib/versions.py", "fixtures/registry.py", "fixtures/modules.py"):
        assert library.read(path) == expected[path]
    library.repository.git("add", "--all")
    assert library.run("check").status == 0
    assert library.run("renumber").out == "opfixtures: nothing to renumber\n"


def test_a_version_that_the_library_skips_stays_skipped_where_no_tag_tells_its_releases(library):
    library.repository.git("tag", "--delete", "v1.0")
    library.lay(adding("fifth", 9, adding("third", 5, adding("halve", 5))))
    assert library.run("renumber").out == "opfixtures: nothing to renumber\n"


def test_the_changes_of_one_release_share_a_version(library):
    library.lay(adding("fifth", 9, adding("third", 5, adding("halve", 5))))
    ran = library.run("renumber", "--apply")
    assert "mylib::third at 5 becomes 6: mylib::halve has 5\n" in ran.out
    assert "mylib::fifth at 9 becomes 6: 5 is the last one that a release has\n" in ran.out
    expected = adding("fifth", 6, adding("third", 6, adding("halve", 5)))
    assert library.read("mylib/versions.py") == expected["mylib/versions.py"]
    library.repository.git("add", "--all")
    assert library.run("check").status == 0


@pytest.mark.parametrize(("version", "becomes"), [(2, 6), (11, 6), (2**31 - 1, 6)])
def test_what_torchscript_does_not_have_becomes_what_it_has(library, version, becomes):
    library.lay(adding("third", version, adding("halve", 5)))
    ran = library.run("renumber", "--apply")
    said = f"mylib::third at {version} becomes {becomes}: TorchScript gives a library 4 to 10\n"
    assert said in ran.out
    assert library.read("mylib/versions.py") == adding("third", 6, adding("halve", 5))["mylib/versions.py"]


@pytest.mark.parametrize("version", [2, 5, 10, 11])
def test_where_all_versions_are_released_none_is_proposed(library, version):
    library.lay(adding("tenth", 10, adding("halve", 5)))
    library.repository.git("commit", "--quiet", "--all", "--message", "2.0")
    library.repository.git("tag", "v2.0")
    files = adding("third", version, adding("tenth", 10, adding("halve", 5)))
    library.lay(files)
    ran = library.run("renumber", "--apply")
    if version == 5:
        # A backfill.
        assert ran.out == "opfixtures: nothing to renumber\n"
        return
    assert (ran.status, ran.out) == (2, "")
    assert f"mylib::third is bumped at version {version}, " in ran.err
    assert ran.err.endswith(
        "and no version is left: leave the operator as it is, and add an overload that no old model calls, such as "
        "mylib::third.v2\n"
    )
    assert library.read("mylib/versions.py") == files["mylib/versions.py"]


def test_what_a_shallow_clone_cannot_tell_is_not_guessed(library):
    repository = library.repository
    (repository.root / ".git/shallow").write_text(repository.git("rev-parse", "HEAD") + "\n")
    library.lay(adding("third", 5, adding("halve", 5)))
    ran = library.run("renumber", "--apply")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith(
        "mylib::third is bumped at version 5, which mylib::halve has taken already if a release has it: "
        "this clone is shallow: `git fetch --unshallow --tags` brings what releases have\n"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("5,", "6,"),
        ("0x5,", "0x6,"),
        ("\\\r\n  5 ,", "\\\r\n  6 ,"),
        ("5,  # ä: 5,\r\n", "6,  # ä: 5,\r\n"),
    ],
)
def test_only_the_tokens_change(library, old, new):
    head = f'{THIRD}"bumped_at_version": '
    files = adding("third", 5, adding("halve", 5))
    text = files["mylib/versions.py"]
    text = text.replace(f"{head}5,", f"{head}{old}").replace("\n    ", "\r\n    ")
    text = text.replace('    "mylib::third"', '    # é\r    "mylib::thïrd": [], "mylib::third"')
    library.lay({**files, "mylib/versions.py": text})
    assert library.run("renumber", "--apply").status == 0
    after = text.replace(f"{head}{old}", f"{head}{new}").replace("third_0_4", "third_0_5")
    assert library.read("mylib/versions.py") == after != text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"third_0_4"', '"third_" "0_4"', "upgrader_name"),
        ('"third_0_4"', '("third_0_4")', "upgrader_name"),
        ('"third_0_4"', '"third\\x5f0_4"', "third_0_4"),
        (
            f'{THIRD}"bumped_at_version": 5',
            f'{THIRD}"bumped_at" "_version": 5',
            "bumped_at_version",
        ),
        (
            f'{THIRD}"bumped_at_version": 5',
            f'{THIRD}"bumped_at_version": (5)',
            "bumped_at_version",
        ),
    ],
)
def test_what_is_not_one_literal_is_refused(library, old, new, said):
    files = adding("third", 5, adding("halve", 5))
    assert old in files["mylib/versions.py"]
    text = files["mylib/versions.py"].replace(old, new)
    library.lay({**files, "mylib/versions.py": text})
    ran = library.run("renumber", "--apply")
    assert (ran.status, ran.out) == (2, "")
    assert f": {said} is not one plain literal or name here" in ran.err
    assert library.read("mylib/versions.py") == text
