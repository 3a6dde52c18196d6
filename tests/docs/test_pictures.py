"""The pictures are of what the program says: `make pictures` makes them anew. test_start_here.py has the terminal's."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from docs.pictures import PAGE, PICTURES, comment, digest, html, same_everywhere, terminal, with_note
from docs.play import Played, Session, environment

COMMENT = PICTURES / "comment.md"


def test_the_picture_of_a_comment_is_of_the_text_beside_it() -> None:
    page = html(COMMENT.read_text(encoding="utf-8"))
    assert f"Source\0{digest(page)}".encode() in (PICTURES / "comment.png").read_bytes()


@pytest.mark.thorough
@pytest.mark.torch
def test_the_text_of_the_comment_is_what_the_action_says(tmp_path: Path) -> None:
    for name in ("page", "comment"):
        (tmp_path / name).mkdir()
    session = Session(tmp_path / "page", environment())
    session.play(PAGE)
    assert comment(session.folder, tmp_path / "comment") == COMMENT.read_text(encoding="utf-8")


def test_a_note_is_a_chunk_before_the_end_of_the_file() -> None:
    png = (PICTURES / "comment.png").read_bytes()
    noted = with_note(png, {"Other": "words"})
    assert len(noted) == len(png) + 12 + len("Other") + 1 + len("words")
    assert noted.endswith(png[-12:])


def test_a_terminal_shows_commands_and_what_they_print_and_leaves_out_the_middle() -> None:
    many = "".join(f"line {number} & <tag>\n" for number in range(30))
    played = [
        Played("ls", "not shown\n"),
        Played("git commit --all", "refused\n"),
        Played("opfixtures new", many),
        Played("opfixtures generate", f"[  2.2 s] building\nverified    {'x' * 100}\nby torch 2.13.0+cpu\n"),
        Played("git add --all && git commit -m before", "not the last\n"),
        Played("git add --all && git commit -m after", "done\n"),
    ]
    picture = ElementTree.fromstring(terminal(played))
    shown = ["".join(one.itertext()) for one in picture.iter() if one.tag.endswith("}text")]
    assert shown == [
        "$ git commit --all",
        "refused",
        "$ opfixtures new",
        *(f"line {number} & <tag>" for number in range(3)),
        "…",
        "line 29 & <tag>",
        "$ opfixtures generate",
        f"verified    {'x' * 76}",
        "x" * 24,
        "by torch 2.13.0",
        "$ git add --all && git commit -m after",
        "done",
    ]


def test_the_build_of_torch_is_left_out_and_nothing_else() -> None:
    assert same_everywhere("torch 1.11.0+cu102, 2.13.0+cpu, 1+cover") == "torch 1.11.0, 2.13.0, 1+cover"


def test_a_picture_loads_nothing() -> None:
    text = (PICTURES / "terminal.svg").read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
