"""`opfixtures check --fix` on real repositories: what it writes passes the check, and a second run writes nothing."""

import json
import os

import pytest

from opfixtures.commands.hook_fast_path import NOTHING_STAGED
from opfixtures.synthesis.mending import Mending
from tests.renumber.conftest import CLASS, ENTRY, GELU, ROW, UPGRADER, facts, tree
from tests.repositories import MODULES, REGISTRY, VERSION_MAP, zipped_archive

UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
VERSIONS = "caffe2/serialize/versions.h"
FIXTURES = "test/jit/fixtures"


class Fixed:
    """A PyTorch tree in which a change is edited, and `check --fix` runs."""

    def __init__(self, repository, opfixtures):
        self.repository = repository
        self.root = repository.root
        self._opfixtures = opfixtures

    def write(self, path, text):
        (self.root / path).write_text(text, encoding="utf-8")

    def replace(self, path, old, new):
        text = self.repository.read(path)
        assert old in text
        self.write(path, text.replace(old, new))

    def run(self, *args, **environment):
        return self._opfixtures(self.repository, "check", "--fix", *args, **environment)

    def state(self):
        return {
            path: (self.root / path).read_bytes()
            for path in self.repository.git("ls-files", "--cached", "--others").splitlines()
            if (self.root / path).exists()
        }

    def fix(self, *args):
        """What it says that it writes. It stages nothing, and once that is staged a second run writes nothing."""
        staged = self.repository.git("write-tree")
        ran = self.run(*args)
        assert (ran.status, ran.err) == (1, "")
        assert self.repository.git("write-tree") == staged
        *said, end = ran.out.splitlines()
        count = len(self.repository.git("status", "--porcelain", "--untracked-files=all").splitlines())
        assert end.startswith("opfixtures: ")
        assert end.endswith(" written: look at them, and stage them")
        assert count >= 1
        state = self.state()
        self.repository.git("add", "--all")
        again = self.run(*args)
        assert "written" not in again.out
        assert self.state() == state
        return said

    def hint(self, code):
        """The hint of the one finding of a code."""
        found = json.loads(self._opfixtures(self.repository, "check", "--format", "json").out)["findings"]
        [hint] = [one["hint"] for one in found if one["code"] == code]
        return hint

    def errors(self, *args):
        found = json.loads(self._opfixtures(self.repository, "check", "--format", "json", *args).out)
        return [one["code"] for one in found["findings"] if one["severity"] == "error"]


@pytest.fixture
def fixed(new_repository, opfixtures):
    return Fixed(new_repository(tree(GELU, produced=10)), opfixtures)


@pytest.fixture
def entered(fixed):
    """The tree with an entry of foo at 11, and nothing else of it."""
    fixed.replace(VERSION_MAP, "    });", ENTRY.format(**facts("foo", 11)) + "    });")
    return fixed


def test_an_entry_gets_all_that_it_owes(entered):
    assert entered.fix() == [
        f"{UPGRADERS}: foo_0_10, a skeleton to fill in",
        f"{MODULES}: TestVersionedFooV10",
        f"{REGISTRY}: row of TestVersionedFooV10",
        f"{VERSIONS}: version 11 is produced and read",
    ]
    assert entered.errors() == []
    assert '    TestVersionedFooV10(): "aten::foo",\n' in entered.repository.read(REGISTRY)
    assert "torch.ops.aten.foo(" in entered.repository.read(MODULES)
    assert "kProducedFileFormatVersion = 0xBL;" in entered.repository.read(VERSIONS)


def test_what_is_saved_while_it_runs_is_not_written_over(entered, monkeypatch):
    def saved_meanwhile(self):
        entered.write(MODULES, "# saved meanwhile\n")
        return mended(self)

    mended = Mending.mended
    monkeypatch.setattr(Mending, "mended", saved_meanwhile)
    before = entered.state()
    ran = entered.run()
    assert (ran.status, ran.out) == (2, "")
    assert f"{MODULES} was saved by somebody else meanwhile: nothing is written, run it again" in ran.err
    assert entered.state() == before | {MODULES: b"# saved meanwhile\n"}


def test_without_anything_to_write_it_is_a_check(fixed):
    ran = fixed.run()
    assert (ran.status, ran.out, ran.err) == (0, "opfixtures: no problems found\n", NOTHING_STAGED)
    assert fixed.run(PRE_COMMIT="1").err == ""


def test_what_the_index_lacks_is_told_and_the_check_judges_the_index(entered):
    entered.repository.git("add", "--all")
    assert entered.run().status == 1
    ran = entered.run()
    assert ran.status == 1
    assert "OPF201" in ran.out
    assert ran.err == (
        "opfixtures: warning: nothing is left to be written, and what is checked is the index, which lacks what the "
        f"work tree has: `git add {REGISTRY} {MODULES} {UPGRADERS} {VERSIONS}`\n"
    )


