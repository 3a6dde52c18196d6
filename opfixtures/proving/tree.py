"""The upgraders of a tree where a release stands in for its build, and what the release shows nothing of. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from opfixtures.declarations.model import MapEntry
from opfixtures.proving.compiling import UNREAD, TreeOperators
from opfixtures.runtimes import Runtime
from opfixtures.worker.observations import RuntimeSeen


def nothing_doubted(_: MapEntry) -> str:
    """For no entry there is a reason."""
    return ""


@dataclass(frozen=True, slots=True)
class Tree:
    """The upgraders of the tree, where a release stands in for it: their texts by name, None where it has no file of
    them, and the path of that file. `operators` are those that it declares. `why_not_told` says of an entry why the
    texts may not be what a build of the tree has: that of a release says nothing about the change then. `doubted` says
    the same of all that the tree has for models of TorchScript. `published` are target's texts, which its build
    compiled."""

    upgraders: Mapping[str, str] | None = None
    path: str | None = None
    operators: TreeOperators = UNREAD
    why_not_told: Callable[[MapEntry], str] = nothing_doubted
    doubted: str = ""
    published: Mapping[str, str] = field(default_factory=dict)

    @property
    def own(self) -> dict[str, str]:
        """The texts that target has not, or not so, by name."""
        texts = self.upgraders or {}
        return {name: text for name, text in texts.items() if self.published.get(name) != text}


def what_is_unseen(runtime: Runtime, tree: Tree | None) -> str:
    """What of the tree a replay in the runtime shows nothing of; empty where it shows all of it, or says itself what
    not."""
    if tree is not None and tree.upgraders is None:
        return f"by the upgrader of {runtime.name}: that of this tree was not seen, no file of `upgraders` is there"
    if runtime.kind == "interpreter" and runtime.operator_module is not None:
        what = f"by the {runtime.operator_module} that is installed in {runtime.name}"
        return f"{what}: whether it is that of this tree nobody looked"
    return ""


def stands_in(seen: RuntimeSeen, name: str, tree: Tree, entries: Sequence[MapEntry]) -> dict[str, str]:
    """The upgraders of entries of which the runtime has another text than the tree, or one of them has none, or nobody
    can tell what the tree has: why that says nothing about the change."""
    others: dict[str, str] = {}
    for entry in entries:
        upgrader = entry.upgrader_name
        told = seen.upgrader(upgrader)
        if tree.upgraders is None:
            # Whose upgrader it is the result says; which entries there are is the tree's.
            if why := tree.why_not_told(entry):
                others.setdefault(upgrader, f"{why} (--post-change-python)")
        elif upgrader not in tree.upgraders:
            others[upgrader] = (
                f"{tree.path} of this tree has no {upgrader}: what {name} does says nothing about the change"
            )
        elif told.same is not True:
            has = f"has another {upgrader} than this tree" if told.registered else f"has no {upgrader}"
            others[upgrader] = f"{name} {has}, and no build of the change was given (--post-change-python)"
        elif why := tree.why_not_told(entry) or _other_bump(seen, name, entry):
            others.setdefault(upgrader, f"{why} (--post-change-python)")
    return others


def _other_bump(seen: RuntimeSeen, name: str, entry: MapEntry) -> str:
    """Says so where the runtime's own version map bumps the operator, and not at the version of the entry."""
    bumps = seen.operator(entry.operator).bumps
    if not bumps or entry.bumped_at_version in bumps:
        return ""
    at, bump = ", ".join(map(str, bumps)), entry.bumped_at_version
    return f"{name} bumps {entry.operator} at {at}, and not at {bump}; no build of the change was given"
