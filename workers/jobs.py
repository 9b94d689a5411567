"""Every job of the rooms, found by loading them: no list of jobs has to be kept beside their files."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

import workers
from workers.job import DeclaredJob


def _declared() -> Iterator[DeclaredJob]:
    for room in pkgutil.iter_modules(workers.__path__, "workers."):
        if room.ispkg:
            package = importlib.import_module(room.name)
            for found in pkgutil.iter_modules(package.__path__, f"{room.name}."):
                yield from jobs_of(found.name)


def jobs_of(module: str) -> Iterator[DeclaredJob]:
    """Those that a file declares. Raises TypeError for one in a file of another name."""
    for value in vars(importlib.import_module(module)).values():
        if isinstance(value, DeclaredJob) and value.work.__module__ == module:
            if module.rpartition(".")[2] != value.signal:
                raise TypeError(f"{module}: the job {value.signal} belongs into a file of that name, {value.signal}.py")
            yield value


DECLARED: Mapping[str, DeclaredJob] = {job.signal: job for job in _declared()}
"""By the names of their signals."""
