"""Settings are read as they are written, or refused in one sentence that says where and what to do."""

import pytest

from opfixtures.errors import ConfigurationError
from opfixtures.settings.config import read_config
from opfixtures.settings.pins import Pin
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.settings.settings_scan import Scan, UncertainError
from opfixtures.settings.version_range import VersionRange
from tests.repositories import config_of

LIBRARY = """
[tool.opfixtures]
version-map = "mylib/versions.py"
registry = "fixtures_src/registry.py"
fixture-modules = ["fixtures_src/modules.py", "fixtures_src/more.py"]
fixtures = "fixtures"
target = "origin/main"

[[tool.opfixtures.runtimes]]
kind = "checkout"
setup = [["pip", "install", "--no-deps", "."]]
import = "mylib.ops"
"""


class Files:
    """A snapshot of these files."""

    name = "these files"

    def __init__(self, **files: str | bytes) -> None:
        names = {
            "own": ".opfixtures.toml",
            "shared": "pyproject.toml",
            "map": VERSION_MAP,
            "other": "setup.py",
        }
        self.files = {names[name]: text for name, text in files.items()}

    def read(self, path):
        text = self.files.get(path)
        return text.encode() if isinstance(text, str) else text

    def has(self, path):
        return path in self.files


VERSION_MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"


@pytest.mark.parametrize(("file", "path"), [("own", ".opfixtures.toml"), ("shared", "pyproject.toml")])
def test_both_files_hold_the_same_table(file, path):
    config = config_of(Files(**{file: LIBRARY}))
    assert config.source == path
    assert config.version_map == "mylib/versions.py"
    assert (config.upgraders, config.versions) == (None, None)
    assert (config.mobile_upgraders, config.mobile_upgraders_generator) == (None, None)
    assert config.registry == "fixtures_src/registry.py"
    assert config.fixture_modules == ("fixtures_src/modules.py", "fixtures_src/more.py")
    assert config.fixtures == "fixtures"
    assert config.target == "origin/main"
    setup = (("pip", "install", "--no-deps", "."),)
    assert config.runtimes == (
        RuntimeSpec("checkout", "checkout", VersionRange(), None, None, None, setup, "mylib.ops"),
    )


def test_without_them_sources_and_upgraders_that_change_nothing_are_left_to_be_seen():
    config = config_of(Files(own=LIBRARY))
    assert (config.sources, config.identity_upgraders) == ((), {})


def test_what_a_library_is_built_from_and_what_changes_nothing_can_be_said():
    text = LIBRARY.replace("target =", 'sources = ["mylib/**", "setup.py"]\ntarget =')
    text += '\n[tool.opfixtures.identity-upgraders]\nscale_0_3 = "it only renames"\n'
    config = config_of(Files(own=text))
    assert config.sources == ("mylib/**", "setup.py")
    assert config.identity_upgraders == {"scale_0_3": "it only renames"}


@pytest.mark.parametrize("reason", ['""', "1", "true", '["x"]', '"a\\nb"'])
def test_what_changes_nothing_needs_a_reason(reason):
    text = f"{LIBRARY}\n[tool.opfixtures.identity-upgraders]\nscale_0_3 = {reason}\n"
    with pytest.raises(
        ConfigurationError, match=r"\[identity-upgraders\]: scale_0_3 must be a string, not empty"
    ):
        read_config(Files(own=text))


def test_a_librarys_last_release_is_a_runtime_of_its_own():
    released = (
        'kind = "release"\ntorch = "2.13.0"\npackages = ["My_Lib[gpu]==1.2", "more==3"]\nimport = "mylib"'
    )
    config = config_of(Files(own=f"{LIBRARY}\n[[tool.opfixtures.runtimes]]\n{released}\n"))
    spec = config.runtimes[-1]
    assert spec.packages == (Pin("my-lib", "1.2", ("gpu",)), Pin("more", "3"))
    assert (spec.name, spec.module) == ("my-lib-1.2", "mylib")
    nameless = released.replace('\nimport = "mylib"', "")
    with pytest.raises(ConfigurationError, match="runtimes 2: import is missing: add it"):
        read_config(Files(own=f"{LIBRARY}\n[[tool.opfixtures.runtimes]]\n{nameless}\n"))


@pytest.mark.parametrize("sources", ['"mylib"', "[1]", "{}"])
def test_sources_are_a_list_of_globs(sources):
    with pytest.raises(ConfigurationError, match="sources must be"):
        read_config(Files(own=LIBRARY.replace("target =", f"sources = {sources}\ntarget =")))


