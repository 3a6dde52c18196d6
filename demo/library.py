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

    story.say("tinyops 2.0: scale loses a default, halve rounds no integers any more. The hook refuses.")
    story.apply(os.path.join(TREES, "change"))
    story.stage()
    shown = story.run("git", "commit", "--quiet", "-m", "tinyops 2.0", status=1, first=3, last=2)
    story.expect(shown, ["OPF201", "class TestVersionedScaleV3", 'TestVersionedHalveV3(): "tinyops::halve"'])

    story.say("Models to try are written, with inputs that the old operators run on.")
    shown = story.run("opfixtures", "new", "--all", "--apply")
    story.expect(shown, ["TestVersionedHalveV3 with sample inputs"])

    story.say("The fixtures are made by the old operators, and replayed by the new ones.")
    shown = story.run("opfixtures", "generate")
    story.expect(shown, ["3 verified"])
    story.stage()
    story.run("git", "commit", "--quiet", "-m", "tinyops 2.0")

    story.say("Months later somebody breaks the upgrader of halve. No test of the library notices.")
    story.edit(
        "tinyops/upgraders.py", "in OPERATOR_VERSIONS.items():", "in list(OPERATOR_VERSIONS.items())[:1]:"
    )
    story.commit("Register fewer upgraders")
    story.say("CI does: it replays the fixtures at every head.")
    shown = story.run("opfixtures", "verify", status=1)
    story.expect(shown, ["2 verified, 1 mismatch", "not equal: ", "int64 then, float32 now"])
    story.say("Exit status 1: the check is red, and says which old models get other results.")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="opfixtures-demo-") as scratch:
        os.mkdir(os.path.join(scratch, "tinyops"))
        play(os.path.join(scratch, "tinyops"))
