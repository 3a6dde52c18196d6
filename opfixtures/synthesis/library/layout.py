"""Where a library's package is, and how it is built: told by its files. Pure; paths are from the project's folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from opfixtures.errors import UserError

# Folders at the top that hold no library, and files that declare operators for tests alone.
_ASIDE = re.compile(
    r"(?:\.[^/]+|benchmarks?|build|demos?|dist|docs?|examples?|scripts|tests?|third_party|tools)/.*"
    r"|(?:.*/)?(?:tests?/.*|test_[^/]*\.py|[^/]*_test\.(?:py|cpp|cc)|conftest\.py|setup\.py)"
)
_TORCH = re.compile(r"torch\w*\b(?![-.])", re.IGNORECASE)
_NAME_IN_SETUP = re.compile(r"""\bname\s*=\s*["']([\w.-]+)["']""")
_BUILD_TOOLS = ("setuptools", "wheel", "ninja")
_PIP = ("pip", "install", "--quiet")


@dataclass(frozen=True, slots=True)
class Package:
    """The package that a user imports: its name, and its folder, `src/mylib`."""

    name: str
    folder: str


def of_the_library(paths: Iterable[str]) -> list[str]:
    """The files that can declare operators of the library: none of its tests, examples and tools."""
    return [path for path in paths if not _ASIDE.fullmatch(path)]


def find_package(
    paths: Collection[str], declaring: Collection[str], project: str, wanted: str | None
) -> Package:
    """The package of a library with these files, of which some declare operators.

    `project` is the name of the distribution, `wanted` the package that somebody named. Raises UserError where there
    is none, or several could be it.
    """
    folders = {path.rpartition("/")[0] for path in of_the_library(paths) if path.endswith("/__init__.py")}
    top = sorted(folder for folder in folders if folder.rpartition("/")[0] not in folders)
    named_so = [(folder.rpartition("/")[2], folder) for folder in top]
    packages = {folder: Package(name, folder) for name, folder in named_so if name.isidentifier()}
    named = [one for one in packages.values() if one.name == (wanted or project)]
    if wanted is not None:
        if not named:
            there = ", ".join(one.name for one in packages.values()) or "none"
            raise UserError(f"there is no package {wanted!r} here: name one of these: {there}")
        return named[0]
    own = [one for one in packages.values() if any(path.startswith(f"{one.folder}/") for path in declaring)]
    for candidates in (own, named, list(packages.values())):
        if len(candidates) == 1:
            return candidates[0]
    if packages:
        names = ", ".join(one.name for one in packages.values())
        raise UserError(f"several packages can be the library, {names}: name one with --package")
    raise UserError(
        "there is no package here that could register upgraders, a folder with `__init__.py`: "
        "make the library one, and run this in its folder"
    )


def project_name(pyproject: Mapping[str, object], setup: str) -> str:
    """The name of the distribution as a package would have it; empty where neither file says one."""
    project = pyproject.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    if not isinstance(name, str):
        found = _NAME_IN_SETUP.search(setup)
        name = found[1] if found else ""
    return re.sub(r"[-_.]+", "_", name).lower()


def setup_commands(
    pyproject: Mapping[str, object], setup: str | None, has_cpp: bool
) -> tuple[tuple[str, ...], ...]:
    """How the library is built beside a torch that is there: the runtime's `setup`.

    What needs torch to be built is not isolated, as pip would install another torch for that; so its build tools come
    first. Raises UserError where nothing says how the library is built.
    """
    build = pyproject.get("build-system")
    requires = _texts(build.get("requires")) if isinstance(build, dict) else []
    if setup is None and build is None and "project" not in pyproject:
        raise UserError(
            "nothing here says how the library is built: add a pyproject.toml with [build-system] and [project], "
            "or run this in the folder that has it"
        )
    project = pyproject.get("project")
    needed = _texts(project.get("dependencies")) if isinstance(project, dict) else []
    others = [one for one in needed if not _TORCH.match(one)]
    commands = [(*_PIP, *others)] if others else []
    if has_cpp or any(_TORCH.match(one) for one in requires) or "torch" in (setup or ""):
        tools = [one for one in requires if not _TORCH.match(one)]
        there = {_distribution(one) for one in tools}
        is_setuptools = not tools or "setuptools" in there
        tools += [one for one in _BUILD_TOOLS[0 if is_setuptools else 1 :] if one not in there]
        return (*commands, (*_PIP, *tools), (*_PIP, "--no-build-isolation", "--no-deps", "."))
    return (*commands, (*_PIP, "--no-deps", "."))


def declaring_globs(declaring: Iterable[str]) -> list[str]:
    """The setting `operators` for files that declare some: all of their kind in the top folders that they are in.

    The next operator may have a file of its own.
    """
    globs: dict[str, None] = {}
    for path in declaring:
        folder, ending = path.split("/")[:-1], path.rpartition(".")[2]
        top = folder[: 2 if folder[:1] == ["src"] else 1]
        globs["/".join([*top, "**", f"*.{ending}"]) if top else path] = None
    return list(globs)


def _texts(value: object) -> list[str]:
    texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    # An option is no requirement.
    return [one for one in texts if one[:1].isalnum()]


def _distribution(requirement: str) -> str:
    found = re.match(r"[\w.-]*\w", requirement)
    return found[0].lower() if found else ""
