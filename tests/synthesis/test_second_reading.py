"""An edit is believed only when a second reading says what was meant: what would come of a wrong one is refused."""

from dataclasses import replace

import pytest

from opfixtures.declarations.place import Place
from opfixtures.declarations.python_upgraders import functions_in, python_upgraders
from opfixtures.declarations.read import declare
from opfixtures.declarations.registry import read_registry
from opfixtures.declarations.version_map import read_version_map
from opfixtures.errors import UserError
from opfixtures.synthesis.additions import Additions
from opfixtures.synthesis.order import in_ascending_order
from opfixtures.synthesis.second_class import with_class_of_its_own
from opfixtures.synthesis.second_reading import believe
from tests.synthesis.conftest import CONFIG, CPP, entry, module, row, upgrader


def text(*versions, name="a"):
    entries = (
        f'{{"bumped_at_version": {version}, "upgrader_name": "{name}_0_{version - 1}", '
        f'"old_schema": "my::{name}(Tensor x) -> Tensor"}}'
        for version in versions
    )
    return f'OPERATOR_VERSIONS = {{"my::{name}": [{", ".join(entries)}]}}\n'


@pytest.mark.parametrize(
    ("before", "after", "added", "path"),
    [
        (text(4), text(4), Additions((entry("a", 5),)), "map.py"),
        (text(4), text(4, 5, 6), Additions((entry("a", 5),)), "map.py"),
        (text(4), text(5), Additions((entry("a", 5),)), "map.py"),
        (text(4), text(5, 4), Additions((entry("a", 5),)), "map.py"),
        (text(4), text(4, 5) + "OPERATOR_VERSIONS.clear()\n", Additions((entry("a", 5),)), "map.py"),
        ("ALL_MODULES = {}", "ALL_MODULES = {A(): 'x'}", Additions(rows=(row("A", "y"),)), "registry.py"),
        ("import torch", "import torch\nclass A: pass", Additions(modules=(module("A"),)), "modules.py"),
        (
            "kProducedFileFormatVersion = 5;",
            "kProducedFileFormatVersion = 7;",
            Additions(version=6),
            "versions.h",
        ),
    ],
)
def test_more_or_less_than_was_meant_is_refused_with_the_file(before, after, added, path):
    was, is_now = (declare({path: side.encode()}, CONFIG) for side in (before, after))
    with pytest.raises(
        UserError, match=f"{path} would not say what is meant with these lines: nothing is written"
    ):
        believe(was, is_now, CONFIG, added)
    # And what was meant is believed.
    believe(was, was, CONFIG, Additions())


def test_a_cpp_upgrader_with_another_text_is_refused():
    head = "std::unordered_map<std::string, std::string> m({"
    sides = [
        declare({"upgraders.cpp": f"{head}{inside}}});".encode()}, CPP)
        for inside in ("", '{"a_0_3", "def a_0_3(): 1"}')
    ]
    with pytest.raises(UserError, match=r"upgraders\.cpp would not say what is meant"):
        believe(sides[0], sides[1], CPP, Additions(upgraders=(upgrader("a_0_3"),)))


def test_an_order_of_another_map_is_refused():
    content = text(5, 4).encode()
    other = read_version_map("map.py", text(5, 4, name="b").encode())
    ordered, done = in_ascending_order(read_version_map("map.py", content), ["my::a"], content)
    assert (ordered.decode(), done) == (text(4, 5), ["my::a"])
    with pytest.raises(
        UserError, match=r"map\.py would not say the same in another order: nothing is written"
    ):
        in_ascending_order(other, ["my::b"], content)


def test_a_second_class_in_another_row_is_refused():
    source = b"from modules import A\n\nALL_MODULES = {A(): 'x', A(): 'y'}\n"
    sources = {"registry.py": source, "modules.py": b"import torch\n"}
    added = Additions(modules=(module("B"),), rows=(row("B", "y"),))
    second = read_registry("registry.py", source).rows[1]
    new = with_class_of_its_own(sources, CONFIG, second, added)
    assert new["registry.py"] == b"from modules import A, B\n\nALL_MODULES = {A(): 'x', B(): 'y'}\n"
    assert new["modules.py"].endswith(module("B").text.encode())
    elsewhere = replace(second, place=Place("registry.py", 3, 16))
    with pytest.raises(
        UserError, match=r"registry\.py:3:16: A of y cannot be renamed here: rename it by hand"
    ):
        with_class_of_its_own(sources, CONFIG, elsewhere, added)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('UPGRADERS = "def a(x):"', "def a(x):"),
        ('UPGRADERS: str = "one"\nUPGRADERS = "two"', "two"),
        ('UPGRADERS: str = "one"', "one"),
        ("UPGRADERS = make()", None),
        ("UPGRADERS: str", None),
        ("UPGRADERS = (", None),
    ],
)
def test_the_upgraders_of_a_library_are_read_where_they_are_one_string(source, found):
    assert python_upgraders("upgraders.py", source.encode()) == found


def test_only_functions_at_the_top_level_are_upgraders():
    assert functions_in("def a_0_3(x):\n  def b(): pass\ndef  c (x)\n# def d(x)") == {"a_0_3", "c"}
