"""The status of all operators of all projects, as a page of one file.

The page gets its rows at once, and the details of some rows together when one of them is opened: `rows` and `details`
make them, `status.js` shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opfixtures import __version__
from opfixtures.report.html import page
from opfixtures.report.status_html.details import Details
from opfixtures.report.status_html.project import Project
from opfixtures.report.status_html.rows import notes_of, rows_of

__all__ = ["SCRIPTS", "STYLES", "About", "Project", "status_html"]

# How many rows have their details in one block: a browser parses it when somebody opens one of them.
ROWS_OF_A_CHUNK = 64
STYLES = ("status_html/status.css",)
SCRIPTS = tuple(f"status_html/{name}.js" for name in ("states", "timeline", "matrix", "details", "status"))


@dataclass(frozen=True, slots=True)
class About:
    """What the page is about: the name of the repository, its commit if it has one, and the runtimes that every fixture
    was loaded in."""

    repository: str
    commit: str | None
    runtimes: tuple[str, ...] = ()


def status_html(projects: Sequence[Project], about: About) -> str:
    """The page. Records are read again for it, one after the other."""
    rows = [row for project in projects for row in rows_of(project, about.runtimes)]
    collected = Details()
    details = [one for project in projects for one in collected.of(project)]
    replayed_by = {
        fixture.replayed.replayed_by
        for project in projects
        for fixture in project.status.fixtures
        if fixture.replayed and fixture.replayed.replayed_by
    }
    data = {
        "repository": about.repository,
        "commit": about.commit,
        "version": __version__,
        "runtimes": about.runtimes,
        "replayedBy": sorted(replayed_by),
        "isReplayed": any(fixture.replayed for one in projects for fixture in one.status.fixtures),
        "projects": [project.folder for project in projects],
        "rows": rows,
        "rowsOfAChunk": ROWS_OF_A_CHUNK,
        "notes": [note for project in projects for note in notes_of(project)],
    }
    chunks = [details[start : start + ROWS_OF_A_CHUNK] for start in range(0, len(details), ROWS_OF_A_CHUNK)]
    return page(
        f"{about.repository}: operators and fixtures",
        data,
        styles=STYLES,
        scripts=SCRIPTS,
        chunks=chunks,
        without_scripts="This page needs JavaScript. `opfixtures status` shows the same in a terminal.",
    )
