"""Of how many operators `opfixtures new` makes a fixture module that runs: all that the dispatcher of a torch has.

    python benchmarks/synthesis.py [--torch VERSION]... [--every N] [--write docs/synthesis.md]

Installs the releases where they are missing, and asks their workers as `new` does. An operator counts where a module
scripts, calls exactly its overload and runs on its sample inputs. What TorchScript cannot call, and what has no kernel
for the CPU, is counted apart. Takes an hour for each release; `--every 20` takes every twentieth operator.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from releases import release, tell

from opfixtures.declarations.names import class_name_for
from opfixtures.making.sampling import drafts, find_samples, operators_in
from opfixtures.runtimes import Runtime

RELEASES = ("2.13.0", "1.11.0")
WORKERS = 2
BATCH = 100
# Operators of the dispatcher, each with the keys that have a kernel: torch/_C/__init__.pyi, _dispatch_dump.
LISTING = """
import json, torch
found = {}
for schema in torch._C._jit_get_all_schemas():
    name = schema.name + ("." + schema.overload_name if schema.overload_name else "")
    try:
        lines = torch._C._dispatch_dump(name).splitlines()
    except RuntimeError:
        continue
    if any(line.startswith("debug: registered at") for line in lines):
        found[name] = [line.partition(":")[0].partition("[")[0] for line in lines if ": registered at" in line]
print(json.dumps(found))
"""
FOR_A_CPU = re.compile(
    "(CPU|QuantizedCPU|SparseCPU|SparseCsrCPU|MkldnnCPU|Composite.*|BackendSelect|CatchAll)"
)
NOT_CALLABLE = re.compile(
    "TorchScript does not call|Unknown type name|Arguments for call are not valid|duplicate argument"
    "|no value is known for [^,]+, of type (List\\[)?__torch__\\.|a value of type ScriptObject"
    # Names of dimensions: TorchScript knows no named tensors.
    "|all symbols must have a namespace"
)
NO_KERNEL = re.compile(
    r"is only available for these backends: \[(?!.*(QuantizedCPU|SparseCPU|SparseCsrCPU|MkldnnCPU))"
    "|only implemented with inductor|_overrideable"
)
LATE = "did not end within"
MADE, CANNOT, ELSEWHERE, REST = "made", "TorchScript cannot call it", "no kernel for the CPU", "none runs"


@dataclass(frozen=True)
class Outcome:
    """What came of an operator, and why it was not made."""

    operator: str
    kind: str
    why: str = ""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write; returns the exit status: 1 where less than 90 % are made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--torch", action="append", metavar="VERSION", choices=RELEASES, default=None)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="default: %(default)s")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table to FILE")
    options = parser.parse_args(argv)
    outcomes = {version: measured(version, options.every) for version in options.torch or RELEASES}
    sys.stdout.write(summary(outcomes))
    if options.write:
        options.write.write_text(page(outcomes, options.every), encoding="utf-8")
    return int(any(share(some) < 0.9 for some in outcomes.values()))


def measured(version: str, every: int) -> list[Outcome]:
    """What came of each operator of a release."""
    runtime = release(version)
    listed = subprocess.run(
        [runtime.python, "-W", "ignore", "-c", LISTING], capture_output=True, text=True, check=True
    )
    keys: dict[str, list[str]] = json.loads(listed.stdout)
    operators = list(keys)[::every]
    batches = [operators[start : start + BATCH] for start in range(0, len(operators), BATCH)]
    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = [
            one for some in pool.map(lambda batch: asked(runtime, batch, keys), batches) for one in some
        ]
    # A busy machine: what did not end in time is asked once more, with nothing beside it.
    return [asked(runtime, [one.operator], keys)[0] if LATE in one.why else one for one in outcomes]


def asked(runtime: Runtime, operators: Sequence[str], keys: Mapping[str, Sequence[str]]) -> list[Outcome]:
    """What a worker makes of some operators."""
    seen = operators_in(runtime, operators, lambda _: None)
    modules = {
        operator: drafts(operator, class_name_for(operator, 9), seen[operator]) for operator in operators
    }
    found = find_samples(runtime, [one for some in modules.values() for one in some], lambda _: None)
    tell(f"{runtime.name}: {operators[-1]}")
    outcomes = []
    for operator in operators:
        own = [one for one in found if one.module.schema.operator == operator]
        why = own[0].refusal if own else "its schema cannot be read"
        if any(one.samples for one in own):
            outcomes.append(Outcome(operator, MADE))
        elif NOT_CALLABLE.search(why) or not own:
            outcomes.append(Outcome(operator, CANNOT, why))
        elif NO_KERNEL.search(why) or not any(map(FOR_A_CPU.fullmatch, keys[operator])):
            outcomes.append(Outcome(operator, ELSEWHERE, why))
        else:
            outcomes.append(Outcome(operator, REST, why))
    return outcomes


def share(outcomes: Sequence[Outcome]) -> float:
    """The part that is made, of what TorchScript can call and has a kernel here."""
    made, rest = (sum(one.kind == kind for one in outcomes) for kind in (MADE, REST))
    return made / max(made + rest, 1)


def summary(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """A line a release."""
    lines = [
        "| torch | operators | TorchScript cannot call | no kernel for the CPU | left | made | share |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for version, some in outcomes.items():
        count = {kind: sum(one.kind == kind for one in some) for kind in (MADE, CANNOT, ELSEWHERE, REST)}
        left = count[MADE] + count[REST]
        lines.append(
            f"| {version} | {len(some)} | {count[CANNOT]} | {count[ELSEWHERE]} | {left} | {count[MADE]} "
            f"| {100 * share(some):.1f} % |"
        )
    return "\n".join(lines) + "\n"


def page(outcomes: Mapping[str, Sequence[Outcome]], every: int) -> str:
    """The page of the docs."""
    which = "Each operator" if every == 1 else f"One operator in {every}"
    option = "" if every == 1 else f" --every {every}"
    parts = [
        "# Which operators `opfixtures new` writes a module for\n",
        f"{which} of the dispatcher was tried, in its order: it counts where a module scripts, calls exactly that "
        "overload, and runs on the sample inputs that were found. Written by:\n",
        f"    python benchmarks/synthesis.py{option} --write docs/synthesis.md\n",
        summary(outcomes),
        "What TorchScript cannot call: aliases, which it replaces (`aten::concat` becomes `aten::cat`); overloads that "
        "another one hides; arguments and results of classes that no record holds.\n",
    ]
    for version, some in outcomes.items():
        parts.append(f"## torch {version}: operators of which no module runs\n")
        rows = [f"| `{one.operator}` | {cell(one.why)} |" for one in some if one.kind == REST]
        parts.append("\n".join(["| operator | what torch says |", "| --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def cell(text: str) -> str:
    """A reason, in one line of a table."""
    line = text.partition("\n")[0].replace("|", "\\|").replace("<", "&lt;")
    return line if len(line) <= 160 else f"{line[:157]}..."


if __name__ == "__main__":
    raise SystemExit(main())
