"""The corpus is made anew from nothing, by the releases it was made by."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from opfixtures.records.record import dump_record, load_record
from tests.corpus.conftest import FIXTURES, NewCorpus
from tests.repositories import GitRepository


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def generate(corpus: GitRepository, *options: str) -> None:
    home = os.path.expanduser("~")
    ran = corpus.opfixtures("generate", "--all", *options, HOME=home)
    assert ran.status in (0, 1), ran.err
    assert "refused" not in ran.out, ran.out


def test_from_an_empty_folder_every_byte_comes_back(new_corpus: NewCorpus) -> None:
    corpus = new_corpus("")
    published = contents(corpus.root / "fixtures")
    for name in published:
        (corpus.root / "fixtures" / name).unlink()

    generate(corpus)

    assert len(published) == 2 * len(FIXTURES)
    assert contents(corpus.root / "fixtures") == published


@pytest.mark.thorough
def test_without_what_is_published_the_same_archives_are_made(new_corpus: NewCorpus) -> None:
    """Nothing to compare with, nothing to take over."""
    corpus = new_corpus("")
    published = contents(corpus.root / "fixtures")
    corpus.git("rm", "-r", "--quiet", "fixtures")
    corpus.commit("no fixture at all")

    generate(corpus)
    made = contents(corpus.root / "fixtures")
    generate(corpus, "--regenerate")

    assert made.keys() == published.keys()
    assert {name for name in made if made[name] != published[name]} <= {
        f"{path.name}.json" for path in FIXTURES
    }
    assert contents(corpus.root / "fixtures") == made


@pytest.mark.thorough
def test_what_is_published_is_not_replaced_by_what_another_module_exports(new_corpus: NewCorpus) -> None:
    corpus = new_corpus("")
    corpus.replace(
        "fixtures_src/modules.py", "return torch.ops.aten.gelu(x)\n", "return torch.ops.aten.gelu(x) + 1\n"
    )
    corpus.replace("fixtures_src/modules.py", "(FLOATS, torch.zeros(2, 3))]", "(FLOATS, torch.ones(2, 3))]")
    before = contents(corpus.root / "fixtures")

    ran = corpus.opfixtures(
        "generate", "--operator", "aten::gelu", "--regenerate", HOME=os.path.expanduser("~")
    )

    assert ran.status == 1
    assert "target has another archive, made otherwise: a published fixture is not replaced" in " ".join(
        ran.out.split()
    )
    assert contents(corpus.root / "fixtures") == before


def test_what_is_published_has_to_have_been_computed(new_corpus: NewCorpus) -> None:
    """A record of the right archive with outputs that no run of it gives."""
    corpus = new_corpus("")
    path = corpus.root / "fixtures" / "test_versioned_gelu_v9.ptl.json"
    record = load_record(path.read_bytes())
    samples = json.loads(json.dumps(record.samples))
    samples[1]["output"]["values"][0] += 1e-3
    path.write_bytes(dump_record(replace(record, samples=tuple(samples))))
    corpus.git("add", "--all")
    corpus.commit("a better number")

    ran = corpus.opfixtures(
        "generate", "--operator", "aten::gelu", "--regenerate", HOME=os.path.expanduser("~")
    )

    assert ran.status == 1
    assert "target's record has other outputs: sample 2: element 0: " in " ".join(ran.out.split())
