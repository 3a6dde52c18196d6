from __future__ import annotations

import ast
import itertools
import textwrap
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations import python_source
from opfixtures.declarations.module_source import excerpt, same_excerpt, source_sha256

GELU = """\
class TestVersionedGeluV9(torch.nn.Module):
    def forward(self, x):
        return torch.ops.aten.gelu(x)
"""
NEIGHBOUR = """\
class TestVersionedStftV10(torch.nn.Module):
    window = tomorrow.hann_window(8)
"""


def brought(source: str, class_name: str = "M") -> str:
    """The excerpt for a class of a source text that is indented for the reader."""
    return excerpt(textwrap.dedent(source), class_name)


def test_a_class_brings_the_import_it_mentions_and_no_neighbour() -> None:
    source = f"import torch\nimport tomorrow\n\n\n{NEIGHBOUR}\n\n{GELU}"

    assert excerpt(source, "TestVersionedGeluV9") == f"import torch\n{GELU}"


@pytest.mark.parametrize(
    "class_",
    [
        "class M:\n    size = SIZE\n",
        "class M(make_base(SIZE)):\n    pass\n",
        "@decorated(SIZE)\nclass M:\n    pass\n",
        "class M:\n    def forward(self, x=SIZE):\n        return x\n",
        "class M:\n    def forward(self, x):\n        return [SIZE for _ in x]\n",
        "class M:\n    def forward(self, x):\n        return f'{SIZE}'\n",
        "class M:\n    def __init__(self):\n        global SIZE\n        SIZE = 3\n",
        "class M:\n    SIZE = SIZE\n",
        "class M:\n    x: SIZE\n",
        "class M:\n    def forward(self, x: 'List[SIZE]') -> None:\n        pass\n",
        "class M:\n    def forward(self, x: 'List' '[SI' 'ZE]') -> None:\n        pass\n",
        "class M:\n    def forward(self, x: 'List[\\x53IZE]') -> None:\n        pass\n",
        "class M:\n    def forward(self, x) -> 'SIZE':\n        y: SIZE = x\n        return y\n",
        "class M:\n    def forward(self, x):\n        # type: (List[SIZE]) -> Tensor\n        return x\n",
        "class M:\n    def forward(self):\n        return []  # type: List[SIZE]\n",
    ],
)
def test_a_mention_brings_the_constant(class_: str) -> None:
    assert excerpt(f"SIZE = 2\n{class_}", "M") == f"SIZE = 2\n{class_}"


@pytest.mark.parametrize(
    "class_",
    [
        "class M:\n    # SIZE in a comment\n    pass\n",
        'class M:\n    """Of the SIZE of two."""\n',
        "class M:\n    def forward(self, SIZE):\n        return SIZE\n",
        "class M:\n    def forward(self):\n        SIZE = 3\n        return SIZE\n",
        "class M:\n    def forward(self, x):\n        return x.SIZE\n",
        "class M:\n    def forward(self, x):\n        return x(SIZE=3)\n",
        "class M:\n    def forward(self, x: 'torch.SIZE'):\n        return x\n",
    ],
)
def test_what_is_no_mention_brings_nothing(class_: str) -> None:
    assert excerpt(f"SIZE = 2\n{class_}", "M") == class_


def test_a_mention_brings_what_it_mentions_itself() -> None:
    source = """\
        import math
        import unused
        from typing import (
            List,
            Optional,
        )
        FACTOR: float = math.pi
        def helper(x: Optional[int]):
            return FACTOR * x
        def neighbour():
            return unused
        class Base:
            pass
        class Middle(Base):
            pass
        class M(Middle):
            def forward(self, x):
                return helper(x)
        """
    expected = source.replace("        import unused\n", "")
    expected = expected.replace("        def neighbour():\n            return unused\n", "")

    assert brought(source) == textwrap.dedent(expected)


def test_a_future_import_and_a_star_import_always_come_along() -> None:
    source = "from __future__ import annotations\nfrom elsewhere import *\nimport other\nclass M:\n    pass\n"

    assert excerpt(source, "M") == source.replace("import other\n", "")


