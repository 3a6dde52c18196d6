"""What was published goes again: where nobody has it yet, where it has expired, and nowhere else."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest

from opfixtures.declarations.upgrader_expiry import read_expiries
from opfixtures.declarations.upgraders import read_upgraders
from opfixtures.declarations.version_map import read_version_map
from tests.repositories import MODULES as PYTORCH_MODULES
from tests.repositories import REGISTRY as PYTORCH_REGISTRY
from tests.repositories import VERSION_MAP, zipped_archive

MAP, REGISTRY, MODULES = "mylib/versions.py", "mylib/registry.py", "mylib/modules.py"
FIXTURE = "fixtures/test_versioned_scale_v3.ptl"
SETTINGS = f"""\
[tool.opfixtures]
version-map = "{MAP}"
registry = "{REGISTRY}"
fixture-modules = ["{MODULES}"]
fixtures = "fixtures"
"""
EMPTY = {
    ".opfixtures.toml": SETTINGS,
    MAP: "OPERATOR_VERSIONS = {}\n",
    REGISTRY: "ALL_MODULES = {}\n",
    MODULES: "import torch\n",
}
ENTRY = (
    '{"bumped_at_version": 4, "upgrader_name": "scale_0_3", "old_schema": "mylib::scale(Tensor x) -> Tensor"}'
)
WHOLE: dict[str, Any] = {
    MAP: f'OPERATOR_VERSIONS = {{\n    "mylib::scale": [{ENTRY}],\n}}\n',
    REGISTRY: 'ALL_MODULES = {\n    TestVersionedScaleV3(): "mylib::scale",\n}\n',
    MODULES: "import torch\n\n\nclass TestVersionedScaleV3(torch.nn.Module):\n    pass\n",
    FIXTURE: zipped_archive(3, "mylib::scale"),
}
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
VERSIONS = "caffe2/serialize/versions.h"


@pytest.fixture
def library(new_repository):
    """A library without an entry, then with one, its fixture entry and its fixture; a remote has both commits."""
    repository = new_repository(EMPTY)
    for path, content in WHOLE.items():
        repository.write(path, content)
    repository.commit("an entry")
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return repository


@pytest.fixture
def found(opfixtures):
    """Code, severity, message and hint of each finding."""

    def find(repository, *args):
        ran = opfixtures(repository, "check", "--format", "json", *args)
        assert ran.err == ""
        return [
            (one["code"], one["severity"], one["message"], one["hint"])
            for one in json.loads(ran.out)["findings"]
        ]

    return find


def take_back(library):
    """As `git revert` does, up to the commit."""
    library.git("revert", "--no-commit", "HEAD")


class TestALibrary:
    def test_takes_back_what_no_release_has_with_its_fixtures(self, library, found):
        library.git("tag", "v0.9", "HEAD~")
        take_back(library)
        assert found(library) == []
        library.commit()
        assert found(library, "--from-ref", "origin/HEAD", "--to-ref", "HEAD") == []

    def test_may_do_so_at_a_push(self, library, new_repository):
        remote = new_repository(name="remote.git", options=("--bare",))
        library.git("remote", "add", "origin", str(remote.root))
        library.git("push", "--quiet", "origin", "main")
        # A clone of a remote that has no tag at all may lack them.
        library.git("tag", "v0.9", "HEAD~")
        take_back(library)
        tip = library.commit()
        line = f"refs/heads/main {tip} refs/heads/main {library.git('rev-parse', 'HEAD~')}\n"
        done = subprocess.run(
            [sys.executable, "-m", "opfixtures", "hook", "pre-push", "origin", str(remote.root)],
            cwd=library.root,
            env=library.environment,
            input=line,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "opfixtures: no problems found\n", "")

    def test_takes_map_registry_and_all_back_as_well(self, new_repository, found):
        repository = new_repository({"README.md": "a library\n"})
        for path, content in {".opfixtures.toml": SETTINGS, **WHOLE}.items():
            repository.write(path, content)
        repository.commit()
        take_back(repository)
        assert found(repository) == []
        repository.git("reset", "--quiet", "--hard")
        repository.git("tag", "v1.0")
        take_back(repository)
        assert [one[0] for one in found(repository)] == ["OPF306", "OPF109"]

    def test_loses_no_map_because_its_entries_are_new(self, library, found):
        library.git("rm", "--quiet", MAP)
        assert [one[:1] for one in found(library)] == [("OPF109",)]

    def test_moves_what_no_release_has_to_another_version(self, library, found):
        library.write(MAP, WHOLE[MAP].replace('_version": 4', '_version": 5').replace("_0_3", "_0_4"))
        assert found(library) == []

    def test_keeps_what_a_release_has_in_its_own_words(self, library, found):
        library.git("tag", "v1.0")
        take_back(library)
        of_fixture, of_entry = found(library)
        assert of_fixture[:3] == ("OPF306", "error", "a published fixture is removed")
        assert of_entry[:3] == (
            "OPF109",
            "error",
            "the published entry of mylib::scale at version 4 is removed",
        )
        first, second = of_entry[3].splitlines()
        assert second.startswith(
            "a release has it: to take the operator's change back, keep the entry and add"
        )
        text = first.removeprefix("write it as it was: ")
        [back] = read_version_map(MAP, f'OPERATOR_VERSIONS = {{"mylib::scale": [{text}]}}'.encode()).entries
        [stood] = read_version_map(MAP, WHOLE[MAP].encode()).entries
        assert back.text == stood.text

    def test_keeps_it_where_the_clone_cannot_tell(self, library, found):
        library.git("config", "remote.origin.tagOpt", "--no-tags")
        take_back(library)
        assert found(library)[1][3].splitlines()[1] == (
            "it may go if no release has it, and that cannot be told: this clone fetches no tags: "
            "`git fetch --tags` brings what releases have"
        )

    def test_answers_for_the_row_that_it_leaves_behind(self, library, found):
        take_back(library)
        for path in (REGISTRY, MODULES, FIXTURE):
            library.write(path, WHOLE[path])
        [(code, severity, _, hint)] = found(library)
        assert (code, severity) == ("OPF203", "error")
        assert hint == (
            "take row and class away, which were its entry's;\n"
            f"bring back what its fixture was made for, or take it away: git rm {FIXTURE}"
        )

    def test_answers_for_the_row_of_what_may_not_go_by_bringing_it_back(self, library, found):
        library.git("tag", "v1.0")
        library.write(MAP, EMPTY[MAP])
        hints = {code: hint for code, _, _, hint in found(library)}
        assert hints["OPF203"] == f"bring its entry back, in {MAP}"
        assert "git rm" not in str(hints)


TODAY = datetime.now(UTC).date()


def upgraders(comment):
    return f"""\
