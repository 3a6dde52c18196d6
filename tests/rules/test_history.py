"""What went wrong with PyTorch's version map over the years, rebuilt as commits in a tree with its paths.

Each commit has exactly the findings one would want to have had then. The numbers are pull requests of
pytorch/pytorch.
"""

import json
import subprocess
import sys

import pytest

from opfixtures.change.comparison import between
from opfixtures.commands.judging import judged
from opfixtures.declarations.names import class_name_for, fixture_stem, module_version
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from tests.repositories import zipped_archive

MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
VERSIONS = "caffe2/serialize/versions.h"
MOBILE = "torch/csrc/jit/mobile/upgrader_mobile.cpp"
GENERATOR = "torchgen/operator_versions/gen_mobile_upgraders.py"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"
FIXTURES = "test/jit/fixtures"
NAMES = {MAP: "map", UPGRADERS: "upgraders", VERSIONS: "versions", MOBILE: "mobile", REGISTRY: "registry"}

PUBLISHED = {
    "aten::div.Tensor": 4,
    "aten::div.Scalar": 4,
    "aten::full": 5,
    "aten::linspace": 8,
    "aten::logspace": 9,
    "aten::gelu": 10,
}
EXCLUDED = ("aten::full",)
PUBLISHED_BEFORE_GELU = list(PUBLISHED).index("aten::gelu")


def fixture(module):
    return f"{FIXTURES}/{fixture_stem(module)}.ptl"


class History:
    """A repository with PyTorch's paths, whose files are written from what they declare."""

    def __init__(self, repository, opfixtures):
        self.repository = repository
        self._opfixtures = opfixtures
        self.produced = 10
        # Entries in the order of the file: operator, version, upgrader, old_schema.
        self.entries: list[tuple[str, int, str, str]] = []
        self.upgraders = []
        self.mobile = []
        self.rows = {}
        self.modules = []
        self.fixtures = []
        # What an archive calls, and its version where that is not what the module's name says.
        self.calls = {}
        self.stamps = {}
        for operator, version in PUBLISHED.items():
            self.add(operator, version)
        self.mobile = [entry for entry in self.entries if entry[0] not in EXCLUDED]

    def add(self, operator, version, start=0, *, schema="", upgrader="", position=None, regenerate=True):
        """Everything that an entry owes: upgrader, mobile row, fixture entry and fixture."""
        name = upgrader or f"{operator[6:].replace('.', '_')}_{start}_{version - 1}"
        entry = operator, version, name, schema or f"{operator}(Tensor self) -> Tensor"
        self.entries.insert(len(self.entries) if position is None else position, entry)
        self.upgraders.append(name)
        if regenerate:
            self.mobile.append(entry)
        module = self.add_module(operator, version)
        self.calls[module] = entry[3].partition("(")[0]

    def take_back(self, count=1):
        """Everything that the last entries brought but the produced version."""
        for kept in (self.entries, self.upgraders, self.mobile, self.modules, self.fixtures):
            del kept[-count:]
        for module in list(self.rows)[-count:]:
            del self.rows[module]

    def add_module(self, operator, version):
        """A module, its row and its fixture; returns the module's name."""
        module = class_name_for(operator, version - 1)
        self.rows[module] = operator
        self.modules.append(module)
        self.fixtures.append(module)
        self.calls[module] = operator
        return module

    def stage(self):
        """Write and stage all files."""
        grouped: dict[str, list[str]] = {}
        for operator, version, name, schema in self.entries:
            grouped.setdefault(operator, []).append(f'{{{version}, "{name}", "{schema}"}}')
        entries = "".join(f'    {{"{name}", {{{", ".join(texts)}}}}},\n' for name, texts in grouped.items())
        pairs = "".join(
            f'    {{"{name}", R"(\ndef {name}(self):\n  return self\n)"}},\n' for name in self.upgraders
        )
        mobile = "".join(
            f'{{std::string("{operator}"), {{Upgrader({{{start}, {version - 1}, "{name}"}})}}}},\n'
            for operator, version, name, _ in self.mobile
            for start in [name.split("_")[-2]]
        )
        rows = "".join(f'    {module}(): "{operator}",\n' for module, operator in self.rows.items())
        classes = "".join(f"class {name}(torch.nn.Module):\n    pass\n\n\n" for name in self.modules)
        files = {
            MAP: f"std::unordered_map<std::string, std::vector<UpgraderEntry>> m({{\n{entries}}});\n",
            UPGRADERS: f"std::unordered_map<std::string, std::string> kUpgradersEntryMap({{\n{pairs}}});\n",
            VERSIONS: f"constexpr uint64_t kMaxSupportedFileFormatVersion = {self.produced:#X}L;\n"
            f"constexpr uint64_t kProducedFileFormatVersion = {self.produced:#X}L;\n",
            MOBILE: mobile,
            GENERATOR: f"EXCLUDED_OP_SET = {list(EXCLUDED)}\n",
            REGISTRY: f"ALL_MODULES = {{\n{rows}}}\n",
            MODULES: f"import torch\n\n\n{classes}",
        }
        for path, text in files.items():
            self.repository.write(path, text)
        for module in self.fixtures:
            stamp = self.stamps.get(module, module_version(module) or 0)
            content = zipped_archive(stamp, self.calls[module])
            self.repository.write(fixture(module), content)
        gone = set(self.repository.git("ls-files", "--", FIXTURES).split()) - set(map(fixture, self.fixtures))
        if gone:
            self.repository.git("rm", "--quiet", "--force", "--", *gone)

    def commit(self):
        self.stage()
        self.repository.commit()

    def publish(self):
        """Commit, and let that be the target branch."""
        self.commit()
        self.repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")

    def found(self, *options):
        """What the check finds in what would be committed now, by code, severity, operator and file."""
        self.stage()
        ran = self._opfixtures(self.repository, "check", "--format", "json", *options)
        findings = json.loads(ran.out)["findings"]
        assert ran.status == any(finding["severity"] == "error" for finding in findings)
        return [
            " ".join(filter(None, (one["code"], one["severity"], one["operator"], NAMES.get(one["path"]))))
            for one in findings
        ]


