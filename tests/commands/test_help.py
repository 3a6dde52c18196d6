"""A command's help has a sentence and an example that runs; what is mistyped is guessed; shells complete."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from opfixtures import cli, report
from opfixtures.commands import parsers
from opfixtures.commands.examples import EXAMPLES
from opfixtures.commands.nearest import did_you_mean
from opfixtures.rules import RULES

SCHEMA = json.loads((Path(report.__file__).parent / "schemas/config.schema.json").read_text())
MAP = """OPERATOR_VERSIONS = {"mylib::scale": [{"bumped_at_version": 4, "upgrader_name": "scale_0_3",
    "old_schema": "mylib::scale(Tensor x) -> Tensor"}]}
"""
BUILD = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "mylib"
version = "1.0"
"""
# They need an event of GitHub's, install two releases of torch, or are no command by themselves.
NOT_RUN_HERE = {"publish", "action", "sweep", "completion"}


@pytest.fixture
def mylib(library):
    """A library with an operator that is bumped, committed, and changed since."""
    library.write("my lib/registry.py", 'ALL_MODULES = {\n    ScaleV3(): "mylib::scale",\n}\n')
    library.write("my lib/modules.py", "import torch\n\n\nclass ScaleV3(torch.nn.Module):\n    pass\n")
    library.write(
        "mylib/__init__.py", 'import torch\n\ntorch.library.define("mylib::scale", "(Tensor x) -> Tensor")\n'
    )
    library.write("pyproject.toml", BUILD)
    library.git("update-ref", "refs/remotes/origin/main", "HEAD")
    library.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    library.write("my lib/versiöns.py", MAP)
    library.commit()
    return library


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_help_of_a_command_has_a_sentence_and_an_example(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as end:
        cli.main([name, "--help"])
    shown = capsys.readouterr().out
    usage, sentence, *_ = shown.split("\n\n")
    assert (end.value.code, usage.startswith(f"usage: opfixtures {name} ")) == (0, True)
    assert sentence.endswith((".", "--apply"))
    assert shown.rstrip().endswith(f"example: {EXAMPLES[name]}")
    assert max(map(len, shown.splitlines())) <= 80


def test_an_error_is_one_line_where_there_is_no_terminal(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    with pytest.raises(SystemExit):
        cli.main(["verify", "--" + "a" * 30, "--" + "b" * 90])
    assert capsys.readouterr().err.splitlines()[-1].startswith("opfixtures: error: there is no option")
    assert cli.main(["explain", "OPF9" + "9" * 90]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("(`opfixtures explain` lists all)")
    with pytest.raises(SystemExit):
        cli.main(["check" + "k" * 90])
    assert capsys.readouterr().err.splitlines()[-1].endswith("(`opfixtures --help` lists all)")


def test_every_example_is_run(mylib, opfixtures):
    for name, example in EXAMPLES.items():
        words = shlex.split(example)
        if name in NOT_RUN_HERE:
            continue
        ran = opfixtures(mylib, *words[1:], OPFIXTURES_CACHE=str(mylib.root / "cache"))
        assert words[:2] == ["opfixtures", name]
        assert ran.status in (0, 1), (example, ran.err)
        assert "Traceback" not in ran.err
    for name in ("publish", "action", "sweep"):
        assert parsers.parser_of([name]).parse_args(shlex.split(EXAMPLES[name])[1:])


def test_nothing_is_wider_than_80_columns(mylib, opfixtures):
    shown = [
        ("status",),
        ("status", "-v"),
        ("check", "--all"),
        ("explain",),
        ("config",),
        ("generate", "--dry-run"),
    ]
    for words in [
        *shown,
        *(("explain", code) for code in RULES),
        ("verify",),
        ("new", "--all", "--no-samples"),
    ]:
        ran = opfixtures(mylib, *words, COLUMNS="")
        # What is copied stays in one line.
        lines = [line for line in (ran.out + ran.err).splitlines() if not line.startswith(("    ", "+", "-"))]
        assert [line for line in lines if len(line) > 80] == [], words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("chek",),
            "there is no command 'chek': did you mean check or cache? (`opfixtures --help` lists all)",
        ),
        (("zzzz",), "there is no command 'zzzz' (`opfixtures --help` lists all)"),
        (("check", "--al", "--requir-fixtures"), "'--requir-fixtures': did you mean --require-fixtures?"),
        (("verify", "--runtme=x"), "there is no option or argument '--runtme=x': did you mean --runtime?"),
        (("explain", "OPF201", "x"), "there is no option or argument 'x'\n"),
    ],
)
def test_a_mistyped_command_or_option_is_guessed(words, said, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "999")
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    shown = capsys.readouterr().err
    assert (end.value.code, shown.startswith("usage: opfixtures "), said in shown) == (2, True, True), shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "opf21"), "there is no finding 'opf21': did you mean OPF201"),
        (("generate", "--operator", "mylib::scal"), "did you mean mylib::scale?"),
        (("generate", "--operator", "scale"), "did you mean mylib::scale?"),
        (("generate", "--operator", "aten::x"), "registry.py: give a full name from there"),
        (("renumber", "--operator", "mylib::skale"), "did you mean mylib::scale?"),
        (("verify", "my lib/fixtures/scale_v2.ptl"), "did you mean my lib/fixtures/scale_v3.ptl?"),
        (
            ("verify", "--changed", "x"),
            "--changed finds out which fixtures it is about: leave their paths away",
        ),
    ],
)
def test_a_mistyped_code_operator_or_path_is_guessed(words, said, mylib, opfixtures):
    mylib.write("my lib/fixtures/scale_v3.ptl", "no archive")
    ran = opfixtures(mylib, *words)
    assert (ran.status, said in ran.err) == (2, True), ran.err


