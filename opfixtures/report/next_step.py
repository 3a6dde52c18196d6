"""What to do after a run: one sentence, its last line. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from shlex import quote

from opfixtures.proving.result import Answer, FixtureResult, Made, Status
from opfixtures.repository.printable import printable

_MENDS = {
    Status.REFUSED: "mend what is refused, then run `opfixtures generate` again",
    Status.FAILED: "make the library build and import after the change, then run `opfixtures verify`",
    Status.MISMATCH: "mend the upgrader or the operator until old models get their old results, then run "
    "`opfixtures verify`",
    Status.UNPROVEN: "add what the reason asks for, then run `opfixtures generate --regenerate{of}`",
}
"""By what is in the way of the others, the first first."""
_OTHER_MODULE = (
    "make them again with `opfixtures generate --regenerate{of}`, or take back what changed their modules"
)
_OTHER_NAMES = "give the operator its old arguments back, and the new ones to another operator, then run "
NOTHING = "nothing to do"
# Names in one sentence.
_MOST_NAMED = 3
# As Python ends a traceback; in front of it stand the module and where it failed.
_RAISED = r"(?:[^\n]*?{module}(?:, in \w+)?(?:, sample \d+)?: )?(?:\w+\.)*\w*(?:Error|Exception)\b"


def module_raised(fixture: FixtureResult) -> bool:
    """Whether a fixture is refused for what its module, or `sample_inputs()` of it, raised in the old runtime."""
    return (
        fixture.status is Status.REFUSED
        and fixture.module is not None
        and re.match(_RAISED.replace("{module}", re.escape(fixture.module)), fixture.reason) is not None
    )


def next_step(
    fixtures: Sequence[FixtureResult],
    folders: Collection[str],
    *,
    dry_run: bool = False,
    uncommitted: bool = False,
) -> str:
    """What to do about these rows. `folders` are those of the projects' fixtures; `uncommitted`: HEAD lacks one."""
    if dry_run:
        return "run `opfixtures generate` without --dry-run"
    failed = [one for one in fixtures if one.failed]
    for status, mend in _MENDS.items():
        those = [one for one in failed if one.status is status]
        if those:
            mend = _mend(mend, those)
            shown = ", with -v for all facts" if any(one.facts for one in failed) else ""
            return f"{mend}{shown}"
    if uncommitted or any(one.made is Made.BY_THIS_RUN for one in fixtures):
        return f"`git add {' '.join(map(quote, sorted(folders)))}`, and commit that with the change"
    return NOTHING


def _mend(mend: str, those: Sequence[FixtureResult]) -> str:
    """What mends these rows, which have one status."""
    if those[0].status is Status.MISMATCH:
        mend = _mend_of_mismatch(mend, those)
    if all(map(module_raised, those)):
        mend = mend.replace("what is refused", "these fixture modules, or what their `sample_inputs()` give")
    modules = dict.fromkeys(one.module for one in those)
    if those[0].status is Status.UNPROVEN and None not in modules and len(modules) <= _MOST_NAMED:
        named = " and ".join(printable(str(one)) for one in modules)
        mend = mend.replace("add what", f"add to {named} what", 1)
    operators = dict.fromkeys(one.operator for one in those)
    of = (
        "".join(f" --operator {quote(printable(one))}" for one in operators)
        if len(operators) <= _MOST_NAMED
        else ""
    )
    return mend.replace("{of}", of)


def _mend_of_mismatch(mend: str, those: Sequence[FixtureResult]) -> str:
    facts = [one.facts for one in those if one.facts is not None]
    if len(facts) == len(those) and all(one.reproduced.value is Answer.NO for one in facts):
        return _OTHER_MODULE
    upgraders = dict.fromkeys(one.upgrader_name for one in those)
    if None not in upgraders:
        if len(upgraders) <= _MOST_NAMED:
            named = " and ".join(printable(str(one)) for one in upgraders)
            return mend.replace("the upgrader", f"upgrader {named}", 1)
        return mend
    loaders = [loader for one in facts for loader in one.loaders.values() if loader.differ]
    if loaders and all(loader.names is not None and loader.names.value is Answer.NO for loader in loaders):
        return f"{_OTHER_NAMES}`opfixtures verify`"
    # Guards, and what nobody upgrades.
    return mend.replace("the upgrader or the operator", "the operator") if set(upgraders) == {None} else mend