@pytest.fixture
def pytorch_of_2022(new_repository, opfixtures):
    """PyTorch as it was published with version 10."""
    history = History(new_repository(), opfixtures)
    history.publish()
    return history


def wrong_key(history):
    """aten::full.names was entered for aten::full (69860)."""
    history.add("aten::hardswish.names", 11, schema="aten::hardswish(Tensor self) -> Tensor")
    history.produced = 11
    return ["OPF106 error aten::hardswish.names map", "OPF304 error aten::hardswish.names"]


def wrong_key_mended(history):
    wrong_key(history)
    history.publish()
    history.entries[-1] = "aten::hardswish", *history.entries[-1][1:]
    history.mobile[-1] = history.entries[-1]
    history.rows = {module: operator.removesuffix(".names") for module, operator in history.rows.items()}
    return []


def malformed_schema(history):
    """`int{} size` got in (69807)."""
    history.add("aten::hardswish", 11, schema="aten::hardswish(int{} size) -> Tensor")
    history.produced = 11
    return ["OPF105 error aten::hardswish map"]


def schema_without_a_parameters_name(history):
    """And so did `div_.Scalar(Tensor(a!), Tensor other)` (69807)."""
    history.add("aten::hardswish_", 11, schema="aten::hardswish_(Tensor(a!), Tensor other) -> Tensor(a!)")
    history.produced = 11
    return ["OPF105 error aten::hardswish_ map"]


def two_changes_for_one_version_before_the_rebase(history):
    """Two changes claimed version 10 at once (61439, 72191)."""
    history.add("aten::relu", 11)
    history.produced = 11
    history.publish()
    history.repository.git("reset", "--hard", "--quiet", "HEAD~")
    history.take_back()
    history.add("aten::hardswish", 11)
    return ["OPF108 error aten::hardswish map"]


def two_changes_for_one_version_after_the_rebase(history):
    history.add("aten::relu", 11)
    history.produced = 11
    history.publish()
    history.add("aten::hardswish", 11)
    return ["OPF108 error aten::hardswish map"]


def the_second_of_them_renumbered(history):
    two_changes_for_one_version_after_the_rebase(history)
    history.take_back()
    history.add("aten::hardswish", 12)
    history.produced = 12
    return []


def skipped_version(history):
    history.add("aten::hardswish", 12)
    history.produced = 12
    return ["OPF108 error aten::hardswish map"]


def produced_version_forgotten(history):
    history.add("aten::hardswish", 11)
    return ["OPF107 error aten::hardswish map"]


def missing_mobile_upgraders(history):
    """upgrader_mobile.cpp was not regenerated for months (89886)."""
    history.add("aten::hardswish", 11, regenerate=False)
    history.produced = 11
    return ["OPF111 warning aten::hardswish map"]


def backfill_of_five_operators(history):
    """Five `*_mode` operators were added later at version 4 (73586)."""
    for name in (
        "div.Tensor_mode",
        "div.Scalar_mode",
        "div.out_mode",
        "div_.Tensor_mode",
        "div_.Scalar_mode",
    ):
        history.add(f"aten::{name}", 4)
    return []


