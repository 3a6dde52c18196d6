"""A complete change owes nothing. One edit away from it is each finding: a rule that finds nothing any more,
or one that has no line in the table, fails here."""

import re
from typing import Any

import pytest

from opfixtures.archives.archive import read_archive
from opfixtures.declarations.module_source import excerpt, source_sha256
from opfixtures.records.record import (
    Record,
    RecordedArchive,
    RecordedEntry,
    RecordedModule,
    RecordedProof,
    RecordedRuntime,
    dump_record,
)
from opfixtures.rules import RULES
from tests.repositories import zipped_archive

MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
VERSIONS = "caffe2/serialize/versions.h"
MOBILE = "torch/csrc/jit/mobile/upgrader_mobile.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"
FIXTURE = "test/jit/fixtures/test_versioned_hardswish_v10.ptl"
PUBLISHED = "test/jit/fixtures/test_versioned_gelu_v9.ptl"
OPERATORS = "aten/src/ATen/native/native_functions.yaml"
DECLARED = """\
- func: hardtanh(Tensor self, int dim=1, *, int n) -> Tensor
- func: hardswish(Tensor self) -> Tensor
"""
CHANGED = DECLARED.replace("hardswish(Tensor self)", "hardswish(Tensor self, int dim=0)")
ARCHIVE = zipped_archive(10, "aten::hardswish")

COMPLETE: dict[str, Any] = {
    MAP: """\
std::unordered_map<std::string, std::vector<UpgraderEntry>> operatorVersionMap({
    {"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}},
    {"aten::hardswish", {{11, "hardswish_0_10", "aten::hardswish(Tensor self) -> Tensor"}}},
});
""",
    UPGRADERS: """\
std::unordered_map<std::string, std::string> kUpgradersEntryMap({
    {"gelu_0_9", R"(
def gelu_0_9(self: Tensor) -> Tensor:
  return torch.gelu(self)
)"},
    {"hardswish_0_10", R"(
def hardswish_0_10(self: Tensor) -> Tensor:
  return torch.hardswish(self)
)"},
});
""",
    VERSIONS: """\
constexpr uint64_t kMaxSupportedFileFormatVersion = 0xBL;
constexpr uint64_t kProducedFileFormatVersion = 0xBL;
""",
    MOBILE: """\
{std::string("aten::gelu"), {Upgrader({0, 9, "gelu_0_9"})}},
{std::string("aten::hardswish"), {Upgrader({0, 10, "hardswish_0_10"})}},
""",
    REGISTRY: """\
ALL_MODULES = {
    TestVersionedGeluV9(): "aten::gelu",
    TestVersionedHardswishV10(): "aten::hardswish",
}
""",
    MODULES: """\
class TestVersionedGeluV9(torch.nn.Module):
    pass

class TestVersionedHardswishV10(torch.nn.Module):
    pass

class TestVersioned_hardswishV10(torch.nn.Module):
    pass
""",
    PUBLISHED: zipped_archive(3, "aten::gelu"),
    FIXTURE: ARCHIVE,
}
BEFORE = {
    MAP: re.sub(r".*hardswish.*\n", "", COMPLETE[MAP]),
    UPGRADERS: re.sub(r'    {"hardswish[\s\S]*?\)"},\n', "", COMPLETE[UPGRADERS]),
    VERSIONS: COMPLETE[VERSIONS].replace("0xB", "0xA"),
    MOBILE: re.sub(r".*hardswish.*\n", "", COMPLETE[MOBILE]),
    REGISTRY: re.sub(r".*Hardswish.*\n", "", COMPLETE[REGISTRY]),
    MODULES: re.sub(r"class \w*ardswish.*\n    pass\n", "", COMPLETE[MODULES]),
}
ROW = '    TestVersionedHardswishV10(): "aten::hardswish",\n'
ENTRY = '{11, "hardswish_0_10", "aten::hardswish(Tensor self) -> Tensor"}'

