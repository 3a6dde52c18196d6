"""What the page knows of one project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from opfixtures.change.changes import Change
from opfixtures.declarations.schema_text import schema_text
from opfixtures.report.status import Status


@dataclass(frozen=True)
class Project:
    """A project of the work tree: its folder, its status, what it declares, and what reads a file of it by path, as
    `Snapshot.read` does."""

    folder: str
    status: Status
    change: Change
    read: Callable[[str], bytes | None]

    @cached_property
    def upgraders(self) -> Mapping[str, tuple[str, str]]:
        """The text of each upgrader and where it stands, by name, as far as that can be read without torch."""
        found = self.change.after.upgraders()
        if found is not None:
            return {one.name: (one.source, str(one.place)) for one in found.upgraders}
        library = self.change.after.library_upgraders()
        if library is None:
            return {}
        texts = functions(library.source)
        return {name: (texts[name], library.path) for name in library.names if name in texts}

    @cached_property
    def schemas(self) -> Mapping[str, str]:
        """The schema of each operator that the tree declares, in the files that its settings name."""
        files = self.change.after.operators()
        return {one.operator: schema_text(one.schema) for file in files for one in file.operators}


def functions(source: str) -> dict[str, str]:
    """The functions of a text of TorchScript, by name: each from its `def` to what follows at the top level."""
    texts: dict[str, list[str]] = {}
    name = ""
    for line in source.splitlines():
        if line.startswith("def "):
            name = line[4:].partition("(")[0].strip()
            texts[name] = []
        elif line[:1] not in ("", " ", "\t", ")", "#"):
            name = ""
        if name:
            texts[name].append(line)
    return {name: "\n".join(lines).rstrip() for name, lines in texts.items()}
