"""The user's repository, asked through the git command, which starts no other program on the way."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from functools import cached_property

from opfixtures.errors import GitError
from opfixtures.repository.git_environment import ALONE, OFFLINE, START_NOTHING

# These say where a repository is. Relative ones are meant from the folder git was called in.
_LOCATIONS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
# These change what a pathspec means.
_PATHSPEC_MODES = (
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)
GIT = ("git", *START_NOTHING)
"""How every command begins. Hooks run where an index or a reference is written, filters where a file is read: who
does that turns them off."""
_ID = re.compile(rb"\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b")


def without_git(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` for a repository other than the user's: the `GIT_*` of a hook would lead back to it."""
    return {name: value for name, value in environment.items() if not name.startswith("GIT_")}


class Repository:
    """A repository with a work tree.

    What a hook was given (`GIT_INDEX_FILE` of a `commit -a`, `GIT_DIR` of a linked worktree) stays in force.
    """

    def __init__(self, root: str, environment: Mapping[str, str], object_format: str, shallow: bool) -> None:
        """Use `discover`, which asks git for all of this.

        Args:
            root: absolute path of the work tree.
            environment: what every git process gets, whole.
            object_format: `sha1` or `sha256`.
            shallow: whether history ends early here.
        """
        self.root = root
        self.environment = environment
        self.object_format = object_format
        self.shallow = shallow

    @classmethod
    def discover(cls, folder: str, environment: Mapping[str, str]) -> Repository:
        """The repository that git would use in `folder` under `environment`.

        Raises:
            GitError: git is missing, `folder` is in no repository, or the repository has no work tree.
        """
        own = _own_environment(folder, environment)
        questions = ("--show-object-format", "--is-shallow-repository", "--show-toplevel")
        done = _git(("rev-parse", *questions), folder, own)
        if done.returncode:
            raise GitError(_why_not_a_repository(folder, done.stderr))
        # The root comes last: it may hold a newline itself.
        object_format, shallow, root = done.stdout[:-1].split(b"\n", 2)
        return cls(os.fsdecode(root), own, object_format.decode(), shallow == b"true")

    def run(self, *args: str, stdin: bytes = b"") -> bytes:
        """What `git ARGS` prints, run at the root.

        Raises:
            GitError: git is missing, or failed: then with git's own line.
        """
        done = _git(args, self.root, self.environment, stdin)
        if done.returncode:
            raise _failed(args, done)
        return done.stdout

    def ask(self, *args: str) -> bytes | None:
        """What `git ARGS` prints, run at the root; None where git says no: exit status 1, and nothing of an error.

        Raises:
            GitError: git is missing, or failed: what it could not read may be there all the same.
        """
        done = _git(args, self.root, self.environment)
        if done.returncode == 1 and not _is_complaint(done.stderr):
            return None
        if done.returncode:
            raise _failed(args, done)
        return done.stdout

    def warnings(self, *args: str) -> list[str]:
        """What `git ARGS` warns of, run at the root. Raises GitError as `run`."""
        done = _git(args, self.root, self.environment)
        if done.returncode:
            raise _failed(args, done)
        lines = done.stderr.decode("utf-8", "surrogateescape").splitlines()
        return [line.removeprefix("warning: ") for line in lines if line.startswith("warning: ")]

    def resolve(self, rev: str) -> str | None:
        """The id of the commit that `rev` names, of 40 or 64 digits. None where there is none here.

        Raises:
            GitError: there is one, which cannot be read.
        """
        # No option of git ends like this, and `--verify` wants a revision and nothing else.
        answer = self.ask("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
        if answer is None:
            from opfixtures.repository.git_damage import refuse_broken_name

            refuse_broken_name(self, rev)
            return None
        return answer.decode().strip()

    def merge_base(self, a: str, *others: str) -> str | None:
        """The id of the best common ancestor of a commit and any of the others. None where this clone holds none.

        Raises:
            GitError: some history cannot be read, and might hold it.
        """
        args = ("merge-base", a, *others)
        done = _git(args, self.root, self.environment)
        # A commit that it cannot read git takes for one without parents, and ends as ever.
        if done.returncode not in (0, 1) or b"error: Could not read " in done.stderr:
            raise _failed(args, done)
        return None if done.returncode else done.stdout.decode().strip()

    def that_fetches(self) -> Repository:
        """The same repository, whose git may ask its remotes: for one that nobody but opfixtures has configured."""
        kept = {name: value for name, value in self.environment.items() if name not in OFFLINE}
        return Repository(self.root, kept, self.object_format, self.shallow)

    @cached_property
    def object_directory(self) -> str:
        """Absolute path of the object database, which linked worktrees share."""
        path = os.fsdecode(self.run("rev-parse", "--git-path", "objects")[:-1])
        return os.path.normpath(os.path.join(self.root, path))

    @cached_property
    def partial(self) -> bool:
        """Whether this is a partial clone: objects are missing that the remote promised to give."""
        try:
            names = os.listdir(os.path.join(self.object_directory, "pack"))
        except FileNotFoundError:
            return False
        return any(name.endswith(".promisor") for name in names)


def _own_environment(folder: str, environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name not in _PATHSPEC_MODES}
    for name in _LOCATIONS:
        if kept.get(name):
            kept[name] = os.path.join(os.path.abspath(folder), kept[name])
    return kept | ALONE | {"LC_ALL": "C"}


def _git(
    args: tuple[str, ...], folder: str, environment: Mapping[str, str], stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    command = (*GIT, *args)
    try:
        # With an input, an empty one too, neither git nor what git starts reads the user's.
        return subprocess.run(
            command, cwd=folder, env=environment, input=stdin, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        if not os.path.isdir(folder):
            raise GitError(f"no folder {folder}: run opfixtures in the repository it shall check") from error
        raise GitError("git was not found on PATH: install git, or add its folder to PATH") from error


def _why_not_a_repository(folder: str, stderr: bytes) -> str:
    line = _first_line(stderr)
    if "not a git repository" in line:
        return f"not a git repository: {folder} (change into the repository that opfixtures shall check)"
    if "must be run in a work tree" in line:
        return f"no work tree at {folder}: run opfixtures in a checkout, not in a bare repository or in .git"
    return f"git cannot use the repository at {folder}: {line}"


def _failed(args: tuple[str, ...], done: subprocess.CompletedProcess[bytes]) -> GitError:
    reason = _first_line(done.stderr) or f"exit status {done.returncode}"
    return GitError(f"git {args[0]} failed: {reason}")


def _is_complaint(stderr: bytes) -> bool:
    return any(line.startswith((b"error: ", b"fatal: ")) for line in stderr.splitlines())


def _first_line(stderr: bytes) -> str:
    """The line that tells most: of those about an error the first that names an object, else the first."""
    lines = stderr.strip().splitlines() or [b""]
    fatal = [line for line in lines if line.startswith((b"fatal: ", b"error: "))] or lines[:1]
    line = next(filter(_ID.search, fatal), fatal[0]).decode("utf-8", "backslashreplace")
    return line.removeprefix("fatal: ").removeprefix("error: ")
