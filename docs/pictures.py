"""Makes the pictures of README and docs from what the program prints.

    python docs/pictures.py

`terminal.svg` is what docs/start/pytorch.md prints when it is played. `comment.md` is what the Action says of a pull
request, and `comment.png` how that looks in Chromium: GitHub's own renderer of Markdown, and a style sheet that is like
GitHub's. Without Chromium the old picture stays.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs.play import Played, Session, environment

DOCS = Path(__file__).resolve().parent
PICTURES = DOCS / "pictures"
PAGE = DOCS / "start" / "pytorch.md"
SHOWN = {
    "git commit --all": 20,
    "opfixtures new": 5,
    "opfixtures generate": 14,
    "git add --all && git commit": 4,
}
"""The commands that the picture has, by how they begin, each with the most lines of its output; of a kind the last."""
COLUMNS = 88
COLOURS = (
    (r"^\$ .*", "#e6edf3", True),
    (r"\berror\b|\bmismatch\b", "#ff7b72", True),
    (r"\bOPF\d+\b", "#ffa657", False),
    (r"^verified\b|\b\d+ verified\b", "#7ee787", True),
    (r"^\+.*", "#7ee787", False),
    (r"^(?:…|@@ .*)$", "#8b949e", False),
)
SIZE, LINE, CHARACTER, MARGIN = 14, 20, 8.43, 16
WIDTH = 860


def main() -> int:
    """Make all pictures."""
    with tempfile.TemporaryDirectory(prefix="opfixtures-pictures-") as name:
        folder = Path(name)
        (folder / "page").mkdir()
        session = Session(folder / "page", environment())
        played = session.play(PAGE)
        (PICTURES / "terminal.svg").write_text(terminal(played), encoding="utf-8")
        (folder / "comment").mkdir()
        markdown = comment(session.folder, folder / "comment")
        (PICTURES / "comment.md").write_text(markdown, encoding="utf-8")
        browser = shutil.which("chromium")
        if browser is None:
            sys.stdout.write("docs/pictures/comment.png stays as it was: there is no chromium\n")
        else:
            (PICTURES / "comment.png").write_bytes(photographed(browser, html(markdown), folder))
    return 0


def terminal(played: Sequence[Played]) -> str:
    """A picture of a terminal, as SVG: the commands that are shown, and what they printed."""
    last = {begin: one for one in played for begin in SHOWN if one.command.startswith(begin)}
    lines = list(_lines((last[begin], most) for begin, most in SHOWN.items()))
    width, height = round(COLUMNS * CHARACTER + 2 * MARGIN), len(lines) * LINE + 2 * MARGIN + 8
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="{SIZE}" fill="#c9d1d9">',
    ]
    for number, line in enumerate(lines, 1):
        if line:
            # A font of another width is set so wide that columns stay columns.
            place = (
                f'x="{MARGIN}" y="{MARGIN + number * LINE}" textLength="{round(len(line) * CHARACTER, 1)}"'
            )
            drawn.append(
                f'<text {place} lengthAdjust="spacingAndGlyphs" xml:space="preserve">{_coloured(line)}</text>'
            )
    return "\n".join((*drawn, "</g>", "</svg>", ""))


def _lines(played: Iterable[tuple[Played, int]]) -> Iterator[str]:
    for number, (one, most) in enumerate(played):
        if number:
            yield ""
        yield from _wrapped(f"$ {one.command}")
        # How far a run is differs from run to run.
        printed = [
            line for line in one.output.rstrip().split("\n") if not re.match(r"\[ *\d+\.\d s\] ", line)
        ]
        lines = [part for line in printed for part in _wrapped(same_everywhere(line))]
        yield from lines if len(lines) <= most else (*lines[: most - 2], "…", lines[-1])


def _wrapped(line: str) -> Iterator[str]:
    yield from (line[at : at + COLUMNS] for at in range(0, len(line), COLUMNS)) if line else ("",)


def _coloured(line: str) -> str:
    """A line with what matters in it in colour."""
    for pattern, colour, bold in COLOURS:
        if found := re.search(pattern, line):
            weight = ' font-weight="bold"' if bold else ""
            before, after = line[: found.start()], line[found.end() :]
            inner = f'<tspan fill="{colour}"{weight}>{escape(found[0])}</tspan>'
            return f"{_coloured(before) if before else ''}{inner}{_coloured(after) if after else ''}"
    return escape(line)


def same_everywhere(text: str) -> str:
    """An output without what differs from machine to machine: the build of torch."""
    return re.sub(r"(\d)\+(?:cpu|cu\d+)\b", r"\1", text)


def comment(played: Path, folder: Path) -> str:
    """What the Action says of the change that the page makes in `played`, as a pull request without its fixtures.

    The repository and what the job leaves are made in the empty `folder`.
    """
    repository, runner = folder / "repository", folder / "runner"
    runner.mkdir()
    said = environment()

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ("git", *arguments), cwd=repository, env=said, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    repository.mkdir()
    git("clone", "--quiet", str(played), ".")
    base = git("rev-parse", "HEAD~1")
    git("switch", "--quiet", "--create", "topic")
    git("rm", "--quiet", "-r", "test/jit/fixtures")
    git("commit", "--quiet", "--amend", "--no-edit")
    head = git("rev-parse", "HEAD")
    pull = {
        "number": 7,
        "base": {"sha": base, "ref": "main", "repo": {"id": 1}},
        "head": {"sha": head, "ref": "topic", "repo": {"id": 1}, "user": {"login": "octocat"}},
    }
    (runner / "event.json").write_text(
        json.dumps({"action": "opened", "pull_request": pull}), encoding="utf-8"
    )
    for name in ("summary", "output"):
        (runner / name).touch()
    workflow = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(runner / "event.json"),
        "GITHUB_OUTPUT": str(runner / "output"),
        "GITHUB_STEP_SUMMARY": str(runner / "summary"),
        "GITHUB_REPOSITORY": "octocat/pytorch",
        # Nothing of GitHub is asked.
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_WORKSPACE": str(repository),
        "OPFIXTURES_RESULT": str(runner / "result"),
        "OPFIXTURES_MODE": "generate",
    }
    command = (sys.executable, "-m", "opfixtures", "action")
    ran = subprocess.run(command, cwd=runner, env={**said, **workflow}, capture_output=True, text=True)
    # Red: what was made is not committed yet.
    if ran.returncode != 1:
        raise SystemExit(
            f"docs/pictures.py: opfixtures action ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
        )
    return same_everywhere((runner / "summary").read_text(encoding="utf-8"))


def html(markdown: str) -> str:
    """The comment on a page of its own."""
    body = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    style = (PICTURES / "comment.css").read_text(encoding="utf-8")
    return f"""<!doctype html><meta charset="utf-8"><title>comment</title><style>{style}</style>
