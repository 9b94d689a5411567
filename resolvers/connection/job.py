"""How imports and exports are started, and called off."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import JobKind, Scope
from portfolio.identity import parse_id
from resolvers.bulk.files import Owner, forget_files, refuse_full
from resolvers.bulk.types import bulk_types
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Target, Write
from runtime.refusal import Refusal
from schema.connection.job import Job

_MOST_UNFINISHED = 10

_UNFINISHED = "select count(*) from job where tenant_id = $1 and finished_at is null"
_FILE = """
select line_count from bulk_file
where tenant_id = $1 and id = $2 and coalesce(person_id, service_account_id) = $3 and completed_at is not null
for key share
"""
_INSERT = """
insert into job (tenant_id, id, created_at, kind, dry_run, types, file_id, line_count, via, key_id, person_id,
                 service_account_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'API', $9, $10, $11)
"""
# A key that is limited to portfolios finds the jobs that it has started.
_FIND = "select * from job where tenant_id = $1 and id = $2 and ($3 or key_id = $4) for update"
_CANCEL = "update job set state = 'CANCELED', finished_at = $3 where tenant_id = $1 and id = $2"


@strawberry.input(description="An import to start.")
class ImportStartInput(Retryable):
    file_id: strawberry.ID = required("What `POST /imports` answered to the JSON lines; it is kept for seven days.")
    dry_run: bool | None = optional("True: look for mistakes and change nothing. Absent or null: false.")


@strawberry.input(description="An export to start.")
class ExportStartInput(Retryable):
    types: list[str] | None = optional("Types of lines to write, such as product; absent or null: all.")


@strawberry.input(description="A job to call off.")
class JobCancelInput(Retryable):
    id: strawberry.ID = required("Id of the job.")


@strawberry.type(description="Answer to a job that was started or called off.")
class JobPayload(Payload):
    job: Job | None = entity_field("Job as it is now")


@mutation(JobPayload)
async def import_start(write: Write, input: ImportStartInput) -> Outcome:
    """Apply JSON lines that were sent to `POST /imports`, with the rights of this key: a line may need further scopes.
    Lines that are refused are listed with the job and change nothing. The same file may be imported again."""
    parsed = parse_id(input.file_id)
    known = parsed[1] if parsed and parsed[0] == "BULK_FILE" else None
    file = await write.connection.fetchrow(_FILE, write.tenant_id, known, write.viewer.holder_id)
    if file is None or known is None:
        message = "There is no such file of yours; send it to POST /imports, and give the id of the answer."
        raise reject(UserErrorCode.NOT_FOUND, message, "fileId")
    return await _start(write, (JobKind.IMPORT, input.dry_run is True, []), known, file["line_count"])


@mutation(JobPayload, scope=Scope.ADMIN, tenant_wide=True)
async def export_start(write: Write, input: ExportStartInput) -> Outcome:
    """Write everything that is not archived as JSON lines, as it is at one instant. The job has a path to fetch them;
    they are kept for seven days."""
    types = _read_types(input.types)
    owner = Owner(write.tenant_id, write.viewer.person_id, write.viewer.service_account_id)
    try:
        await refuse_full(write.connection, owner)
    except Refusal as refusal:
        raise reject(UserErrorCode.LIMIT_EXCEEDED, refusal.message) from None
    return await _start(write, (JobKind.EXPORT, False, types), None, None)


@mutation(JobPayload)
async def job_cancel(write: Write, input: JobCancelInput) -> Outcome:
    """Call a job off; what it has done by then stands. Safe to repeat, and for a finished job, which stays as it is."""
    parsed = parse_id(input.id)
    known = parsed[1] if parsed and parsed[0] == "JOB" else None
    whose = (write.granted is None, write.viewer.key_id)
    row = await write.connection.fetchrow(_FIND, write.tenant_id, known, *whose)
    if row is None:
        raise reject(UserErrorCode.NOT_FOUND, "There is no such job.", "id")
    if row["finished_at"] is None:
        await write.execute(_CANCEL, row["id"], write.now)
        await forget_files(write.connection, write.tenant_id, row["id"])
        write.record(f"{row['kind']}_CANCELED", Target("JOB", row["id"]))
    return _answer(row["id"])


async def _start(
    write: Write, order: tuple[JobKind, bool, Sequence[str]], file_id: UUID | None, line_count: int | None
) -> Outcome:
    """order: kind, whether it is a dry run, types."""
    unfinished: int = await write.connection.fetchval(_UNFINISHED, write.tenant_id) or 0
    if unfinished >= _MOST_UNFINISHED:
        message = f"{_MOST_UNFINISHED} jobs of the organization are not finished yet; wait for one, or call one off."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message)
    id, viewer = write.new_id(), write.viewer
    holder = (viewer.key_id, viewer.person_id, viewer.service_account_id)
    await write.execute(_INSERT, id, write.now, *order, file_id, line_count, *holder)
    write.signal("run_job", [id])
    return _answer(id)


def _read_types(given: Any) -> list[str]:
    if given in (None, strawberry.UNSET):
        return []
    known = [declared.name for declared in bulk_types()]
    if not given:
        raise reject(UserErrorCode.INVALID, f"Name at least one type; types are {', '.join(known)}.", "types")
    for index, name in enumerate(given):
        if name not in known:
            message = f"There is no type {name[:100]!r}; types are {', '.join(known)}."
            raise reject(UserErrorCode.INVALID, message, "types", str(index))
    return [name for name in known if name in given]


def _answer(id: UUID) -> Outcome:
    return Outcome({"job": ("JOB", id)})