static std::unordered_map<std::string, std::string> kUpgradersEntryMap({{
{comment}
    {{"gelu_0_9", R"SCRIPT(
def gelu_0_9(self: Tensor) -> Tensor:
  return torch.gelu(self)
)SCRIPT"}},
}});
"""


class TestAnUpgraderThatHasExpired:
    """As PyTorch's generate_models.py shows the comment."""

    @pytest.fixture
    def taken_out(self, pytorch, found):
        """What is found where an upgrader with a comment is taken out, with all that is its own."""

        def find(comment, now=""):
            pytorch.write(VERSIONS, "constexpr uint64_t kProducedFileFormatVersion = 0xAL;\n")
            pytorch.write(UPGRADERS, upgraders(comment))
            pytorch.commit()
            pytorch.write(UPGRADERS, upgraders(now).replace("gelu_0_9", "other_0_9"))
            pytorch.write(VERSION_MAP, "std::unordered_map<std::string, std::vector<UpgraderEntry>> m({});\n")
            pytorch.write(PYTORCH_REGISTRY, "ALL_MODULES = {}\n")
            pytorch.write(PYTORCH_MODULES, "import torch\n")
            pytorch.git("rm", "--quiet", "test/jit/fixtures/test_versioned_gelu_v9.ptl")
            return [one[0] for one in found(pytorch) if one[0] != "OPF110"]

        return find

    @pytest.mark.parametrize(
        "comment",
        [
            "/*\ngelu_0_9 is added for a change of operator gelu in pr xxxxxxx.\n"
            "Create date: 12/02/2021\nExpire date: 06/02/2022\n*/",
            "// Create date: 12/02/2021\n// Expire date: 06/02/2022",
        ],
    )
    def test_may_go_with_all_that_is_its_own(self, taken_out, comment):
        assert taken_out(comment) == []

    @pytest.mark.parametrize(
        ("comment", "now"),
        [
            (f"// Expire date: {TODAY:%m/%d/%Y}", ""),
            (f"// Expire date: {TODAY.month}/{TODAY.day}/{TODAY.year + 1}", ""),
            ("", ""),
            # Nobody was told before.
            ("", "// gelu_0_9, Expire date: 06/02/2022"),
            ("// Expire date: 02/30/2022", ""),
            ("// Expire date: 2022-06-02", ""),
            ("/* full_0_4, other_0_9 */ /* gelu_0_9 */", ""),
        ],
        ids=[
            "today",
            "next year",
            "no comment",
            "only now",
            "no day",
            "another form",
            "no date",
        ],
    )
    def test_stays_until_then(self, taken_out, comment, now):
        assert "OPF109" in taken_out(comment, now)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("/* a_0_3, Expire date: 06/02/2022 */ A, B", {"a_0_3": date(2022, 6, 2)}),
        ("A, /* b_0_3 expire Date: 6/2/2022 */ B", {"b_0_3": date(2022, 6, 2)}),
        (
            "/* b_0_3 and a_0_3: Expire date: 06/02/2022 */ A, B",
            dict.fromkeys(("a_0_3", "b_0_3"), date(2022, 6, 2)),
        ),
        ("/* Expire date: 06/02/2022, then Expire date: 06/02/2023 */ A, B", {"a_0_3": date(2023, 6, 2)}),
        ("// b_0_3\n// Expire date: 06/02/2022\nA, B", {"b_0_3": date(2022, 6, 2)}),
        ("/* b_0_3 */ /* Expire date: 06/02/2022 */ A, B", {"a_0_3": date(2022, 6, 2)}),
        ("/* c_0_3, Expire date: 06/02/2022 */ A, B", {}),
        ("/* c_0_3 and b_0_3, Expire date: 06/02/2022 */ A, B", {"b_0_3": date(2022, 6, 2)}),
        ("A, B // Expire date: 06/02/2022\n", {}),
        ('A, {"c_0_3", "/* Expire date: 06/02/2022 */"}, B', {}),
        ("A, B", {}),
    ],
)
def test_a_comment_is_about_the_upgraders_it_names_or_the_one_behind_it(text, days):
    for name in "AB":
        text = text.replace(name, f'{{"{name.lower()}_0_3", "def {name.lower()}_0_3(): pass"}}')
    source = f"std::unordered_map<std::string, std::string> kUpgradersEntryMap({{{text}}});".encode()
    read = read_upgraders("upgraders.cpp", source)
    assert not read.problems
    assert read_expiries(read, source) == days
