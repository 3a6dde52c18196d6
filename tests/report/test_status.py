"""`opfixtures status`: a picture of the work tree, whole also where much is missing."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from opfixtures import report
from opfixtures.change.comparison import Comparison
from opfixtures.change.read_change import read_change
from opfixtures.proving.result import Answer, Fact, Facts, FixtureResult, LoaderFacts
from opfixtures.proving.result import Status as Verdict
from opfixtures.records.record import (
    Record,
    RecordedArchive,
    RecordedEntry,
    RecordedModule,
    RecordedProof,
    RecordedRuntime,
    dump_record,
)
from opfixtures.report import status_text as shown_by
from opfixtures.report.screen import VERBOSE, Screen
from opfixtures.report.status import (
    ArchiveStatus,
    EntryStatus,
    FixtureStatus,
    Folder,
    GuardStatus,
    OperatorStatus,
    RecordStatus,
    Status,
    status_of,
)
from opfixtures.report.status_json import status_json
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.snapshot import EmptySnapshot, WorkTreeSnapshot
from opfixtures.settings.waivers import Waiver
from tests.monorepo import PACKAGE, SETTINGS, TREE, library_files

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
REGISTRY = "test/jit/fixtures_srcs/generate_models.py"
MODULES = "test/jit/fixtures_srcs/fixtures_src.py"
FIXTURE = "test/jit/fixtures/test_versioned_gelu_v9.ptl"
SCHEMA = json.loads((Path(report.__file__).parent / "schemas/status.schema.json").read_text())
GELU_UPGRADER = """\
static std::unordered_map<std::string, std::string> kUpgradersEntryMap({
    {"gelu_0_9", R"SCRIPT(
def gelu_0_9(self: Tensor) -> Tensor:
  return torch.gelu(self, approximate='none')
)SCRIPT"},
    {"full_names_0_4", R"SCRIPT(
def full_names_0_4(self: Tensor) -> Tensor:
  return self
)SCRIPT"},
});
"""
RECORD = Record(
    RecordedEntry("aten::gelu", 10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"),
    RecordedModule("TestVersionedGeluV9", MODULES, "12" * 32),
    RecordedArchive("test_versioned_gelu_v9.ptl", "ab" * 32, 2308, 3, 7, ("aten::gelu",)),
    RecordedRuntime("release", "torch 1.11.0", "1.11.0+cu102", "bc2c6eda", "3.8.18", "Linux-x86_64"),
    RecordedProof("86" * 20, ("schema",), "aten::gelu(Tensor self) -> Tensor", 9),
    (),
    {},
    ({"inputs": [True], "output": True},),
)


def put(repository, path, content):
    """Write a file of the work tree, and stage nothing."""
    file = repository.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def archive(version):
    """An archive stamped with a version."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as members:
        members.writestr("x/version", f"{version}\n")
    return out.getvalue()


@pytest.fixture
def seen(opfixtures):
    """What the JSON report of a repository, which keeps to the published schema, says of its one project."""

    def read(repository):
        ran = opfixtures(repository, "status", "--format", "json")
        assert (ran.status, ran.err) == (0, "")
        reported = json.loads(ran.out)
        jsonschema.validate(reported, SCHEMA)
        assert reported["schema"] == 3
        [project] = reported["projects"]
        assert project.pop("folder") == ""
        return project

    return read


