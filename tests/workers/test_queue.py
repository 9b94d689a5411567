"""The doorbell may be lost, doubled or answered late: the work is done all the same."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from redis.asyncio import Redis

from runtime.postgres import Database
from runtime.redis import JOBS, WORKERS
from tests.waiting import until
from tests.workers.company import Company
from workers.connection.apply_deliveries import apply_deliveries
from workers.job import Batch, DeclaredJob, Resources, Run, Work
from workers.jobs import DECLARED
from workers.measurement.recompute_health import recompute_health
from workers.queue import Consumer
from workers.relay import ring_waiting, run_relay
from workers.signals import Signal, begin_try, record_failure
from workers.sweep import run_sweep


@asynccontextmanager
async def running(*coroutines: Awaitable[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def consuming(
    company: Company, redis: Redis, jobs: Mapping[str, DeclaredJob] | None = None, idle_seconds: float = 0.3
) -> AsyncIterator[Consumer]:
    resources = Resources(company.database, company.hands.clock)
    consumer = Consumer(redis, resources, jobs or DECLARED, idle_seconds=idle_seconds)
    async with running(consumer.run()):
        yield consumer
    await consumer.drain(1)


def instead_of_scores(work: Work) -> Mapping[str, DeclaredJob]:
    """Other work than scoring, raised and run as scores are."""
    return {"recompute_health": DeclaredJob("recompute_health", work, batch=Batch(500, "s.target_id"))}


async def signal(company: Company, target_id: UUID) -> dict[str, object]:
    rows = await company.fetch(
        "select * from signal where tenant_id = $1 and target_id = $2", company.tenant_id, target_id
    )
    return dict(rows[0])


async def nothing_waits(company: Company) -> bool:
    rows = await company.fetch(
        "select from signal where tenant_id = $1 and generation > done_generation and parked_at is null",
        company.tenant_id,
    )
    return not rows


async def test_a_commit_wakes_the_relay_and_the_score_is_there_within_a_second(
    company: Company, relay: Database, queue_redis: Redis, database: str
):
    portfolio = await company.add_portfolio()
    kpi = await company.add_kpi(portfolio, {"target": 100})
    async with running(run_relay(database, relay, queue_redis)), consuming(company, queue_redis):
        await until(lambda: nothing_waits(company))
        await company.measure(kpi, 100)
        await until(lambda: nothing_waits(company), seconds=1)
    assert (await company.score(portfolio))["provisional_mp"] == 100_000
    assert await queue_redis.xlen(JOBS) == 0


async def test_the_signals_of_a_tenant_are_one_message(company: Company, relay: Database, queue_redis: Redis):
    for _ in range(3):
        await company.add_portfolio()
    assert await ring_waiting(relay, queue_redis) >= 4
    messages = await queue_redis.xrange(JOBS)
    mine = [fields for _, fields in messages or () if fields and fields["tenant"] == str(company.tenant_id)]
    assert mine == [{"tenant": str(company.tenant_id), "job": "recompute_health"}]
    assert await ring_waiting(relay, queue_redis) == 0


async def test_everything_catches_up_after_redis_was_emptied(company: Company, relay: Database, queue_redis: Redis):
    async with consuming(company, queue_redis):
        portfolio = await company.add_portfolio()
        await queue_redis.flushall()
        await ring_waiting(relay, queue_redis)
        await queue_redis.flushall()
        async with running(run_sweep(relay, queue_redis)):
            await until(lambda: nothing_waits(company))
    assert await company.score(portfolio)


async def test_a_message_of_a_dead_consumer_is_taken_over(company: Company, relay: Database, queue_redis: Redis):
    portfolio = await company.add_portfolio()
    await queue_redis.xgroup_create(JOBS, WORKERS, id="0", mkstream=True)
    await ring_waiting(relay, queue_redis)
    taken = await queue_redis.xreadgroup(WORKERS, "killed", {JOBS: ">"}, count=100)
    assert taken
    async with consuming(company, queue_redis):
        await until(lambda: nothing_waits(company))
    assert await company.score(portfolio)
    assert await queue_redis.xlen(JOBS) == 0


async def test_a_long_job_is_not_taken_over_while_its_consumer_lives(
    company: Company, relay: Database, queue_redis: Redis
):
    runs: list[bool] = []

    async def take_long(run: Run, _: object) -> None:
        runs.append(run.is_careful)
        # The server ends a session that holds a turn and does nothing for 5 s.
        await asyncio.sleep(4.5)

    await company.add_portfolio()
    jobs = instead_of_scores(take_long)
    # A busy machine may hold up a sign of life by a second.
    async with consuming(company, queue_redis, jobs, 2), consuming(company, queue_redis, jobs, 2):
        await ring_waiting(relay, queue_redis)
        await asyncio.sleep(4.5)
    # Rings for companies of other tests of this module may be among them.
    assert runs
    assert not any(runs)


async def test_a_job_that_raises_does_not_stop_others_of_its_queue(
    company: Company, relay: Database, queue_redis: Redis
):
    done: list[UUID] = []
    other = await Company(company.database, company.hands).found()

    async def fail_for_one(run: Run, _: object) -> None:
        if run.tenant_id == company.tenant_id:
            raise ValueError("poison")
        done.append(run.tenant_id)

    async with consuming(company, queue_redis, instead_of_scores(fail_for_one)):
        for each in (company, other, company, other):
            await each.add_portfolio()
            await ring_waiting(relay, queue_redis)

        async def both_done() -> bool:
            return done.count(other.tenant_id) >= 1

        await until(both_done)


async def test_a_poisoned_node_is_parked_after_five_tries_and_the_others_are_scored(company: Company):
    portfolio = await company.add_portfolio()
    healthy = await company.add_initiative(portfolio)
    poison = await company.add_initiative(portfolio)
    # The engine refuses a negative number of finished items, which the database lets through.
    await company.update("initiative", poison, progress_source="SNAPSHOT", weekly_throughput=[-1])
    for number in range(1, 6):
        await recompute_health(company.database, company.hands.clock, company.tenant_id)
        waiting = await signal(company, poison)
        assert waiting["tries"] == number
        assert waiting["error_code"] == "InputError"
        assert (waiting["parked_at"] is not None) == (number == 5)
        await let_retry(company)
    for node_id in (healthy, portfolio, company.tenant_id):
        assert await company.score(node_id)
    await company.update("initiative", poison, weekly_throughput=[1])
    await recompute_health(company.database, company.hands.clock, company.tenant_id)
    assert await company.score(poison)
    assert (await signal(company, poison))["tries"] == 0


async def let_retry(company: Company) -> None:
    async with company.change() as connection:
        await connection.execute(
            "update signal set run_after = null where tenant_id = $1 and parked_at is null", company.tenant_id
        )


async def test_a_node_that_kills_its_process_is_parked_after_five_tries(company: Company):
    portfolio = await company.add_portfolio()
    place = (company.tenant_id, "recompute_health", [portfolio], 3.0)
    for _ in range(5):
        assert await begin_try(company.database, *place) == {portfolio: 1}
        # Its time has not come: whoever has begun it still works on it.
        assert await begin_try(company.database, *place) == {}
        await let_retry(company)
    assert await begin_try(company.database, *place) == {}
    parked = await signal(company, portfolio)
    assert parked["parked_at"]
    assert parked["error_code"] == "CRASHED"
    assert await begin_try(company.database, *place) == {}


async def test_tries_are_spaced_out(company: Company):
    portfolio = await company.add_portfolio()
    await begin_try(company.database, company.tenant_id, "recompute_health", [portfolio], 3.0)
    await recompute_health(company.database, company.hands.clock, company.tenant_id)
    with pytest.raises(AssertionError):
        await company.score(portfolio)
    await let_retry(company)
    await recompute_health(company.database, company.hands.clock, company.tenant_id)
    assert await company.score(portfolio)


async def test_a_message_that_was_delivered_too_often_counts_a_try_of_all_it_asked_for(
    company: Company, relay: Database, queue_redis: Redis
):
    portfolio = await company.add_portfolio()
    await queue_redis.xgroup_create(JOBS, WORKERS, id="0", mkstream=True)
    await ring_waiting(relay, queue_redis)
    await queue_redis.xreadgroup(WORKERS, "killed", {JOBS: ">"}, count=100)
    for entry in await queue_redis.xpending_range(JOBS, WORKERS, "-", "+", 100):
        await queue_redis.xclaim(JOBS, WORKERS, "killed", 0, [entry["message_id"]], retrycount=5)
    async with consuming(company, queue_redis):

        async def counted() -> bool:
            return (await signal(company, portfolio))["tries"] == 1

        await until(counted)


async def test_deliveries_that_cannot_be_applied_are_put_off_and_counted(
    company: Company, monkeypatch: pytest.MonkeyPatch
):
    connection_id = company.new_id()
    async with company.change() as connection:
        await connection.execute("select raise_signal('apply_deliveries', $1)", [connection_id])

    def explode(*_: object) -> None:
        raise ValueError("poison")

    monkeypatch.setattr("workers.connection.apply_deliveries.ConnectionRows", explode)
    await apply_deliveries(company.database, company.hands.clock, company.tenant_id, connection_id)
    failed = await signal(company, connection_id)
    assert (failed["tries"], failed["error_code"], failed["parked_at"]) == (1, "ValueError", None)
    monkeypatch.undo()
    await let_retry(company)
    await apply_deliveries(company.database, company.hands.clock, company.tenant_id, connection_id)
    assert await nothing_waits(company)


async def test_a_change_while_its_node_is_computed_is_not_lost(company: Company):
    portfolio = await company.add_portfolio()
    kpi = await company.add_kpi(portfolio, {"target": 100})
    for value in range(60, 100, 4):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(recompute_health(company.database, company.hands.clock, company.tenant_id))
            tasks.create_task(company.measure(kpi, value))
    await recompute_health(company.database, company.hands.clock, company.tenant_id)
    assert (await company.score(portfolio))["provisional_mp"] == 100_000 - 3 * 4_000
    assert await nothing_waits(company)


async def test_a_failure_recorded_after_a_new_change_does_not_park_it(company: Company):
    portfolio = await company.add_portfolio()
    for _ in range(5):
        await begin_try(company.database, company.tenant_id, "recompute_health", [portfolio], 3.0)
        await let_retry(company)
    async with company.change() as connection:
        await company.mark(connection, [portfolio])
    raised_again = Signal(company.tenant_id, "recompute_health", portfolio)
    assert not await record_failure(company.database, raised_again, ValueError())
