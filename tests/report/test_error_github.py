"""An error that ends a command, beside the line that it names."""

from __future__ import annotations

import pytest

from opfixtures.errors import ConfigurationError
from opfixtures.report.error_github import error_annotation, place_in
from opfixtures.settings.config_table import parse_toml


@pytest.mark.parametrize(
    ("sentence", "at"),
    [
        ("map.cpp:7:27: this is no entry (and 2 more that cannot be read)", "map.cpp:7:27"),
        (
            "lib/.opfixtures.toml:3: a merge conflict begins or ends here: resolve it",
            "lib/.opfixtures.toml:3:1",
        ),
        (".opfixtures.toml: tool.opfixtures.target is no text", ".opfixtures.toml:1:1"),
        ("a/pyproject.toml is UTF-16: save it as UTF-8", "a/pyproject.toml:1:1"),
        ("no registry at registry.py: add it, with `ALL_MODULES = {}` in it", "None"),
        ("GitHub refused to show pull request 7: 404: it is not there", "None"),
        ("input 'base' must be a branch: correct it in the workflow", "None"),
        ("pyproject.toml.orig: 1", "None"),
        ("https://example.org:443: no answer", "None"),
        ("a:0: no line", "None"),
        ("", "None"),
    ],
)
def test_a_file_that_it_begins_with_is_its_place(sentence: str, at: str) -> None:
    assert str(place_in(sentence)) == at


def test_a_line_that_pythons_reader_of_toml_names_is_its_place() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_toml("pyproject.toml", b"[tool.opfixtures]\ntarget = \n")
    place = place_in(str(caught.value))
    assert place is not None
    assert (place.path, place.line) == ("pyproject.toml", 2)


@pytest.mark.parametrize(
    "sentence", ["a\n::set-output name=a::b", "##[error]a", "x,y=1:2: \r\n::error::b", "%0A::error::c\x1b[2J"]
)
def test_a_sentence_ends_no_command_and_begins_none(sentence: str) -> None:
    line = error_annotation(sentence)
    assert line.startswith("::error ")
    assert line.isprintable()
    assert "##[" not in line
    _, properties, _ = line.split("::", 2)
    assert "::" not in properties
