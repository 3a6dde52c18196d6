"""`opfixtures new` on real repositories: what it writes passes the check, and a second run changes nothing."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from opfixtures import report
from opfixtures.commands import new
from opfixtures.declarations import python_source, python_upgraders
from opfixtures.report.diff_text import diff_text
from tests.renumber.conftest import ENTRY, FOO, GELU, ROW, UPGRADER, VERSIONS, facts, tree
from tests.repositories import MODULES, REGISTRY, VERSION_MAP

SCHEMA = json.loads((Path(report.__file__).parent / "schemas/new.schema.json").read_text())
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
YAML = "aten/src/ATen/native/native_functions.yaml"
OPS = """\
import torch

lib = torch.library.Library("vistools", "DEF")
lib.define("sharpen(Tensor x, float amount=1.0) -> Tensor")
lib.define("blur(Tensor x) -> Tensor")
lib.define("blur.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)")
lib.define("pair(Tensor x) -> (Tensor, Tensor)")
"""
LIBRARY = {
    ".opfixtures.toml": """\
[tool.opfixtures]
version-map = "vistools/operator_versions.py"
upgraders = "vistools/upgraders.py"
registry = "fixtures_src/registry.py"
fixture-modules = ["fixtures_src/modules.py"]
fixtures = "fixtures"
operators = ["vistools/*.py"]
""",
    "vistools/operator_versions.py": "OPERATOR_VERSIONS = {}\n",
    "vistools/upgraders.py": 'UPGRADERS = ""\n',
    "vistools/ops.py": OPS,
    "fixtures_src/registry.py": "from modules import *\n\nALL_MODULES = {}\n",
    "fixtures_src/modules.py": "import torch\n",
}


def entry_of(version, name, schema):
    return f'{{"bumped_at_version": {version}, "upgrader_name": "{name}", "old_schema": "{schema}"}}'


class Newly:
    """A repository in which `new` runs."""

    def __init__(self, repository, opfixtures):
        self.repository = repository
        self.root = repository.root
        self.read = repository.read
        self._opfixtures = opfixtures

    def write(self, path, text):
        (self.root / path).write_text(text, encoding="utf-8")

    def replace(self, path, old, new):
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new))

    def commit(self):
        self.repository.git("add", "--all")
        return self.repository.commit()

    def run(self, *args, folder="."):
        return self._opfixtures(self.repository, "new", "--no-samples", *args, folder=folder)

    def check(self, *args):
        return self._opfixtures(self.repository, "check", *args)

    def state(self):
        return {
            path: (self.root / path).read_bytes() for path in self.repository.git("ls-files").splitlines()
        }

    def new(self, *args):
        """What it says, the diff left out: first without writing, then written, then with nothing left to write."""
        before = self.state()
        shown = self.run(*args)
        assert (shown.status, shown.err) == (0, "")
        assert self.state() == before
        written = self.run(*args, "--apply", "-v")
        assert (written.status, written.err) == (0, "")
        head, _, _ = written.out.partition("\n--- a/")
        assert shown.out.partition("\n--- a/")[0] == head
        assert "next: run this again with --apply, which writes it\n" in shown.out
        after = self.state()
        assert after != before
        again = self.run(*args, "--apply")
        assert again.out.endswith("opfixtures: nothing to add\n")
        assert self.state() == after
        return head.rstrip("\n").split("\n")

    def refused(self, *args):
        before = self.state()
        ran = self.run(*args, "--apply")
        assert (ran.status, ran.out) == (2, "")
        assert self.state() == before
        return ran.err.removeprefix("opfixtures: error: ").rstrip("\n")

    def errors(self):
        self.repository.git("add", "--all")
        found = json.loads(self._opfixtures(self.repository, "check", "--format", "json").out)
        return [one["code"] for one in found["findings"] if one["severity"] == "error"]


@pytest.fixture
def vistools(new_repository, opfixtures):
    """A library whose sharpen has lost a default in the work tree."""
    newly = Newly(new_repository(LIBRARY, name="vistools"), opfixtures)
    newly.replace("vistools/ops.py", "float amount=1.0", "float amount")
    return newly


@pytest.fixture
def pytorch_tree(new_repository, opfixtures):
    """A tree with PyTorch's paths and declarations, in which foo has got an argument that old models do not pass."""
    schemas = (
        "- func: foo(Tensor self) -> Tensor\n- func: foo.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)\n"
    )
    newly = Newly(new_repository({**tree(GELU, produced=10), YAML: schemas}), opfixtures)
    newly.replace(YAML, "foo(Tensor self)", "foo(Tensor self, *, str mode)")
    return newly


