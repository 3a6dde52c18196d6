"""What a change should add or rename, so that an entry has what it owes. Pure; what it proposes is called like nothing
else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from itertools import chain, count, islice

from opfixtures.change.changes import Change
from opfixtures.declarations.function_schema import FunctionSchema, SchemaError, parse_schema
from opfixtures.declarations.model import FixtureEntry, FixtureModule, MapEntry, is_module
from opfixtures.declarations.names import (
    class_name_for,
    fixture_stem,
    guard_name_for,
    module_of_version,
    module_version,
    numbered,
)
from opfixtures.declarations.python_upgraders import functions_in
from opfixtures.declarations.upgrader_model import Upgraders
from opfixtures.errors import UserError
from opfixtures.synthesis.additions import Additions, ModuleText, NewRow, NewUpgrader
from opfixtures.synthesis.module_text import module_text
from opfixtures.synthesis.modules import Module, modules_for
from opfixtures.values import replace

_RANGE = re.compile(r"_[0-9]{1,10}_[0-9]{1,10}\Z")
Writer = Callable[[Sequence[Module]], Sequence[ModuleText]]
"""Makes the texts of fixture modules."""


def without_samples(modules: Sequence[Module]) -> tuple[ModuleText, ...]:
    """The modules as anybody can write them who has no torch."""
    return tuple(ModuleText(one.class_name, module_text(one)) for one in modules)


class Proposals:
    """What to add for the entries of a change, one after the other: none gets a name that another one has."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._taken = {fixture_stem(row.module) for row in change.registry.rows}

    def fixture_entry(
        self,
        entry: MapEntry,
        siblings: Sequence[FunctionSchema] = (),
        write: Writer = without_samples,
    ) -> Additions:
        """The fixture entry of an entry: its modules, as `write` has them, and their rows. A class of the operator that
        stands unused is taken as it is. `siblings` are the operator's overloads. `fault_of` finds nothing wrong with
        the entry."""
        schema, version = parse_schema(entry.old_schema), entry.bumped_at_version - 1
        name = class_name_for(entry.operator, version)
        texts = write(self._named(name, entry.operator, lambda one: modules_for(schema, one, siblings)))
        self._taken.update(fixture_stem(one.class_name) for one in texts)
        return self.fixture_entries(entry.operator, texts)

    def of_entry(
        self,
        entry: MapEntry,
        rows: Sequence[FixtureEntry],
        siblings: Sequence[FunctionSchema] = (),
        write: Writer = without_samples,
    ) -> Additions:
        """The fixture entry of an entry without `rows`; else the classes that its rows name and no file defines.

        One that was defined before is to be brought back, and none is written where a file cannot be read that may
        define it. `fault_of` finds nothing wrong with the entry."""
        if not rows:
            return self.fixture_entry(entry, siblings, write)
        change = self._change
        known = change.modules.keys() | change.modules_before.keys()
        names = [row.module for row in rows if row.module not in known]
        if not names or change.after.modules.problems:
            return Additions()
        made = modules_for(parse_schema(entry.old_schema), names[0], siblings)
        first = [one for one in made if one.class_name in names]
        others = [
            replace(made[0], class_name=name)
            for name in names
            if all(name != one.class_name for one in first)
        ]
        return Additions(modules=tuple(write([*first, *others])))

    def guard_modules(
        self, schema: FunctionSchema, siblings: Sequence[FunctionSchema], *, scripts: bool
    ) -> tuple[Module, ...]:
        """The modules of a guard, whose names nothing else gets from now on; what `modules_for` takes."""
        name = guard_name_for(schema.operator)
        modules = self._named(
            name, schema.operator, lambda one: modules_for(schema, one, siblings, scripts=scripts)
        )
        self._taken.update(fixture_stem(one.class_name) for one in modules)
        return modules

    def fixture_entries(self, operator: str, texts: Sequence[ModuleText]) -> Additions:
        """The fixture entries of an operator with these modules."""
        return Additions(
            modules=tuple(one for one in texts if one.class_name not in self._change.modules),
            rows=tuple(NewRow(one.class_name, operator) for one in texts),
        )

    def name_of_version(self, class_name: str, operator: str, version: int) -> str:
        """What to call a class instead, so that it ends in that version, and nothing else is called so."""
        has_version = module_version(class_name) is not None
        name = module_of_version(class_name, version) if has_version else class_name_for(operator, version)
        stems = self._taken.union(map(fixture_stem, self._change.modules))
        name = next(one for one in _names(name) if fixture_stem(one) not in stems)
        self._taken.add(fixture_stem(name))
        return name

    def other_name(self, class_name: str) -> str:
        """Another name for a class, with a number in it, that nothing else has."""
        stems = self._taken.union(map(fixture_stem, self._change.modules))
        name = next(one for one in islice(_names(class_name), 1, None) if fixture_stem(one) not in stems)
        self._taken.add(fixture_stem(name))
        return name

    def second_class(self, row: FixtureEntry) -> Additions:
        """The fixture entry that a row gets whose class stands for another operator too, its own row first; none where
        no entry is there to build it from."""
        change = self._change
        entry = change.entries.get((row.operator, change.matching.bump_of(row) or 0))
        return Additions() if entry is None or fault_of(entry) else self.fixture_entry(entry)

    def _named(
        self, name: str, operator: str, make: Callable[[str], tuple[Module, ...]]
    ) -> tuple[Module, ...]:
        """What is made with the first name of which all classes are free."""
        made = map(make, _names(name))
        return next(one for one in made if all(self._is_free(some.class_name, operator) for some in one))

    def _is_free(self, name: str, operator: str) -> bool:
        if fixture_stem(name) in self._taken:
            return False
        module = self._change.modules.get(name)
        return module is None or (is_module(module) and _calls(self._change, module, operator))


