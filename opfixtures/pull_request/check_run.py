"""The verdict as a check run: the title that stands in the list of checks, where a token may write one.

https://docs.github.com/en/rest/checks/runs
"""

from __future__ import annotations

from contextlib import suppress

from opfixtures.pull_request.hub import Check, Hub, Refused
from opfixtures.report.publication import Publication
from opfixtures.report.result_markdown import result_markdown
from opfixtures.report.verdict_sentence import verdict
from opfixtures.rules.findings import Severity

NAME = "opfixtures"
"""What it is called; and its `external_id`, by which the next run finds it."""
# Of its summary: https://docs.github.com/en/rest/checks/runs#create-a-check-run
_LIMIT = 65_535


def put_check(hub: Hub, publication: Publication) -> bool:
    """Have the one check run of ours at the head say what was found; whether it does.

    A workflow gives its token `checks: write`, or wants none: that is no error. Raises GitHubError.
    """
    told = verdict(publication)
    url = publication.run.site.run(publication.run.id) if publication.run else None
    check = Check(
        NAME, publication.head, _conclusion(publication), told.line, result_markdown(publication, _LIMIT), url
    )
    with suppress(Refused):
        there = hub.checks(publication.head, NAME)
        if there:
            hub.edit_check(max(there), check)
        else:
            hub.create_check(check)
        return True
    return False


def _conclusion(publication: Publication) -> str:
    """One of GitHub's. What is owed and lies ready waits for whoever takes it."""
    if verdict(publication).is_wrong:
        return "failure"
    owed = any(one.code == "OPF301" and one.severity is Severity.ERROR for one in publication.findings)
    return "action_required" if owed and publication.to_commit else "success"
