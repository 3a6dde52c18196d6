"""The lines that accept a break: pasted as they are shown, they accept just that one."""

import re
import tomllib

import pytest

from opfixtures.archives.formats import JIT, LITE
from opfixtures.proving.accepted_break import accept_break
from opfixtures.proving.result import Answer, Fact, Facts, Failure, FixtureResult, LoaderFacts, Status
from opfixtures.report.operator_rows import _advice
from opfixtures.settings.accepted_breaks import Way, read_accepted_breaks
from opfixtures.settings.accepted_lines import accepted_lines
from opfixtures.settings.config_table import Table

YES, NONE = Fact(Answer.YES), Fact(Answer.NOT_APPLICABLE)
ERROR = 'RuntimeError: no "factor" \\ any more, \x7f'
WAYS = {
    Way.NOT_LOADED: (Fact(Answer.NO, "it is gone"), Fact(Answer.NO, "it does not load"), "it is gone"),
    Way.RAISES: (YES, Fact(Answer.NO, f"sample 1: raises: {ERROR}"), ERROR),
    Way.OTHER_RESULTS: (YES, Fact(Answer.NO, "sample 1: 5.0 then, 2.0 now"), "sample 1: 5.0 then, 2.0 now"),
}


def row(*ways: Way, reason: str = "it differs") -> FixtureResult:
    loaders = dict(zip((JIT, LITE), ways, strict=False))
    facts = {name: LoaderFacts(*WAYS[way][:2], YES, YES) for name, way in loaders.items()}
    return FixtureResult(
        'mylib::a"b',
        4,
        "scale_0_3",
        Status.MISMATCH,
        reason,
        module="ScaleV3",
        fixture="fixtures/scale_v3.ptl",
        facts=Facts(YES, YES, NONE, facts),
        failures={name: (Failure(way, WAYS[way][2]),) for name, way in loaders.items()},
    )


def shown(one: FixtureResult) -> str:
    found = re.search(r"```toml\n((?:.|\n)*?)\n```", "\n\n".join(_advice(one)))
    return found[1] if found else ""


@pytest.mark.parametrize("way", Way)
def test_pasted_as_they_are_shown_they_accept_the_row(way: Way) -> None:
    one = row(way, way)
    source = f"[tool.opfixtures]\n\n{shown(one)}\n"
    table = tomllib.loads(source)["tool"]["opfixtures"]["accepted-breaks"]
    breaks = read_accepted_breaks(Table(table, "here", ""), source.encode())
    assert [(accepted.operator, accepted.how) for accepted in breaks] == [('mylib::a"b', way)]
    assert accept_break(one, breaks, "pyproject.toml", ()).status is Status.ACCEPTED
    others = [row(other, other) for other in Way if other is not way]
    assert {accept_break(other, breaks, "pyproject.toml", ()).status for other in others} == {Status.MISMATCH}


@pytest.mark.parametrize(
    "one",
    [
        row(Way.RAISES, Way.NOT_LOADED),
        row(Way.RAISES, reason='fails otherwise than accepted (other results): raises: "x"'),
        row(),
    ],
)
def test_where_it_fails_in_no_one_way_there_are_none(one: FixtureResult) -> None:
    assert shown(one) == ""


def test_a_long_error_is_cut() -> None:
    assert len(accepted_lines("a::b", Way.RAISES, "e" * 9999 + "\nmore")) < 500