<article><header><b>github-actions</b> <i>bot</i> commented now</header><div>{body}</div></article>
<script>document.documentElement.dataset.height = document.documentElement.scrollHeight</script>
"""


def photographed(browser: str, page: str, folder: Path) -> bytes:
    """A PNG of a page, as high as it is, that says which page that was."""
    file, picture = folder / "page.html", folder / "page.png"
    file.write_text(page, encoding="utf-8")
    options = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'user'}",
    )

    def run(*more: str) -> str:
        command = (browser, *options, *more, file.as_uri())
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    height = re.search(r'data-height="(\d+)"', run(f"--window-size={WIDTH},100", "--dump-dom"))
    assert height is not None  # the page writes it
    run(f"--window-size={WIDTH},{height[1]}", f"--screenshot={picture}")
    return with_note(picture.read_bytes(), {"Source": digest(page)})


def digest(page: str) -> str:
    """What tells one page from another."""
    return hashlib.sha256(page.encode()).hexdigest()


def with_note(png: bytes, notes: Mapping[str, str]) -> bytes:
    """A PNG with texts in it, which no viewer shows (https://www.w3.org/TR/png-3/#11tEXt)."""
    end = png.rindex(b"\0\0\0\0IEND")
    chunks = b"".join(_chunk(b"tEXt", f"{name}\0{text}".encode("latin-1")) for name, text in notes.items())
    return png[:end] + chunks + png[end:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    sys.exit(main())