class TestALibrary:
    def test_gets_all_that_an_entry_owes(self, vistools):
        assert vistools.new("vistools::sharpen") == [
            "vistools::sharpen",
            "HEAD:       sharpen(Tensor x, float amount=1.0) -> Tensor",
            "work tree:  sharpen(Tensor x, float amount) -> Tensor",
            "version 4 is the next one free (4 to 10 are left)",
            "+ vistools/operator_versions.py entry at 4",
            "+ vistools/upgraders.py         sharpen_0_3, complete, unless it computes something else now",
            *vistools_modules(vistools, "vistools::sharpen"),
        ]
        assert vistools.errors() == []
        assert "def sharpen_0_3(x: Tensor, amount: float) -> Tensor:\n" in vistools.read(
            "vistools/upgraders.py"
        )
        assert '"old_schema": "vistools::sharpen(Tensor x, float amount=1.0) -> Tensor"' in vistools.read(
            "vistools/operator_versions.py"
        )
        # Operators of other namespaces are called as such.
        assert "torch.ops.vistools.sharpen(" in vistools.read("fixtures_src/modules.py")

    def test_takes_an_upgrader_that_no_entry_names(self, vistools):
        text = "def sharpen_0_3(x: Tensor, amount: float=1.0) -> Tensor:\n  return x\n"
        vistools.write("vistools/upgraders.py", f'UPGRADERS = """\n{text}"""\n')
        said = vistools.new("vistools::sharpen")
        assert not any("skeleton" in line for line in said)
        assert vistools.read("vistools/upgraders.py") == f'UPGRADERS = """\n{text}"""\n'
        assert '"upgrader_name": "sharpen_0_3"' in vistools.read("vistools/operator_versions.py")

    @pytest.mark.parametrize("class_name", ["TestOther", "TestOtherV7"])
    def test_with_a_class_of_no_version_of_its_entry_has_that_renamed_first(self, vistools, class_name):
        entry = entry_of(4, "sharpen_0_3", "vistools::sharpen(Tensor x, float amount=1.0) -> Tensor")
        vistools.write(
            "vistools/operator_versions.py", f'OPERATOR_VERSIONS = {{"vistools::sharpen": [{entry}]}}\n'
        )
        row = f'{class_name}(): "vistools::sharpen"'
        vistools.write(
            "fixtures_src/registry.py", f"from modules import *\n\nALL_MODULES = {{\n    {row},\n}}\n"
        )
        module = (
            "(torch.nn.Module):\n    def forward(self, x):\n        return torch.ops.vistools.sharpen(x)\n"
        )
        vistools.write("fixtures_src/modules.py", f"import torch\n\n\nclass {class_name}{module}")
        said = vistools.refused("--all")
        assert (
            f"{class_name} is for vistools::sharpen, and its name ends in no version that an entry covers"
            in said
        )
        vistools.repository.git("add", "--all")
        assert vistools.check("--fix").status == 1
        vistools.repository.git("add", "--all")
        assert vistools.run("--all").status == 0
        assert vistools.errors() == []

    def test_is_written_in_the_quotes_of_the_file(self, vistools):
        vistools.write(
            "fixtures_src/registry.py", "from modules import *\n\nALL_MODULES = {\n    A(): 'my::a',\n}\n"
        )
        vistools.write("vistools/operator_versions.py", "OPERATOR_VERSIONS = {\n    'my::a': [],\n}\n")
        vistools.replace(
            "fixtures_src/modules.py", "torch\n", "torch\n\n\nclass A(torch.nn.Module):\n    pass\n"
        )
        vistools.new("vistools::sharpen")
        for path in ("fixtures_src/registry.py", "vistools/operator_versions.py"):
            assert "'vistools::sharpen'" in vistools.read(path)
            assert '"' not in vistools.read(path)

    def test_is_told_what_to_do_next(self, vistools):
        out = vistools.run("vistools::sharpen", "--apply").out
        assert out.endswith(
            "opfixtures: 4 files written\n"
            "next: read the upgraders in vistools/upgraders.py, fill in what is open, then run "
            "`opfixtures generate`\n"
        )

    def test_gets_the_version_behind_its_last_release_and_shares_it(self, vistools):
        vistools.run("vistools::sharpen", "--apply")
        vistools.commit()
        vistools.repository.git("tag", "v1")
        vistools.replace("vistools/ops.py", "float amount)", "int amount)")
        vistools.replace("vistools/ops.py", "blur(Tensor x)", "blur(Tensor x, int n)")
        said = vistools.new("vistools::sharpen", "vistools::blur")
        assert said.count("version 5 is the next one free (5 to 10 are left)") == 2
        assert any("sharpen_4_4, a skeleton" in line for line in said)
        assert any("blur_0_4, a skeleton" in line for line in said)
        assert vistools.errors() == []

    def test_shares_a_version_that_a_release_may_have_and_says_so(self, vistools):
        entry = entry_of(4, "old_0_3", "vistools::old(Tensor x) -> Tensor")
        vistools.write(
            "vistools/operator_versions.py", f'OPERATOR_VERSIONS = {{"vistools::old": [{entry}]}}\n'
        )
        vistools.commit()
        vistools.repository.git("remote", "add", "origin", "https://example.invalid/vistools")
        vistools.replace("vistools/ops.py", "float amount)", "int amount)")
        said = vistools.new("vistools::sharpen", "--behaviour")
        (line,) = (one for one in said if one.startswith("version 4 is the next one free"))
        assert line.startswith(
            "version 4 is the next one free (4 to 10 are left), if no release has it: this clone has no tags: "
            "`git fetch --tags` brings what releases have"
        )

    def test_has_no_version_left_behind_the_last(self, vistools):
        entry = entry_of(10, "old_0_9", "vistools::old(Tensor x) -> Tensor")
        vistools.write(
            "vistools/operator_versions.py", f'OPERATOR_VERSIONS = {{"vistools::old": [{entry}]}}\n'
        )
        vistools.commit()
        vistools.repository.git("tag", "v1")
        assert vistools.refused("vistools::sharpen", "--behaviour") == (
            "vistools::sharpen cannot be bumped at version 11, and TorchScript gives a library 4 to 10: torch loads no "
            "archive that is stamped above, and no version is left: leave the operator as it is, and add an overload "
            "that no old model calls, such as vistools::sharpen.v2"
        )

    def test_says_where_the_last_version_is_taken(self, vistools):
        entry = entry_of(9, "old_0_8", "vistools::old(Tensor x) -> Tensor")
        vistools.write(
            "vistools/operator_versions.py", f'OPERATOR_VERSIONS = {{"vistools::old": [{entry}]}}\n'
        )
        vistools.replace("vistools/ops.py", "float amount)", "float amount=1.0)")
        vistools.commit()
        vistools.repository.git("tag", "v1")
        assert "version 10 is the next one free (the last one)" in vistools.new(
            "vistools::blur", "--behaviour"
        )

    def test_whose_operator_computes_something_else_says_so(self, vistools):
        assert vistools.refused("vistools::blur") == (
            "nothing changed: vistools::blur has the same schema before and now: if it computes something else for the "
            "same inputs, say so with --behaviour (no origin/HEAD here: compared with HEAD; to see what is committed, "
            "name the published branch with --target, or as `target` in the settings)"
        )
        vistools.repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD~0")
        assert vistools.refused("vistools::blur").endswith("say so with --behaviour")
        assert "work tree:  blur(Tensor x) -> Tensor" in vistools.new("vistools::blur", "--behaviour")

    def test_whose_change_is_committed_is_compared_with_the_target_that_is_named(self, vistools):
        vistools.replace("vistools/ops.py", "blur(Tensor x) ", "blur(Tensor x, float by) ")
        vistools.commit()
        assert "nothing changed" in vistools.refused("vistools::blur")
        assert vistools.refused("vistools::blur", "--target", "HEAD").endswith("say so with --behaviour")
        assert "work tree:  blur(Tensor x, float by) -> Tensor" in vistools.new(
            "vistools::blur", "--target", "HEAD~1"
        )
        assert vistools.refused("vistools::blur", "--target", "") == (
            "--target takes a revision, and it is empty: name one"
        )

    @pytest.mark.parametrize(
        ("now", "added"),
        [
            ("blur(Tensor x, int n=1)", "int n=1"),
            ("blur(Tensor x, int n=1, *, float? by=None)", "int n=1, float? by=None"),
        ],
    )
    def test_whose_operator_only_gets_arguments_with_defaults_owes_no_entry(self, vistools, now, added):
        vistools.replace("vistools/ops.py", "blur(Tensor x) ", f"{now} ")
        assert vistools.refused("vistools::blur") == (
            f"it needs no entry: vistools::blur only gets {added}, and old models run with that without an upgrader: "
            "if they compute something else then, say so with --behaviour"
        )
        assert any("blur_0_3, a skeleton" in line for line in vistools.new("vistools::blur", "--behaviour"))

    @pytest.mark.parametrize("now", ["blur(int n=1, Tensor x)", "blur(Tensor x, int n)", "blur(Tensor y)"])
    def test_whose_operator_gets_another_argument_elsewhere_owes_one(self, vistools, now):
        now = now.replace("int n=1, Tensor x", "Tensor? n=None, Tensor? x=None")
        vistools.replace("vistools/ops.py", "blur(Tensor x) ", f"{now} ")
        assert any("blur_0_3, a skeleton" in line for line in vistools.new("vistools::blur"))

    def test_whose_entry_was_committed_is_told_that_it_lacks_nothing(self, vistools):
        vistools.run("vistools::sharpen", "--apply")
        vistools.commit()
        said = vistools.run("vistools::sharpen")
        assert said.out == (
            "vistools::sharpen\nthe entry at 4 lacks nothing\n"
            "its schema is the same in HEAD and in the work tree: if it computes something else since, say so with "
            "--behaviour\nopfixtures: nothing to add\n"
        )
        text = vistools.read("vistools/upgraders.py")
        vistools.write("vistools/upgraders.py", 'UPGRADERS = ""\n')
        assert "lacks nothing" not in vistools.run("vistools::sharpen", "--apply").out
        assert (
            vistools.read("vistools/upgraders.py").replace('"""\n', '"', 1).split()
            == text.replace('"""\n', '"', 1).split()
        )

    @pytest.mark.parametrize("is_named", [True, False])
    def test_whose_upgrader_is_not_written_is_found_and_mended(self, vistools, is_named):
        if not is_named:
            vistools.replace(".opfixtures.toml", 'upgraders = "vistools/upgraders.py"\n', "")
        vistools.run("vistools::sharpen", "--apply")
        assert vistools.errors() == []
        whole = vistools.read("vistools/upgraders.py")
        vistools.write("vistools/upgraders.py", 'UPGRADERS = """\n"""\n')
        assert vistools.errors() == ["OPF104"]
        out = vistools.check().out
        assert (
            "upgrader sharpen_0_3 of vistools::sharpen is not defined in UPGRADERS in vistools/upgraders"
            in out
        )
        assert "def sharpen_0_3(x: Tensor, amount: float) -> Tensor:\n" in out
        assert vistools.check("--fix").status == 1
        assert "def sharpen_0_3(" in vistools.read("vistools/upgraders.py")
        assert vistools.errors() == []
        # What registers them in another way nobody reads.
        vistools.write("vistools/upgraders.py", "UPGRADERS = make()\n")
        assert vistools.errors() == []
        if is_named:
            vistools.write("vistools/upgraders.py", whole)
            vistools.commit()
            vistools.write("vistools/upgraders.py", whole.replace("def sharpen_0_3(", "def sharpen_0_4("))
            assert vistools.errors() == ["OPF104"]

    def test_whose_operator_is_gone_gets_an_entry_all_the_same(self, vistools):
        vistools.replace("vistools/ops.py", 'lib.define("blur(Tensor x) -> Tensor")\n', "")
        assert "work tree:  no declaration has it" in vistools.new("vistools::blur", "--behaviour")

    def test_without_an_upgraders_file_is_shown_the_text(self, vistools):
        vistools.replace("vistools/upgraders.py", 'UPGRADERS = ""', "UPGRADERS = make()")
        out = vistools.run("vistools::sharpen", "--apply").out
        assert (
            "\nstill to do: give torch the upgrader sharpen_0_3, where your library registers those:\n\n"
            "def sharpen_0_3(x: Tensor, amount: float) -> Tensor:\n"
        ) in out
        assert vistools.read("vistools/upgraders.py") == "UPGRADERS = make()\n"

    def test_has_its_upgraders_beside_the_map_where_no_settings_name_them(self, vistools):
        vistools.replace(".opfixtures.toml", 'upgraders = "vistools/upgraders.py"\n', "")
        vistools.run("vistools::sharpen", "--apply")
        assert "def sharpen_0_3(" in vistools.read("vistools/upgraders.py")

    def test_has_its_upgraders_to_stage_too_where_no_settings_name_them(self, vistools):
        vistools.replace(".opfixtures.toml", 'upgraders = "vistools/upgraders.py"\n', "")
        vistools.repository.git("add", "--all")
        vistools.run("vistools::sharpen", "--apply")
        command = (
            "`git add vistools/operator_versions.py fixtures_src/registry.py fixtures_src/modules.py "
            "vistools/upgraders.py`\n"
        )
        assert vistools.check("--fix").err.endswith(command)
        text = vistools.read("vistools/upgraders.py")
        path = vistools.root / "vistools/upgraders.py"
        path.unlink()
        path.symlink_to("elsewhere.py")
        # A link holds no upgraders.
        assert "upgraders.py" not in vistools.check("--fix").err
        vistools.repository.git("add", "vistools/upgraders.py")
        path.unlink()
        vistools.write("vistools/upgraders.py", text)
        assert vistools.check("--fix").err.endswith(command)
        vistools.repository.git("add", "--all")
        done = vistools.check("--fix")
        assert (done.status, done.err) == (0, "")

    @pytest.mark.parametrize("args", [("vistools::old",), ("--all",)])
    def test_with_an_old_schema_that_does_not_parse_has_to_correct_it_first(self, vistools, args):
        entry = entry_of(4, "old_0_3", "vistools::old(Tensor")
        vistools.write(
            "vistools/operator_versions.py", f'OPERATOR_VERSIONS = {{"vistools::old": [{entry}]}}\n'
        )
        assert vistools.refused(*args) == (
            "vistools/operator_versions.py:1:40: old_schema of vistools::old does not parse (expected an argument's "
            "name, found the end): first correct old_schema"
        )

    def test_with_a_name_in_two_namespaces_gets_two_upgraders(self, vistools):
        entry = entry_of(4, "blur_0_3", "other::blur(Tensor x) -> Tensor")
        vistools.write("vistools/operator_versions.py", f'OPERATOR_VERSIONS = {{"other::blur": [{entry}]}}\n')
        said = vistools.new("vistools::blur", "--behaviour")
        assert any("vistools_blur_0_3, a skeleton" in line for line in said)

    def test_with_two_arguments_of_one_name_is_refused(self, vistools):
        twice = "vistools::twice(Tensor x, Tensor x) -> Tensor"
        fault = (
            "vistools::twice takes two arguments called x in its old schema, and no function of Python or TorchScript "
            "can: leave the operator as it is, and add an overload that no old model calls, such as vistools::twice.v2"
        )
        assert vistools.refused("vistools::twice", "--old-schema", twice) == fault
        entry = entry_of(4, "twice_0_3", twice)
        text = f'OPERATOR_VERSIONS = {{"vistools::twice": [{entry}]}}\n'
        vistools.write("vistools/operator_versions.py", text)
        assert vistools.refused("vistools::twice") == f"vistools/operator_versions.py:1:42: {fault}"
        vistools.repository.git("add", "--all")
        state = vistools.state()
        assert fault in vistools.check("--fix").out
        assert vistools.state() == state

    @pytest.mark.parametrize("is_committed", [False, True])
    def test_that_declares_what_cannot_be_read_has_to_correct_it(self, vistools, is_committed):
        vistools.replace("vistools/ops.py", "sharpen(Tensor x, float amount)", "sharpen(Tensor x, float)")
        when = "now"
        if is_committed:
            vistools.commit()
            vistools.replace("vistools/ops.py", "sharpen(Tensor x, float)", "sharpen(Tensor x, float amount)")
            when = "before the change"
        assert vistools.refused("vistools::sharpen") == (
            f"vistools::sharpen may be declared {when} where that could not be read: vistools/ops.py:4:12: this schema "
            "cannot be read (expected an argument's name, found ')'): correct it; or else give the schema that it had "
            "by --old-schema"
        )
        assert vistools.run("vistools::blur", "--behaviour").status == 0
        old = ("--old-schema", "sharpen(Tensor x, float amount=1.0) -> Tensor")
        assert vistools.run("vistools::sharpen", *old).status == 0

    def test_that_declares_an_operator_twice_has_to_say_which(self, vistools):
        vistools.repository.write("vistools/more.py", OPS.replace("float amount=1.0", "int amount"))
        assert vistools.refused("vistools::sharpen").endswith(
            ": vistools::sharpen is declared here and in vistools/more.py:4:12, and not alike: give the schema that it "
            "had by --old-schema"
        )


