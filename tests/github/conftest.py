"""A tenant with a GitHub connection and a door to deliver at."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from api.webhooks import WebhookDoor
from runtime.clock import Clock
from runtime.encryption import SecretBox
from runtime.postgres import Database
from tests.github.tracker import Tracker, application_of


@pytest.fixture(scope="module")
async def application(database: str) -> AsyncIterator[Database]:
    pool = await Database.open(database, size=5)
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
def box() -> SecretBox:
    return SecretBox(b"k" * 32)


@pytest.fixture(scope="module")
async def client(application: Database, box: SecretBox) -> AsyncIterator[httpx.AsyncClient]:
    door = WebhookDoor(application, box, Clock())
    app = application_of(door)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
        yield http


@pytest.fixture
async def tracker(
    database: str, application: Database, client: httpx.AsyncClient, box: SecretBox
) -> AsyncIterator[Tracker]:
    """A tenant of this test alone."""
    administration = await asyncpg.connect(database)
    tracker = Tracker(application, administration, client, box)
    await tracker.prepare()
    yield tracker
    await administration.close()
