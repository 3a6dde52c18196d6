"""`make demo-export`: an argument is renamed, and torch.export.load says nothing: a guard's fixture does."""

from __future__ import annotations

import os
import tempfile

from story import Story

TREES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exported")
OPERATORS = "mylib/__init__.py"
MENDED = {
    "name": "The old operator stays as it was, and a new name stands beside it: scale_by.",
    "overload": "Or a new overload stands beside it: scale.by, chosen by the argument that has to be named.",
    "argument": "Or it gets one argument more, last, whose default means what it did without: offset.",
}
ACCEPTED = """
[tool.opfixtures.accepted-breaks]
"mylib::scale" = { how = "other results", release = "mylib 2.0", reason = "f is factor now", modules = ["ScaleBy"] }
"""


def play(folder: str) -> None:
    """The whole story, in an empty folder."""
    story = Story(folder, "a library whose users export models: .pt2")
    story.apply(os.path.join(TREES, "before"))
    story.commit("mylib 1.0: scale")

    story.say("Two guards are added: models of users call scale with its factor, and without.")
    story.apply(os.path.join(TREES, "guards"))
    story.run("cat", "fixtures_src/modules.py")
    shown = story.run("opfixtures", "generate", "-v")
    story.expect(shown, ["2 verified", "names yes, defaults yes"])
    story.commit("Guards of scale")

    story.say("mylib 2.0: f is called factor now. The hook refuses.")
    story.apply(os.path.join(TREES, "renamed"))
    story.run("git", "diff", "--unified=0", "--", OPERATORS)
    story.run("git", "add", OPERATORS)
    shown = story.run("opfixtures", "check", status=1)
    story.expect(shown, ["OPF501", "f is called factor now: torch.export.load drops f without a word"])
    story.say("So does CI, whoever went past it: a model that passes 5.0 gets the default.")
    shown = story.run("opfixtures", "verify", status=1)
    story.expect(shown, ["1 verified, 1 mismatch", "5.0 then, 2.0 now"])
    story.expect(shown, ["argument f of mylib::scale is dropped without a word"])

    for tree, text in MENDED.items():
        story.run("git", "checkout", "--quiet", "HEAD", "--", OPERATORS)
        story.say(text)
        story.apply(os.path.join(TREES, tree))
        story.run("git", "diff", "--unified=0", "--", OPERATORS)
        story.expect(story.run("opfixtures", "verify"), ["2 verified"])

    story.run("git", "checkout", "--quiet", "HEAD", "--", OPERATORS)
    story.say("Or the break is meant: the settings say so, and what users of old files are told.")
    story.apply(os.path.join(TREES, "renamed"))
    story.append("pyproject.toml", ACCEPTED)
    shown = story.run("opfixtures", "verify")
    story.expect(shown, ["1 verified, 1 accepted", "other results from mylib 2.0 on: f is factor now"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="opfixtures-demo-") as scratch:
        os.mkdir(os.path.join(scratch, "mylib"))
        play(os.path.join(scratch, "mylib"))
