"""Steps of long work: a bar on a terminal, one line a step elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from cli.application import notices

Report = Callable[[str, int, int], None]
"""Hears what is done now, how many of these there have been with it, and how many there will be."""


@contextmanager
def step(title: str) -> Iterator[Report]:
    """Shows one step while it lasts and how long it took once it has succeeded."""
    began = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24))
    quiet = not notices.is_terminal
    with Progress(*columns, console=notices, transient=True, disable=quiet) as progress:
        task = progress.add_task(title, total=None)

        def report(what: str, position: int, total: int) -> None:
            progress.update(task, description=f"{title}: {what}", completed=position, total=total)

        yield report
    notices.print(f"[green]✓[/] {title} [dim]{time.monotonic() - began:.1f} s[/]")
