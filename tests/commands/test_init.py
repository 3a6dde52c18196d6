"""`opfixtures init`: what it writes and says, short of a build, and what `--check` shows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from opfixtures.settings.presets import PYTORCH_MODULES
from tests.repositories import GitRepository, Ran

Opfixtures = Callable[..., Ran]
LIBRARY = {
    "pyproject.toml": '[build-system]\nrequires = ["flit_core"]\n\n[project]\nname = "mylib"\n',
    "mylib/__init__.py": "import torch\ntorch.library.define('mylib::scale', '(Tensor x) -> Tensor')\n",
}
CPP = {
    "setup.py": "CppExtension('a', ['csrc/a.cpp'])\n",
    "mylib/__init__.py": "",
    "csrc/a.cpp": 'TORCH_LIBRARY(mylib, m) { m.def("halve(Tensor x) -> Tensor"); register_more(m); }\n',
}
SETTINGS = """
[tool.opfixtures]
version-map = "mylib/operator_versions.py"
registry = "registry.py"
fixture-modules = ["modules.py"]
fixtures = "fixtures"
operators = ["mylib/*.py"]

[[tool.opfixtures.runtimes]]
kind = "release"
torch = "2.13.0"
operator-versions = "<=5"
operators = ["mylib::halve"]

[[tool.opfixtures.runtimes]]
kind = "interpreter"
python = "python3"
operator-versions = "<=4"

