import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations import python_source
from opfixtures.declarations.place import Place, Problem
from opfixtures.declarations.python_source import (
    SourceLines,
    in_parts,
    parse,
    parse_in_parts,
    place,
    place_of_last_character,
)


@pytest.mark.parametrize(
    ("source", "line", "column", "reason"),
    [
        (b"x = 1\ny = (\n", 2, 5, "Python cannot parse this file ('(' was never closed): correct it"),
        ("é = 1\né )\n".encode(), 2, 3, "Python cannot parse this file (unmatched ')'): correct it"),
        (b"x = " + b"(" * 10_000, 1, 205, "too many nested parentheses"),
        (b"x = " + b"9" * 5000, 1, 1, "Exceeds the limit"),
        (b"x = '\0'", 1, 1, "null bytes"),
        (b"x = " + b"-" * 100_000 + b"1", 1, 1, "this file nests too deeply for Python to parse"),
        (b"x = a" + b".b" * 100_000, 1, 1, "this file nests too deeply for Python to parse"),
        (
            "x = 1\r\ny = 'é\xff'".encode("latin-1"),
            2,
            6,
            "this file is not utf-8: save it as utf-8, or declare",
        ),
        (b"# coding: ascii\nx = '\xc3\xa9'", 2, 6, "this file is not ascii"),
        (b"# coding: nonsense\n", 1, 1, "unknown encoding: nonsense"),
        (b"# coding: hex\n", 1, 1, "encoding hex is not read"),
        (b"# coding: punycode\na-a", 1, 1, "encoding punycode is not read"),
        (b"# coding: utf-7\n# +AAo-x = 1", 1, 1, "encoding utf-7 is not read"),
        # Its comment has a line break.
        (b"# coding: raw_unicode_escape\n# \\u000ax = 1", 1, 1, "encoding raw_unicode_escape is not read"),
        (b"# coding: unicode-escape\n# \\nx = 1", 1, 1, "encoding unicode-escape is not read"),
        (b"# coding: rot13\n", 1, 1, "encoding rot13 is not read"),
        (b"# coding: cp037\n", 1, 1, "encoding cp037 is not read"),
        # Python counts on from the line before.
        (b"x = 1234567890 + \\\ny\\z", 2, 4, "unexpected character after line continuation character"),
        (b"x = f'" + b"{a}" * 300_000 + b"'", 1, 1, "an f-string with too many fields"),
        (b"\n\nx = Rf'''\n\\'''" + b"{a}" * 300_000 + b"'''", 3, 1, "an f-string with too many fields"),
    ],
)
def test_what_python_cannot_parse_is_a_problem_at_its_place(
    source: bytes, line: int, column: int, reason: str
) -> None:
    problem = parse("some/registry.py", source)
    assert isinstance(problem, Problem)
    assert problem.place == Place("some/registry.py", line, column)
    assert reason in problem.message


@pytest.mark.parametrize("quote", ["'", '"', "'''", '"""'])
def test_an_f_string_of_some_size_is_read_and_what_follows_is_none_of_it(quote: str) -> None:
    source = f"x = f{quote}{'{a}' * 5_000}{quote}\ny = [{'{0: 1},' * 30_000}]\n"
    assert isinstance(parse("registry.py", source.encode()), ast.Module)


def test_half_an_f_string_in_a_comment_is_none() -> None:
    source = "# f'\n# f\"\ny = [" + "{0: 1},\n" * 30_000 + "]"
    assert isinstance(parse("registry.py", source.encode()), ast.Module)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_tree_or_a_problem(source: bytes) -> None:
    assert isinstance(parse("registry.py", source), (ast.Module, Problem))


def test_a_warning_of_python_about_the_source_is_not_shown() -> None:
    assert isinstance(parse("registry.py", rb"x = '\d'"), ast.Module)


@pytest.mark.parametrize(
    "source",
    [
        "x\né = 'ü𝔸'; wanted = 'é'".encode(),
        "\ufeffx\ré = 'ü𝔸'; wanted = 'é'\r\n".encode(),
        "# coding: utf-8\r\né = 'ü𝔸'; wanted = 'é'\n".encode(),
        "# coding: latin-1\né = 'üA'; wanted = 'é'".encode("latin-1"),
        "# coding: latin-1\rx = 'üA'; wanted = 'é'".encode("latin-1"),
        b"x\nx = '  '; wanted = 'e'\n",
    ],
)
def test_columns_are_characters_whatever_the_encoding_and_the_line_ends(source: bytes) -> None:
    tree = parse("registry.py", source)
    assert isinstance(tree, ast.Module)
    lines = SourceLines(source)
    assert place("registry.py", lines, tree.body[-1]) == Place("registry.py", 2, 11)
    assert place_of_last_character("registry.py", lines, tree.body[-1]) == Place("registry.py", 2, 22)


