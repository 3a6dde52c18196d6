"""A hint in a comment: what is copied stands in blocks, apart from what says where it goes."""

from __future__ import annotations

import pytest

from opfixtures.report.hint_parts import hint_parts

NEW = """\
opfixtures new aten::stft
shows the lines and, with --apply, writes them; by hand that is
add to test/fixtures_src.py:

class TestVersionedStftV10(torch.nn.Module):
    def forward(self, x):
        return torch.stft(x, 4)


import it in test/generate_models.py:

from fixtures_src import TestVersionedStftV10

add to ALL_MODULES in test/generate_models.py:12, inside its braces, behind a comma:

    TestVersionedStftV10(): "aten::stft",
"""
PARTS = [
    "```sh\nopfixtures new aten::stft\n```",
    "shows the lines and, with `--apply`, writes them. By hand:\\\nAdd to `test/fixtures_src.py`:",
    "```python\nclass TestVersionedStftV10(torch.nn.Module):\n    def forward(self, x):\n"
    "        return torch.stft(x, 4)\n```",
    "Import it in `test/generate_models.py`:",
    "```python\nfrom fixtures_src import TestVersionedStftV10\n```",
    "Add to `ALL_MODULES` in `test/generate_models.py`, line 12, `inside its braces, behind a comma`:",
    '```python\n    TestVersionedStftV10(): "aten::stft",\n```',
]


def test_lines_to_add_stand_in_blocks_of_their_own() -> None:
    assert hint_parts(NEW) == PARTS


@pytest.mark.parametrize(
    ("hint", "parts"),
    [
        ("opfixtures explain OPF101", ["```sh\nopfixtures explain OPF101\n```"]),
        (
            "opfixtures renumber gives it the next free version",
            ["`opfixtures renumber gives it the next free version`"],
        ),
        (
            "rename it, and with it\ngit mv a.ptl b.ptl\ngit mv a.ptl.json b.ptl.json",
            ["`rename it, and with it`", "```sh\ngit mv a.ptl b.ptl\ngit mv a.ptl.json b.ptl.json\n```"],
        ),
        ("python -c 'import torch'", ["```sh\npython -c 'import torch'\n```"]),
        ("git fetches it", ["`git fetches it`"]),
        ("bring it back:\n\n    row,", ["`bring it back:`", "```text\n    row,\n```"]),
        ("it ends:", ["`it ends:`"]),
        ("unclosed 'quote", ["`unclosed 'quote`"]),
        ("", []),
    ],
)
def test_a_sentence_is_no_command(hint: str, parts: list[str]) -> None:
    assert hint_parts(hint) == parts


def test_what_is_said_of_a_command_is_prose() -> None:
    hint = (
        "opfixtures new mylib::scale\nshows its entry and, with --apply, adds it;\n"
        "or keep it as it was, and add an overload or another name beside it"
    )
    assert hint_parts(hint) == [
        "```sh\nopfixtures new mylib::scale\n```",
        "shows its entry and, with `--apply`, adds it;\\\nor keep it as it was, and add an overload or another name "
        "beside it",
    ]
    (command, prose) = hint_parts(
        "opfixtures renumber\nshows the diff and, with --apply, writes it; by hand that is\nx"
    )
    assert (command, prose) == (
        "```sh\nopfixtures renumber\n```",
        "shows the diff and, with `--apply`, writes it. By hand:\\\n`x`",
    )


@pytest.mark.parametrize(
    "hint",
    [
        "add to " + "a" * 19_000 + ":",
        "opfixtures new " + "'a. b.' " * 2000,
        "a:\n" * 9_000,
        "\n" * 19_000,
        ", " * 9_000,
    ],
)
def test_a_hint_of_a_branch_costs_what_it_has_letters(hint: str) -> None:
    """What looks again and again at one of these is still at it tomorrow."""
    assert len("".join(hint_parts(hint))) < 3 * len(hint) + 1000