def backfill_without_modules(history):
    backfill_of_five_operators(history)
    history.rows = dict(list(history.rows.items())[:-5])
    del history.fixtures[-5:]
    return [f"OPF201 error {operator} map" for operator, *_ in history.entries[-5:]]


def stft_lands(history):
    """stft and istft at 11 (73434, 77257)."""
    history.add("aten::stft", 11)
    history.add("aten::istft", 11)
    history.produced = 11
    return []


def stft_is_reverted(history):
    history.take_back(2)
    history.produced = 10
    return []


def a_revert_of_everything(history):
    stft_lands(history)
    history.publish()
    return stft_is_reverted(history)


def a_revert_that_forgets_the_produced_version(history):
    a_revert_of_everything(history)
    history.produced = 11
    return [
        f"{code} error aten::{name}{where}"
        for code, where in (("OPF109", " map"), ("OPF306", ""))
        for name in ("istft", "stft")
    ]


def a_revert_that_leaves_modules_behind(history):
    """random_.from was renamed and the change reverted: modules and fixtures stayed behind (94611)."""
    stft_lands(history)
    history.publish()
    rows, modules, fixtures = dict(history.rows), list(history.modules), list(history.fixtures)
    stft_is_reverted(history)
    history.rows, history.modules, history.fixtures = rows, modules, fixtures
    return ["OPF203 error aten::stft registry", "OPF203 error aten::istft registry"]


def a_revert_that_leaves_fixtures_behind(history):
    stft_lands(history)
    history.publish()
    fixtures = list(history.fixtures)
    stft_is_reverted(history)
    history.fixtures = fixtures
    return ["OPF307 warning", "OPF307 warning"]


def fixtures_that_were_left_behind_are_taken_away(history):
    a_revert_that_leaves_fixtures_behind(history)
    history.publish()
    del history.fixtures[-2:]
    return []


def a_wrapper_in_python(history):
    """torch.stft is a Python wrapper: the module never called the operator it was registered for."""
    stft_lands(history)
    history.calls["TestVersionedStftV10"] = "aten::stft.center"
    return ["OPF304 error aten::stft"]


def exported_after_the_change(history):
    """The generator's guard asks for a version that no build can produce."""
    stft_lands(history)
    history.stamps["TestVersionedStftV10"] = 11
    return ["OPF303 error aten::stft"]


def a_published_fixture_exported_again(history):
    history.stamps["TestVersionedGeluV9"] = 10
    return ["OPF303 error aten::gelu", "OPF306 error aten::gelu"]


def a_revert_that_leaves_upgraders_behind(history):
    stft_lands(history)
    history.publish()
    upgraders, mobile = list(history.upgraders), list(history.mobile)
    stft_is_reverted(history)
    history.upgraders, history.mobile = upgraders, mobile
    return [
        "OPF111 warning aten::stft mobile",
        "OPF111 warning aten::istft mobile",
        "OPF110 warning upgraders",
        "OPF110 warning upgraders",
    ]


def descending_order(history):
    """The README's own example is in the wrong order, and nothing sorts."""
    history.add("aten::gelu", 11, start=10, position=PUBLISHED_BEFORE_GELU)
    history.produced = 11
    return ["OPF102 error aten::gelu map"]


def renamed_operator(history):
    """random_.from was renamed (89797)."""
    index = next(n for n, entry in enumerate(history.entries) if entry[0] == "aten::logspace")
    history.entries[index] = "aten::log_space", *history.entries[index][1:3], "aten::log_space() -> Tensor"
    return [
        "OPF203 error aten::logspace registry",
        "OPF109 error aten::logspace map",
        "OPF111 warning aten::log_space map",
        "OPF201 error aten::log_space map",
    ]


def module_first(history):
    """PyTorch's guide: add module and registry row, export, land that."""
    history.add_module("aten::hardswish", 11)
    return ["OPF203 warning aten::hardswish registry"]


def operator_later(history):
    """And only then change the operator."""
    module_first(history)
    history.publish()
    rows, modules = dict(history.rows), list(history.modules)
    history.add("aten::hardswish", 11)
    history.rows, history.modules = rows, modules
    history.produced = 11
    return []


def evidence_is_dropped(history):
    """The row of gelu goes, and its module and fixture with it."""
    [module] = [name for name, operator in history.rows.items() if operator == "aten::gelu"]
    del history.rows[module]
    history.modules.remove(module)
    history.fixtures.remove(module)
    return ["OPF201 error aten::gelu map", "OPF306 error aten::gelu"]


def a_second_module_for_an_old_entry(history):
    history.rows["TestVersionedGeluDefaultsV9"] = "aten::gelu"
    history.modules.append("TestVersionedGeluDefaultsV9")
    return ["OPF301 note aten::gelu registry"]


