"""Whether the running task has been told to stop."""

import asyncio


def is_canceled() -> bool:
    """redis-py 8.1 loses a cancellation that comes while it reconnects: loops that use it ask each time."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
