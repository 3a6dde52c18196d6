"""What every reader of a syntax tree shares: source text to tree, tree to places. Nothing read is run."""

from __future__ import annotations

import ast
import codecs
import io
import re
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import TypeVar

from opfixtures.declarations.cpp_text import is_utf_16
from opfixtures.declarations.place import Place, Problem
from opfixtures.values import dataclass

# Those in which a line that looks like a comment is one: what is ASCII means itself, and no sequence of it another
# thing. In others an escape is a line break (unicode_escape, utf-7), or decoding takes quadratic time (punycode, idna).
_ENCODINGS = frozenset(
    {
        *("ascii", "utf-8", "utf-8-sig"),
        *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-15", "koi8-r", "koi8-u"),
        *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257"),
        *("big5", "cp932", "cp949", "cp950", "euc_jp", "euc_kr", "gb2312", "gb18030", "gbk", "shift_jis"),
    }
)
_BOM = b"\xef\xbb\xbf"
_NEWLINE = re.compile("\r\n|\r|\n")
# Python 3.11 takes quadratic time for the fields of an f-string: what is more than this, fields by characters, takes
# long. https://github.com/python/cpython/blob/3.11/Parser/string_parser.c (fstring_find_expr_location)
_MOST_OF_AN_F_STRING = 1 << 27
_F_STRING = (
    r"""(?i)\b(?:f|fr|rf)(?:\"{3}(?:[^"\\]|\\[\s\S]|"(?!""))*+|'{3}(?:[^'\\]|\\[\s\S]|'(?!''))*+"""
    r"""|"(?:[^"\\\n]|\\[\s\S])*+|'(?:[^'\\\n]|\\[\s\S])*+)"""
)
# Of words and signs that a syntax tree has nodes for, each of them up to 600 bytes: a registry of 100,000 rows has
# fewer. Those of an f-string count, texts and comments do not.
_MOST_WORDS = 1_000_000
_WORD = re.compile(r"\w+|[^\w\s]")
_ESCAPE = r"\\(?:\r\n|[\s\S])"
# One without an end goes on: Python reads nothing behind it.
_TEXT = "|".join(
    rf"{one}{{3}}(?:[^{one}\\]|{_ESCAPE}|{one}(?!{one}{one}))*+(?:{one}{{3}})?|{one}(?:[^{one}\\\r\n]|{_ESCAPE})*+{one}?"
    for one in "\"'"
)
_COUNTED = rf"\b(?:[fF][rR]?|[rR][fF])(?:{_TEXT})|(?P<plain>{_TEXT}|\#[^\r\n]*+)|{_WORD.pattern}"
# How those begin, less what stands before: compiling the pattern takes longer than reading most files.
_F_STRING_BEGINS = tuple(
    f"{prefix}{quote}" for prefix in ("f", "F", "fr", "fR", "Fr", "FR") for quote in "\"'"
)
# In characters. A syntax tree takes a hundred times as much memory as its text.
_PART = 16 * 1024
_NEXT_PART = re.compile("(?<=\n)\r?\n(?=(?:async def|class|def) |@)")

T = TypeVar("T")


def parse(path: str, source: bytes) -> ast.Module | Problem:
    """The syntax tree of `source`, or why and where there is none. Raises nothing, whatever the bytes.

    The encoding is that of PEP 263. Python's warnings about the source (such as unknown escapes) are its
    author's business and are not shown.
    """
    return _read(path, source, syntax_tree)


class TooLargeError(SyntaxError):
    """A text whose syntax tree would take gigabytes."""


def syntax_tree(text: str) -> ast.Module:
    """As `ast.parse`, but a SyntaxError where that would take hours, or gigabytes: `TooLargeError`."""
    if len(text) > _MOST_WORDS and _has_too_many_words(text):
        raise TooLargeError(f"it has more than {_MOST_WORDS:,} words and signs", ("", 1, 1, None))
    for found in _f_strings(text):
        if found[0].count("{") * len(found[0]) > _MOST_OF_AN_F_STRING:
            line = text.count("\n", 0, found.start()) + 1
            raise SyntaxError("an f-string with too many fields", ("", line, 1, None))
    return ast.parse(text)


