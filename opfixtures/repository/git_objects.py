"""Objects that git holds, read through one `git cat-file --batch`."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import IO, Self, cast

from opfixtures.errors import GitError
from opfixtures.repository.git import GIT, Repository
from opfixtures.repository.git_environment import MERGED
from opfixtures.repository.git_references import may_know
from opfixtures.values import dataclass

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object of the database. `content` holds its first bytes, as many as were asked for."""

    oid: str
    kind: str
    size: int
    content: bytes


class ObjectReader:
    """The process that reads every object of one run. A context manager: leaving it ends the process."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._process = self._batch()
        self._begun: list[subprocess.Popen[bytes]] = []

    def _batch(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            (*GIT, "cat-file", "--batch"),
            cwd=self.repository.root,
            env=self.repository.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._process, *self._begun):
            process.kill()
            # A request that git did not live to read is still in the buffer.
            with suppress(BrokenPipeError), process:
                pass

    def begin(self, *args: str, errors: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start `git ARGS` at the root; what it prints is for the caller to read. It ends with this one. `errors`
        is where its standard error goes, as `Popen` has it."""
        process = subprocess.Popen(
            (*GIT, *args),
            cwd=self.repository.root,
            env=self.repository.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        self._begun.append(process)
        return process

    def resolve(self, rev: str) -> str | None:
        """The id of the commit `rev` names, as `Repository.resolve` has it, mostly without a process of its own."""
        if "\n" in rev:
            return None
        commit = self.find(f"{rev}^{{commit}}", most=0)
        if commit is not None:
            return commit.oid
        is_id = len(rev) in (40, 64) and not rev.strip("0123456789abcdef")
        if not is_id and may_know(self.repository.root, self.repository.environment, rev):
            return self.repository.resolve(rev)
        return None

    def merged(self) -> list[str]:
        """The ids of the commits that the next commit merges into HEAD; none where it is no merge.

        MERGE_HEAD is there once a merge has stopped; of several heads git tells the first. A pre-merge-commit
        hook runs without it, and finds a variable for each head in its environment instead.
        """
        names = [name[len(MERGED) :] for name in self.repository.environment if name.startswith(MERGED)]
        stopped = self.resolve("MERGE_HEAD")
        return [*([stopped] if stopped else []), *map(self._known, names)]

    def _known(self, oid: str) -> str:
        """The id of a commit that git itself has named. Raises GitError where it cannot be read."""
        found = self.resolve(oid)
        if found is None:
            raise self.unreadable(oid, "a commit that is merged")
        return found

    def find(self, name: str, most: int, what: str = "") -> GitObject | None:
        """The object git calls `name`, with at most its `most` first bytes; None where git finds none: there is
        no such name, or nothing of it here. `what` calls it in a sentence.

        Raises:
            GitError: git ended without an answer, or in the middle of one.
        """
        requests, answers = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        try:
            requests.write(name.encode("utf-8", "surrogateescape") + b"\n")
            requests.flush()
            header = answers.readline()
        except BrokenPipeError:
            header = b""
        if not header.endswith(b"\n"):
            from opfixtures.repository.git_damage import why_git_ended

            self._begin_again()
            raise why_git_ended(self.repository, name, what)
        oid, _, rest = header.rstrip(b"\n").partition(b" ")
        kind, _, size = rest.rpartition(b" ")
        if not size.isdigit():
            return None
        content = answers.read(min(int(size), most))
        # git says how much there is before it has read all of it, and ends where it cannot go on.
        if not _skip(answers, int(size) - len(content) + 1):
            self._begin_again()
            raise self.unreadable(oid.decode(), what or name, missing=False)
        return GitObject(oid.decode(), kind.decode(), int(size), content)

    def _begin_again(self) -> None:
        """At a broken object git has ended; what is asked next may be whole."""
        self._begun.append(self._process)
        self._process = self._batch()

    def unreadable(self, oid: str, what: str, *, missing: bool = True) -> GitError:
        """As `git_damage.unreadable`, which only a check that ends there imports."""
        from opfixtures.repository.git_damage import unreadable

        return unreadable(self.repository, oid, what, missing=missing)


def _skip(stream: IO[bytes], count: int) -> bool:
    """Read on and forget; whether there was as much."""
    while count > 0 and (chunk := stream.read(min(count, _CHUNK))):
        count -= len(chunk)
    return count == 0
