"""Two changes that claim version 11 of a tree with PyTorch's paths."""

import json

import pytest

MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
VERSIONS = "caffe2/serialize/versions.h"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"

ENTRY = '    {{"aten::{op}", {{{{{version}, "{name}", "aten::{op}(Tensor self) -> Tensor"}}}}}},\n'
UPGRADER = '    {{"{name}", R"SCRIPT(\ndef {name}(self: Tensor) -> Tensor:\n  return self\n)SCRIPT"}},\n'
CLASS = (
    "class {cls}(torch.nn.Module):\n    def forward(self, x):\n        return torch.ops.aten.relu(x)\n\n\n"
)
ROW = '    {cls}(): "aten::{op}",\n'
CONSTANTS = """\
// The version that is produced, and the versions that can be read.
constexpr uint64_t kMinSupportedFileFormatVersion = 0x1L;
constexpr uint64_t kMaxSupportedFileFormatVersion = 0x{0:X}L;
constexpr uint64_t kProducedFileFormatVersion = 0x{0:X}L;
"""


def facts(operator, version, start=0):
    """What an operator bumped at a version is called in each file."""
    words = operator.replace(".", "_").split("_")
    return {
        "op": operator,
        "version": version,
        "name": f"{operator.replace('.', '_')}_{start}_{version - 1}",
        "cls": f"TestVersioned{''.join(map(str.capitalize, words))}V{version - 1}",
    }


def tree(*bumps, produced):
    """The files of a tree with these bumps, `(operator, version)` or `(operator, version, start)` each."""
    known = [facts(*bump) for bump in bumps]

    def all_of(template):
        return "".join(template.format(**fact) for fact in known)

    return {
        MAP: "static std::unordered_map<std::string, std::vector<UpgraderEntry>> operatorVersionMap(\n    {\n"
        f"{all_of(ENTRY)}    }});\n",
        UPGRADERS: "static std::unordered_map<std::string, std::string> kUpgradersEntryMap({\n"
        f"{all_of(UPGRADER)}}});\n",
        VERSIONS: CONSTANTS.format(produced),
        REGISTRY: f"from fixtures_src import *  # noqa: F403\n\nALL_MODULES = {{\n{all_of(ROW)}}}\n",
        MODULES: f"import torch\n\n\n{all_of(CLASS)}",
    }


GELU, FOO, FOO_OUT, BAR = ("gelu", 10), ("foo", 11), ("foo.out", 11), ("bar", 11)


class Branches:
    """A repository with a branch of its own and a target branch."""

    def __init__(self, repository, opfixtures):
        self.repository = repository
        self.git = repository.git
        self.root = repository.root
        self._opfixtures = opfixtures

    def lay(self, files):
        """Write and stage files of the tree."""
        for path, content in files.items():
            self.repository.write(path, content)

    def commit(self, files):
        """Write these files and commit all."""
        self.lay(files)
        self.repository.commit()

    def land(self, files):
        """Commit these files on top of the first commit, as the branch that target is, and come back."""
        branch = self.git("branch", "--show-current")
        self.git("checkout", "--quiet", "-B", "main", "main")
        self.commit(files)
        self.git("update-ref", "refs/remotes/origin/HEAD", "main")
        self.git("checkout", "--quiet", branch)

    def put(self, path, old, new, encoding="utf-8"):
        """Replace a text in a file, line ends as they are."""
        file = self.root / path
        content = file.read_bytes()
        assert content.count(old.encode(encoding)) == 1
        file.write_bytes(content.replace(old.encode(encoding), new.encode(encoding)))

    def run(self, *args):
        return self._opfixtures(self.repository, *args)

    def renumber(self, *args):
        """What it prints when it does not refuse."""
        ran = self.run("renumber", *args)
        assert (ran.status, ran.err) == (0, "")
        return ran.out

    def refused(self, *args):
        """The sentence of a refusal, which changes no file."""
        before = self.state()
        ran = self.run("renumber", "--apply", *args)
        assert (ran.status, ran.out) == (2, "")
        assert self.state() == before
        return ran.err.removeprefix("opfixtures: error: ").rstrip("\n")

    def state(self):
        """Every file of the work tree, by path."""
        paths = self.git("ls-files", "--cached", "--others").splitlines()
        return {path: (self.root / path).read_bytes() for path in paths}

    def errors(self):
        """The codes of the errors that a check finds between target and what would be committed."""
        self.git("add", "--all")
        self.repository.commit()
        found = self.run("check", "--from-ref", "origin/HEAD", "--to-ref", "HEAD", "--format", "json")
        findings = json.loads(found.out)["findings"]
        return sorted({finding["code"] for finding in findings if finding["severity"] == "error"})


@pytest.fixture
def branches(new_repository, opfixtures):
    """A branch `mine` on top of version 10, which is published."""
    branches = Branches(new_repository(), opfixtures)
    branches.commit(tree(GELU, produced=10))
    branches.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    branches.git("checkout", "--quiet", "-b", "mine")
    return branches


@pytest.fixture
def rebased(branches):
    """A branch with foo and foo.out at 11, rebased onto bar at 11; git saw no conflict."""
    branches.commit(tree(GELU, FOO, FOO_OUT, produced=11))
    branches.land(tree(BAR, GELU, produced=11))
    branches.git("rebase", "--quiet", "main")
    return branches
