"""Rules about schemas where they are declared: an operator changes, and its version stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from opfixtures.change.changes import Change
from opfixtures.declarations.model import Declarations
from opfixtures.declarations.place import Place
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.settings.fixture_formats import STAMPED_FORMATS

if TYPE_CHECKING:
    from opfixtures.declarations.function_schema import FunctionSchema


@rule("OPF501", Severity.ERROR)
def schema_changes_and_no_entry_says_so(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An operator's schema changed so that old models fail or mean something else, and no entry says so.

    The files that the setting `operators` names declare operators with their schemas. A change that alters one is held
    against the calls that old models make, in each format of `fixture-format`: a default changed or removed, an
    argument removed, moved, made keyword-only, of a narrower or another type, another return. An archive of TorchScript
    gives arguments by their places and survives another name; a program of torch.export gives them by name, and drops
    without a word what today's schema has not. An argument that is appended with a default is fine.

    Between 1.11.0 and 2.13.0 PyTorch's `nanmean.dim` and `arange.step` got other defaults, and more than a hundred
    operators other arguments; the version map has none of them.

    To mend it, keep old calls as they were: leave the operator as it is, and add an overload or another name beside it,
    or an argument behind the others, whose default does what was done without it. For TorchScript a new entry in the
    version map with an upgrader will do as well, and this writes it:

        opfixtures new mylib::scale

    torch cannot upgrade an operator that returns several values, a list or nothing, and no upgrader is applied to a
    `.pt2`: a break that is meant is named in accepted-breaks, and told to users. Operators that no model of users calls
    are named in `unversioned-operators`.
    """
    for then, now, place in _judged(change):
        said = _said(change, then, now) if now else {}
        if said:
            sentence, in_format = next(iter(said.items()))
            more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
            what = f"the schema of {then.operator} changed, and old models feel it: {sentence}{more}"
            yield finding(then.operator, place, printable(what), _mending(change, then, in_format))


