"""`make demo-pytorch`: PyTorch's own change of gelu at version 10, replayed from a real torch 1.11.0."""

from __future__ import annotations

import os
import tempfile

from story import Story

TREES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pytorch")
MAP = "torch/csrc/jit/operator_upgraders/version_map.cpp"


def play(folder: str) -> None:
    """The whole story, in an empty folder: a small tree with PyTorch's paths, no settings."""
    story = Story(folder, "aten::gelu and aten::gelu.out at version 10")
    story.apply(os.path.join(TREES, "before"))
    story.commit("A version map with one operator")
    story.hook()

    story.say("gelu gets an argument: its author adds two entries to the version map.")
    story.apply(os.path.join(TREES, "change"))
    story.run("git", "diff", "--unified=0", "--", MAP)
    story.run("git", "add", "--all")
    shown = story.run("git", "commit", "--quiet", "-m", "gelu: approximate", status=1)
    story.expect(shown, [f"{MAP}:15:22: error OPF201", "class TestVersionedGeluOutV9", "2 errors"])

    story.say("The fixture entries are added; what is missing now are the fixtures.")
    story.apply(os.path.join(TREES, "entries"))
    story.run("git", "add", "--all")
    story.expect(story.run("opfixtures", "check"), ["OPF301", "2 notes"])

    story.say("The last release that has the old gelu makes them, the newest one replays them.")
    shown = story.run("opfixtures", "generate", "-v")
    story.expect(shown, ["2 verified", "made by torch 1.11.0", "schema, operator-version, archive-version"])
    story.run("git", "add", "--all")
    story.run("git", "commit", "--quiet", "-m", "gelu: approximate")
    story.run("ls", "test/jit/fixtures")
    story.expect(story.run("opfixtures", "verify"), ["2 verified"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="opfixtures-demo-") as scratch:
        os.mkdir(os.path.join(scratch, "pytorch"))
        play(os.path.join(scratch, "pytorch"))
