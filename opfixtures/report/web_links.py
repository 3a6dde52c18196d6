"""Addresses of GitHub's pages, its Enterprise Server's too, for what a report names. Each stays in its repository."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_PUBLIC = "github.com"
# No browser takes much more, and a comment has room for better things.
_MOST_PATH = 1_000


@dataclass(frozen=True, slots=True)
class Site:
    """A repository, `owner/name`, at `server`: the address of GitHub, without a slash at its end."""

    repository: str
    server: str = f"https://{_PUBLIC}"

    @property
    def with_host(self) -> str:
        """The repository as gh takes it: with the host in front, where that is not github.com."""
        host = urlsplit(self.server).netloc
        return self.repository if host in ("", _PUBLIC) else f"{host}/{self.repository}"

    def run(self, number: int) -> str:
        """The page of a workflow's run."""
        return f"{self.server}/{self.repository}/actions/runs/{number}"

    def commit(self, oid: str) -> str:
        """The page of a commit, by its full id."""
        return f"{self.server}/{self.repository}/commit/{oid}"

    def line(self, oid: str, path: str, line: int | None = None) -> str | None:
        """A line of a file at a commit; None where the path could lead elsewhere.

        A browser takes `..` out of an address before it asks, written as `%2e%2e` too:
        https://url.spec.whatwg.org/#double-dot-path-segment
        """
        if len(path) > _MOST_PATH or any(part in ("", ".", "..") for part in path.split("/")):
            return None
        at = "" if line is None else f"#L{line}"
        return f"{self.server}/{self.repository}/blob/{oid}/{quote(path, errors='replace')}{at}"
