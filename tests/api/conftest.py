"""A tenant with a person and a service account, and a pool of the application's role."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from runtime.postgres import Database
from tests.api.keys import ACCOUNT, NOW, PERSON, TENANT


@pytest.fixture(scope="module")
async def keys(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    await connection.execute(
        "insert into organization (tenant_id, id, key, name, created_at, updated_at) values ($1, $1, 'O', 'O', $2, $2)",
        TENANT,
        NOW,
    )
    await connection.execute(
        "insert into person (tenant_id, id, key, name, created_at, updated_at) values ($1, $2, 'P', 'P', $3, $3)",
        TENANT,
        PERSON,
        NOW,
    )
    await connection.execute(
        "insert into service_account (tenant_id, id, key, name, created_at, updated_at)"
        " values ($1, $2, 'S', 'S', $3, $3)",
        TENANT,
        ACCOUNT,
        NOW,
    )
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def pool(database: str) -> AsyncIterator[Database]:
    opened = await Database.open(database)
    yield opened
    await opened.close()