def vistools_modules(newly, operator):
    """The lines about the modules that the tree has for an operator."""
    rows = [line.strip() for line in newly.read("fixtures_src/registry.py").splitlines() if operator in line]
    names = [row.partition("(")[0] for row in rows]
    return [
        *(f"+ fixtures_src/modules.py       {name}" for name in names),
        *(f"+ fixtures_src/registry.py      row of {name}" for name in names),
    ]


class TestNames:
    @pytest.mark.parametrize(
        ("named", "meant"),
        [
            ("vistools::sharpn", "vistools::sharpen"),
            ("sharpen", "vistools::sharpen"),
            ("vistools::blur.in", "vistools::blur or vistools::blur.out"),
            ("aten::pair", "vistools::pair"),
        ],
    )
    def test_of_no_operator_are_refused_with_the_nearest(self, vistools, named, meant):
        assert vistools.refused(named).startswith(f"there is no operator {named}: did you mean {meant}")

    def test_of_nothing_near_are_refused(self, vistools):
        assert vistools.refused("x::zzzz") == (
            "there is no operator x::zzzz in the declarations that the settings name as `operators`: correct its name, "
            "or give the schema that it had by --old-schema"
        )

    def test_of_an_operator_that_is_new_need_no_entry(self, vistools):
        vistools.write("vistools/ops.py", f'{OPS}lib.define("later(Tensor x) -> Tensor")\n')
        assert vistools.refused("vistools::later") == (
            "vistools::later is new: no declaration before had it, so no old model calls it, and it needs no entry"
        )

    def test_of_what_torch_cannot_upgrade_are_refused_with_the_reason(self, vistools):
        assert vistools.refused("vistools::pair", "--behaviour") == (
            "torch cannot upgrade vistools::pair, which returns several values: leave the operator as it is, and add "
            "an overload that no old model calls, such as vistools::pair.v2"
        )

    @pytest.mark.parametrize(
        "args", [(), ("--all", "a::b"), ("a::b", "c::d", "--old-schema", "x"), ("--all", "--behaviour")]
    )
    def test_and_options_that_do_not_fit_together_are_refused(self, vistools, args):
        assert vistools.run(*args).status == 2


