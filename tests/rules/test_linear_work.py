"""A check of twice as much does twice the work, whatever the change: counted in calls, and in text that is parsed."""

import ast
import sys
from itertools import chain

import pytest

from opfixtures.declarations import python_source
from opfixtures.declarations.module_source import excerpt, source_sha256
from tests.repositories import MODULES, PYTORCH_TREE, REGISTRY, VERSION_MAP, zipped_archive
from tests.rules.test_rules_fixtures import FOLDER, gelu_record

SETTINGS = '[tool.opfixtures]\npreset = "pytorch"\n[tool.opfixtures.waivers]\n'
OF_A_LIBRARY = """\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
"""
OF_A_FORK = '[tool.opfixtures]\npreset = "pytorch"\nupstream = "main"\nreserved-versions = ">=1000"\n'
UPGRADERS = "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
VERSIONS = "caffe2/serialize/versions.h"


def declared(count, bump=10, entries=None, body="torch.ops.aten.op{}(x)"):
    """The files of a tree with `count` operators: entry, upgrader, row and module."""
    names = [f"op{number}" for number in range(count)]
    entries = entries or [
        f'{{"aten::{name}", {{{{{bump}, "{name}_0_{bump - 1}", "aten::{name}(Tensor self) -> Tensor"}}}}}},\n'
        for name in names
    ]
    upgraders = (f'{{"{name}_0_9", R"(\ndef {name}_0_9(self):\n  return self\n)"}},\n' for name in names)
    rows = (f'    {name.capitalize()}V9(): "aten::{name}",\n' for name in names)
    classes = (
        f"\n\nclass Op{number}V9(torch.nn.Module):\n    def forward(self, x):\n        return {body.format(number)}\n"
        for number in range(count)
    )
    return {
        VERSION_MAP: f"std::unordered_map<std::string, std::vector<UpgraderEntry>> m({{\n{''.join(entries)}}});\n",
        UPGRADERS: f"std::unordered_map<std::string, std::string> kUpgradersEntryMap({{\n{''.join(upgraders)}}});\n",
        VERSIONS: f"constexpr uint64_t kProducedFileFormatVersion = {bump}L;\n",
        REGISTRY: f"ALL_MODULES = {{\n{''.join(rows)}}}\n",
        MODULES: "import torch\n" + "".join(classes),
    }


def expired(count):
    """Upgraders each with a comment that names none of them."""
    return declared(count)[UPGRADERS].replace('{"op', '// Expire date: 01/02/2999\n{"op')


def proven(count):
    """The same with a fixture and a record for each."""
    files = declared(count)
    for number in range(count):
        name = f"op{number}_v9.ptl"
        data = zipped_archive(3, f"aten::op{number}")
        sha256 = source_sha256(excerpt(files[MODULES], f"Op{number}V9"))
        files[f"{FOLDER}/{name}"] = data
        files[f"{FOLDER}/{name}.json"] = gelu_record(
            PYTORCH_TREE[MODULES],
            data,
            entry={
                "operator": f"aten::op{number}",
                "upgrader_name": f"op{number}_0_9",
                "old_schema": f"aten::op{number}(Tensor self) -> Tensor",
            },
            module={"name": f"Op{number}V9", "sha256": sha256},
            archive={"file": name},
        )
    return files


def waived(count):
    lines = (
        f'"aten::op{n}" = {{ codes = ["OPF201"], reason = "r", expires = 2999-01-01 }}\n'
        for n in range(count)
    )
    return {**declared(0), ".opfixtures.toml": SETTINGS + "".join(lines)}


def of_one_operator(count):
    several = ",".join(
        f'{{{n + 10}, "op_{n + 9}_{n + 9}", "aten::op(Tensor self) -> Tensor"}}' for n in range(count)
    )
    return declared(0, count + 10, [f'{{"aten::op", {{{several}}}}},\n'])


def library(*bumps):
    """A library with these operators bumped, each a name and a version."""
    entries = "".join(
        f'    "mylib::{name}": [{{"bumped_at_version": {bump}, "upgrader_name": "{name}_0_{bump - 1}", '
        f'"old_schema": "mylib::{name}(Tensor x) -> Tensor[]"}}],\n'
        for name, bump in bumps
    )
    return {
        ".opfixtures.toml": OF_A_LIBRARY,
        "map.py": f"OPERATOR_VERSIONS = {{\n{entries}}}\n",
        "registry.py": "ALL_MODULES = {}\n",
        "modules.py": "import torch\n",
    }


