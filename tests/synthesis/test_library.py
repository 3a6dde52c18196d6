"""What `init` finds out and writes, before it touches a file: layouts, builds, texts, additions."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.version_map import read_version_map
from opfixtures.errors import ConfigurationError, UserError
from opfixtures.settings.config import read_config
from opfixtures.synthesis.library import texts
from opfixtures.synthesis.library.action_source import action_of
from opfixtures.synthesis.library.found import Library, find_library
from opfixtures.synthesis.library.layout import (
    Package,
    declaring_globs,
    find_package,
    of_the_library,
    setup_commands,
)
from opfixtures.synthesis.library.plan import Plan, plan_library
from opfixtures.synthesis.library.scripting import formats_for, unscripted
from opfixtures.synthesis.library.trial import unlike_declared
from opfixtures.worker.observations import OperatorSeen, RuntimeSeen

OPS = "import torch\ntorch.library.define('mylib::scale', '(Tensor x) -> Tensor')\n"
CPP = 'TORCH_LIBRARY(mylib, m) { m.def("halve(Tensor x) -> Tensor"); }\n'
PYPROJECT = """\
[build-system]
requires = ["flit_core"]

[project]
name = "my.Lib"
dependencies = ["torch>=2", "numpy"]
"""
FLAT = {"pyproject.toml": PYPROJECT, "mylib/__init__.py": OPS}
PIP = ("pip", "install", "--quiet")


def reader(files: dict[str, str]) -> Callable[[str], bytes | None]:
    return lambda path: files[path].encode() if path in files else None


def found(files: dict[str, str], folder: str = "", wanted: str | None = None) -> Library:
    own = f"{folder}/" if folder else ""
    paths = [path.removeprefix(own) for path in files if path.startswith(own)]
    return find_library(folder, paths, reader(files), wanted)


def planned(
    files: dict[str, str], folder: str = "", *, cpp_map: bool = False, formats: tuple[str, ...] = ()
) -> Plan:
    class Tree:
        name = "a tree"
        read = staticmethod(reader(files))

        def has(self, path: str) -> bool:
            return path in files

    return plan_library(
        found(files, folder),
        read_config(Tree(), folder),
        reader(files),
        cpp_map,
        "<owner>/opfixtures@v9",
        formats,
    )


def written(
    files: dict[str, str], folder: str = "", *, cpp_map: bool = False, formats: tuple[str, ...] = ()
) -> dict[str, str]:
    plan = planned(files, folder, cpp_map=cpp_map, formats=formats)
    return files | {path: content.decode() for path, content in plan.files.items()}


@pytest.mark.parametrize(
    ("files", "package", "operators", "globs"),
    [
        (FLAT, Package("mylib", "mylib"), ["mylib::scale"], ["mylib/**/*.py"]),
        (
            {
                **FLAT,
                "mylib/__init__.py": "",
                "mylib/a/__init__.py": "",
                "mylib/a/ops.py": OPS,
                "other/__init__.py": "",
                "my-lib/__init__.py": "",
            },
            Package("mylib", "mylib"),
            ["mylib::scale"],
            ["mylib/**/*.py"],
        ),
        (
            {
                "setup.py": "setup(name='my-lib')",
                "src/x/__init__.py": "",
                "src/my_lib/__init__.py": "",
                "src/a.cpp": CPP,
            },
            Package("my_lib", "src/my_lib"),
            ["mylib::halve"],
            ["src/**/*.cpp"],
        ),
        (
            {
                "setup.py": "",
                "python/mylib/__init__.py": "",
                "csrc/a/b.cpp": CPP,
                "csrc/c.cu": CPP,
                "d.cpp": CPP,
            },
            Package("mylib", "python/mylib"),
            ["mylib::halve"] * 3,
            ["csrc/**/*.cpp", "csrc/**/*.cu", "d.cpp"],
        ),
        (
            {
                **FLAT,
                "tests/__init__.py": OPS,
                "tests/test_ops.py": OPS,
                "examples/a/__init__.py": OPS,
                "docs/a.cpp": CPP,
            },
            Package("mylib", "mylib"),
            ["mylib::scale"],
            ["mylib/**/*.py"],
        ),
        (
            {
                **FLAT,
                "mylib/__init__.py": OPS.replace("scale", "_own") + OPS,
                "mylib/versions.yaml": "- func: x() -> ()",
            },
            Package("mylib", "mylib"),
            ["mylib::scale"],
            ["mylib/**/*.py"],
        ),
    ],
)
def test_package_and_operators_are_found(
    files: dict[str, str], package: Package, operators: list[str], globs: list[str]
) -> None:
    library = found(files)
    assert library.package == package
    assert [one.operator for one in library.operators] == operators
    assert library.globs == globs
    assert library.problems == ()


def test_a_project_in_a_folder_has_its_paths_from_there() -> None:
    files = {f"libs/one/{path}": text for path, text in FLAT.items()} | {"libs/two/mylib/__init__.py": OPS}
    library = found(files, "libs/one")
    assert (library.package.folder, library.globs) == ("mylib", ["mylib/**/*.py"])
    assert library.operators[0].place.path == "libs/one/mylib/__init__.py"
    new = written(files, "libs/one")
    assert {path for path in new if path not in files} == {
        "libs/one/mylib/operator_versions.py",
        "libs/one/mylib/upgraders.py",
        "libs/one/tests/operator_fixtures/modules.py",
        "libs/one/tests/operator_fixtures/registry.py",
        ".github/workflows/opfixtures.yml",
        ".pre-commit-config.yaml",
    }


@pytest.mark.parametrize(
    ("files", "wanted", "message"),
    [
        ({}, None, "nothing in this repository declares an operator: declare one with"),
        (
            {"mylib/__init__.py": "import torch.library\ntorch.library.define("},
            None,
            r"declares an operator \(mylib/__init__.py:2:21: Python cannot",
        ),
        ({"mylib/__init__.py": OPS}, None, "nothing here says how the library is built"),
        ({"setup.py": "", "ops.py": OPS}, None, "there is no package here that could register upgraders"),
        (FLAT, "other", "there is no package 'other' here: name one of these: mylib"),
        ({"ops.py": OPS}, "other", "there is no package 'other' here: name one of these: none"),
        (
            {"setup.py": "", "ops.py": OPS, "a/__init__.py": "", "b/__init__.py": ""},
            None,
            "library, a, b: name one with",
        ),
        ({**FLAT, "pyproject.toml": "x"}, None, "pyproject.toml is not TOML"),
    ],
)
def test_what_cannot_be_found_out_is_said(files: dict[str, str], wanted: str | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        found(files, wanted=wanted)


def test_a_package_is_taken_by_its_name_where_several_could_be_it() -> None:
    files = {"setup.py": "", "a/__init__.py": OPS, "b/__init__.py": OPS}
    assert found(files, wanted="b").package == Package("b", "b")
    assert find_package(list(files), [], "b", None) == Package("b", "b")


PLAIN = (*PIP, "--no-deps", ".")
BESIDE = (*PIP, "--no-build-isolation", "--no-deps", ".")
SCIKIT = ["scikit-build-core", "torch-scatter"]


@pytest.mark.parametrize(
    ("pyproject", "setup", "has_cpp", "commands"),
    [
        ({"project": {}}, None, False, [PLAIN]),
        (
            {"project": {"dependencies": ["torch", "torchvision>=0.2", "numpy<3"]}},
            None,
            False,
            [(*PIP, "numpy<3"), PLAIN],
        ),
        ({}, "setup()", False, [PLAIN]),
        (
            {"build-system": {"requires": ["setuptools>=61", "Torch", 1, "--index-url=x"]}},
            None,
            False,
            [(*PIP, "setuptools>=61", "wheel", "ninja"), BESIDE],
        ),
        (
            {"build-system": {"requires": SCIKIT}, "project": {"dependencies": "x"}},
            None,
            True,
            [(*PIP, *SCIKIT, "wheel", "ninja"), BESIDE],
        ),
        (
            {},
            "from torch.utils.cpp_extension import CppExtension",
            False,
            [(*PIP, "setuptools", "wheel", "ninja"), BESIDE],
        ),
    ],
)
def test_how_a_library_is_built(
    pyproject: dict[str, object], setup: str | None, has_cpp: bool, commands: list[tuple[str, ...]]
) -> None:
    assert list(setup_commands(pyproject, setup, has_cpp)) == commands


def test_the_globs_of_declaring_files_match_them() -> None:
    assert declaring_globs(["src/a/b.py", "src/a/c/d.py", "src/e.py", "f.py"]) == [
        "src/a/**/*.py",
        "src/**/*.py",
        "f.py",
    ]
    assert of_the_library(
        ["setup.py", "a/conftest.py", "a/test_b.py", "a/b_test.cpp", ".x/a.py", "a/b.py"]
    ) == ["a/b.py"]


@pytest.mark.parametrize(
    "files", [FLAT, {**FLAT, "pyproject.toml": PYPROJECT.replace("\n", "\r\n").rstrip()}]
)
def test_what_is_written_is_read_back_and_a_second_run_writes_nothing(files: dict[str, str]) -> None:
    new = written(files)
    assert new["pyproject.toml"].startswith(files["pyproject.toml"])
    assert new["mylib/__init__.py"] == OPS + '\n__import__(f"{__name__}.upgraders")\n'
    assert read_version_map("m.py", new["mylib/operator_versions.py"].encode()).problems == ()
    assert planned(new).files == {}
    assert planned(new).left == []
    settings = tomllib.loads(new["pyproject.toml"])["tool"]["opfixtures"]
    assert settings["operators"] == ["mylib/**/*.py"]
    assert settings["runtimes"] == [
        {"kind": "checkout", "setup": [[*PIP, "numpy"], [*PIP, "--no-deps", "."]], "import": "mylib"}
    ]


def test_settings_that_cannot_stand_at_the_end_of_pyproject_get_a_file_of_their_own() -> None:
    inline = PYPROJECT.replace("[build", 'tool = { x = "y" }\n[build')
    new = written({**FLAT, "pyproject.toml": inline})
    assert new["pyproject.toml"] == inline
    assert "[tool.opfixtures]" in new[".opfixtures.toml"]
    assert planned(new).files == {}
    assert "[tool.opfixtures]" in written({"setup.py": "", "mylib/__init__.py": OPS})[".opfixtures.toml"]


def test_what_is_there_is_kept() -> None:
    own = {
        "mylib/upgraders.py": "MINE = 1\n",
        "mylib/operator_versions.py": "OPERATOR_VERSIONS = {}\n# mine\n",
        "tests/operator_fixtures/registry.py": "ALL_MODULES = {}\n# mine\n",
        ".github/workflows/opfixtures.yml": "# mine\n",
    }
    new = written({**FLAT, **own})
    assert {path: new[path] for path in own} == own


def test_settings_that_are_there_say_where_the_files_are() -> None:
    settings = (
        '[tool.opfixtures]\nversion-map = "mylib/operator_versions.py"\nregistry = "f/r.py"\n'
        'fixture-modules = ["f/a.py", "f/b.py"]\nfixtures = "f"\n'
    )
    files = {**FLAT, ".opfixtures.toml": settings}
    assert {path for path in written(files) if path not in files and "/" in path} == {
        *("mylib/operator_versions.py", "mylib/upgraders.py", "f/r.py", "f/a.py", "f/b.py"),
        ".github/workflows/opfixtures.yml",
    }
    elsewhere = {**files, ".opfixtures.toml": settings.replace("mylib/operator_versions", "versions")}
    plan = planned(elsewhere)
    assert "mylib/upgraders.py" not in plan.files
    assert plan.left[0].startswith("register the upgraders of versions.py when mylib is imported")


def test_a_map_in_cpp_is_read_and_gives_its_entries_to_the_upgraders() -> None:
    files = {"setup.py": "CppExtension('a', ['csrc/a.cpp'])", "mylib/__init__.py": "", "csrc/a.cpp": CPP}
    plan = planned(files, cpp_map=True)
    assert plan.unbuilt
    assert plan.left[0].startswith("add csrc/version_map.cpp to what the extension is built from")
    new = written(files, cpp_map=True)
    assert (
        planned({**files, "setup.py": "CppExtension('a', glob('csrc/*.cpp'))"}, cpp_map=True).unbuilt is False
    )
    source = new["csrc/version_map.cpp"].encode()
    version_map = read_version_map("version_map.cpp", source)
    assert (version_map.entries, version_map.problems) == ((), ())
    filled = source.replace(b"Map({\n", b'Map({\n    {"mylib::halve", {{4, "halve_0_3", "s"}}},\n')
    assert [entry.operator for entry in read_version_map("m.cpp", filled).entries] == ["mylib::halve"]
    (own,) = read_declared_operators("version_map.cpp", source).operators
    assert own.operator == "mylib::_operator_version_map"
    assert "torch.ops.mylib._operator_version_map()" in new["mylib/upgraders.py"]
    assert planned(new).files == {}
    with pytest.raises(UserError, match="--map cpp is for a library that declares operators in C"):
        planned(FLAT, cpp_map=True)


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("", '__import__(f"{__name__}.upgraders")\n'),
        ("a = 1", 'a = 1\n\n__import__(f"{__name__}.upgraders")\n'),
        (
            "if a:\r\n    b = 1\r\n\r\n",
            'if a:\r\n    b = 1\r\n\r\n__import__(f"{__name__}.upgraders")\r\n',
        ),
        ("from . import upgraders\n", "from . import upgraders\n"),
        ("from .upgraders import register\n", "from .upgraders import register\n"),
        ("import mylib.upgraders as u\n", "import mylib.upgraders as u\n"),
        ("def f(:\n", None),
        ("a = 1 + \\", None),
    ],
)
def test_the_import_of_the_upgraders_is_added_once_at_the_end(init: str, expected: str | None) -> None:
    assert texts.with_import(init) == expected
    # A mark of byte order stays where it is.
    assert texts.with_import(f"\ufeff{init}") == (None if expected is None else f"\ufeff{expected}")


def test_files_that_are_not_utf_8_are_left_to_their_author() -> None:
    files = {**FLAT, "mylib/__init__.py": OPS, "mylib/ops.py": OPS, ".pre-commit-config.yaml": ""}
    library = found(files)

    def read(path: str) -> bytes | None:
        is_other = path in ("mylib/__init__.py", ".pre-commit-config.yaml")
        return "# coding: latin-1\n# é".encode("latin-1") if is_other else reader(files)(path)

    plan = plan_library(library, None, read, False, "acme/opfixtures@v9")
    assert [one.partition(":")[0] for one in plan.left] == [
        "import the upgraders at the end of mylib/__init__.py",
        "add to `repos` in .pre-commit-config.yaml",
    ]


def test_an_init_that_cannot_be_changed_is_left_to_its_author() -> None:
    plan = planned({**FLAT, "mylib/__init__.py": "def f(:\n", "mylib/ops.py": OPS})
    assert plan.left[0] == "import the upgraders at the end of mylib/__init__.py: from . import upgraders"
    assert "mylib/__init__.py" not in plan.files


@pytest.mark.parametrize("cpp_map", [False, True])
@pytest.mark.parametrize("init", [OPS, "", "import torch\nfrom . import ops as ops\n", f'"""A."""\n{OPS}'])
def test_what_is_written_is_as_ruff_would_have_it(init: str, cpp_map: bool, tmp_path: Path) -> None:
    files = {**FLAT, "mylib/__init__.py": init, "mylib/ops.py": OPS, "setup.py": "glob('csrc/*.cpp')\n"}
    if cpp_map:
        files["csrc/a.cpp"] = 'TORCH_LIBRARY(mylib, m) { m.def("halve(Tensor x) -> Tensor"); }\n'
    new = {path: text.decode() for path, text in planned(files, cpp_map=cpp_map).files.items()}
    assert any(path.endswith("/upgraders.py") for path in new)
    for path, text in new.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    ours = [path for path in new if path.endswith(".py") and path != "mylib/__init__.py"]
    for line_length in (79, 88, 120):
        ruff = ["--isolated", "--no-cache", "--config", f"line-length={line_length}"]
        runs = [["format", "--diff", *ruff, *ours]]
        runs += [["check", *ruff, *selected, *ours] for selected in ([], ["--select", "E,W,F,I,B,C4,RUF,UP"])]
        for run in runs:
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *run], cwd=tmp_path, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout + done.stderr
    # The author's own file gets no finding more than it had.
    check = ["check", "--isolated", "--no-cache", "--output-format", "json", "--extend-select", "E,RUF"]
    before, after = (
        json.loads(
            subprocess.run(
                [sys.executable, "-m", "ruff", *check, "-"], input=text, capture_output=True, text=True
            ).stdout
        )
        for text in (init, new["mylib/__init__.py"])
    )
    assert len(after) == len(before), after


HOOKS = "repos:\n  - repo: https://example.org/a\n    rev: v1\n    hooks:\n      - id: a\n"


@pytest.mark.parametrize(
    "configuration",
    [
        None,
        HOOKS,
        "# a: b\ndefault_stages: [manual]\n" + HOOKS.replace("  - ", "- ").replace("    ", "  "),
        HOOKS.rstrip(),
    ],
)
def test_the_hook_is_added_behind_the_last_repository(configuration: str | None, tmp_path: Path) -> None:
    new = texts.with_hook(configuration)
    assert new is not None
    assert texts.with_hook(f"\ufeff{configuration}") == (f"\ufeff{new}" if configuration else None)
    # A word is no hook.
    about = f"{configuration or ''}# opfixtures is to come, its id: opfixtures-check\n"
    assert "entry: opfixtures check" in (texts.with_hook(about) or "") or configuration is None
    assert new.startswith(configuration or "repos:\n")
    assert texts.with_hook(new) == new
    (tmp_path / "config.yaml").write_text(new)
    run = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", "config.yaml"],
        cwd=tmp_path,
        capture_output=True,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    "configuration",
    [
        "repos: []\n",
        "repos:\n",
        HOOKS + "fail_fast: true\n",
        "---\n" + HOOKS + "...\n",
        "repos: [{repo: local, hooks: []}]\n",
        HOOKS.replace("rev:", "rev:\t"),
    ],
)
def test_a_configuration_that_cannot_be_added_to_is_left_with_the_entry(configuration: str) -> None:
    assert texts.with_hook(configuration) is None
    plan = planned({**FLAT, ".pre-commit-config.yaml": configuration})
    assert ".pre-commit-config.yaml" not in plan.files
    assert plan.left[-1].startswith("add to `repos` in .pre-commit-config.yaml:\n- repo: local\n")


@given(st.text(alphabet=st.sampled_from("ab=[]{}\"'#.\n \\1"), max_size=60))
def test_whatever_a_file_holds_it_stays_or_is_left_alone(text: str) -> None:
    try:
        settings = texts.with_settings(text, '[tool.opfixtures]\nversion-map = "m.py"\n')
    except tomllib.TOMLDecodeError:
        settings = None
    assert settings is None or settings.startswith(text)
    init = texts.with_import(text)
    assert init is None or init.startswith(text)
    hook = texts.with_hook(text)
    assert hook is None or hook.startswith(text)


COMMIT = "0123456789" * 4
UNKNOWN = "<owner>/opfixtures@v0.1.0"


def origin(url: str, commit: str = COMMIT) -> str:
    return json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}})


@pytest.mark.parametrize(
    ("told", "action"),
    [
        (None, UNKNOWN),
        ("no JSON", UNKNOWN),
        ("[]", UNKNOWN),
        ('{"url": "file:///a", "dir_info": {"editable": true}}', UNKNOWN),
        (origin("https://github.com/acme/opfixtures.git"), f"acme/opfixtures@{COMMIT}"),
        (origin("https://github.com/acme/opfixtures"), f"acme/opfixtures@{COMMIT}"),
        (origin("https://github.com/acme/x; rm"), UNKNOWN),
        (origin("https://example.org/acme/x"), UNKNOWN),
        (origin("https://github.com/acme/x", "main"), UNKNOWN),
    ],
)
def test_the_workflow_calls_the_repository_that_the_installation_came_from(
    told: str | None, action: str
) -> None:
    assert action_of(told, "0.1.0") == action
    assert f"      - uses: {action}\n" in texts.workflow_text(action)


def test_the_workflow_that_is_written_is_the_one_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "workflows.md").read_text(encoding="utf-8")
    assert f"```yaml\n{texts.template('workflow.yml')}```" in page


def test_an_operator_that_is_registered_in_a_way_that_cannot_be_read_is_not_as_declared() -> None:
    def seen(schema: str | None) -> RuntimeSeen:
        operators = {"mylib::scale": OperatorSeen(schema=schema, bumps=None, is_torchs=False)}
        return RuntimeSeen("2.13.0", "", "3.11", "linux", 10, None, operators)

    library = found(FLAT)
    assert list(unlike_declared(library, seen("mylib::scale(Tensor x) -> Tensor"))) == []
    (sentence,) = unlike_declared(library, seen("mylib::scale(a.b.C x) -> Tensor"))
    assert (
        sentence
        == "mylib::scale is registered as mylib::scale(a.b.C x) -> Tensor, and mylib/__init__.py:2:38 declares it as "
        "mylib::scale(Tensor x) -> Tensor: correct the one or the other"
    )
    (sentence,) = unlike_declared(library, seen(None))
    assert "is not there once mylib is imported" in sentence


def test_two_files_with_settings_are_refused() -> None:
    both = {**FLAT, ".opfixtures.toml": "[tool.opfixtures]\nfixtures = 'f'\n"}
    with pytest.raises(ConfigurationError, match="version-map is missing"):
        planned(both)


TURN = "torch.library.define('mylib::turn', '(Tensor x, SymBool[] by, Storage s) -> Tensor')\n"


def test_what_torchscript_cannot_call_is_told_by_what_it_takes() -> None:
    operators = found({**FLAT, "mylib/__init__.py": OPS + TURN + TURN}).operators
    assert unscripted(operators) == ["mylib::turn (List by)"]
    assert unscripted(operators[:1]) == []
    assert [formats_for(some) for some in (operators, operators[:1], operators[1:], ())] == [
        ("ptl",),
        ("ptl",),
        ("pt2",),
        ("ptl",),
    ]


@pytest.mark.parametrize(
    ("ops", "formats"),
    [(TURN, ()), (OPS, ("pt2",)), (OPS + TURN, ("pt2",))],
    ids=["none scripts", "asked", "both"],
)
def test_a_library_of_exported_programs_gets_no_version_map(ops: str, formats: tuple[str, ...]) -> None:
    files = {**FLAT, "mylib/__init__.py": f"import torch\n{ops}"}
    new = written(files, formats=formats)
    assert new["mylib/__init__.py"] == files["mylib/__init__.py"]
    assert {path for path in new if path not in files} == {
        "tests/operator_fixtures/modules.py",
        "tests/operator_fixtures/registry.py",
        ".github/workflows/opfixtures.yml",
        ".pre-commit-config.yaml",
    }
    settings = tomllib.loads(new["pyproject.toml"])["tool"]["opfixtures"]
    assert settings["fixture-format"] == ["pt2"]
    assert "version-map" not in settings
    again = planned(new, formats=formats)
    assert (again.files, again.left) == ({}, [])


def test_where_some_script_the_format_stays_and_the_others_are_named() -> None:
    files = {**FLAT, "mylib/__init__.py": OPS + TURN}
    plan = planned(files)
    assert "mylib/operator_versions.py" in plan.files
    assert plan.left[0] == (
        "TorchScript cannot call mylib::turn (List by), and no .ptl can be made: where models are exported with "
        "torch.export, take these files back and run `opfixtures init --fixture-format pt2`"
    )
    both = written(files, formats=("ptl", "pt2"))
    assert tomllib.loads(both["pyproject.toml"])["tool"]["opfixtures"]["fixture-format"] == ["ptl", "pt2"]
    assert "mylib/operator_versions.py" in both
    assert "TorchScript" not in planned(files, formats=("ptl", "pt2")).left[0]


def test_formats_that_do_not_go_together_with_what_is_there_are_refused() -> None:
    new = written(FLAT)
    with pytest.raises(UserError, match=r"pyproject\.toml is there: change fixture-format in it, and leave"):
        planned(new, formats=("pt2",))
    assert planned(new, formats=("ptl",)).files == {}
    with pytest.raises(
        UserError, match=r"--map cpp is for a version map, which fixtures of torch\.export have not"
    ):
        planned(FLAT, formats=("pt2",), cpp_map=True)


def test_what_cannot_be_read_is_enough_where_no_schema_is_needed() -> None:
    files = {**FLAT, "mylib/__init__.py": "import torch\ntorch.library.define(name, '() -> ()')\n"}
    with pytest.raises(
        UserError, match="or give --fixture-format pt2, whose fixtures need no schema that can be read"
    ):
        found(files)
    library = find_library("", list(files), reader(files), are_read=False)
    assert (library.operators, len(library.problems), library.globs) == ((), 1, ["mylib/**/*.py"])
    with pytest.raises(UserError, match="nothing in this repository declares an operator: declare one"):
        find_library("", ["a.py"], reader({"a.py": ""}), are_read=False)