@pytest.mark.parametrize(
    ("before", "needed"),
    [
        ("X = 1\nX = 2\n", "X = 2\n"),
        ("X = []\nX += [1]\n", "X = []\nX += [1]\n"),
        ("X = {}\nX['a'] = 1\nX['b'] = 2\n", "X = {}\nX['a'] = 1\nX['b'] = 2\n"),
        ("X = object()\nX.a.b, Y = 1, 2\n", "X = object()\nX.a.b, Y = 1, 2\n"),
        ("X = [1]\nX[0] += 1\ndel X[0]\n", "X = [1]\nX[0] += 1\ndel X[0]\n"),
        ("X = object()\nX.a: int = 1\n", "X = object()\nX.a: int = 1\n"),
        ("X = {}\nY = {}\nY[X.a] = 1\n", "X = {}\n"),
        ("X = 1\nY().a = X\n", "X = 1\n"),
        ("X = None\nif Y:\n    X = 1\n", "X = None\nif Y:\n    X = 1\n"),
        ("X = None\nX = 2\nif Y:\n    X = 1\n", "X = 2\nif Y:\n    X = 1\n"),
        (
            "try:\n    from typing import X\nexcept ImportError:\n    X = None\n",
            "try:\n    from typing import X\nexcept ImportError:\n    X = None\n",
        ),
        ("import X.a\nimport X.b\nimport X\n", "import X.a\nimport X.b\nimport X\n"),
        ("@overload\ndef X(): ...\ndef X(): pass\n", "@overload\ndef X(): ...\ndef X(): pass\n"),
        ("class X: pass\nX.size = 2\n", "class X: pass\nX.size = 2\n"),
    ],
)
def test_a_name_comes_with_every_statement_that_makes_it_what_it_is(before: str, needed: str) -> None:
    class_ = "class M:\n    def forward(self):\n        return X\n"

    assert excerpt(before + class_, "M") == needed + class_


def test_what_is_bound_again_later_is_there_for_the_class_statement_too() -> None:
    source = "X = 1\nclass M:\n    first = X\n    def forward(self):\n        return X\nX = 2\n"

    assert excerpt(source, "M") == source


def test_of_a_class_defined_twice_the_last_counts() -> None:
    last = "class M:\n    def forward(self) -> 'M':\n        return super(M, self)\n"

    assert excerpt(f"import old\nclass M(old.Module):\n    pass\n{last}", "M") == last


def test_a_class_that_builds_on_one_of_its_own_name_brings_it() -> None:
    source = "class M:\n    pass\nclass M(M):\n    pass\n"

    assert excerpt(source, "M") == source


@pytest.mark.parametrize("head", ["if torch.cuda:", "try:", "with torch.no_grad():", "for _ in range(2):"])
def test_a_class_in_a_block_brings_the_block(head: str) -> None:
    tail = "except Exception:\n    pass\n" if head == "try:" else ""
    block = f"{head}\n    class M(torch.nn.Module):\n        pass\n{tail}"

    assert excerpt(f"import torch\nimport other\n{block}", "M") == f"import torch\n{block}"


def test_statements_on_one_line_are_told_apart() -> None:
    source = "import torch; import other; SIZE = 'ü'; OTHER = 1; \\\n  LAST = 2;\n" + (
        "class M(torch.nn.Module):\n    size = SIZE, LAST\n"
    )

    assert excerpt(source, "M") == (
        "import torch\nSIZE = 'ü'\nLAST = 2\nclass M(torch.nn.Module):\n    size = SIZE, LAST\n"
    )


def test_a_class_on_one_line_keeps_its_comment() -> None:
    source = "import other; import torch\nclass M: x = []  # type: List[torch.Tensor]\n"

    assert excerpt(source, "M") == "import torch\nclass M: x = []  # type: List[torch.Tensor]\n"


PIECES = ("import torch\n", "SIZE = 'ü€𝄞'\n", "@torch.jit.ignore\ndef helper():\n    return SIZE\n")
CLASS = "@torch.jit.interface\n@keep\nclass M(torch.nn.Module):\n\n    x = helper()\n    # the end\n"


