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
FIRST_LOOK = {"opfixtures", "opfixtures.hook_fast_path", "opfixtures.presets", "opfixtures.settings_scan"}
"""And what nothing else of the package needs is not there: no reader, no rule, no report."""

WHOLE_CHECK = FIRST_LOOK | {
    "opfixtures.changes",
    "opfixtures.commands",
    "opfixtures.commands.check",
    "opfixtures.comparison",
    "opfixtures.config",
    "opfixtures.config_table",
    "opfixtures.ending",
    "opfixtures.errors",
    "opfixtures.findings",
    "opfixtures.given_out",
    "opfixtures.git",
    "opfixtures.fixture_files",
    "opfixtures.git_folder",
    "opfixtures.git_references",
    "opfixtures.git_tree",
    "opfixtures.git_snapshot",
    "opfixtures.matching",
    "opfixtures.numbering",
    "opfixtures.report",
    "opfixtures.report.colour",
    "opfixtures.report.findings_text",
    "opfixtures.report.printable",
    "opfixtures.rules",
    "opfixtures.rules.archives",
    "opfixtures.rules.fixture_entries",
    "opfixtures.rules.fixtures",
    "opfixtures.rules.lines_to_add",
    "opfixtures.rules.map_entries",
    "opfixtures.rules.operator_names",
    "opfixtures.rules.published",
    "opfixtures.rules.registered",
    "opfixtures.rules.settings",
    "opfixtures.rules.torchscript",
    "opfixtures.rules.upgraders",
    "opfixtures.rules.version_map",
    "opfixtures.rules.waivers",
    "opfixtures.settings_file",
    "opfixtures.settings_table",
    "opfixtures.snapshot",
    "opfixtures.version_range",
}


@pytest.fixture
def imported(pytorch):
    """The modules that a check imports, in a process of its own."""

    def run():
        done = subprocess.run(
            [sys.executable, "-c", BARE],
            cwd=pytorch.root,
            env=pytorch.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 1)
        return set(done.stderr.split())

    return run


def test_an_untouched_version_map_needs_four_small_modules(imported):
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
        (["--debug", "explain", "OPF201"], {"explain"}),
        (["hook", "pre-push"], {"hook", "check"}),
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
    assert set(done.stderr.split()) == {f"opfixtures.commands.{name}" for name in commands}
