"""The files that a library lacks, and what is added to those that it has. Pure but for the templates.

What is there is never overwritten: a file that somebody wrote is kept as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from opfixtures.declarations.version_map import CPP_SUFFIXES
from opfixtures.errors import UserError
from opfixtures.settings.config import Config
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, below
from opfixtures.synthesis.library import texts
from opfixtures.synthesis.library.found import Library
from opfixtures.synthesis.library.scripting import formats_for, has_versions, unscripted

# Where setuptools looks for no package of its own accord.
FILES = "tests/operator_fixtures"
_WORKFLOW = ".github/workflows/opfixtures.yml"
_HOOKS = ".pre-commit-config.yaml"
_BUILDS = ("setup.py", "CMakeLists.txt", SHARED_FILE)

Read = Callable[[str], bytes | None]


@dataclass(slots=True)
class Plan:
    """What is to be written, by path from the repository's root.

    `new` are files, each with what it is; `old` has what those that get an addition hold now. `left` are sentences:
    what only the author can do. `unbuilt` says that the library cannot be built before.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    old: dict[str, bytes] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    unbuilt: bool = False

    def add(self, path: str, text: str, what: str) -> None:
        """A new file."""
        self.files[path] = text.encode()
        self.new[path] = what

    def edit(self, path: str, old: bytes, text: str) -> None:
        """An addition, if it is one."""
        if text.encode() != old:
            self.files[path] = text.encode()
            self.old[path] = old


def plan_library(
    library: Library,
    config: Config | None,
    read: Read,
    cpp_map: bool,
    action: str,
    formats: tuple[str, ...] = (),
) -> Plan:
    """What `init` writes for a library, of which `config` are the settings if it has some.

    `read` takes a path from the repository's root, `action` is what the workflow calls, `formats` are those that
    somebody asked for. A library whose fixtures have no versions gets no version map. Raises UserError where a map in
    C++ is asked for and the library has none, and where the settings have other formats.
    """
    plan = Plan()
    if config is not None and formats not in ((), config.fixture_formats):
        raise UserError(
            f"{config.source} is there: change fixture-format in it, and leave --fixture-format out"
        )
    asked, formats = formats, formats or formats_for(library.operators)
    version_map = config.version_map if config else _new_map(library, cpp_map, formats)
    files = FILES if config is None else ""
    if config is None:
        _plan_settings(plan, library, read, version_map.removeprefix(below(library.folder, "")), formats)
    unable = unscripted(library.operators)
    if config is None and not asked and unable and has_versions(formats):
        plan.left.append(
            f"TorchScript cannot call {', '.join(unable)}, and no .ptl can be made: where models are exported with "
            "torch.export, take these files back and run `opfixtures init --fixture-format pt2`"
        )
    if version_map:
        _plan_map(plan, library, read, version_map)
    registry = config.registry if config else below(library.folder, f"{files}/registry.py")
    modules = config.fixture_modules if config else (below(library.folder, f"{files}/modules.py"),)
    _plan_new(plan, read, registry, texts.template("registry.py"), "the registry, empty")
    for path in modules:
        _plan_new(plan, read, path, texts.template("modules.py"), "for fixture modules")
    _plan_new(plan, read, _WORKFLOW, texts.workflow_text(action), "the workflow")
    if _WORKFLOW in plan.new and action.startswith("<"):
        plan.left.append(f"put the owner of the repository of opfixtures in place of <owner> in {_WORKFLOW}")
    _plan_hook(plan, read)
    return plan


def _new_map(library: Library, cpp_map: bool, formats: tuple[str, ...]) -> str:
    """The path of the version map that the library gets; empty where its fixtures have no versions."""
    if has_versions(formats):
        return below(library.folder, _map_path(library, cpp_map))
    if cpp_map:
        raise UserError(
            "--map cpp is for a version map, which fixtures of torch.export have not: leave it out"
        )
    return ""


def _map_path(library: Library, cpp_map: bool) -> str:
    if not cpp_map:
        return f"{library.package.folder}/operator_versions.py"
    source = next((path for path in library.declaring if path.endswith((".cpp", ".cc", ".cxx", ".cu"))), None)
    if source is None:
        raise UserError("--map cpp is for a library that declares operators in C++: leave it out")
    folder = source.rpartition("/")[0]
    return below(folder, "version_map.cpp")


def _plan_new(plan: Plan, read: Read, path: str, text: str, what: str) -> None:
    if read(path) is None:
        plan.add(path, text, what)


def _plan_settings(
    plan: Plan, library: Library, read: Read, version_map: str, formats: tuple[str, ...]
) -> None:
    settings = texts.settings_text(library, version_map, FILES, formats)
    shared = below(library.folder, SHARED_FILE)
    old = read(shared)
    new = None if old is None else texts.with_settings(old.decode("utf-8"), settings)
    if old is not None and new is not None:
        plan.edit(shared, old, new)
    else:
        plan.add(below(library.folder, OWN_FILE), settings, "the settings")


def _plan_map(plan: Plan, library: Library, read: Read, version_map: str) -> None:
    """The version map, and what registers its upgraders when the package is imported."""
    is_cpp = version_map.endswith(CPP_SUFFIXES)
    package = below(library.folder, library.package.folder)
    text = texts.cpp_map_text(library) if is_cpp else texts.template("operator_versions.py")
    _plan_new(plan, read, version_map, text, "the version map, empty")
    if is_cpp and version_map in plan.new and not _is_built(library, read, version_map):
        plan.left.append(
            f"add {version_map} to what the extension is built from, and run `opfixtures init` once more"
        )
        plan.unbuilt = True
    upgraders = f"{package}/upgraders.py"
    if read(upgraders) is None and not is_cpp and version_map != f"{package}/operator_versions.py":
        plan.left.append(
            f"register the upgraders of {version_map} when {library.package.name} is imported: `opfixtures init` "
            "writes that for a library without settings"
        )
        return
    _plan_new(plan, read, upgraders, texts.upgraders_text(library, is_cpp), "registers upgraders with torch")
    init = f"{package}/__init__.py"
    old = read(init) or b""
    try:
        new = texts.with_import(old.decode("utf-8"))
    except UnicodeDecodeError:
        new = None
    if new is None:
        plan.left.append(f"import the upgraders at the end of {init}: from . import upgraders")
    else:
        plan.edit(init, old, new)


def _is_built(library: Library, read: Read, version_map: str) -> bool:
    """Whether the files that say what is built name the map, or all files of its kind."""
    said = b"".join(read(below(library.folder, name)) or b"" for name in _BUILDS)
    return any(word.encode() in said for word in (version_map.rpartition("/")[2], "*.cpp", "glob"))


def _plan_hook(plan: Plan, read: Read) -> None:
    old = read(_HOOKS)
    try:
        new = texts.with_hook(None if old is None else old.decode("utf-8"))
    except UnicodeDecodeError:
        new = None
    if new is None:
        plan.left.append(f"add to `repos` in {_HOOKS}:\n{texts.template('pre-commit.yaml')}".rstrip())
    elif old is None:
        plan.add(_HOOKS, new, "the hook's configuration")
    else:
        plan.edit(_HOOKS, old, new)
