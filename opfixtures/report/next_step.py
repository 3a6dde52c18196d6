"""What to do after a run: one sentence, its last line. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from shlex import quote

from opfixtures.proving.result import FixtureResult, Made, Status

_MENDS = {
    Status.REFUSED: "mend what is refused, then run `opfixtures generate` again",
    Status.FAILED: "make the library build and import after the change, then run `opfixtures verify`",
    Status.MISMATCH: "mend the upgrader or the operator until old models get their old results, then run "
    "`opfixtures verify`",
    Status.UNPROVEN: "add what the reason asks for, then run `opfixtures generate` again",
}
"""By what is in the way of the others, the first first."""
NOTHING = "nothing to do"
# As Python ends a traceback.
_RAISED = re.compile(r"(?:\w+\.)*\w*(?:Error|Exception)\b")


def module_raised(fixture: FixtureResult) -> bool:
    """Whether a fixture is refused for what its module, or `sample_inputs()` of it, raised in the old runtime."""
    return (
        fixture.status is Status.REFUSED
        and fixture.module is not None
        and _RAISED.match(fixture.reason) is not None
    )


def next_step(fixtures: Sequence[FixtureResult], folders: Collection[str], *, dry_run: bool = False) -> str:
    """What to do about these rows. `folders` are those of the projects' fixtures."""
    if dry_run:
        return "run `opfixtures generate` without --dry-run"
    failed = [one for one in fixtures if one.failed]
    for status, mend in _MENDS.items():
        those = [one for one in failed if one.status is status]
        if those:
            if all(one.upgrader_name is None for one in those):
                # A guard.
                mend = mend.replace("the upgrader or the operator", "the operator")
            if all(map(module_raised, those)):
                mend = mend.replace(
                    "what is refused", "these fixture modules, or what their `sample_inputs()` give"
                )
            shown = ", with -v for all facts" if any(one.facts for one in failed) else ""
            return f"{mend}{shown}"
    if any(one.made is Made.BY_THIS_RUN for one in fixtures):
        return f"`git add {' '.join(map(quote, sorted(folders)))}`, and commit that with the change"
    return NOTHING
