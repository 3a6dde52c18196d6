import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.fixture_modules import read_fixture_modules
from opfixtures.declarations.model import FixtureModule
from opfixtures.declarations.place import Place

LIKE_PYTORCH = b"""\
import torch
from typing import Union

class TestVersionedDivTensorExampleV7(torch.nn.Module):
    def __init__(self):
        super(TestVersionedDivTensorExampleV7, self).__init__()

    def forward(self, a, b):
        return a / b, torch.div(a, b)

class TestVersionedLinspaceV7(torch.nn.Module):
    def forward(self, a: Union[int, float, complex], b: Union[int, float, complex]):
        class NotAtTheTopLevel:
            pass
        return torch.linspace(a, b)
"""


def verdicts(*sources: str, names: tuple[str, ...] = ("a.py", "b.py", "c.py")) -> dict[str, bool | None]:
    files = [(name, source.encode()) for name, source in zip(names, sources, strict=False)]
    read = read_fixture_modules(files)
    assert read.problems == ()
    return {module.name: module.is_module for module in read.modules}


def test_a_file_like_pytorchs_is_read_as_it_is() -> None:
    path = "test/jit/fixtures_srcs/fixtures_src.py"
    assert read_fixture_modules([(path, LIKE_PYTORCH)]).modules == (
        FixtureModule("TestVersionedDivTensorExampleV7", True, Place(path, 4, 1)),
        FixtureModule("TestVersionedLinspaceV7", True, Place(path, 11, 1)),
    )


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nclass A(torch.nn.Module): pass",
        "import torch.nn\nclass A(torch.nn.Module): pass",
        "import torch as t\nclass A(t.nn.Module): pass",
        "import torch.nn as n\nclass A(n.Module): pass",
        "from torch import nn\nclass A(nn.Module): pass",
        "from torch import nn as n\nclass A(n.Module): pass",
        "from torch.nn import Module\nclass A(Module): pass",
        "from torch.nn import Module as M\nclass A(M): pass",
        "from torch.nn.modules import Module\nclass A(Module): pass",
        "import torch\nclass A(torch.jit.ScriptModule): pass",
        "from torch import nn\nBase = nn.Module\nclass A(Base): pass",
        "from torch import nn\nclass A(unknown, nn.Module): pass",
        "from torch import nn\nclass B(nn.Module): pass\nclass C(B): pass\nclass A(object, C): pass",
        "from torch import nn\nclass A(nn.Module): pass\nclass A(A): pass",
        "from torch import nn\nclass A(nn.Module[int], metaclass=M): pass",
    ],
)
def test_a_class_with_torchs_module_among_its_bases_is_a_module(source: str) -> None:
    assert verdicts(source)["A"] is True


@pytest.mark.parametrize(
    "source",
    [
        "class A: pass",
        "class A(): pass",
        "class A(object): pass",
        "class A(dict, metaclass=M): pass",
        "class B: pass\nclass A(B): pass",
        "import torch\nclass B(torch.nn.Module): pass\nclass B: pass\nclass A(B): pass",
    ],
)
def test_a_class_whose_bases_are_all_known_not_to_be_is_no_module(source: str) -> None:
    assert verdicts(source)["A"] is False


@pytest.mark.parametrize(
    "source",
    [
        "class A(Unknown): pass",
        "from elsewhere import Base\nclass A(Base): pass",
        "from elsewhere import object\nclass A(object): pass",
        "import torch\nclass A(torch.nn.Sequential): pass",
        "import elsewhere\nclass A(elsewhere.torch.nn.Module): pass",
        "from .torch.nn import Module as M\nimport nn\nclass A(object, nn.Module): pass",
        "class A(make()): pass",
        "class A(*bases): pass",
        "Base = make()\nclass A(Base): pass",
        "class B: pass\nclass A(B.inner): pass",
        "class A(A): pass",
        "a = b\n" + "a = a.c\n" * 200 + "class A(a): pass",
        "try:\n    from torch.nn import Module as M\nexcept ImportError:\n    M = object\nclass A(M): pass",
    ],
)
def test_a_class_with_a_base_from_somewhere_unread_may_be_a_module_or_not(source: str) -> None:
    assert verdicts(source)["A"] is None


def test_bases_are_found_in_the_other_files() -> None:
    base = "import torch\nclass Base(torch.nn.Module): pass\nclass Plain: pass"
    users = """\
import fixtures_src
from fixtures_src import *
from .fixtures_src import Base as B, Plain as P
from elsewhere import Plain as E
class ByStar(Base): pass
class ByName(B): pass
class ByModule(fixtures_src.Base): pass
class OfPlain(P): pass
class OfElsewhere(E): pass
"""
    read = verdicts(users, base, names=("generate_models.py", "test/fixtures_src.py"))
    assert read == {
        "ByStar": True,
        "ByName": True,
        "ByModule": True,
        "OfPlain": False,
        "OfElsewhere": None,
        "Base": True,
        "Plain": False,
    }


def test_a_name_too_long_to_be_written_by_anybody_is_not_followed() -> None:
    user = f"import {'a.' * 100}fixtures_src as f\nclass A(f.Base): pass"
    assert verdicts("class Base: pass", user, names=("fixtures_src.py", "b.py"))["A"] is None


def test_bases_in_a_circle_end() -> None:
    assert verdicts("from b import *\nclass A(B): pass", "from a import *\nclass B(A): pass") == {
        "A": None,
        "B": None,
    }


def test_a_long_line_of_bases_through_two_files_is_followed_to_its_end() -> None:
    count = 3000
    odd = "".join(f"class A{number}(B{number}): pass\n" for number in range(count))
    even = "".join(f"class B{number}(A{number + 1}): pass\n" for number in range(count))
    assert set(verdicts(odd, f"{even}class A{count}: pass").values()) == {False}


def test_classes_under_if_and_try_at_the_top_level_count_and_others_do_not() -> None:
    source = """\
import torch
if torch.cuda.is_available():
    class UnderIf(torch.nn.Module): pass
elif True:
    class UnderElif: pass
try:
    class UnderTry(torch.nn.Module): pass
except Exception:
    with x:
        class UnderExcept(torch.nn.Module): pass
match x:
    case 1:
        class UnderCase(torch.nn.Module): pass
def f():
    class InFunction(torch.nn.Module): pass
class Outer:
    class InClass(torch.nn.Module): pass
"""
    assert verdicts(source) == {
        "UnderIf": True,
        "UnderElif": False,
        "UnderTry": True,
        "UnderExcept": True,
        "UnderCase": True,
        "Outer": False,
    }


def test_a_file_that_cannot_be_parsed_is_a_problem_and_hides_no_other_file() -> None:
    read = read_fixture_modules([("a.py", b"class A(:"), ("b.py", b"class B: pass")])
    assert [module.name for module in read.modules] == ["B"]
    assert [problem.place.path for problem in read.problems] == ["a.py"]


PIECES = [
    "class A",
    "class B",
    "(A)",
    "(B, nn.Module)",
    "(a.b().c)",
    ": pass\n",
    "import torch.nn as nn\n",
    "A = B\n",
]


@given(st.lists(st.sampled_from([*PIECES, "if x:\n ", "from a import A\n", "\0", "("])).map("".join))
def test_any_text_is_read_or_a_problem(source: str) -> None:
    read = read_fixture_modules([("a.py", source.encode()), ("b.py", b"class B(A): pass")])
    assert len(read.problems) == 1 or "B" in [module.name for module in read.modules]