def places(parts):
    """Each statement of a file, and where it stands."""
    found = []
    for part in parts:
        lines = SourceLines(part.text, part.before)
        found += [(ast.dump(node), place("a.py", lines, node)) for node in part.tree.body]
    return found


def counted(parts):
    return len(list(parts))


CLASS = "class A:\n    é = 'ü'\n\n\n"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("", 1),
        (CLASS * 3, 3),
        (f"import torch\n\n\n{CLASS}@one\n@two\n{CLASS}async def f():\n    pass\n\n\n{CLASS}", 5),
        (f"{CLASS}x = [\n\n1]; y = 2\n\ndef f(): pass\n", 2),
    ],
)
def test_a_large_file_is_read_in_parts_that_make_up_the_whole(
    source: str, parts: int, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source.replace("\n", ending)
    whole = in_parts(source, places)
    assert (in_parts(source, counted), len(whole)) == (1, len(ast.parse(source).body))

    monkeypatch.setattr(python_source, "_PART", 1)

    assert in_parts(source, counted) == parts
    assert in_parts(source, places) == whole


@pytest.mark.parametrize(
    "source",
    [
        '"""\n\nclass A: pass\n"""\n',
        "x = (1\n\n@ 2)\n",
        "if x:\n    pass\ny = '''\n\nclass B:\n    pass'''\n",
        "@decorated\n\nclass A: pass\n",
        "x = 1 \\\n\nclass A: pass\ny = f'''\n\ndef f(): pass\n'''\n",
    ],
)
def test_what_would_be_cut_in_two_is_read_as_a_whole(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = in_parts(source, places)

    monkeypatch.setattr(python_source, "_PART", 1)

    assert in_parts(source, places) == whole
    assert in_parts(source, counted) == 1


def test_where_a_large_file_cannot_be_parsed_is_told_as_for_a_small_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = (CLASS * 3 + "class B:\n    é )\n\n\n" + CLASS).encode()
    problem = parse("a.py", source)
    assert isinstance(problem, Problem)
    assert problem.place.line == 14

    monkeypatch.setattr(python_source, "_PART", 1)

    assert parse_in_parts("a.py", source, places) == problem


PIECES = (
    "\n",
    "\n\n",
    "class A: pass\n",
    "@a\n",
    "def f():\n",
    "    x = 1\n",
    '"""',
    "(",
    ")",
    "\\\n",
    "#\n",
)


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_text_is_read_otherwise_in_parts(source: str) -> None:
    def read(most: int) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(python_source, "_PART", most)
            return parse_in_parts("a.py", source.encode(), places)

    assert read(1) == read(1 << 20)


@pytest.mark.parametrize(
    "source",
    [
        "x = [" + "1," * 50 + "]",
        "a=1;" * 30,
        'f"{[' + "1," * 50 + ']}"',
        'f"a"' + "+1" * 50,
        'f"a"" 1"' + "+1" * 50 + '+""',
        "#\r" + "a=1;" * 30,
        '"\\\r\n"' + "+1" * 50 + "+''",
        'r"\\""' + "+1" * 50 + '+""',
        "'''a'b'''" + "+1" * 50 + "+'''a'''",
    ],
)
def test_a_file_of_too_many_words_and_signs_is_a_problem_before_anybody_makes_a_tree(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ast.parse(source)
    monkeypatch.setattr(python_source, "_MOST_WORDS", 80)
    monkeypatch.setattr(ast, "parse", lambda _: pytest.fail("it was parsed"))
    message = "this file is too large: it has more than 80 words and signs in one piece: split it"
    assert parse("a.py", source.encode()) == Problem(Place("a.py", 1, 1), message)


@pytest.mark.parametrize(
    "source", ["x = '" + "a " * 100 + "'", "# " + "a " * 100, "'''" + "a\n" * 100 + "'''", "b'a b'\n" * 20]
)
def test_texts_and_comments_are_no_words(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_source, "_MOST_WORDS", 80)
    assert isinstance(parse("a.py", source.encode()), ast.Module)


def test_a_large_file_is_counted_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_source, "_MOST_WORDS", 80)
    monkeypatch.setattr(python_source, "_PART", 1)
    assert parse_in_parts("a.py", (CLASS * 50).encode(), counted) == 50
    assert isinstance(parse("a.py", (CLASS * 50).encode()), Problem)
