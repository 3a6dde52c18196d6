"""Every way a command ends: exit status, one sentence, no traceback but with --debug."""

import gc
import io
import os
import subprocess
import sys

import pytest

from opfixtures import __main__, __version__, cli
from opfixtures.commands import check, hook_fast_path
from opfixtures.commands.hook_fast_path import NOTHING_STAGED
from opfixtures.errors import RuntimeUnavailable
from opfixtures.rules import RULES

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A text is looked for in one line, however long."""
    monkeypatch.setenv("COLUMNS", "9999")


def failing(error):
    def run(*_args, **_options):
        raise error

    return run


@pytest.mark.parametrize("debug", [("--debug", "check"), ("check", "--debug")])
def test_a_traceback_is_shown_where_it_is_asked_for(monkeypatch, debug):
    monkeypatch.setattr(check, "run", failing(OSError("x")))
    with pytest.raises(OSError, match="x"):
        cli.main(debug)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device", "/a"), "error: /a: No space left on device"),
        (OSError("odd"), "error: odd"),
        (FileNotFoundError(2, "No such file or directory"), "error: No such file or directory"),
        (
            UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"),
            r"internal error: UnicodeEncodeError: 'utf-8' codec can't encode character '\udcff' in position 0: "
            "surrogates not allowed (--debug shows where; please report it)",
        ),
        (KeyError("x"), "internal error: KeyError: 'x' (--debug shows where; please report it)"),
        (
            RecursionError("deep"),
            "internal error: RecursionError: deep (--debug shows where; please report it)",
        ),
        (
            ValueError("a\nb\x1b"),
            r"internal error: ValueError: a\nb\x1b (--debug shows where; please report it)",
        ),
    ],
)
def test_any_other_error_is_one_sentence(monkeypatch, capsys, error, sentence):
    monkeypatch.setattr(check, "run", failing(error))
    assert cli.main(["check"]) == 2
    assert capsys.readouterr() == ("", f"opfixtures: {sentence}\n")


def test_the_last_lines_of_a_command_that_failed_stand_below(monkeypatch, capsys):
    error = RuntimeUnavailable("it cannot be built", ("ops.cpp:3: error: no \x1b[2J", "make: *** [all]"))
    monkeypatch.setattr(check, "run", failing(error))
    assert cli.main(["check"]) == 2
    said = r"""opfixtures: error: it cannot be built
    ops.cpp:3: error: no \x1b[2J
    make: *** [all]
"""
    assert capsys.readouterr() == ("", said)


def test_a_folder_that_is_gone_is_said_to_be(monkeypatch, capsys, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert cli.main(["status"]) == 2
    said = "opfixtures: error: the folder that this runs in is gone: change into another one\n"
    assert capsys.readouterr().err == said


def test_a_name_that_the_locale_has_not_is_said_to_be(monkeypatch, capsys):
    error = UnicodeEncodeError("latin-1", "/a/" + "\u017f" * 300, 3, 4, "ordinal not in range(256)")
    monkeypatch.setattr(check, "run", failing(error))
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "latin-1")
    assert cli.main(["check"]) == 2
    said = "this locale's latin-1 has no such file name: set PYTHONUTF8=1"
    assert capsys.readouterr().err == f"opfixtures: error: /a/{chr(0x17F) * 197}: {said}\n"


@pytest.mark.parametrize("argv", [[], ["unknown"], ["check", "--format", "yaml"]])
def test_wrong_usage_is_status_2(argv):
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"opfixtures {__version__}\n"


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_code_is_explained(capsys, code):
    assert cli.main(["explain", code.lower()]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{code} ({RULES[code].severity})\n\n")
    assert "\n    " not in out.split("\n\n")[1]


def test_an_unknown_code_says_where_the_known_ones_are(capsys):
    assert cli.main(["explain", "OPF999"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("opfixtures: error: there is no finding 'OPF999'")
    assert err.endswith(" (`opfixtures explain` lists all)\n")


def test_a_reader_that_has_left_and_a_full_disk_are_not_complained_of_again(monkeypatch, capsys):
    monkeypatch.setattr(check, "run", failing(BrokenPipeError()))
    assert cli.main(["check"]) == 1
    assert capsys.readouterr() == ("", "")
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.main(["explain", "OPF201"]) == 2
        full.write("what is written now is dropped")
    assert told.getvalue() == "opfixtures: error: No space left on device\n"


class TestAsTheHookCallsIt:
    @pytest.fixture
    def main(self, monkeypatch, inside, capfd, pytorch):
        """`opfixtures check` from its entry point, in this process."""
        monkeypatch.setattr(sys, "argv", ["opfixtures", "check"])
        monkeypatch.setattr(gc, "disable", lambda: None)

        def run():
            with inside(pytorch):
                status = __main__.main()
            return status, *capfd.readouterr()

        return run

    def test_an_untouched_version_map_ends_at_once(self, main):
        assert main() == (0, "opfixtures: no problems found\n", NOTHING_STAGED)

    @pytest.mark.parametrize("name", ["GIT_INDEX_FILE", "PRE_COMMIT"])
    def test_a_hook_is_not_told_that_nothing_is_staged(self, main, git_environment, name):
        git_environment[name] = "1" if name == "PRE_COMMIT" else ".git/index"
        assert main() == (0, "opfixtures: no problems found\n", "")

    def test_a_changed_one_is_judged(self, main, pytorch):
        pytorch.git("rm", "--quiet", VERSION_MAP)
        status, out, err = main()
        assert (status, err) == (1, "")
        assert out.startswith(f"{VERSION_MAP}:1:1: error OPF109: ")

    def test_an_interruption_is_one_sentence(self, main, monkeypatch):
        monkeypatch.setattr(hook_fast_path, "first_look", failing(KeyboardInterrupt()))
        assert main() == (130, "", "opfixtures: interrupted\n")
        monkeypatch.setattr(sys, "argv", ["opfixtures", "check", "--debug"])
        with pytest.raises(KeyboardInterrupt):
            main()

    def test_anything_else_goes_to_the_command_line(self, main, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["opfixtures", "explain", "OPF000"])
        assert main()[:2] == (2, "")


def test_a_stdout_that_cannot_show_a_character_gets_an_escape(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(check, "run", lambda *_args, **_options: int(sys.stdout.write("ä") != 1))
    assert cli.main(["check"]) == 0
    assert written.getvalue() == b"\\xe4"


class TestAProcess:
    def test_whose_reader_has_left_is_quiet(self, git_environment):
        command = f'"{sys.executable}" -m opfixtures explain OPF201 | true; echo ${{PIPESTATUS[0]}}'
        slow = command.replace("-m", "-X importtime -m").replace("| true", "2>/dev/null | true")
        for one in (command, slow):
            done = subprocess.run(["bash", "-c", one], env=git_environment, capture_output=True, text=True)
            assert done.stdout in ("0\n", "1\n")
            assert done.stderr == ""

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
    def test_whose_disk_is_full_says_so(self, git_environment):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "opfixtures", "explain", "OPF201"],
                env=git_environment,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert (done.returncode, done.stderr) == (2, "opfixtures: error: No space left on device\n")

    @pytest.mark.parametrize("debug", [(), ("--debug",)])
    def test_that_is_interrupted_says_so(self, pytorch, debug, tmp_path):
        slow_git = tmp_path / "bin/git"
        slow_git.parent.mkdir()
        slow_git.write_text("#!/bin/sh\nkill -INT $PPID\nexec sleep 1\n")
        slow_git.chmod(0o755)
        ran = pytorch.opfixtures("check", "--all", *debug, PATH=f"{slow_git.parent}:{os.environ['PATH']}")
        assert ("Traceback" in ran.err) == bool(debug)
        if not debug:
            assert (ran.status, ran.out, ran.err) == (130, "", "opfixtures: interrupted\n")