@given(st.data())
def test_the_excerpt_does_not_depend_on_what_stands_around_it(data: st.DataObject) -> None:
    around = st.lists(
        st.sampled_from(
            ["\n", "# comment\n", "\f\n", NEIGHBOUR, "X = 1; Y = 2\n", "print('hello')\n", "é = 'é'\n"]
        )
    ).map("".join)
    parts = [part for piece in (*PIECES, CLASS) for part in (data.draw(around), piece)]
    ending = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    source = "".join([*parts, data.draw(around)]).replace("\n", ending)

    assert excerpt(source, "M") == "".join([*PIECES, CLASS.replace("    # the end\n", "")])


def test_a_form_feed_before_a_statement_is_none_of_its_text() -> None:
    assert excerpt("\fimport torch\n\f\n\f@torch.jit.interface\nclass M: pass\n", "M") == (
        "import torch\n@torch.jit.interface\nclass M: pass\n"
    )


def test_a_file_without_the_class_is_a_key_error() -> None:
    for source in ("", "import torch\n", "def f():\n    class M: pass\n", "class N:\n    class M: pass\n"):
        with pytest.raises(KeyError, match="M"):
            excerpt(source, "M")


@pytest.mark.parametrize(
    "source",
    [
        "class M:\n  return\n tomorrow",
        "match x: case",
        "class M: pass\n\0",
        "class M: pass\nx = " + "(" * 300 + ")" * 300,
        "class M: pass\nx = " + "-" * 100_000 + "1",
        "class M: pass\nx = " + "1+" * 20_000 + "1",
        "class M: pass\ndef f():\n    x = 1\n    global x\n",
    ],
)
def test_a_file_that_python_cannot_read_is_a_syntax_error(source: str) -> None:
    with pytest.raises(SyntaxError):
        excerpt(source, "M")


def test_a_class_that_nests_too_deeply_for_what_is_left_is_a_syntax_error() -> None:
    source = f"class N: pass\nclass M:\n    x = {'-' * 2_400}1\n"
    assert excerpt(source, "N") == "class N: pass\n"

    def deeper(levels: int) -> str:
        return deeper(levels - 1) if levels else excerpt(source, "M")

    with pytest.raises(SyntaxError, match="Python cannot parse it"):
        deeper(400)
    assert excerpt(source, "M").startswith("class M")


def test_a_string_that_python_could_not_parse_is_a_string() -> None:
    for string in ("1+" * 20_000 + "1", "(" * 400, "x\\0", "\\ud800", "é = "):
        source = f"class M:\n    text = '{string}'\n"
        assert excerpt(source, "M") == source


def test_a_warning_about_the_source_is_not_ours_to_give() -> None:
    source = "class M:\n    pattern = '\\d'\n"

    assert excerpt(source, "M") == source


@pytest.mark.parametrize(
    "neighbours",
    [
        pytest.param(";".join(f"X{number} = {number}" for number in range(30_000)), id="on one line"),
        pytest.param("\n".join("X = 1" for _ in range(30_000)), id="of one name"),
        pytest.param("\n".join("if X: X = 1" for _ in range(10_000)), id="that each leave something"),
        pytest.param("\n".join(f"X{n} = X{n - 1}" for n in range(10_000)) + "\nX = X9999", id="in a chain"),
    ],
)
def test_many_statements_take_linear_time(neighbours: str) -> None:
    start = process_time()

    excerpt(f"{neighbours}\nclass M:\n    x = X\n", "M")

    assert process_time() - start < 10


@pytest.mark.parametrize(
    "definition",
    [
        "@(SIZE := decorated)\ndef helper():\n    pass\n",
        "class Base((SIZE := base)):\n    pass\n",
    ],
)
def test_a_definition_that_binds_another_name_comes_with_it(definition: str) -> None:
    class_ = "class M:\n    size = SIZE\n"

    assert excerpt(definition + class_, "M") == definition + class_


BEFORE = "import torch\nSIZE = 2\n\n\n@keep\nclass M:\n    size = SIZE\n\n\nclass N:\n    pass\n"