def test_a_row_an_entry_and_orphans_below(pytorch, opfixtures):
    put(pytorch, FIXTURE, archive(3))
    put(pytorch, f"{FIXTURE}.json", dump_record(RECORD))
    put(pytorch, UPGRADERS, GELU_UPGRADER)
    text = pytorch.read(VERSION_MAP).replace(
        '    {{"aten::gelu", {{',
        '    {{"aten::gelu", {{12, "gelu_10_11", "aten::gelu(Tensor self) -> Tensor"}, {',
    )
    put(pytorch, VERSION_MAP, text)
    put(pytorch, "test/jit/fixtures/test_versioned_old_v3.pt", "")
    put(pytorch, "test/jit/fixtures/README", "")
    put(pytorch, REGISTRY, pytorch.read(REGISTRY).replace("\n}", '\n    TestElu(): "aten::elu",\n}'))
    put(pytorch, MODULES, pytorch.read(MODULES) + "\n\nclass OldV3(torch.nn.Module):\n    pass\n")
    ran = opfixtures(pytorch, "status", "-v")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "operator    at  covers  upgrader                fixture entry        stamped     made by       since",
        "aten::gelu  10  0-9     gelu_0_9                TestVersionedGeluV9  3           torch 1.11.0  2026-01-01",
        "aten::gelu  12  10-11   gelu_10_11 (undefined)  missing",
        "aten::elu               guard                   TestElu (undefined)  no fixture",
        "",
        "belongs to no entry:",
        f"    {MODULES}:9:1: module OldV3: registered nowhere",
        f"    {UPGRADERS}:6:6: upgrader full_names_0_4",
        "    test/jit/fixtures/test_versioned_old_v3.pt",
        "",
        "opfixtures: 1 operator, 1 of 2 entries with a fixture, 1 guard, 1 module, 1 fixture, 1 upgrader of no entry",
        "next: run `opfixtures new --all` for what has no fixture entry",
    ]
    assert opfixtures(pytorch, "status", COLUMNS="80").out.splitlines() == [
        "operator    at  covers  fixtures     made by",
        "aten::gelu  10  0-9     1            torch 1.11.0",
        "aten::gelu  12  10-11   no upgrader",
        "aten::elu       guard   no module",
        "",
        "belongs to no entry:",
        f"    {MODULES}:9:1: module OldV3: registered nowhere",
        f"    {UPGRADERS}:6:6: upgrader",
        "      full_names_0_4",
        "    test/jit/fixtures/test_versioned_old_v3.pt",
        "",
        "opfixtures: 1 operator, 1 of 2 entries with a fixture, 1 guard, 1 module, 1",
        "  fixture, 1 upgrader of no entry",
        "next: run `opfixtures new --all` for what has no fixture entry",
    ]
    quiet = opfixtures(pytorch, "status", "-q").out
    assert [line.split()[0] for line in quiet.splitlines()[:3]] == ["operator", "aten::gelu", "aten::elu"]
    too_wide = opfixtures(pytorch, "status", "-v", COLUMNS="80").out.splitlines()
    assert too_wide[:3] == [
        "aten::gelu: at 10, covers 0-9, upgrader gelu_0_9, fixture entry",
        "    TestVersionedGeluV9, stamped 3, made by torch 1.11.0, since 2026-01-01",
        "aten::gelu: at 12, covers 10-11, upgrader gelu_10_11 (undefined), fixture entry",
    ]


def test_programs_read_the_same(pytorch, seen):
    put(pytorch, FIXTURE, archive(10))
    put(pytorch, f"{FIXTURE}.json", dump_record(RECORD))
    put(pytorch, UPGRADERS, GELU_UPGRADER)
    put(pytorch, "test/jit/fixtures/test_versioned_old_v3.pt", "")
    put(pytorch, REGISTRY, pytorch.read(REGISTRY).replace("\n}", '\n    TestElu(): "aten::elu",\n}'))
    fixture = {
        "module": "TestVersionedGeluV9",
        "module_defined": True,
        "path": FIXTURE,
        "archive": {"version": 10, "covered": False, "problem": ""},
        "record": {"runtime": "torch 1.11.0", "problem": ""},
        "committed": "2026-01-01",
        "verdict": None,
        "reason": "",
        "replays": {},
    }
    guard = {
        "module": "TestElu",
        "module_defined": False,
        "path": "test/jit/fixtures/test_elu.ptl",
        "archive": None,
        "record": None,
        "committed": None,
        "verdict": None,
        "reason": "",
        "replays": {},
    }
    entry = {
        "bumped_at_version": 10,
        "covers": {"first": 0, "last": 9},
        "upgrader_name": "gelu_0_9",
        "upgrader_defined": True,
        "fixtures": [fixture],
    }
    assert seen(pytorch) == {
        "operators": [{"operator": "aten::gelu", "entries": [entry], "waivers": []}],
        "guards": [{"operator": "aten::elu", "fixture": guard}],
        "orphans": {
            "modules": [],
            "fixtures": ["test/jit/fixtures/test_versioned_old_v3.pt"],
            "upgraders": [{"name": "full_names_0_4", "path": UPGRADERS, "line": 6, "column": 6}],
        },
        "problems": [],
        "accepted_breaks": [],
    }


