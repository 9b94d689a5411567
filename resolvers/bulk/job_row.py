"""The row of a job: what it is to do, with whose rights, how far it is, and how it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from portfolio.enumerations import JobState, Scope
from portfolio.identity import print_id
from resolvers.bulk.files import forget_files
from runtime.clock import Clock
from runtime.events import Actor, Change, NewEvent, append
from runtime.viewer import Viewer

MOST_ERRORS = 1_000

_BEGIN_ATTEMPT = "update job set attempt = attempt + 1 where tenant_id = $1 and id = $2 returning attempt"
_IS_FINISHED = "select finished_at is not null from job where tenant_id = $1 and id = $2"
_LOCK = """
select * from job where tenant_id = $1 and id = $2 and ($3::integer is null or attempt = $3) for no key update
"""
_BEGIN_AGAIN = """
update job set lines_done = 0, created_count = 0, changed_count = 0, unchanged_count = 0, failed_count = 0
where tenant_id = $1 and id = $2
"""
_FORGET_ERRORS = "delete from job_line_error where tenant_id = $1 and job_id = $2"
_BEGIN = """
update job set state = 'RUNNING', started_at = coalesce(started_at, $3),
               line_count = (select f.line_count from bulk_file f where f.tenant_id = $1 and f.id = job.file_id
                             and f.completed_at is not null)
where tenant_id = $1 and id = $2
"""
_ADVANCE = """
update job set lines_done = $3, created_count = created_count + $4, changed_count = changed_count + $5,
               unchanged_count = unchanged_count + $6, failed_count = failed_count + $7
where tenant_id = $1 and id = $2
"""
# Those that find the list full are counted, and no more.
_KEEP_ERRORS = """
insert into job_line_error (tenant_id, job_id, line, position, code, message, field)
select $1::uuid, $2::uuid, e.line, e.position, e.code, e.message, string_to_array(e.field, chr(31))
from unnest($3::integer[], $4::integer[], $5::text[], $6::text[], $7::text[])
  as e (line, position, code, message, field)
order by e.line, e.position
limit greatest($8 - (select count(*) from job_line_error where tenant_id = $1 and job_id = $2), 0)
"""
_FINISH = """
update job set state = $3, finished_at = $4, error = $5, file_id = coalesce($6, file_id),
               line_count = case when $3 = 'COMPLETED' then lines_done else line_count end
where tenant_id = $1 and id = $2
returning *
"""
_KEY = "select * from find_api_key($1)"


class Broken(Exception):
    """The job cannot go on; the message is for whoever started it."""


class Attempt(NamedTuple):
    """A process's attempt at a job, which a later one makes void. number null: whatever attempt there is."""

    tenant_id: UUID
    job_id: UUID
    number: int | None = None


@dataclass(frozen=True)
class LineError:
    """field: path inside the line; null: the line as a whole."""

    line: int
    position: int
    code: str
    message: str
    field: list[str] | None


@dataclass
class RunProgress:
    """What a run of lines came to."""

    line: int
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0


async def begin_attempt(connection: asyncpg.Connection, tenant_id: UUID, id: UUID) -> int:
    number: Any = await connection.fetchval(_BEGIN_ATTEMPT, tenant_id, id)
    return number


async def is_finished(connection: asyncpg.Connection, tenant_id: UUID, id: UUID) -> bool:
    return await connection.fetchval(_IS_FINISHED, tenant_id, id) is not False


class JobRow:
    """A job under lock, in a transaction under its tenant's claim."""

    def __init__(self, connection: asyncpg.Connection, row: Any, clock: Clock) -> None:
        self.connection, self.row, self.clock = connection, row, clock
        self.id: UUID = row["id"]
        self.tenant_id: UUID = row["tenant_id"]

    @classmethod
    async def lock(cls, connection: asyncpg.Connection, attempt: Attempt, clock: Clock) -> "JobRow | None":
        """Null: it is finished, a later attempt has it, or there is none. It runs from now on, if it waited."""
        row = await connection.fetchrow(_LOCK, *attempt)
        if row is None or row["finished_at"] is not None:
            return None
        if row["state"] == JobState.QUEUED:
            await connection.execute(_BEGIN, *attempt[:2], clock.now())
            row = await connection.fetchrow(_LOCK, *attempt)
        return cls(connection, row, clock)

    @property
    def actor(self) -> Actor:
        row = self.row
        return Actor(row["via"], row["key_id"], row["person_id"], row["service_account_id"], print_id("JOB", self.id))

    async def viewer(self) -> Viewer:
        """Whose rights the job has, as they are now. Raises Broken when the key is no longer good."""
        row = self.row
        if row["key_id"] is None:
            return Viewer(self.tenant_id, UUID(int=0), None, None, frozenset(Scope), None)
        key = await self.connection.fetchrow(_KEY, row["key_id"])
        if key is None or key["revoked_at"] or key["holder_archived_at"] or key["expires_at"] <= self.clock.now():
            raise Broken("The API key that it was started with is no longer valid.")
        granted = key["granted_portfolio_ids"]
        holder = (row["person_id"], row["service_account_id"])
        grants = None if granted is None else tuple(granted)
        return Viewer(self.tenant_id, row["key_id"], *holder, frozenset(key["scopes"]), grants)

    async def begin_again(self) -> None:
        """As if nothing had been done yet."""
        await self.connection.execute(_FORGET_ERRORS, self.tenant_id, self.id)
        await self.connection.execute(_BEGIN_AGAIN, self.tenant_id, self.id)

    async def advance(self, done: RunProgress, errors: Sequence[LineError] = ()) -> None:
        counts = (done.created, done.changed, done.unchanged, done.failed)
        await self.connection.execute(_ADVANCE, self.tenant_id, self.id, done.line, *counts)
        if errors:
            columns = [
                [error.line for error in errors],
                [error.position for error in errors],
                [error.code for error in errors],
                [error.message for error in errors],
                [None if error.field is None else chr(31).join(error.field) for error in errors],
            ]
            await self.connection.execute(_KEEP_ERRORS, self.tenant_id, self.id, *columns, MOST_ERRORS)

    async def finish(self, state: JobState, error: str | None = None, file_id: UUID | None = None) -> None:
        """Ends the job and tells of it: one event, whatever it came to. file_id: what an export has written."""
        now: datetime = self.clock.now()
        row: Any = await self.connection.fetchrow(_FINISH, self.tenant_id, self.id, state, now, error, file_id)
        if state == JobState.FAILED:
            await forget_files(self.connection, self.tenant_id, self.id)
        told = {
            "isDryRun": row["dry_run"],
            "linesDone": row["lines_done"],
            "createdCount": row["created_count"],
            "changedCount": row["changed_count"],
            "unchangedCount": row["unchanged_count"],
            "failedCount": row["failed_count"],
            "error": error,
        }
        event = NewEvent(
            id=self.clock.new_id(),
            type=f"{row['kind']}_{state}",
            entity_kind="JOB",
            entity_id=self.id,
            subject_id=None,
            portfolio_id=None,
            changes=[Change(name, None, value) for name, value in told.items() if value],
            occurred_at=now,
        )
        await append(self.connection, self.tenant_id, self.actor, [event])
