"""Archives altered without torch: another version record, another bytecode, all other members as they are."""

from __future__ import annotations

import ast
import io
import zipfile
from collections.abc import Iterator

from opfixtures.archives.archive import (
    VERSION_RECORDS,
    archive_members,
    find_member,
    inside_root,
    read_version,
)
from opfixtures.archives.bytecode import BytecodeError, MethodTypes, raised_bytecode
from opfixtures.archives.model import ArchiveError

_BYTECODE = b"bytecode.pkl"
# Python's parser takes quadratic time for some texts, and a hundred times their size. That of a fixture has some KiB.
_MOST_CODE = 1 << 18


def with_version(data: bytes, version: int) -> bytes:
    """The same archive with another version record.

    Raises ArchiveError if it is not an archive as `read_archive` takes it, or has no version record.
    """
    members = archive_members(data)
    read_version(members)
    return _zipped(
        {
            name: b"%d\n" % version if inside_root(name) in VERSION_RECORDS else content
            for name, content in members.items()
        }
    )


def with_bytecode_4(data: bytes) -> bytes:
    """The same archive with its bytecode 3 as bytecode 4, the lowest that the lite interpreter reads since 1.9.

    The types that bytecode 4 adds are those of the archive's own code. Raises ArchiveError if it has no bytecode 3
    that says the same as bytecode 4.
    """
    members = archive_members(data)
    bytecode = find_member(members, _BYTECODE)
    if bytecode is None:
        raise ArchiveError("it has no bytecode.pkl")
    try:
        raised = raised_bytecode(bytecode, _method_types(members))
    except BytecodeError as error:
        raise ArchiveError(f"its bytecode.pkl {error}") from error
    return _zipped(
        {name: raised if inside_root(name) == _BYTECODE else content for name, content in members.items()}
    )


def _zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            # ZipInfo's fixed date: the same input gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def _method_types(members: dict[str, bytes]) -> dict[str, MethodTypes]:
    """The types of all methods by qualified name, `__torch__.TestVersionedDivV3.forward`."""
    types: dict[str, MethodTypes] = {}
    for name, content in members.items():
        inside = inside_root(name)
        if inside.startswith(b"code/") and inside.endswith(b".py"):
            namespace = name.partition("/")[2][len("code/") : -len(".py")].replace("/", ".")
            types |= _methods_of(namespace, content)
    return types


def _methods_of(namespace: str, code: bytes) -> Iterator[tuple[str, MethodTypes]]:
    if len(code) > _MOST_CODE:
        raise ArchiveError(f"its code has {len(code)} bytes (at most {_MOST_CODE})")
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ArchiveError("its code cannot be read") from error
    for owner in tree.body:
        if isinstance(owner, ast.ClassDef):
            for method in owner.body:
                if isinstance(method, ast.FunctionDef) and _is_plain(method):
                    yield f"{namespace}.{owner.name}.{method.name}", _types_of(method)


def _is_plain(method: ast.FunctionDef) -> bool:
    """Whether a schema without default values says all of it."""
    arguments = method.args
    return not (arguments.defaults or arguments.kwonlyargs or arguments.vararg or arguments.kwarg)


def _types_of(method: ast.FunctionDef) -> MethodTypes:
    return MethodTypes(
        arguments=tuple((argument.arg, _text(argument.annotation)) for argument in method.args.args),
        returned=_text(method.returns),
    )


def _text(annotation: ast.expr | None) -> str:
    # TorchScript takes what has no annotation for a tensor.
    try:
        return ast.unparse(annotation) if annotation else "Tensor"
    except RecursionError as error:
        raise ArchiveError("its code has a type that nests too deeply") from error
