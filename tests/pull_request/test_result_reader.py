from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.archives.formats import EXPORT, JIT, LITE
from opfixtures.declarations.place import Place
from opfixtures.proving.result import (
    Accepted,
    Answer,
    Fact,
    Facts,
    FixtureResult,
    LoaderFacts,
    Made,
    Result,
    Status,
)
from opfixtures.pull_request.result_reader import MAX_BYTES, MAX_ROWS, MAX_TEXT, ResultError, read_result
from opfixtures.report.findings_json import finding_rows
from opfixtures.report.result_json import result_json
from opfixtures.rules.findings import Finding, Severity, Suggestion
from opfixtures.settings.accepted_breaks import Way
from tests.action_fixtures import RESULT_SCHEMA

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
COMMITS = st.none() | st.text("0123456789abcdef", min_size=40, max_size=40)
FACTS = st.builds(Fact, st.sampled_from(Answer), TEXTS)
LOADERS = st.builds(LoaderFacts, FACTS, FACTS, FACTS, FACTS) | st.builds(
    LoaderFacts, FACTS, FACTS, FACTS, FACTS, FACTS, FACTS
)


def with_accepted(row: FixtureResult) -> st.SearchStrategy[FixtureResult]:
    """The row, with an accepted break where that is its status."""
    return (st.just(None) if row.status is not Status.ACCEPTED else ACCEPTED).map(
        lambda one: replace(row, accepted=one)
    )


ACCEPTED = st.builds(Accepted, st.sampled_from(Way), TEXTS, TEXTS, TEXTS, TEXTS, st.booleans())
RESULTS = st.builds(
    Result,
    COMMITS,
    st.lists(
        st.builds(
            FixtureResult,
            TEXTS,
            st.none() | st.integers(0, 2**63 - 1),
            st.none() | TEXTS,
            st.sampled_from(Status),
            TEXTS,
            st.none() | st.sampled_from(Made),
            st.none() | TEXTS,
            st.none() | TEXTS,
            st.none() | TEXTS,
            st.none() | TEXTS,
            st.lists(TEXTS, max_size=2).map(tuple),
            st.none()
            | st.builds(
                Facts, FACTS, FACTS, FACTS, st.dictionaries(st.sampled_from([JIT, LITE, EXPORT]), LOADERS)
            ),
            TEXTS,
            COMMITS,
        ).flatmap(with_accepted),
        max_size=3,
    ).map(tuple),
    isolation=st.none() | st.lists(TEXTS, max_size=2).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    suggestions=st.lists(st.builds(Suggestion, TEXTS, st.integers(1, 9**9), TEXTS, TEXTS), max_size=2).map(
        tuple
    ),
)


@given(RESULTS)
def test_what_is_read_is_what_was_written(result: Result) -> None:
    assert read_result(result_json(result).encode()) == (result, None)


def test_findings_beside_it_are_read(result: dict[str, Any]) -> None:
    (finding,) = read_result(json.dumps(result).encode())[1] or ()

    told = {name: getattr(finding, name) for name in ("code", "severity", "operator", "message", "hint")}
    assert told | {"path": finding.place.path, "line": 3, "column": 1} == result["findings"][0]


@given(
    st.data(),
    st.none()
    | st.booleans()
    | st.integers(-1, 1)
    | st.just(2**64)
    | st.just("\ud800")
    | st.just([])
    | st.just({}),
)
def test_it_refuses_what_the_published_schemas_refuse(data: st.DataObject, value: Any) -> None:
    rows = FIXTURE, replace(FIXTURE, status=Status.ACCEPTED, accepted=BROKEN)
    root = {**json.loads(result_json(Result(None, rows))), "findings": finding_rows([FOUND])}
    *path, last = data.draw(st.sampled_from(list(_places(root))))
    part = root
    for step in path:
        part = part[step]
    part[last] = value

    try:
        read_result(json.dumps(root).encode())
        is_read = True
    except ResultError:
        is_read = False

    # JSON Schema knows no largest integer, and no half of a surrogate pair.
    is_meant = RESULT_SCHEMA.is_valid(root) and value not in (2**64, "\ud800")
    assert is_read == is_meant