@pytest.mark.parametrize(
    "after",
    [
        BEFORE + "OTHER = 1\n",
        BEFORE.replace("class N", "class Other"),
        BEFORE.replace("import torch\n", "import tomorrow\n"),
        # A word of the class, and no name that it looks up.
        BEFORE + "size = 3\n",
        "size = 3\n" + BEFORE,
    ],
)
def test_the_excerpt_is_the_same_whatever_becomes_of_its_neighbours(after: str) -> None:
    assert same_excerpt(BEFORE, after, "M")
    assert excerpt(BEFORE, "M") == excerpt(after, "M")


@pytest.mark.parametrize(
    "after",
    [
        BEFORE.replace("size =", "other ="),
        BEFORE.replace("SIZE = 2", "SIZE = 3"),
        BEFORE.replace("import torch", "from torch import *"),
        BEFORE.replace("class M", "class L"),
        BEFORE + "SIZE = 3\n",
        BEFORE + "def keep(class_):\n    return class_\n",
    ],
)
def test_another_excerpt_is_told_from_it(after: str) -> None:
    assert not same_excerpt(BEFORE, after, "M")


@pytest.mark.parametrize(
    ("mention", "bound"),
    [
        ("x: 'SIZE' = 1", "SIZE"),
        ("x: 'SI' 'ZE' = 1", "SIZE"),
        ("x: 'SI\\x5aE' = 1", "SIZE"),
        ("def forward(self):\n        return ﬁx", "fix"),
        ("def forward(self):\n        return __x", "_M__x"),
    ],
)
def test_a_name_that_is_not_written_out_is_compared_too(mention: str, bound: str) -> None:
    class_ = f"class M:\n    {mention}\n"

    assert not same_excerpt(f"{bound} = 1\n{class_}", f"{bound} = 2\n{class_}", "M")
    assert same_excerpt(f"{bound} = 1\nother = 1\n{class_}", f"{bound} = 1\nother = 2\n{class_}", "M")


@given(st.data())
def test_excerpts_are_the_same_where_they_are_equal(data: st.DataObject) -> None:
    pieces = st.lists(
        st.sampled_from(
            ["A = 1\n", "A = B\n", "B = 2\n", "A[0] = 1\n", "def B(): return A\n", "if B: A = 2\n", "x = A\n"]
        )
    ).map("".join)
    class_ = data.draw(st.sampled_from(["class M:\n    x = A\n", "class M:\n    def A(self): return x\n"]))
    one, two = (data.draw(pieces) + class_ + data.draw(pieces) for _ in range(2))

    assert same_excerpt(one, two, "M") == (excerpt(one, "M") == excerpt(two, "M"))


def test_a_large_file_is_parsed_once_for_all_its_classes_also_where_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed = []

    def parse(source: str, mode: str = "exec") -> ast.AST:
        parsed.append(len(source))
        return compile(source, "<parsed>", mode, ast.PyCF_ONLY_AST)

    monkeypatch.setattr(ast, "parse", parse)
    monkeypatch.setattr(python_source, "_PART", 1_000)
    classes = [f"M{number}" for number in range(200)]
    source = "\n\n".join(f"class {name}:\n    x = 1\n" for name in classes)
    for text in (source, source + "x = [y := 1 for y in z]\n"):
        parsed.clear()
        for name in classes:
            try:
                assert excerpt(text, name) == f"class {name}:\n    x = 1\n"
            except SyntaxError:
                assert text != source
        # Twice: as a whole, where it fails in parts, and each class as an excerpt of its own.
        assert sum(parsed) < 2.5 * len(text)


def test_the_hash_is_that_of_the_text_in_utf_8() -> None:
    assert source_sha256("é\n") == "edd3a863872a04239eb29ad4bc12fc892b3d4ae57cc7e786a3697816f8e141c2"


def test_order_of_needed_statements_is_that_of_the_file() -> None:
    for order in itertools.permutations(["A = 1\n", "B = 2\n", "C = 3\n"]):
        source = "".join(order) + "class M:\n    x = A, B, C\n"
        assert excerpt(source, "M") == source
