"""Jobs that last long leave places to the others, and are told of when they were given up."""

import asyncio
from uuid import UUID

from redis.asyncio import Redis

from runtime.postgres import Database
from tests.workers.company import Company
from tests.workers.test_queue import consuming, running, until
from workers.job import DeclaredJob, Resources, Run
from workers.jobs import DECLARED
from workers.relay import ring_waiting
from workers.sweep import run_sweep


async def test_of_the_long_jobs_a_worker_has_one_and_short_ones_find_a_place(
    company: Company, relay: Database, queue_redis: Redis
):
    begun: list[UUID] = []
    end = asyncio.Event()

    async def last_long(_: Run, target: UUID) -> None:
        begun.append(target)
        await end.wait()

    async with company.change() as connection:
        await connection.execute("select raise_signal('run_job', $1)", [company.new_id() for _ in range(9)])
    jobs = {**DECLARED, "run_job": DeclaredJob("run_job", last_long, alone=True)}
    async with consuming(company, queue_redis, jobs):
        await ring_waiting(relay, queue_redis)
        portfolio = await company.add_portfolio()
        await ring_waiting(relay, queue_redis)

        async def is_scored() -> bool:
            return bool(await company.fetch("select from health_score where node_id = $1", portfolio))

        await until(is_scored)
        assert len(begun) == 1
        end.set()
        async with running(run_sweep(relay, queue_redis)):

            async def another_one_has_begun() -> bool:
                return len(begun) > 1

            await until(another_one_has_begun)


async def test_the_sweeper_rings_for_parked_work_that_somebody_waits_for(
    company: Company, relay: Database, queue_redis: Redis
):
    job_id, broken_off = company.new_id(), asyncio.Event()

    async def never(_: Run, target: UUID) -> None:
        assert target != job_id, "it was parked"

    async def break_off(_: Resources, __: UUID, target: UUID, reason: str) -> None:
        assert reason == "Its workers died again and again."
        if target == job_id:
            broken_off.set()

    async with company.change() as connection:
        await connection.execute("select raise_signal('run_job', $1)", [job_id])
        await connection.execute("update signal set parked_at = now() where target_id = $1", job_id)
    jobs = {"run_job": DeclaredJob("run_job", never, give_up=break_off)}
    async with consuming(company, queue_redis, jobs), running(run_sweep(relay, queue_redis)):
        async with asyncio.timeout(10):
            await broken_off.wait()
