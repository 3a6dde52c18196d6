"""What a run would do, a line for each fixture."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.owner import Owner
from opfixtures.making.plan import Plan
from opfixtures.repository.printable import printable


def intentions(plan: Plan) -> Iterator[str]:
    """A line for each fixture that is to be made or looked at again."""
    for planned in plan.to_make:
        commit = f", pre-change commit {planned.commit[:12]}" if planned.commit else ""
        yield f"would make  {_what(planned.owner)} with {planned.spec.name}{commit}"
    for planned in plan.reproducing:
        yield f"would reproduce  {_what(planned.owner)} with {planned.spec.name}"
    for found in plan.found:
        yield f"would replay  {_what(found.owner)}"


def _what(owner: Owner) -> str:
    where = f" at {owner.entry.bumped_at_version}" if owner.entry else ", a guard"
    return printable(f"{owner.operator}{where}: {owner.path}")
