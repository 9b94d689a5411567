"""`folioscope worker`: what happens after commit, in one process."""

import asyncio
import signal
from contextlib import suppress

from cli.application import app
from runtime.settings import load_settings
from runtime.telemetry import configure_logging


@app.command()
def worker() -> None:
    """Run a worker: relay, queue, schedule and sweep. Start as many as are needed."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    with suppress(asyncio.CancelledError):
        asyncio.run(_work_until_told())


async def _work_until_told() -> None:
    from workers.run import main

    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if task:
            loop.add_signal_handler(number, task.cancel)
    await main()
