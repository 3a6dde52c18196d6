"""What each reader promises for any bytes: its own error and no other, and what it accepted survives being written.

Each function here takes bytes, and raises where a promise is broken.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

from opfixtures.archives.altered_archive import with_bytecode_4, with_version
from opfixtures.archives.archive import read_archive
from opfixtures.archives.bytecode import BytecodeError, MethodTypes, raised_bytecode, read_bytecode
from opfixtures.archives.exported_program import first_program_difference, read_exported_program
from opfixtures.archives.flat_pickle import PickleError, dump_flat_pickle, read_flat_pickle
from opfixtures.archives.hostile_zip import Limits, ZipError, zip_members
from opfixtures.archives.model import ArchiveError
from opfixtures.archives.program_text import FUNCTIONS, is_expression, is_guard
from opfixtures.declarations.declared_operators import read_declared_operators
from opfixtures.declarations.fixture_modules import read_fixture_modules
from opfixtures.declarations.function_schema import SchemaError, normalised, parse_schema, same_schema
from opfixtures.declarations.mobile_upgraders import read_mobile_upgraders
from opfixtures.declarations.module_source import excerpt, names_taken, same_excerpt
from opfixtures.declarations.place import Place
from opfixtures.declarations.produced_version import read_produced_version
from opfixtures.declarations.python_source import decode
from opfixtures.declarations.registry import read_registry
from opfixtures.declarations.upgrader_expiry import read_expiries
from opfixtures.declarations.upgraders import read_upgraders
from opfixtures.declarations.version_map import read_version_map
from opfixtures.errors import ConfigurationError
from opfixtures.pull_request.artifact import parse_artifact
from opfixtures.pull_request.artifact_files import ArtifactError
from opfixtures.pull_request.result_reader import ResultError, read_result
from opfixtures.records.record import RecordError, dump_record, load_record
from opfixtures.report.findings_json import finding_rows
from opfixtures.report.result_json import result_json
from opfixtures.report.result_text import result_text
from opfixtures.settings.config import Config, read_config
from opfixtures.settings.settings_scan import OWN_FILE, SHARED_FILE, Scan, UncertainError
from tests.fuzz.github import answer, event

# A sentence for a person; what it quotes is cut.
_LONGEST_SENTENCE = 1_000
_ARTIFACT = Limits(1 << 20, 4 << 20, 100)
_TYPES = {
    f"__torch__.{name}.forward": MethodTypes((("self", name), ("x", "Tensor")), "Tensor") for name in "MN"
}


def sentence(error: Exception) -> None:
    """An error is one sentence that can be read."""
    assert 0 < len(str(error)) < _LONGEST_SENTENCE, f"a sentence of {len(str(error))} characters"


def archive(data: bytes) -> None:
    """Another version record, and another bytecode, leave all else as it was."""
    try:
        found = read_archive(data)
    except ArchiveError as error:
        return sentence(error)
    again = read_archive(with_version(data, 7))
    assert (again.version, again.called, again.arguments) == (7, found.called, found.arguments)
    with suppress(ArchiveError):
        raised = read_archive(with_bytecode_4(data))
        assert (raised.bytecode_version, raised.operators) == (4, found.operators)
    return None


def program(data: bytes) -> None:
    """What is read is the same as itself, and calls nothing but operators."""
    try:
        found = read_exported_program(data).program
    except ArchiveError as error:
        return sentence(error)
    assert found is not None
    assert all(re.fullmatch(r"\w+::\w+(\.\w+)?", call.operator) for call in found.calls)
    assert first_program_difference(data, data) is None
    return None


def expression(data: bytes) -> None:
    """What is taken for arithmetic, or for a comparison of sizes, calls nothing else when it is evaluated."""
    text = data.decode("utf-8", "replace")
    with warnings.catch_warnings():
        # Of Python's own compiler, for texts such as `1is 2`.
        warnings.simplefilter("ignore")
        if is_expression(text):
            names = {*compile(text, "", "eval").co_names}
            assert not [
                name
                for name in names
                if not (name in FUNCTIONS or re.fullmatch("[a-z]{1,4}[0-9]{1,6}", name))
            ]
        if is_guard(text):
            assert {*compile(text, "", "eval").co_names} <= {"L", "size"}


def pickle(data: bytes) -> None:
    """What was written is read as the same."""
    with suppress(PickleError):
        read_flat_pickle(data)
    try:
        written = dump_flat_pickle(read_flat_pickle(data, exact=True))
    except PickleError as error:
        return sentence(error)
    assert dump_flat_pickle(read_flat_pickle(written, exact=True)) == written
    return None


def bytecode(data: bytes) -> None:
    """Bytecode 3 is raised to 4 with all its operators."""
    try:
        found = read_bytecode(data)
        raised = read_bytecode(raised_bytecode(data, _TYPES))
    except BytecodeError as error:
        return sentence(error)
    assert (raised.version, raised.operators, raised.arguments) == (4, found.operators, found.arguments)
    return None


def cpp_map(data: bytes) -> None:
    """Entries and problems have places in the file."""
    found = read_version_map("m.cpp", data)
    inside(data, False, [*(one.place for one in found.entries), *(one.place for one in found.problems)])


def python_map(data: bytes) -> None:
    """Entries and problems have places in the file."""
    found = read_version_map("m.py", data)
    inside(data, True, [*(one.place for one in found.entries), *(one.place for one in found.problems)])


def upgraders(data: bytes) -> None:
    """Upgraders, problems and the end have places in the file; days are those of upgraders."""
    found = read_upgraders("u.cpp", data)
    inside(data, False, [*(one.place for one in found.upgraders), *(one.place for one in found.problems)])
    assert read_expiries(found, data).keys() <= {one.name for one in found.upgraders}


def registry(data: bytes) -> None:
    """Rows, problems and the end have places in the file."""
    found = read_registry("r.py", data)
    ends = [found.end] if found.end else []
    inside(data, True, [*(one.place for one in found.rows), *(one.place for one in found.problems), *ends])


def declared(path: str, data: bytes) -> None:
    """Operators and problems have places in the file, and an operator is that of its schema."""
    found = read_declared_operators(path, data)
    places = [*(one.place for one in found.operators), *(one.place for one in found.problems)]
    inside(data, path.endswith(".py"), places)
    assert all(one.operator == one.schema.operator and "::" in one.operator for one in found.operators)


def modules(data: bytes) -> None:
    """A class that is found has an excerpt, which is Python, has the class, and is its own excerpt."""
    found = read_fixture_modules([("m.py", data)])
    inside(data, True, [*(one.place for one in found.modules), *(one.place for one in found.problems)])
    for module in found.modules:
        text = decode(data)
        try:
            part = excerpt(text, module.name)
        except SyntaxError:
            # The symbol table refuses what the grammar takes, such as `return` at the top level.
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(part)
        assert same_excerpt(text, text, module.name)
        names_taken(part)


def schema(data: bytes) -> None:
    """A schema is the same as itself, and normalising it again changes nothing."""
    try:
        found = parse_schema(data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return None
    except SchemaError as error:
        return sentence(error)
    assert same_schema(found, found)
    assert normalised(normalised(found)) == normalised(found)
    return None


def versions(data: bytes) -> None:
    """What is set, and what is wrong, has a place in the file."""
    found = read_produced_version("v.h", data)
    constants = [one.place for one in (found.produced, found.minimum, found.maximum) if one]
    inside(data, False, [*constants, *(one.place for one in found.problems)])


def mobile(data: bytes) -> None:
    """Table and generator in one, a NUL between them; each row and exclusion has a place."""
    table, _, generator = data.partition(b"\0")
    found = read_mobile_upgraders("m.cpp", table, ("g.py", generator))
    inside(table, False, [row.place for row in found.rows])
    inside(generator, True, [place for _, place in found.excluded])


def record(data: bytes) -> None:
    """What was read is written, and read as the same."""
    try:
        found = load_record(data)
    except RecordError as error:
        return sentence(error)
    assert load_record(dump_record(found)) == found
    return None


def result(data: bytes) -> None:
    """What was read is written, and read as the same; it can be shown."""
    try:
        found, findings = read_result(data)
    except ResultError as error:
        return sentence(error)
    assert read_result(result_json(found).encode())[0] == found
    finding_rows(findings or ())
    result_text(found)
    return None


def artifact(data: bytes) -> None:
    """A zip of a result, fixtures and a patch is an artifact or refused."""
    try:
        parse_artifact(zip_members(data, _ARTIFACT, lambda _: None))
    except (ArtifactError, ZipError) as error:
        sentence(error)


class Tree(dict[str, bytes]):
    """A snapshot of these files."""

    name = "these files"

    def read(self, path: str) -> bytes | None:
        """As `Snapshot.read`."""
        return self.get(path)

    def has(self, path: str) -> bool:
        """As `Snapshot.has`."""
        return path in self

    def names(self, _: str) -> frozenset[str]:
        """As `Snapshot.names`: there are no folders."""
        return frozenset()


def settings(data: bytes) -> None:
    """The hook's first look is at all that the settings name, or says that it cannot tell."""
    for path in (OWN_FILE, SHARED_FILE):
        try:
            config = read_config(Tree({path: data}))
        except ConfigurationError as error:
            sentence(error)
            continue
        try:
            scan = Scan("", [data.decode()] if b"opfixtures" in data else [], pytorch=False)
        except (UncertainError, UnicodeDecodeError):
            continue
        if config is not None:
            assert scan.is_project
            assert _read_by(config) <= {*scan.watched}, f"not watched: {_read_by(config) - {*scan.watched}}"


