"""The universe of the read tests, once for each module that asks."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from runtime.postgres import Database
from tests.reads.reading import Reading
from tests.reads.world import World, build_world


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture(scope="module")
async def filled_database(database: str, world: World) -> str:
    connection = await asyncpg.connect(database)
    await world.insert(connection)
    await connection.close()
    return database


@pytest.fixture(scope="module")
async def reading(filled_database: str) -> AsyncIterator[Reading]:
    pool = await Database.open(filled_database, size=2)
    yield Reading(pool)
    await pool.close()
