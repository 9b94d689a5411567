"""Two offices of two tenants."""

from uuid import uuid4

import pytest

from runtime.postgres import Database
from tests.bulk.office import Office
from tests.resolvers.conftest import ask, pool, tenant
from tests.resolvers.tenant import NOON, SteppingClock, Tenant

__all__ = ["ask", "pool", "tenant"]


@pytest.fixture
async def office(tenant: Tenant) -> Office:
    return await Office.open(tenant)


@pytest.fixture
async def other(pool: Database) -> Office:
    """Of an organization where there is nothing but its administrator, who is called as in the first one."""
    made = Tenant(pool, uuid4(), SteppingClock())
    async with pool.transaction(made.id) as connection:
        await connection.execute(
            "insert into organization (tenant_id, id, key, name, created_at, updated_at)"
            " values ($1, $1, 'b', 'B', $2, $2)",
            *(made.id, NOON),
        )
        await connection.execute("insert into subject (tenant_id, id, kind) values ($1, $1, 'ORGANIZATION')", made.id)
        await connection.execute(
            "insert into person (tenant_id, id, key, name, created_at, updated_at) values ($1, $2, 'ada', 'A', $3, $3)",
            *(made.id, made.person_id, NOON),
        )
    return await Office.open(made)
