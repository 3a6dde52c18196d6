"""The version map of a library, `OPERATOR_VERSIONS`: a literal is read, anything else is a problem."""

from __future__ import annotations

import pytest

from opfixtures.declarations.model import MapEntry, VersionMap
from opfixtures.declarations.place import Place
from opfixtures.declarations.python_version_map import read_python_version_map

ENTRY = (
    '{"bumped_at_version": 4, "upgrader_name": "scale_0_3", "old_schema": "mylib::scale(Tensor x) -> Tensor"}'
)
MAP = f'OPERATOR_VERSIONS = {{"mylib::scale": [{ENTRY}]}}'


def read(text: str) -> VersionMap:
    return read_python_version_map("mylib/versions.py", text.encode("utf-8", "surrogatepass"))


def problems(text: str) -> list[tuple[str, str]]:
    """Every problem of a text: the rest of the line at its place, and its message."""
    lines = text.split("\n")
    return [
        (lines[problem.place.line - 1][problem.place.column - 1 :], problem.message)
        for problem in read(text).problems
    ]


def test_what_is_empty_has_no_entries_however_that_is_written() -> None:
    for text in ("", '"""Doc."""', "# none", "OPERATOR_VERSIONS = dict()", "OPERATOR_VERSIONS = []"):
        assert (read(text).entries, read(text).problems) == ((), ())


def only_problem(text: str) -> tuple[str, str]:
    (problem,) = problems(text)
    return problem


LIBRARY = '''\
"""The operators of mylib."""
import torch

raise RuntimeError("nobody imports this file to read it")

OPERATOR_VERSIONS: dict[str, list[dict[str, object]]] = {
    # commas, } and ] in comments and texts mean nothing
    "mylib::scale": [
        {
            "bumped_at_version": 4,
            "upgrader_name": "scale_0_3",
            "old_schema": "mylib::scale(Tensor x, "
            "int[] by=[1, 2]) -> Tensor",
        },
        {"old_schema": "é", "upgrader_name": "scale_4_6", "bumped_at_version": 7},
    ],
    "é": [], "mylib::shift": [{"bumped_at_version": 0x5, "upgrader_name": "shift_0_4", "old_schema": "s"}],
}

for operator, entries in OPERATOR_VERSIONS.items():
    register(operator, OPERATOR_VERSIONS[operator], entries[0].get("upgrader_name"))
'''


