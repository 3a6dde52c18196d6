"""What workers told is kept as it comes, and a sweep that was killed at any point goes on where it was."""

from __future__ import annotations

import json
import os

from opfixtures.runtimes import Runtime
from opfixtures.sweep.journal import Journal, asked, journal_path

ROW = {"key": "a", "archive": b"\x00\xff", "samples": [1.5]}


def test_what_was_told_is_known_to_the_next_run(tmp_path):
    path = str(tmp_path / "below" / "journal.jsonl")
    first = Journal(path)
    assert first.known("rerun", ROW) is None
    first.write("rerun", ROW, {"told": 1})
    assert first.known("rerun", ROW) == {"told": 1}
    first.close()
    first.close()
    second = Journal(path)
    assert second.known("rerun", ROW) == {"told": 1}
    assert second.known("sweep", ROW) is None
    assert second.known("rerun", {**ROW, "archive": b"\x00"}) is None


def test_killed_at_any_byte_it_goes_on_where_it_was(tmp_path):
    whole = tmp_path / "whole.jsonl"
    journal = Journal(str(whole))
    rows = [{"key": str(number)} for number in range(3)]
    for row in rows:
        journal.write("rerun", row, {"told": row["key"]})
    journal.close()
    content = whole.read_bytes()
    for end in range(len(content) + 1):
        cut = tmp_path / "cut.jsonl"
        cut.write_bytes(content[:end])
        after = Journal(str(cut))
        known = [after.known("rerun", row) for row in rows]
        # A line is whole with its last bracket: its end may be missing.
        count = sum(end >= at for at in ends(content))
        assert known == [{"told": row["key"]} for row in rows[:count]] + [None] * (3 - count)
        for row, told in zip(rows, known, strict=True):
            if told is None:
                after.write("rerun", row, {"told": row["key"]})
        after.close()
        again = Journal(str(cut))
        assert [again.known("rerun", row) for row in rows] == [{"told": row["key"]} for row in rows]


def ends(content):
    return [place for place, byte in enumerate(content) if byte == ord("\n") and place]


def test_what_is_no_answer_is_read_over(tmp_path):
    path = tmp_path / "journal.jsonl"
    key = asked("rerun", ROW)
    answers: list[object] = [{}, "nonsense", 3, None]
    told = [json.dumps({"asked": key, "told": one}) for one in answers]
    path.write_text("\n".join(['[]\n{"asked": 1}\n"x"', '{"asked": [], "told": {}}', *told]) + "\n")
    assert Journal(str(path)).known("rerun", ROW) == {}


def test_it_lies_in_the_folder_of_the_environment_and_an_interpreter_has_none(tmp_path):
    python = str(tmp_path / "env" / "bin" / "python")
    path = journal_path(Runtime("release", "torch 1", python)) or ""
    assert os.path.dirname(path) == str(tmp_path / "sweeps")
    assert journal_path(Runtime("interpreter", "mine", python)) is None
    kept_nowhere = Journal(None)
    kept_nowhere.write("rerun", ROW, {})
    assert kept_nowhere.known("rerun", ROW) is None


def test_runtimes_that_import_other_modules_share_no_answer(tmp_path):
    python = str(tmp_path / "env" / "bin" / "python")
    modules = (None, "a", "b")
    paths = {journal_path(Runtime("release", "a", python, operator_module=module)) for module in modules}
    assert len(paths) == 3
