"""What the page of `opfixtures status` gets: rows, and details from records, upgraders and declarations."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from opfixtures.records.record import RecordError, dump_record
from opfixtures.report.status_html import details
from opfixtures.report.status_html.project import functions
from tests.report.test_status import FIXTURE, RECORD, archive, put

UPGRADERS = '''\
UPGRADERS = """
# The first.
def scale_0_3(x: Tensor) -> Tensor:
    # It was doubled.
    return torch.ops.mylib.scale(
        x, 2.0
)

def halve_0_3(x: Tensor) -> Tensor:
    return x / 2
OTHER = 1
"""
'''
OPERATORS = """\
import torch

library = torch.library.Library("mylib", "DEF")
library.define("scale(Tensor x, float by) -> Tensor")
"""
SCALE = (
    "def scale_0_3(x: Tensor) -> Tensor:\n    # It was doubled.\n"
    "    return torch.ops.mylib.scale(\n        x, 2.0\n)"
)


def test_functions_are_taken_out_of_a_text_with_their_lines() -> None:
    text = UPGRADERS.partition('"""')[2].partition('"""')[0]
    assert functions(text) == {
        "scale_0_3": SCALE,
        "halve_0_3": "def halve_0_3(x: Tensor) -> Tensor:\n    return x / 2",
    }


@pytest.fixture
def told(library, opfixtures):
    """What the page of a library with one operator, declared and with an upgrader, gets as details."""
    settings = library.read(".opfixtures.toml")
    library.write(".opfixtures.toml", f'{settings}operators = ["my lib/operators.py"]\n')
    library.write("my lib/operators.py", OPERATORS)
    library.write("my lib/upgraders.py", UPGRADERS)
    library.write(
        "my lib/versiöns.py",
        'OPERATOR_VERSIONS = {"mylib::scale": [{"bumped_at_version": 4, "upgrader_name": "scale_0_3",'
        ' "old_schema": "mylib::scale(Tensor x) -> Tensor"}]}\n',
    )
    library.write(
        "my lib/registry.py", 'ALL_MODULES = {ScaleV3(): "mylib::scale", Guard(): "mylib::other"}\n'
    )

    def read() -> list[dict[str, Any]]:
        ran = opfixtures(library, "status", "--format", "html")
        assert (ran.status, ran.err) == (0, "")
        (chunk,) = re.findall('id="chunk-0">(.*)</script>', ran.out)
        rows: list[dict[str, Any]] = json.loads(chunk)
        return rows

    return read


def test_a_librarys_schema_and_upgrader_are_read_without_torch(told):
    operator, guard = told()
    assert operator["schema"] == "mylib::scale(Tensor x, float by) -> Tensor"
    (entry,) = operator["entries"]
    assert (entry["oldSchema"], entry["place"]) == (
        "mylib::scale(Tensor x) -> Tensor",
        "my lib/versiöns.py:1:39",
    )
    assert (entry["upgraderText"], entry["upgraderPlace"]) == (SCALE, "my lib/upgraders.py")
    assert [one["path"] for one in guard["guards"]] == ["my lib/fixtures/guard.ptl"]
    assert (guard["schema"], "record" in guard["guards"][0]) == ("", False)


def test_samples_are_left_out_where_there_are_too_many(pytorch, opfixtures, monkeypatch):
    put(pytorch, FIXTURE, archive(3))
    put(pytorch, f"{FIXTURE}.json", dump_record(RECORD))

    def fixture() -> dict[str, Any]:
        ran = opfixtures(pytorch, "status", "--format", "html")
        (chunk,) = re.findall('id="chunk-0">(.*)</script>', ran.out)
        (one,) = json.loads(chunk)[0]["entries"][0]["fixtures"]
        told: dict[str, Any] = one
        return told

    shown = fixture()
    assert (shown["samples"], shown["allSamples"]) == ([{"inputs": [["", "True"]], "output": "True"}], 1)
    assert shown["record"]["runtime"] == "torch 1.11.0"
    monkeypatch.setattr(details, "MOST_OF_ALL_SAMPLES", 10)
    assert (fixture()["samples"], fixture()["allSamples"]) == ([], 1)


def test_a_record_that_goes_meanwhile_is_not_shown(pytorch, opfixtures, monkeypatch):
    put(pytorch, FIXTURE, archive(3))
    put(pytorch, f"{FIXTURE}.json", dump_record(RECORD))
    monkeypatch.setattr(details, "load_record", lambda _: (_ for _ in ()).throw(RecordError("it changed")))
    assert '"record":{' not in opfixtures(pytorch, "status", "--format", "html").out
