"""Whether what a branch writes in its C++ files is in the plain form, which a compiler reads as it is read here. Pure.

Only where a release stands in for a tree this is asked. A list of all that compilers and readers take differently has
no end; the form of PyTorch's own files is short.
"""

from __future__ import annotations

from collections.abc import Collection

from opfixtures.change.changes import Change
from opfixtures.declarations.cpp_tokens import tokenise
from opfixtures.declarations.model import Declarations
from opfixtures.declarations.plain_cpp import PlainFile, read_plain
from opfixtures.declarations.plain_mobile import code_around_lists, what_may_fail
from opfixtures.declarations.plain_tokens import NotPlainError, comments_of, plain_text, plain_tokens
from opfixtures.declarations.upgrader_model import FileFormatVersions

_BUILD = "only a build of the change tells what is compiled (--post-change-python)"


def why_not_plain(change: Change) -> str:
    """Which file that a build compiles is neither target's nor in plain form, and where; empty where none is."""
    if change.published_at() is None:
        # Before the first commit there is nobody else's word.
        return ""
    if narrowed := _reads_less(change.after.versions(), change.target.versions()):
        return f"{narrowed}, and {_BUILD}"
    for path, source in change.after.compiled.items():
        published = change.target.compiled.get(path)
        is_mobile = path == change.config.mobile_upgraders
        what = "" if source == published else _what_is_odd(path, source, published, change.after, is_mobile)
        if what:
            return f"{what}, and {_BUILD}"
    return ""


def _reads_less(here: FileFormatVersions | None, there: FileFormatVersions | None) -> str:
    """Which models a build of the tree loads no more, that one of target loads; empty where there are none."""
    if here is None or there is None:
        return ""
    pairs = (("oldest", here.minimum, there.minimum), ("newest", here.maximum, there.maximum))
    for what, own, theirs in pairs:
        if theirs is None or (own is not None and own.value == theirs.value):
            continue
        if own is None or (own.value > theirs.value) is (what == "oldest"):
            said = "not to be read" if own is None else str(own.value)
            return (
                f"{here.path}: the {what} version that is read is {said} here, and {theirs.value} in target"
            )
    return ""


def _what_is_odd(
    path: str, source: bytes, published: bytes | None, after: Declarations, is_mobile: bool
) -> str:
    """What of a file is not in plain form, or around what it lists not target's."""
    around = None
    if published is not None:
        try:
            known = plain_text(published)
            around = _read(known, None, is_mobile).around
        except NotPlainError as error:
            return f"target's own {_told(path, published, error)}"
    try:
        text = plain_text(source)
        file = _read(text, frozenset() if published is None else comments_of(known), is_mobile)
        if is_mobile:
            _refuse_new_words(text, "" if published is None else known)
    except NotPlainError as error:
        return _told(path, source, error)
    if around not in (None, file.around):
        return f"{path} differs from target's outside of what it lists"
    return "" if _is_what_was_read(path, file, after) else f"{path} is read in two ways"


def _refuse_new_words(text: str, known: str) -> None:
    """Raise NotPlainError at what torch may refuse when it makes the mobile upgraders, and target's have not."""
    theirs = what_may_fail(plain_tokens(known, None)).keys()
    for word, offset in what_may_fail(plain_tokens(text, None)).items():
        if word not in theirs:
            raise NotPlainError(offset, f"{word[:60]!a}, which target's has nowhere")


def _told(path: str, source: bytes, error: NotPlainError) -> str:
    line = source.decode("utf-8", "replace").replace("\r\n", "\n").count("\n", 0, error.offset) + 1
    return f"{path}:{line} is not in the form that PyTorch writes: {error}"


def _read(text: str, known: Collection[str] | None, is_mobile: bool) -> PlainFile:
    tokens = plain_tokens(text, known)
    if [one.text for one in tokens] != [one.text for one in tokenise(text)]:
        raise NotPlainError(0, "words that another reader takes for others")
    return PlainFile(code_around_lists(tokens)) if is_mobile else read_plain(tokens)


def _is_what_was_read(path: str, file: PlainFile, after: Declarations) -> bool:
    """Whether the readers that take all of C++ found the same."""
    known, upgraders = after.version_map, after.upgraders()
    entries = [one.text for one in known.entries] if known and known.path == path else None
    texts = (
        [(one.name, one.source) for one in upgraders.upgraders]
        if upgraders and upgraders.path == path
        else None
    )
    return (entries is None or file.entries == tuple(entries)) and (
        texts is None or file.texts == tuple(texts)
    )
