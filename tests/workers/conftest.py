"""The roles' pools on this module's database, and a company founded for each test."""

from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from runtime.postgres import RELAY_ROLE, Database
from runtime.redis import open_redis
from tests.workers.company import Company, Hands


@pytest.fixture(scope="module")
async def application(database: str) -> AsyncIterator[Database]:
    pool = await Database.open(database)
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
async def relay(database: str) -> AsyncIterator[Database]:
    pool = await Database.open(database, RELAY_ROLE)
    yield pool
    await pool.close()


@pytest.fixture
async def queue_redis(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    client = open_redis(redis_url)
    await client.flushdb()
    yield client
    await client.flushdb()
    await client.aclose()


@pytest.fixture
async def company(application: Database) -> Company:
    return await Company(application, Hands()).found()