class TestWithoutDeclarations:
    @pytest.fixture
    def silent(self, vistools):
        vistools.replace(".opfixtures.toml", 'operators = ["vistools/*.py"]\n', "")
        vistools.commit()
        return vistools

    def test_the_old_schema_has_to_be_given(self, silent):
        assert silent.refused("vistools::sharpen") == (
            "nobody knows the schema that vistools::sharpen had: name the files that declare operators as `operators` "
            "in the settings, or give it: --old-schema 'vistools::sharpen(Tensor x) -> Tensor'"
        )

    @pytest.mark.parametrize("namespace", ["", "vistools::"])
    def test_it_may_lack_the_namespace(self, silent, namespace):
        said = silent.run(
            "vistools::sharpen", "--old-schema", f"{namespace}sharpen(Tensor x) -> Tensor", "--apply"
        )
        assert "HEAD:       sharpen(Tensor x) -> Tensor\nwork tree:  no declaration has it\n" in said.out
        assert silent.errors() == []
        assert '"vistools::sharpen(Tensor x) -> Tensor"' in silent.read("vistools/operator_versions.py")

    @pytest.mark.parametrize(
        ("schema", "said"),
        [
            ("sharpen(Tensor", "the old schema of vistools::sharpen cannot be read ("),
            (
                "blur(Tensor x) -> Tensor",
                "the old schema is of vistools::blur, and not of vistools::sharpen: ",
            ),
        ],
    )
    def test_another_one_is_refused(self, silent, schema, said):
        assert silent.refused("vistools::sharpen", "--old-schema", schema).startswith(said)


