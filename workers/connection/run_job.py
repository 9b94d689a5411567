"""Job: carries out an import or an export that somebody waits for, a step at a time."""

from functools import lru_cache
from uuid import UUID

from resolvers.bulk.run_job import JobRunner
from workers.job import Overtaken, Resources, Run, job


@lru_cache(maxsize=1)
def _runner(resources: Resources) -> JobRunner:
    """One a process: it keeps the schema that imports need, which takes its time to make."""
    return JobRunner(resources.database, resources.clock, resources.encryption_key)


async def _break_off(resources: Resources, tenant_id: UUID, job_id: UUID, reason: str) -> None:
    await _runner(resources).break_off(tenant_id, job_id, reason)


@job("run_job", alone=True, lease_seconds=10.0, give_up=_break_off)
async def run_job(run: Run, job_id: UUID) -> None:
    """Steps of earlier attempts, which may only have been frozen, do nothing once a later one has begun."""
    runner = _runner(run.resources)
    attempt = await runner.begin(run.tenant_id, job_id)
    while has_more := await runner.step(run.tenant_id, job_id, attempt):
        await run.progress()
    if has_more is None:
        raise Overtaken
