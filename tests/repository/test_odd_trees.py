"""Trees that people have: read by every command alike, or refused by each with the same sentence."""

import os

import pytest

from tests.repositories import MODULES, REGISTRY, VERSION_MAP

UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
VERSIONS = "caffe2/serialize/versions.h"
FIXTURES = "test/jit/fixtures"
COMMANDS = [("check", "--all"), ("status",), ("renumber",), ("generate", "--dry-run"), ("verify",)]
ENABLED = """\
#if ENABLE_UPGRADERS
constexpr uint64_t kMaxSupportedFileFormatVersion = 0x{0:X}L;
constexpr uint64_t kProducedFileFormatVersion = 0x{0:X}L;
#else
constexpr uint64_t kMaxSupportedFileFormatVersion = 0x6L;
constexpr uint64_t kProducedFileFormatVersion = 0x3L;
#endif
"""
GELU = """\
def gelu_0_9(self: Tensor) -> Tensor:
  return torch.gelu(self)
"""


@pytest.fixture(params=COMMANDS, ids=" ".join)
def refused(request, opfixtures):
    """Asserts that a command ends with one of these sentences."""

    def run(repository, *sentences):
        ran = opfixtures(repository, *request.param)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err in [f"opfixtures: error: {sentence}\n" for sentence in sentences]

    return run


class TestArms:
    """PyTorch had `#if ENABLE_UPGRADERS` from January to May 2022."""

    @pytest.fixture
    def enabled(self, pytorch):
        pytorch.write(VERSIONS, ENABLED.format(10))
        pytorch.commit()
        return pytorch

    def test_an_entry_at_the_version_that_an_arm_produces_is_not_above_it(
        self, enabled, opfixtures, findings, add_hardswish
    ):
        add_hardswish(enabled)
        enabled.write(VERSIONS, ENABLED.format(11))
        found = findings(opfixtures(enabled, "check", "--format", "json"))
        assert [one for one in found if one.startswith(("OPF107", "OPF108"))] == []

    def test_an_entry_above_what_any_arm_produces_is(self, enabled, opfixtures, findings, add_hardswish):
        add_hardswish(enabled)
        found = findings(opfixtures(enabled, "check", "--format", "json"))
        assert f"OPF107 {VERSION_MAP}:7" in found
        assert [one for one in found if VERSIONS in one] == []

    def test_upgraders_and_the_map_in_two_arms_are_once(self, enabled, opfixtures, findings):
        whole = enabled.read(VERSION_MAP)
        enabled.write(VERSION_MAP, f"#if ENABLE_UPGRADERS\n{whole}\n#else\n{whole}\n#endif\n")
        arm = f'static std::unordered_map<std::string, std::string> m({{{{"gelu_0_9", R"({GELU})"}}}});'
        enabled.write(UPGRADERS, f"#if ENABLE_UPGRADERS\n{arm}\n#else\n{arm}\n#endif\n")
        assert findings(opfixtures(enabled, "check", "--all", "--format", "json")) == []


class TestAFork:
    @pytest.mark.parametrize(
        "statement",
        [
            'operatorVersionMap["npu::x"] = {{11, "x_0_10", "npu::x(Tensor self) -> Tensor"}};',
            'operatorVersionMap.insert({"npu::x", {{11, "x_0_10", "npu::x(Tensor self) -> Tensor"}}});',
            'operatorVersionMap.emplace("npu::x", std::vector<UpgraderEntry>{{11, "x_0_10", "s"}});',
        ],
    )
    def test_entries_behind_the_initialiser_are_not_overlooked(
        self, pytorch, opfixtures, findings, statement
    ):
        pytorch.replace(
            VERSION_MAP, "} // namespace", f"static bool npu = [] {{\n  {statement} return 1; }}();\n}} //"
        )
        found = findings(opfixtures(pytorch, "check", "--format", "json"))
        assert found == [f"OPF101 {VERSION_MAP}:10"]

    def test_entries_in_the_types_names_are_read(self, pytorch, opfixtures, findings):
        entry = 'std::vector<UpgraderEntry>({UpgraderEntry{UINT64_C(11), std::string("relu_0_10"), std::string("s")}})'
        pytorch.replace(VERSION_MAP, "    });", f'    {{std::string("aten::relu"), {entry}}},\n    }});')
        found = findings(opfixtures(pytorch, "check", "--format", "json"))
        assert found == [f"OPF105 {VERSION_MAP}:7", f"OPF201 {VERSION_MAP}:7"]


