"""Rules about what is published, and may not change any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opfixtures.change.changes import Change
from opfixtures.change.published_versions import has_header
from opfixtures.declarations.model import Declarations, MapEntry, VersionMap
from opfixtures.declarations.place import Place
from opfixtures.repository.printable import printable
from opfixtures.rules.findings import Finding, Severity
from opfixtures.rules.registered import NewFinding, rule
from opfixtures.settings.settings_scan import SHARED_FILE, below


@rule("OPF109", Severity.ERROR)
def published_entry_is_changed(change: Change, finding: NewFinding) -> Iterator[Finding]:
    """A published entry of the version map is changed or removed, or the published map itself is gone.

    Models exported by a release that had the entry rely on its upgrader. Without it no old model is upgraded:
    it loads and computes something else, or does not load.

    A removed entry is a revert, and no finding, when the produced version falls below its bump in the same
    change, as when stft and istft at 11 were taken back (pytorch/pytorch#73434, #77257). A library has no
    produced version: its entry may go or change as long as no release has it, that is, as long as it stands in
    the map at no tag of the clone. What only the current branch brought may change and go. An old_schema may be written
    otherwise when it says the same; an entry that OPF105 or OPF106 finds fault with may be mended.

    Once 12 has landed, 11 cannot be taken back that way: it stays given out, and models that were made since
    are stamped with it. Keep the entry, and let one at 13 bring the old behaviour back, with an upgrader that
    gives models of 11 and 12 what they computed. The same holds for a library's entry that a release has.

    Where the settings name an `upstream`, an entry may change or go as it does there, and one of the fork's own may
    move once upstream has given its version to another operator.

    Only in C++: PyTorch's guide gives an upgrader up after 180 days where the next change leaves no way to
    keep it, and its generate_models.py shows a comment in front of each with the day until which it is kept.
    Once that day is past, an entry may go, and its fixtures with it, if target has the comment in front of
    its upgrader:

        /* gelu_0_9 is added for a change of gelu. Expire date: 06/02/2022 */

    as month, day, year. Without it nobody was told, and a model lives longer than 180 days.

    To mend it, restore the entry, and add another one with a higher bumped_at_version for what changes now.
    Where the map was moved, name the new path as `version-map` in the same change. Otherwise bring it back:

        git checkout HEAD -- torch/csrc/jit/operator_upgraders/version_map.cpp
    """
    if change.after.version_map is None:
        published = change.target.version_map
        if published is not None and not _all_may_go(change, published):
            settings = (
                f"[tool.opfixtures] of {change.config.source or below(change.config.folder, SHARED_FILE)}"
            )
            hint = f"bring it back, or name its new path as `version-map` in {settings}"
            message = "the published version map is removed"
            if change.has_file(published.path):
                message, hint = (
                    "no settings name the published version map any more",
                    f"name it as `version-map` in {settings}",
                )
            yield finding(None, Place(published.path, 1, 1), message, hint)
        return
    # What is not among the entries of a map with problems may be there all the same.
    if change.version_map.path not in change.touched or change.version_map.problems:
        return
    altered = list(_altered(change))
    if not altered:
        return
    from opfixtures.change.taken_back import instead, places_of_removed
    from opfixtures.declarations.entry_text import entry_text

    places = places_of_removed(change)
    for entry, now in altered:
        what = f"the published entry of {entry.operator} at version {entry.bumped_at_version}"
        hint = f"write it as it was: {entry_text(change.version_map.path, entry)}"
        if now:
            yield finding(entry.operator, now.place, f"{what} is changed", printable(hint))
        else:
            key = entry.operator, entry.bumped_at_version
            place = places.get(key, Place(change.version_map.path, 1, 1))
            hint = f"{printable(hint)}\n{printable(instead(change, entry))}"
            yield finding(entry.operator, place, f"{what} is removed", hint)


def _all_may_go(change: Change, published: VersionMap) -> bool:
    """Whether a published map is not lost but taken back, registry and all, and nobody needs what it had."""
    # Settings that go take nothing along of what they named.
    stays = change.after.registry is not None
    if stays or published.problems or any(map(change.has_file, (published.path, change.config.registry))):
        return False
    from opfixtures.change.taken_back import may_be_taken_back

    keys = (entry.key for entry in published.entries)
    return all(may_be_taken_back(change, *key) for key in keys)


def _altered(change: Change) -> Iterator[tuple[MapEntry, MapEntry | None]]:
    """The published entries that the change alters, each with what stands there now."""
    said = {entry.text for entry in _entries(change.after)}
    if all(entry.text in said for entry in _entries(change.target)):
        return
    before, after = _texts(change.before), _texts(change.after)
    now = {entry.key: entry for entry in _entries(change.after)}
    kept = {(entry.upgrader_name, entry.bumped_at_version) for entry in _entries(change.after)}
    for key, published in _texts(change.target).items():
        untouched = (
            change.before.version_map is not None and before.get(key, {}).keys() == after.get(key, {}).keys()
        )
        for text, entry in published.items():
            if untouched or text in after.get(key, {}):
                continue
            mends = (entry.upgrader_name, entry.bumped_at_version) in kept and _is_faulty(entry)
            if not (mends or _may_change(change, entry, now.get(key))):
                yield entry, now.get(key)


def _entries(declarations: Declarations) -> Sequence[MapEntry]:
    return declarations.version_map.entries if declarations.version_map else ()


_Text = tuple[str, int, str, str]


def _texts(declarations: Declarations) -> dict[tuple[str, int], dict[_Text, MapEntry]]:
    """By operator and version what the entries say; several where arms of an `#if` differ."""
    texts: dict[tuple[str, int], dict[_Text, MapEntry]] = {}
    for entry in _entries(declarations):
        texts.setdefault(entry.key, {})[entry.text] = entry
    return texts


def _is_faulty(entry: MapEntry) -> bool:
    from opfixtures.rules.map_entries import operator_of

    return operator_of(entry.old_schema) != entry.operator


def _may_change(change: Change, entry: MapEntry, now: MapEntry | None) -> bool:
    from opfixtures.change.fork_numbers import follows_upstream

    if now is None:
        from opfixtures.change.taken_back import may_be_taken_back

        return may_be_taken_back(change, entry.operator, entry.bumped_at_version)
    if not has_header(change) and not change.released().may_have(*entry.key):
        return True
    if follows_upstream(change, entry.key, now):
        return True
    from opfixtures.declarations.function_schema import SchemaError, parse_schema, same_schema

    try:
        same = same_schema(parse_schema(entry.old_schema), parse_schema(now.old_schema))
    except SchemaError:
        return False
    return same and now.upgrader_name == entry.upgrader_name
