"""`folioscope worker`: what happens after commit, in one process."""

import asyncio
import signal
from collections.abc import Collection
from contextlib import suppress
from typing import Annotated

import typer

from cli.application import app
from runtime.failure import Failure
from runtime.settings import load_settings
from runtime.telemetry import configure_logging


@app.command()
def worker(
    only: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[,NAME]", help="Parts to run: relay, queue, sweep, schedule. Without it: all of them."
        ),
    ] = None,
) -> None:
    """Run a worker. Start as many as are needed: any number of each part may run.

    The relay passes on what a commit has raised, the queue runs the jobs, the sweep repeats what was lost on the way,
    and the schedule raises what time alone brings about.

    Examples:

    * `folioscope worker` runs everything.
    * `folioscope worker --only queue` only runs jobs, on a machine of its own.
    * `folioscope worker --only relay,sweep,schedule` does the rest.
    """
    from workers.run import PARTS

    names = PARTS if only is None else tuple(dict.fromkeys(only.split(",")))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise Failure(f"A worker has no part {unknown[0]!r}.", f"Parts: {', '.join(PARTS)}; several with commas.")
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    with suppress(asyncio.CancelledError):
        asyncio.run(_work_until_told(names))


async def _work_until_told(only: Collection[str]) -> None:
    from workers.run import run_parts

    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if task:
            loop.add_signal_handler(number, task.cancel)
    await run_parts(only)
