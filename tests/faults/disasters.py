"""What befalls an installation: one fault after the other, chosen by a seeded chance."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import redis.asyncio

from tests.faults.installation import Installation, wake


@dataclass
class Disasters:
    """counts: how often each kind has happened."""

    installation: Installation
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    _sleepers: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, seconds: float) -> None:
        """Returns after so many seconds, when every frozen process is awake again."""
        kinds: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "kill API": (4, lambda: self._kill("api-1", "api-2")),
            "kill worker": (5, lambda: self._kill("worker-1", "worker-2")),
            "kill relay": (4, lambda: self._kill("relay-1")),
            "flush Valkey": (2, self._flush),
            "kill Valkey": (2, self.installation.kill_valkey),
            "stop PostgreSQL": (3, self._stop_postgres),
            "end sessions": (2, self._end_sessions),
            "freeze worker": (3, self._freeze),
        }
        names, weights = list(kinds), [weight for weight, _ in kinds.values()]
        deadline = asyncio.get_running_loop().time() + seconds
        # Each kind once before chance decides.
        first = self.chance.sample(names, len(names))
        while asyncio.get_running_loop().time() < deadline:
            name = first.pop() if first else self.chance.choices(names, weights)[0]
            self.counts[name] += 1
            await kinds[name][1]()
            await asyncio.sleep(self.chance.uniform(0.3, 2.0))
        await asyncio.gather(*self._sleepers)

    async def _kill(self, *names: str) -> None:
        self.installation.kill(self.chance.choice(names))

    async def _flush(self) -> None:
        client = redis.asyncio.from_url(self.installation.servers.redis_url)
        try:
            await client.flushall()
        finally:
            await client.aclose()

    async def _stop_postgres(self) -> None:
        await self.installation.stop_postgres_at_once(self.chance.uniform(0, 1.5))

    async def _end_sessions(self) -> None:
        """As a failover or an administrator does: connections end in the middle of their transactions."""
        connection = await self.installation.connect()
        try:
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'folioscope%'"
            )
        finally:
            await connection.close()

    async def _freeze(self) -> None:
        pid = self.installation.freeze(self.chance.choice(("worker-1", "worker-2")))

        async def wake_late(seconds: float) -> None:
            await asyncio.sleep(seconds)
            wake(pid)

        self._sleepers.add(asyncio.create_task(wake_late(self.chance.uniform(2, 7))))
