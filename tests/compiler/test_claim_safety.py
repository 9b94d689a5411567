"""The claim is set before any row is read, whatever plan PostgreSQL chooses, and is gone with the statement."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from runtime.postgres import open_connection
from tests.reads.golden import GOLDENS, Golden
from tests.reads.reading import Reading
from tests.reads.world import World, token_of

_PLANNERS = {
    "default": {},
    "no nested loops": {"enable_nestloop": "off"},
    "no hash or merge joins": {"enable_hashjoin": "off", "enable_mergejoin": "off"},
    "no indexes": {"enable_indexscan": "off", "enable_indexonlyscan": "off", "enable_bitmapscan": "off"},
    "no sequential scans": {"enable_seqscan": "off"},
    "forced parallel": {
        "debug_parallel_query": "on",
        "parallel_setup_cost": "0",
        "parallel_tuple_cost": "0",
        "min_parallel_table_scan_size": "0",
    },
    "just in time": {"jit": "on", "jit_above_cost": "0", "jit_inline_above_cost": "0", "jit_optimize_above_cost": "0"},
    "no sorting, no materializing": {"enable_sort": "off", "enable_material": "off", "enable_memoize": "off"},
}
_STATEMENTS = [golden for golden in GOLDENS if golden.name.startswith(("wall", "restricted", "executive", "nodes"))]
_CACHE_MODES = ["auto", "force_custom_plan", "force_generic_plan"]


@pytest.fixture
async def connection(filled_database: str, request: pytest.FixtureRequest) -> AsyncIterator[asyncpg.Connection]:
    settings = {**_PLANNERS[request.param[0]], "plan_cache_mode": request.param[1]}
    opened = await open_connection(filled_database, "folioscope_app", **settings)
    yield opened
    await opened.close()


def test_there_are_statements_to_try():
    assert len(_STATEMENTS) >= 4


@pytest.mark.parametrize(
    "connection", [(planner, mode) for planner in _PLANNERS for mode in _CACHE_MODES], indirect=True
)
async def test_every_plan_gives_the_same_bytes_and_leaves_no_claim(
    connection: asyncpg.Connection, reading: Reading, world: World
):
    for golden in _STATEMENTS:
        for viewer in (world.viewers[0], world.viewers[1], world.viewers[4]):
            await check(connection, reading, golden, world.viewers.index(viewer), world)


async def check(connection: asyncpg.Connection, reading: Reading, golden: Golden, place: int, world: World) -> None:
    viewer = world.viewers[place]
    operation = reading.operation(golden.text, golden.variables, viewer)
    plan = reading.plan(operation)
    arguments = reading.reader.arguments(plan, operation)
    reference = await reading.read(golden.text, viewer, golden.variables)
    foreign = [
        token_of(row["id"])
        for table in ("product", "initiative", "portfolio", "kpi")
        for row in world.rows[table]
        if row["tenant_id"] != viewer.tenant_id
    ]
    for _ in range(2):
        answer = await connection.fetchval(plan.sql, *arguments)
        assert answer is not None
        assert answer == reference
        assert not [token for token in foreign if token.encode() in answer]
        assert await connection.fetchval("select coalesce(current_setting('folioscope.tenant_id', true), '')") == ""
        assert await connection.fetchval("select count(*) from product") == 0
