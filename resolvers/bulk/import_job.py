"""An import: runs of lines, each in one transaction with the number of its last line, so that none comes twice."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from portfolio.enumerations import JobState
from resolvers.bulk.files import FilePart, read_part
from resolvers.bulk.job_row import Attempt, JobRow, LineError, RunProgress
from resolvers.bulk.line import LineType, refusal_of
from resolvers.bulk.line_text import Values, read_line
from resolvers.bulk.measurements import MEASUREMENT, MOST_ROWS, record_lines
from resolvers.bulk.members import public_path
from resolvers.bulk.names import Name, Names
from resolvers.engine.outcome import UserError, UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.engine.write import taken
from runtime.clock import Clock
from runtime.events import Actor
from runtime.postgres import Database
from runtime.telemetry import escape
from runtime.viewer import Viewer

# A line that is wrong in many ways, or with long words, must not fill what is kept of the job.
_MOST_ERRORS_OF_A_LINE = 20
_LONGEST_WORDS = 500
# Others wait for what a run has locked, and for its events.
_LONGEST_RUN_SECONDS = 0.25
_MOST_PARTS_AT_HAND = 4


@dataclass(frozen=True)
class Importer:
    """Of every job. types: by the name that a line has."""

    database: Database
    clock: Clock
    types: Mapping[str, LineType]
    encryption_key: bytes

    async def step(self, job: JobRow) -> None:
        """Applies some lines, and ends the job after the last one. In the transaction that holds the job."""
        row = job.row
        if row["lines_done"] < row["line_count"]:
            run = _LinesRun(self, job.connection, await job.viewer(), job.actor)
            part = await read_part(job.connection, job.tenant_id, row["file_id"], row["lines_done"] + 1)
            await run.apply(part, row["lines_done"] + 1)
            await job.advance(run.done, run.errors)
            if run.done.line < row["line_count"]:
                return
        await job.finish(JobState.COMPLETED)

    async def rehearse(self, attempt: Attempt) -> None:
        """A dry run as a whole: runs of lines as the import would have them, each undone. Begun again, it begins anew.

        What an earlier run made, and was undone, is made again in the run in which a line names it.
        """
        made: dict[Name, int] = {}
        at_hand: dict[int, FilePart] = {}
        async with self.database.transaction(attempt.tenant_id) as connection:
            job = await JobRow.lock(connection, attempt, self.clock)
            if job is not None:
                await job.begin_again()
        while True:
            async with self.database.transaction(attempt.tenant_id) as connection:
                job = await JobRow.lock(connection, attempt, self.clock)
                if job is None:
                    return
                row, run = job.row, None
                if row["lines_done"] < row["line_count"]:
                    run = _LinesRun(self, connection, await job.viewer(), job.actor, made, _Lines(job, at_hand))
                    part = await read_part(connection, job.tenant_id, row["file_id"], row["lines_done"] + 1)
                    await _undone(connection, run, part, row["lines_done"] + 1)
                    await job.advance(run.done, run.errors)
                if run is None or run.done.line >= row["line_count"]:
                    await job.finish(JobState.COMPLETED)
                    return


async def _undone(connection: asyncpg.Connection, run: "_LinesRun", part: FilePart, first_line: int) -> None:
    transaction = connection.transaction()
    await transaction.start()
    try:
        await run.apply(part, first_line)
    finally:
        await transaction.rollback()


class _Lines:
    """Earlier lines of a file, of which the latest parts are at hand."""

    def __init__(self, job: JobRow, at_hand: dict[int, FilePart]) -> None:
        self._job, self._at_hand = job, at_hand

    async def read(self, number: int) -> bytes:
        for part in self._at_hand.values():
            if part.first_line <= number <= part.last_line:
                return part.line(number)
        row = self._job.row
        part = await read_part(self._job.connection, row["tenant_id"], row["file_id"], number)
        while len(self._at_hand) >= _MOST_PARTS_AT_HAND:
            del self._at_hand[next(iter(self._at_hand))]
        self._at_hand[part.first_line] = part
        return part.line(number)


@dataclass
class _LinesRun:
    """Some lines in one transaction. made: names that lines of a dry run have made, with their lines."""

    importer: Importer
    connection: asyncpg.Connection
    viewer: Viewer
    actor: Actor
    made: dict[Name, int] | None = None
    earlier: _Lines | None = None
    done: RunProgress = field(default_factory=lambda: RunProgress(0))
    errors: list[LineError] = field(default_factory=list)
    _made_again: set[int] = field(default_factory=set)

    async def apply(self, part: FilePart, first_line: int) -> None:
        """From a line of the part on, until its end or the time is up."""
        deadline = time.monotonic() + _LONGEST_RUN_SECONDS
        line = first_line
        while line <= part.last_line and (line == first_line or time.monotonic() < deadline):
            batch = self._measurements(part, line)
            if batch:
                await self._record(line, batch)
            else:
                await self._apply_line(line, part.line(line))
            line += len(batch) or 1
        self.done.line = line - 1

    def _measurements(self, part: FilePart, line: int) -> list[Values]:
        """Lines of measurements that follow each other from here."""
        batch: list[Values] = []
        while line <= part.last_line and len(batch) < MOST_ROWS:
            given = _read_measurement(part.line(line))
            if given is None:
                break
            batch.append(given)
            line += 1
        return batch

    async def _record(self, first_line: int, batch: Sequence[Values]) -> None:
        made_again = set(self._made_again)
        try:
            async with self.connection.transaction():
                write = self._write()
                recorded = await record_lines(write, Names(write, self._missing), batch)
                await write.finish(self.actor)
        except Exception as fault:
            errors, self._made_again = refusal_of(fault), made_again
            if len(batch) == 1:
                self._refuse(first_line, errors)
            else:
                # One line must not take the others with it.
                for place, given in enumerate(batch):
                    await self._record(first_line + place, [given])
            return
        self.done.created += recorded.accepted
        self.done.unchanged += recorded.duplicates
        for place, error in recorded.rejected:
            self._refuse(first_line + place, [error])

    async def _apply_line(self, line: int, text: bytes) -> None:
        if not text.strip():
            return
        made_again = set(self._made_again)
        try:
            given = read_line(text)
            result = await self._attempt(given)
        except Exception as fault:
            self._refuse(line, refusal_of(fault))
            self._made_again = made_again
            return
        self.done.created += result == "CREATED"
        self.done.changed += result == "CHANGED"
        self.done.unchanged += result == "UNCHANGED"
        if self.made is not None and result == "CREATED":
            for name in self.importer.types[given["type"]].name(given):
                self.made[name] = line

    async def _attempt(self, given: Values) -> str:
        """What is wrong with a line undoes that line alone."""
        line_type = self.importer.types.get(given["type"])
        if line_type is None:
            known = ", ".join([*self.importer.types, MEASUREMENT])
            message = f"There is no type {given['type'][:100]!r}; types are {known}."
            raise reject(UserErrorCode.INVALID, message)
        try:
            async with self.connection.transaction():
                write = self._write()
                result = await line_type.apply(write, Names(write, self._missing), given)
                await write.finish(self.actor)
                return result
        except asyncpg.UniqueViolationError as error:
            raise taken(error) from None

    def _write(self) -> Write:
        return Write(self.connection, self.viewer, self.importer.clock, self.importer.encryption_key)

    async def _missing(self, name: Name) -> bool:
        line = self.made.get(name) if self.made is not None else None
        if line is None or line in self._made_again or self.earlier is None:
            return False
        self._made_again.add(line)
        try:
            await self._attempt(read_line(await self.earlier.read(line)))
        except Exception as fault:
            refusal_of(fault)
            return False
        return True

    def _refuse(self, line: int, errors: Sequence[UserError]) -> None:
        self.done.failed += 1
        self.errors += [
            LineError(line, position, error.code, _plain(error.message), path and [_plain(step) for step in path])
            for position, error in enumerate(errors[:_MOST_ERRORS_OF_A_LINE])
            for path in [public_path(error.field)]
        ]


def _plain(text: str) -> str:
    return escape(text[:_LONGEST_WORDS])[:_LONGEST_WORDS]


def _read_measurement(text: bytes) -> Values | None:
    """Null: a line of another type, or one that cannot be read."""
    if b"measurement" not in text:
        return None
    try:
        given: Any = read_line(text)
    except Exception as fault:
        refusal_of(fault)
        return None
    return given if given["type"] == MEASUREMENT else None
