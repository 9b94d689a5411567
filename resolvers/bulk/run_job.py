"""What a worker does for a job: a step at a time, until there is nothing more to do."""

from functools import cached_property
from uuid import UUID

from portfolio.enumerations import JobKind, JobState
from resolvers.bulk import TYPES
from resolvers.bulk.export_job import export
from resolvers.bulk.import_job import Importer
from resolvers.bulk.job_row import Broken, JobRow
from resolvers.bulk.line import LineType
from resolvers.bulk.measurements import MEASUREMENT
from resolvers.execute import Schema
from runtime import encryption
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.settings import Settings


class JobRunner:
    """Safe to run twice, and twice at once: whoever comes second finds the job finished, or further on."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self.database, self.clock, self._settings = database, clock, settings

    @cached_property
    def _importer(self) -> Importer:
        """Made with the first import: the schema takes its time and its room."""
        schema = Schema()
        types = {declared.name: LineType(declared, schema) for declared in TYPES if declared.name != MEASUREMENT}
        return Importer(self.database, self.clock, types, self._settings.derive_key(encryption.PURPOSE))

    async def step(self, tenant_id: UUID, job_id: UUID) -> bool:
        """True: there is more to do. What it has done is committed."""
        try:
            return await self._step(tenant_id, job_id)
        except Broken as fault:
            await self.break_off(tenant_id, job_id, str(fault))
            return False

    async def break_off(self, tenant_id: UUID, job_id: UUID, error: str) -> None:
        async with self.database.transaction(tenant_id) as connection:
            job = await JobRow.lock(connection, tenant_id, job_id, self.clock)
            if job is not None:
                await job.finish(JobState.FAILED, error)

    async def _step(self, tenant_id: UUID, job_id: UUID) -> bool:
        async with self.database.transaction(tenant_id) as connection:
            job = await JobRow.lock(connection, tenant_id, job_id, self.clock)
            if job is None:
                return False
            if job.row["line_count"] is None and job.row["kind"] == JobKind.IMPORT:
                raise Broken("What it was to import has been forgotten; send it again.")
            if job.row["kind"] == JobKind.IMPORT and not job.row["dry_run"]:
                await self._importer.step(job)
                return True
        if job.row["kind"] == JobKind.IMPORT:
            await self._importer.rehearse(tenant_id, job_id)
        else:
            await export(self.database, self.clock, tenant_id, job_id)
        return False
