"""A tenant with a GitHub connection and a door to deliver at."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from runtime.encryption import SecretBox
from runtime.postgres import Database
from tests.github.tracker import Tracker


@pytest.fixture(scope="module")
async def application(database: str) -> AsyncIterator[Database]:
    pool = await Database.open(database, size=5)
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
def box() -> SecretBox:
    return SecretBox(b"k" * 32)


@pytest.fixture
async def tracker(database: str, application: Database, box: SecretBox) -> AsyncIterator[Tracker]:
    """A tenant of this test alone."""
    administration = await asyncpg.connect(database)
    yield await Tracker.prepared(application, administration, box)
    await administration.close()