# By code: in which file what stands instead of what.
EDITS = {
    "OPF101": (MAP, '"hardswish_0_10"', "UPGRADER_NAME"),
    "OPF102": (MAP, ENTRY, ENTRY + ', {5, "hardswish_0_4", "aten::hardswish(Tensor self) -> Tensor"}'),
    "OPF103": (MAP, "hardswish_0_10", "hardswish_0_9"),
    "OPF104": (UPGRADERS, "def hardswish_0_10", "def hardswish"),
    "OPF105": (MAP, "aten::hardswish(Tensor self)", "aten::hardswish(Tensor{} self)"),
    "OPF106": (MAP, "aten::hardswish(", "aten::hardtanh("),
    "OPF107": (VERSIONS, "0xB", "0xA"),
    "OPF108": (MAP, "{11, ", "{12, "),
    "OPF109": (MAP, "aten::gelu(Tensor self)", "aten::gelu(Tensor self, int dim)"),
    "OPF110": (UPGRADERS, '    {"hardswish', '    {"full_0_4", "def full_0_4(): pass"},\n    {"hardswish'),
    "OPF111": (MOBILE, '{0, 10, "hardswish_0_10"}', ""),
    "OPF112": (MAP, "});", f'    {{"aten::hardswish", {{{ENTRY}}}}},\n}});'),
    "OPF114": (MAP, "hardswish(Tensor self) -> Tensor", "hardswish(Tensor self) -> Tensor[]"),
    "OPF115": (MAP, '{"aten::hardswish"', '{"hardswish"'),
    "OPF201": (REGISTRY, ROW, ""),
    "OPF202": (MODULES, "TestVersionedHardswishV10", "TestVersionedHardtanhV10"),
    "OPF203": (REGISTRY, ROW, ROW + '    TestVersionedHardswishV9(): "aten::hardtanh",\n'),
    "OPF204": (REGISTRY, ROW, ROW + '    TestVersionedHardswishV11(): "aten::hardswish",\n'),
    "OPF205": (REGISTRY, ROW, ROW + '    TestVersioned_hardswishV10(): "aten::hardswish",\n'),
    "OPF206": (REGISTRY, "ALL_MODULES = {", "ALL_MODULES = more() | {"),
}
EXPIRED = """\
[tool.opfixtures]
preset = "pytorch"
waivers."aten::gelu" = { codes = ["OPF303"], reason = "until it is mended", expires = 2020-01-01 }
"""
# By code: which file stands in the repository instead, None for none. Fixtures are read from git.
FILES = {
    "OPF301": (FIXTURE, None),
    "OPF302": (FIXTURE, b"no archive"),
    "OPF303": (FIXTURE, zipped_archive(11, "aten::hardswish")),
    "OPF304": (FIXTURE, zipped_archive(10, "aten::hardtanh")),
    "OPF305": (f"{FIXTURE}.json", b"{}"),
    "OPF306": (PUBLISHED, None),
    "OPF307": (FIXTURE.replace("hardswish", "hardtanh"), ARCHIVE),
    "OPF308": (MODULES, COMPLETE[MODULES].replace("    pass", "    extra = 1")),
    "OPF401": (".opfixtures.toml", EXPIRED),
    "OPF403": (
        ".opfixtures.toml",
        '[tool.opfixtures]\npreset = "pytorch"\naccepted-breaks."aten::glu" ='
        ' { how = "does not load", release = "torch 3.0", reason = "it is gone" }\n',
    ),
    "OPF501": (OPERATORS, DECLARED.replace("dim=1", "dim=0")),
    "OPF502": (OPERATORS, DECLARED.replace("hardtanh", "hardtan")),
    "OPF503": (OPERATORS, DECLARED.replace("hardtanh(", "hardtanh((")),
    "OPF504": (MAP, COMPLETE[MAP].replace("hardswish(Tensor self)", "hardswish(Tensor self, int dim=0)")),
    "OPF402": (".opfixtures.toml", '[tool.opfixtures]\npreset = "pytorch"\nversions = "gone.h"\n'),
}

