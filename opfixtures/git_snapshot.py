"""Trees that git holds: commits and the index, read as blobs through one `git cat-file --batch`."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, cast

from opfixtures.errors import GitError, UserError
from opfixtures.git import Repository
from opfixtures.git_folder import GitFolder
from opfixtures.hook_fast_path import MERGED
from opfixtures.snapshot import LARGEST, EmptySnapshot, Snapshot, symbolic_link, too_large

# PATH_MAX of Linux: the target of a symbolic link is no longer.
_LONGEST_LINK = 4096
_CHUNK = 64 * 1024
_WORD = re.compile(r"[\w.-]{1,200}")
_MOST_SAID = 1 << 20
# git separated line and text by `:` even with -z, up to 2.20.
_SAID = re.compile(rb"([^\0\n]+)\0([0-9]+)[\0:]([^\n]+)\n")


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object of the database. `content` holds its first bytes, as many as were asked for."""

    oid: str
    kind: str
    size: int
    content: bytes


class GitObjects:
    """The process that serves every snapshot of one run. A context manager: leaving it ends the process."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._process = subprocess.Popen(
            ("git", "cat-file", "--batch"),
            cwd=repository.root,
            env={**repository.environment, "GIT_NO_LAZY_FETCH": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._begun: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> GitObjects:
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
            ("git", *args),
            cwd=self.repository.root,
            env=self.repository.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        self._begun.append(process)
        return process

    def head(self) -> Snapshot:
        """HEAD; the empty tree before the first commit."""
        oid = self.resolve("HEAD")
        return EmptySnapshot() if oid is None else GitSnapshot(self, "HEAD", oid)

    def resolve(self, rev: str) -> str | None:
        """The id of the commit `rev` names, as `Repository.resolve` has it, without a process of its own."""
        commit = None if "\n" in rev else self.find(f"{rev}^{{commit}}", most=0)
        return commit.oid if commit else None

    def merged(self) -> list[str]:
        """The ids of the commits that the next commit merges into HEAD; none where it is no merge.

        MERGE_HEAD is there once a merge has stopped; of several heads git tells the first. A pre-merge-commit
        hook runs without it, and finds a variable for each head in its environment instead.
        """
        names = [name[len(MERGED) :] for name in self.repository.environment if name.startswith(MERGED)]
        return [oid for name in ("MERGE_HEAD", *names) if (oid := self.resolve(name))]

    def commit(self, oid: str) -> Snapshot:
        """The commit of that id."""
        return GitSnapshot(self, f"commit {oid[:7]}", oid)

    def index(self) -> Snapshot:
        """The index git was called with: what the next commit will hold."""
        return GitSnapshot(self, "the index", ":0")

    def find(self, name: str, most: int) -> GitObject | None:
        """The object git calls `name`, with at most its `most` first bytes; None where git finds none.

        Raises:
            GitError: git ended without an answer.
        """
        requests, answers = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        try:
            requests.write(name.encode("utf-8", "surrogateescape") + b"\n")
            requests.flush()
            header = answers.readline()
        except BrokenPipeError:
            header = b""
        if not header.endswith(b"\n"):
            raise GitError(f"git cannot read {name}: `git fsck` tells what is broken in this repository")
        oid, _, rest = header.rstrip(b"\n").partition(b" ")
        kind, _, size = rest.rpartition(b" ")
        if not size.isdigit():
            return None
        content = answers.read(min(int(size), most))
        _skip(answers, int(size) - len(content) + 1)
        return GitObject(oid.decode(), kind.decode(), int(size), content)


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0 and (chunk := stream.read(min(count, _CHUNK))):
        count -= len(chunk)


class GitSnapshot:
    """A tree git knows as `<tree>:<path>`: `tree` is the id of a commit, or `:0` for the index."""

    def __init__(self, objects: GitObjects, name: str, tree: str) -> None:
        self.name = name
        self._objects = objects
        self._tree = tree

    def read(self, path: str) -> bytes | None:
        """See `Snapshot.read`."""
        found = self._blob(path, LARGEST)
        if found is None:
            return None
        if found.size > LARGEST:
            raise too_large(path, self.name)
        if self._is_link(path, found.content):
            raise symbolic_link(path, self.name)
        return found.content

    def has(self, path: str) -> bool:
        """See `Snapshot.has`."""
        return self._blob(path, 0) is not None

    def folder(self, path: str) -> GitFolder:
        """The folder at `path`."""
        return GitFolder(self._objects, self._tree, path)

    def naming(self, words: Sequence[str], beside: str) -> dict[str, str | None]:
        """Where the tree says each of `words`, outside the folder `beside`: `path:line` of one place, None for
        nowhere. Binary files say nothing. A word is missing where this clone cannot tell, as one is that lacks
        files."""
        words = [word for word in words if _WORD.fullmatch(word)]
        if self._objects.repository.partial or not words:
            return {}
        tree = ("--cached",) if self._tree == ":0" else (self._tree,)
        patterns = [option for word in words for option in ("-e", word)]
        how = ("--full-name", "--no-color", "--no-recurse-submodules", "-I", "-F", "-w", "-o", "-n", "-z")
        args = (*how, *patterns, *tree, "--", f":(exclude,top,literal){beside}")
        # Of a file that it cannot read git only says so.
        grep = self._objects.begin("grep", *args, errors=subprocess.STDOUT)
        with cast(IO[bytes], grep.stdout) as stdout:
            said = stdout.read(_MOST_SAID)
        is_whole = len(said) < _MOST_SAID
        if is_whole and _SAID.sub(b"", said):
            return {}
        places: dict[str, str | None] = dict.fromkeys(words) if is_whole else {}
        prefix = "" if self._tree == ":0" else f"{self._tree}:"
        for path, line, word in reversed(_SAID.findall(said)):
            places[os.fsdecode(word)] = f"{os.fsdecode(path).removeprefix(prefix)}:{int(line)}"
        return places

    def _blob(self, path: str, most: int) -> GitObject | None:
        if "\n" in path:
            raise UserError(f"{path!r} has a line break in its name: rename it")
        try:
            found = self._objects.find(f"{self._tree}:{path}", most)
        except GitError:
            self._explain_absence(path)
            raise
        if found is None:
            self._explain_absence(path)
        return found if found is not None and found.kind == "blob" else None

    def _explain_absence(self, path: str) -> None:
        if self._objects.repository.partial:
            answer = self._objects.repository.ask("rev-parse", "--verify", "--quiet", f"{self._tree}:{path}")
            if answer is not None:
                fetch = f"git cat-file -e {answer.decode().strip()}"
                raise GitError(f"{path} of {self.name} is not in this partial clone: `{fetch}` fetches it")
        if self._tree == ":0" and any(self._objects.find(f":{stage}:{path}", 0) for stage in (1, 2, 3)):
            raise UserError(f"{path} has a merge conflict: resolve it and `git add` it first")

    def _is_link(self, path: str, content: bytes) -> bool:
        # `cat-file` does not tell a link from a file. No file worth reading is one short line without an end,
        # so that git is asked again only for what can be a link.
        if not content or len(content) > _LONGEST_LINK or b"\n" in content:
            return False
        if self._tree == ":0":
            query: tuple[str, ...] = ("ls-files", "--stage", "-z", "--", f":(top,literal){path}")
        else:
            query = ("ls-tree", "--full-tree", "-z", self._tree, "--", path)
        return self._objects.repository.run(*query).startswith(b"120000 ")
