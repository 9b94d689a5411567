"""What a worker does for a job: a step at a time, until there is nothing more to do."""

from functools import cached_property
from uuid import UUID

from portfolio.enumerations import JobKind, JobState
from resolvers.bulk.export_job import export
from resolvers.bulk.import_job import Importer
from resolvers.bulk.job_row import Attempt, Broken, JobRow, begin_attempt, is_finished
from resolvers.bulk.line import LineType
from resolvers.bulk.measurements import MEASUREMENT
from resolvers.bulk.types import bulk_types
from resolvers.engine.execute import Schema
from runtime.clock import Clock
from runtime.postgres import Database


class JobRunner:
    """Safe to run twice, and twice at once: whoever comes second finds the job finished, or further on.

    encryption_key: 32 bytes, for secrets that an import keeps.
    """

    def __init__(self, database: Database, clock: Clock, encryption_key: bytes) -> None:
        self.database, self.clock, self._encryption_key = database, clock, encryption_key

    @cached_property
    def _importer(self) -> Importer:
        """Made with the first import: the schema takes its time and its room."""
        schema = Schema()
        types = {declared.name: LineType(declared, schema) for declared in bulk_types() if declared.name != MEASUREMENT}
        return Importer(self.database, self.clock, types, self._encryption_key)

    async def begin(self, tenant_id: UUID, job_id: UUID) -> int:
        """Number of a new attempt. Steps of earlier ones do nothing from now on."""
        async with self.database.transaction(tenant_id) as connection:
            return await begin_attempt(connection, tenant_id, job_id)

    async def step(self, tenant_id: UUID, job_id: UUID, attempt: int) -> bool | None:
        """True: there is more to do; null: a later attempt does it. What it has done is committed."""
        mine = Attempt(tenant_id, job_id, attempt)
        try:
            if await self._step(mine):
                return True
        except Broken as fault:
            await self._fail(mine, str(fault))
        async with self.database.transaction(tenant_id) as connection:
            return False if await is_finished(connection, tenant_id, job_id) else None

    async def break_off(self, tenant_id: UUID, job_id: UUID, error: str) -> None:
        await self._fail(Attempt(tenant_id, job_id), error)

    async def _fail(self, attempt: Attempt, error: str) -> None:
        async with self.database.transaction(attempt.tenant_id) as connection:
            job = await JobRow.lock(connection, attempt, self.clock)
            if job is not None:
                await job.finish(JobState.FAILED, error)

    async def _step(self, attempt: Attempt) -> bool:
        async with self.database.transaction(attempt.tenant_id) as connection:
            job = await JobRow.lock(connection, attempt, self.clock)
            if job is None:
                return False
            if job.row["line_count"] is None and job.row["kind"] == JobKind.IMPORT:
                raise Broken("What it was to import has been forgotten; send it again.")
            if job.row["kind"] == JobKind.IMPORT and not job.row["dry_run"]:
                await self._importer.step(job)
                return True
        if job.row["kind"] == JobKind.IMPORT:
            await self._importer.rehearse(attempt)
        else:
            await export(self.database, self.clock, attempt)
        return False