def test_what_is_like_nothing_is_no_guess():
    assert did_you_mean("zzz", ["check"]) == did_you_mean("", ["check"]) == ""
    assert did_you_mean("aten::div", ["aten::div.Tensor", "aten::gelu"]) == ": did you mean aten::div.Tensor?"


@pytest.fixture
def complete(capsys):
    """What a real bash completes at the end of some words."""
    assert cli.main(["completion", "bash"]) == 0
    script = capsys.readouterr().out

    def at_the_end(*words):
        typed = " ".join(map(shlex.quote, ("opfixtures", *words)))
        asked = f'COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _opfixtures; echo "${{COMPREPLY[*]}}"'
        done = subprocess.run(["bash", "-c", f"{script}{asked}"], capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.split()

    return at_the_end


class TestCompletion:
    def test_commands(self, complete):
        assert complete("ch") == ["check"]
        assert {*cli.COMMANDS} < {*complete("")}

    def test_options_of_the_command_that_stands_there(self, complete):
        assert complete("--debug", "check", "--f") == ["--from-ref", "--fix", "--format"]
        assert complete("verify", "--c") == ["--changed"]

    def test_what_an_option_or_a_command_takes(self, complete):
        assert complete("check", "--format", "") == ["text", "json", "github", "lintrunner"]
        assert complete("explain", "OPF50") == ["OPF501", "OPF502", "OPF503", "OPF504"]
        assert complete("hook", "pre-c") == ["pre-commit"]
        # A path: bash's own.
        assert complete("verify", "--report", "") == []

    @pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
    def test_a_real_zsh_completes(self, capsys):
        assert cli.main(["completion", "zsh"]) == 0
        asked = "COMP_WORDS=(opfixtures check --f); COMP_CWORD=2; compgen -F _opfixtures -- --f"
        command = ("zsh", "-f", "-c", f"{capsys.readouterr().out}{asked}")
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        # What begins otherwise zsh leaves out itself.
        given = [one for one in sorted(done.stdout.split()) if one.startswith("--f")]
        assert (given, done.stderr) == (["--fix", "--format", "--from-ref"], "")

    @pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
    def test_a_real_fish_completes(self, capsys, tmp_path):
        assert cli.main(["completion", "fish"]) == 0
        command = (
            "fish",
            "--no-config",
            "-c",
            f"{capsys.readouterr().out}complete -C 'opfixtures check --f'",
        )
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)}
        )
        assert (sorted(done.stdout.split()), done.stderr) == (["--fix", "--format", "--from-ref"], "")

    def test_other_shells(self, capsys):
        assert cli.main(["completion", "zsh"]) == 0
        assert "bashcompinit\n_opfixtures() {\n" in capsys.readouterr().out
        assert cli.main(["completion", "fish"]) == 0
        lines = capsys.readouterr().out.splitlines()
        within = "complete -c opfixtures -n '__fish_seen_subcommand_from check'"
        assert f"{within} -l format -x -a 'text json github lintrunner'" in lines
        assert f"{within} -s q" in lines


