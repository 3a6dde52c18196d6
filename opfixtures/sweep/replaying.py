"""The new side of a sweep: each module run again, what crashes sample by sample, and what differs in the old one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    old: Asker, new: Asker, made: Mapping[str, Sequence[Made]], fixture_format: str, count: Count
) -> dict[str, list[Replay]]:
    """Each module in the new runtime; where something differs, in the old one once more.

    Raises WorkerError or RuntimeUnavailable where a runtime cannot be used.
    """
    rows = {
        f"{operator} {place}": _row(f"{operator} {place}", one, fixture_format)
        for operator, modules in made.items()
        for place, one in enumerate(modules)
        if one.archive
    }
    now = new.ask("rerun", list(rows.values()), BATCH, count)
    now |= _by_sample(new, [row for key, row in rows.items() if _ended(now[key])])
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
    again = perturbed.ask("rerun", [{**row, "perturbed": PERTURBED} for row in differing], BATCH)
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


def _by_sample(new: Asker, crashed: Sequence[Row]) -> dict[str, Json]:
    """What is told of modules that did not live to tell, once each of their samples has a process of its own; one that
    does not either has {"crash": why}.

    Where each sample alone does not crash, all of them are run together once more: who crashes again has
    {"refused": why} as before, and a machine that was too busy before is not.
    """
    single = {
        row["key"]: [
            {**row, "key": f"{row['key']} sample {place}", "samples": [sample]}
            for place, sample in enumerate(row["samples"])
        ]
        for row in crashed
    }
    told = new.ask("rerun", [one for some in single.values() for one in some], _BATCH_OF_CRASHED)
    found = {key: _together([told[one["key"]] for one in some]) for key, some in single.items()}
    left = [{**row, "again": True} for row in crashed if not _crashes(found[row["key"]])]
    return found | new.ask("rerun", left, _BATCH_OF_CRASHED)


def _together(told: Sequence[Json]) -> Json:
    """What single samples told, as a module of all of them would."""
    load_error = next((one["load_error"] for one in told if not _ended(one) and one["load_error"]), None)
    if load_error is not None:
        return {"load_error": load_error}
    samples = [{"crash": one["refused"]} if _ended(one) else one["samples"][0] for one in told]
    return {"load_error": None, "samples": samples}


def _crashes(told: Json) -> bool:
    return any("crash" in one for one in told.get("samples") or ())


def _ended(told: Json) -> bool:
    """Whether a process did not live to tell."""
    return "refused" in told
