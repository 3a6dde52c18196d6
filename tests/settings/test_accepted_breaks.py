"""What a release breaks on purpose, as the settings have it."""

from __future__ import annotations

import pytest

from opfixtures.errors import ConfigurationError
from opfixtures.settings.accepted_breaks import AcceptedBreak, Way, by_operator
from opfixtures.settings.config import Config
from tests.repositories import config_of

OWN = ".opfixtures.toml"
HEAD = """\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"

"""
TABLE = "[tool.opfixtures.accepted-breaks]\n"
SAID = 'release = "mylib 2.0", reason = "faster"'


class Files(dict[str, str]):
    name = "these files"

    def read(self, path: str) -> bytes | None:
        text = self.get(path)
        return None if text is None else text.encode()

    has = dict.__contains__


def read(breaks: str) -> Config:
    return config_of(Files({OWN: f"{HEAD}{breaks}"}))


@pytest.mark.parametrize(
    ("how", "way", "error"),
    [
        ('"does not load"', Way.NOT_LOADED, ""),
        ('"other results"', Way.OTHER_RESULTS, ""),
        ('{ raises = "no more of it" }', Way.RAISES, "no more of it"),
    ],
)
def test_each_way_to_fail_is_read(how: str, way: Way, error: str) -> None:
    (found,) = read(f'{TABLE}"mylib::scale" = {{ how = {how}, {SAID} }}\n').accepted_breaks
    assert found == AcceptedBreak("mylib::scale", way, "mylib 2.0", "faster", error)
    assert found.line == 8


def test_where_there_is_none_nothing_is_accepted() -> None:
    assert read("").accepted_breaks == ()


def test_several_for_one_operator_are_a_list_and_stand_where_they_stand() -> None:
    table = "\n[[tool.opfixtures.accepted-breaks.'mylib::scale']]\nhow = \"does not load\"\n"
    table += SAID.replace(", ", "\n")
    waiver = '[tool.opfixtures.waivers]\n"mylib::scale" = '
    waiver += '{ codes = ["OPF301"], reason = "r", expires = 2027-01-01 }\n'
    found = read(f'{waiver}{table}\nmodules = ["A", "B"]\n{table}\nformats = ["pt"]\n').accepted_breaks
    assert [(one.line, one.modules, one.formats) for one in found] == [
        (10, ("A", "B"), ()),
        (16, (), ("pt",)),
    ]
    first, second = found
    assert by_operator(found) == {"mylib::scale": [first, second]}
    assert first.is_for("A", "fixtures/a.ptl")
    assert not first.is_for("C", "fixtures/c.ptl")
    assert second.is_for("C", "fixtures/c.pt")
    assert not second.is_for("C", "fixtures/c.ptl")
    assert not second.is_for("C", None)


def test_one_in_another_form_stands_in_the_first_line() -> None:
    inline = f'[{{ how = "does not load", modules = ["A"], {SAID} }}, {{ how = "other results", {SAID} }}]'
    found = read(f'{TABLE}"mylib::scale" = {inline}\n').accepted_breaks
    assert [one.line for one in found] == [8, 8]
    dotted = f'accepted-breaks."mylib::scale" = {inline}\n'
    assert [one.line for one in read(dotted).accepted_breaks] == [1, 1]


WAYS = 'how must be "does not load", "other results" or { raises = "part of the error" }'


@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [
        ('"a" = 1', ": a must be a table"),
        ('"a" = []', ": a must be a table, or a list of tables"),
        ('"a" = [1]', ": a must be a table, or a list of tables"),
        (f'"a" = {{ {SAID} }}', f": [a]: {WAYS}"),
        (f'"a" = {{ how = "raises", {SAID} }}', f": [a]: {WAYS}"),
        (f'"a" = {{ how = ["does not load"], {SAID} }}', f": [a]: {WAYS}"),
        (f'"a" = {{ how = {{ raises = "x", load = "y" }}, {SAID} }}', f": [a]: {WAYS}"),
        (f'"a" = {{ how = {{ raises = "" }}, {SAID} }}', ": [a]: [how]: raises must be a string, not empty"),
        (
            f'"a" = {{ how = {{ raises = " Error: " }}, {SAID} }}',
            ": [a]: how says that it raises 'Error:', which other errors have too: write 10 characters of the error,",
        ),
        ('"a" = { how = "does not load", reason = "r" }', ": [a]: release is missing: say which one breaks"),
        (
            '"a" = { how = "does not load", release = "a 2" }',
            ": [a]: reason is missing: say why, for whoever",
        ),
        ('"a" = { how = "does not load", release = "a 2", reason = 2 }', ": [a]: reason must be a string"),
        (f'"a" = {{ hwo = "x", {SAID} }}', ": [a]: unknown key 'hwo', the nearest known one is 'how'"),
        (
            f'"a" = {{ how = "does not load", {SAID}, formats = ["onnx"] }}',
            ": [a]: formats has 'onnx', known is",
        ),
        (
            f'"a" = {{ how = "does not load", {SAID}, modules = "A" }}',
            ": [a]: modules must be a list of strings",
        ),
        (
            f'"a" = [{{ how = "does not load", {SAID} }}, {{ how = "other results", {SAID} }}]',
            ": [a] 2: nothing comes to this table, for one before it is about all fixtures of the operator",
        ),
    ],
)
def test_one_that_cannot_be_used_is_refused(breaks: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(f"{TABLE}{breaks}\n")
    assert str(caught.value).startswith(f"{OWN}: [tool.opfixtures]: [accepted-breaks]{sentence}")
