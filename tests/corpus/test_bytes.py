"""No fixture and no record can change or go without `check` saying so, without torch."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.conftest import FIXTURES, NewCorpus
from tests.repositories import GitRepository


def flip(data: bytes) -> bytes:
    """Another byte in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def shorten(data: bytes) -> bytes:
    """One byte less, in the middle."""
    middle = len(data) // 2
    return data[:middle] + data[middle + 1 :]


def found(corpus: GitRepository, *options: str) -> dict[str, set[str]]:
    """The codes of the errors that a check finds, by file name."""
    codes: dict[str, set[str]] = {}
    for one in json.loads(corpus.opfixtures("check", "--format", "json", *options).out)["findings"]:
        if one["severity"] == "error":
            codes.setdefault(os.path.basename(one["path"]), set()).add(one["code"])
    return codes


@pytest.mark.parametrize("ending", ["", ".json"])
@pytest.mark.parametrize("change", [flip, shorten])
def test_a_byte_that_changed_or_went_is_found_in_each(
    new_corpus: NewCorpus, change: Callable[[bytes], bytes], ending: str
) -> None:
    corpus = new_corpus("")
    files = [corpus.root / "fixtures" / f"{path.name}{ending}" for path in FIXTURES]
    for file in files:
        file.write_bytes(change(file.read_bytes()))
    corpus.git("add", "--all")

    staged = found(corpus)
    corpus.commit("unseen")
    published = found(corpus, "--all")

    # The record names its archive: what is wrong with one may be told at the other.
    names = {path.name for path in FIXTURES} | {f"{path.name}.json" for path in FIXTURES}
    assert {name.removesuffix(".json") for name in published} == {path.name for path in FIXTURES}
    assert published.keys() <= names
    assert all("OPF306" in staged[file.name] for file in files)


def test_what_was_deleted_is_found(new_corpus: NewCorpus) -> None:
    corpus = new_corpus("")
    corpus.git("rm", "-r", "--quiet", "fixtures")

    codes = {path: found for path, found in found(corpus).items() if "OPF306" in found}

    assert len(codes) == 2 * len(FIXTURES)


def test_the_corpus_itself_owes_nothing() -> None:
    root = Path(__file__).parents[2]
    ran = GitRepository(root, dict(os.environ)).opfixtures("check", "--all", "--require-fixtures")

    assert (ran.status, ran.out) == (0, "opfixtures: no problems found\n"), ran.err
