"""The rules: what a change owes.

A rule is one generator over a `Change`, in the file of what it judges, registered by its code and severity:

    @rule("OPF201", Severity.ERROR)
    def entry_without_fixture_entry(change: Change, finding: NewFinding) -> Iterator[Finding]:

Its docstring is the page that `opfixtures explain OPF201` prints. A new file is imported here.
"""

from opfixtures.rules import (
    accepted,
    archives,
    fixture_entries,
    fixtures,
    map_entries,
    operator_names,
    published,
    published_fixtures,
    same_file,
    schemas,
    settings,
    torchscript,
    upgraders,
    version_map,
    versions,
    waivers,
)
from opfixtures.rules.registered import RULES, judge

__all__ = [
    "RULES",
    "accepted",
    "archives",
    "fixture_entries",
    "fixtures",
    "judge",
    "map_entries",
    "operator_names",
    "published",
    "published_fixtures",
    "same_file",
    "schemas",
    "settings",
    "torchscript",
    "upgraders",
    "version_map",
    "versions",
    "waivers",
]
