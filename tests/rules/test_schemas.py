"""An operator's schema changes where it is declared, and its version stays: the hook says what old models feel."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.renumber.conftest import tree
from tests.repositories import GitRepository, Ran

Check = Callable[..., Ran]
SETTINGS = """\
[tool.opfixtures]
version-map = "map.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
operators = ["mylib/**/*.py", "csrc/*.cpp"]
"""
EXPORTED = SETTINGS.replace('version-map = "map.py"\n', 'fixture-format = "pt2"\n')
OPERATORS = """\
import torch

library = torch.library.Library("mylib", "DEF")
library.define("scale(Tensor x, float f=2.0) -> Tensor")
library.define("halve(Tensor x) -> Tensor")


@torch.library.custom_op("mylib::shift", mutates_args=())
def shift(x: torch.Tensor, by: int = 1) -> torch.Tensor:
    return x + by
"""
CPP = """\
TORCH_LIBRARY_FRAGMENT(mylib, m) {
  m.def("turn(Tensor x, *, bool back=False) -> Tensor");
}
"""
ENTRY = """\
OPERATOR_VERSIONS = {
    "mylib::scale": [
        {
            "bumped_at_version": 4,
            "upgrader_name": "scale_0_3",
            "old_schema": "mylib::scale(Tensor x, float f=2.0) -> Tensor",
        },
    ],
}
"""
SCALE = '"scale(Tensor x, float f=2.0) -> Tensor"'


@pytest.fixture(params=["map", "pt2"])
def library(request: pytest.FixtureRequest, new_repository: Callable[..., GitRepository]) -> GitRepository:
    """A library that ships `.ptl` with a version map, or `.pt2` alone, which target holds."""
    files: dict[str, str | bytes] = {
        ".opfixtures.toml": SETTINGS if request.param == "map" else EXPORTED,
        "modules.py": "import torch\n",
        "registry.py": "ALL_MODULES = {}\n",
        "mylib/ops/core.py": OPERATORS,
        "csrc/turn.cpp": CPP,
    }
    repository = new_repository(
        files | ({"map.py": "OPERATOR_VERSIONS = {}\n"} if request.param == "map" else {})
    )
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    return repository


def found(repository: GitRepository, opfixtures: Check, *arguments: str) -> list[dict[str, Any]]:
    repository.git("add", "--all")
    ran = opfixtures(repository, "check", *arguments, "--format", "json")
    findings: list[dict[str, Any]] = json.loads(ran.out)["findings"]
    return [one for one in findings if one["code"].startswith("OPF5")]


def edit(repository: GitRepository, before: str, after: str) -> None:
    path = "csrc/turn.cpp" if before in CPP else "mylib/ops/core.py"
    repository.replace(path, before, after)


FELT = {
    "a default changed": (
        "float f=2.0",
        "float f=3.0",
        "mylib::scale",
        "f was 2.0 by default and is 3.0 now",
    ),
    "a default removed": (
        "float f=2.0",
        "float f",
        "mylib::scale",
        "f was 2.0 by default and has no default now",
    ),
    "reordered": (
        SCALE,
        '"scale(float f, Tensor x) -> Tensor"',
        "mylib::scale",
        "x stands in another place now",
    ),
    "keyword-only": ("x, float f", "x, *, float f", "mylib::scale", "f has to be named now"),
    "a type narrowed": ("float f=2.0", "int f=2", "mylib::scale", "f was float and is int now"),
    "the return changed": (
        SCALE,
        SCALE.replace("-> Tensor", "-> Tensor[]"),
        "mylib::scale",
        "it gave Tensor and",
    ),
    "of a custom_op": ("by: int = 1", "by: int = 2", "mylib::shift", "by was 1 by default and is 2 now"),
    "in C++": ("back=False", "back=True", "mylib::turn", "back was False by default and is True now"),
    "removed": ('library.define("halve(Tensor x) -> Tensor")\n', "", "mylib::halve", "mylib::halve is gone"),
    "another name": ('"halve(', '"half(', "mylib::halve", "mylib::halve is gone"),
}


@pytest.mark.parametrize("what", FELT)
def test_a_change_that_nobody_declared_is_an_error(
    library: GitRepository, opfixtures: Check, what: str
) -> None:
    before, after, operator, said = FELT[what]
    edit(library, before, after)
    (one,) = found(library, opfixtures)
    assert (one["severity"], one["operator"]) == ("error", operator)
    assert one["code"] == ("OPF502" if said.endswith("is gone") else "OPF501")
    assert said in one["message"]
    assert one["path"] in ("mylib/ops/core.py", "csrc/turn.cpp")
    is_exported = "pt2" in library.read(".opfixtures.toml")
    assert ("name the break in accepted-breaks" in one["hint"]) is is_exported
    assert (f"opfixtures new {operator}" in one["hint"]) is not is_exported


TURN = CPP.splitlines()[1]


@pytest.mark.parametrize("before", [TURN, f"#ifdef GPU\n{TURN}\n#else\n{TURN}\n#endif"])
@pytest.mark.parametrize(
    ("other", "codes"), [("bool back=True", ["OPF501"]), ("bool back=False, bool far=True", [])]
)
def test_an_arm_of_an_if_that_says_something_else_than_before_is_judged(
    library: GitRepository, opfixtures: Check, before: str, other: str, codes: list[str]
) -> None:
    library.replace("csrc/turn.cpp", TURN, before)
    library.git("add", "--all")
    library.commit("arms")
    library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    arm = TURN.replace("bool back=False", other)
    library.replace("csrc/turn.cpp", before, f"#ifdef GPU\n{TURN}\n#else\n{arm}\n#endif")
    said = found(library, opfixtures)
    assert [one["code"] for one in said] == codes
    assert [one["line"] for one in said] == [5] * len(codes)


def test_another_name_of_an_argument_is_felt_by_exported_programs_alone(
    library: GitRepository, opfixtures: Check
) -> None:
    edit(library, "float f=2.0", "float factor=2.0")
    said = [one["message"] for one in found(library, opfixtures)]
    if "pt2" in library.read(".opfixtures.toml"):
        what = "f is called factor now: torch.export.load drops f without a word"
        assert said == [f"the schema of mylib::scale changed, and old models feel it: {what}"]
    else:
        assert said == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("float f=2.0)", "float f=2.0, float offset=0.0)"),
        ("float f=2.0)", "float f=2.0, *, bool fast=False)"),
        ("Tensor x, float f", "Tensor? x, Scalar f"),
        (
            'library.define("halve',
            'library.define("scale.by(Tensor x, *, float by) -> Tensor")\nlibrary.define("halve',
        ),
        ("return x + by", "return torch.add(x, by)"),
        (
            'library = torch.library.Library("mylib", "DEF")',
            'NAME = 1\nlibrary = torch.library.Library("mylib", "DEF")',
        ),
    ],
)
def test_what_no_old_model_feels_is_none(
    library: GitRepository, opfixtures: Check, before: str, after: str
) -> None:
    edit(library, before, after)
    assert found(library, opfixtures) == []


def test_the_lines_that_accept_what_is_gone_are_pasted_as_they_are_shown(
    library: GitRepository, opfixtures: Check
) -> None:
    edit(library, 'library.define("halve(Tensor x) -> Tensor")\n', "")
    (one,) = found(library, opfixtures)
    _, lines = one["hint"].split("add to .opfixtures.toml:\n\n")
    assert '[tool.opfixtures.accepted-breaks."mylib::halve"]\nhow = "does not load"\n' in lines
    library.write(".opfixtures.toml", f"{library.read('.opfixtures.toml')}\n{lines}\n")
    assert found(library, opfixtures) == []


def test_an_operator_that_moves_to_another_file_is_not_gone(
    library: GitRepository, opfixtures: Check
) -> None:
    line = 'library.define("halve(Tensor x) -> Tensor")\n'
    edit(library, line, "")
    head = 'import torch\n\nlibrary = torch.library.Library("mylib", "FRAGMENT")\n'
    library.write("mylib/other.py", head + line)
    assert found(library, opfixtures) == []


def test_what_only_the_branch_has_may_change(library: GitRepository, opfixtures: Check) -> None:
    edit(library, '"halve(Tensor x)', '"third(Tensor x) -> Tensor")\nlibrary.define("halve(Tensor x)')
    library.commit()
    edit(library, '"third(Tensor x)', '"third(Tensor x, int n)')
    assert found(library, opfixtures) == []
    edit(library, 'library.define("third(Tensor x, int n) -> Tensor")\n', "")
    assert found(library, opfixtures) == []


def test_what_is_changed_back_is_none(library: GitRepository, opfixtures: Check) -> None:
    edit(library, "float f=2.0", "float f=3.0")
    library.commit()
    edit(library, "float f=3.0", "float f=2.0")
    assert found(library, opfixtures) == []


def test_the_change_is_seen_between_two_commits_too(library: GitRepository, opfixtures: Check) -> None:
    edit(library, "float f=2.0", "float f=3.0")
    library.commit()
    (one,) = found(library, opfixtures, "--from-ref", "HEAD~1", "--to-ref", "HEAD")
    assert one["message"].startswith("the schema of mylib::scale changed")


def test_an_entry_says_so_for_torchscript(library: GitRepository, opfixtures: Check) -> None:
    edit(library, "float f=2.0", "float f=3.0")
    library.write("map.py", ENTRY)
    assert len(found(library, opfixtures)) == ("pt2" in library.read(".opfixtures.toml"))
    both = SETTINGS.replace("operators =", 'fixture-format = ["ptl", "pt2"]\noperators =')
    library.write(".opfixtures.toml", both)
    (one,) = found(library, opfixtures)
    assert "name the break in accepted-breaks in .opfixtures.toml" in one["hint"]


NEW_DEFAULT = ("float f=2.0", "float f=3.0")
OF_TODAY = ENTRY.replace(*NEW_DEFAULT)


def old_schemas(library: GitRepository, opfixtures: Check, *arguments: str) -> list[dict[str, Any]]:
    if "pt2" in library.read(".opfixtures.toml"):
        pytest.skip("it has no version map")
    return [one for one in found(library, opfixtures, *arguments) if one["code"] == "OPF504"]


@pytest.mark.parametrize(
    "written", ["mylib::scale(Tensor x, float f=3.0)", "mylib::scale(Tensor x, float f=3)"]
)
def test_an_entry_with_the_schema_of_today_is_told_that_of_before(
    library: GitRepository, opfixtures: Check, written: str
) -> None:
    edit(library, *NEW_DEFAULT)
    library.write("map.py", OF_TODAY.replace("mylib::scale(Tensor x, float f=3.0)", written))
    (one,) = old_schemas(library, opfixtures)
    assert (one["severity"], one["operator"], one["path"], one["line"]) == (
        "error",
        "mylib::scale",
        "map.py",
        3,
    )
    assert "is the schema after the change" in one["message"]
    right = "mylib::scale(Tensor x, float f=2.0) -> Tensor"
    assert one["hint"] == f"write the schema that it had before: {right}"
    library.write("map.py", ENTRY)
    assert old_schemas(library, opfixtures) == []


def test_it_is_told_too_where_the_operator_changed_in_a_commit_before(
    library: GitRepository, opfixtures: Check
) -> None:
    edit(library, *NEW_DEFAULT)
    library.commit()
    library.write("map.py", OF_TODAY)
    assert len(old_schemas(library, opfixtures)) == 1
    assert len(old_schemas(library, opfixtures, "--all")) == 1


@pytest.mark.parametrize("schema", ["float f=2.0", "float f=1.0", "float{} f"])
def test_an_entry_whose_schema_is_not_the_new_one_is_none_of_it(
    library: GitRepository, opfixtures: Check, schema: str
) -> None:
    """It computes something else and keeps its schema; an entry of long ago; what does not parse has its own."""
    if schema != "float f=2.0":
        edit(library, *NEW_DEFAULT)
    library.write("map.py", ENTRY.replace("float f=2.0", schema))
    assert old_schemas(library, opfixtures) == []


def test_a_published_entry_and_one_before_the_last_are_none_of_it(
    library: GitRepository, opfixtures: Check
) -> None:
    """The operator gets back what it had before the change before."""
    entries = OF_TODAY.replace(
        "    ],", ENTRY.split("[", 1)[1].rpartition("    ],")[0].lstrip("\n") + "    ],"
    )
    library.write(
        "map.py", entries.replace("4,", "5,").replace("5,", "4,", 1).replace("scale_0_3", "scale_4_4")
    )
    edit(library, *NEW_DEFAULT)
    assert old_schemas(library, opfixtures) == []
    edit(library, *reversed(NEW_DEFAULT))
    library.write("map.py", OF_TODAY)
    library.commit()
    library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    edit(library, *NEW_DEFAULT)
    assert old_schemas(library, opfixtures, "--all") == []


def test_what_is_accepted_in_writing_or_internal_is_none(library: GitRepository, opfixtures: Check) -> None:
    settings = library.read(".opfixtures.toml")
    edit(library, "float f=2.0", "float f=3.0")
    accepted = '"mylib::scale" = { how = "other results", release = "mylib 2.0", reason = "f is another" }'
    library.write(".opfixtures.toml", f"{settings}\n[tool.opfixtures.accepted-breaks]\n{accepted}\n")
    assert found(library, opfixtures) == []
    library.write(".opfixtures.toml", f'{settings}unversioned-operators = ["mylib::sc*"]\n')
    assert found(library, opfixtures) == []


@pytest.mark.parametrize("returns", ["(Tensor, Tensor)", "Tensor[]", "()"])
def test_an_entry_is_proposed_of_no_operator_that_torch_cannot_upgrade(
    library: GitRepository, opfixtures: Check, returns: str
) -> None:
    edit(library, SCALE, f'"scale(Tensor x, float f=2.0) -> {returns}"')
    library.commit()
    library.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    edit(library, "float f=2.0", "float f")
    (one,) = found(library, opfixtures)
    assert "opfixtures new" not in one["hint"]
    assert one["hint"].startswith("keep it as it was, and add an overload or another name beside it")
    scripted = "pt2" not in library.read(".opfixtures.toml")
    assert ("torch cannot upgrade what returns " in one["hint"]) == scripted


def test_what_cannot_be_read_is_told_where_it_comes_with_the_change(
    library: GitRepository, opfixtures: Check
) -> None:
    edit(library, SCALE, 'SCHEMA + " -> Tensor"')
    (one,) = found(library, opfixtures)
    assert (one["code"], one["severity"]) == ("OPF503", "error")
    library.commit()
    edit(library, "return x + by", "return by + x")
    assert found(library, opfixtures) == []
    assert [one["code"] for one in found(library, opfixtures, "--all")] == ["OPF503"]


FUNCTIONS = "aten/src/ATen/native/native_functions.yaml"
YAML = """\
- func: sum(Tensor self) -> Tensor
- func: copy(Tensor self) -> Tensor
- func: copy.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)
- func: all.dimname(Tensor self, Dimname dim) -> Tensor
- func: full.names(int[] size, *, Dimname[]? names) -> Tensor
- func: sum_backward(Tensor grad) -> Tensor
- func: _internal(Tensor self) -> Tensor
- func: __and__.Tensor(Tensor self, Tensor other) -> Tensor
"""


def test_of_pytorchs_own_only_those_that_old_models_can_have_called_are_found(
    new_repository: Callable[..., GitRepository], opfixtures: Check
) -> None:
    """One is generated now where it was written by hand, one was never run by any model, one is of autograd."""
    files: dict[str, str | bytes] = {**tree(produced=10), FUNCTIONS: YAML}
    repository = new_repository(files)
    repository.git("update-ref", "refs/remotes/origin/HEAD", "HEAD")
    generated = "- func: copy(Tensor self) -> Tensor\n  autogen: copy.out\n"
    both = "- func: __and__.Tensor(Tensor self, Tensor other) -> Tensor\n"
    repository.write(FUNCTIONS, f"- func: sum(Tensor self) -> Tensor\n{both}{generated}")
    assert [one["operator"] for one in found(repository, opfixtures)] == ["aten::full.names"]
    repository.write(FUNCTIONS, "- func: sum(Tensor self) -> Tensor\n- func: copy(Tensor self) -> Tensor\n")
    gone = [one["operator"] for one in found(repository, opfixtures)]
    assert gone == ["aten::__and__.Tensor", "aten::copy.out", "aten::full.names"]
