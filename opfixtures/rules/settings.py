"""Rules about the settings: what they name has to be there."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.declarations.place import Place
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule


@rule("OPF402", Severity.ERROR)
def named_file_is_not_there(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The settings name a file that is not there.

    A file that is not found declares nothing, and of nothing no rule finds fault: with a misspelt `registry` no
    module is missed, with a misspelt `upgraders` no upgrader. So the settings are judged as they stand, whatever
    else a change touches. Of the paths that a preset brings none is missed, nor is the folder of fixtures, which
    comes with the first one.

    What nobody looks at goes on being wrong: PyTorch's table of mobile upgraders was not made again for months
    (pytorch/pytorch#89886), and nothing complained.

    The tree that is judged is the one that git holds: a file that only the work tree has is not there.

    To mend it, correct the path in the settings, which is meant from their own folder, or bring the file:

        git add fixtures_src/registry.py
    """
    from shlex import quote

    for named in change.config.named:
        if not change.has_file(named.path):
            place = Place(change.config.source or "", named.line, named.column)
            message = f"`{named.key}` names {named.path}, which is not there"
            hint = f"correct the path, or bring the file: git add {quote(printable(named.path))}"
            yield finding(None, place, message, hint)