def test_a_librarys_map_is_read_with_the_place_of_every_entry_and_never_run() -> None:
    path = "mylib/versions.py"
    assert read(LIBRARY) == VersionMap(
        path,
        (
            MapEntry(
                "mylib::scale",
                4,
                "scale_0_3",
                "mylib::scale(Tensor x, int[] by=[1, 2]) -> Tensor",
                Place(path, 9, 9),
            ),
            MapEntry("mylib::scale", 7, "scale_4_6", "é", Place(path, 15, 9)),
            MapEntry("mylib::shift", 5, "shift_0_4", "s", Place(path, 17, 31)),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        "OPERATOR_VERSIONS = {}",
        "OPERATOR_VERSIONS: Final = {}",
        "OPERATOR_VERSIONS: dict\nOPERATOR_VERSIONS = {}",
    ],
)
def test_an_empty_map_is_readable(text: str) -> None:
    assert read(text) == VersionMap("mylib/versions.py")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (f"if FLAG:\n    {MAP}", MAP),
        (f"def define():\n    global OPERATOR_VERSIONS\n    {MAP}", MAP),
        (f"{MAP}\n{MAP}", MAP),
        (f"other = {MAP}", MAP),
        ("from mylib._versions import OPERATOR_VERSIONS", "OPERATOR_VERSIONS"),
        ("import versions as OPERATOR_VERSIONS", "versions as"),
        (f"{MAP}\nOPERATOR_VERSIONS['mylib::shift'] = []", "OPERATOR_VERSIONS['mylib::shift'] = []"),
        (f"{MAP}\ndef extend():\n    OPERATOR_VERSIONS['a'] = []", "OPERATOR_VERSIONS['a'] = []"),
        (f"{MAP}\nOPERATOR_VERSIONS.update(others)", "OPERATOR_VERSIONS.update(others)"),
        (f"{MAP}\nOPERATOR_VERSIONS |= others", "OPERATOR_VERSIONS |= others"),
        (f"{MAP}\ndel OPERATOR_VERSIONS['mylib::scale']", "OPERATOR_VERSIONS['mylib::scale']"),
        (
            f"{MAP}\nOPERATOR_VERSIONS['mylib::scale'].append(entry)",
            "OPERATOR_VERSIONS['mylib::scale'].append",
        ),
        (f"{MAP}\nOPERATOR_VERSIONS.get('mylib::scale')[0]['old_schema'] += ''", "OPERATOR_VERSIONS.get"),
        (
            f"{MAP}\nx = f(OPERATOR_VERSIONS.setdefault('a', []).append(entry))",
            "OPERATOR_VERSIONS.setdefault",
        ),
        (f"{MAP}\nfor OPERATOR_VERSIONS in maps: pass", "OPERATOR_VERSIONS in maps"),
        (f"{MAP}\nif (OPERATOR_VERSIONS := load()): pass", "OPERATOR_VERSIONS := load()"),
        ("OPERATOR_VERSIONS = dict(a=[])", "dict(a=[])"),
        ("OPERATOR_VERSIONS = {} | others", "{} | others"),
        ("OPERATOR_VERSIONS = {key: [] for key in keys}", "{key:"),
        ("x = 1", "x = 1"),
        ("OPERATORS = {}", "OPERATORS = {}"),
        ("OPERATOR_VERSIONS: dict", "OPERATOR_VERSIONS: dict"),
    ],
)
def test_a_map_that_only_a_run_could_tell_is_a_problem_there(text: str, at: str) -> None:
    place, message = only_problem(text)
    assert place.startswith(at)
    assert message.endswith("write one OPERATOR_VERSIONS = {...} at the top level, with all entries in it")


@pytest.mark.parametrize(
    ("code", "at"),
    [
        ("from .more import *", "from"),
        ("if more:\n    from .more import *", "from"),
        ("V = OPERATOR_VERSIONS", "OPERATOR_VERSIONS"),
        ("V = OPERATOR_VERSIONS or {}", "OPERATOR_VERSIONS or"),
        ("V = {**OPERATOR_VERSIONS}", "OPERATOR_VERSIONS}"),
        ("change(OPERATOR_VERSIONS)", "OPERATOR_VERSIONS)"),
        ("dict.update(OPERATOR_VERSIONS, more)", "OPERATOR_VERSIONS, more"),
        ("operator.setitem(OPERATOR_VERSIONS, 'a', [])", "OPERATOR_VERSIONS, 'a'"),
        ("list.append(OPERATOR_VERSIONS['a'], more)", "OPERATOR_VERSIONS['a'], more"),
        ("setitem(OPERATOR_VERSIONS['a'], 0, more)", "OPERATOR_VERSIONS['a'], 0"),
        ("OPERATOR_VERSIONS.__setitem__('a', [])", "OPERATOR_VERSIONS.__set"),
        ("OPERATOR_VERSIONS.__class__.update(more)", "OPERATOR_VERSIONS.__class"),
        ("add = OPERATOR_VERSIONS['a'].append", "OPERATOR_VERSIONS['a']"),
        ("OPERATOR_VERSIONS['a'] += [more]", "OPERATOR_VERSIONS['a'] +="),
        ("for e in OPERATOR_VERSIONS.values(): e.clear()", "e.clear()"),
        ("for _, e in sorted(OPERATOR_VERSIONS.items()):\n    e[0]['old_schema'] = ''", "e[0]"),
        ("[e.pop() for e in OPERATOR_VERSIONS.values()]", "e.pop()"),
        ("E = OPERATOR_VERSIONS['a']\nF = E\nF += more", "F += more"),
        ("E: list = OPERATOR_VERSIONS.get('a')\ndel E[0]", "E[0]"),
        ("if (E := OPERATOR_VERSIONS['a']): E.clear()", "E.clear()"),
        ("globals()['OPERATOR_' + 'VERSIONS'] = {}", "globals()"),
        ("exec(more)", "exec(more)"),
        ("vars()['x'] = {}", "vars()"),
        ("setattr(module, name, {})", "setattr("),
        ("setattr(module, 'OPERATOR_VERSIONS', {})", "setattr("),
        ("module.OPERATOR_VERSIONS = {}", "module."),
        ("module.__dict__['OPERATOR_VERSIONS'] = {}", "module."),
        ("def OPERATOR_VERSIONS(): pass", "def"),
        ("async def OPERATOR_VERSIONS(): pass", "async def"),
        ("class OPERATOR_VERSIONS: pass", "class"),
        ("try: pass\nexcept E as OPERATOR_VERSIONS: pass", "except"),
        ("match x:\n    case OPERATOR_VERSIONS: pass", "OPERATOR_VERSIONS:"),
        ("match x:\n    case [*OPERATOR_VERSIONS]: pass", "*OPERATOR"),
        ("match x:\n    case {'a': 1, **OPERATOR_VERSIONS}: pass", "{'a'"),
    ],
)
def test_what_may_change_a_map_behind_its_literal_is_a_problem_there(code: str, at: str) -> None:
    place, message = only_problem(f"{MAP}\n{code}")
    assert place.startswith(at)
    assert message.startswith("OPERATOR_VERSIONS is bound or changed here")


