"""What `opfixtures new` asks a pre-change runtime: the overloads of an operator, and sample inputs that run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from opfixtures.change.changes import Change
from opfixtures.change.comparison import Comparison
from opfixtures.change.map_history import PreChange
from opfixtures.commands.new_telling import those_that_tell
from opfixtures.commands.planning import pre_change_of
from opfixtures.declarations.function_schema import FunctionSchema
from opfixtures.declarations.model import MapEntry
from opfixtures.errors import RuntimeUnavailable, UserError
from opfixtures.making.plan import runtime_for_entry
from opfixtures.making.sampling import SampledModule, find_samples, operators_in, overloads_seen
from opfixtures.making.tools import Tools
from opfixtures.repository.git_snapshot import GitObjects
from opfixtures.runtimes import Runtime
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.synthesis.additions import ModuleText
from opfixtures.synthesis.modules import Module
from opfixtures.synthesis.proposals import without_samples
from opfixtures.worker.observations import OperatorSeen, WorkerError

# Of what torch says of inputs that do not run.
_REASON_CHARACTERS = 200


@dataclass
class RuntimeFinder:
    """Asks the pre-change runtime of each entry of a change. Where it cannot be had, `notes` say why, and the modules
    have no sample inputs. `named` are operators that are asked about too, in one go; `seen` is what runtimes said of
    operators, by their Python."""

    objects: GitObjects
    compared: Comparison
    change: Change
    tools: Tools
    named: Sequence[str] = ()
    notes: list[str] = field(default_factory=list)
    seen: dict[str, Mapping[str, OperatorSeen]] = field(default_factory=dict)

    def overloads(self, entry: MapEntry) -> Sequence[FunctionSchema]:
        """The overloads of the entry's operator in its pre-change runtime, in the order in which TorchScript tries
        them; none where it cannot be had."""
        try:
            runtime = self._runtime(entry)
            seen = self._operator(runtime, entry.operator)
        except (UserError, WorkerError) as error:
            self._note(entry, f"its pre-change runtime cannot be had: {error}")
            return ()
        if seen.schema is None:
            self._note(entry, f"{runtime.name} has no such operator")
        return overloads_seen(seen)

    def write(
        self, entry: MapEntry, changed: Collection[str], modules: Sequence[Module]
    ) -> Sequence[ModuleText]:
        """Of the modules those that run, with sample inputs; all of them without, where none does."""
        if self._was_noted(entry):
            return without_samples(modules)
        runtime = self._runtime(entry)
        self.tools.tell(f"looking for sample inputs of {entry.operator} in {runtime.name}")
        try:
            formats = self.change.config.fixture_formats
            found = find_samples(runtime, modules, self.tools.tell, changed, formats)
        except (UserError, WorkerError) as error:
            self._note(entry, f"{runtime.name} cannot be used: {error}")
            return without_samples(modules)
        running = [one for one in found if one.samples]
        for note in notes_on(found):
            self._note(entry, note)
        if entry.key in self.change.entries:
            spec = self._spec(entry)
            told = those_that_tell(running, entry, self.change, spec, runtime, self.tools)
            # What tells of the argument that changed stays, whatever else tells too.
            pairs = zip(running, told, strict=True)
            running = [had if _names(had, changed) - _names(has, changed) else has for had, has in pairs]
        self._note_unchanged(entry, changed, running)
        return [ModuleText(one.module.class_name, one.text) for one in running] or without_samples(modules)

    def _runtime(self, entry: MapEntry) -> Runtime:
        """The pre-change runtime of an entry. Raises UserError where it cannot be had."""
        spec = self._spec(entry)
        if spec.kind != "checkout":
            return self.tools.runtimes.obtain(spec, None)
        is_older = entry.key in self.change.entries and entry not in self.change.added
        commit = self._pre_change(entry).commit if is_older else self.compared.base
        if commit is None:
            raise RuntimeUnavailable("there is no commit from before the change")
        return self.tools.runtimes.obtain(spec, commit)

    @cached_property
    def _pre_change(self) -> Callable[[MapEntry], PreChange]:
        """Finds pre-change commits: the history is read once for all."""
        return pre_change_of(self.objects, self.compared, self.change, self.tools.tell)

    def _operator(self, runtime: Runtime, operator: str) -> OperatorSeen:
        """What a runtime says of an operator: asked once for all that the map has, and all that are named."""
        known = self.seen.get(runtime.python, {})
        if operator not in known:
            entries = self.change.version_map.entries
            operators = {operator, *self.named, *(entry.operator for entry in entries)}
            known = operators_in(runtime, sorted(operators), self.tools.tell)
            self.seen[runtime.python] = known
        return known[operator]

    def _spec(self, entry: MapEntry) -> RuntimeSpec:
        spec = runtime_for_entry(entry, self.change.config)
        if spec is None:
            version = entry.bumped_at_version - 1
            raise RuntimeUnavailable(f"no runtime in the settings serves operator version {version}")
        return spec

    def _note_unchanged(
        self, entry: MapEntry, changed: Collection[str], running: Sequence[SampledModule]
    ) -> None:
        """Say of which arguments that changed no sample has another value than the default."""
        other = {name for one in running for name in _names(one, changed)}
        left = [name for name in changed if name not in other]
        if running and left:
            self._note(
                entry,
                f"nothing that runs gives {' and '.join(left)}, which changed, another value than the default: "
                "add such a sample to sample_inputs(), or old models that pass one are not tried",
            )

    def _note(self, entry: MapEntry, text: str) -> None:
        self.notes.append(f"{entry.operator}: {text}")

    def _was_noted(self, entry: MapEntry) -> bool:
        return any(note.startswith(f"{entry.operator}: ") for note in self.notes)


def _names(module: SampledModule, changed: Collection[str]) -> set[str]:
    """Of the arguments that changed those that a sample gives another value than the default."""
    return set(changed) & frozenset[str]().union(*module.off_default)


def notes_on(found: Sequence[SampledModule]) -> Iterator[str]:
    """What to say of modules that were tried: which become no `.pt2`, and of which nothing runs."""
    what = "is left out" if any(one.samples for one in found) else "needs sample_inputs() of yours"
    for one in found:
        name = one.module.class_name
        if one.unexported:
            yield f"{name} becomes no .pt2: {one.unexported}"
        if not one.samples:
            yield f"{name} {what}: nothing that was tried runs ({why_none_runs(one)})"


def why_none_runs(module: SampledModule) -> str:
    """What torch says of the inputs that were tried, shortened."""
    line = module.refusal.partition("\n")[0]
    return line if len(line) <= _REASON_CHARACTERS else f"{line[:_REASON_CHARACTERS]}..."
