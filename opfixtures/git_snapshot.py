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
from opfixtures.git import GIT, Repository
from opfixtures.git_environment import MERGED
from opfixtures.git_folder import GitFolder
from opfixtures.git_references import may_know
from opfixtures.git_tree import FOLDER, LINK, SUBMODULE, IndexEntries, TreeEntry, entry_in_commit
from opfixtures.snapshot import LARGEST, EmptySnapshot, NotAFileError, Snapshot, too_large

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
            (*GIT, *args),
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

    def commit(self, oid: str) -> Snapshot:
        """The commit of that id."""
        return GitSnapshot(self, f"commit {oid[:7]}", oid)

    def index(self, often: tuple[str, ...] = ()) -> Snapshot:
        """The index git was called with: what the next commit will hold.

        `often` are paths from the root of a project that are asked for in each: one process lists them together.
        """
        return GitSnapshot(self, "the index", ":0", often)

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
            from opfixtures.git_damage import why_git_ended

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
        from opfixtures.git_damage import unreadable

        return unreadable(self.repository, oid, what, missing=missing)


def _skip(stream: IO[bytes], count: int) -> bool:
    """Read on and forget; whether there was as much."""
    while count > 0 and (chunk := stream.read(min(count, _CHUNK))):
        count -= len(chunk)
    return count == 0


class GitSnapshot:
    """A tree git knows as `<tree>:<path>`: `tree` is the id of a commit, or `:0` for the index."""

    def __init__(self, objects: GitObjects, name: str, tree: str, often: tuple[str, ...] = ()) -> None:
        self.name = name
        self._objects = objects
        self._tree = tree
        self._index = IndexEntries(objects, often) if tree == ":0" else None

    @property
    def tree(self) -> str:
        """How git calls it: the id of the commit, or `:0`."""
        return self._tree

    def read(self, path: str) -> bytes | None:
        """See `Snapshot.read`."""
        found = self._find(path, LARGEST)
        if found is None:
            self._refuse_way(path)
            return None
        if found.kind == "tree":
            raise NotAFileError(path, self.name, "a folder")
        if found.size > LARGEST:
            raise too_large(path, self.name)
        if self._is_link(path, found.content):
            raise self._linked(path, found.content, path)
        return found.content if found.kind == "blob" else None

    def has(self, path: str) -> bool:
        """See `Snapshot.has`."""
        found = self._find(path, 0)
        if found is None:
            self._missing(path)
        return found is not None and found.kind == "blob"

    def folder(self, path: str) -> GitFolder:
        """The folder at `path`."""
        return GitFolder(self._objects, self._tree, path, self)

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

    def refuse_link(self, path: str) -> None:
        """Raises NotAFileError where a symbolic link stands at `path` or above it, GitError as `read` does."""
        self._refuse_way(path, folder=True)

    def entry(self, path: str) -> TreeEntry | None:
        """What stands at `path`, or above it in its way; None where nothing does.

        Raises:
            GitError: git failed, or this clone lacks a tree.
            UserError: it is in conflict.
        """
        if self._index is not None:
            return self._index.at(path)
        return entry_in_commit(self._objects, self._tree, path, self.name)

    def _find(self, path: str, most: int) -> GitObject | None:
        if "\n" in path:
            raise UserError(f"{path!r} has a line break in its name: rename it")
        return self._objects.find(f"{self._tree}:{path}", most, f"{path} of {self.name}")

    def _missing(self, path: str) -> TreeEntry | None:
        """What stands at or above `path`, of which git found nothing. Raises GitError where it should have."""
        entry = self.entry(path)
        if entry is not None and entry.path == path and entry.oid and entry.mode != SUBMODULE:
            raise self._objects.unreadable(entry.oid, f"{path} of {self.name}")
        return entry

    def _refuse_way(self, path: str, folder: bool = False) -> None:
        entry = self.entry(path) if folder else self._missing(path)
        if entry is not None and entry.mode == FOLDER and not folder:
            raise NotAFileError(path, self.name, "a folder")
        if entry is not None and entry.mode == LINK:
            link = self._objects.find(entry.oid, _LONGEST_LINK)
            raise self._linked(path, link.content if link else b"", entry.path)

    def _linked(self, path: str, target: bytes, way: str) -> NotAFileError:
        return NotAFileError(path, self.name, "a symbolic link", way, os.fsdecode(target))

    def _is_link(self, path: str, content: bytes) -> bool:
        # `cat-file` does not tell a link from a file. No file worth reading is one short line without an end,
        # so that only what can be a link is looked up.
        if not content or len(content) > _LONGEST_LINK or b"\n" in content:
            return False
        entry = self.entry(path)
        return entry is not None and entry.mode == LINK
