"""What time alone brings about."""

import asyncio
from datetime import timedelta

import asyncpg

from runtime.postgres import RELAY_ROLE, Database, open_connection
from tests.waiting import until
from tests.workers.company import Company
from workers import schedule
from workers.measurement.recompute_health import recompute_health


async def recompute(company: Company) -> None:
    await recompute_health(company.database, company.hands.clock, company.tenant_id)


async def test_a_score_fades_by_the_calendar_without_any_write(company: Company, database: str):
    portfolio = await company.add_portfolio()
    kpi = await company.add_kpi(portfolio, {"target": 100}, cadence_days=10)
    await company.measure(kpi, 100)
    await recompute(company)
    connection = await open_connection(database, RELAY_ROLE)
    company.hands.forward(days=10)
    assert await schedule.raise_due(connection, company.hands.clock) == 0
    company.hands.forward(days=5)
    assert await schedule.raise_due(connection, company.hands.clock) >= 1
    await recompute(company)
    # Half of the way from one cadence to three: half of the sixty points above the prior have gone.
    assert (await company.score(portfolio))["provisional_mp"] == 40_000 + 60_000 * 15 // 20
    await connection.close()


async def test_one_of_two_leads_and_the_other_follows_when_it_is_gone(
    database: str, application: Database, company: Company
):
    first, second = (
        asyncio.create_task(schedule.run_schedule(database, application, company.hands.clock)) for _ in range(2)
    )
    await asyncio.sleep(0.5)
    assert await leaders(database) == 1
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    async def is_led() -> bool:
        return await leaders(database) == 1

    await until(is_led, 5)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)


async def leaders(database: str) -> int:
    connection = await asyncpg.connect(database)
    count = await connection.fetchval(
        "select count(*) from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory'"
        " and l.granted and l.objsubid = 1 and a.datname = current_database()"
    )
    await connection.close()
    return count or 0


async def test_housekeeping_prepares_partitions_and_forgets_old_calls_files_and_mistakes(
    company: Company, database: str, application: Database
):
    await company.add_portfolio()
    async with company.change() as connection:
        for key, days in (("old", 8), ("young", 6)):
            await connection.execute(
                "insert into idempotency_record"
                " (tenant_id, holder_id, idempotency_key, operation, input_hash, created_at)"
                " values ($1, $1, $2, 'productCreate', '', $3)",
                *(company.tenant_id, key, company.hands.now - timedelta(days=days)),
            )
        files = {company.new_id(): days for days in (*[8] * 6, 6)}
        for file_id, days in files.items():
            await connection.execute(
                "insert into bulk_file (tenant_id, id, created_at) values ($1, $2, $3)",
                *(company.tenant_id, file_id, company.hands.now - timedelta(days=days)),
            )
            await connection.execute(
                "insert into bulk_file_part (tenant_id, file_id, first_line, content) values ($1, $2, 1, '')",
                *(company.tenant_id, file_id),
            )
        for line, days in ((1, 8), (2, 6)):
            await connection.execute(
                "insert into job (tenant_id, id, kind, via, state, created_at, finished_at)"
                " values ($1, $2, 'IMPORT', 'COMMAND', 'FAILED', $3, $3)",
                *(company.tenant_id, job_id := company.new_id(), company.hands.now - timedelta(days=days)),
            )
            await connection.execute(
                "insert into job_line_error (tenant_id, job_id, line, position, code, message)"
                " values ($1, $2, $3, 0, 'INVALID', '')",
                *(company.tenant_id, job_id, line),
            )
    relay = await open_connection(database, RELAY_ROLE)
    for _ in range(2):
        await schedule.keep_house(relay, application, company.hands.clock)
    await relay.close()
    kept = await company.fetch("select idempotency_key from idempotency_record where tenant_id = $1", company.tenant_id)
    assert [row["idempotency_key"] for row in kept] == ["young"]
    parts = await company.fetch("select file_id from bulk_file_part where tenant_id = $1", company.tenant_id)
    assert [row["file_id"] for row in parts] == list(files)[-1:]
    mistakes = await company.fetch("select line from job_line_error where tenant_id = $1", company.tenant_id)
    assert [row["line"] for row in mistakes] == [2]