def test_accepted_breaks_are_what_users_of_old_files_are_told(library, seen, opfixtures):
    put(
        library,
        ".opfixtures.toml",
        library.read(".opfixtures.toml")
        + """
[tool.opfixtures.accepted-breaks]
"mylib::scale" = { how = { raises = "no \\u0022factor\\u0022" }, release = "mylib 2.0", reason = "too slow" }

[[tool.opfixtures.accepted-breaks."mylib::norm"]]
how = "does not load"
release = "mylib 3.0"
reason = "it is gone"
modules = ["NormV3"]
formats = ["pt"]
""",
    )
    scale = {
        "operator": "mylib::scale",
        "how": "raises",
        "error": 'no "factor"',
        "modules": [],
        "formats": [],
    }
    norm = {"operator": "mylib::norm", "how": "does not load", "error": "", "modules": ["NormV3"]}
    assert seen(library)["accepted_breaks"] == [
        {**scale, "release": "mylib 2.0", "reason": "too slow"},
        {**norm, "release": "mylib 3.0", "reason": "it is gone", "formats": ["pt"]},
    ]
    told = """
accepted breaks, what users of old files are told:
    mylib::scale: raises "no "factor"" from mylib 2.0 on: too slow
    mylib::norm (NormV3, pt): does not load from mylib 3.0 on: it is gone
"""
    assert told in f"\n{opfixtures(library, 'status').out}"


def test_a_library_has_no_upgraders_that_can_be_read(library, seen, opfixtures):
    put(
        library,
        "my lib/versiöns.py",
        'OPERATOR_VERSIONS = {"mylib::scale": [{"bumped_at_version": 4, "upgrader_name": "scale_0_3",'
        ' "old_schema": "mylib::scale(Tensor x) -> Tensor"}]}\n',
    )
    put(
        library,
        "my lib/registry.py",
        'ALL_MODULES = {ScaleV3(): "mylib::scale", ScaleV4(): "mylib::scale"}\n',
    )
    report = seen(library)
    assert report["operators"][0]["entries"][0]["upgrader_defined"] is None
    assert report["orphans"]["modules"][0]["reason"] == "its operator's entries cover versions up to 3"
    put(library, "my lib/fixtures/scale_v3.pt", archive(2))
    row = opfixtures(library, "status", "-v").out.splitlines()[1]
    assert row == "mylib::scale  4   0-3     scale_0_3  ScaleV3 (undefined)  no fixture +1  no record"


def test_what_cannot_be_read_is_said(pytorch, seen, opfixtures):
    put(pytorch, FIXTURE, "an archive")
    put(pytorch, f"{FIXTURE}.json", "{}")
    put(pytorch, MODULES, "class")
    put(pytorch, REGISTRY, pytorch.read(REGISTRY).replace("\n}", '\n    Test(): "aten::gelu",\n}'))
    text = opfixtures(pytorch, "status", "-v").out
    assert "TestVersionedGeluV9 (undefined)  unreadable  unreadable  2026-01-01\n" in text
    unreadable = text.partition("\ncannot be read:\n")[2].splitlines()
    assert unreadable[0].startswith(f"    {MODULES}:1:")
    assert unreadable[1] == f"    {FIXTURE}: it is not a readable zip archive: File is not a zip file"
    assert unreadable[2].startswith(f"    {FIXTURE}.json: it is not an object")
    report = seen(pytorch)
    assert report["problems"][0]["path"] == MODULES
    assert report["orphans"]["modules"][0]["reason"] == "its name does not end in V<n>"


def test_a_fixture_that_is_a_link_is_not_followed(pytorch, seen):
    (pytorch.root / FIXTURE).unlink()
    (pytorch.root / FIXTURE).symlink_to("/etc/passwd")
    fixture = seen(pytorch)["operators"][0]["entries"][0]["fixtures"][0]
    assert "is a symbolic link" in fixture["archive"]["problem"]


def test_without_anything_there_is_an_empty_picture(library, pytorch, opfixtures):
    counts = "opfixtures: 0 operators, 0 of 0 entries with a fixture\nnext: nothing to do\n"
    assert opfixtures(library, "status").out == counts
    assert opfixtures(library, "status", "-q").out == ""
    (pytorch.root / FIXTURE).unlink()
    assert "TestVersionedGeluV9  no fixture\n" in opfixtures(pytorch, "status", "-v").out
    assert "aten::gelu  10  0-9     not made\n" in opfixtures(pytorch, "status").out


