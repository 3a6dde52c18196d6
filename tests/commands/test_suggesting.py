"""The lines that a check would have otherwise."""

import pytest

from opfixtures.change.changes import Change
from opfixtures.commands.suggesting import suggested
from opfixtures.declarations.read import declare
from opfixtures.rules import judge
from opfixtures.rules.findings import Suggestion
from tests.repositories import config_of
from tests.rules.test_every_rule import BEFORE, COMPLETE, EDITS, MAP, REGISTRY, UPGRADERS, VERSIONS, edited
from tests.tree_fixtures import Files

HARDSWISH = '    {"aten::hardswish", {{11, "%s", "aten::hardswish(Tensor self) -> Tensor"}}},'
CONSTANT = "constexpr uint64_t k%sFileFormatVersion = 0x%sL;"
DEF = "def hardswish_0_%s(self: Tensor) -> Tensor:"
# The same mistake where the operator is written a second time.
MORE = {"OPF103": [(UPGRADERS, "hardswish_0_10", "hardswish_0_9")], "OPF107": [(VERSIONS, "0xB", "0xA")]}
LINES = {
    "OPF103": [
        Suggestion(MAP, 3, HARDSWISH % "hardswish_0_9", HARDSWISH % "hardswish_0_10"),
        Suggestion(UPGRADERS, 6, '    {"hardswish_0_9", R"(', '    {"hardswish_0_10", R"('),
        Suggestion(UPGRADERS, 7, DEF % 9, DEF % 10),
    ],
    "OPF107": [
        Suggestion(VERSIONS, 1, CONSTANT % ("MaxSupported", "A"), CONSTANT % ("MaxSupported", "B")),
        Suggestion(VERSIONS, 2, CONSTANT % ("Produced", "A"), CONSTANT % ("Produced", "B")),
    ],
    # A line of its own, and nothing to mend.
    "OPF201": [],
    "OPF105": [],
    "": [],
}


def test_where_nothing_can_be_written_nothing_is_suggested():
    suggests("OPF201", [(REGISTRY, None, None)], [])


@pytest.mark.parametrize("code", LINES)
def test_one_line_for_another_is_suggested(code):
    suggests(code, MORE.get(code, ()), LINES[code])


def suggests(code, more, lines):
    after = Files(edited(*EDITS[code]) if code else COMPLETE)
    for path, old, new in more:
        after[path] = after[path].replace(old, new) if old else None
    after = Files({path: text for path, text in after.items() if text is not None})
    config = config_of(after)
    before, now = (
        declare({path: text.encode() for path, text in files.items() if isinstance(text, str)}, config)
        for files in (BEFORE, after)
    )
    touched = frozenset(path for path, _ in BEFORE.items() ^ after.items())
    change = Change(config, before, now, touched, lambda: before, after.__contains__, lambda: before)
    found = judge(change)
    assert not code or code in {finding.code for finding in found}
    assert suggested(change, after, found) == lines