def in_a_library(bump):
    """As many operators more, at a version that a release has, or that no library has."""
    return (
        lambda n: library(*((f"a{number}", 4) for number in range(n))),
        lambda n: library(
            *((f"a{number}", 4) for number in range(n)), *((f"b{number}", bump) for number in range(n))
        ),
    )


def in_a_fork(count):
    """Entries that upstream has not, at versions that are not the fork's own."""
    return {**declared(count), ".opfixtures.toml": OF_A_FORK}


CHANGES = {
    "in a library": in_a_library(4),
    "in a library, too high": in_a_library(11),
    "in a fork": (in_a_fork, lambda n: in_a_fork(2 * n + 1)),
    "proven": (lambda _: declared(0), proven),
    "without anything": (lambda _: declared(0), lambda n: {VERSION_MAP: declared(n)[VERSION_MAP]}),
    "without fixtures": (lambda _: declared(0), declared),
    "waived": (waived, lambda n: {VERSION_MAP: declared(n)[VERSION_MAP]}),
    "of one operator": (lambda _: declared(0, 9), of_one_operator),
    "modules edited": (proven, lambda n: {MODULES: declared(n, body="x + {}")[MODULES]}),
    "modules added to": (proven, lambda n: {MODULES: declared(n)[MODULES] + "\n\nclass Other: pass\n"}),
    "entries taken away": (lambda n: {**declared(n), UPGRADERS: expired(n)}, lambda _: declared(0, bump=10)),
    "taken away": (proven, lambda n: {**dict.fromkeys(proven(n)), **declared(0)}),
}


@pytest.fixture
def staged(new_repository):
    """A repository with a change staged, from files by path to files by path; None stands for one that goes."""

    def make(name, before, after):
        repository = new_repository(name=name)
        for files in (before, after):
            for path, content in files.items():
                file = repository.root / path
                file.parent.mkdir(parents=True, exist_ok=True)
                if content is None:
                    file.unlink(missing_ok=True)
                else:
                    file.write_bytes(content if isinstance(content, bytes) else content.encode())
            repository.git("add", "--all")
            if files is before:
                repository.commit()
                repository.git("tag", "v1.0")
        return repository

    return make


@pytest.fixture
def work(opfixtures, monkeypatch):
    """Runs a command and counts: the calls of functions, generators gone on with included; the files of Python that
    were decoded; the characters that were parsed."""

    def count(repository, *args):
        calls, decoded, parsed = [0], [], []
        decode, parse = python_source.decode, ast.parse

        def tracer(_frame, event, _argument):
            calls[0] += event == "call"

        def noted_decode(source):
            decoded.append(1)
            return decode(source)

        def noted_parse(text, *args, **options):
            parsed.append(len(text))
            return parse(text, *args, **options)

        with monkeypatch.context() as patch:
            patch.setattr(python_source, "decode", noted_decode)
            patch.setattr(ast, "parse", noted_parse)
            before = sys.getprofile()
            sys.setprofile(tracer)
            try:
                ran = opfixtures(repository, *args)
            finally:
                sys.setprofile(before)
        assert ran.status in (0, 1), ran.err
        return calls[0], len(decoded), sum(parsed)

    return count


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("change", "command"),
    [
        *((change, ("check",)) for change in CHANGES),
        ("proven", ("check", "--all")),
        ("waived", ("check", "--all")),
        ("waived", ("status",)),
        ("proven", ("status",)),
        ("without fixtures", ("renumber",)),
        ("in a library", ("renumber",)),
        ("in a fork", ("renumber",)),
        ("without anything", ("new", "--all", "--no-samples")),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_twice_as_much_is_twice_the_work(staged, work, change, command):
    before, after = CHANGES[change]
    work(staged("nothing", before(1), after(1)), *command)
    some, more = (work(staged(f"of-{n}", before(n), after(n)), *command) for n in (100, 200))
    assert more[0] < 2.3 * some[0]
    assert more[1] == some[1]
    assert more[2] <= 2.3 * some[2]


def test_files_of_python_are_parsed_a_few_times_however_many_classes_they_have(staged, work):
    before, after = CHANGES["proven"]
    files = after(100)
    size = sum(map(len, chain((files[MODULES], files[REGISTRY]))))
    _, decoded, parsed = work(staged("some", before(100), files), "check")
    # The modules once for what they are, once for their statements, once as excerpts.
    assert (decoded < 10, parsed < 4 * size) == (True, True)