class TestSeveralProjects:
    def test_each_stands_below_the_name_of_its_folder(self, monorepo, opfixtures):
        monorepo.write("fixtures_src/registry.py", "ALL_MODULES = {}\n")
        monorepo.write("fixtures_src/modules.py", "")
        monorepo.write("tinyops/versions.py", "OPERATOR_VERSIONS = {}\n")
        put(monorepo, "pyproject.toml", SETTINGS)
        put(monorepo, "sub/fixtures/orphan_v1.ptl", "")
        ran = opfixtures(monorepo, "status", "-v")
        assert (ran.status, ran.err) == (0, "")
        parts = [part.splitlines() for part in ran.out.split("\n\n")]
        assert [part[0] for part in parts if part[0].endswith(":")] == [
            ".:",
            f"{PACKAGE}:",
            "sub:",
            "belongs to no entry:",
            f"{TREE}:",
        ]
        assert parts[0][1] == ("opfixtures: 0 operators, 0 of 0 entries with a fixture")
        assert parts[1][2].startswith("tiny::halve  4   0-3     halve_0_3  HalveV3 ")
        assert "    sub/fixtures/orphan_v1.ptl" in ran.out
        assert f"{TREE}:\noperator    at " in ran.out

    def test_one_alone_has_no_heading(self, new_repository, opfixtures):
        ran = opfixtures(new_repository(library_files(PACKAGE, halve=4)), "status")
        assert ran.out.startswith("operator ")

    def test_programs_read_each_with_its_folder_and_paths_from_the_root(self, monorepo, opfixtures):
        reported = json.loads(opfixtures(monorepo, "status", "--format", "json", folder=PACKAGE).out)
        jsonschema.validate(reported, SCHEMA)
        assert [one["folder"] for one in reported["projects"]] == [PACKAGE, "sub", TREE]
        fixtures = [one["operators"][0]["entries"][0]["fixtures"][0] for one in reported["projects"]]
        assert [(one["path"], one["committed"]) for one in fixtures] == [
            (f"{PACKAGE}/fixtures/halve_v3.ptl", "2026-01-01"),
            ("sub/fixtures/third_v3.ptl", "2026-01-01"),
            (f"{TREE}/{FIXTURE}", "2026-01-01"),
        ]

    def test_one_that_the_work_tree_has_lost_is_not_there(self, monorepo, opfixtures):
        (monorepo.root / PACKAGE / "pyproject.toml").unlink()
        reported = json.loads(opfixtures(monorepo, "status", "--format", "json").out)
        assert [one["folder"] for one in reported["projects"]] == ["sub", TREE]


def test_a_tree_without_settings_is_an_error(new_repository, opfixtures):
    ran = opfixtures(new_repository({"README.md": ""}), "status")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("opfixtures: error: nothing to check: no [tool.opfixtures]")


def test_no_name_forges_a_line_or_pushes_the_others_out_of_sight(pytorch, opfixtures, add_hardswish):
    long = "aten::" + "x" * 200
    add_hardswish(pytorch)
    put(
        pytorch,
        VERSION_MAP,
        pytorch.read(VERSION_MAP).replace("aten::gelu", rf"aten::gelu\n\x1b[31m{long}", 1),
    )
    lines = opfixtures(pytorch, "status", "-v").out.splitlines()
    assert lines[1].startswith(rf"aten::gelu\n\x1b[31m{long}  10  0-9")
    assert lines[2].startswith("aten::hardswish" + " " * 35 + "11  0-10")


def test_a_waiver_stands_by_its_operator(pytorch):
    root = str(pytorch.root)
    with GitObjects(Repository.discover(root, pytorch.environment)) as objects:
        comparison = Comparison(EmptySnapshot(), WorkTreeSnapshot(root), base=None, tip=None)
        change = read_change(objects, comparison)
    waivers = (
        Waiver("aten::gelu", ("OPF303", "replay.lite"), "not for mobile", date(2027, 6, 30)),
        Waiver("aten::elu", ("OPF303",), "x", date(2027, 6, 30)),
    )
    change = replace(change, config=replace(change.config, waivers=waivers))
    status = status_of(change, Folder((), lambda _: None))
    heading, row = status_text({"": status}).splitlines()[:2]
    assert row[heading.index("waiver") :] == "OPF303, replay.lite until 2027-06-30"
    reported = json.loads(status_json({"": status}))
    jsonschema.validate(reported, SCHEMA)
    assert reported["projects"][0]["operators"][0]["waivers"] == [
        {"codes": ["OPF303", "replay.lite"], "reason": "not for mobile", "expires": "2027-06-30"}
    ]


def status_text(projects):
    """All that is known, a row each."""
    return shown_by.status_text(projects, Screen(width=9999, loudness=VERBOSE))


def loader_facts(equal, sensitive, applied=Answer.YES):
    return LoaderFacts(Fact(Answer.YES), Fact(equal), Fact(applied), Fact(sensitive))


def replayed(lite, status=Verdict.VERIFIED, waived=""):
    """What a replay came to, as `verify` tells it."""
    facts = Facts(Fact(Answer.YES), Fact(Answer.YES), Fact(Answer.NOT_APPLICABLE), {"lite": lite})
    return FixtureResult("aten::gelu", 10, "gelu_0_9", status, facts=facts, waived=waived)


