"""What git tells its pre-push hook is read line by line, whatever the names of the refs are."""

import pytest

from opfixtures.change.pushed_refs import PushedRef, pushed_refs
from opfixtures.errors import UserError

OID, NONE = "a" * 40, "0" * 40


def read(text):
    return list(pushed_refs(text.encode("utf-8", "surrogateescape")))


@pytest.mark.parametrize("name", ["main", "a\u2028b", "a\x85b", "\udcff", "HEAD^{/a b}"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_each_line_is_a_ref(name, end):
    line = f"{name} {OID} refs/heads/{name.split(' ')[0]} {NONE}"
    ref = PushedRef(OID, f"refs/heads/{name.split(' ')[0]}", NONE)
    assert read(line + end) == [ref]
    assert read(f"{line}\n{line}{end}") == [ref, ref]


def test_nothing_is_no_ref():
    assert read("") == []


@pytest.mark.parametrize("text", ["a", "a b", "\0", "x" * 100_000, f"a {OID} b {NONE}\n\na {OID} b {NONE}\n"])
def test_what_is_no_line_of_gits_is_said_in_one_sentence(text):
    with pytest.raises(
        UserError, match=r"is no line of git's to a pre-push hook: let git call this hook$"
    ) as error:
        read(text)
    assert len(str(error.value)) < 400