class TestConfig:
    def test_each_setting_says_where_it_comes_from(self, mylib, opfixtures):
        mylib.write(
            ".opfixtures.toml",
            mylib.read(".opfixtures.toml")
            + 'release-tags = false\noperators = ["my lib/gone.py"]\n[[tool.opfixtures.runtimes]]\nkind = "checkout"\n'
            'import = "mylib"\nsetup = [["true"]]\n',
        )
        ran = opfixtures(mylib, "config", COLUMNS="80")
        assert ran.status == 1
        assert (
            ran.out
            == """\
from .opfixtures.toml:
  version-map      my lib/versiöns.py
  registry         my lib/registry.py
  fixture-modules  my lib/modules.py
  fixtures         my lib/fixtures
  operators        my lib/gone.py
  release-tags     none
by default:
  fixture-format   ptl
  target           origin/HEAD

what makes the fixture of an operator, by the version that it is bumped at:
  4 to 10 checkout: mylib at the pre-change commit, built beside the torch of
          this Python
to be mended: operators names no file that is there: name those that declare
    operators
"""
        )
        shown = json.loads(opfixtures(mylib, "config", "--format", "json").out)
        jsonschema.validate(shown, SCHEMA)
        values = {one["key"]: (one["value"], one["from"]) for one in shown["projects"][0]["values"]}
        assert values["fixture-modules"] == (["my lib/modules.py"], ".opfixtures.toml")
        assert values["upstream"] == (None, "default")

    def test_pytorchs_paths_are_the_presets(self, pytorch, opfixtures):
        out = opfixtures(pytorch, "config").out
        assert out.startswith("from preset pytorch:\n  preset                      pytorch\n  version-map ")
        assert "\n  10      torch-1.11.0\n  11      torch-2.13.0\n" in out

    def test_guards_alone_have_one_runtime(self, library, opfixtures):
        library.write(
            ".opfixtures.toml",
            library.read(".opfixtures.toml").replace(
                'version-map = "my lib/versiöns.py"', 'fixture-format = "pt2"'
            )
            + '[[tool.opfixtures.runtimes]]\nkind = "release"\ntorch = "2.13.0"\npython = "3.11"\n',
        )
        assert opfixtures(library, "config").out.endswith("guards are made by torch-2.13.0: torch 2.13.0\n")


def test_a_page_says_the_paths_of_the_tree_that_it_is_read_in(
    mylib, pytorch, opfixtures, tmp_path, monkeypatch
):
    mylib.write(
        ".opfixtures.toml",
        mylib.read(".opfixtures.toml")
        + '[[tool.opfixtures.runtimes]]\nkind = "checkout"\nimport = "mylib"\nsetup = [["true"]]\n',
    )
    for folder in (".", "my lib"):
        page = opfixtures(mylib, "explain", "OPF109", folder=folder).out
        assert ("git checkout HEAD -- my lib/versiöns.py" in page, "torch/csrc" in page) == (True, False)
    assert "python -c 'import torch, mylib\n" in opfixtures(mylib, "explain", "OPF105").out
    assert (
        "HEAD -- torch/csrc/jit/operator_upgraders/version_map.cpp"
        in opfixtures(pytorch, "explain", "OPF109").out
    )
    assert "python -c 'import torch\n" in opfixtures(pytorch, "explain", "OPF105").out
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")
    assert cli.main(["explain", "OPF105"]) == 0
