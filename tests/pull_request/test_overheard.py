"""What a command says on standard error, passed on and kept."""

from __future__ import annotations

import subprocess

import pytest

from opfixtures.pull_request.overheard import overhearing


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("building\nopfixtures: error: no such release: name another\n", "no such release: name another"),
        ("opfixtures: error: one\nopfixtures: error: another\nbye\n", "another"),
        ("x" * 200_000 + "\nopfixtures: error: at the end\n", "at the end"),
        ("its own opfixtures: error: quoted\n", None),
        ("", None),
    ],
)
def test_the_error_that_it_ended_with_is_kept(
    said: str, error: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with overhearing() as (stream, heard):
        subprocess.run(("cat",), input=said.encode(), stderr=stream, stdout=stream, check=True)
    assert heard.error == error
    assert capsys.readouterr().err == said
