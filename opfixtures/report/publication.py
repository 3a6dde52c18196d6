"""What a pull request is told: one result with its findings, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opfixtures.proving.result import FixtureResult, Made, Result, Status
from opfixtures.report.web_links import Site
from opfixtures.rules.findings import Finding, Severity

if TYPE_CHECKING:
    from opfixtures.archives.model import Archive
    from opfixtures.records.record import Record


@dataclass(frozen=True, slots=True)
class Run:
    """Where the files are: the artifact `artifact` of the workflow run `id` in `repository`, `owner/name`.

    `server` is the address of GitHub, without a slash at its end.
    """

    repository: str
    id: int
    artifact: str
    server: str = "https://github.com"

    @property
    def site(self) -> Site:
        """The repository's pages."""
        return Site(self.repository, self.server)


@dataclass(frozen=True, slots=True)
class Publication:
    """What is told on a pull request.

    `evidence` is what archive and record say, by the fixture's path; `head` is the id of the commit that the result
    is of, `pushed` of the one that fixtures were committed with, if they were, and `why_not_pushed` why they were not,
    although that was asked for. `by_job_token`: the token of a workflow's job pushed it, for which GitHub starts no
    checks. `run` is None where no run is known; its artifact has a patch if `has_patch`. `published` says of pre-change
    commits whether the base branch has them, as far as somebody looked.
    """

    head: str
    result: Result
    findings: tuple[Finding, ...] = ()
    evidence: Mapping[str, tuple[Archive, Record]] = field(default_factory=dict)
    run: Run | None = None
    has_patch: bool = False
    pushed: str | None = None
    why_not_pushed: str = ""
    by_job_token: bool = False
    published: Mapping[str, bool] = field(default_factory=dict)

    @property
    def site(self) -> Site | None:
        """The repository's pages, as far as a run names them."""
        return self.run.site if self.run else None

    @property
    def nothing_owed(self) -> bool:
        """Whether there is nothing to tell of."""
        return not (self.result.fixtures or self.result.planned or self.findings)

    @property
    def news(self) -> list[Finding]:
        """The findings, less those that a fixture is missing where it is told what became of it."""
        told = {fixture.operator for fixture in self.result.fixtures}
        return [one for one in self.findings if not (one.code == "OPF301" and one.operator in told)]

    @property
    def rows(self) -> list[FixtureResult]:
        """What became of the fixtures, less those without a fixture entry where a finding asks for that."""
        asked = {one.operator for one in self.news if one.severity is Severity.ERROR}
        return [row for row in self.result.fixtures if row.module or row.operator not in asked]

    @property
    def made(self) -> list[FixtureResult]:
        """What this run made, and the branch may take."""
        return [
            row
            for row in self.result.fixtures
            if row.made is Made.BY_THIS_RUN and row.status is not Status.MISMATCH
        ]

    @property
    def to_commit(self) -> int:
        """How many fixtures this run made that are green, and that the branch does not have yet."""
        return 0 if self.pushed else sum(not row.failed for row in self.made)