def test_the_preset_of_pytorch_can_be_overridden_key_by_key():
    config = config_of(Files(shared='[tool.opfixtures]\npreset = "pytorch"\nfixtures = "mine"\n'))
    assert config.fixtures == "mine"
    assert config.version_map == VERSION_MAP
    assert config.source == "pyproject.toml"


def test_a_tree_with_pytorchs_paths_needs_no_settings_and_has_a_runtime_for_every_version():
    config = config_of(Files(map="", shared="[tool.black]\n"))
    assert config.source is None
    assert config.upgraders == "torch/csrc/jit/operator_upgraders/upgraders_entry.cpp"
    assert config.versions == "caffe2/serialize/versions.h"
    assert config.mobile_upgraders == "torch/csrc/jit/mobile/upgrader_mobile.cpp"
    assert config.mobile_upgraders_generator == "torchgen/operator_versions/gen_mobile_upgraders.py"
    assert config.fixture_modules == ("test/jit/fixtures_srcs/fixtures_src.py",)
    first = {
        version: next(spec.name for spec in config.runtimes if spec.serves("aten::full", version))
        for version in range(12)
    }
    releases = {0: "1.5.1", 5: "1.9.1", 9: "1.11.0", 10: "2.13.0"}
    newest = [max(start for start in releases if start <= version) for version in first]
    assert list(first.values()) == [f"torch-{releases[start]}" for start in newest]
    mode = next(spec for spec in config.runtimes if spec.serves("aten::div.Tensor_mode", 3))
    assert (mode.name, mode.alteration and mode.alteration.version_record) == ("torch-1.9.1-stamped-3", 3)


def test_a_tree_without_either_has_no_settings():
    assert read_config(Files(shared='[project]\ndependencies = ["opfixtures"]\n', other="")) is None


def test_settings_in_both_files_are_refused():
    with pytest.raises(ConfigurationError, match=r"\.opfixtures\.toml and pyproject\.toml both have"):
        config_of(Files(own=LIBRARY, shared=LIBRARY))


def test_a_library_says_which_tags_are_its_own_or_that_there_are_none_yet():
    assert config_of(Files(own=LIBRARY)).release_tags is None
    for written, means in (('"mylib-*"', "mylib-*"), ("false", "")):
        settings = LIBRARY.replace("target =", f"release-tags = {written}\ntarget =")
        assert config_of(Files(own=settings)).release_tags == means
    with pytest.raises(ConfigurationError, match="release-tags must be a string"):
        read_config(Files(own=LIBRARY.replace("target =", "release-tags = true\ntarget =")))


def test_a_fork_says_what_it_follows_and_which_versions_are_its_own():
    config = config_of(Files(own=LIBRARY))
    assert (config.upstream, config.reserved_versions) == (None, None)
    config = config_of(Files(own=LIBRARY.replace("target =", 'upstream = "upstream/main"\ntarget =')))
    assert (config.upstream, config.reserved_versions) == ("upstream/main", None)
    both = 'upstream = "upstream/main"\nreserved-versions = ">=1000,<=1999"\ntarget ='
    assert config_of(Files(own=LIBRARY.replace("target =", both))).reserved_versions == VersionRange(
        1000, 1999
    )


@pytest.mark.parametrize("text", [">=1000", "==7", ">=5,<=8", ">=0,<=9"])
def test_a_range_is_shown_as_it_is_written(text):
    assert str(VersionRange.parse(text)) == text


