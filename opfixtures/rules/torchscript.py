"""Rules about what TorchScript can do for old models, and what it cannot."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.change.numbering import is_library, numbering_of
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.rules.versions import renumbered


@rule("OPF113", Severity.ERROR)
def no_library_has_that_version(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A library's bumped_at_version is below 4 or above 10, which TorchScript cannot give it.

    torch stamps 3 on a model in which nothing was bumped. An entry at 3 or below takes no model for an old one,
    and its upgrader never runs. And torch loads no archive that is stamped above the version it produces itself,
    which has been 10 since 1.12: an entry at 11 has every new model fail with "maximum supported version for
    reading is 10". PyTorch's own changes raise that number (kProducedFileFormatVersion), a library's cannot.

    So a library has seven versions, and uses them sparingly: all incompatible changes of one release share one.
    A version is given out once a release has it, that is, once it stands in the map at a tag of the clone. Where
    no tag has an entry of the map, the newest version of target may be shared.

    Once 10 is given out, the operators stay as they are. What has to be different gets a new overload, which no
    old model calls: `mylib::scale.v2` beside `mylib::scale`. Models for torch.export.load, `.pt2`, have no
    stamps and no upgraders: this limit is none of theirs.

    To mend it, let opfixtures write the next free version:

        opfixtures renumber
    """
    if not (change.written and is_library(change)):
        return
    from opfixtures.change.library_numbers import TORCHSCRIPT, out_of_range

    for entry in change.written:
        if entry.bumped_at_version not in TORCHSCRIPT:
            fault = out_of_range(entry, numbering_of(change).moves.get(entry.key))
            yield finding(
                entry.operator,
                entry.place,
                f"{entry.operator} is bumped at version {entry.bumped_at_version}, {fault.why}",
                printable(fault.instead) or renumbered(change, entry, fault.version or 0, ""),
            )


@rule("OPF114", Severity.ERROR)
def returns_cannot_be_upgraded(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """torch cannot upgrade an operator that returns several values or none, or a list, a dict, a tuple or a union.

    When an old model is loaded, torch puts the upgrader in the place of the old call, and wants as many values
    of the very same types from it (torch/csrc/jit/passes/replacement_of_old_operators.cpp). An upgrader
    returns one value, a tuple where there are several. And the types are compared by identity: two equal lists
    are two types to it. So every old model fails to load, with `new_outputs.size() == old_outputs.size()
    INTERNAL ASSERT FAILED` or with `new_outputs[i]->type() == old_outputs[i]->type()`. Of an operator that returns
    nothing the call returns nothing and the upgrader None, which fails in the same way; and an upgrader that calls
    it cannot even be given to torch, which does not read its own text of that call ("expected ident but found '='").
    Seen with torch 2.13.0, for custom operators and for torch's own. One tensor, one number, or an optional of
    these can be upgraded; each of the 18 operators in PyTorch's map returns one tensor.

    To mend it, take the entry back and leave the operator as it is. What has to be different gets a new
    overload, which no old model calls: `mylib::split.v2` beside `mylib::split`. Its fixture needs no entry: a
    registry row for the old overload is a guard, which is replayed at every head.
    """
    for entry in change.written:
        from opfixtures.declarations.returned import not_to_be_upgraded

        returned = not_to_be_upgraded(entry.old_schema)
        if returned:
            from opfixtures.change.library_numbers import no_version_left

            message = f"torch cannot upgrade {entry.operator}, which returns {returned} in its old_schema"
            hint = f"{no_version_left(printable(entry.operator))}; take this entry away"
            yield finding(entry.operator, entry.place, message, hint)
