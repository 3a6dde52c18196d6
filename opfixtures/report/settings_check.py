"""What `init --check` found: as text, and as JSON (schemas/settings.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from opfixtures.repository.printable import printable
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.synthesis.library.settings_check import Checked, Served

SCHEMA = 1
"""Rises with a change of meaning."""


def checks_text(checked: Sequence[Checked]) -> str:
    """A table a project: the version that an operator is bumped at, and the runtime that has the operator before."""
    return "".join(f"{printable(line)}\n" for one in checked for line in _lines(one))


def checks_json(checked: Sequence[Checked]) -> str:
    """The same as one object."""
    return json.dumps({"schema": SCHEMA, "projects": [project_json(one) for one in checked]}, indent=2) + "\n"


def project_json(one: Checked) -> dict[str, object]:
    """A project of either."""
    return {
        "folder": one.folder,
        "settings": one.settings,
        "operators": list(one.operators),
        "problems": list(one.problems),
        "guards": one.guards.name if one.guards else None,
        "versions": [
            {
                "version": served.version,
                "runtime": served.runtime.name if served.runtime else None,
                "kind": served.runtime.kind if served.runtime else None,
                "operators": list(served.operators),
            }
            for served in one.served
        ],
    }


def _lines(one: Checked) -> Iterator[str]:
    rows = [("bumped at", "runtime", "is")]
    rows += [(str(served.version), _name(served), _what(served)) for served in one.served]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    yield f"{one.settings or 'no settings, PyTorch has its paths'}: {_count(len(one.operators), 'operator')} declared"
    if not one.served and one.guards:
        yield f"guards are made by {one.guards.name}: {kind_text(one.guards)}"
    for number, name, what in rows if one.served else ():
        yield f"{number:<{widths[0]}}  {name:<{widths[1]}}  {what}".rstrip()
    yield from (f"to be mended: {problem}" for problem in one.problems)
    unserved = [str(served.version) for served in one.served if served.runtime is None]
    if unserved:
        yield f"to be mended: no runtime has the operator before a bump at {', '.join(unserved)}: add one to `runtimes`"


def _name(served: Served) -> str:
    return served.runtime.name if served.runtime else "none"


def _what(served: Served) -> str:
    if served.runtime is None:
        return ""
    what = kind_text(served.runtime)
    return f"{what}, for {', '.join(served.operators)}" if served.operators else what


def kind_text(spec: RuntimeSpec) -> str:
    """How a runtime is had, in words."""
    if spec.kind == "checkout":
        beside = f"torch {spec.torch}" if spec.torch else "the torch of this Python"
        return f"{spec.module or 'the repository'} at the pre-change commit, built beside {beside}"
    return f"torch {spec.torch}" if spec.kind == "release" else f"the torch of {spec.python}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