# One text for all classes of a file: to decode it for each takes as long as it is, and so does comparing two.
@lru_cache(maxsize=4)
def _decoded(source: bytes) -> str:
    from opfixtures.declarations.python_source import decode

    return decode(source)


def _calls(change: Change, module: FixtureModule, operator: str) -> bool:
    """Whether a class names the operator as what it calls."""
    from opfixtures.declarations.module_source import excerpt

    try:
        text = excerpt(_decoded(change.after.module_files[module.place.path]), module.name)
    except (KeyError, SyntaxError):
        return False
    name = operator.partition("::")[2].partition(".")[0]
    return re.search(rf"\b{re.escape(name)}(?![\w])", text) is not None


def _names(name: str) -> Iterator[str]:
    return chain([name], (numbered(name, number) for number in count(2)))


def fault_of(entry: MapEntry) -> str:
    """Why nothing can be built upon an entry's old_schema, and what to do first; empty where it can."""
    try:
        schema = parse_schema(entry.old_schema)
    except SchemaError as error:
        return f"old_schema of {entry.operator} does not parse ({error}): first correct old_schema"
    if schema.operator != entry.operator:
        return (
            f"old_schema of {entry.operator} is that of {schema.operator}: first correct the one or the other"
        )
    name = argument_twice(schema)
    if name is None:
        return ""
    from opfixtures.change.library_numbers import no_version_left

    return (
        f"{entry.operator} takes two arguments called {name} in its old schema, and no function of Python or "
        f"TorchScript can: {no_version_left(entry.operator)}"
    )


def refuse_stray_row(change: Change, entry: MapEntry) -> None:
    """Raises UserError where the change brings a row for an entry's operator whose class has no version of it."""
    strays = (row for row in change.judged_rows if row.operator == entry.operator)
    stray = next((row for row in strays if change.matching.bump_of(row) is None), None)
    if stray is not None and entry.key in change.entries:
        raise UserError(
            f"{stray.place}: {stray.module} is for {entry.operator}, and its name ends in no version that an entry "
            "covers: run `opfixtures check --fix` first, which renames it"
        )


def argument_twice(schema: FunctionSchema) -> str | None:
    """The name that two arguments of a schema have, if so: torch has such a one itself,
    static_runtime::clamp_nan_to_num."""
    names = Counter(argument.name for argument in schema.arguments)
    return next((name for name, times in names.items() if times > 1), None)


def new_upgrader(
    entry: MapEntry,
    new: FunctionSchema | None = None,
    siblings: Sequence[FunctionSchema] = (),
    *,
    is_gone: bool = False,
) -> NewUpgrader:
    """A skeleton of an entry's upgrader; `new` is today's schema of the operator, if that is known, `siblings` are its
    overloads of today, and one that `is_gone` has neither. `fault_of` finds nothing wrong with the entry."""
    # A hint of the hook shows none.
    from opfixtures.synthesis.skeletons import skeleton

    old = parse_schema(entry.old_schema)
    return NewUpgrader(
        entry.upgrader_name, skeleton(old, new, entry.upgrader_name, siblings, is_gone=is_gone)
    )


def lacks_upgrader(entry: MapEntry, upgraders: Upgraders | None, text: str | None) -> bool:
    """Whether an entry's upgrader is not among those of a C++ file, or in the TorchScript of a Python file; False where
    neither is there to be read."""
    if upgraders is not None:
        return all(upgrader.name != entry.upgrader_name for upgrader in upgraders.upgraders)
    return text is not None and entry.upgrader_name not in functions_in(text)


def upgrader_name(operator: str, covers: range, taken: Collection[str] = ()) -> str:
    """What to call the upgrader of an operator for the versions that its entry covers; with its namespace where
    another one has the name."""
    namespace, _, rest = operator.rpartition("::")
    name = f"{re.sub('[^A-Za-z0-9_]', '_', rest)}_{covers.start}_{covers.stop - 1}"
    return f"{re.sub('[^A-Za-z0-9_]', '_', namespace)}_{name}" if name in taken else name


def upgrader_of_its_range(entry: MapEntry, covers: range) -> str:
    """The name of an entry's upgrader with the versions that the entry covers at its end."""
    end = f"_{covers.start}_{covers.stop - 1}"
    name = entry.upgrader_name
    if name.endswith(end) and name != end:
        return name
    written = _RANGE.search(name[-24:])
    return name.removesuffix(written[0]) + end if written else upgrader_name(entry.operator, covers)
