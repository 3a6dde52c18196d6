"""The texts of the files that a library is given, from the templates beside this file, and of what is added to its own.

Pure but for the templates. A text that is added leaves all that stands there as it is.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib

from opfixtures.settings.fixture_formats import FIXTURE_FORMATS
from opfixtures.settings.toml_text import toml_text
from opfixtures.synthesis.library.found import Library

_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")
_FROM_PYTHON = "from .operator_versions import OPERATOR_VERSIONS\n"
# At the end, when the operators are there; an import statement would have to stand above the code, and be used.
_IMPORT = '__import__(f"{__name__}.upgraders")\n'
_BOM = "\ufeff"
# The hook by its id, or what it runs; a comment that has the word has no hook.
_HOOK = re.compile(r"[ -]*(id: *['\"]?opfixtures-|entry:[^#]*\bopfixtures\b)")
_KEY = re.compile(r"[^\s#-][^#]*:.*")


def template(name: str) -> str:
    """The text of a template."""
    with open(os.path.join(_TEMPLATES, f"{name}.txt"), encoding="utf-8") as file:
        return file.read()


def upgraders_text(library: Library, cpp_map: bool) -> str:
    """`upgraders.py`, which takes the entries from the map in Python, or from the one in C++."""
    text = template("upgraders.py")
    if not cpp_map:
        return text
    return text.replace(_FROM_PYTHON, template("map_of_cpp").replace("@NAMESPACE@", library.namespace))


def cpp_map_text(library: Library) -> str:
    """`version_map.cpp`."""
    return template("version_map.cpp").replace("@NAMESPACE@", library.namespace)


def workflow_text(action: str) -> str:
    """The workflow that calls `action`, `owner/opfixtures@ref`."""
    return template("workflow.yml").replace("<owner>/opfixtures@v0.1.0", action)


def settings_text(
    library: Library, version_map: str, files: str, formats: tuple[str, ...] = FIXTURE_FORMATS[:1]
) -> str:
    """The table of the settings, with the files for fixtures in the folder `files`; without a version map where that
    has no path."""
    values: dict[str, object] = {
        **({"version-map": version_map} if version_map else {}),
        "registry": f"{files}/registry.py",
        "fixture-modules": [f"{files}/modules.py"],
        "fixtures": f"{files}/fixtures",
        **({"fixture-format": formats} if formats != FIXTURE_FORMATS[:1] else {}),
        "operators": library.globs,
    }
    runtime: dict[str, object] = {
        "kind": "checkout",
        "setup": library.setup,
        "import": library.package.name,
    }
    return "\n".join(
        [
            "[tool.opfixtures]",
            *(f"{key} = {toml_text(value)}" for key, value in values.items()),
            "",
            "[[tool.opfixtures.runtimes]]",
            *(f"{key} = {toml_text(value)}" for key, value in runtime.items()),
            "",
        ]
    )


def with_settings(pyproject: str, settings: str) -> str | None:
    """A `pyproject.toml` with the settings at its end; None where they cannot stand there."""
    new = _appended(pyproject, f"\n{settings}")
    try:
        table = tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        return None
    tools = table["tool"]
    del tools["opfixtures"]
    before = tomllib.loads(pyproject)
    before.setdefault("tool", {})
    return new if table == before else None


def with_import(init: str) -> str | None:
    """The package's `__init__.py` with the import of its upgraders at the end; as it is where it has one.

    None where a statement at the end would change what stands there, or the file cannot be parsed.
    """
    bom = _BOM if init.startswith(_BOM) else ""
    init = init.removeprefix(_BOM)
    try:
        tree = ast.parse(init)
        if any(map(_imports_upgraders, ast.walk(tree))):
            return bom + init
        apart = "" if not init or init.replace("\r\n", "\n").endswith("\n\n") else "\n"
        new = _appended(init, f"{apart}{_IMPORT}")
        both = ast.parse(new)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    is_same = ast.dump(ast.Module(both.body[:-1], [])) == ast.dump(ast.Module(tree.body, []))
    return bom + new if is_same else None


def with_hook(configuration: str | None) -> str | None:
    """A `.pre-commit-config.yaml` with the hook: a new one, or the entry behind the last of `repos`; as it is where it
    has one. None where an entry cannot be added without a reader of YAML."""
    entry = template("pre-commit.yaml")
    if configuration is None:
        return "repos:\n" + _indented(entry, "  ")
    if any(map(_HOOK.match, configuration.splitlines())):
        return configuration
    lines = configuration.removeprefix(_BOM).splitlines()
    keys = [line.rstrip() for line in lines if _KEY.fullmatch(line)]
    first = next((line for line in lines if re.match(r" *- +repo:", line)), None)
    # What follows `repos:` would end it; and of a list in brackets, or one in another document, the end is elsewhere.
    is_last = keys[-1:] == ["repos:"] and not any(line.startswith(("---", "...")) for line in lines[1:])
    if first is None or not is_last or "\t" in configuration:
        return None
    return _appended(configuration, _indented(entry, first[: first.index("-")]))


def _imports_upgraders(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module=None, level=1, names=names):
            return any(one.name == "upgraders" for one in names)
        case ast.ImportFrom(module=str(module)):
            return module.rpartition(".")[2] == "upgraders"
        case ast.Import(names=names):
            return any(one.name.endswith(".upgraders") for one in names)
        case ast.Call(args=[ast.JoinedStr(values=[*_, ast.Constant(value=".upgraders")])]):
            return True
    return False


def _appended(text: str, more: str) -> str:
    """`text` with more at its end, with the line ends that it has."""
    end = "" if not text or text.endswith("\n") else "\n"
    more = f"{end}{more}"
    return text + (more.replace("\n", "\r\n") if "\r\n" in text else more)


def _indented(text: str, indent: str) -> str:
    return "".join(f"{indent}{line}" for line in text.splitlines(keepends=True))
