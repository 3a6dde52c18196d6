"""`opfixtures check --fix`: writes what the hints say, where that needs nobody to decide.

What a check judges is the index; what can be written is the work tree. So the work tree is judged here, beside HEAD or
the merge base of the revisions that are named. Under pre-commit both are the same: it puts away what is not staged.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from opfixtures.atomic_write import remove_half_written, write_all
from opfixtures.change.comparison import Comparison, between, settings_of, sides
from opfixtures.change.read_change import read_change
from opfixtures.commands.as_it_was_read import refuse_other
from opfixtures.commands.judging import by_project, of_change, show
from opfixtures.declarations.python_upgraders import with_library_upgraders
from opfixtures.declarations.read import read_sources
from opfixtures.errors import UserError
from opfixtures.proving.generate import inside
from opfixtures.report.screen import write_line
from opfixtures.repository.git import Repository
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.repository.printable import printable
from opfixtures.repository.snapshot import NotAFileError, WorkTreeSnapshot
from opfixtures.rules.findings import Finding, Severity
from opfixtures.settings.settings_scan import ASKED_FOR
from opfixtures.synthesis.mending import MENDED, Mended, Mending


def fix(refs: tuple[str, str] | None = None, *, everything: bool = False, report: str = "text") -> bool:
    """Write what can be mended, all of it or nothing, and say so; whether there was any. Nothing is staged.

    In a format for programs the findings that were mended are reported, and what was written goes to standard error.

    Raises:
        UserError: something is written in a way that cannot be edited, or was saved meanwhile; the second revision is
            not checked out; or as `read_change`.
        OSError: a file could not be written; then none is changed.
    """
    repository = Repository.discover(os.getcwd(), os.environ)
    work_tree = WorkTreeSnapshot(repository.root)
    with GitObjects(repository) as objects:
        several = [_since(objects, *refs)] if refs else sides(objects)
        several = [replace(side, after=work_tree, differing=None) for side in several]
        mended: list[Mended] = []
        read: dict[str, bytes] = {}
        found: list[Finding] = []
        unstaged: list[str] = []
        for change in by_project(objects, several, None, everything):
            of_project, one = _mended(objects, change, work_tree, everything, read)
            found += of_project
            mended += [one] if one.files or one.renamed else []
            unstaged += _unstaged(objects, change[0], work_tree)
    if not mended:
        if unstaged and not refs:
            shown = " ".join(quote(printable(path)) for path in unstaged)
            write_line(
                sys.stderr,
                "opfixtures: warning: nothing is left to be written, and what is checked is the index, which lacks "
                f"what the work tree has: `git add {shown}`",
            )
        return False
    refuse_other(repository.root, (path for one in mended for path in one.files), read)
    _write(repository.root, mended)
    files = {path for one in mended for path in one.files}
    stream = sys.stdout if report == "text" else sys.stderr
    for one in mended:
        for line in one.said:
            write_line(stream, line)
    count = len(files) + sum(len(one.renamed) for one in mended)
    stream.write(f"opfixtures: {count} file{'s' * (count != 1)} written: look at them, and stage them\n")
    if report != "text":
        show(found, report)
    return True


def _since(objects: GitObjects, from_ref: str, to_ref: str) -> Comparison:
    compared = between(objects, from_ref, to_ref)
    if compared.tip != objects.resolve("HEAD"):
        raise UserError(
            f"--fix writes into the work tree, and {to_ref} is not checked out there: "
            f"`git checkout {quote(printable(to_ref))}` first"
        )
    return compared


def _mended(
    objects: GitObjects,
    change: Sequence[Comparison],
    work_tree: WorkTreeSnapshot,
    everything: bool,
    read: dict[str, bytes],
) -> tuple[list[Finding], Mended]:
    """What is found in a project, and what is mended of it; what is `read` of its files for that is added there."""
    found = of_change(objects, change, frozenset(), everything, frozenset())
    errors = [finding for finding in found if finding.severity is not Severity.NOTE]
    of_first = read_change(objects, change[0], everything)
    of_first = replace(of_first, config=with_library_upgraders(of_first.config, work_tree.read))
    sources = read_sources(work_tree, of_first.config)
    read.update(sources)
    places = [(finding.code, finding.place) for finding in errors]
    mended = Mending(of_first, sources, places, work_tree.has).mended()
    return [finding for finding in errors if finding.code in MENDED], mended


def _unstaged(objects: GitObjects, compared: Comparison, work_tree: WorkTreeSnapshot) -> list[str]:
    """The files that declare something and differ between the index and the work tree."""
    # A check does not read those of a library in Python, and yet they belong to the change.
    config = with_library_upgraders(settings_of(compared)[1], work_tree.read)
    index = objects.index(ASKED_FOR)

    def is_staged(path: str, content: bytes) -> bool:
        try:
            return index.read(path) == content
        except NotAFileError:
            return False

    sources = read_sources(work_tree, config)
    return [path for path, content in sources.items() if not is_staged(path, content)]


def _write(root: str, mended: Sequence[Mended]) -> None:
    """Write the files and then rename those of fixtures. Raises OSError, with every file as it was."""
    files = {inside(root, path): content for one in mended for path, content in one.files.items()}
    names = {inside(root, old): inside(root, new) for one in mended for old, new in one.renamed.items()}
    for folder in {os.path.dirname(path) for path in files}:
        remove_half_written(folder)
    done: list[tuple[str, str]] = []
    try:
        for old, new in names.items():
            os.rename(old, new)
            done.append((new, old))
        write_all(files)
    except BaseException:
        for new, old in reversed(done):
            os.rename(new, old)
        raise
