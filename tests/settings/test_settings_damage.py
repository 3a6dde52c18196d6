"""Whatever stands where settings should: every command reads it, or says the same in one sentence, with status 2."""

import os
import subprocess
import sys
import time

import pytest

from opfixtures.errors import ConfigurationError
from opfixtures.settings.config import read_config
from opfixtures.settings.settings_scan import Scan
from tests.repositories import config_of
from tests.tree_fixtures import LIBRARY, Files

OWN, SHARED = ".opfixtures.toml", "pyproject.toml"
COMMANDS = [
    ("check",),
    ("check", "--all"),
    ("status",),
    ("renumber",),
    ("generate", "--dry-run"),
    ("verify",),
]
MEND = ": put a file there, settings are read from nothing else\n"


@pytest.fixture(params=COMMANDS, ids=" ".join)
def refused(request, opfixtures):
    """Asserts that a command ends with one sentence, which begins so."""

    def run(repository, *sentences, **environment):
        ran = opfixtures(repository, *request.param, **environment)
        assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert ran.err.startswith(tuple(f"opfixtures: error: {sentence}" for sentence in sentences)), ran.err

    return run


@pytest.fixture
def shared(new_repository):
    """The library with its settings in pyproject.toml."""
    files = {SHARED if path == OWN else path: text for path, text in LIBRARY.items()}
    return new_repository(files, name="shared")


def stage(repository):
    repository.git("add", "--all")


@pytest.mark.parametrize("path", [OWN, SHARED])
@pytest.mark.parametrize("target", ["real.toml", "../outside.toml", "/nowhere/at/all", "gone.toml"])
def test_a_symbolic_link(library, shared, refused, path, target):
    repository = library if path == OWN else shared
    repository.git("mv", path, "real.toml")
    os.symlink(target, repository.root / path)
    stage(repository)
    said = f"{path} is a symbolic link in "
    refused(repository, *(f"{said}{where}, to {target}{MEND}" for where in ("the index", "the work tree")))


def test_a_link_to_a_file_without_settings_has_none(library, opfixtures):
    library.write("other/pyproject.toml", "[project]\n")
    os.symlink("other/pyproject.toml", library.root / SHARED)
    stage(library)
    for command in COMMANDS[:4]:
        assert opfixtures(library, *command).status == 0


@pytest.mark.parametrize("path", [OWN, SHARED])
def test_a_folder(library, shared, refused, path):
    repository = library if path == OWN else shared
    repository.git("rm", "--quiet", path)
    repository.write(f"{path}/file", "")
    said = f"{path} is a folder in "
    refused(repository, *(f"{said}{where}{MEND}" for where in ("the index", "the work tree")))


def test_what_is_in_conflict(library, refused):
    library.git("checkout", "--quiet", "-b", "branch")
    library.write(OWN, library.read(OWN) + "target = 'a'\n")
    library.commit()
    library.git("checkout", "--quiet", "main")
    library.write(OWN, library.read(OWN) + "target = 'b'\n")
    library.commit()
    done = subprocess.run(
        ("git", "merge", "branch"), cwd=library.root, env=library.environment, capture_output=True
    )
    assert done.returncode == 1
    refused(
        library,
        f"{OWN} has a merge conflict: resolve it and `git add` it first\n",
        f"{OWN}:6: a merge conflict begins or ends here: resolve it\n",
    )


@pytest.mark.parametrize("command", COMMANDS[2:], ids=" ".join)
def test_what_nobody_may_read(library, opfixtures, command):
    (library.root / OWN).chmod(0)
    if os.access(library.root / OWN, os.R_OK):
        pytest.skip("this user reads everything")
    ran = opfixtures(library, *command)
    assert (ran.status, ran.out) == (2, "")
    assert (
        ran.err
        == f"opfixtures: error: {OWN} in the work tree cannot be read (Permission denied): make it readable\n"
    )


@pytest.mark.parametrize("path", [OWN, SHARED])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16(library, shared, refused, path, encoding):
    repository = library if path == OWN else shared
    repository.write(path, LIBRARY[OWN].encode(encoding))
    refused(repository, f"{path} is UTF-16: save it as UTF-8\n")


@pytest.mark.parametrize("path", [OWN, SHARED])
def test_a_comment_in_another_encoding(library, shared, refused, path):
    repository = library if path == OWN else shared
    repository.write(path, LIBRARY[OWN].encode() + "# 注释\n".encode("gbk"))
    refused(repository, f"{path} is not UTF-8 at byte 159, in line 6: save it as UTF-8\n")


@pytest.mark.parametrize("command", COMMANDS[:4], ids=" ".join)
def test_a_byte_order_mark_is_read_over(library, opfixtures, command):
    library.write(OWN, "\ufeff" + library.read(OWN))
    assert opfixtures(library, *command).status == 0


HEADING = "[tool.opfixtures]\n"
RUNTIME = "[[tool.opfixtures.runtimes]]\nkind = 'checkout'\nbytecode = "


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (HEADING + "target = " + "9" * 5000, "holds an integer of thousands of digits: write a shorter one"),
        (HEADING + "a." * 20_000 + "b = 1\n", ":2: this key has more than 16 parts: write a shorter one"),
        (HEADING + "'a' . " * 20_000 + "b = 1\n", ":2: this key has more than 16 parts: write a shorter one"),
        ("[" + '"a".' * 20_000 + "b]\n", ":1: this key has more than 16 parts: write a shorter one"),
        ("#" * (1 << 18) + "\n", "is larger than 256 KiB: keep settings alone in it"),
        ("#" * (1 << 18), "has no settings: "),
        (HEADING + "x" * ((1 << 18) - 20), "is not TOML: "),
        (HEADING + '"' * ((1 << 18) - 20), "is not TOML: "),
    ],
)
def test_what_takes_long_to_read_is_not_read(settings, sentence):
    begun = time.process_time()
    with pytest.raises(ConfigurationError) as caught:
        read_config(Files({OWN: settings}))
    assert str(caught.value).startswith((f"{OWN} {sentence}", f"{OWN}{sentence}"))
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "value", ["0x" + "f" * 5000, "-1", "0", "true", "[0x" + "f" * 5000 + "]", "'1'", "1.0"]
)
def test_a_number_of_any_size_is_said_to_be_none(value):
    text = LIBRARY[OWN] + RUNTIME + value + "\n"
    with pytest.raises(
        ConfigurationError, match=r"runtimes 1: bytecode must be a positive integer below 2147483648$"
    ):
        read_config(Files({OWN: text}))