def _f_strings(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(_F_STRING, text) if any(begin in text for begin in _F_STRING_BEGINS) else iter(())


def _has_too_many_words(text: str) -> bool:
    count = 0
    for found in re.finditer(_COUNTED, text):
        is_one = found["plain"] is not None or len(found[0]) == 1
        count += 1 if is_one else sum(1 for _ in _WORD.finditer(found[0]))
        if count > _MOST_WORDS:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the statements at the top level of a file, behind `before` lines. Those of the tree are the text's."""

    tree: ast.Module
    text: str
    before: int


def parse_in_parts(path: str, source: bytes, read: Callable[[Iterator[Part]], T]) -> T | Problem:
    """What `read` makes of the parts of a large file, or why and where there is no tree, as `parse` has it."""
    return _read(path, source, lambda text: in_parts(text, read))


def in_parts(text: str, read: Callable[[Iterator[Part]], T]) -> T:
    """What `read` makes of a large file, whose tree is never there as a whole.

    `read` may be called a second time, with all of the file as one part. Raises as `ast.parse` of the whole.
    """
    # What is cut in the middle of a statement, a string or brackets does not parse: then nothing was cut.
    try:
        return read(_parts(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return read(iter([Part(syntax_tree(text), text, 0)]))


def _parts(text: str) -> Iterator[Part]:
    start = before = 0
    for end in (*_ends(text), len(text)):
        part = text[start:end]
        yield Part(syntax_tree(part), part, before)
        start, before = end, before + len(_NEWLINE.findall(part))


def _ends(text: str) -> Iterator[int]:
    end = 0
    while found := _NEXT_PART.search(text, end + _PART):
        end = found.end()
        yield end


def _read(path: str, source: bytes, read: Callable[[str], T]) -> T | Problem:
    if is_utf_16(source):
        return Problem(Place(path, 1, 1), "this file is UTF-16: save it as UTF-8")
    text = ""
    try:
        text = _decode(source)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read(text)
    except TooLargeError as error:
        return Problem(Place(path, 1, 1), f"this file is too large: {error.msg} in one piece: split it")
    except SyntaxError as error:
        place = _place_of_error(path, text, error)
        return Problem(place, f"Python cannot parse this file ({error.msg}): correct it")
    except UnicodeDecodeError as error:
        return Problem(_place_of_byte(path, source, error.start), _undecodable(error.encoding))
    except (ValueError, LookupError) as error:
        # A NUL, a surrogate, or an encoding that does not make text.
        return Problem(Place(path, 1, 1), f"Python cannot parse this file ({error}): correct it")
    except (RecursionError, MemoryError):
        return Problem(Place(path, 1, 1), "this file nests too deeply for Python to parse: write it flatter")


def _place_of_error(path: str, text: str, error: SyntaxError) -> Place:
    # Python counts on from the line before where a backslash continues that, and names lines behind the last one.
    lines = _NEWLINE.split(text)
    line = min(max(error.lineno or 1, 1), len(lines))
    return Place(path, line, min(max(error.offset or 1, 1), len(lines[line - 1]) + 1))


def decode(source: bytes) -> str:
    """The text of a Python file in the encoding that PEP 263 finds.

    Raises SyntaxError, UnicodeDecodeError or LookupError, all of which `parse` makes a Problem of.
    """
    return source.decode(encoding_of(source))


def _decode(source: bytes) -> str:
    """As `decode`, but what is not UTF-8 near the begin is a UnicodeDecodeError too, which says where."""
    try:
        return decode(source)
    except SyntaxError:
        source.removeprefix(_BOM).decode("utf-8")
        raise


def encoding_of(source: bytes) -> str:
    """The encoding that PEP 263 finds. Raises as `decode`."""
    if b"coding" not in source and not source.startswith(_BOM):
        return "utf-8"
    from tokenize import detect_encoding

    # Python ends lines at a bare \r too, tokenize does not.
    lines = io.BytesIO(source.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    encoding, _ = detect_encoding(lines.readline)
    if codecs.lookup(encoding).name not in _ENCODINGS:
        raise LookupError(f"encoding {encoding} is not read")
    return encoding


def _undecodable(encoding: str) -> str:
    return f"this file is not {encoding}: save it as {encoding}, or declare its encoding in the first line"


def _place_of_byte(path: str, source: bytes, offset: int) -> Place:
    before = _NEWLINE.split(source[:offset].decode("utf-8", "replace"))
    return Place(path, len(before), len(before[-1]) + 1)


class SourceLines:
    """The lines of a source text that there is a tree of, to find the characters behind `ast`'s columns.

    `ast` counts columns in bytes of the line's UTF-8, whatever the file's encoding. `before` are the lines of
    the file that stand before the text.
    """

    def __init__(self, source: bytes | str, before: int = 0) -> None:
        self._lines = _NEWLINE.split(source if isinstance(source, str) else decode(source))
        self._byte_ends: dict[int, list[int]] = {}
        self.before = before

    def column(self, line: int, byte_column: int) -> int:
        """The column, counted in characters from 1, of a byte column counted from 0. `line` is the tree's, from 1."""
        text = self._lines[line - 1]
        if text.isascii():
            return byte_column + 1
        if line not in self._byte_ends:
            self._byte_ends[line] = list(accumulate(len(character.encode()) for character in text))
        return bisect_right(self._byte_ends[line], byte_column) + 1


def place(
    path: str,
    lines: SourceLines,
    node: ast.expr | ast.stmt | ast.alias | ast.arg | ast.ExceptHandler | ast.pattern,
) -> Place:
    """Where `node` begins."""
    return Place(path, lines.before + node.lineno, lines.column(node.lineno, node.col_offset))


def place_of_last_character(path: str, lines: SourceLines, node: ast.expr | ast.stmt | ast.alias) -> Place:
    """Where the last character of `node` stands: its closing bracket, if it has one."""
    line = node.end_lineno or node.lineno
    column = lines.column(line, (node.end_col_offset or node.col_offset + 1) - 1)
    return Place(path, lines.before + line, column)


def is_empty(value: ast.expr) -> bool:
    """Whether a value holds nothing, whatever it is to be: `dict()`, `[]`."""
    match value:
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=[]) | ast.List(elts=[]):
            return True
    return False


def says_nothing(tree: ast.Module) -> bool:
    """Whether a file has no more than a docstring, so that nothing in it can give anything a value."""
    return all(
        isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str)
        for one in tree.body
    )
