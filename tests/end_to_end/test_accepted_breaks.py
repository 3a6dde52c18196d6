"""A release that breaks old files on purpose, and says so: its fixtures have to fail in just that way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.test_library import report
from tests.repositories import GitRepository, Ran

RunLong = Callable[..., Ran]
HEADING = "\n[tool.opfixtures.accepted-breaks]\n"
BRANCH = ", of this branch: target's settings do not"
UPGRADERS, OPERATORS = "tinyops/upgraders.py", "tinyops/__init__.py"
UPGRADER = (
    "  if x.is_floating_point():\n    return torch.ops.tinyops.halve(x)\n  return torch.floor_divide(x, 2)\n"
)
DOCS = (Path(__file__).parents[2] / "docs" / "fixtures.md").read_text(encoding="utf-8")
DEFINED = '_library.define("halve(Tensor x) -> Tensor")\n'
IMPLEMENTED = '_library.impl("halve", _halve, "CompositeExplicitAutograd")\n'


class Broken(NamedTuple):
    """How the settings accept a break, the edits that make it, and how it is told where another one was accepted."""

    how: str
    words: str
    edits: Mapping[str, tuple[tuple[str, str], ...]]
    told: str


BREAKS = {
    "other results": Broken(
        '"other results"',
        "other results",
        {UPGRADERS: ((UPGRADER, "  return x * 0.5\n"),)},
        "torch.jit.load: other results: sample 2: int64 then, float32 now",
    ),
    "raises": Broken(
        '{ raises = "no whole numbers" }',
        'raises "no whole numbers"',
        {
            OPERATORS: (
                (
                    "    return x / 2\n",
                    "    if not x.is_floating_point():\n        raise ValueError('no whole numbers')\n",
                ),
                ('\n\n_library.impl("scale"', '    return x / 2\n\n\n_library.impl("scale"'),
            ),
            UPGRADERS: ((UPGRADER, "  return torch.ops.tinyops.halve(x)\n"),),
        },
        "torch.jit.load: raises: ",
    ),
    "does not load": Broken(
        '"does not load"',
        "does not load",
        {
            OPERATORS: ((DEFINED, ""), (IMPLEMENTED, "")),
            UPGRADERS: (
                (UPGRADER, "  return x\n"),
                ("in OPERATOR_VERSIONS.items():", "in list(OPERATOR_VERSIONS.items())[:1]:"),
            ),
        },
        "torch.jit.load: does not load: ",
    ),
}


@pytest.fixture
def landed(made: GitRepository) -> GitRepository:
    """The library with its fixtures, committed: target has no accepted break."""
    made.git("add", "--all")
    made.commit("tinyops 2.0")
    return made


def accept(library: GitRepository, how: str) -> None:
    settings = library.read("pyproject.toml").partition(HEADING)[0]
    said = f'"tinyops::halve" = {{ how = {how}, release = "tinyops 2.1", reason = "it rounds no more" }}'
    library.write("pyproject.toml", f"{settings}{HEADING}{said}\n")


def halve_row(ran: Ran, path: Path) -> dict[str, Any]:
    rows = report(path)
    assert rows["tinyops::scale"]["status"] == "verified", ran.out
    row = rows["tinyops::halve"]
    assert ran.status == int(row["status"] not in ("verified", "accepted")), ran.out
    return row


@pytest.mark.sampled(2)
@pytest.mark.parametrize("way", BREAKS)
def test_what_breaks_in_just_the_accepted_way_is_green_and_in_another_way_red(
    landed: GitRepository, run_long: RunLong, tmp_path: Path, way: str
) -> None:
    broken = BREAKS[way]
    for path, edits in broken.edits.items():
        for old, new in edits:
            landed.replace(path, old, new)
    accept(landed, broken.how)
    ran = run_long(landed, "generate", "--report", str(tmp_path / "report.json"))
    row = halve_row(ran, tmp_path / "report.json")
    assert (row["status"], row["accepted"]["how"], row["accepted"]["by_branch"]) == ("accepted", way, True)
    sentence = f"{broken.words} from tinyops 2.1 on: it rounds no more"
    assert f"            {sentence} (pyproject.toml says so{BRANCH})\n" in ran.out
    said = "has other `accepted-breaks` than target: this branch says so of tinyops::halve"
    assert said in ran.out
    assert any(said in note for note in json.loads((tmp_path / "report.json").read_text())["notes"])

    other = BREAKS["raises" if way != "raises" else "does not load"]
    accept(landed, other.how)
    ran = run_long(landed, "verify", "--report", str(tmp_path / "report.json"))
    row = halve_row(ran, tmp_path / "report.json")
    assert (row["status"], row["accepted"]) == ("mismatch", None)
    assert row["reason"].startswith(f"fails otherwise than accepted ({other.words}): {broken.told}")


def test_what_does_not_break_is_red_and_once_target_accepts_it_nobody_else_says_so(
    landed: GitRepository, run_long: RunLong, tmp_path: Path
) -> None:
    accept(landed, '"other results"')
    ran = run_long(landed, "verify", "--report", str(tmp_path / "report.json"))
    row = halve_row(ran, tmp_path / "report.json")
    assert (row["status"], row["accepted"]) == ("mismatch", None)
    assert row["reason"].startswith("nothing breaks: take it out of accepted-breaks in pyproject.toml")

    landed.replace(UPGRADERS, UPGRADER, "  return x * 0.5\n")
    landed.git("add", "--all")
    landed.commit("tinyops 2.1")
    ran = run_long(landed, "generate", "--all", "--report", str(tmp_path / "report.json"))
    row = halve_row(ran, tmp_path / "report.json")
    assert (row["status"], row["accepted"]["by_branch"]) == ("accepted", False)
    assert BRANCH not in ran.out
    told_in_docs = DOCS.partition("```console\naccepted ")[2].partition("```")[0]
    assert f"accepted {told_in_docs}" in ran.out
    assert "accepted-breaks" not in ran.out

    shown = run_long(landed, "status", "--replay")
    assert (shown.status, "  accepted\n" in shown.out) == (0, True), shown.out
    assert "tinyops::halve: other results from tinyops 2.1 on: it rounds no more\n" in shown.out
    status = json.loads(run_long(landed, "status", "--runtime", "checkout", "--format", "json").out)
    (told,) = status["projects"][0]["accepted_breaks"]
    assert (told["operator"], told["how"]) == ("tinyops::halve", "other results")
    # Nobody asked for a verdict: who loads what is shown whatever should come of it.
    rows = {one["operator"]: one["entries"][0]["fixtures"][0] for one in status["projects"][0]["operators"]}
    outcomes = {name: row["loads"]["checkout"]["torch.jit.load"]["outcome"] for name, row in rows.items()}
    assert outcomes == {"tinyops::scale": "same", "tinyops::halve": "other results"}
    assert rows["tinyops::halve"]["verdict"] is None