def refused(settings: str, **files: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_config(Files(**{"shared": settings, **files}))
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("registry =", "regsitry =", "unknown key 'regsitry', the nearest known one is 'registry'"),
        ("target =", "up-stream =", "unknown key 'up-stream', the nearest known one is 'upstream'"),
        ("target =", "reserved =", "unknown key 'reserved', the nearest known one is 'reserved-versions'"),
        ("target =", 'reserved-versions = ">=1000"\ntarget =', "upstream is missing: add it"),
        (
            "target =",
            'upstream = "u/main"\nreserved-versions = "1000"\ntarget =',
            "reserved-versions: '1000' is no range of operator versions: write it like '>=5,<=8'",
        ),
        (
            "target =",
            'upstream = "--all"\ntarget =',
            "upstream must be one word that does not begin with '-'",
        ),
        ("setup =", "set-up =", "runtimes 1: unknown key 'set-up', the nearest known one is 'setup'"),
        ('registry = "fixtures_src/registry.py"', "", "registry is missing"),
        (
            'fixture-modules = ["fixtures_src/modules.py", "fixtures_src/more.py"]',
            "",
            "fixture-modules is missing",
        ),
        ('kind = "checkout"', "", "runtimes 1: kind is missing"),
        ('"checkout"', '"release"', "runtimes 1: torch is missing"),
        (
            '"checkout"',
            '"release"\ntorch = "2.13.0"',
            "runtimes 1: setup has no meaning for kind 'release': take it away, or choose another kind",
        ),
        *(
            (
                '"checkout"\nsetup = [["pip", "install", "--no-deps", "."]]',
                f'"release"\ntorch = "2.13.0"\npackages = ["mylib==1.2"]\nindex-url = "{url}"',
                f"runtimes 1: index-url must begin with https:// or http://, not {url!r}",
            )
            for url in ("file:///here/wheels/simple", "wheels", "../wheels")
        ),
        (
            '"checkout"\nsetup = [["pip", "install", "--no-deps", "."]]',
            '"release"\ntorch = "2.13.0"',
            "runtimes 1: import has no meaning for a release of torch alone: name the library's own release in",
        ),
        *(
            (
                '"checkout"\nsetup = [["pip", "install", "--no-deps", "."]]',
                f'"release"\ntorch = "2.13.0"\npackages = {packages}',
                f"runtimes 1: {sentence}",
            )
            for packages, sentence in [
                ('"mylib==1.2"', "packages must be a list of strings"),
                ('["mylib==1.2", 1]', "packages must be a list of strings"),
                (
                    '["mylib>=1.2"]',
                    'packages must be exact pins such as "mylib==1.2", no URL, path, option or',
                ),
                ('["--index-url=x"]', "packages must be exact pins"),
                ('["./mylib-1.2-py3-none-any.whl"]', "packages must be exact pins"),
                ('["torch==2.12.0"]', "packages names torch: it has a key of its own, `torch`"),
                ('["my_lib==1.2", "My.Lib==1.3"]', "packages names my-lib twice: keep one of them"),
                (str([f"mylib{n}==1" for n in range(33)]), "packages may have 32 pins, not 33"),
            ]
        ),
        (
            'setup = [["pip", "install", "--no-deps", "."]]',
            'packages = ["mylib==1.2"]',
            "runtimes 1: packages has no meaning for kind 'checkout'",
        ),
        (
            '"checkout"',
            '"interpreter"\npython = "python3"',
            "runtimes 1: setup has no meaning for kind 'interpreter'",
        ),
        ('"checkout"', '"docker"', "runtimes 1: kind is 'docker', known is 'release' and 'checkout'"),
        ('"fixtures"', '"../fixtures"', "fixtures must be a path from the folder of the settings"),
        ('"fixtures"', '"/fixtures"', "fixtures must be a path from the folder of the settings"),
        ('"fixtures"', '"fix//tures"', "fixtures must be a path from the folder of the settings"),
        ('"fixtures"', '".GIT/hooks"', "fixtures must be a path from the folder of the settings"),
        ('"fixtures"', r'"fix\\tures"', "fixtures must be a path from the folder of the settings"),
        ('"fixtures"', r'"fix\ntures"', "fixtures must be a string, not empty and without control"),
        ('"fixtures"', "3", "fixtures must be a string"),
        ('"fixtures_src/more.py"', "3", 'fixture-modules must be a list of paths, such as ["'),
        (
            '["fixtures_src/modules.py", "fixtures_src/more.py"]',
            "[]",
            "fixture-modules must be a list of paths",
        ),
        ('"origin/main"', '"--output=x"', "target must be one word that does not begin with '-'"),
        ('"origin/main"', '"two words"', "target must be one word that does not begin with '-'"),
        ("setup = [[", "setup = [[], [", "runtimes 1: setup must be a list of argument lists"),
        ('"mylib.ops"', '"my lib"', "runtimes 1: import must be one word"),
        ('"mylib.ops"', '"mylib."', "runtimes 1: import must be the name of a Python module, not 'mylib.'"),
        ("import =", 'name = "a/b"\nimport =', "runtimes 1: name must be up to 60 letters"),
        ("import =", 'name = "torch?"\nimport =', "runtimes 1: name must be up to 60 letters"),
        (
            "import =",
            'operator-versions = "<9, up"\nimport =',
            "runtimes 1: operator-versions: '<9, up' is no range of operator versions",
        ),
        (
            "import =",
            'operator-versions = ">9,<=9"\nimport =',
            "runtimes 1: operator-versions: '>9,<=9' holds no operator version",
        ),
        ("[[tool.opfixtures.runtimes]]", "[tool.opfixtures.runtimes]", "runtimes must be a list of tables"),
        (
            "[[tool.opfixtures.runtimes]]",
            '[[tool.opfixtures.runtimes]]\nkind = "checkout"\n[[tool.opfixtures.runtimes]]',
            "two runtimes are named 'checkout': give each a `name` of its own",
        ),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(old, new, sentence):
    assert old in LIBRARY
    sentences = refused(LIBRARY.replace(old, new, 1))
    assert sentences.startswith(f"pyproject.toml: [tool.opfixtures]: {sentence}")


def test_an_unknown_preset_is_refused():
    sentence = refused('[tool.opfixtures]\npreset = "torch"\n')
    assert sentence == "pyproject.toml: [tool.opfixtures]: preset is 'torch', known is 'pytorch'"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ('version-map = "a.py"', ".opfixtures.toml has no settings: put them under the heading [tool.op"),
        (
            "name = 1\n[tool.opfixtures]",
            ".opfixtures.toml: unknown key 'name', the nearest known one is 'tool'",
        ),
        ("[tool.opfixture]", ".opfixtures.toml: [tool]: unknown key 'opfixture', the nearest known one is "),
        ("", ".opfixtures.toml has no settings: put them under the heading [tool.opfixtures]"),
        ("tool = 1", ".opfixtures.toml: tool must be a table"),
        ("[tool.opfixtures\n", ".opfixtures.toml is not TOML: "),
        ("x = " + "[" * 5000, ".opfixtures.toml is nested too deeply"),
        (b"# \xff", ".opfixtures.toml is not UTF-8 at byte 2"),
    ],
)
def test_its_own_file_holds_nothing_else(settings, sentence):
    with pytest.raises(ConfigurationError) as caught:
        read_config(Files(own=settings))
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("<=3", {0, 1, 2, 3}),
        ("<3", {0, 1, 2}),
        (">3", {4, 5, 6}),
        (">=3", {3, 4, 5, 6}),
        ("==3", {3}),
        (" >=2 , >=1, <= 4, <9", {2, 3, 4}),
    ],
)
def test_a_range_holds_the_versions_that_satisfy_all_its_parts(text, held):
    assert {version for version in range(7) if VersionRange.parse(text).holds(version)} == held


