"""Builds and imports a library once with its settings, and says what is registered then."""

from __future__ import annotations

from collections.abc import Iterator

from opfixtures.declarations.function_schema import SchemaError, parse_schema, same_schema
from opfixtures.declarations.schema_text import schema_text
from opfixtures.errors import RuntimeUnavailable
from opfixtures.runtimes import Runtime, Runtimes, check_import
from opfixtures.settings.runtime_spec import RuntimeSpec
from opfixtures.synthesis.library.found import Library
from opfixtures.worker.job import Job
from opfixtures.worker.observations import RuntimeSeen, WorkerError
from opfixtures.worker.scratch import scratch_folder
from opfixtures.worker.worker_process import run_worker


def try_library(spec: RuntimeSpec, library: Library, runtimes: Runtimes) -> tuple[Runtime, RuntimeSeen]:
    """Build the work tree as `spec` says, and import the package in a worker.

    Raises RuntimeUnavailable, from a CommandError where a command of `setup` fails; GitError.
    """
    runtime = runtimes.obtain(spec, None)
    job = Job(
        "replay", runtime.operator_module, tuple(sorted({one.operator for one in library.operators})), ()
    )
    with scratch_folder("opfixtures-init-") as folder:
        try:
            seen = run_worker(runtime.python, job, folder).runtime
        except WorkerError as error:
            raise RuntimeUnavailable(f"{runtime.name} was built and cannot be used: {error}") from error
    check_import(runtime, seen)
    return runtime, seen


def unlike_declared(library: Library, seen: RuntimeSeen) -> Iterator[str]:
    """Sentences about the operators that importing the package does not register, or not as they are declared."""
    package = library.package.name
    for operator in {one.operator: one for one in library.operators}.values():
        schema = seen.operator(operator.operator).schema
        if schema is None:
            yield (
                f"{operator.operator} ({operator.place}) is not there once {package} is imported: import its module in "
                f"{library.package.folder}/__init__.py"
            )
        elif not _is_declared(library, operator.operator, schema):
            yield (
                f"{operator.operator} is registered as {schema}, and {operator.place} declares it as "
                f"{schema_text(operator.schema)}: correct the one or the other"
            )


def _is_declared(library: Library, operator: str, schema: str) -> bool:
    """Whether an operator is registered as one of its declarations has it."""
    try:
        registered = parse_schema(schema)
    except SchemaError:
        return False
    return any(same_schema(one.schema, registered) for one in library.operators if one.operator == operator)
