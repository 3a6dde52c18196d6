"""Every reader keeps its promise for any bytes, any words of its language, any edit of a real input."""

from __future__ import annotations

import ast
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opfixtures.archives.bytecode import read_bytecode
from opfixtures.archives.flat_pickle import dump_flat_pickle
from opfixtures.errors import ConfigurationError
from opfixtures.settings.config import read_config
from opfixtures.settings.settings_scan import OWN_FILE
from tests.fuzz.readers import READERS, Tree
from tests.fuzz.targets import WORDS, target

WITH_WORDS = [name for name in READERS if target(name).words]
EDITED = [name for name in READERS if target(name).mutator]
FEW = settings(max_examples=40)


def words(name: str) -> list[bytes]:
    """Those of a dictionary: its escapes are Python's."""
    lines = (WORDS / f"{name}.dict").read_text(encoding="ascii").splitlines()
    return [ast.literal_eval(f"b{line}") for line in lines if line.startswith('"')]


def kept(name: str) -> st.SearchStrategy[bytes]:
    return st.sampled_from([path.read_bytes() for path in sorted(target(name).corpus.iterdir())])


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@FEW
def test_any_bytes(name: str, data: bytes) -> None:
    READERS[name](data)


@pytest.mark.parametrize("name", READERS)
@given(st.data())
@FEW
def test_any_edit_of_a_kept_input(name: str, data: st.DataObject) -> None:
    text = data.draw(kept(name))
    for _ in range(data.draw(st.integers(1, 3))):
        begin = data.draw(st.integers(0, len(text)))
        end = begin + data.draw(st.integers(0, 20))
        text = text[:begin] + data.draw(st.binary(max_size=8) | st.just(text[begin:end] * 2)) + text[end:]
    READERS[name](text)


@pytest.mark.parametrize("name", WITH_WORDS)
@given(st.data())
@FEW
def test_any_words_of_its_language(name: str, data: st.DataObject) -> None:
    word = st.sampled_from(words(target(name).words)) | st.binary(max_size=3)
    READERS[name](b"".join(data.draw(st.lists(word, max_size=30))))


@pytest.mark.parametrize("name", EDITED)
@given(st.data())
@FEW
def test_any_edit_that_keeps_the_form(name: str, data: st.DataObject) -> None:
    mutator, text = target(name).mutator, data.draw(kept(name))
    assert mutator is not None
    for seed in data.draw(st.lists(st.integers(0, 1 << 32), min_size=1, max_size=4)):
        text = mutator(text, random.Random(seed), lambda part: part[1:] + part[:1])
    READERS[name](text)


NAMES = st.sampled_from(["aten::gelu", "aten::div", "", "é", "a" * 300]) | st.text(max_size=4)
ROWS = st.lists(st.tuples(NAMES, NAMES) | st.tuples(NAMES, NAMES, st.integers(-1, 3)), max_size=3).map(tuple)
TABLES = st.tuples(st.just(("instructions", ())), st.tuples(st.just("operators"), ROWS))
METHODS = st.tuples(st.sampled_from(["__torch__.M.forward", "__torch__.N.forward", "other"]), TABLES)
VERSIONS = st.sampled_from([(), (3,), (4,), (0,), (-1,), (True,), (2.5,)])


@given(VERSIONS, st.lists(METHODS, max_size=3).map(tuple))
def test_any_table_of_methods(version: tuple[object, ...], methods: tuple[object, ...]) -> None:
    content = dump_flat_pickle((*version, *methods))
    READERS["bytecode"](content)
    if version == (3,) and not methods:
        assert read_bytecode(content).version == 3


SETTINGS = [
    *(
        "version-map",
        "registry",
        "fixtures",
        "fixture-modules",
        "upgraders",
        "target",
        "preset",
        "exclude",
        "sources",
    ),
    *(
        "runtimes",
        "waivers",
        "fixture-format",
        "operators",
        "upstream",
        "reserved-versions",
        "release-tags",
        "opfixtures",
        "é",
    ),
]
TOML = st.recursive(
    st.sampled_from(
        ["true", "1", "nan", "2027-06-30", "07:32:00", '""', '"a"', '"../a"', '"a\\u0000"', "'a'", '"-a"']
    )
    | st.text(st.characters(exclude_characters="'\n\r", exclude_categories=["Cs", "Cc"]), max_size=5).map(
        "'{}'".format
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda values: f"[{', '.join(values)}]")
        | st.tuples(st.sampled_from(SETTINGS[:-1]), inner).map(lambda pair: f"{{ {pair[0]} = {pair[1]} }}")
    ),
    max_leaves=4,
)
LIBRARY = {"version-map": '"m.py"', "registry": '"r.py"', "fixtures": '"f"', "fixture-modules": '["a.py"]'}


@given(
    st.dictionaries(st.sampled_from(SETTINGS), TOML, max_size=3), st.sets(st.sampled_from(sorted(LIBRARY)))
)
@settings(max_examples=200)
def test_any_value_of_any_setting(edited: dict[str, str], left_out: set[str]) -> None:
    table = {**{key: value for key, value in LIBRARY.items() if key not in left_out}, **edited}
    lines = (f'"{key}" = {value}' if key == "é" else f"{key} = {value}" for key, value in table.items())
    text = "\n".join(["[tool.opfixtures]", *lines]).encode()
    READERS["settings"](text)
    if table == LIBRARY:
        assert read_config(Tree({OWN_FILE: text})) is not None
    if table.keys() == {*LIBRARY, "é"}:
        with pytest.raises(ConfigurationError, match="unknown key 'é'"):
            read_config(Tree({OWN_FILE: text}))
