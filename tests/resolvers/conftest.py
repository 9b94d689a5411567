"""A tenant of every test's own, in a database of the module's own."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from runtime.postgres import Database
from runtime.viewer import Viewer
from tests.reads.reading import Reading
from tests.resolvers.tenant import NOON, SteppingClock, Tenant

_ORGANIZATION = """
insert into organization (tenant_id, id, key, name, created_at, updated_at) values ($1, $1, $2, 'Acme', $3, $3)
"""
_ROOT = "insert into subject (tenant_id, id, kind) values ($1, $1, 'ORGANIZATION')"
_PERSON = """
insert into person (tenant_id, id, key, name, created_at, updated_at) values ($1, $2, 'ada', 'Ada Lovelace', $3, $3)
"""


@pytest.fixture(scope="module")
async def pool(database: str) -> AsyncIterator[Database]:
    opened = await Database.open(database, size=12)
    yield opened
    await opened.close()


@pytest.fixture
async def tenant(pool: Database) -> Tenant:
    clock = SteppingClock()
    made = Tenant(pool, uuid4(), clock)
    async with pool.transaction(made.id) as connection:
        await connection.execute(_ORGANIZATION, made.id, str(made.id), NOON)
        await connection.execute(_ROOT, made.id)
        await connection.execute(_PERSON, made.id, made.person_id, NOON)
    return made


Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ask(tenant: Tenant) -> Ask:
    """Data of a query, at the tenant's own time."""
    reading = Reading(tenant.database)
    reading.reader.clock = tenant.clock.clock

    async def read(text: str, viewer: Viewer | None = None, **variables: Any) -> dict[str, Any]:
        return json.loads(await reading.read(text, viewer or tenant.viewer(), variables))

    return read


@pytest.fixture
async def home(tenant: Tenant) -> str:
    """A portfolio at the top."""
    return await tenant.made("portfolioCreate", {"key": "HOME", "name": "Home"})


@pytest.fixture
async def product(tenant: Tenant, home: str) -> str:
    """In the home portfolio; nothing waits to be recomputed."""
    input = {"key": "CHURN", "name": "Churn model", "portfolio_id": home}
    made = await tenant.made("productCreate", input)
    await tenant.pending()
    return made
