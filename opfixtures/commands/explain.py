"""`opfixtures explain CODE`: what a finding means, why it matters, how to mend it."""

from __future__ import annotations

import sys
from inspect import cleandoc

from opfixtures.errors import UserError
from opfixtures.rules import RULES


def run(code: str) -> int:
    """Print the page of the rule with that code, in either case.

    Raises:
        UserError: there is no such rule.
    """
    rule = RULES.get(code.upper())
    if rule is None:
        raise UserError(f"no rule {code!r}: known are {', '.join(sorted(RULES))}")
    sys.stdout.write(f"{rule.code} ({rule.severity})\n\n{cleandoc(rule.page)}\n")
    return 0
