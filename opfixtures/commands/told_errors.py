"""An error that ends a command, as an annotation of the workflow that it runs in."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opfixtures.commands.exit_status import sentence_of
from opfixtures.report.error_github import error_annotation


@contextmanager
def annotated(environment: Mapping[str, str]) -> Iterator[None]:
    """Has an error of what runs meanwhile annotated, in a workflow, and raises it on."""
    try:
        yield
    except Exception as error:
        annotate(environment, sentence_of(error).removeprefix("error: "))
        raise


def annotate(environment: Mapping[str, str], sentence: str) -> None:
    """Annotate an error, in a workflow."""
    if environment.get("GITHUB_ACTIONS") == "true":
        sys.stdout.write(f"{error_annotation(sentence)}\n")
        sys.stdout.flush()
