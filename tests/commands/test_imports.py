"""The hook is quick because of what it does not import."""

import subprocess
import sys

import pytest

VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"

# What `python -c pass` has already, and `python -m` itself needs.
BARE = """
import sys
before = set(sys.modules)
import runpy
before |= set(sys.modules)
sys.argv = ["opfixtures", "check"]
status = runpy.run_module("opfixtures", run_name="a name of no module")["main"]()
sys.stderr.write(" ".join(sorted(set(sys.modules) - before)))
sys.exit(status)
"""
FIRST_LOOK = {
    "opfixtures",
    "opfixtures.commands",
    "opfixtures.commands.hook_fast_path",
    "opfixtures.repository",
    "opfixtures.repository.git_environment",
    "opfixtures.settings",
    "opfixtures.settings.presets",
    "opfixtures.settings.settings_scan",
}
"""Constants, and one look at git and the settings: no reader, no rule, no report."""

WHOLE_CHECK = FIRST_LOOK | {
    "opfixtures.change",
    "opfixtures.change.changes",
    "opfixtures.commands.check",
    "opfixtures.change.comparison",
    "opfixtures.settings.config",
    "opfixtures.settings.fixture_formats",
    "opfixtures.settings.runtime_spec",
    "opfixtures.rules.versions",
    "opfixtures.rules.accepted",
    "opfixtures.change.read_change",
    "opfixtures.change.lost",
    "opfixtures.repository.git_objects",
    "opfixtures.settings.config_table",
    "opfixtures.commands.exit_status",
    "opfixtures.errors",
    # Its classes are made faster than those of the standard library.
    "opfixtures.values",
    "opfixtures.rules.findings",
    "opfixtures.change.published_versions",
    "opfixtures.repository.git",
    "opfixtures.records",
    "opfixtures.records.fixture_files",
    "opfixtures.repository.git_folder",
    # Settings that only the work tree has are looked for where something changed.
    "opfixtures.repository.git_references",
    "opfixtures.repository.git_tree",
    "opfixtures.repository.git_snapshot",
    "opfixtures.change.matching",
    "opfixtures.change.numbering",
    "opfixtures.report",
    "opfixtures.report.colour",
    "opfixtures.report.screen",
    "opfixtures.commands.judging",
    "opfixtures.commands.unstaged",
    "opfixtures.report.findings_text",
    "opfixtures.repository.printable",
    "opfixtures.rules",
    "opfixtures.rules.archives",
    "opfixtures.rules.fixture_entries",
    "opfixtures.rules.fixtures",
    "opfixtures.rules.lines_to_add",
    "opfixtures.rules.map_entries",
    "opfixtures.rules.operator_names",
    "opfixtures.rules.published",
    "opfixtures.rules.published_fixtures",
    "opfixtures.rules.same_file",
    "opfixtures.rules.schemas",
    "opfixtures.rules.registered",
    "opfixtures.rules.settings",
    "opfixtures.rules.torchscript",
    "opfixtures.rules.upgraders",
    "opfixtures.rules.version_map",
    "opfixtures.rules.waivers",
    "opfixtures.settings.settings_file",
    "opfixtures.settings.settings_table",
    # The lines that hints show.
    "opfixtures.synthesis",
    "opfixtures.synthesis.additions",
    "opfixtures.synthesis.modules",
    "opfixtures.synthesis.overloads",
    "opfixtures.synthesis.packed",
    "opfixtures.synthesis.proposals",
    "opfixtures.synthesis.python_brackets",
    "opfixtures.synthesis.python_tokens",
    "opfixtures.synthesis.python_insertions",
    "opfixtures.synthesis.python_names",
    "opfixtures.synthesis.module_text",
    "opfixtures.synthesis.source_text",
    "opfixtures.synthesis.ways",
    "opfixtures.repository.snapshot",
    "opfixtures.settings.version_range",
}


@pytest.fixture
def imported(pytorch):
    """The modules that a check imports, in a process of its own."""

    def run():
        done = subprocess.run(
            [sys.executable, "-c", BARE],
            cwd=pytorch.root,
            # Who calls it by hand is told more, on the stream that the names come on.
            env={**pytorch.environment, "PRE_COMMIT": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 1)
        return set(done.stderr.split())

    return run


def test_an_untouched_version_map_needs_four_small_modules_in_their_folders(imported):
    assert imported() == FIRST_LOOK


def test_a_changed_version_map_needs_no_torch_no_network_and_nothing_of_generation(
    imported, pytorch, add_hardswish
):
    pytorch.write("pyproject.toml", "[tool.black]\n")
    pytorch.commit()
    add_hardswish(pytorch)
    modules = imported()
    ours = {name for name in modules if name.startswith("opfixtures") and ".declarations" not in name}
    assert ours == WHOLE_CHECK
    foreign = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"opfixtures"}
    assert foreign == set()
    slow = {
        "asyncio",
        "datetime",
        "difflib",
        "email",
        "http",
        "json",
        "logging",
        "pathlib",
        "socket",
        "ssl",
        "tempfile",
        "tomllib",
        "zipfile",
    }
    assert slow & modules == set()


@pytest.mark.parametrize(
    ("argv", "commands"),
    [
        (["--help"], set()),
        (["--debug", "explain", "OPF201"], {"explain", "own_words"}),
        (["hook", "pre-push"], {"hook", "check", "judging", "unstaged"}),
    ],
)
def test_a_command_imports_no_other(pytorch, argv, commands):
    program = f"""
import sys
from opfixtures import cli
try:
    cli.main({argv})
finally:
    sys.stderr.write(" ".join(name for name in sys.modules if name.startswith("opfixtures.commands.")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=pytorch.root,
        env=pytorch.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    shared = {"exit_status", "parsers", "examples"}
    assert set(done.stderr.split()) == {f"opfixtures.commands.{name}" for name in commands | shared}
