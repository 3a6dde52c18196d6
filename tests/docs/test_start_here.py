"""Each page of "Start here" is played to the letter, from an empty folder: real git, real builds, real torch."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from docs.pictures import PAGE, PICTURES, terminal
from docs.play import NotAsShown, Session, blocks, commands, environment, is_as_shown

START = Path(__file__).parents[2] / "docs" / "start"
PAGES = sorted(path.stem for path in START.glob("*.md"))
# What needs an old release of torch takes it from the cache of the user; what is built is built here.
OF_RELEASES = {"pytorch"}


@pytest.mark.torch
@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(
    page: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page == "cpp" and shutil.which("g++") is None:
        pytest.skip("there is no compiler")
    # pip would fetch setuptools anew for each build. Its name says the opposite of what it does.
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")
    cache = None if page in OF_RELEASES else str(tmp_path_factory.mktemp("cache"))

    played = Session(tmp_path, environment(cache)).play(START / f"{page}.md")

    assert len(played) >= 8
    if page == PAGE.stem:
        # `make pictures` makes it anew.
        assert (PICTURES / "terminal.svg").read_text(encoding="utf-8") == terminal(played)


def test_what_is_left_out_may_be_anything_and_nothing_else() -> None:
    assert is_as_shown("a\nb\nc\n", "a\n...\nc\n")
    assert is_as_shown("a\nb 12 c\n", "a\nb ... c\n")
    assert is_as_shown("a\n", "...\n")
    assert is_as_shown("a long\n    line\n", "a long line\n")
    assert not is_as_shown("a\nb\nc\n", "a\nc\n")
    assert not is_as_shown("a\nb\n", "a\n")
    assert not is_as_shown("c\na\n", "a\n...\nc\n")
    assert not is_as_shown("a line\n", "aline\n")


WRITTEN = """\
`a/b.txt`:

```text
one
two
```

`a/b.txt`:

```diff
 one
-two
+three
```

```console
$ cd a && cat b.txt
one
three
$ false  # refused
$ pwd | grep -c "/a$"
1
```
"""


def test_a_page_writes_files_changes_them_and_stays_in_a_folder(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(WRITTEN)
    played = Session(tmp_path, environment()).play(page)
    assert [one.command for one in played] == ["cd a && cat b.txt", "false", 'pwd | grep -c "/a$"']


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("one\nthree\n$", "one\ntwo\n$", 17),
        ("false  # refused", "false", 17),
        ("$ false", "$ true", 17),
        ("-two", "-four", 11),
    ],
)
def test_what_is_not_as_it_is_shown_is_told_with_its_line(
    old: str, new: str, line: int, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(WRITTEN.replace(old, new))
    with pytest.raises(NotAsShown, match=rf"^page\.md:{line}: "):
        Session(tmp_path, environment()).play(page)


def test_a_command_may_go_on_in_the_next_line() -> None:
    assert list(commands("$ a \\\n>   b\nout\n$ c\n")) == [("a b", "out\n"), ("c", "")]
    (block,) = blocks("- in a list:\n\n  ```console\n  $ a\n  ```\n")
    assert (block.language, block.title, block.text, block.line) == ("console", None, "$ a\n", 4)