@rule("OPF502", Severity.ERROR)
def operator_is_gone_and_no_entry_says_so(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """An operator is gone, and no entry says so.

    The files that the setting `operators` names declared it before the change, and none of those that the change
    touches declares it after. A model that calls it does not load any more, in whatever format, and the error names the
    operator, not what became of it. Between 1.11.0 and 2.13.0 161 of PyTorch's operators went; the version map has none
    of them.

    To mend it, keep its declaration, and have it call what replaces it. For TorchScript a new entry in the version map
    with an upgrader that calls that will do as well:

        opfixtures new mylib::scale

    A break that is meant is named in accepted-breaks, and told to users. Operators that no model of users calls are
    named in `unversioned-operators`.
    """
    for then, now, place in _judged(change):
        formats = [one for one in change.config.fixture_formats if not _is_told(change, then.operator, one)]
        if now is None and formats:
            what = f"{then.operator} is gone: a model that calls it does not load any more"
            hint = _mending(change, then, formats[0])
            yield finding(then.operator, place, printable(what), f"{hint}{_accepting(change, then)}")


@rule("OPF503", Severity.ERROR)
def declaration_cannot_be_read(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A declaration of an operator cannot be read.

    The files that the setting `operators` names are read without importing or compiling them: TORCH_LIBRARY and
    TORCH_LIBRARY_FRAGMENT in C++, torch.library in Python, and `- func:` in native_functions.yaml. What only a build or
    a run could tell, such as a schema that is put together, may change without anybody seeing it. PyTorch's own
    operators are all in that file; those of libraries are where their authors put them.

    To mend it, write the schema as one literal where the operator is defined:

        library.define("scale(Tensor x, float f=2.0) -> Tensor")
    """
    for problem in change.declared.unread if change.declared else ():
        yield finding(None, problem.place, problem.message, "opfixtures explain OPF503")


@rule("OPF504", Severity.ERROR)
def old_schema_is_the_new_one(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The old_schema of a new entry is the schema that the operator has after the change.

    It is the schema that the operator had before: PyTorch's compiler takes the calls of old models by it
    (torch/csrc/jit/frontend/schema_matching.cpp). Target declares another one, in the files that the setting
    `operators` names, and the change declares the one that the entry gives. No runtime from before the change has
    that: `opfixtures generate` refuses each, and the upgrader is given arguments that old models do not have. An
    operator that computes something else with the schema that it had keeps it, and that is none.

    To mend it, write the schema that target declares, which the hint shows:

        "old_schema": "mylib::scale(Tensor x, float f=2.0) -> Tensor",
    """
    new = [entry for entry in change.written if entry.key not in change.published_entries]
    # Where nothing differs there is no other schema, and nobody reads the declarations for it.
    is_as_published = change.declared is None and change.target is change.before
    if not new or not change.config.operators or is_as_published:
        return
    from opfixtures.declarations.schema_text import schema_text

    published, today = _by_operator(change.target), _by_operator(change.after)
    for entry in new:
        then, now = published.get(entry.operator, []), today.get(entry.operator, [])
        is_last = entry.bumped_at_version == max(
            one.bumped_at_version for one in change.entries_by_operator[entry.operator]
        )
        if is_last and then and _has(now, entry.old_schema) and not _has(then, entry.old_schema):
            yield finding(
                entry.operator,
                entry.place,
                f"old_schema of {entry.operator} is the schema after the change; no model from before it calls that",
                printable(f"write the schema that it had before: {schema_text(then[0])}"),
            )


def _by_operator(side: Declarations) -> dict[str, list[FunctionSchema]]:
    """The schemas of each operator that a state declares; several in arms of an `#if`."""
    found: dict[str, list[FunctionSchema]] = {}
    for one in (one for file in side.operators() for one in file.operators):
        found.setdefault(one.operator, []).append(one.schema)
    return found


def _has(schemas: Iterable[FunctionSchema], text: str) -> bool:
    """Whether one of the schemas says what `text` says; what does not parse says nothing."""
    from opfixtures.declarations.function_schema import SchemaError, parse_schema, same_schema

    try:
        parsed = parse_schema(text)
    except SchemaError:
        return False
    return any(same_schema(one, parsed) for one in schemas)


def _judged(change: Change) -> Iterator[tuple[FunctionSchema, FunctionSchema | None, Place]]:
    """Each operator of target's that the change declares otherwise: as target has it, as it is, None where it is gone,
    and where that is."""
    changed = change.declared.changed if change.declared else ()
    if not changed:
        return
    from opfixtures.declarations.function_schema import normalised

    accepted = {one.operator for one in change.config.accepted_breaks}
    target = _by_operator(change.target)
    for then, now in changed:
        published = target.get(then.operator, [])
        if not published or then.operator in accepted or _is_unversioned(change, then.operator):
            continue
        if all(map(_ran_in_no_model, published)):
            continue
        if now is not None and any(normalised(schema) == normalised(now.schema) for schema in published):
            continue
        path = then.place.path
        gone = Place(path if change.has_file(path) else change.config.source or path, 1, 1)
        was = next((one for one in published if normalised(one) == normalised(then.schema)), published[0])
        yield was, now.schema if now else None, now.place if now else gone


def _is_unversioned(change: Change, operator: str) -> bool:
    from fnmatch import fnmatchcase

    return any(fnmatchcase(operator, pattern) for pattern in change.config.unversioned_operators)


def _ran_in_no_model(schema: FunctionSchema) -> bool:
    """Whether a call has to name dimensions: TorchScript runs none that does ("all symbols must have a namespace"), and
    torch.export knows no such names."""
    return any(
        one.default is None
        and "Dimname" in (one.type.name, *(inner.name for inner in one.type.inside))
        and one.type.name != "Optional"
        for one in schema.arguments
    )


def _is_told(change: Change, operator: str, in_format: str) -> bool:
    """Whether a new entry says that the operator changed; of a `.pt2` none does, for no upgrader is applied to it."""
    return in_format in STAMPED_FORMATS and any(entry.operator == operator for entry in change.added)


def _said(change: Change, then: FunctionSchema, now: FunctionSchema) -> dict[str, str]:
    """What old models feel, each sentence with the first format that it holds for."""
    from opfixtures.declarations.old_calls import Loader, broken_calls

    said: dict[str, str] = {}
    for one in change.config.fixture_formats:
        if not _is_told(change, then.operator, one):
            loader = Loader.SCRIPTED if one in STAMPED_FORMATS else Loader.EXPORTED
            for sentence in broken_calls(then, now, loader):
                said.setdefault(sentence, one)
    return said


def _accepting(change: Change, then: FunctionSchema) -> str:
    """The lines that accept that an operator is gone: it fails in one way."""
    from opfixtures.settings.accepted_breaks import Way
    from opfixtures.settings.accepted_lines import accepted_lines

    source = change.config.source
    lines = accepted_lines(then.operator, Way.NOT_LOADED)
    return f"\nwhere the break is meant, add to {printable(source)}:\n\n{lines}" if source else ""


def _mending(change: Change, then: FunctionSchema, in_format: str) -> str:
    from shlex import quote

    from opfixtures.declarations.returned import returned_too_much

    keep = "keep it as it was, and add an overload or another name beside it"
    returned = returned_too_much(then) if in_format in STAMPED_FORMATS else ""
    if in_format in STAMPED_FORMATS and not returned:
        new = f"opfixtures new {quote(printable(then.operator))}"
        return f"{new}\nshows its entry and, with --apply, adds it;\nor {keep}"
    why = f" (torch cannot upgrade what returns {returned})" if returned else ""
    source = printable(change.config.source or "the settings")
    return f"{keep}{why};\nor, where that is meant, name the break in accepted-breaks in {source}"
