"""The new side of a sweep: each module run again, what crashes sample by sample, and what differs in the old one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from opfixtures.records.tolerances import tolerances_for
from opfixtures.sweep.asking import Asker, Count, Row
from opfixtures.sweep.judgement import Replay, needs_second_run
from opfixtures.sweep.then import Made
from opfixtures.worker.observations import Json

# Rows to a worker: to run a model takes milliseconds, torch's import a second.
BATCH = 150
# What crashed may end its worker, and each end costs another start.
_BATCH_OF_CRASHED = 8
# glibc fills memory that it gives out with the complement of this byte (mallopt(3)), here 0x40: floats of it are 3.0.
PERTURBED = {"MALLOC_PERTURB_": "191"}
LOADERS = {"pt": "torch.jit.load", "pt2": "torch.export.load"}


def replayed(
    old: Asker,
    new: Asker,
    made: Mapping[str, Sequence[Made]],
    fixture_format: str,
    counting: Callable[[str], Count],
) -> dict[str, list[Replay]]:
    """Each module in the new runtime; where something differs, in the old one once more. `counting` is as `sweep`'s.

    Raises WorkerError or RuntimeUnavailable where a runtime cannot be used.
    """
    rows = {
        f"{operator} {place}": _row(f"{operator} {place}", one, fixture_format)
        for operator, modules in made.items()
        for place, one in enumerate(modules)
        if one.archive
    }
    now = new.ask("rerun", list(rows.values()), BATCH, counting("replayed"))
    now |= _by_sample(new, [row for key, row in rows.items() if _ended(now[key])], counting)
    first = {
        operator: [
            (key, Replay(one, now[key]))
            for place, one in enumerate(modules)
            if (key := f"{operator} {place}") in rows
        ]
        for operator, modules in made.items()
    }
    differing = [rows[key] for some in first.values() for key, one in some if needs_second_run(one)]
    # What differs because nobody set it has another value then.
    perturbed = replace(old, environment=PERTURBED)
    again = perturbed.ask(
        "rerun", [{**row, "perturbed": PERTURBED} for row in differing], BATCH, counting("seen again")
    )
    old.seconds = perturbed.seconds
    return {
        operator: [Replay(one.made, one.now, again.get(key)) for key, one in some]
        for operator, some in first.items()
    }


def _row(key: str, made: Made, fixture_format: str) -> Row:
    return {
        "key": key,
        "loader": LOADERS[fixture_format],
        # torch.export is imported once, before the first row.
        "exports": fixture_format == "pt2",
        "archive": made.archive,
        "samples": list(made.samples),
        "tolerances": tolerances_for(made.samples),
    }


def _by_sample(new: Asker, crashed: Sequence[Row], counting: Callable[[str], Count]) -> dict[str, Json]:
    """What is told of modules that did not live to tell, once each of their samples has a process of its own. The
    first that does not either has {"crash": why}: those behind it are not run, who hangs takes its time.

    Where each sample alone does not crash, all of them are run together once more: who crashes again has
    {"refused": why} as before, and a machine that was too busy before is not.
    """
    told: dict[str, list[Json]] = {row["key"]: [] for row in crashed}
    left = list(crashed)
    for place in range(max((len(row["samples"]) for row in crashed), default=0)):
        left = [row for row in left if place < len(row["samples"])]
        some = [
            {**row, "key": f"{row['key']} sample {place}", "samples": [row["samples"][place]]} for row in left
        ]
        seen = new.ask("rerun", some, _BATCH_OF_CRASHED, counting(f"sample {place + 1} of what crashed"))
        for row, one in zip(left, some, strict=True):
            told[row["key"]].append(seen[one["key"]])
        left = [row for row in left if not _ended(told[row["key"]][-1])]
    found = {row["key"]: _together(told[row["key"]], len(row["samples"])) for row in crashed}
    again = [{**row, "again": True} for row in crashed if not _crashes(found[row["key"]])]
    return found | new.ask("rerun", again, _BATCH_OF_CRASHED)


def _together(told: Sequence[Json], count: int) -> Json:
    """What single samples told, as a module of all of them would."""
    load_error = next((one["load_error"] for one in told if not _ended(one) and one["load_error"]), None)
    if load_error is not None:
        return {"load_error": load_error}
    samples = [{"crash": one["refused"]} if _ended(one) else one["samples"][0] for one in told]
    # Nothing is known of those behind a crash, and nothing is worse.
    return {"load_error": None, "samples": samples + [{"difference": None}] * (count - len(samples))}


def _crashes(told: Json) -> bool:
    return any("crash" in one for one in told.get("samples") or ())


def _ended(told: Json) -> bool:
    """Whether a process did not live to tell."""
    return "refused" in told