def test_an_old_schema_that_does_not_parse_is_built_upon_by_nothing(fixed):
    fixed.replace(VERSION_MAP, "aten::gelu(Tensor self)", "aten::gelu((")
    fixed.repository.git("add", "--all")
    fixed.repository.commit()
    fixed.replace(UPGRADERS, UPGRADER.format(**facts("gelu", 10)), "")
    fixed.repository.git("add", "--all")
    state = fixed.state()
    ran = fixed.run()
    assert "OPF104" in ran.out
    assert ": first correct old_schema\n" in ran.out
    assert fixed.state() == state


def test_what_is_not_staged_is_mended_too_and_nothing_else_of_a_file_changes(entered):
    entered.replace(MODULES, "import torch\n", "import torch  # not staged\n")
    before = entered.repository.read(MODULES)
    entered.run()
    after = entered.repository.read(MODULES)
    assert after.startswith(before.rstrip())
    assert "TestVersionedFooV10" in after


def test_all_judges_every_entry(fixed):
    fixed.replace(REGISTRY, ROW.format(**facts("gelu", 10)), "")
    fixed.replace(MODULES, CLASS.format(**facts("gelu", 10)), "")
    fixed.repository.git("add", "--all")
    fixed.repository.commit()
    assert fixed.run().status == 0
    assert fixed.fix("--all") == [
        f"{MODULES}: TestVersionedGeluV9",
        f"{REGISTRY}: row of TestVersionedGeluV9",
    ]
    assert "OPF201" not in fixed.errors("--all")


def test_refs_are_compared_where_the_second_is_checked_out(entered):
    base = entered.repository.git("rev-parse", "HEAD")
    entered.repository.git("add", "--all")
    entered.repository.commit()
    refs = ("--from-ref", base, "--to-ref", "HEAD")
    assert entered.fix(*refs)[1:3] == [
        f"{MODULES}: TestVersionedFooV10",
        f"{REGISTRY}: row of TestVersionedFooV10",
    ]
    ran = entered.run("--from-ref", base, "--to-ref", base)
    assert ran.status == 2
    assert ran.err == (
        f"opfixtures: error: --fix writes into the work tree, and {base} is not checked out there: "
        f"`git checkout {base}` first\n"
    )


def test_for_programs_it_reports_what_it_mended(entered):
    ran = entered.run("--format", "json")
    assert ran.status == 1
    assert [one["code"] for one in json.loads(ran.out)["findings"]] == ["OPF104", "OPF107", "OPF201"]
    assert ran.err.endswith("opfixtures: 4 files written: look at them, and stage them\n")


def test_a_waived_entry_is_left_alone(entered):
    entered.write(
        ".opfixtures.toml",
        '[tool.opfixtures]\npreset = "pytorch"\n[tool.opfixtures.waivers]\n"aten::foo" = '
        '{ codes = ["OPF201"], reason = "later", expires = 2999-01-01 }\n',
    )
    entered.repository.git("add", "--all")
    assert entered.fix() == [
        f"{UPGRADERS}: foo_0_10, a skeleton to fill in",
        f"{VERSIONS}: version 11 is produced and read",
    ]


