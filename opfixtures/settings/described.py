"""Each setting in words, with a line that sets it: docs/configuration.md is made of these.

Nothing of the hook imports this. `tests/docs/test_pages.py` holds it to what the settings are read by: every key has
its line, and the examples together are settings that can be used.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Described:
    """What `key` is, in Markdown on one line, and TOML that sets it, in one line too."""

    key: str
    means: str
    example: str


SETTINGS = (
    Described(
        "version-map",
        "The version map: a Python file with `OPERATOR_VERSIONS = {...}`, or C++ as PyTorch has it. Not needed where"
        " `fixture-format` is `pt2` alone: such models have no operator versions.",
        'version-map = "mylib/operator_versions.py"',
    ),
    Described(
        "upgraders",
        "The file with the upgraders. In a library the Python file in which they are the string `UPGRADERS`, in"
        " PyTorch's tree C++.",
        'upgraders = "mylib/upgraders.py"',
    ),
    Described(
        "registry",
        "The Python file with `ALL_MODULES`: which fixture module is for which operator.",
        'registry = "fixtures_src/registry.py"',
    ),
    Described(
        "fixture-modules",
        "The Python files with the [fixture modules](fixture-modules.md).",
        'fixture-modules = ["fixtures_src/modules.py"]',
    ),
    Described("fixtures", "The folder of the fixtures and their records.", 'fixtures = "fixtures"'),
    Described(
        "fixture-format",
        "The format of new fixtures: `ptl` (default), `pt` or `pt2`, or a list for one file of each"
        " ([formats](fixtures.md#formats)).",
        'fixture-format = ["ptl", "pt2"]',
    ),
    Described(
        "operators",
        "Files and globs that declare operators: C++ (`TORCH_LIBRARY`), Python (`torch.library`) or PyTorch's"
        " `native_functions.yaml`. With it the hook sees a changed schema that nobody put into the map.",
        'operators = ["mylib/ops.py", "csrc/**/*.cpp"]',
    ),
    Described(
        "unversioned-operators",
        "Operators, or patterns of them, that may change without an entry because no model of a user calls them."
        " PyTorch's preset has `aten::_[!_]*`.",
        'unversioned-operators = ["mylib::_*"]',
    ),
    Described(
        "runtimes",
        "Where the old operators come from, see [runtimes](#runtimes).",
        'runtimes = [{ kind = "interpreter", python = "python3" }]',
    ),
    Described(
        "target",
        "The published branch that changes are compared with. Default: `origin/HEAD`. The branch that is checked out"
        " does not count.",
        'target = "origin/main"',
    ),
    Described(
        "release-tags",
        "Which tags are releases of this library. `false`: there is no release yet"
        " ([taking a change back](libraries.md#taking-a-change-back)).",
        'release-tags = "mylib-*"',
    ),
    Described(
        "sources",
        "Globs of the files that the library is built from; a build is kept until one of them changes. Default: the"
        " whole repository without fixtures, and without docs, tests and workflows at the top"
        " ([what always counts](fixtures.md#when-something-is-built)).",
        'sources = ["mylib/**", "setup.py"]',
    ),
    Described(
        "identity-upgraders",
        "Upgraders that change nothing although their graph does not show it, each with the reason"
        " ([when nothing would notice](fixtures.md#nothing-would-notice-a-missing-upgrader)).",
        'identity-upgraders = { scale_0_3 = "factor was ignored before" }',
    ),
    Described(
        "waivers",
        "Findings that have to wait, see [waivers](#waivers).",
        'waivers = { "mylib::scale" = { codes = ["OPF301"], reason = "no runner yet", expires = 2099-01-01 } }',
    ),
    Described(
        "accepted-breaks",
        "Operators that a release breaks on purpose, see [accepted breaks](#accepted-breaks).",
        'accepted-breaks = { "mylib::norm" = { how = "does not load", release = "mylib 3", reason = "removed" } }',
    ),
    Described(
        "exclude",
        "Folders in which nothing is a project, see [several projects](#several-projects-in-one-repository).",
        'exclude = ["demo", "third_party"]',
    ),
    Described(
        "preset",
        '`"pytorch"`: the paths and runtimes of a PyTorch tree. Each can be overridden. A tree with PyTorch\'s paths'
        " needs no settings at all.",
        'preset = "pytorch"',
    ),
    Described(
        "upstream",
        "The branch that a fork follows, see [a fork](#a-fork).",
        'upstream = "upstream/main"',
    ),
    Described(
        "reserved-versions",
        "Versions of the fork's own, which upstream never gives out.",
        'reserved-versions = ">=1000"',
    ),
    Described(
        "versions",
        "PyTorch only: the C++ header with the produced file format version.",
        'versions = "caffe2/serialize/versions.h"',
    ),
    Described(
        "mobile-upgraders",
        "PyTorch only: the C++ file with the mobile upgraders.",
        'mobile-upgraders = "torch/csrc/jit/mobile/upgrader_mobile.cpp"',
    ),
    Described(
        "mobile-upgraders-generator",
        "PyTorch only: the Python file that writes it, and names the operators it leaves out.",
        'mobile-upgraders-generator = "torchgen/operator_versions/gen_mobile_upgraders.py"',
    ),
)
RUNTIME_SETTINGS = (
    Described(
        "kind",
        '`kind = "checkout"`: the library is built from its own commit before the change, and again from the work tree.'
        ' `kind = "release"`: a released torch, alone or with a released version of the library.'
        ' `kind = "interpreter"`: a Python that is there, with its torch: a source build, a nightly.',
        'kind = "release"',
    ),
    Described(
        "operator-versions",
        "The operator versions that it serves. The first runtime that holds the version before the bump is taken.",
        'operator-versions = "<=9"',
    ),
    Described("operators", "It serves these operators only.", 'operators = ["mylib::scale"]'),
    Described("name", "What `--runtime` calls it.", 'name = "old"'),
    Described(
        "torch",
        "The release of torch. For a checkout: build beside this torch instead of yours.",
        'torch = "2.13.0"',
    ),
    Described(
        "python",
        "The version of Python for that release. For an interpreter: a path from the folder of the settings, or a"
        " command.",
        'python = "3.11"',
    ),
    Described(
        "index-url",
        "The package index, where the wheel that you want is not PyPI's.",
        'index-url = "https://download.pytorch.org/whl/cpu"',
    ),
    Described(
        "packages",
        "Of a release: exact pins of the library's own release ([the last release](libraries.md#the-last-release)).",
        'packages = ["mylib==1.2"]',
    ),
    Described(
        "setup",
        "Of a checkout: the commands that build and install it, run in the folder of the settings.",
        'setup = [["pip", "install", "--no-deps", "."]]',
    ),
    Described("import", "The module whose import registers the operators.", 'import = "mylib"'),
    Described(
        "bytecode",
        "Bring what it exports to this bytecode, which lite can read. The record then says `synthetic`.",
        "bytecode = 4",
    ),
    Described(
        "version-record",
        "Set the version record of what it exports. The record then says `synthetic`.",
        "version-record = 3",
    ),
    Described("reason", "Why; needed for the two above.", 'reason = "lite reads no bytecode below 4"'),
)