class TestAPyTorchTree:
    def test_gets_all_that_an_entry_owes_the_header_too(self, pytorch_tree):
        said = pytorch_tree.new("aten::foo")
        assert said[:4] == [
            "aten::foo",
            "HEAD:       foo(Tensor self) -> Tensor",
            "work tree:  foo(Tensor self, *, str mode) -> Tensor",
            "version 11 is the next one free",
        ]
        assert f"+ {VERSIONS} version 11 is produced and read" in [" ".join(line.split()) for line in said]
        assert pytorch_tree.errors() == []
        assert '{"aten::foo", {{11, "foo_0_10", "aten::foo(Tensor self) -> Tensor"}}}' in pytorch_tree.read(
            VERSION_MAP
        )

    def test_changes_of_one_branch_share_a_version(self, pytorch_tree):
        pytorch_tree.replace(YAML, "foo.out(Tensor self, *", "foo.out(Tensor self, int n, *")
        pytorch_tree.new("aten::foo")
        pytorch_tree.new("aten::foo.out")
        assert (
            pytorch_tree.read(VERSION_MAP).count("{{11, ") + pytorch_tree.read(VERSION_MAP).count("{{11,\n")
            == 2
        )
        assert pytorch_tree.errors() == []

    @pytest.mark.parametrize(
        ("path", "template", "what"),
        [
            (REGISTRY, ROW, "row of TestVersionedFooV10"),
            (UPGRADERS, UPGRADER, "foo_0_10, a skeleton to fill in"),
        ],
    )
    def test_where_only_a_part_is_missing_that_part_is_added(self, pytorch_tree, path, template, what):
        for name, content in tree(GELU, FOO, produced=11).items():
            pytorch_tree.write(name, content.replace(".relu(", ".foo("))
        assert (
            pytorch_tree.run("aten::foo").out
            == "aten::foo\nthe entry at 11 lacks nothing\nopfixtures: nothing to add\n"
        )
        pytorch_tree.replace(path, template.format(**facts(*FOO)), "")
        assert pytorch_tree.new("aten::foo") == ["aten::foo", f"+ {path} {what}"]
        assert pytorch_tree.errors() == []

    def test_a_class_that_a_row_names_and_nobody_wrote_is_written(self, pytorch_tree):
        for name, content in tree(GELU, FOO, produced=11).items():
            pytorch_tree.write(name, content)
        pytorch_tree.replace(REGISTRY, "TestVersionedFooV10()", "TestVersionedOtherV10()")
        said = pytorch_tree.new("aten::foo")
        assert said == ["aten::foo", f"+ {MODULES} TestVersionedOtherV10"]
        assert pytorch_tree.errors() == []

    def test_nothing_is_built_upon_an_old_schema_of_another_operator(self, pytorch_tree):
        for name, content in tree(GELU, FOO, produced=11).items():
            pytorch_tree.write(name, content)
        pytorch_tree.replace(VERSION_MAP, "aten::foo(", "aten::bar(")
        pytorch_tree.replace(REGISTRY, ROW.format(**facts(*FOO)), "")
        said = pytorch_tree.refused("--all")
        assert "old_schema of aten::foo is that of aten::bar: first correct the one or the other" in said

    @pytest.mark.parametrize("path", [VERSION_MAP, REGISTRY, MODULES])
    def test_what_entries_lack_is_not_known_where_a_file_cannot_be_read(self, pytorch_tree, path):
        pytorch_tree.write(path, "ALL_MODULES = {\n" if path != VERSION_MAP else "operatorVersionMap({{x}})")
        ran = pytorch_tree.run("--all")
        assert (ran.status, ran.out) == (2, "")
        assert "what entries lack is not known before that is mended" in ran.err

    def test_what_is_saved_while_it_runs_is_not_written_over(self, pytorch_tree, monkeypatch):
        header = "caffe2/serialize/versions.h"

        def saved_meanwhile(old, new):
            pytorch_tree.write(header, "// saved meanwhile\n")
            return diff_text(old, new)

        monkeypatch.setattr(new, "diff_text", saved_meanwhile)
        for name, content in tree(GELU, FOO, produced=10).items():
            pytorch_tree.write(name, content)
        before = pytorch_tree.state()
        ran = pytorch_tree.run("--all", "--apply", "-v")
        assert ran.status == 2
        assert f"{header} was saved by somebody else meanwhile: nothing is written, run it again" in ran.err
        assert pytorch_tree.state() == before | {header: b"// saved meanwhile\n"}

    def test_all_of_the_map_is_completed(self, pytorch_tree):
        for name, content in tree(GELU, FOO, ("foo.out", 11), produced=10).items():
            pytorch_tree.write(name, content)
        pytorch_tree.write(REGISTRY, "from fixtures_src import *\n\nALL_MODULES = {}\n")
        pytorch_tree.write(MODULES, "import torch\n")
        said = pytorch_tree.new("--all")
        assert [line for line in said if line.startswith("aten::")] == [
            "aten::gelu",
            "aten::foo",
            "aten::foo.out",
        ]
        assert pytorch_tree.errors() == []

    def test_what_is_completed_together_is_called_like_nothing_else_of_it(self, pytorch_tree):
        # Both classes would be called TestVersionedFooOutV10, and both entries name one upgrader.
        pytorch_tree.replace(YAML, "foo(Tensor self, *, str mode)", "foo(Tensor self)")
        foo = ENTRY.format(**facts("foo.out", 11)) + ENTRY.format(**facts("foo_out", 11))
        pytorch_tree.replace(VERSION_MAP, "    });", f"{foo}    }});")
        said = pytorch_tree.new("--all")
        assert [line.split()[-1] for line in said if MODULES in line] == [
            "TestVersionedFooOutV10",
            "TestVersionedFooOut2V10",
        ]
        assert sum("foo_out_0_10, a skeleton" in line for line in said) == 1
        assert sum("version 11 is produced" in line for line in said) == 1
        assert pytorch_tree.read(UPGRADERS).count("def foo_out_0_10(") == 1
        assert pytorch_tree.errors() == []

    def test_a_guard_becomes_the_proof(self, pytorch_tree):
        pytorch_tree.replace(REGISTRY, "}", '    TestFooV3(): "aten::foo",\n}')
        pytorch_tree.replace(MODULES, "class ", "class TestFooV3(torch.nn.Module):\n    pass\n\n\nclass ")
        said = pytorch_tree.new("aten::foo")
        assert not [line for line in said if MODULES in line or REGISTRY in line]

    def test_what_a_branch_committed_is_compared_with_target(self, pytorch_tree):
        pytorch_tree.repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
        pytorch_tree.repository.git("checkout", "--quiet", "-b", "mine")
        pytorch_tree.commit()
        assert pytorch_tree.new("aten::foo")[1] == "target:     foo(Tensor self) -> Tensor"

    def test_a_second_bump_covers_what_the_first_left(self, pytorch_tree):
        for name, content in tree(GELU, FOO, produced=11).items():
            pytorch_tree.write(name, content)
        pytorch_tree.commit()
        pytorch_tree.replace(YAML, "str mode", "int mode")
        said = pytorch_tree.new("aten::foo")
        assert any("foo_11_11, a skeleton" in line for line in said)
        assert pytorch_tree.errors() == []

    def test_a_published_entry_of_an_operator_that_stays_is_completed(self, pytorch_tree):
        pytorch_tree.replace(UPGRADERS, UPGRADER.format(**facts(*GELU)), "")
        assert pytorch_tree.new("aten::gelu") == [
            "aten::gelu",
            f"+ {UPGRADERS} gelu_0_9, a skeleton to fill in",
        ]

    def test_an_operator_that_nothing_says_has_changed_is_said_to_lack_nothing(self, pytorch_tree):
        assert pytorch_tree.run("aten::gelu").out == (
            "aten::gelu\nthe entry at 10 lacks nothing\nopfixtures: nothing to add\n"
        )

    def test_a_registry_that_cannot_be_edited_is_named_and_nothing_is_written(self, pytorch_tree):
        pytorch_tree.write(REGISTRY, "ALL_MODULES = make()\n")
        assert pytorch_tree.refused("aten::foo").startswith(
            f"{REGISTRY}:1:15: ALL_MODULES is what a call returns: "
        )