class TestRenames:
    def test_a_module_whose_version_no_entry_covers_gets_another_name_with_its_files(self, fixed):
        text = tree(GELU, ("foo", 11), produced=11)
        for path, content in text.items():
            fixed.write(path, content.replace("TestVersionedFooV10", "TestVersionedFoo"))
        for ending in (".ptl", ".ptl.json"):
            fixed.repository.write(f"{FIXTURES}/test_versioned_foo{ending}", zipped_archive(3, "aten::foo"))
        assert fixed.fix() == [
            f"{REGISTRY}: TestVersionedFoo is TestVersionedFooV10",
            f"{FIXTURES}/test_versioned_foo.ptl is {FIXTURES}/test_versioned_foo_v10.ptl",
            f"{FIXTURES}/test_versioned_foo.ptl.json is {FIXTURES}/test_versioned_foo_v10.ptl.json",
        ]
        assert not {"OPF201", "OPF204"} & {*fixed.errors()}
        assert sorted(os.listdir(fixed.root / FIXTURES)) == [
            "test_versioned_foo_v10.ptl",
            "test_versioned_foo_v10.ptl.json",
        ]

    def test_a_file_of_the_new_name_is_not_overwritten(self, fixed):
        for path, content in tree(GELU, ("foo", 11), produced=11).items():
            fixed.write(path, content.replace("TestVersionedFooV10", "TestVersionedFoo"))
        for name in ("foo", "foo_v10"):
            fixed.repository.write(f"{FIXTURES}/test_versioned_{name}.ptl", name)
        state = fixed.state()
        ran = fixed.run()
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.endswith("which is there already: move that away first\n")
        assert fixed.state() == state

    def test_where_a_file_cannot_be_written_the_others_have_their_names_again(self, fixed, monkeypatch):
        for path, content in tree(GELU, ("foo", 11), produced=11).items():
            fixed.write(path, content.replace("TestVersionedFooV10", "TestVersionedFoo"))
        fixed.repository.write(f"{FIXTURES}/test_versioned_foo.ptl", zipped_archive(3, "aten::foo"))
        state = fixed.state()

        def full(*_):
            raise OSError(28, "No space left on device", "x")

        monkeypatch.setattr("opfixtures.commands.check_fix.write_all", full)
        assert fixed.run().status == 2
        assert fixed.state() == state

    def test_two_modules_of_one_file_get_two(self, fixed):
        for path, content in tree(GELU, ("foo", 11), ("bar", 11), produced=11).items():
            content = content.replace("TestVersionedFooV10", "TestVersionedSTFTV10")
            fixed.write(path, content.replace("TestVersionedBarV10", "TestVersionedS_t_f_tV10"))
        fixed.repository.git("add", "--all")
        assert "to TestVersionedS_t_f_t2V10, in its class" in fixed.hint("OPF205")
        assert fixed.fix() == [f"{REGISTRY}: TestVersionedS_t_f_tV10 is TestVersionedS_t_f_t2V10"]
        assert fixed.errors() == []

    def test_a_class_that_stands_for_two_operators_gets_one_beside_it(self, fixed):
        for path, content in tree(GELU, ("foo", 11), ("foo.out", 11), produced=11).items():
            text = content.replace("TestVersionedFooOutV10():", "TestVersionedFooV10():")
            fixed.write(path, text.replace(CLASS.format(**facts("foo.out", 11)), ""))
        assert fixed.errors() == []
        fixed.repository.git("add", "--all")
        assert fixed.errors() == ["OPF205"]
        assert fixed.hint("OPF205").endswith("such as TestVersionedFooOutV10")
        assert fixed.fix() == [
            f"{REGISTRY}: TestVersionedFooV10 of aten::foo.out is TestVersionedFooOutV10",
            f"{MODULES}: TestVersionedFooOutV10",
        ]
        assert fixed.errors() == []

    def test_an_upgrader_gets_the_range_of_its_entry(self, fixed):
        for path, content in tree(GELU, ("foo", 11), produced=11).items():
            fixed.write(path, content.replace("foo_0_10", "foo_1_9"))
        assert fixed.fix() == [f"{VERSION_MAP}: upgrader foo_1_9 is foo_0_10"]
        assert fixed.errors() == []
        assert "def foo_0_10(" in fixed.repository.read(UPGRADERS)

    @pytest.mark.parametrize("taken", ["entry", "upgrader", "shared"])
    def test_an_upgrader_whose_new_name_is_taken_is_left_to_people(self, fixed, taken):
        for path, content in tree(GELU, ("foo", 11), ("bar", 11), produced=11).items():
            content = content.replace("foo_0_10", "x_0_9")
            fixed.write(path, content.replace("bar_0_10", "x_0_9" if taken == "shared" else "x_0_10"))
        if taken == "upgrader":
            fixed.replace(VERSION_MAP, "x_0_10", "bar_0_10")
            fixed.replace(UPGRADERS, "});", UPGRADER.format(name="bar_0_10") + "});")
        fixed.repository.git("add", "--all")
        state = fixed.state()
        assert fixed.run().status == 1
        assert fixed.state() == state
        assert "OPF103" in fixed.errors()


