"""Plays a page of the docs in an empty folder, as somebody would who follows it to the letter.

    python docs/play.py docs/start/python.md

- A block after a line with nothing but the name of a file, and a colon, is that file: it is written.
- If it is a `diff`, it is a change of that file: what it shows as it was has to be there once.
- In a `console` block each line that begins with `$` is run. It has to succeed; to fail where it ends in `# refused`.
  If output is shown, that is what has to come; `...` stands for what is left out, lines or a part of one.
- All other blocks are examples, and nothing is done with them here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

REFUSED = "# refused"
INSTALLED = re.compile(r"pip install '?opfixtures(\[\w+\])?'?( torch)?")
"""What is in the environment that plays: this project, from its work tree."""


class NotAsShown(Exception):
    """Something else came than the page says."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: `line` is that of its first line in the page, from 1. `title` is the file that it is."""

    language: str
    title: str | None
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Played:
    """A command, and all that it printed."""

    command: str
    output: str


FENCE = re.compile(
    r"(?:^`(?P<title>[^`\n]+)`:\n\n)?^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page in Markdown."""
    for found in FENCE.finditer(page):
        text = re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE)
        yield Block(found["language"], found["title"], text, page.count("\n", 0, found.start("text")) + 1)


@dataclass
class Session:
    """Somebody in `folder`, whose programs see `environment`."""

    folder: Path
    environment: Mapping[str, str]
    played: list[Played] = field(default_factory=list)

    def play(self, page: Path) -> list[Played]:
        """Do all that the page says. Raises NotAsShown where something else comes of it."""
        for block in blocks(page.read_text(encoding="utf-8")):
            try:
                self._do(block)
            except NotAsShown as error:
                raise NotAsShown(f"{page.name}:{block.line}: {error}") from error
        return self.played

    def _do(self, block: Block) -> None:
        if block.language == "console":
            for command, shown in commands(block.text):
                self._run(command, shown)
        elif block.title is not None:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            is_change = block.language == "diff"
            path.write_text(changed(path, block.text) if is_change else block.text, encoding="utf-8")

    def _run(self, command: str, shown: str) -> None:
        refused = command.endswith(REFUSED)
        command = command.removesuffix(REFUSED).strip()
        if INSTALLED.fullmatch(command):
            return
        # The folder that a command changes to is that of the next.
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as left:
            script = f"{command}\nstatus=$?\npwd > '{left.name}'\nexit $status\n"
            ran = subprocess.run(
                ("bash", "-c", script),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            self.folder = Path(left.read().strip() or self.folder)
        self.played.append(Played(command, ran.stdout))
        if (ran.returncode != 0) is not refused:
            raise NotAsShown(f"`{command}` ended with {ran.returncode}:\n{ran.stdout}")
        if shown and not is_as_shown(ran.stdout, shown):
            raise NotAsShown(f"`{command}` printed\n{ran.stdout}\n--- and not ---\n{shown}")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console, each with the output that is shown; a line that ends in `\\` goes on."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = re.sub(r" *\\\n> *", " ", part).partition("\n")
        yield command.strip(), shown


def is_as_shown(printed: str, shown: str) -> bool:
    """Whether all that is shown was printed, in this order; where `...` stands may be anything.

    Where lines are broken does not matter: that depends on how wide a terminal is.
    """
    parts = (" ".join(part.split()) for part in shown.split("..."))
    return re.fullmatch(".*?".join(map(re.escape, parts)), " ".join(printed.split()), re.DOTALL) is not None


def changed(path: Path, diff: str) -> str:
    """The file with a change in it: lines after `-` go, lines after `+` come, others are where that is."""
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if not line.startswith("+"))
    new = "".join(line[1:] for line in lines if not line.startswith("-"))
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise NotAsShown(f"{path.name} does not have this once:\n{old}--- but is ---\n{text}")
    return text.replace(old, new)


def environment(cache: str | None = None) -> dict[str, str]:
    """That of somebody who has just installed this project: its commands come first, git knows who commits.

    `cache` is where runtimes are built, None for that of the user.
    """
    left_out = ("GIT_", "PRE_COMMIT", "OPFIXTURES_", "FORCE_COLOR", "COLUMNS")
    person = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "An Author"), ("EMAIL", "author@example.org"))
    }
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(left_out)},
        **person,
        "PATH": os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"])),
        "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "init.defaultBranch",
        "GIT_CONFIG_VALUE_0": "main",
        "NO_COLOR": "1",
        "TERM": "dumb",
        **({} if cache is None else {"OPFIXTURES_CACHE": cache}),
    }


def main(argv: list[str]) -> int:
    """Play pages, and show what they print."""
    for name in argv:
        with tempfile.TemporaryDirectory(prefix="opfixtures-page-") as folder:
            session = Session(Path(folder), environment())
            try:
                session.play(Path(name).resolve())
            except NotAsShown as error:
                sys.stdout.write(f"{error}\n")
                return 1
            finally:
                for one in session.played:
                    sys.stdout.write(f"$ {one.command}\n{one.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