def test_programs_get_an_object(vistools):
    ran = vistools.run("vistools::sharpen", "--format", "json")
    found = json.loads(ran.out)
    jsonschema.validate(found, SCHEMA)
    (operator,) = found.pop("operators")
    assert found == {
        "schema": 1,
        "written": False,
        "files": [
            "vistools/operator_versions.py",
            "fixtures_src/registry.py",
            "fixtures_src/modules.py",
            "vistools/upgraders.py",
        ],
        "guards": [],
        "notes": [],
    }
    assert operator["added"][0] == {"path": "vistools/operator_versions.py", "what": "entry at 4"}
    assert (operator["bumped_at_version"], operator["versions_left"]) == (4, [4, 5, 6, 7, 8, 9, 10])
    assert json.loads(vistools.run("vistools::sharpen", "--format", "json", "--apply").out)["written"] is True
    assert vistools.errors() == []


@pytest.mark.parametrize("rows", ["{}", '{A(): "my::a"}', '{\n    A(): "my::a",\n}'])
@pytest.mark.parametrize(
    "head",
    [
        "from modules import *",
        "from modules import A",
        "from modules import (\n    A,\n    Z,\n)",
        "import modules",
    ],
)
def test_what_it_writes_is_as_ruff_would_have_it(vistools, head, rows):
    rows = rows.replace("A()", "modules.A()") if head == "import modules" else rows
    vistools.write("fixtures_src/registry.py", f"{head}\n\nALL_MODULES = {rows}\n")
    vistools.write("fixtures_src/modules.py", "import torch\n\n\nclass A(torch.nn.Module):\n    pass\n")
    vistools.replace("vistools/ops.py", "blur(Tensor x)", "blur(Tensor x, str mode)")
    vistools.new("vistools::sharpen", "vistools::blur")
    files = [path for path in LIBRARY if path.endswith(".py") and not path.endswith("ops.py")]
    ruff = [sys.executable, "-m", "ruff"]
    # What is not used, or not known where all is imported, is a matter of the tree's own.
    options = ["--isolated", "--select", "E,W,F,I", "--ignore", "F401,F403,F405,E501", "--no-cache"]
    lengths = [["--line-length", length] for length in ("79", "88", "120")]
    formats = [[*ruff, "format", "--isolated", "--no-cache", "--diff", *length] for length in lengths]
    by_default = [*ruff, "check", "--isolated", "--no-cache", "--ignore", "F401"]
    for command in ([*ruff, "check", *options], by_default, *formats):
        done = subprocess.run([*command, *files], cwd=vistools.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("unit", ["\t", "  "])
def test_a_file_keeps_its_own_indentation(vistools, unit):
    vistools.write(
        "fixtures_src/registry.py", f'from modules import *\n\nALL_MODULES = {{\n{unit}A(): "my::a",\n}}\n'
    )
    vistools.write("fixtures_src/modules.py", f"import torch\n\n\nclass A(torch.nn.Module):\n{unit}pass\n")
    versions = f'OPERATOR_VERSIONS = {{\n{unit}"my::a": [\n{unit}],\n}}\n'
    vistools.write("vistools/operator_versions.py", versions)
    vistools.run("vistools::sharpen", "--apply")
    for path in ("fixtures_src/registry.py", "fixtures_src/modules.py", "vistools/operator_versions.py"):
        lines = [line for line in vistools.read(path).splitlines() if line[:1].isspace()]
        depths = {line[: len(line) - len(line.lstrip())].replace(unit, "") for line in lines}
        assert depths == {""}, vistools.read(path)
        assert (
            any(line.startswith(unit * 2) and line[len(unit) * 2] != " " for line in lines)
            or "registry" in path
        )


@pytest.mark.parametrize(
    "registry", ["", '"""Rows."""\n', "# rows", "ALL_MODULES = dict()\n", "ALL_MODULES: dict = []\n"]
)
@pytest.mark.parametrize(
    "versions", ["", '"""Map."""\n', "OPERATOR_VERSIONS = dict()\n", "OPERATOR_VERSIONS = []  # none\n"]
)
def test_what_is_empty_is_filled_however_that_is_written(vistools, registry, versions):
    vistools.write("fixtures_src/registry.py", registry)
    vistools.write("vistools/operator_versions.py", versions)
    vistools.commit()
    vistools.replace("vistools/ops.py", "blur(Tensor x) ", "blur(Tensor x, int n) ")
    vistools.new("vistools::blur")
    assert vistools.errors() == []
    found: dict[str, Any] = {}
    for path in ("fixtures_src/registry.py", "vistools/operator_versions.py"):
        text = vistools.read(path)
        exec(text.replace("from modules import", "from unittest.mock import Mock as"), found)
        said = registry if "registry" in path else versions
        assert said.partition("\n")[0].partition("=")[0] in text
    assert [*found["OPERATOR_VERSIONS"]] == ["vistools::blur"]
    assert [*found["ALL_MODULES"].values()] == ["vistools::blur"]
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--no-cache",
        "--diff",
        "fixtures_src",
        "vistools/operator_versions.py",
    ]
    done = subprocess.run(ruff, cwd=vistools.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


class TestProjects:
    @pytest.fixture
    def two(self, new_repository, opfixtures):
        files: dict[str, str] = {}
        for folder, namespace in (("a", "one"), ("b", "two")):
            files |= {
                f"{folder}/{path}": text.replace('"vistools"', f'"{namespace}"')
                for path, text in LIBRARY.items()
            }
        return Newly(new_repository(files, name="two"), opfixtures)

    def test_the_one_that_knows_the_operator_gets_the_entry(self, two):
        two.run("two::blur", "--behaviour", "--apply")
        assert "two::blur" in two.read("b/vistools/operator_versions.py")
        assert two.errors() == []

    def test_for_an_operator_of_nobody_it_is_the_one_that_this_runs_in(self, two):
        schema = ("--old-schema", "x::y(Tensor x) -> Tensor")
        assert two.refused("x::y", *schema) == (
            "x::y could be of several projects: run this in the folder of its own: a, b"
        )
        assert two.run("x::y", *schema, "--apply", folder="b/vistools").status == 0
        assert "x::y" in two.read("b/vistools/operator_versions.py")


def test_the_skeleton_for_an_operator_that_is_gone_calls_nothing(vistools):
    vistools.replace("vistools/ops.py", 'lib.define("blur(Tensor x) -> Tensor")\n', "")
    vistools.new("vistools::blur")
    assert (
        "  # to fill in: compute what vistools::blur did before this change\n"
        "  # it is gone: call what has its place\n"
        "  return x\n"
    ) in vistools.read("vistools/upgraders.py")


def test_a_file_is_not_read_again_for_each_entry(new_repository, opfixtures, monkeypatch):
    names = [f"op{number}" for number in range(20)]
    newly = Newly(new_repository(LIBRARY, name="many"), opfixtures)
    schemas = {name: f"l::{name}(Tensor x) -> Tensor" for name in names}
    entries = "".join(
        f'    "l::{name}": [{entry_of(4, f"{name}_0_3", schema)}],\n' for name, schema in schemas.items()
    )
    newly.write("vistools/operator_versions.py", f"OPERATOR_VERSIONS = {{\n{entries}}}\n")
    functions = "".join(f"def {name}_0_3(x: Tensor) -> Tensor:\n  return x\n" for name in names)
    newly.write("vistools/upgraders.py", f'UPGRADERS = """\n{functions}"""\n')
    classes = "".join(
        f"\n\nclass TestVersioned{name.capitalize()}V3(torch.nn.Module):\n    def forward(self, x):\n"
        f"        return torch.ops.l.{name}(x)\n"
        for name in names
    )
    newly.write("fixtures_src/modules.py", f"import torch\n{classes}")
    read = []

    def counted(function):
        def call(given):
            read.append(given)
            return function(given)

        return call

    monkeypatch.setattr(python_source, "decode", counted(python_source.decode))
    pattern = SimpleNamespace(findall=counted(python_upgraders._DEFINED.findall))
    monkeypatch.setattr(python_upgraders, "_DEFINED", pattern)
    ran = newly.run("--all", "--apply")
    assert ran.status == 0, ran.err
    assert newly.read("fixtures_src/registry.py").count("V3()") == len(names)
    assert newly.read("fixtures_src/modules.py") == f"import torch\n{classes}"
    assert len([text for text in read if text == functions or text[1:] == functions]) < len(names)
    assert len([text for text in read if isinstance(text, bytes) and b"class " in text]) < len(names)
