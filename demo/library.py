"""`make demo`: a library of custom operators changes two of them, and its old models keep working."""

from __future__ import annotations

import os
import tempfile

from story import Story

TREES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "library")


def play(folder: str) -> None:
    """The whole story, in an empty folder."""
    story = Story(folder, "a library of custom operators")
    story.apply(os.path.join(TREES, "before"))
    story.commit("tinyops 1.0: scale and halve")
    story.hook()
    story.edit("tinyops/__init__.py", '"""Two operators."""', '"""Two operators: scale and halve."""')
    story.commit("Name the operators")

    story.say(
        "tinyops 2.0: scale loses a default, halve changes its meaning. Version map and upgraders say so."
    )
    story.apply(os.path.join(TREES, "change"))
    story.run("git", "add", "--all")
    shown = story.run("git", "commit", "--quiet", "-m", "tinyops 2.0", status=1)
    story.expect(shown, ["OPF201", "class TestVersionedScaleV3", 'TestVersionedHalveV3(): "tinyops::halve"'])

    story.say("The hook refuses: the fixture entries are missing. Its own lines are added.")
    story.apply(os.path.join(TREES, "entries"))
    story.run("git", "add", "--all")
    story.expect(story.run("opfixtures", "check"), ["OPF301", "2 notes"])

    story.say("The fixtures are made from the commit before the change, by the old operators.")
    shown = story.run("opfixtures", "generate", "--report", "../generate.json")
    story.expect(shown, ["2 verified", "pre-change yes (commit)", "sensitive yes"])
    story.run("cat", "fixtures/test_versioned_halve_v3.ptl.json")
    story.run("git", "add", "--all")
    story.run("git", "commit", "--quiet", "-m", "tinyops 2.0")
    story.run("git", "worktree", "list")

    story.say("Somebody takes the upgrader of halve out: the library registers its first one only.")
    story.edit(
        "tinyops/upgraders.py", "in OPERATOR_VERSIONS.items():", "in list(OPERATOR_VERSIONS.items())[:1]:"
    )
    story.run("git", "diff", "--unified=0", "--", "tinyops/upgraders.py")
    shown = story.run("opfixtures", "verify", "--report", "../verify.json", status=1)
    story.expect(shown, ["1 verified", "1 mismatch"])
    story.run("cat", "../verify.json")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="opfixtures-demo-") as scratch:
        os.mkdir(os.path.join(scratch, "tinyops"))
        play(os.path.join(scratch, "tinyops"))
