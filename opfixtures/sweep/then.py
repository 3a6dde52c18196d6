"""The old side of a sweep: modules and samples as `new` would make them, archives, outputs."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opfixtures.declarations.function_schema import SchemaError, parse_schema
from opfixtures.declarations.names import guard_name_for
from opfixtures.making.sampling import search_row, texts_of
from opfixtures.records.recorded_values import RecordedValueError, check_samples
from opfixtures.sweep.asking import Asker, Count, Row
from opfixtures.synthesis.module_text import module_text
from opfixtures.synthesis.modules import Module, modules_for
from opfixtures.synthesis.sample_text import sample_text
from opfixtures.worker.observations import Json

# Of computing time, for one text of a module: errors are cheap there.
SEARCH_SECONDS = 1.0
# Rows to a worker: enough to make its start small, few enough to keep all workers busy until the end.
BATCH = 24


@dataclass(frozen=True, slots=True)
class Made:
    """A module of an operator in the old runtime. Without an archive `refusal` says why there is none."""

    module: Module
    archive: bytes = b""
    samples: tuple[Json, ...] = ()
    refusal: str = ""

    @property
    def text(self) -> str:
        """The class, with sample_inputs()."""
        return module_text(self.module, [sample_text(list(one["inputs"])) for one in self.samples])


def make_all(
    asker: Asker,
    schemas: Mapping[str, Sequence[str]],
    operators: Sequence[str],
    fixture_format: str,
    count: Count,
) -> dict[str, list[Made]]:
    """The modules of each operator, made and recorded. `schemas` has the overloads of each name, in order."""
    drafts = {operator: _drafts(operator, schemas, fixture_format) for operator in operators}
    texts = {
        f"{operator} {place}": texts_of(module)
        for operator, modules in drafts.items()
        for place, module in enumerate(modules)
    }
    rows = [_row(key, some, fixture_format) for key, some in texts.items()]
    told = asker.ask("sweep", rows, BATCH, count)
    return {
        operator: [
            _made(texts[f"{operator} {place}"], told[f"{operator} {place}"]) for place in range(len(modules))
        ]
        for operator, modules in drafts.items()
    }


def _drafts(operator: str, schemas: Mapping[str, Sequence[str]], fixture_format: str) -> Sequence[Module]:
    siblings = []
    for text in schemas[operator.partition(".")[0]]:
        try:
            siblings.append(parse_schema(text))
        except SchemaError:
            continue
    schema = next((one for one in siblings if one.operator == operator), None)
    scripts = fixture_format != "pt2"
    return modules_for(schema, guard_name_for(operator), siblings, scripts=scripts) if schema else ()


def _row(key: str, texts: Sequence[Module], fixture_format: str) -> Row:
    row = search_row(texts, frozenset(), (fixture_format,), SEARCH_SECONDS)
    return {**row, "key": key, "file": f"sweep.{fixture_format}"}


def _made(texts: Sequence[Module], told: Json) -> Made:
    match told:
        case {"text": int(text), "archive": str(archive), "samples": list(samples)} if 0 <= text < len(texts):
            try:
                check_samples(samples)
                return Made(texts[text], base64.b64decode(archive, validate=True), tuple(samples))
            except (RecordedValueError, ValueError) as error:
                return Made(texts[0], refusal=str(error))
        case {"refused": str(reason)}:
            return Made(texts[0], refusal=reason)
    return Made(texts[0], refusal="the worker told nothing of it")
