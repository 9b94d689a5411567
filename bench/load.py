"""Fills a migrated database with the measured company, by COPY."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from bench.data import TENANTS, Tenant, columns_of, make_tenant, records
from cli.progress import Report
from runtime.viewer import make_key
from schema.search import KINDS

_SCOPES = ["READ", "WRITE", "INGEST", "ADMIN"]
_RAISE_ALL = "insert into signal (tenant_id, job, target_id) select tenant_id, 'recompute_health', id from subject"


async def load(url: str, report: Report) -> dict[UUID, str]:
    """Rows of all tenants, with a signal for each node. Returns an API key of each tenant.

    The user must be a superuser: the walls stand in the way of loading many tenants at once.
    """
    now = datetime.now(UTC)
    keys: dict[UUID, str] = {}
    tenant_tables: list[str] = []
    connection = await asyncpg.connect(url)
    try:
        await _prepare_partitions(connection, now)
        for number in range(1, TENANTS + 1):
            report(f"tenant {number}", number, TENANTS)
            tenant = make_tenant(number, now)
            keys[tenant.id] = _add_key(tenant)
            tenant_tables = list(tenant.rows)
            async with connection.transaction():
                # A KPI names its newest measurement and target, which name the KPI. No trigger runs then.
                await connection.execute("set local session_replication_role = replica")
                for table, rows in tenant.rows.items():
                    await _copy(connection, table, rows)
        for kind in KINDS:
            await connection.execute(f"call fill_search_words('{kind.lower()}')")
        await connection.execute(_RAISE_ALL)
        # Only what has rows: an analyzed empty table is taken for a small one, and read from end to end.
        for table in (*tenant_tables, "signal", "search_word"):
            await connection.execute(f"vacuum analyze {table}")
    finally:
        await connection.close()
    return keys


async def _prepare_partitions(connection: asyncpg.Connection, now: datetime) -> None:
    for days in (400, 180, 0):
        await connection.execute("select prepare_partitions($1)", now.date() - timedelta(days=days))


def _add_key(tenant: Tenant) -> str:
    key_id = tenant.new_id()
    text, digest = make_key(key_id)
    tenant.add(
        "api_key",
        id=key_id,
        name="Benchmark",
        person_id=tenant.person_ids[0],
        secret_digest=digest,
        scopes=_SCOPES,
        expires_at=tenant.now + timedelta(days=1),
        **tenant.stamps,
    )
    return text


async def _copy(connection: asyncpg.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    columns = columns_of(rows)
    values = ([_exact(value) for value in record] for record in records(rows, columns))
    await connection.copy_records_to_table(table, columns=columns, records=values)


def _exact(value: Any) -> Any:
    """A float by its shortest decimal text, as the API takes it."""
    return Decimal(repr(value)) if isinstance(value, float) else value
