"""Whatever a file looks like: it says afterwards what it said and what was added, all characters in their order."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.registry import read_registry
from opfixtures.declarations.version_map import read_version_map
from opfixtures.errors import UserError
from opfixtures.synthesis.additions import Additions, NewEntry
from opfixtures.synthesis.insertions import inserted
from tests.synthesis.conftest import CONFIG, CPP, entry, module, put, row, upgrader

NAMES = st.sampled_from("abcdefg")
VERSIONS = st.sets(st.integers(1, 9).map(lambda number: number * 2), min_size=1, max_size=3).map(sorted)
MAPS = st.dictionaries(NAMES, VERSIONS, max_size=4)
NEW = st.lists(
    st.tuples(NAMES, st.integers(0, 9).map(lambda number: number * 2 + 1)),
    min_size=1,
    max_size=4,
    unique=True,
)
BLANKS = st.sampled_from(["", " ", "\n    ", "\n", "\n  ", "\n\t"])
LINE_ENDS = st.sampled_from(["\n", "\r\n"])


def comment(draw, sign):
    return draw(st.sampled_from(["", "", f"  {sign} one, {{two}}\n", f'\n    {sign} it\'s "three"\n']))


def listed(draw, items, close, sign):
    """Items between commas, blanks and comments."""
    text = draw(BLANKS)
    for number, item in enumerate(items):
        is_last = number == len(items) - 1
        comma = "," if not is_last or draw(st.booleans()) else ""
        text += item + comma + comment(draw, sign) + draw(BLANKS)
    return text + close


@st.composite
def python_maps(draw):
    def entry(name, version):
        return f'{{"bumped_at_version": {version}, "upgrader_name": "{name}", "old_schema": "x::{name}() -> ()"}}'

    known = draw(MAPS)
    pairs = [
        f'"x::{name}": [' + listed(draw, [entry(name, version) for version in versions], "]", "#")
        for name, versions in known.items()
    ]
    text = "# Map.\nOPERATOR_VERSIONS = {" + listed(draw, pairs, "}", "#") + "\nX = 1\n"
    return known, text.replace("\n", draw(LINE_ENDS))


@st.composite
def cpp_maps(draw):
    def entry(name, version):
        return f'{{{version}, "{name}", "x::{name}() -> ()"}}'

    known = draw(MAPS)
    pairs = [
        f'{{"x::{name}", {{' + listed(draw, [entry(name, version) for version in versions], "}}", "//")
        for name, versions in known.items()
    ]
    text = "static std::unordered_map<std::string, std::vector<UpgraderEntry>> m({"
    text += listed(draw, pairs, "});", "//") + "\nint x = 1;\n"
    return known, text.replace("\n", draw(LINE_ENDS))


def is_kept(old, new):
    """Whether all characters of a text are in another one, in their order; blanks aside."""
    left = iter(re.sub(r"\s", "", new))
    return all(character in left for character in re.sub(r"\s", "", old))


def added(path, known, text, new):
    entries = [NewEntry(f"x::{name}", version, name, f"x::{name}() -> ()") for name, version in new]
    found = put(text, Additions(tuple(entries)), path)
    version_map = read_version_map(path, found.encode())
    assert version_map.problems == ()
    wanted = {name: set(versions) for name, versions in known.items()}
    for name, version in new:
        wanted.setdefault(name, set()).add(version)
    of_names = {
        name: [entry.bumped_at_version for entry in version_map.entries if entry.operator == f"x::{name}"]
        for name in wanted
    }
    assert of_names == {name: sorted(versions) for name, versions in wanted.items()}
    assert is_kept(text, found)
    comments = re.compile("(?:#|//) .*")
    assert comments.findall(found) == comments.findall(text)
    assert ("\r\n" in text) == ("\r\n" in found)
    assert not re.search("[^\r]\n", found) or "\r\n" not in text


@given(python_maps(), NEW)
def test_a_python_map_says_what_it_said_and_what_was_added(written, new):
    known, text = written
    added("map.py", known, text, new)


@given(cpp_maps(), NEW)
def test_a_cpp_map_says_what_it_said_and_what_was_added(written, new):
    known, text = written
    added("map.cpp", known, text, new)


@st.composite
def registries(draw):
    names = draw(
        st.lists(st.from_regex("Test[B-Z][a-z]{0,20}V[0-9]", fullmatch=True), max_size=4, unique=True)
    )
    rows = [f'{name}(): "x::{name}"' for name in names]
    heads = [f"from modules import {', '.join(names)}\n", "from modules import *\n", "import modules\n"]
    heads.append(f"from modules import (\n{''.join(f'    {name},{chr(10)}' for name in names)})\n")
    head = draw(st.sampled_from(heads if names else heads[1:3]))
    text = f"{head}\nALL_MODULES = {{" + listed(draw, rows, "}", "#") + "\nX = 1\n"
    return names, text.replace("\n", draw(LINE_ENDS))


@given(
    registries(),
    st.lists(st.sampled_from(["TestAnewV5", "TestAnewV10", "TestAllV0"]), min_size=1, unique=True),
)
def test_a_registry_says_what_it_said_and_what_was_added(written, new):
    names, text = written
    found = put(text, Additions(rows=tuple(row(name, "x::y") for name in new)), "registry.py")
    registry = read_registry("registry.py", found.encode())
    assert registry.problems == ()
    assert [one.module for one in registry.rows] == [*names, *new]
    imports = [node for node in ast.parse(found).body if isinstance(node, ast.ImportFrom)]
    imported = [one.name for node in imports for one in node.names if one.name != "*"]
    assert not imported or sorted(imported) == sorted([*names, *new])


@given(st.text("\n# x=1", max_size=20), LINE_ENDS, st.integers(1, 3))
def test_modules_say_what_they_said_and_what_was_added(lines, line_end, count):
    text = "import torch\n" + "".join(f"# {line}\n" for line in lines.split("\n"))
    text = text.replace("\n", line_end)
    found = put(
        text, Additions(modules=tuple(module(f"Test{number}V1") for number in range(count))), "modules.py"
    )
    assert found.startswith(text.rstrip())


KEPT = Path(__file__).parents[1] / "fuzz" / "corpus"
INTO = {
    "cpp-map": ("map.cpp", Additions((entry("b"),))),
    "python-map": ("map.py", Additions((entry("b"),))),
    "registry": ("registry.py", Additions(rows=(row("TestBV4", "my::b"),))),
    "modules": ("modules.py", Additions(modules=(module("TestBV4"),))),
    "upgraders": ("upgraders.cpp", Additions(upgraders=(upgrader("b_0_4"),))),
    "versions": ("versions.h", Additions(version=99)),
}


@pytest.mark.parametrize("reader", INTO)
def test_what_fuzzing_found_gets_it_or_is_refused_with_its_place(reader):
    path, additions = INTO[reader]
    files = sorted((KEPT / reader).iterdir())
    assert files
    refusals = []
    for file in files:
        try:
            inserted({path: file.read_bytes()}, CPP if path.endswith(".cpp") else CONFIG, additions)
        except UserError as error:
            refusals.append(str(error))
    # Nothing is read as it is and then written otherwise than it was meant.
    assert [said for said in refusals if not said.startswith(path) or "please report" in said] == []