@pytest.mark.parametrize(
    "code",
    [
        "for operator in OPERATOR_VERSIONS: print(operator)",
        "NAMES = sorted(OPERATOR_VERSIONS)\nNEWEST = OPERATOR_VERSIONS['mylib::scale'][-1]",
        "if 'a' in OPERATOR_VERSIONS: pass",
        "assert OPERATOR_VERSIONS, f'{OPERATOR_VERSIONS}'\nif not OPERATOR_VERSIONS: pass",
        "while OPERATOR_VERSIONS: break",
        "OTHER = {}\nOTHER['a'] = []\nOTHER.update(vars(module))\nsetattr(module, 'other', 1)",
        "E = OPERATOR_VERSIONS['a']\nE = []\nuse(E, json.dumps(OPERATOR_VERSIONS))",
        "X[OPERATOR_VERSIONS['a'][0]['upgrader_name']]",
    ],
)
def test_what_reads_a_map_behind_its_literal_is_no_problem(code: str) -> None:
    assert read(f"from .operators import *\n{MAP}\n{code}").problems == ()


def test_of_two_assignments_the_last_is_read_as_python_would_have_it() -> None:
    version_map = read(f'OPERATOR_VERSIONS = {{"mylib::shift": [{ENTRY}]}}\n{MAP}')
    assert [entry.operator for entry in version_map.entries] == ["mylib::scale"]


