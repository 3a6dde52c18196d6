"""Finds and reads the version map in a C++ file such as torch/csrc/jit/operator_upgraders/version_map.cpp.

The version map is the variable of a map type whose template arguments name `UpgraderEntry`:
`std::unordered_map<std::string, std::vector<UpgraderEntry>> operatorVersionMap({...})`. Nothing is compiled.
"""

from __future__ import annotations

from opfixtures.declarations.cpp_changes import Changes
from opfixtures.declarations.cpp_conditionals import Alternatives, Path
from opfixtures.declarations.cpp_cursor import Cursor, UnclosedError
from opfixtures.declarations.cpp_initialiser import ENTRY_TYPE, InitialiserReader
from opfixtures.declarations.cpp_tokens import Token
from opfixtures.declarations.model import VersionMap
from opfixtures.declarations.place import Place, Problem

_HEADERS = (".h", ".hpp")
_QUALIFIERS = frozenset({"const", "constexpr", "inline", "static", "volatile"})
_BUILT_IN_TYPES = frozenset({"bool", "char", "double", "float", "int", "long", "short", "unsigned", "void"})


def read_cpp_version_map(path: str, text: str) -> VersionMap:
    """The version map that stands in a C++ file; whatever the text, never an exception.

    Every arm of an `#if` counts unless it can never be compiled. A header may only declare: what a map is, or
    what an entry is. Then it has no entries and no problem.
    """
    cursor = Cursor(path, text)
    finder = _Finder(cursor)
    finder.read_file()
    if not finder.found and not (path.endswith(_HEADERS) and finder.declares):
        message = (
            f"no version map here: write one, std::unordered_map<std::string, std::vector<{ENTRY_TYPE}>>, "
            "or set `version-map` to the file that has it"
        )
        cursor.problems.append(Problem(Place(path, 1, 1), message))
    problems = sorted(cursor.problems, key=lambda problem: problem.place)
    return VersionMap(path, tuple(finder.entries), tuple(problems), tuple(finder.keys), finder.end)


def walk_version_map(cursor: Cursor) -> None:
    """Steps through the file, and through the initialisers of its version map."""
    _Finder(cursor).read_file()