BROKEN = Accepted(Way.RAISES, "no more", "mylib 2.0", "a reason", "pyproject.toml", True)
FOUND = Finding("OPF201", Severity.ERROR, "aten::gelu", Place("a.cpp", 3, 1), "a message", "a hint")
FACT = Fact(Answer.YES, "a reason")
FIXTURE = FixtureResult(
    operator="aten::gelu",
    bumped_at_version=10,
    upgrader_name="gelu_0_9",
    status=Status.VERIFIED,
    made=Made.FOUND,
    synthetic=("altered",),
    facts=Facts(FACT, FACT, FACT, {JIT: LoaderFacts(FACT, FACT, FACT, FACT)}),
)


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (key,)
        yield from ((key, *rest) for rest in _places(inner))


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda r: r.pop("schema"), "it has no schema"),
        (lambda r: r.update(schema=2), "its schema is 2, this opfixtures reads 3"),
        (lambda r: r.update(schema=4), "its schema is 4, this opfixtures reads 3"),
        (
            lambda r: r["fixtures"][0].update(status="accepted"),
            "its fixtures[0].accepted does not go with the status accepted",
        ),
        (
            lambda r: r["fixtures"][0].update(accepted={**asdict(BROKEN), "by_branch": 1}),
            "its fixtures[0].accepted.by_branch is not true or false",
        ),
        (
            lambda r: r["fixtures"][0].update(accepted=asdict(BROKEN)),
            "its fixtures[0].accepted does not go with the status verified",
        ),
        (lambda r: r.update(more=1), "it has an unknown member 'more'"),
        (lambda r: r.update(pre_change_commit="86"), "its pre_change_commit is not a commit's id or null"),
        (lambda r: r.update(fixtures={}), "its fixtures is not a list"),
        (lambda r: r.update(fixtures=[3]), "its fixtures[0] is not an object"),
        (
            lambda r: r.update(fixtures=r["fixtures"] * (MAX_ROWS + 1)),
            f"its fixtures has {3 * MAX_ROWS + 3} rows (at most {MAX_ROWS})",
        ),
        (lambda r: r["fixtures"][1].update(operator=3), "its fixtures[1].operator is not a text"),
        (
            lambda r: r["fixtures"][0].update(reason="x" * (MAX_TEXT + 1)),
            f"its fixtures[0].reason has {MAX_TEXT + 1} characters (at most {MAX_TEXT})",
        ),
        (lambda r: r["fixtures"][0].update(synthetic=[1]), "its fixtures[0].synthetic[0] is not a text"),
        (
            lambda r: r["fixtures"][0]["facts"]["loaders"].update(mine={}),
            "its fixtures[0].facts.loaders has an unknown member 'mine'",
        ),
        (
            lambda r: r["fixtures"][0].update(status="perfect"),
            "its fixtures[0].status is not one of verified, accepted, generated, unproven, mismatch, failed, refused",
        ),
        (
            lambda r: r["fixtures"][0].update(status="present"),
            "its fixtures[0].status is not one of verified, accepted, generated, unproven, mismatch, failed, refused",
        ),
        (
            lambda r: r["fixtures"][0].update(made="somehow"),
            "its fixtures[0].made is not one of by this run, found, made again",
        ),
        (lambda r: r["fixtures"][0].pop("made"), "its fixtures[0] has no made"),
        (lambda r: r["fixtures"][0]["facts"].pop("reproduced"), "its fixtures[0].facts has no reproduced"),
        (
            lambda r: r["fixtures"][0].update(bumped_at_version=-1),
            "its fixtures[0].bumped_at_version is not an integer from 0",
        ),
        (lambda r: r["findings"][0].update(code="X"), "its findings[0].code is not a finding's code"),
        (lambda r: r["findings"][0].update(line=0), "its findings[0].line is not an integer from 1"),
    ],
)
def test_what_is_wrong_is_told(
    result: dict[str, Any], edit: Callable[[dict[str, Any]], object], what: str
) -> None:
    edit(result)

    with pytest.raises(ResultError) as raised:
        read_result(json.dumps(result).encode())

    assert str(raised.value) == what


@pytest.mark.thorough
def test_a_row_for_each_of_two_thousand_fixtures_is_read() -> None:
    """With facts of both loaders and as much to say as a real one has."""
    long = Fact(Answer.NO, "a reason " * 20)
    facts = Facts(long, long, long, {loader: LoaderFacts(*[long] * 4) for loader in (JIT, LITE)})
    rows = tuple(replace(FIXTURE, fixture=f"f{number}.ptl", facts=facts) for number in range(2000))

    assert read_result(result_json(Result(None, rows)).encode())[0].fixtures == rows


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"[]", "it is not an object"),
        (b"{", "it is not JSON in UTF-8: "),
        (b'{"a": 1, "a": 1}', "it is not JSON in UTF-8: an object has two members of one name"),
        (b"NaN", "it is not JSON in UTF-8: NaN is not JSON"),
        (b"[" * 200_000, "it nests too deeply"),
        (b" " * (MAX_BYTES + 1), f"it has {MAX_BYTES + 1} bytes (at most {MAX_BYTES})"),
    ],
)
def test_what_is_no_result_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(ResultError) as raised:
        read_result(data)

    assert str(raised.value).startswith(what)


def test_no_member_of_a_result_is_left_out() -> None:
    written = json.loads(result_json(Result(None, (FIXTURE,))))["fixtures"][0]

    # What accepted breaks are judged by, and what only pages show, a worker told that is gone: no report has it.
    assert {member.name for member in fields(FixtureResult)} - {"failures", "loaded", "schema_now"} == set(
        written
    )
