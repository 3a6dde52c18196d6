"""What `opfixtures new --guard` writes: guards of operators as target has them, with sample inputs that run there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opfixtures.change.changes import Change
from opfixtures.commands.guard_sources import AsDeclared, Known, Source, Unknown, callable_as_it_is
from opfixtures.commands.new_samples import notes_on, why_none_runs
from opfixtures.errors import UserError
from opfixtures.making.sampling import SampledModule, find_samples
from opfixtures.making.tools import Tools
from opfixtures.runtimes import Runtime
from opfixtures.synthesis.additions import ModuleText
from opfixtures.synthesis.guards import Guards, NewGuard
from opfixtures.synthesis.modules import Module
from opfixtures.synthesis.proposals import without_samples
from opfixtures.worker.observations import WorkerError


@dataclass
class GuardWriter:
    """Writes guards of one project; `notes` say what could not be had, operator by operator."""

    change: Change
    source: Source
    tools: Tools
    notes: list[str] = field(default_factory=list)

    def named(self, operators: Sequence[str]) -> list[NewGuard]:
        """The guards of operators that somebody named. Where no inputs are found the modules wait for their author's.

        Raises UserError for one that target has not, or that the version map has.
        """
        guards = Guards(self.change)
        there = {one: guards.there(one) for one in operators}
        wanted = [one for one, guard in there.items() if guard is None]
        known = []
        for operator, told in self.source.describe(wanted).items():
            if isinstance(told, Unknown) and told.may_be_there:
                self._note(operator, told.reason)
                as_declared = AsDeclared(self.change).describe([operator])[operator]
                told = as_declared if isinstance(as_declared, Known) else told
            told = callable_as_it_is(told)
            if isinstance(told, Unknown):
                raise UserError(f"{operator}: {told.reason}")
            known.append(told)
        new = {one.operator: one for one in self._guards(guards, known, is_finished=False)}
        return [there[one] or new[one] for one in operators]

    def lacking(self) -> list[NewGuard]:
        """A guard of each operator that the work tree declares and that has none, where its inputs are found."""
        guards = Guards(self.change)
        for problem in (problem for file in self.change.after.operators() for problem in file.problems):
            self.notes.append(
                f"{problem.place}: {problem.message}: an operator that cannot be read here gets a guard by its name: "
                "`opfixtures new OPERATOR --guard`"
            )
        known, unknown = [], defaultdict[str, list[str]](list)
        for operator, told in self.source.describe(guards.lacking()).items():
            told = callable_as_it_is(told)
            if isinstance(told, Unknown):
                unknown[told.reason].append(operator)
            else:
                known.append(told)
        for reason, operators in unknown.items():
            more = f" and {len(operators) - 1} more" if len(operators) > 1 else ""
            self._note(f"{operators[0]}{more}", reason)
        return self._guards(guards, known, is_finished=True)

    def _guards(self, guards: Guards, known: Iterable[Known], *, is_finished: bool) -> list[NewGuard]:
        able = list(known)
        drafts = {one.schema.operator: guards.modules(one.schema, one.siblings) for one in able}
        sampled = self._sampled(able, drafts)
        new = []
        for one in able:
            operator = one.schema.operator
            if one.runtime is None:
                texts: Sequence[ModuleText] = without_samples(drafts[operator])
            else:
                texts = self._texts(operator, drafts[operator], sampled[operator], is_finished=is_finished)
            new += [guards.guard(one.schema, texts)] if texts else []
        return new

    def _sampled(
        self, able: Iterable[Known], drafts: Mapping[str, Sequence[Module]]
    ) -> dict[str, list[SampledModule]]:
        """By operator its modules as they were tried, in one worker for each runtime; none where that is of no use."""
        of_runtime: dict[Runtime, list[Module]] = defaultdict(list)
        for one in able:
            if one.runtime is not None:
                of_runtime[one.runtime] += drafts[one.schema.operator]
        told: dict[str, list[SampledModule]] = defaultdict(list)
        for runtime, modules in of_runtime.items():
            operators = list(dict.fromkeys(one.schema.operator for one in modules))
            what = operators[0] if len(operators) == 1 else f"{len(operators)} operators"
            self.tools.tell(f"looking for sample inputs of {what} in {runtime.name}")
            formats = self.change.config.fixture_formats
            try:
                found = find_samples(runtime, modules, self.tools.tell, formats=formats)
            except (UserError, WorkerError) as error:
                for operator in operators:
                    self._note(operator, f"{runtime.name} cannot be used: {error}")
                continue
            for sampled in found:
                told[sampled.module.schema.operator].append(sampled)
        return told

    def _texts(
        self,
        operator: str,
        drafts: Sequence[Module],
        sampled: Sequence[SampledModule],
        *,
        is_finished: bool,
    ) -> Sequence[ModuleText]:
        """The modules that run, with their samples. Where none does: none where it has to be finished, else all."""
        running = [one for one in sampled if one.samples]
        if is_finished and sampled and not running:
            self._note(
                operator, f"no guard is added: nothing that was tried runs ({why_none_runs(sampled[0])})"
            )
            return ()
        for note in notes_on(sampled):
            self._note(operator, note)
        texts = [ModuleText(one.module.class_name, one.text) for one in running]
        return texts if texts or is_finished else without_samples(drafts)

    def _note(self, operator: str, text: str) -> None:
        self.notes.append(f"{operator}: {text}")