class TestOrder:
    LOW, HIGH = (
        f'{{{one}, "gelu_{start}_{one - 1}", "aten::gelu(Tensor self) -> Tensor"}}'
        for one, start in ((10, 0), (12, 10))
    )

    @pytest.mark.parametrize("between", [", ", ",\n     "])
    def test_entries_become_ascending(self, fixed, between):
        old = '{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}'
        fixed.replace(VERSION_MAP, old, f"{self.HIGH}{between}{self.LOW}")
        fixed.replace(UPGRADERS, "});", UPGRADER.format(name="gelu_10_11") + "});")
        fixed.replace(VERSIONS, "ProducedFileFormatVersion = 0xAL", "ProducedFileFormatVersion = 0xCL")
        fixed.replace(
            VERSIONS, "MaxSupportedFileFormatVersion = 0xAL", "MaxSupportedFileFormatVersion = 0xCL"
        )
        said = fixed.fix()
        assert said[0] == f"{VERSION_MAP}: the entries of aten::gelu in ascending order"
        assert f"{self.LOW}{between}{self.HIGH}" in fixed.repository.read(VERSION_MAP)
        assert "OPF102" not in fixed.errors()

    @pytest.mark.parametrize("between", [",  // of 10\n     ", ', {10, "x", "aten::gelu() -> Tensor"}, '])
    def test_what_is_said_between_and_what_is_there_twice_is_left_to_people(self, fixed, between):
        old = '{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}'
        fixed.replace(VERSION_MAP, old, f"{self.HIGH}{between}{self.LOW}")
        fixed.repository.git("add", "--all")
        fixed.run()
        assert f"{self.HIGH}{between}{self.LOW}" in fixed.repository.read(VERSION_MAP)

    def test_entries_of_a_python_map_become_ascending(self, library, opfixtures):
        def entry(version, start):
            return (
                f'{{"bumped_at_version": {version}, "upgrader_name": "a_{start}_{version - 1}", '
                '"old_schema": "my::a(Tensor x) -> Tensor"}'
            )

        path = "my lib/versiöns.py"
        text = 'OPERATOR_VERSIONS = {"my::a": [%s, %s]}\n'
        library.write(path, text % (entry(6, 4), entry(4, 0)))
        fixed = Fixed(library, opfixtures)
        assert fixed.run().out.splitlines()[0] == f"{path}: the entries of my::a in ascending order"
        assert library.read(path) == text % (entry(4, 0), entry(6, 4))


class TestWhatIsLeftToPeople:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("aten::foo(Tensor self) -> Tensor", "aten::foo(Tensor"),
            ("aten::foo(Tensor self) -> Tensor", "aten::bar(Tensor self) -> Tensor"),
            ("aten::foo(Tensor self) -> Tensor", "aten::foo(Tensor self) -> (Tensor, Tensor)"),
        ],
    )
    def test_an_entry_that_is_wrong_itself(self, entered, old, new):
        entered.replace(VERSION_MAP, old, new)
        entered.repository.git("add", "--all")
        state = entered.state()
        assert entered.run().status == 1
        assert entered.state() == state

    def test_a_class_of_an_operator_and_of_a_guard(self, fixed):
        row = '    TestVersionedGeluV9(): "aten::tanh",\n'
        fixed.replace(REGISTRY, "}", f"{row}}}")
        fixed.repository.git("add", "--all")
        state = fixed.state()
        assert fixed.run().status == 1
        assert fixed.state() == state
        assert fixed.errors() == ["OPF205"]

    def test_a_row_that_is_taken_away(self, fixed):
        fixed.replace(REGISTRY, ROW.format(**facts("gelu", 10)), "")
        fixed.repository.git("add", "--all")
        state = fixed.state()
        ran = fixed.run()
        assert ran.status == 1
        assert "bring its row back" in ran.out
        assert fixed.state() == state

    def test_a_registry_that_must_be_run(self, entered):
        entered.write(REGISTRY, "ALL_MODULES = make()\n")
        assert entered.fix() == [
            f"{UPGRADERS}: foo_0_10, a skeleton to fill in",
            f"{VERSIONS}: version 11 is produced and read",
        ]

    def test_what_cannot_be_edited_is_refused_with_its_place_and_nothing_is_written(self, entered):
        entered.replace(
            UPGRADERS,
            UPGRADER.format(name="gelu_0_9"),
            f"#ifdef A\n{UPGRADER.format(name='gelu_0_9')}#endif\n",
        )
        state = entered.state()
        ran = entered.run()
        assert (ran.status, ran.out) == (2, "")
        said = "what stands here is under an `#if`: nothing is added there but by hand"
        assert ran.err == f"opfixtures: error: {UPGRADERS}:3:6: {said}\n"
        assert entered.state() == state


def test_it_runs_without_torch_and_projects_in_folders_are_mended_together(monorepo, opfixtures):
    fixed = Fixed(monorepo, opfixtures)
    fields = (
        '"bumped_at_version": 5, "upgrader_name": "new_0_4", "old_schema": "tiny::new(Tensor x) -> Tensor"'
    )
    for folder in ("packages/tinyops", "sub"):
        text = f'OPERATOR_VERSIONS = {{\n    "tiny::new": [{{{fields}}}],\n'
        fixed.replace(f"{folder}/tinyops/versions.py", "OPERATOR_VERSIONS = {\n", text)
    assert [line for line in fixed.fix() if "modules.py" in line] == [
        "packages/tinyops/fixtures_src/modules.py: TestVersionedNewV4",
        "sub/fixtures_src/modules.py: TestVersionedNewV4",
    ]


def test_all_and_refs_do_not_fit_together(fixed):
    ran = fixed.run("--all", "--from-ref", "HEAD", "--to-ref", "HEAD")
    assert ran.status == 2