class _Finder:
    """Walks through a file from declaration to declaration.

    `found` has the variables that are version maps by name, and whether they are initialised. Those that stand
    elsewhere and are named here may be changed here, too.
    """

    def __init__(self, cursor: Cursor) -> None:
        self.found: dict[str, bool] = {}
        self.declares = False
        self.end: Place | None = None
        self._reader = InitialiserReader(cursor)
        self.entries, self.keys = self._reader.entries, self._reader.keys
        self._cursor = cursor
        self._arms = Alternatives()
        self._arm: Path = ()
        self._aliases: set[str] = set()
        self._elsewhere: set[str] = set()
        self._specifiers: set[str] = set()
        self._alias = ""
        self._parentheses = [0]
        self._braces: list[int] = []
        self._changes = Changes(cursor)

    def read_file(self) -> None:
        cursor = self._cursor
        previous = ""
        while not cursor.is_at_end:
            text = cursor.token.text
            if cursor.token.kind != "word":
                self._follow(previous, text)
                cursor.advance()
            elif self._is_map(text) or self._changes.follows(text, self._braces):
                self._changes.note(self._braces)
            elif self._skip_map_type():
                self.declares = True
                self._read_declaration()
            elif text == ENTRY_TYPE and previous == "struct" and cursor.token.text == "{":
                self.declares = True
            previous = text
        self._changes.finish(self.found.keys() | self._elsewhere)

    def _is_map(self, name: str) -> bool:
        return name in self.found or name in self._elsewhere

    def _follow(self, previous: str, text: str) -> None:
        """Keeps count of statements and parentheses; those around braces count again behind them."""
        if text in ("{", "}", ";"):
            self._specifiers.clear()
        if text == "{":
            self._parentheses.append(0)
            self._braces.append(len(self._cursor.passed) - 1)
        elif text == "}" and self._braces:
            self._parentheses.pop()
            self._braces.pop()
        elif text == "(":
            self._parentheses[-1] += 1
        elif text in (")", ";"):
            self._parentheses[-1] = max(self._parentheses[-1] - 1, 0) if text == ")" else 0
        elif text == ">" and previous == "-":
            self._specifiers.add("->")

    def _skip_map_type(self) -> bool:
        """Steps over a word and a map's template arguments; says whether that was a version map's type."""
        cursor = self._cursor
        word = cursor.token.text
        following = cursor.advance()
        if word in self._aliases:
            return True
        if word.lower().endswith("map") and following.text == "<":
            return ENTRY_TYPE in cursor.skip_template_arguments()
        if word == "using":
            self._alias = following.text
        elif word in ("extern", "typedef"):
            self._specifiers.add(word)
        return False

    def _read_declaration(self) -> None:
        """Reads what is declared, if anything, with the map type that ends before here."""
        cursor = self._cursor
        self._arm = cursor.arm
        name: Token | None = None
        refers = False
        while (
            (token := cursor.token).kind == "word" or token.text in ("&", "*") or (name and token.text == ":")
        ):
            if token.text in ("&", "*"):
                refers = True
            elif token.kind == "word" and token.text not in _QUALIFIERS:
                name = token
            cursor.advance()
        if (name is not None and self._parentheses[-1]) or "->" in self._specifiers:
            return  # a parameter, or what a function returns
        if token.text == "{":
            self._read_initialiser(name)
        elif token.text == "(":
            self._read_parentheses(name, refers)
        elif token.text == "=":
            self._read_assigned(name, refers)
        elif name is None:
            if token.text == ";" and self._alias:
                self._aliases.add(self._alias)
        elif "typedef" in self._specifiers:
            self._aliases.add(name.text)
        elif token.text == ";":
            if refers or "extern" in self._specifiers:
                self._elsewhere.add(name.text)
            else:
                self._note(name, initialised=False)
        elif not refers:
            self._refuse(name, token)

    def _read_initialiser(self, name: Token | None, parenthesised: bool = False) -> None:
        """Reads from `{` to the end of a declaration or, without a name, of a value like `new map{...}`."""
        cursor = self._cursor
        opening = cursor.token
        before = len(self.entries) + len(cursor.problems)
        try:
            self._reader.read()
            while cursor.after_directive and cursor.token.text == "{":
                # Each arm of an `#if` has an initialiser.
                self._reader.read()
        except UnclosedError:
            self._note(name or opening, initialised=True)
            return
        self.end = self.end or self._reader.end
        if name is not None or before < len(self.entries) + len(cursor.problems):
            self._note(name or opening, initialised=True)
        for expected in (")",) * parenthesised + (";",) * (name is not None):
            if cursor.token.text != expected:
                cursor.refuse_token(f"`{expected}`")
                return
            cursor.advance()

    def _read_parentheses(self, name: Token | None, refers: bool) -> None:
        cursor = self._cursor
        first = cursor.advance()
        if first.text == "{":
            self._read_initialiser(name, parenthesised=True)
        elif name is None:
            self._parentheses[-1] += 1
        else:
            is_function, end = self._skip_parameters()
            if not is_function and not refers:
                self._refuse(name, first, end)

    def _skip_parameters(self) -> tuple[bool, Token]:
        """Steps from behind `(` behind its `)`; says whether these were parameters, and where they end.

        `f(int)`, `f(const T& t)` and `f(T) {` are: what could also be the argument of a constructor is not.
        """
        cursor = self._cursor
        is_function = cursor.token.text == ")"
        parentheses, angles = 1, 0
        previous = cursor.token
        while parentheses and not cursor.is_at_end and cursor.token.text not in ("{", "}", ";"):
            token = cursor.token
            parentheses += {"(": 1, ")": -1}.get(token.text, 0)
            angles = max(angles + {"<": 1, ">": -1}.get(token.text, 0), 0)
            if parentheses <= 1 and not angles and token is not previous:
                is_function = is_function or _are_parameter(previous, token)
            previous = token
            cursor.advance()
        if parentheses:
            return is_function, cursor.token
        return is_function or cursor.token.kind == "word" or cursor.token.text in ("{", "-"), previous

    def _read_assigned(self, name: Token | None, refers: bool) -> None:
        cursor = self._cursor
        first = cursor.advance()
        is_map = False
        while cursor.token.kind == "word" and not is_map:
            is_map = self._skip_map_type()
            while cursor.token.text == ":" and not is_map:
                cursor.advance()
        text = cursor.token.text
        if text == "{" and (is_map or cursor.token is first):
            self._read_initialiser(name)
        elif text == "(" and is_map and cursor.advance().text == "{":
            self._read_initialiser(name, parenthesised=True)
        elif name is not None and not refers:
            self._refuse(name, first)

    def _refuse(self, name: Token, begin: Token, end: Token | None = None) -> None:
        self._note(name, initialised=True)
        self._cursor.refuse_value("the version map's initialiser, in braces,", begin, end)

    def _note(self, name: Token, initialised: bool) -> None:
        """Notes that a version map was found, in the arm where it begins; one more is a problem, but in another arm."""
        declared_before = self.found.get(name.text) is False
        if not (declared_before or self._arms.exclude(self._arm)):
            self._cursor.problem(name, "this is a second version map in one file: keep one")
        self.found[name.text] = initialised
        self._arms.add(self._arm)


def _are_parameter(previous: Token, token: Token) -> bool:
    """Whether two neighbours could stand in a list of parameters, and not among arguments."""
    if token.kind == "word":
        return previous.text == ">" or (previous.kind == "word" and previous.text != "new")
    if previous.text in ("&", "*"):
        return token.text in (",", ")")
    return previous.text in _BUILT_IN_TYPES and token.text in (",", ")", "&", "*")