def test_what_is_not_green_is_the_verdict_of_an_entry():
    fact = loader_facts(Answer.YES, Answer.YES)
    results = (
        replayed(fact),
        replayed(fact, Verdict.MISMATCH, "waived until 2027-06-30: x"),
        replayed(fact, Verdict.UNPROVEN),
    )
    fixtures = tuple(FixtureStatus("M", True, "", None, None, None, one) for one in results)
    entry = EntryStatus(10, range(10), "gelu_0_9", None, fixtures)
    guard = GuardStatus("aten::elu", replace(fixtures[0], replayed=replayed(fact, Verdict.FAILED)))
    status = Status((OperatorStatus("aten::gelu", (entry,), ()),), (guard,), (), (), (), ())
    heading, row, second = status_text({"": status}).splitlines()[:3]
    assert row[heading.index("verdict") :] == "mismatch (waived) +1"
    assert second[heading.index("lite") :].split() == ["equal", "failed"]
    report = json.loads(status_json({"": status}))
    jsonschema.validate(report, SCHEMA)
    (told,) = report["projects"]
    verdicts = [fixture["verdict"] for fixture in told["operators"][0]["entries"][0]["fixtures"]]
    assert verdicts == ["verified", "mismatch", "unproven"]
    assert told["guards"][0]["fixture"]["verdict"] == "failed"


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ([loader_facts(Answer.YES, Answer.YES)], "equal, sensitive"),
        ([loader_facts(Answer.YES, Answer.NO), loader_facts(Answer.YES, Answer.YES)], "equal, sensitive"),
        ([loader_facts(Answer.YES, Answer.NO)], "equal, insensitive"),
        ([loader_facts(Answer.YES, Answer.NOT_APPLICABLE)], "equal, identity"),
        ([loader_facts(Answer.YES, Answer.YES), loader_facts(Answer.NO, Answer.YES)], "differs"),
        ([loader_facts(Answer.UNKNOWN, Answer.UNKNOWN)], "unknown"),
        ([loader_facts(Answer.YES, Answer.YES, applied=Answer.NO)], "not upgraded"),
    ],
)
def test_a_replay_is_told_in_a_word_for_all_fixtures_of_an_entry(facts, word):
    fixtures = tuple(
        FixtureStatus(f"M{number}V9", True, "", None, None, None, replayed(one))
        for number, one in enumerate(facts)
    )
    entry = EntryStatus(10, range(10), "gelu_0_9", None, fixtures)
    status = Status((OperatorStatus("aten::gelu", (entry,), ()),), (), (), (), (), ())
    heading, row = status_text({"": status}).splitlines()[:2]
    assert row[heading.index("lite") : heading.index("verdict")].rstrip() == word
    assert row[heading.index("verdict") :] == "verified"
    assert row.split()[4:6] == (["M0V9", "+1"] if len(facts) > 1 else ["M0V9", "no"])


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Verdict.MISMATCH, "next: run `opfixtures verify` for what is not green\n"),
        (Verdict.VERIFIED, "next: nothing to do\n"),
    ],
)
def test_a_replay_says_what_to_do_next_and_marks_what_is_not_green(status, said):
    result = replayed(loader_facts(Answer.YES, Answer.YES), status)
    record = RecordStatus("commit c0ffee with torch 2.13.0")
    one = FixtureStatus("M", True, "f.ptl", ArchiveStatus(3, True), record, None, result)
    long = replace(one, replayed=replace(result, waived="known"))
    entries = (EntryStatus(10, range(9, 10), "gelu_9_9", None, (one, long, one)),)
    shown = Status(
        (OperatorStatus("mylib::a_name_that_takes_more_than_its_column", entries, ()),), (), (), (), (), ()
    )
    text = shown_by.status_text({"": shown}, Screen(80, colour=True, marks=True))
    assert text.endswith(said)
    assert ("\x1b[1;31m✗ " in text, "\x1b[32m✓ " in text) == (
        status is Verdict.MISMATCH,
        status is Verdict.VERIFIED,
    )
    assert " 9 " in text
    plain = shown_by.status_text({"": shown}, Screen(60)).splitlines()
    assert max(map(len, plain[:2])) <= 60
    assert "made by" not in plain[0]


def test_what_is_unreadable_or_covers_nothing_is_a_word(pytorch, opfixtures):
    put(pytorch, FIXTURE, "no archive")
    assert "  unreadable\n" in opfixtures(pytorch, "status").out
    put(pytorch, FIXTURE, archive(10))
    assert "  wrong version\n" in opfixtures(pytorch, "status").out
    put(pytorch, VERSION_MAP, "{")
    assert opfixtures(pytorch, "status").out.endswith("next: mend what cannot be read\n")