class TestFormats:
    """One format, or several; and a version map only where one of them has a version."""

    def formats(self, value, without_map=False):
        text = LIBRARY.replace("target =", f"fixture-format = {value}\ntarget =")
        if without_map:
            text = text.replace('version-map = "mylib/versions.py"\n', "")
        return read_config(Files(own=text))

    @pytest.mark.parametrize(
        ("value", "formats"),
        [('"pt"', ("pt",)), ('["pt2"]', ("pt2",)), ('["ptl", "pt2"]', ("ptl", "pt2"))],
    )
    def test_are_what_is_asked_for(self, value, formats):
        assert self.formats(value).fixture_formats == formats

    @pytest.mark.parametrize("value", ["[]", '["ptl", "ptl"]', '["onnx"]', "[1]", '["ptl", ["pt2"]]'])
    def test_are_known_and_each_once(self, value):
        with pytest.raises(
            ConfigurationError, match=r"fixture-format is .*, known are 'ptl' and 'pt' and 'pt2', each once"
        ):
            self.formats(value)

    def test_without_a_version_need_no_map(self):
        found = self.formats('["pt2"]', without_map=True)
        assert found.version_map == ""
        assert found.first_file == "fixtures_src/registry.py"
        assert found.declared == (found.registry, *found.fixture_modules)

    @pytest.mark.parametrize("value", ['"ptl"', '["pt2", "pt"]'])
    def test_with_a_version_need_one(self, value):
        with pytest.raises(ConfigurationError, match="version-map"):
            self.formats(value, without_map=True)


@pytest.mark.parametrize(
    ("line", "is_certain"),
    [
        ('fixture-format = ["pt2"]', True),
        ('fixture-format = "pt2"', True),
        ('fixture-format = ["ptl", "pt2"]', False),
        ("", False),
    ],
)
def test_the_scan_is_certain_of_settings_without_a_map_where_none_is_needed(line, is_certain):
    text = f'[tool.opfixtures]\nregistry = "registry.py"\nfixtures = "fixtures"\n{line}\n'
    if not is_certain:
        with pytest.raises(UncertainError):
            Scan("", [text], pytorch=False)
        return
    found = Scan("", [text], pytorch=False)
    assert found.is_project
    assert "registry.py" in found.watched
