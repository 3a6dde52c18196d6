"""Rules about the version map itself."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.change.changes import Change
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule


@rule("OPF101", Severity.ERROR)
def version_map_cannot_be_read(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The version map cannot be read at this place.

    opfixtures reads the map from its text, without a compiler: literals, comments, preprocessor lines. What
    it cannot read it does not guess. An entry hidden behind a macro or a call would be an entry that nobody
    asks a fixture for. Changes that claim the same version meet here: PyTorch expected merge conflicts over
    the number (pytorch/pytorch#72313), and the marker of one that was left behind is found here.

    To mend it, write the entry out as a literal:

        {"aten::gelu", {{10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"}}},

    or, in a library's Python file:

        OPERATOR_VERSIONS = {
            "mylib::scale": [
                {
                    "bumped_at_version": 4,
                    "upgrader_name": "scale_0_3",
                    "old_schema": "mylib::scale(Tensor x) -> Tensor",
                },
            ],
        }
    """
    if change.version_map.path in change.touched:
        for problem in change.version_map.problems:
            yield finding(None, problem.place, problem.message, "opfixtures explain OPF101")