class TestAFolderOfFixturesThatIsALink:
    @pytest.fixture
    def linked(self, pytorch):
        """The folder moved, and a link to it in its place, committed past every check."""
        pytorch.git("mv", FIXTURES, "elsewhere")
        os.symlink("../../elsewhere", pytorch.root / FIXTURES)
        pytorch.git("add", "--all")
        return pytorch

    @pytest.mark.parametrize("committed", [False, True])
    def test_is_refused_by_every_command(self, linked, refused, committed):
        if committed:
            linked.commit("past the hook")
        said = f"{FIXTURES} is a symbolic link in {{}}, to ../../elsewhere: name the real path in the configuration"
        refused(linked, said.format("the index"), said.format("the work tree"))

    def test_is_refused_as_part_of_a_branch(self, linked, opfixtures):
        linked.commit("past the hook")
        ran = opfixtures(linked, "check", "--from-ref", "HEAD~", "--to-ref", "HEAD")
        assert (ran.status, f"{FIXTURES} is a symbolic link in commit " in ran.err) == (2, True)

    def test_above_it_is_refused_too(self, pytorch, refused):
        pytorch.git("mv", "test", "tests")
        os.symlink("tests", pytorch.root / "test")
        pytorch.git("add", "--all")
        below = "to tests, and {} would lie below it: name the real path in the configuration"
        refused(
            pytorch,
            f"test is a symbolic link in the index, {below.format(REGISTRY)}",
            f"test is a symbolic link in the work tree, {below.format(FIXTURES)}",
        )

    def test_is_mended_by_settings_that_name_the_folder(self, linked, opfixtures):
        linked.commit("past the hook")
        linked.write(".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\nfixtures = "elsewhere"\n')
        ran = opfixtures(linked, "check")
        assert (ran.status, ran.out, ran.err) == (0, "opfixtures: no problems found\n", "")
        assert "1 of 1 entry with a fixture" in opfixtures(linked, "status").out

    def test_a_link_in_place_of_one_file_of_before_is_mended_by_the_file(self, pytorch, opfixtures):
        pytorch.git("mv", REGISTRY, "real.py")
        os.symlink("../../../real.py", pytorch.root / REGISTRY)
        pytorch.git("add", "--all")
        pytorch.commit("past the hook")
        (pytorch.root / REGISTRY).unlink()
        pytorch.git("mv", "--force", "real.py", REGISTRY)
        assert opfixtures(pytorch, "check").status == 0


def complaints(ran):
    """What it says beside its progress."""
    return [line for line in ran.err.splitlines() if not line.startswith("[")]


class TestEncodings:
    COMMENT = "// 注释\n".encode("gbk")

    def prepend(self, repository, path, before):
        repository.write(path, before + (repository.root / path).read_bytes())

    @pytest.fixture
    def upgradable(self, pytorch):
        pytorch.write(
            UPGRADERS, f'std::unordered_map<std::string, std::string> m({{{{"gelu_0_9", R"({GELU})"}}}});\n'
        )
        pytorch.write(VERSIONS, ENABLED.format(10))
        return pytorch

    @pytest.mark.parametrize("command", COMMANDS[:4], ids=" ".join)
    def test_comments_of_cpp_in_any_encoding_are_read_over(self, upgradable, opfixtures, command):
        for path in (VERSION_MAP, UPGRADERS, VERSIONS):
            self.prepend(upgradable, path, self.COMMENT)
        upgradable.commit()
        ran = opfixtures(upgradable, *command)
        assert (ran.status, complaints(ran)) == (0, [])
        assert "UTF-8" not in ran.out

    @pytest.mark.parametrize("path", [REGISTRY, MODULES])
    @pytest.mark.parametrize("cookie", ["latin-1", "gbk"])
    @pytest.mark.parametrize("command", COMMANDS[:4], ids=" ".join)
    def test_python_in_a_declared_encoding_is_read(self, pytorch, opfixtures, path, cookie, command):
        self.prepend(pytorch, path, f"# -*- coding: {cookie} -*-\n# \u00fc\n".encode(cookie))
        pytorch.commit()
        ran = opfixtures(pytorch, *command)
        assert (ran.status, complaints(ran)) == (0, [])
        assert "encoding" not in ran.out

    @pytest.mark.parametrize("path", [REGISTRY, MODULES])
    @pytest.mark.parametrize(
        ("before", "where", "message"),
        [
            (
                b"# \xca\xcd\n",
                "1:3",
                "this file is not utf-8: save it as utf-8, or declare its encoding in the first line",
            ),
            (
                b"\n\n\n# \xca\xcd\n",
                "4:3",
                "this file is not utf-8: save it as utf-8, or declare its encoding in the first",
            ),
            (b"\xff\xfe", "1:1", "this file is UTF-16: save it as UTF-8"),
        ],
    )
    def test_python_in_another_encoding_is_one_problem_everywhere(
        self, pytorch, opfixtures, path, before, where, message
    ):
        self.prepend(pytorch, path, before)
        said = f"{path}:{where}: "
        checked = opfixtures(pytorch, "check")
        assert (checked.status, f"{said}error OPF20" in checked.out, message in checked.out) == (
            1,
            True,
            True,
        )
        shown = opfixtures(pytorch, "status")
        assert (shown.status, f"{said}{message}" in shown.out) == (0, True)
        for command in COMMANDS[2:]:
            ran = opfixtures(pytorch, *command)
            assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
            assert ran.err.startswith(f"opfixtures: error: {said}{message}")

    def test_a_map_in_utf_16_is_one_problem_everywhere(self, pytorch, opfixtures):
        pytorch.write(VERSION_MAP, pytorch.read(VERSION_MAP).encode("utf-16"))
        said = f"{VERSION_MAP}:1:1: {{}}this file is UTF-16: save it as UTF-8"
        assert said.format("error OPF101: ") in opfixtures(pytorch, "check").out
        assert said.format("") in opfixtures(pytorch, "status").out
        for command in COMMANDS[2:]:
            assert opfixtures(pytorch, *command).err.startswith(f"opfixtures: error: {said.format('')}")
