"""What cannot be checked is said in one sentence, with exit status 2."""

import json
import os
import subprocess
import sys

import pytest

from opfixtures import cli


def failed(ran, sentence):
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith(f"opfixtures: error: {sentence}")
    assert ran.err.count("\n") == 1


def test_a_folder_in_no_repository(pytorch, opfixtures):
    failed(opfixtures(pytorch, "check", folder=".."), "not a git repository: ")


def test_a_repository_without_settings_and_pytorchs_paths(new_repository, opfixtures):
    repository = new_repository({"README.md": ""})
    failed(opfixtures(repository, "check"), "nothing to check: no [tool.opfixtures] in pyproject.toml")


def test_a_version_map_on_neither_side(library, opfixtures):
    library.git("mv", "my lib/versiöns.py", "elsewhere.py")
    library.commit()
    failed(
        opfixtures(library, "check"),
        "no version map: neither my lib/versiöns.py in HEAD nor my lib/versiöns.py in the index: "
        "correct `version-map` in .opfixtures.toml",
    )


def test_a_version_map_below_a_folder_that_is_a_link(library, opfixtures):
    os.symlink("my lib", library.root / "maps")
    library.git("add", "maps")
    library.replace(".opfixtures.toml", "my lib/versiöns.py", "maps/versiöns.py")
    library.commit()
    said = (
        "maps is a symbolic link in the index, to my lib, and maps/versiöns.py would lie below it: name the "
    )
    failed(opfixtures(library, "check"), said)


def test_a_version_map_that_is_a_link(library, opfixtures):
    library.git("mv", "my lib/versiöns.py", "my lib/moved.py")
    os.symlink("moved.py", library.root / "my lib/versiöns.py")
    library.git("add", "--all")
    failed(opfixtures(library, "check"), "my lib/versiöns.py is a symbolic link in the index")


def test_a_key_that_is_not_known(library, opfixtures):
    library.replace(".opfixtures.toml", "version-map", "version-mop")
    failed(
        opfixtures(library, "check"),
        ".opfixtures.toml: [tool.opfixtures]: unknown key 'version-mop', the nearest known one is 'ver",
    )


def test_a_revision_that_is_not_here(pytorch, opfixtures):
    ran = opfixtures(pytorch, "check", "--from-ref", "gone", "--to-ref", "HEAD")
    failed(ran, "gone names no commit in this clone")


def test_one_revision_without_the_other(pytorch, opfixtures):
    failed(opfixtures(pytorch, "check", "--to-ref", "HEAD"), "--from-ref and --to-ref belong together")


@pytest.mark.parametrize("given", [("", ""), ("HEAD", ""), ("", "HEAD")])
@pytest.mark.parametrize("command", ["check", "generate"])
def test_an_empty_revision_is_none(pytorch, opfixtures, command, given):
    # As a variable of a workflow is that was never set.
    options = ("--from-ref", "--to-ref") if command == "check" else ("--base", "--target")
    ran = opfixtures(pytorch, command, options[0], given[0], options[1], given[1])
    failed(ran, f"{options[0]} and {options[1]} take a revision")


def test_an_empty_revision_of_pre_commit_is_none_either(pytorch, opfixtures):
    ran = opfixtures(pytorch, "check", PRE_COMMIT_FROM_REF="", PRE_COMMIT_TO_REF="")
    failed(ran, "--from-ref and --to-ref take a revision each")


@pytest.mark.parametrize("given", [("", ""), ("HEAD", "")])
def test_empty_revisions_and_everything_at_once(pytorch, opfixtures, given):
    failed(opfixtures(pytorch, "check", "--all", "--from-ref", given[0], "--to-ref", given[1]), "--all looks")


def test_revisions_and_everything_at_once(pytorch, opfixtures):
    ran = opfixtures(pytorch, "check", "--all", "--from-ref", "HEAD", "--to-ref", "HEAD")
    failed(ran, "--all looks at the index alone")


