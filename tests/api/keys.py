"""API keys in the database, and the clock that they are tried by."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from runtime.viewer import make_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT, PERSON, ACCOUNT, PORTFOLIO = (UUID(int=0x7000_0000_0000_0000_0000 + number) for number in range(4))


@dataclass
class Hands:
    """A clock that the test turns."""

    at: datetime = NOW

    def read(self) -> datetime:
        return self.at


async def add_key(connection: asyncpg.Connection, number: int, **changed: object) -> str:
    """A good key of the person, but for what is changed. Returns its text."""
    key_id = UUID(int=0x7100_0000_0000_0000_0000 + number)
    text, digest = make_key(key_id)
    row = {
        "tenant_id": TENANT,
        "id": key_id,
        "name": "key",
        "person_id": PERSON,
        "secret_digest": digest,
        "scopes": ["READ"],
        "expires_at": NOW + timedelta(days=90),
        "created_at": NOW,
        "updated_at": NOW,
        **changed,
    }
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await connection.execute(f"insert into api_key ({', '.join(row)}) values ({places})", *row.values())
    return text
