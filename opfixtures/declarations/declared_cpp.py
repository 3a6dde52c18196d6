"""Reads the operators that C++ declares: `TORCH_LIBRARY(mylib, m) { m.def("scale(Tensor x) -> Tensor"); }`.

The macros and `def` are those of torch/library.h and torch/csrc/stable/library.h. Nothing is compiled: what a macro of
the tree stands for, and what a function declares that is called with `m`, is a problem.
"""

from __future__ import annotations

from opfixtures.declarations.cpp_cursor import Cursor
from opfixtures.declarations.cpp_text import cpp_text, is_utf_16
from opfixtures.declarations.cpp_tokens import quoted
from opfixtures.declarations.cpp_values import read_text
from opfixtures.declarations.declared_model import DeclaredOperators, Found
from opfixtures.declarations.place import Problem

_MARK = b"TORCH_LIBRARY"
_FORMS = ("TORCH_LIBRARY", "TORCH_LIBRARY_FRAGMENT")
_LIBRARIES = frozenset({*_FORMS, *(f"STABLE_{form}" for form in _FORMS)})
# They implement what is declared elsewhere.
_IMPLEMENTING = "TORCH_LIBRARY_IMPL"
# What may stand around the literal, each as `name("...")`; the second has a name alone.
_WRAPPERS = frozenset({"schema", "TORCH_SELECTIVE_NAME", "TORCH_SELECTIVE_SCHEMA"})
_MOST_WRAPPERS = 4
# They return the library, so that another call may follow; `class_` returns a class, whose methods are no operators.
_CHAINED = frozenset({"def", "fallback", "impl"})


def read_cpp_operators(path: str, source: bytes) -> DeclaredOperators:
    """The operators that a C++ file declares; whatever the bytes, never an exception.

    Every arm of an `#if` counts unless it can never be compiled.
    """
    if _MARK not in source and not is_utf_16(source):
        return DeclaredOperators(path)
    text = cpp_text(path, source)
    if isinstance(text, Problem):
        return DeclaredOperators(path, problems=(text,))
    reader = _Reader(Cursor(path, text), Found(path))
    reader.read_file()
    return reader.declared()


class _Reader:
    def __init__(self, cursor: Cursor, found: Found) -> None:
        self._cursor = cursor
        self._found = found

    def declared(self) -> DeclaredOperators:
        """What was read."""
        self._found.problems += self._cursor.problems
        return self._found.declared()

    def read_file(self) -> None:
        cursor = self._cursor
        while not cursor.is_at_end:
            word = cursor.token
            if cursor.advance().text != "(" or word.kind != "word":
                continue
            if word.text in _LIBRARIES:
                self._read_library()
            elif _FORMS[0] in word.text and _IMPLEMENTING not in word.text:
                cursor.problem(
                    word, f"only a build knows what {quoted(word.text)} stands for: write {_FORMS[0]}(...)"
                )

    def _read_library(self) -> None:
        """Reads from the `(` behind the macro's name to the end of its block."""
        cursor = self._cursor
        names = []
        for what, end in (("a namespace", ","), ("the name of a library", ")")):
            if cursor.advance().kind != "word":
                cursor.refuse_token(what)
                return
            names.append(cursor.token.text)
            if cursor.advance().text != end:
                cursor.refuse_token(f"`{end}`")
                return
        if cursor.advance().text != "{":
            cursor.refuse_token("`{`")
            return
        cursor.advance()
        self._read_block(*names)

    def _read_block(self, namespace: str, library: str) -> None:
        cursor = self._cursor
        depth, before = 1, "{"
        while depth and not cursor.is_at_end:
            token = cursor.token
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            following = cursor.advance().text
            if token.text == library and before not in (".", ":", ">"):
                if before in ("(", ",") and following in (")", ","):
                    cursor.problem(
                        token,
                        f"what is declared where {quoted(library)} is handed on to is not read: declare it here",
                    )
                self._read_calls(namespace)
            before = token.text

    def _read_calls(self, namespace: str) -> None:
        """Reads `.def(...)` behind a library's name, and what follows in a chain."""
        cursor = self._cursor
        while cursor.token.text == ".":
            method = cursor.advance().text
            if cursor.advance().text != "(" or method not in _CHAINED:
                return
            cursor.advance()
            self._skip_to_end(self._read_definition(namespace) if method == "def" else 1)

    def _read_definition(self, namespace: str) -> int:
        """Reads the first argument of a `def`; returns how many parentheses are open behind it."""
        cursor = self._cursor
        begin, parentheses = cursor.token, 1
        while cursor.token.kind == "word" or cursor.token.text == ":":
            name = cursor.skip_type()
            if name not in _WRAPPERS or cursor.token.text != "(" or parentheses > _MOST_WRAPPERS:
                cursor.refuse_value("a schema, a string literal,", begin)
                return parentheses
            parentheses += 1
            cursor.advance()
        place = cursor.lines.place(cursor.token.offset)
        text = read_text(cursor, "a schema, a string literal,")
        if text is None:
            return parentheses
        if cursor.token.text not in (",", ")"):
            cursor.refuse_value("a schema in one string literal", begin)
        elif "(" in text:
            self._found.schema(namespace, text, place)
        else:
            self._found.problem(
                place,
                f"the schema of {quoted(text)} is inferred from C++: write it, {text[:60]}(Tensor x) -> Tensor",
            )
        return parentheses

    def _skip_to_end(self, parentheses: int) -> None:
        """Steps behind as many closing parentheses."""
        cursor = self._cursor
        while parentheses and not cursor.is_at_end:
            parentheses += {"(": 1, ")": -1}.get(cursor.token.text, 0)
            cursor.advance()
