"""Whether this process lives, and whether it can do its work."""

import time
from dataclasses import dataclass

import asyncpg
import redis.asyncio
import redis.exceptions
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runtime.postgres import Database

# However often balancers ask, the database is asked once a second.
_FRESH_SECONDS = 1.0
_UNREACHABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, redis.exceptions.RedisError, OSError, TimeoutError)


@dataclass
class Probes:
    """Redis is only the doorbell: without it answers are right, and what follows a change is late."""

    database: Database
    redis: redis.asyncio.Redis
    _found: dict[str, str] | None = None
    _found_at: float = 0.0

    async def live(self, _: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(self, _: Request) -> Response:
        """503 without PostgreSQL. The body names what is up and what is down."""
        now = time.monotonic()
        if self._found is None or now - self._found_at >= _FRESH_SECONDS:
            self._found = {"postgresql": await self._postgresql(), "redis": await self._redis()}
            self._found_at = now
        ready = self._found["postgresql"] == "up"
        return JSONResponse({"status": "ready" if ready else "unready", **self._found}, 200 if ready else 503)

    async def _postgresql(self) -> str:
        try:
            async with self.database.connection() as connection:
                await connection.fetchval("select 1", timeout=1)
        except _UNREACHABLE:
            return "down"
        return "up"

    async def _redis(self) -> str:
        try:
            await self.redis.ping()
        except _UNREACHABLE:
            return "down"
        return "up"


async def metrics(_: Request) -> Response:
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
