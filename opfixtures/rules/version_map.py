"""Rules about the version map itself."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.changes import Change
from opfixtures.declarations.model import Place
from opfixtures.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.settings_scan import SHARED_FILE


@rule("OPF101", Severity.ERROR)
def version_map_cannot_be_read(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """The version map cannot be read at this place.

    opfixtures reads the map from its text, without a compiler: literals, comments, preprocessor lines. What
    it cannot read it does not guess. An entry hidden behind a macro or a call would be an entry that nobody
    asks a fixture for.

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


@rule("OPF109", Severity.ERROR)
def published_map_is_gone(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A published version map is not there any more.

    Models exported by a release that had the map rely on its upgraders. Without the map no old model is
    upgraded: it loads and computes something else, or does not load.

    A map that only the current branch brought may go again. Where the map was moved, mend it by naming the
    new path as `version-map` in the same change. Otherwise bring it back:

        git checkout HEAD -- torch/csrc/jit/operator_upgraders/version_map.cpp
    """
    published = change.target.version_map if change.after.version_map is None else None
    if published is not None:
        settings = f"[tool.opfixtures] of {change.config.source or SHARED_FILE}"
        hint = f"bring it back, or name its new path as `version-map` in {settings}"
        yield finding(None, Place(published.path, 1, 1), "the published version map is removed", hint)
