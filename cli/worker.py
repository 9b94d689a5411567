"""`folioscope worker`: what happens after commit, in one process."""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cli.application import app
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.settings import Settings, load_settings
from runtime.telemetry import configure_logging


@app.command()
def worker() -> None:
    """Run a worker: relay, queue, schedule and sweep. Start as many as are needed."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    with suppress(asyncio.CancelledError):
        asyncio.run(_work_until_told())


async def _work_until_told() -> None:
    from resolvers.bulk.run_job import JobRunner
    from workers.long_work import LongWork
    from workers.run import main
    from workers.signals import RUN_JOB

    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if task:
            loop.add_signal_handler(number, task.cancel)

    def run_jobs(database: Database, clock: Clock, settings: Settings) -> Mapping[str, Any]:
        runner = JobRunner(database, clock, settings)
        return {RUN_JOB: LongWork(database, RUN_JOB, runner).run}

    await main(more_jobs=run_jobs)