def _read_by(config: Config) -> set[str]:
    mobile_files = filter(None, (config.mobile_upgraders, config.mobile_upgraders_generator))
    return {*config.declared, *mobile_files, config.fixtures}


def inside(data: bytes, is_python: bool, places: Iterable[Place]) -> None:
    """Each place is one of the text, or right behind a line of it."""
    try:
        text = decode(data) if is_python else data.decode("utf-8-sig", "surrogateescape")
    except (SyntaxError, LookupError, ValueError):
        return
    lines = re.split("\r\n|\r|\n" if is_python else "\r\n|\n", text)
    for place in places:
        assert 1 <= place.line <= len(lines) + is_python, place
        length = len(lines[place.line - 1]) if place.line <= len(lines) else 0
        assert 1 <= place.column <= length + 2, place


READERS: dict[str, Callable[[bytes], None]] = {
    "answer": answer,
    "archive": archive,
    "artifact": artifact,
    "bytecode": bytecode,
    "cpp-map": cpp_map,
    "declared-cpp": partial(declared, "d.cpp"),
    "declared-python": partial(declared, "d.py"),
    "declared-yaml": partial(declared, "d.yaml"),
    "event": event,
    "expression": expression,
    "mobile": mobile,
    "modules": modules,
    "pickle": pickle,
    "program": program,
    "python-map": python_map,
    "record": record,
    "registry": registry,
    "result": result,
    "schema": schema,
    "settings": settings,
    "upgraders": upgraders,
    "versions": versions,
}
"""Each promise by the name of its reader."""
