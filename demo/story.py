"""Plays a story on a real repository: shows each command as a user types it, and what it prints."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Sequence

# As opfixtures says where it is: `[  1.2 s] building`.
_STEP = re.compile(r"\[ *[0-9.]+ s\] ")


class Story:
    """A repository in `folder`, and the commands run in it.

    Stops where a command ends otherwise than it should.
    """

    def __init__(self, folder: str, title: str) -> None:
        self.folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "An Author",
            "GIT_AUTHOR_EMAIL": "author@example.org",
            "GIT_COMMITTER_NAME": "An Author",
            "GIT_COMMITTER_EMAIL": "author@example.org",
        }
        if sys.stdout.isatty():
            self._environment.setdefault("FORCE_COLOR", "1")
        print(f"=== {title} ===", flush=True)
        self._quietly("git", "init", "--quiet", "--initial-branch=main")

    def say(self, text: str) -> None:
        """Tell what happens next."""
        print("", *(f"# {line}" for line in textwrap.wrap(text, 78)), sep="\n", flush=True)

    def apply(self, tree: str) -> None:
        """Copy the files of a folder over those of the repository."""
        shutil.copytree(tree, self.folder, dirs_exist_ok=True)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that stands in the file once."""
        full = os.path.join(self.folder, path)
        with open(full, encoding="utf-8") as stream:
            text = stream.read()
        if text.count(old) != 1:
            sys.exit(f"demo: {path} does not have this text once: {old!r}")
        with open(full, "w", encoding="utf-8") as stream:
            stream.write(text.replace(old, new))

    def append(self, path: str, text: str) -> None:
        """Add a text to the end of a file, and show it."""
        print(text, end="", flush=True)
        with open(os.path.join(self.folder, path), "a", encoding="utf-8") as stream:
            stream.write(text)

    def stage(self) -> None:
        """Stage all."""
        self._quietly("git", "add", "--all")

    def commit(self, message: str) -> None:
        """Commit all, hooks included, which have to pass."""
        self._quietly("git", "add", "--all")
        self._quietly("git", "commit", "--quiet", "-m", message)

    def hook(self) -> None:
        """Make `opfixtures check` the repository's pre-commit hook."""
        path = os.path.join(self.folder, ".git", "hooks", "pre-commit")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("#!/bin/sh\nexec opfixtures check\n")
        os.chmod(path, 0o755)

    def run(self, *argv: str, status: int = 0, first: int = 0, last: int = 0) -> str:
        """Show a command and its output, and make sure that it ends with `status`.

        Of a long output the `first` and the `last` lines are shown, all where neither is said. Progress is shown where
        there is a terminal, which clears it.
        """
        print(f"\n$ {shlex.join(argv)}", flush=True)
        process = subprocess.Popen(
            argv,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=None if sys.stderr.isatty() else subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None  # PIPE was asked for
        shown = list[str]()
        is_progress = False
        for line in process.stdout:
            is_progress = bool(_STEP.match(line)) or (is_progress and line.startswith(" " * 10))
            if is_progress:
                continue
            shown.append(line)
            if not last or len(shown) <= first:
                print(line, end="", flush=True)
        if last:
            print(
                "...\n" if len(shown) > first + last else "",
                *shown[first:][-last:],
                sep="",
                end="",
                flush=True,
            )
        found = process.wait()
        if found != status:
            sys.exit(f"demo: the command ended with {found}, it should have ended with {status}")
        return "".join(shown)

    def expect(self, shown: str, wanted: Sequence[str]) -> None:
        """Make sure that an output says what the story is about, wherever its lines break."""
        for text in wanted:
            if " ".join(text.split()) not in " ".join(shown.split()):
                sys.exit(f"demo: the output should say {text!r}")

    def _quietly(self, *argv: str) -> None:
        subprocess.run(argv, cwd=self.folder, env=self._environment, check=True)
