"""What `make fuzz` does, without a fuzzer: every promise over its kept corpus, and what the mutators make of it."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.fuzz import run
from tests.fuzz.readers import READERS
from tests.fuzz.targets import CORPUS, WORDS, target

EDITED = [name for name in READERS if target(name).mutator]


@pytest.mark.parametrize("name", READERS)
def test_no_kept_input_breaks_the_promise_of_its_reader(name: str) -> None:
    kept = sorted(target(name).corpus.iterdir())
    assert kept
    for path in kept:
        target(name).check(path.read_bytes())


@pytest.mark.parametrize("name", READERS)
def test_a_reader_that_raises_something_else_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each promise calls its reader: with one that breaks, none holds."""

    def broken(*_: object) -> None:
        raise KeyError("no reader raises it")

    called = {"archive": "read_archive", "artifact": "parse_artifact", "mobile": "read_mobile_upgraders"}
    called |= {"bytecode": "read_bytecode", "pickle": "read_flat_pickle", "modules": "read_fixture_modules"}
    called |= {"cpp-map": "read_version_map", "python-map": "read_version_map", "record": "load_record"}
    called |= {"registry": "read_registry", "result": "read_result", "schema": "parse_schema"}
    called |= {"settings": "read_config", "upgraders": "read_upgraders", "versions": "read_produced_version"}
    called |= {f"declared-{kind}": "read_declared_operators" for kind in ("cpp", "python", "yaml")}
    module = "github" if name in ("answer", "event") else "readers"
    called |= {"program": "read_exported_program", "expression": "is_expression"}
    called |= {"answer": "Client.pull_request", "event": "activity_of"}
    monkeypatch.setattr(f"tests.fuzz.{module}.{called[name]}", broken)

    with pytest.raises(KeyError, match="no reader raises it"):
        target(name).check((target(name).corpus / "real").read_bytes())


@pytest.mark.parametrize("name", EDITED)
def test_what_a_mutator_makes_keeps_the_promise_and_is_seldom_the_same(name: str) -> None:
    fuzzed, chance = target(name), random.Random(name)
    mutator, real = fuzzed.mutator, (fuzzed.corpus / "real").read_bytes()
    assert mutator is not None
    made, now = set(), real
    for _ in range(200):
        now = mutator(now, chance, lambda part: part[:3] + part[2:] + b"\xff")
        fuzzed.check(now)
        made.add(now)
        if chance.random() < 0.3 or len(now) > fuzzed.largest:
            now = real
    assert len(made) > 100


def test_the_corpus_is_small_and_safe_to_check_out() -> None:
    names = [path.relative_to(CORPUS) for path in CORPUS.rglob("*") if path.is_file()]
    assert {name.parts[0] for name in names} == set(READERS)
    assert [name for name in names if not re.fullmatch(r"[a-z-]+/[a-z0-9][a-z0-9_-]*", name.as_posix())] == []
    assert sum((CORPUS / name).stat().st_size for name in names) < 700_000


def test_every_dictionary_is_one_and_is_used() -> None:
    used = {target(name).words for name in READERS} - {""}
    assert {path.stem for path in WORDS.glob("*.dict")} == used
    for path in WORDS.glob("*.dict"):
        for line in path.read_text(encoding="ascii").splitlines():
            assert line.startswith("#") or re.fullmatch(r'"(?:[^"\\]|\\\\|\\"|\\x[0-9a-f]{2})+"', line), line


def test_executions_are_added_up_and_an_input_that_breaks_a_promise_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "BUILD", tmp_path)
    monkeypatch.setattr(run, "fuzzed", lambda one, seconds: 1_000 * seconds + len(one.name))
    monkeypatch.setattr("sys.argv", ["run", "10", "record", "schema"])
    assert run.main() == 0
    assert capsys.readouterr().out.split() == ["record", "5,006", "schema", "5,006", "all", "10,012"]

    (tmp_path / "schema-crash-12ab").touch()
    assert run.main() == 1
    assert f"a promise is broken: {tmp_path}/schema-crash-12ab" in capsys.readouterr().out


def test_the_counts_that_are_published_are_of_every_reader_and_add_up() -> None:
    page = (CORPUS.parents[2] / "docs" / "trust.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z-]+) \| ([0-9,]+) \| `make fuzz READERS=([a-z-]+)` \|$", page, re.MULTILINE)
    counts = {name: int(count.replace(",", "")) for name, count, _ in rows}
    assert [name for name, _, reader in rows if name != reader] == []
    assert counts.keys() == READERS.keys()
    (earlier, said) = re.findall(r"^\| (?:archive, before these|all) \| ([0-9,]+) \|", page, re.MULTILINE)
    total = sum(counts.values()) + int(earlier.replace(",", ""))
    assert (f"{total:,}", total > 10_000_000) == (said, True)
