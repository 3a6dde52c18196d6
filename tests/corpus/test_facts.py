"""What `verify` says of every fixture of PyTorch's operators, with the torch of today."""

from __future__ import annotations

import json
import os
import re
import sys

import jsonschema

from opfixtures.declarations.cpp_version_map import read_cpp_version_map
from tests.corpus.conftest import FIXTURES, ROOT, Entry, NewCorpus, Row

JIT, LITE = "torch.jit.load", "lite"
MODES = {
    f"aten::{name}_mode" for name in ("div.Tensor", "div.Scalar", "div.out", "div_.Tensor", "div_.Scalar")
}
GELU = {"aten::gelu", "aten::gelu.out"}
IDENTITY = {JIT: MODES | GELU | {"aten::full.out"}, LITE: MODES | {"aten::full.out"}}
# https://github.com/pytorch/pytorch/blob/main/torchgen/operator_versions/gen_mobile_upgraders.py excludes it: under
# lite a full of an integer is an integer, which it was not when the archive was made.
LITE_LACKS = {"aten::full"}
INTERPRETER = f'kind = "interpreter"\npython = "{sys.executable}"\n'
STATUS_SCHEMA = json.loads((ROOT / "opfixtures" / "report" / "schemas" / "status.schema.json").read_text())


def by_operator(rows: list[Row], loader: str, name: str) -> dict[str, set[str]]:
    """The values of a fact, of all fixtures of each operator."""
    values: dict[str, set[str]] = {}
    for row in rows:
        values.setdefault(row.operator, set()).add(row.fact(loader, name))
    return values


def test_the_version_map_is_that_of_torch(torch_map: list[Entry]) -> None:
    path = "fixtures_src/version_map.cpp"
    read = read_cpp_version_map(path, (ROOT / path).read_text())
    ours = [
        Entry(one.operator, one.bumped_at_version, one.upgrader_name, one.old_schema) for one in read.entries
    ]

    assert not read.problems
    assert sorted(ours) == sorted(torch_map)


def test_every_fixture_was_replayed(today: list[Row]) -> None:
    assert sorted(row.fixture for row in today) == [path.name for path in FIXTURES]
    assert {row.status for row in today} == {"verified", "mismatch"}


def test_torch_jit_load_upgrades_every_operator_and_computes_what_was_computed_then(today: list[Row]) -> None:
    for name in ("loads", "equal", "applied"):
        assert {frozenset(values) for values in by_operator(today, JIT, name).values()} == {
            frozenset({"yes"})
        }


def test_lite_computes_what_was_computed_then_but_for_full(today: list[Row]) -> None:
    equal = by_operator(today, LITE, "equal")

    assert {operator for operator, values in equal.items() if values != {"yes"}} == LITE_LACKS
    assert [row.fixture for row in today if row.status == "mismatch"] == ["test_versioned_full_int_v4.ptl"]


def test_a_fixture_of_each_operator_is_sensitive_unless_its_upgrader_changes_nothing(
    today: list[Row],
) -> None:
    for loader in (JIT, LITE):
        sensitive = by_operator(today, loader, "sensitive")
        assert {name for name, values in sensitive.items() if values == {"not-applicable"}} == IDENTITY[
            loader
        ]
        insensitive = {name for name, values in sensitive.items() if "yes" not in values} - IDENTITY[loader]
        assert insensitive == (LITE_LACKS if loader == LITE else set())
    assert sum("yes" in values for values in by_operator(today, JIT, "sensitive").values()) == 10


def test_the_table_of_the_docs_is_what_is_seen(today: list[Row]) -> None:
    page = (ROOT / "docs" / "operators.md").read_text()
    table = r"^(aten::\S+) .* torch \d\S+  +(\S.*?)(?:  +replay.lite until \S+)?$"
    shown = dict(re.findall(table, page, re.M))

    def word(operator: str, loader: str) -> str:
        if by_operator(today, loader, "equal")[operator] != {"yes"}:
            return "differs"
        sensitive = by_operator(today, loader, "sensitive")[operator]
        return "equal, sensitive" if "yes" in sensitive else "equal, identity"

    def verdict(operator: str) -> str:
        statuses = {row.status for row in today if row.operator == operator}
        return "mismatch (waived)" if "mismatch" in statuses else "".join(statuses)

    seen = {
        row.operator: f"{word(row.operator, JIT)}  {word(row.operator, LITE)}  {verdict(row.operator)}"
        for row in today
    }
    assert {operator: re.sub("  +", "  ", words) for operator, words in shown.items()} == seen


def test_status_tells_what_the_replays_showed(new_corpus: NewCorpus, today: list[Row]) -> None:
    corpus = new_corpus("")
    # The torch that runs the tests instead of a release that would be installed.
    corpus.replace("pyproject.toml", 'kind = "release"\ntorch = "2.13.0"\npython = "3.11"\n', INTERPRETER)
    ran = corpus.opfixtures("status", "--replay", "--format", "json")
    assert ran.status == 0, ran.err
    project = next(one for one in json.loads(ran.out)["projects"] if one["operators"])
    operators = project["operators"]
    jsonschema.validate(json.loads(ran.out), STATUS_SCHEMA)
    shown = {
        (os.path.basename(fixture["path"]), loader): facts["sensitive"]["value"]
        for operator in operators
        for entry in operator["entries"]
        for fixture in entry["fixtures"]
        for loader, facts in fixture["replays"].items()
    }

    assert shown == {
        (row.fixture, loader): row.fact(loader, "sensitive") for row in today for loader in (JIT, LITE)
    }
    assert {fixture["committed"] for one in operators for fixture in one["entries"][0]["fixtures"]} != {None}