@pytest.mark.parametrize("value", ["1", "{ codes = 1 }", '{ codes = ["OPF301"] }', "{ other = 1 }", "''"])
@pytest.mark.parametrize("table", ["waivers", "identity-upgraders", "accepted-breaks"])
def test_a_key_of_any_length_is_shown_in_one_sentence(table, value):
    text = f"{LIBRARY[OWN]}[tool.opfixtures.{table}]\n{'k' * 100_000} = {value}\n"
    with pytest.raises(ConfigurationError) as caught:
        read_config(Files({OWN: text}))
    assert len(str(caught.value)) < 300


def test_each_waiver_does_not_look_through_all_lines():
    waivers = "".join(
        f'"a::{number}" = {{ codes = ["OPF301"], reason = "r", expires = 2027-01-01 }}\n'
        for number in range(700)
    )
    begun = time.process_time()
    config = config_of(Files({OWN: LIBRARY[OWN] + "[tool.opfixtures.waivers]\n" + "#\n" * 90_000 + waivers}))
    assert time.process_time() - begun < 2
    assert [waiver.line for waiver in config.waivers] == list(range(90_007, 90_707))


def test_each_accepted_break_does_not_look_through_all_lines_or_all_others():
    breaks = "".join(
        f'"a::{number}" = {{ how = "does not load", release = "a 2", reason = "r" }}\n'
        for number in range(700)
    )
    heading = "[tool.opfixtures.accepted-breaks]\n"
    begun = time.process_time()
    config = config_of(Files({OWN: LIBRARY[OWN] + heading + "#\n" * 90_000 + breaks}))
    assert time.process_time() - begun < 2
    assert [one.line for one in config.accepted_breaks] == list(range(90_007, 90_707))


def test_many_folders_that_are_excluded_are_looked_through_at_once():
    folders = "".join(f'"a{number}",\n' for number in range(60_000))
    begun = time.process_time()
    scan = Scan("", [f"[tool.opfixtures]\nexclude = [\n{folders}]\n"], False)
    assert time.process_time() - begun < 5
    assert (len(scan.excluded), scan.watched) == (60_000, [])


def test_two_of_many_runtimes_have_one_name():
    runtimes = "".join(
        f"[[tool.opfixtures.runtimes]]\nkind = 'checkout'\nname = 'n{one}'\n" for one in range(2000)
    )
    again = "[[tool.opfixtures.runtimes]]\nkind = 'checkout'\nname = 'n7'\n"
    with pytest.raises(ConfigurationError, match="two runtimes are named 'n7'"):
        read_config(Files({OWN: LIBRARY[OWN] + runtimes + again}))


class TestStreams:
    """As a shell or a daemon may leave them."""

    @pytest.fixture
    def run(self, library):
        def start(command, redirected):
            # The words of the command line are the shell's.
            line = f'exec "$0" -m opfixtures {command} {redirected}'
            return subprocess.run(
                ("sh", "-c", line, sys.executable),
                cwd=library.root,
                env=library.environment,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
            )

        return start

    @pytest.mark.parametrize(
        "command", ["check", "status", "check --all", "explain OPF101", "--help", "renumber"]
    )
    @pytest.mark.parametrize("also", ["", "<&-"])
    def test_a_standard_output_that_is_closed(self, run, command, also):
        done = run(command, f">&- {also}")
        said = "standard output is closed: direct it somewhere, to /dev/null if nobody reads it"
        assert (done.returncode, done.stderr) == (2, f"opfixtures: error: {said}\n")

    @pytest.mark.parametrize("command", ["check", "status", "check --all", "renumber"])
    def test_nothing_to_read_from_and_nowhere_to_complain(self, run, command, library):
        assert run(command, "<&- 2>&-").returncode == 0
        library.write(OWN, "")
        done = run(command, "<&- 2>&-")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", "")

    def test_a_push_that_git_tells_nothing_of(self, run):
        done = run("hook pre-push origin", "<&-")
        said = "standard input is closed, where git tells what is pushed: let git call this hook"
        assert (done.returncode, done.stderr) == (2, f"opfixtures: error: {said}\n")

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
    @pytest.mark.parametrize("command", ["check", "status", "renumber"])
    def test_a_disk_that_is_full(self, run, command):
        done = run(command, ">/dev/full")
        assert (done.returncode, done.stderr) == (2, "opfixtures: error: No space left on device\n")
        assert run(command, ">/dev/full 2>/dev/full").returncode == 2

    def test_a_reader_that_has_left(self, library):
        line = f'"{sys.executable}" -X importtime -m opfixtures check 2>/dev/null | true; echo ${{PIPESTATUS[0]}}'
        done = subprocess.run(
            ("bash", "-c", line), cwd=library.root, env=library.environment, capture_output=True, text=True
        )
        assert (done.stdout, done.stderr) in (("0\n", ""), ("1\n", ""))