def test_revisions_without_a_common_ancestor(pytorch, opfixtures):
    pytorch.git("checkout", "--quiet", "--orphan", "other")
    pytorch.commit()
    ran = opfixtures(pytorch, "check", "--from-ref", "main", "--to-ref", "other")
    failed(ran, "no common ancestor of main and other in this history: compare other ones")


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *(("check", option) for option in ("--from-ref", "--to-ref", "--format")),
        ("status", "--format"),
        *(("generate", option) for option in ("--base", "--target", "--operator", "--runtime", "--report")),
        *(("verify", option) for option in ("--runtime", "--report")),
        *(("publish", option) for option in ("--head", "--head-sha", "--run", "--artifact", "--author")),
    ],
)
def test_two_dashes_are_no_value(library, inside, capsys, command, option):
    with inside(library), pytest.raises(SystemExit) as ended:
        cli.main([command, f"{option}=--"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: argument {option}: expected a value, not '--'\n")


def test_two_dashes_behind_two_dashes_are_a_name(library, opfixtures):
    failed(opfixtures(library, "explain", "--", "--a=--"), "there is no finding '--a=--'")


class TestAsAProcess:
    """What only shows where a process begins: the folder it is in, its locale, the hook's first look."""

    @pytest.fixture
    def run(self, library):
        def start(*words, folder=library.root, shell="exec", **environment):
            return subprocess.run(
                ("sh", "-c", f'{shell} "$@"', "sh", sys.executable, "-m", "opfixtures", *words),
                cwd=folder,
                env={**library.environment, "GITHUB_REPOSITORY": "a/b", **environment},
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
            )

        return start

    @pytest.mark.parametrize(
        "command",
        [one for one in cli.COMMANDS if one not in ("explain", "publish", "action", "cache", "completion")],
    )
    def test_a_folder_that_is_gone(self, run, tmp_path, command):
        (tmp_path / "gone").mkdir()
        needed = {
            "hook": ("hook", "pre-commit"),
            "new": ("new", "--all"),
            "sweep": ("sweep", "--old=HEAD~1", "--new=HEAD"),
        }
        words = needed.get(command, (command,))
        done = run(*words, folder=tmp_path / "gone", shell="rmdir ../gone; exec")
        said = "opfixtures: error: the folder that this runs in is gone: change into another one\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)

    @pytest.mark.parametrize("words", [("check",), ("hook", "pre-commit"), ("status",)])
    @pytest.mark.parametrize("path", [".opfixtures.toml", "pyproject.toml"])
    def test_a_nul_in_the_settings(self, run, library, words, path):
        library.git("rm", "--quiet", ".opfixtures.toml")
        library.write(path, '[tool.opfixtures]\nversion-map = "a\0b"\nregistry = "registry.py"\n')
        library.git("add", "--all")
        done = run(*words)
        said = f"opfixtures: error: {path} is not TOML: Illegal character '\\x00' (at line 2, column 17)\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)

    @pytest.mark.parametrize("command", ["status", "renumber", "verify"])
    def test_a_locale_that_has_no_such_file_names(self, run, command):
        done = run(command, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        said = "my lib/versi\\xf6ns.py: this locale's ascii has no such file name: set PYTHONUTF8=1\n"
        assert done.stderr.startswith("opfixtures: error: ")
        assert done.stderr.endswith(said)
        assert run(command, LC_ALL="C", PYTHONUTF8="1").returncode == 0

    @pytest.mark.sampled(8)
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("GITHUB_EVENT_PATH", one) for one in ("", ".", "/dev/null", "\udcff", "x" * 5000)),
            *(("GITHUB_EVENT_NAME", one) for one in ("", "a\nb", "x" * 5000)),
            *(("GITHUB_API_URL", one) for one in ("x", "http://[", "http://a:99999999", "9" * 5000)),
            *(("GITHUB_REPOSITORY", one) for one in ("", "a/b/c", "a\nb")),
            *(("GITHUB_WORKSPACE", one) for one in ("/dev/null", "/nowhere", "x" * 5000)),
            *(
                (name, one)
                for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
                for one in (".", "/dev/full", "/a/b")
            ),
            *(("OPFIXTURES_PULL_REQUEST", one) for one in ("9" * 4000, "\u00b2", "-1")),
            ("OPFIXTURES_MODE", "\udcff"),
        ],
    )
    def test_a_workflow_with_an_odd_environment(self, run, library, tmp_path, name, value):
        event = {"ref": "refs/heads/main", "before": "a" * 40, "after": "b" * 40, "deleted": False}
        (tmp_path / "event.json").write_text(json.dumps(event))
        environment = {
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_WORKSPACE": str(library.root),
            "RUNNER_TEMP": str(tmp_path / "temp"),
            name: value,
        }
        done = run("action", **environment)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith("opfixtures: error: ")