# What only a library is told.
LIBRARY_BEFORE = {
    ".opfixtures.toml": """\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
""",
    "map.py": "OPERATOR_VERSIONS = {}\n",
    "registry.py": "ALL_MODULES = {}\n",
    "modules.py": "import torch\n",
}
LIBRARY: dict[str, Any] = {
    **LIBRARY_BEFORE,
    "map.py": """\
OPERATOR_VERSIONS = {
    "mylib::scale": [
        {
            "bumped_at_version": 5,
            "upgrader_name": "scale_0_4",
            "old_schema": "mylib::scale(Tensor x) -> Tensor",
        },
    ],
}
""",
    "registry.py": 'ALL_MODULES = {\n    TestScaleV4(): "mylib::scale",\n}\n',
    "modules.py": "import torch\n\n\nclass TestScaleV4(torch.nn.Module):\n    pass\n",
    "fixtures/test_scale_v4.ptl": zipped_archive(3, "mylib::scale"),
}


def edited(path, old, new):
    """The complete change after an edit; without the file where nothing stands instead."""
    files = {**COMPLETE, path: COMPLETE[path].replace(old, new or "")}
    assert files != COMPLETE
    return files if new is not None else {name: text for name, text in files.items() if name != path}


def test_a_complete_change_owes_nothing(judged):
    assert judged(*RULES, before=BEFORE, after=COMPLETE) == []


def test_a_complete_change_of_a_library_owes_nothing(judged):
    assert judged(*RULES, before=LIBRARY_BEFORE, after=LIBRARY) == []


def test_one_edit_away_from_it_is_the_finding_of_a_library(judged):
    for version in (3, 11):
        after = {**LIBRARY, "map.py": LIBRARY["map.py"].replace('version": 5', f'version": {version}')}
        assert judged("OPF113", before=LIBRARY_BEFORE, after=after)


@pytest.mark.parametrize("code", sorted(RULES.keys() - FILES.keys() - {"OPF113"}))
def test_one_edit_away_from_it_is_each_finding(judged, code):
    assert judged(code, before=BEFORE, after=edited(*EDITS[code]))


@pytest.fixture
def complete(new_repository):
    """The complete change, staged, with the record of its fixture."""
    repository = new_repository({**BEFORE, PUBLISHED: COMPLETE[PUBLISHED], OPERATORS: DECLARED})
    for path, content in {**COMPLETE, OPERATORS: CHANGED, f"{FIXTURE}.json": record()}.items():
        repository.write(path, content)
    return repository


def record():
    """The record of the complete change's fixture."""
    seen, schema = read_archive(ARCHIVE), "aten::hardswish(Tensor self) -> Tensor"
    source = source_sha256(excerpt(COMPLETE[MODULES], "TestVersionedHardswishV10"))
    return dump_record(
        Record(
            RecordedEntry("aten::hardswish", 11, "hardswish_0_10", schema),
            RecordedModule("TestVersionedHardswishV10", MODULES, source),
            RecordedArchive(
                FIXTURE.rpartition("/")[2],
                seen.sha256,
                seen.size,
                seen.version,
                seen.bytecode_version,
                ("aten::hardswish",),
            ),
            RecordedRuntime("release", "torch 2.13.0", "2.13.0", "bc2c6eda", "3.11.7", "Linux-x86_64"),
            RecordedProof(None, ("schema",), schema, 10),
            synthetic=(),
            tolerances={},
            samples=({"inputs": [1], "output": 1},),
        )
    )


def test_a_complete_change_in_a_repository_owes_nothing(complete, opfixtures):
    assert opfixtures(complete, "check").out == "opfixtures: no problems found\n"


@pytest.mark.parametrize("code", sorted(FILES))
def test_one_file_away_from_it_is_each_finding_about_fixtures(complete, opfixtures, findings, code):
    path, content = FILES[code]
    if content is None:
        complete.git("rm", "--quiet", "--cached", path)
    else:
        complete.write(path, content)

    assert code in {
        one.partition(" ")[0] for one in findings(opfixtures(complete, "check", "--format", "json"))
    }
