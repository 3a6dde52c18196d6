"""Where a workflow finds the Action: the repository that this installation came from."""

from __future__ import annotations

import json
import re

_UNKNOWN = "<owner>/opfixtures"
_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def action_of(origin: str | None, version: str) -> str:
    """`owner/opfixtures@` and a commit, where `direct_url.json` of the installation tells them; else the version's tag,
    and `<owner>` for who fills it in.

    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        told = json.loads(origin or "{}")
    except (ValueError, RecursionError):
        told = {}
    match told:
        case {"url": str(url), "vcs_info": {"commit_id": str(commit)}} if _COMMIT.fullmatch(commit):
            if found := _GITHUB.fullmatch(url):
                return f"{found[1]}@{commit}"
    return f"{_UNKNOWN}@v{version}"
