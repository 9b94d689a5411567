"""Golden reads: statement and answer are those of the kept files, on both PostgreSQL versions, in one statement."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from runtime.postgres import Database, open_connection
from tests.reads.golden import GOLDENS, Golden
from tests.reads.reading import Reading
from tests.reads.world import World

goldens = pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.name)


@pytest.fixture(scope="module")
async def oldest(database_16: str, world: World) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the application to the same rows on the oldest PostgreSQL that we promise."""
    administration = await asyncpg.connect(database_16)
    await world.insert(administration)
    await administration.close()
    connection = await open_connection(database_16, "folioscope_app")
    yield connection
    await connection.close()


@goldens
async def test_statement_and_answer_are_the_kept_ones(golden: Golden, reading: Reading, world: World):
    viewer = world.viewers[golden.viewer]
    sql = reading.sql(golden.text, viewer, golden.variables)
    assert golden.matches(".sql", sql + "\n")
    answer = await reading.read(golden.text, viewer, golden.variables)
    assert golden.matches(".json", json.dumps(json.loads(answer), ensure_ascii=False, indent=1) + "\n")
    # Indented for people; the bytes themselves carry no white space and the same keys in the same order.
    assert json.loads(answer) == json.loads(golden.path.with_suffix(".json").read_text(encoding="utf-8"))


@goldens
async def test_the_oldest_version_answers_the_same_statement_with_the_same_bytes(
    golden: Golden, reading: Reading, world: World, oldest: asyncpg.Connection
):
    viewer = world.viewers[golden.viewer]
    operation = reading.operation(golden.text, golden.variables, viewer)
    plan = reading.plan(operation)
    answer = await oldest.fetchval(plan.sql, *reading.reader.arguments(plan, operation))
    assert answer == await reading.read(golden.text, viewer, golden.variables)


@pytest.fixture(scope="module")
async def counting(filled_database: str) -> AsyncIterator[tuple[Reading, list[str]]]:
    """A reader whose every query is written down: its pool has one connection, which keeps its logger."""
    sent: list[str] = []
    database = await Database.open(filled_database, size=1)
    async with database.connection() as connection:
        connection.add_query_logger(lambda record: sent.append(record.query))
    yield Reading(database), sent
    await database.close()


@goldens
async def test_an_operation_is_one_statement(golden: Golden, counting: tuple[Reading, list[str]], world: World):
    reading, sent = counting
    viewer = world.viewers[golden.viewer]
    await reading.read(golden.text, viewer, golden.variables)  # asyncpg asks once about each type of a parameter
    sent.clear()
    await reading.read(golden.text, viewer, golden.variables)
    assert sent == [reading.sql(golden.text, viewer, golden.variables)]
