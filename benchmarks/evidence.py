"""Repositories in which every operator has a fixture and a record, as a release made those of `aten::gelu`."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tree import MODULES, REGISTRY, VERSION_MAP, git

from opfixtures.declarations.module_source import excerpt, source_sha256
from opfixtures.declarations.names import class_name_for, fixture_stem
from opfixtures.records.record import dump_record, load_record, record_path

FOLDER = "test/jit/fixtures"
_MADE = Path(__file__).resolve().parents[1] / "fixtures" / "test_versioned_gelu_v9.ptl"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_Entry = tuple[str, int]


def proven_repository(root: Path, published: int, added: int) -> Path:
    """`published` operators with entry, row, module, fixture and record are committed, `added` more are staged."""
    entries = [(_operator(number), 10 if number < published else 11) for number in range(published + added)]
    (root / FOLDER).mkdir(parents=True)
    git(root, "init", "--quiet")
    for start, stop in (0, published), (published, published + added):
        for entry in entries[start:stop]:
            for name, content in _evidence(entry):
                (root / FOLDER / name).write_bytes(content)
        for path, text in _declarations(entries[:stop]):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        git(root, "add", "--all")
        if not start:
            git(root, "commit", "--quiet", "--message", "first")
    return root


def _operator(number: int) -> str:
    """A name as long as gelu: that can be put in its place in an archive."""
    return f"o{_DIGITS[number // 36**2]}{_DIGITS[number // 36 % 36]}{_DIGITS[number % 36]}"


def _declarations(entries: Sequence[_Entry]) -> Iterator[tuple[str, str]]:
    """Version map, registry and modules by path."""
    mapped = "".join(
        f'    {{"aten::{name}", {{{{{bump}, "{name}_0_{bump - 1}", "{_schema(name)}"}}}}}},\n'
        for name, bump in entries
    )
    rows = "".join(f'    {_class(entry)}(): "aten::{entry[0]}",\n' for entry in entries)
    yield VERSION_MAP, f"std::unordered_map<std::string, std::vector<UpgraderEntry>> map({{\n{mapped}}});\n"
    yield REGISTRY, f"ALL_MODULES = {{\n{rows}}}\n"
    yield MODULES, "\n\n".join(["import torch\n", *map(_module, entries)])


def _schema(name: str) -> str:
    return f"aten::{name}(Tensor self) -> Tensor"


def _class(entry: _Entry) -> str:
    return class_name_for(f"aten::{entry[0]}", entry[1] - 1)


def _module(entry: _Entry) -> str:
    return (
        f"class {_class(entry)}(torch.nn.Module):\n"
        f"    def forward(self, x):\n        return torch.ops.aten.{entry[0]}(x)\n"
    )


def _evidence(entry: _Entry) -> Iterator[tuple[str, bytes]]:
    """The fixture and its record, by file name."""
    name, bump = entry
    file = f"{fixture_stem(_class(entry))}.ptl"
    out = io.BytesIO()
    with zipfile.ZipFile(_MADE) as made, zipfile.ZipFile(out, "w") as archive:
        for member in made.infolist():
            content = made.read(member).replace(b"gelu", name.encode())
            archive.writestr(zipfile.ZipInfo(member.filename), content)
    data = out.getvalue()
    record = load_record(Path(record_path(str(_MADE))).read_bytes())
    sha256 = source_sha256(excerpt(f"import torch\n{_module(entry)}", _class(entry)))
    schema = _schema(name)
    yield file, data
    yield (
        record_path(file),
        dump_record(
            replace(
                record,
                entry=replace(
                    record.entry,
                    operator=f"aten::{name}",
                    bumped_at_version=bump,
                    upgrader_name=f"{name}_0_{bump - 1}",
                    old_schema=schema,
                ),
                module=replace(record.module, name=_class(entry), path=MODULES, sha256=sha256),
                archive=replace(
                    record.archive,
                    file=file,
                    sha256=hashlib.sha256(data).hexdigest(),
                    size=len(data),
                    operators=(f"aten::{name}",),
                ),
            )
        ),
    )
