"""The record of a candidate that was proven."""

from __future__ import annotations

import os

from opfixtures.declarations.module_source import source_sha256
from opfixtures.making.export import Candidate
from opfixtures.records.record import (
    Record,
    RecordedArchive,
    RecordedEntry,
    RecordedModule,
    RecordedProof,
    RecordedRuntime,
)
from opfixtures.records.tolerances import tolerances_for


def make_record(candidate: Candidate, proven_by: tuple[str, ...]) -> Record:
    """The record of a candidate, whose runtime is pre-change by the proofs `proven_by`.

    That of a guard has no version, and the schema that its operator had.
    """
    planned, seen, archive = candidate.planned, candidate.seen, candidate.archive
    owner, entry = planned.owner, planned.owner.entry
    schema = seen.operator(owner.operator).schema or ""
    return Record(
        entry=RecordedEntry(
            owner.operator,
            entry.bumped_at_version if entry else None,
            entry.upgrader_name if entry else None,
            entry.old_schema if entry else schema,
        ),
        module=RecordedModule(owner.row.module, planned.module_path, source_sha256(planned.source)),
        archive=RecordedArchive(
            os.path.basename(planned.path),
            archive.sha256,
            archive.size,
            archive.version,
            archive.bytecode_version,
            tuple(sorted(archive.operators)),
        ),
        runtime=RecordedRuntime(
            candidate.runtime.kind,
            candidate.runtime.name,
            seen.torch,
            seen.torch_git,
            seen.python,
            seen.platform,
            candidate.runtime.packages,
        ),
        pre_change=RecordedProof(
            # What it was built from: a release was built from none of this repository.
            candidate.runtime.commit,
            proven_by,
            schema,
            seen.max_operator_version,
        ),
        synthetic=candidate.synthetic,
        tolerances=tolerances_for(candidate.samples),
        samples=candidate.samples,
    )