@pytest.mark.parametrize(
    ("row", "at", "message"),
    [
        ("**others", "others", "`**` brings entries"),
        ('f"mylib::{name}": []', 'f"mylib', "the name of an operator is not a string literal"),
        (f"NAME: [{ENTRY}]", "NAME", "the name of an operator is not a string literal"),
        ('b"mylib::shift": []', 'b"mylib', "the name of an operator is not a string literal"),
        ('"a" + "b": []', '"a" + "b"', "the name of an operator is not a string literal"),
        (r'"\ud800": []', r'"\ud800"', "half a surrogate pair"),
        ('"a": entries()', "entries()", "not a list literal"),
        ('"a": {}', "{}", "not a list literal"),
        ('"a": [*entries]', "*entries", "not a dict literal"),
        ('"a": [(4, "n", "s")]', '(4, "n", "s")', "not a dict literal"),
        ('"a": [dict(bumped_at_version=4)]', "dict(", "not a dict literal"),
        ('"a": [{**entry}]', "entry}", "`**` brings fields"),
        (
            '"a": [{"bumped_at_version": 4, "old_schema": "s"}]',
            '{"bumped',
            "lacks upgrader_name: add what is missing",
        ),
        ('"a": [{}]', "{}", "lacks bumped_at_version, upgrader_name, old_schema"),
        ('"a": [{"version": 4}]', '"version"', "it has bumped_at_version, upgrader_name, old_schema"),
        ('"a": [{KEY: 4}]', "KEY", "the key of a field is not a string literal"),
        (f'"a": [{ENTRY[:-1]}, "old_schema": "s"}}]', '"old_schema": "s"', "has old_schema twice"),
    ],
)
def test_a_row_that_is_not_understood_is_a_problem_there_and_the_others_are_read(
    row: str, at: str, message: str
) -> None:
    text = f'OPERATOR_VERSIONS = {{\n{row},\n"mylib::scale": [{ENTRY}]}}'
    place, said = only_problem(text)
    assert place.startswith(at)
    assert message in said
    assert [entry.operator for entry in read(text).entries] == ["mylib::scale"]


@pytest.mark.parametrize(
    "version", ["True", "-4", "0", "4.0", '"4"', "VERSION", "2 + 2", "None", "2147483648", "0x" + "f" * 5000]
)
def test_a_version_that_is_no_integer_literal_is_a_problem_there(version: str) -> None:
    place, message = only_problem(MAP.replace("4", version, 1))
    assert place.startswith(version + ",")
    assert message.startswith("bumped_at_version is not an integer literal")


@pytest.mark.parametrize("text", ['f"{a}"', 'b"s"', "NAME", '"a".lower()', '"%s" % a', "4", "None", "('a',)"])
@pytest.mark.parametrize("field", ["upgrader_name", "old_schema"])
def test_a_text_that_is_no_string_literal_is_a_problem_there(field: str, text: str) -> None:
    fields = {"bumped_at_version": "4", "upgrader_name": '"n"', "old_schema": '"s"', field: text}
    entry = ", ".join(f'"{key}": {value}' for key, value in fields.items())
    place, message = only_problem(f'OPERATOR_VERSIONS = {{"a": [{{{entry}}}]}}')
    assert place.startswith(text)
    assert message == f"{field} is not a string literal: write the text itself in quotes"


@pytest.mark.parametrize(
    "text",
    [
        "OPERATOR_VERSIONS = {",
        "\0",
        "(" * 100_000,
        "-" * 1_000_000 + "1",
        "a" + ".b" * 100_000,
        "\ud800",
        "9" * 5000,
    ],
)
def test_what_python_cannot_parse_is_a_problem_and_no_exception(text: str) -> None:
    version_map = read(text)
    assert version_map.entries == ()
    assert len(version_map.problems) == 1


def test_warnings_about_a_librarys_source_are_not_shown() -> None:
    assert read(f'{MAP}\npattern = "\\d"').problems == ()


def test_columns_count_characters() -> None:
    text = f'é = "😀"; OPERATOR_VERSIONS = {{"é": [{ENTRY}, 5]}}'
    version_map = read(text)
    assert version_map.entries[0].place.column == text.index(ENTRY) + 1
    assert version_map.problems[0].place.column == text.index("5]") + 1


def test_entries_know_where_their_operator_stands() -> None:
    entry = '{"bumped_at_version": 4, "upgrader_name": "a_0_3", "old_schema": "s"}'
    version_map = read_python_version_map(
        "map.py", f'OPERATOR_VERSIONS = {{"a": [{entry}],\n  "a": [{entry}]}}'.encode()
    )
    assert [one.operator_place for one in version_map.entries] == [
        Place("map.py", 1, 22),
        Place("map.py", 2, 3),
    ]