[[tool.opfixtures.runtimes]]
kind = "checkout"
torch = "2.13.0"
operator-versions = ">=5"
import = "mylib"
"""


def listed(repository: GitRepository) -> list[str]:
    return repository.git("ls-files", "--others", "--exclude-standard").splitlines()


def test_a_dry_run_shows_what_is_missing_and_writes_nothing(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    library = new_repository(LIBRARY)
    ran = opfixtures(library, "init", "--dry-run")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(
        "mylib in mylib: mylib::scale\n+ mylib/operator_versions.py: the version map, empty\n"
    )
    assert '+import = "mylib"\n' in ran.out
    assert '+__import__(f"{__name__}.upgraders")' in ran.out
    assert listed(library) == []
    assert library.git("status", "--short") == ""


def test_what_is_not_read_is_said_and_a_map_in_cpp_has_to_be_compiled_first(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    library = new_repository(CPP)
    half = library.root / "mylib/.opfixtures-0123456789abcdef"
    half.write_text("what a killed run left")
    ran = opfixtures(library, "init", "--map", "cpp")
    assert (ran.status, ran.err) == (1, "")
    assert "not read: csrc/a.cpp:1:77: what is declared where `m` is handed on to is not read" in ran.out
    assert "still to do: add csrc/version_map.cpp to what the extension is built from" in ran.out
    assert "built and imported" not in ran.out
    assert ran.out.endswith(
        "next: `git add --all` and commit; from then on, after you have changed an operator that old models call: "
        "`opfixtures new mylib::halve`\n"
    )
    assert set(listed(library)) == {
        ".github/workflows/opfixtures.yml",
        ".opfixtures.toml",
        ".pre-commit-config.yaml",
        "csrc/version_map.cpp",
        "mylib/upgraders.py",
        "tests/operator_fixtures/modules.py",
        "tests/operator_fixtures/registry.py",
    }


def test_an_entry_that_cannot_be_added_is_shown_whole(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    library = new_repository({**CPP, ".pre-commit-config.yaml": "repos: []\n"})
    ran = opfixtures(library, "init", "--map", "cpp")
    assert "still to do: add to `repos` in .pre-commit-config.yaml:\n- repo: local\n  hooks:\n" in ran.out


def test_links_and_ignored_files_are_none_of_the_library(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    library = new_repository({**LIBRARY, ".gitignore": "gen/\n", "elsewhere.py": "x = 1\n"})
    (library.root / "gen/other").mkdir(parents=True)
    (library.root / "gen/other/__init__.py").write_text(LIBRARY["mylib/__init__.py"])
    os.symlink("../elsewhere.py", library.root / "mylib/link.py")
    ran = opfixtures(library, "init", "--dry-run")
    assert (ran.status, ran.out.splitlines()[0]) == (0, "mylib in mylib: mylib::scale")


def test_a_link_is_not_written_through(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures, tmp_path: Path
) -> None:
    library = new_repository(LIBRARY)
    (tmp_path / "elsewhere").mkdir()
    os.symlink(tmp_path / "elsewhere", library.root / "tests")
    ran = opfixtures(library, "init")
    assert (ran.status, "tests is a symbolic link in the work tree" in ran.err) == (2, True)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (library.root / "mylib/upgraders.py").exists()


def test_settings_of_which_no_runtime_is_a_checkout_are_not_built(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    settings = SETTINGS[: SETTINGS.rindex("[[")]
    library = new_repository({**LIBRARY, ".opfixtures.toml": settings})
    ran = opfixtures(library, "init")
    assert (ran.status, "not built: no runtime of the settings is a checkout\n" in ran.out) == (0, True)
    assert opfixtures(library, "init", "--check").status == 1


@pytest.mark.parametrize(
    ("tree", "args", "message"),
    [
        ({"a.txt": ""}, (), "nothing in this repository declares an operator: declare one with"),
        (LIBRARY, ("--format", "json"), "--format json is for --check: give that too"),
        (LIBRARY, ("--package", "other"), "there is no package 'other' here: name one of these: mylib"),
        (
            LIBRARY,
            ("--map", "cpp"),
            "--map cpp is for a library that declares operators in C++: leave it out",
        ),
        (LIBRARY, ("--check",), "nothing to check: "),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    new_repository: Callable[..., GitRepository],
    opfixtures: Opfixtures,
    tree: dict[str, str],
    args: tuple[str, ...],
    message: str,
) -> None:
    repository = new_repository(tree)
    ran = opfixtures(repository, "init", *args)
    assert (ran.status, ran.err.startswith(f"opfixtures: error: {message}"), ran.err.count("\n")) == (
        2,
        True,
        1,
    ), ran.err
    assert listed(repository) == []


def test_a_tree_with_pytorchs_paths_needs_no_init_and_shows_all_its_runtimes(
    pytorch: GitRepository, opfixtures: Opfixtures
) -> None:
    ran = opfixtures(pytorch, "init")
    assert (ran.status, "a tree with PyTorch's paths needs no settings" in ran.err) == (2, True)
    pytorch.write("aten/src/ATen/native/native_functions.yaml", "- func: gelu(Tensor self) -> Tensor\n")
    ran = opfixtures(pytorch, "init", "--check")
    assert ran.status == 0
    assert ran.out.startswith("no settings, PyTorch has its paths: 1 operator declared\n")
    rows = ran.out.splitlines()[2:]
    assert [row.split()[:2] for row in rows if "for aten" not in row] == [
        *([str(version), "torch-1.5.1"] for version in range(1, 6)),
        *([str(version), "torch-1.9.1"] for version in range(6, 10)),
        ["10", "torch-1.11.0"],
        ["11", "torch-2.13.0"],
    ]
    assert sum("torch-1.9.1-stamped-3" in row and "aten::div.Tensor_mode" in row for row in rows) == 4


def test_the_header_says_how_far_the_versions_of_a_tree_go(
    pytorch: GitRepository, opfixtures: Opfixtures
) -> None:
    pytorch.write("caffe2/serialize/versions.h", "constexpr uint64_t kProducedFileFormatVersion = 0x3L;\n")
    ran = opfixtures(pytorch, "init", "--check", "--format", "json")
    (project,) = json.loads(ran.out)["projects"]
    assert {row["version"] for row in project["versions"]} == {1, 2, 3, 4}


@pytest.mark.parametrize(("key", "value"), [("python", "./evil"), ("torch", "newest")])
def test_a_release_of_no_version_is_to_be_mended(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures, key: str, value: str
) -> None:
    runtime = {"kind": "release", "torch": "2.13.0", "operator-versions": ">=0", "name": "old", key: value}
    table = "".join(f"{name} = {json.dumps(one)}\n" for name, one in runtime.items())
    settings = SETTINGS[: SETTINGS.index("[[")] + f"[[tool.opfixtures.runtimes]]\n{table}"
    library = new_repository({**LIBRARY, "pyproject.toml": LIBRARY["pyproject.toml"] + settings})
    ran = opfixtures(library, "init", "--check")
    assert ran.status == 1
    assert f"to be mended: runtime 'old': {key} must be a version, not '{value}'\n" in ran.out


def checked(ran: Ran) -> list[dict]:
    """The projects of a report, once it is valid."""
    data = json.loads(ran.out)
    schema = json.loads((files("opfixtures") / "report" / "schemas" / "settings.schema.json").read_text())
    jsonschema.validate(data, schema)
    projects: list[dict] = data["projects"]
    return projects


def test_a_check_says_what_is_to_be_mended(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    library = new_repository({**LIBRARY, "pyproject.toml": LIBRARY["pyproject.toml"] + SETTINGS})
    library.write("registry.py", "ALL_MODULES = {}\n")
    library.write(
        "mylib/__init__.py", LIBRARY["mylib/__init__.py"] + "torch.library.define(name, '() -> ()')\n"
    )
    ran = opfixtures(library, "init", "--check")
    assert ran.status == 1
    assert ran.out.splitlines() == [
        "pyproject.toml: 1 operator declared",
        "bumped at  runtime       is",
        "4          torch-2.13.0  torch 2.13.0, for mylib::halve",
        "4          interpreter   the torch of python3",
        "5          torch-2.13.0  torch 2.13.0, for mylib::halve",
        "5          interpreter   the torch of python3",
        "6          torch-2.13.0  torch 2.13.0, for mylib::halve",
        *(
            f"{version:<9}  checkout      mylib at the pre-change commit, built beside torch 2.13.0"
            for version in range(6, 11)
        ),
        "to be mended: version-map names mylib/operator_versions.py, which is not there: add it, or name another file",
        "to be mended: fixture-modules names modules.py, which is not there: add it, or name another file",
        "to be mended: mylib/__init__.py:3:22: only a run can tell the name of an operator here: write a string "
        "literal",
    ]
    (project,) = checked(opfixtures(library, "init", "--check", "--format", "json"))
    assert project["settings"] == "pyproject.toml"
    assert project["operators"] == ["mylib::scale"]
    assert len(project["problems"]) == 3


def test_a_version_without_a_runtime_and_a_glob_without_a_file_are_to_be_mended(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    settings = SETTINGS[: SETTINGS.rindex("[[")].replace("mylib/*.py", "none/*.py")
    rest = {
        "registry.py": "ALL_MODULES = {}\n",
        "modules.py": "",
        "mylib/operator_versions.py": "OPERATOR_VERSIONS = {}\n",
    }
    library = new_repository({**LIBRARY, **rest, "pyproject.toml": LIBRARY["pyproject.toml"] + settings})
    ran = opfixtures(library, "init", "--check")
    assert ran.status == 1
    assert "6          none\n" in ran.out
    assert ran.out.endswith(
        "to be mended: operators names no file that is there: name those that declare operators\n"
        "to be mended: no runtime has the operator before a bump at 6, 7, 8, 9, 10: add one to `runtimes`\n"
    )


def test_a_check_looks_at_every_project_and_at_one_that_is_not_staged(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    rest = {
        "registry.py": "ALL_MODULES = {}\n",
        "modules.py": "",
        "mylib/operator_versions.py": "OPERATOR_VERSIONS = {}\n",
    }
    tree = {**LIBRARY, **rest, ".opfixtures.toml": SETTINGS}
    repository = new_repository(
        {f"libs/one/{path}": text for path, text in tree.items()} | {"libs/two/a.txt": ""}
    )
    (repository.root / "libs/two/.opfixtures.toml").write_text(SETTINGS)
    there = [one["folder"] for one in checked(opfixtures(repository, "init", "--check", "--format", "json"))]
    assert there == ["libs/one"]
    ran = opfixtures(repository, "init", "--check", "--format", "json", folder="libs/two")
    assert [one["folder"] for one in checked(ran)] == ["libs/two", "libs/one"]
    repository.git("rm", "--quiet", "-r", "--cached", "libs/one")
    ran = opfixtures(repository, "init", "--check", "--format", "json", folder="libs/two")
    assert [one["folder"] for one in checked(ran)] == ["libs/two"]


def test_settings_that_cannot_be_used_end_a_check_with_2(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    library = new_repository({**LIBRARY, ".opfixtures.toml": SETTINGS + "nonsense = 1\n"})
    ran = opfixtures(library, "init", "--check")
    assert (ran.status, "unknown key 'nonsense'" in ran.err) == (2, True)


def test_a_preset_in_the_settings_is_that_of_pytorch(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    tree = {".opfixtures.toml": '[tool.opfixtures]\npreset = "pytorch"\n', PYTORCH_MODULES[0]: ""}
    ran = opfixtures(new_repository(tree), "init", "--check")
    assert ran.status == 1
    assert ".opfixtures.toml: 0 operators declared\n" in ran.out


PROGRAMS = {
    **LIBRARY,
    "mylib/__init__.py": "import torch\ntorch.library.define('mylib::turn', '(Tensor x, SymBool by) -> Tensor')\n",
}


def test_a_library_that_does_not_script_gets_settings_without_a_map(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    library = new_repository(PROGRAMS)
    ran = opfixtures(library, "init", "--dry-run")
    assert (ran.status, ran.err) == (0, "")
    assert '+fixture-format = ["pt2"]\n' in ran.out
    assert "version-map" not in ran.out
    assert "upgraders" not in ran.out
    # Somebody asks for what most libraries have.
    ran = opfixtures(library, "init", "--dry-run", "--fixture-format", "ptl")
    assert '+version-map = "mylib/operator_versions.py"\n' in ran.out
    assert "fixture-format" not in ran.out
    ran = opfixtures(library, "init", "--dry-run", "--fixture-format", "ptl", "--fixture-format", "pt2")
    assert '+fixture-format = ["ptl", "pt2"]\n' in ran.out


def test_operators_that_cannot_be_read_are_enough_for_exported_programs(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    ops = "import torch\ntorch.library.define(name, '() -> ()')\n"
    library = new_repository({**LIBRARY, "mylib/__init__.py": ops})
    assert ", or give --fixture-format pt2, whose fixtures need no schema" in opfixtures(library, "init").err
    ran = opfixtures(library, "init", "--fixture-format", "pt2", "--dry-run")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(
        "mylib in mylib: no operator that can be read\nnot read: mylib/__init__.py:2:22: only a run can tell "
    )


def test_a_check_without_a_map_shows_what_makes_guards(
    new_repository: Callable[..., GitRepository], opfixtures: Opfixtures
) -> None:
    settings = SETTINGS.replace('version-map = "mylib/operator_versions.py"', 'fixture-format = ["pt2"]')
    rest = {"registry.py": "ALL_MODULES = {}\n", "modules.py": ""}
    library = new_repository({**PROGRAMS, **rest, ".opfixtures.toml": settings})
    ran = opfixtures(library, "init", "--check")
    assert (ran.status, ran.out) == (
        0,
        ".opfixtures.toml: 1 operator declared\n"
        "guards are made by checkout: mylib at the pre-change commit, built beside torch 2.13.0\n",
    )
    (project,) = checked(opfixtures(library, "init", "--check", "--format", "json"))
    assert (project["guards"], project["versions"]) == ("checkout", [])
    library.write(
        ".opfixtures.toml", settings[: settings.index('[[tool.opfixtures.runtimes]]\nkind = "interp')]
    )
    ran = opfixtures(library, "init", "--check")
    assert (ran.status, ran.out) == (
        1,
        ".opfixtures.toml: 1 operator declared\n"
        "to be mended: no runtime makes guards: add one to `runtimes`\n",
    )
    (project,) = checked(opfixtures(library, "init", "--check", "--format", "json"))
    assert project["guards"] is None