@pytest.mark.parametrize("cache", ["/dev/null", "/dev/null/x", "x" * 5000, "/proc/x", "loop"])
def test_a_cache_folder_that_can_be_none(library, opfixtures, cache):
    os.symlink("loop", library.root / "loop")
    runtime = '[[tool.opfixtures.runtimes]]\nkind = "checkout"\n'
    library.write(".opfixtures.toml", library.read(".opfixtures.toml") + runtime)
    entry = '{"bumped_at_version": 4, "upgrader_name": "a_0_3", "old_schema": "mylib::a(Tensor x) -> Tensor"}'
    library.write("my lib/versiöns.py", f'OPERATOR_VERSIONS = {{"mylib::a": [{entry}]}}\n')
    library.write("my lib/registry.py", 'ALL_MODULES = {TestVersionedAV3(): "mylib::a"}\n')
    library.write("my lib/modules.py", "import torch\nclass TestVersionedAV3(torch.nn.Module):\n    pass\n")
    ran = opfixtures(library, "generate", OPFIXTURES_CACHE=cache)
    assert ran.status == 2
    assert ran.err.splitlines()[-1].startswith("opfixtures: error: ")
    assert cache[:50] in ran.err


class TestWhatIsReplayed:
    """A shorter map would be a smaller promise: nothing is built upon what cannot be read."""

    REGISTRY = "test/jit/fixtures_srcs/generate_models.py"

    def test_what_cannot_be_read_is_counted(self, pytorch, opfixtures):
        pytorch.write(self.REGISTRY, "ALL_MODULES = make_them()\n")
        ran = opfixtures(pytorch, "verify")
        failed(ran, f"{self.REGISTRY}:1:15: ALL_MODULES is ")
        assert "more" not in ran.err
        pytorch.write("test/jit/fixtures_srcs/fixtures_src.py", "class\n")
        assert opfixtures(pytorch, "verify").err.endswith(" (and 1 more that cannot be read)\n")

    def test_a_registry_that_is_missing_is_asked_for_and_what_is_to_stand_in_it_is_one(
        self, pytorch, opfixtures
    ):
        pytorch.git("rm", "--quiet", self.REGISTRY)
        ran = opfixtures(pytorch, "verify")
        failed(ran, f"no registry at {self.REGISTRY}: add it, with `ALL_MODULES = {{}}` in it")
        pytorch.write(self.REGISTRY, ran.err.split("`")[1] + "\n")
        pytorch.git("rm", "-r", "--quiet", "test/jit/fixtures")
        assert "registry" not in opfixtures(pytorch, "verify").err


@pytest.mark.parametrize(
    "words",
    [
        ["renumber", "\x1b[31m"],
        ["\x1b[31m"],
        ["check", "--format", "\x1b[m"],
    ],
)
def test_what_was_typed_comes_back_without_a_code_for_a_terminal(capsys, words):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "\x1b" not in said
    assert r"\x1b" in said
