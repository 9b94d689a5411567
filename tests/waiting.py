"""Waiting for what other processes and tasks do."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[object]], seconds: float = 10) -> None:
    """Raises TimeoutError when the condition has not come true by then."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for sets no event: it is in the database
            await asyncio.sleep(0.02)
