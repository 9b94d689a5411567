"""What must be true at the end, read from the database by itself."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg

from portfolio.identity import print_id
from runtime.postgres import Database
from tests.faults.company import Company
from tests.faults.writer import Ledger
from workers.measurement.verify_scores import replay_rows, wrong_scores
from workers.verify_chain import verify_chain

_BEHIND = "select count(*) from signal where generation > done_generation and parked_at is null"
_MEASUREMENTS = """
select 'kpi_' || kpi_id as kpi_id, external_id, value from measurement where tenant_id = $1 and superseded_at is null
order by 1, 2
"""
_LATEST = """
select k.id, k.latest_measurement_id, m.id as newest_id from kpi k join lateral (
  select id from measurement where tenant_id = k.tenant_id and kpi_id = k.id and superseded_at is null
  order by observed_on desc, recorded_at desc, id desc limit 1) m on true
where k.tenant_id = $1 and k.latest_measurement_id is distinct from m.id
"""
_COUNTS = """
select entity_id, count(*) as events from event where tenant_id = $1 and type = $2 group by 1
"""
_PRODUCTS = "select 'prd_' || id as id, importance as value from product where tenant_id = $1"
_TARGETS = "select 'kpi_' || t.kpi_id as id, target as value from kpi_target t where tenant_id = $1 order by t.id"
_PROGRESS = """
select 'ini_' || p.initiative_id as id, done_items as value from progress_snapshot p where tenant_id = $1 order by p.id
"""
_FEED = "select event_id from event_seal where tenant_id = $1 order by sequence"


async def is_calm(connection: asyncpg.Connection) -> bool:
    """Nothing waits to be computed or to be sealed."""
    behind = await connection.fetchval(_BEHIND)
    return not behind and not await connection.fetchval("select exists (select from event_unsealed)")


async def find_faults(
    connection: asyncpg.Connection, database: Database, company: Company, ledger: Ledger
) -> list[str]:
    """Of one company, in words; empty when all is well. connection: a superuser's."""
    found = await _lost_or_doubled(connection, company, ledger)
    found += await _lists_that_differ(connection, company, ledger)
    parked = await connection.fetch("select job, target_id, error_code from signal where parked_at is not null")
    found += [f"parked: {dict(row)}" for row in parked]
    options = {"isolation": "repeatable_read", "readonly": True}
    async with database.transaction(company.tenant_id, **options) as reader:
        wrong = await wrong_scores(reader, company.tenant_id, datetime.now(UTC))
        found += [f"wrong score: {difference}" for difference in wrong]
        async for differences in replay_rows(reader):
            found += [f"not replayed: {difference}" for difference in differences]
        chain = await verify_chain(reader)
    events = await connection.fetchval("select count(*) from event where tenant_id = $1", company.tenant_id)
    if chain.broken_sequence is not None or chain.length != events:
        found.append(f"chain: {chain} of {events} events")
    return found


async def read_feed(connection: asyncpg.Connection, company: Company) -> list[str]:
    return [print_id("EVENT", row["event_id"]) for row in await connection.fetch(_FEED, company.tenant_id)]


async def _lost_or_doubled(connection: asyncpg.Connection, company: Company, ledger: Ledger) -> list[str]:
    rows = await connection.fetch(_MEASUREMENTS, company.tenant_id)
    stored = [((row["kpi_id"], row["external_id"]), row["value"]) for row in rows]
    expected = sorted((key, Decimal(repr(value))) for key, value in ledger.measurements.items())
    found = _compare("measurements", stored, expected)
    found += [f"not the newest: {dict(row)}" for row in await connection.fetch(_LATEST, company.tenant_id)]
    return found


async def _lists_that_differ(connection: asyncpg.Connection, company: Company, ledger: Ledger) -> list[str]:
    tenant_id = company.tenant_id
    found: list[str] = []
    shown = {row["id"]: row["value"] for row in await connection.fetch(_PRODUCTS, tenant_id)}
    updates = {
        print_id("PRODUCT", row["entity_id"]): row["events"]
        for row in await connection.fetch(_COUNTS, tenant_id, "PRODUCT_UPDATED")
    }
    for product, values in ledger.importance.items():
        found += _compare(f"importance of {product}", shown[product], values[-1])
        found += _compare(f"updates of {product}", updates.get(product), len(values))
    for desk in company.desks:
        targets = [row["value"] for row in await connection.fetch(_TARGETS, tenant_id) if row["id"] == desk.kpi_id]
        found += _compare(f"targets of {desk.kpi_id}", targets, [100, *ledger.targets.get(desk.kpi_id, [])])
        progress = [r["value"] for r in await connection.fetch(_PROGRESS, tenant_id) if r["id"] == desk.initiative_id]
        expected = ledger.progress.get(desk.initiative_id, [])
        found += _compare(f"progress of {desk.initiative_id}", progress, expected)
    return found


def _compare(what: str, stored: Any, expected: Any) -> list[str]:
    if stored == expected:
        return []
    if isinstance(stored, Sequence) and isinstance(expected, Sequence):
        missing = [item for item in expected if item not in stored]
        more = [item for item in stored if item not in expected]
        return [f"{what}: {len(stored)} stored, {len(expected)} expected; lost {missing[:3]}, more {more[:3]}"]
    return [f"{what}: {stored}, expected {expected}"]