def second_commit_of_a_branch(history):
    """It may edit what the first brought."""
    history.add("aten::hardswish", 11)
    history.produced = 11
    history.commit()
    history.entries[-1] = (*history.entries[-1][:3], "aten::hardswish(Tensor self, int x) -> Tensor")
    return []


def second_commit_that_takes_it_back(history):
    history.add("aten::hardswish", 11)
    history.produced = 11
    history.commit()
    history.take_back()
    return []


def versioned_module_that_exercises_nothing(history):
    """TestVersionedDivTensorExampleV7 covers an operator bumped at 4 (70629)."""
    history.rows["TestVersionedDivTensorExampleV7"] = "aten::div.Tensor"
    history.modules.append("TestVersionedDivTensorExampleV7")
    return ["OPF204 error aten::div.Tensor registry"]


COMMITS = [
    wrong_key,
    wrong_key_mended,
    malformed_schema,
    schema_without_a_parameters_name,
    two_changes_for_one_version_before_the_rebase,
    two_changes_for_one_version_after_the_rebase,
    the_second_of_them_renumbered,
    skipped_version,
    produced_version_forgotten,
    missing_mobile_upgraders,
    backfill_of_five_operators,
    backfill_without_modules,
    stft_lands,
    a_revert_of_everything,
    a_revert_that_forgets_the_produced_version,
    a_revert_that_leaves_modules_behind,
    a_revert_that_leaves_fixtures_behind,
    fixtures_that_were_left_behind_are_taken_away,
    a_wrapper_in_python,
    exported_after_the_change,
    a_published_fixture_exported_again,
    a_revert_that_leaves_upgraders_behind,
    descending_order,
    renamed_operator,
    module_first,
    operator_later,
    evidence_is_dropped,
    a_second_module_for_an_old_entry,
    second_commit_of_a_branch,
    second_commit_that_takes_it_back,
    versioned_module_that_exercises_nothing,
]


@pytest.mark.parametrize("make", COMMITS, ids=lambda make: make.__name__)
def test_each_commit_has_the_findings_one_would_want_and_no_other(pytorch_of_2022, make):
    expected = make(pytorch_of_2022)
    assert sorted(pytorch_of_2022.found()) == sorted(expected)


class TestWhatOnlyABuildCanMend:
    """A warning before a commit and a push, an error where CI judges."""

    @pytest.fixture
    def unbuilt(self, pytorch_of_2022):
        """The mobile upgraders are not regenerated; committed past the hook."""
        pytorch_of_2022.add("aten::hardswish", 11, regenerate=False)
        pytorch_of_2022.produced = 11
        assert pytorch_of_2022.found() == ["OPF111 warning aten::hardswish map"]
        pytorch_of_2022.repository.commit()
        return pytorch_of_2022

    def test_is_an_error_where_refs_are_compared(self, unbuilt):
        found = unbuilt.found("--from-ref", "HEAD~", "--to-ref", "HEAD")
        assert found == ["OPF111 error aten::hardswish map"]

    @pytest.mark.parametrize(
        ("remote", "status"), [({}, 1), ({"PRE_COMMIT_REMOTE_NAME": "origin"}, 0)], ids=["in CI", "at a push"]
    )
    def test_is_none_where_pre_commit_runs_before_a_push(self, unbuilt, opfixtures, remote, status):
        refs = {"PRE_COMMIT_FROM_REF": "HEAD~", "PRE_COMMIT_TO_REF": "HEAD"}
        assert opfixtures(unbuilt.repository, "check", **refs, **remote).status == status

    def test_is_none_in_the_plain_hook_before_a_push(self, unbuilt):
        repository = unbuilt.repository
        tip, before = repository.git("rev-parse", "HEAD"), repository.git("rev-parse", "HEAD~")
        done = subprocess.run(
            [sys.executable, "-m", "opfixtures", "hook", "pre-push", "origin", "url"],
            cwd=repository.root,
            env=repository.environment,
            input=f"refs/heads/main {tip} refs/heads/main {before}\n",
            capture_output=True,
            text=True,
        )
        assert (done.returncode, ": warning OPF111: " in done.stdout) == (0, True)

    def test_is_an_error_in_the_action(self, unbuilt, inside):
        """Which judges with `judged` as it is."""
        repository = unbuilt.repository
        with (
            inside(repository),
            GitObjects(Repository.discover(str(repository.root), repository.environment)) as objects,
        ):
            findings = judged(objects, between(objects, "HEAD~", "HEAD"))
        assert [(one.code, one.severity) for one in findings] == [("OPF111", "error")]


def test_an_audit_of_what_is_published_finds_its_one_old_debt(pytorch_of_2022):
    assert pytorch_of_2022.found("--all") == ["OPF111 error aten::full map"]
