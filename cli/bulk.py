"""`folioscope export` and `folioscope import`: everything of an organization as JSON lines, out and in."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table

from cli.application import app
from cli.printing import Organization
from cli.progress import Report, step
from runtime.clock import Clock
from runtime.failure import Failure
from runtime.settings import Settings, load_settings
from runtime.telemetry import escape

if TYPE_CHECKING:
    from runtime.postgres import Database
    from workers.job import Resources

_PIECE_BYTES = 1024 * 1024
_LOOK_SECONDS = 0.3
_JOB = "select * from job where tenant_id = $1 and id = $2"
_ERRORS = "select * from job_line_error where tenant_id = $1 and job_id = $2 order by line, position"


@app.command("export")
def export_command(
    to: Annotated[Path | None, typer.Option(help="File to write; without it: standard output.")] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="Only lines of this type; may come again.")] = None,
    organization: Organization = None,
) -> None:
    """Write everything that is not archived as JSON lines, as it is at one instant.

    Example: `folioscope export --to everything.jsonl`
    """
    with step("Exporting") as report:
        asyncio.run(_export(load_settings(), to, types, organization, report))


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines, such as an export.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look for mistakes, and change nothing.")] = False,
    organization: Organization = None,
) -> None:
    """Apply JSON lines. Safe to run again: nothing comes twice, and what was interrupted goes on where it was.

    Exit status 1 if a line was refused. Example: `folioscope import everything.jsonl --dry-run`
    """
    with step("Looking for mistakes" if dry_run else "Importing") as report:
        outcome = asyncio.run(_import(load_settings(), file, dry_run, organization, report))
    _show(outcome)
    if outcome.job["state"] != "COMPLETED" or outcome.job["failed_count"]:
        raise typer.Exit(1)


async def _export(
    settings: Settings, to: Path | None, types: list[str] | None, organization: str | None, report: Report
) -> None:
    from cli.tenants import find_tenant
    from resolvers.bulk.export_job import open_snapshot, parts
    from resolvers.bulk.types import bulk_types
    from runtime.postgres import Database

    known = [declared.name for declared in bulk_types()]
    unknown = [name for name in types or () if name not in known]
    if unknown:
        raise Failure(f"There is no type {unknown[0]}.", f"Types: {', '.join(known)}.")
    database = await Database.open(settings.database_url, size=2)
    lines = 0
    try:
        tenant = await find_tenant(settings.database_url, database, organization)
        async with open_snapshot(database, tenant.id) as connection:
            with _opened(to) as target:
                async for part in parts(connection, tenant.id, types or ()):
                    await asyncio.to_thread(target.write, part)
                    lines += part.count(b"\n")
                    report(f"{lines} lines", 0, 1)
    finally:
        await database.close()


@contextlib.contextmanager
def _opened(to: Path | None) -> Iterator[Any]:
    """A file that is there only when it is whole."""
    if to is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = to.with_name(f"{to.name}.new")
    with unfinished.open("wb") as target:
        yield target
    unfinished.replace(to)


@dataclass(frozen=True)
class _Outcome:
    job: Any
    errors: list[Any]


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


async def _import(settings: Settings, file: Path, dry_run: bool, organization: str | None, report: Report) -> _Outcome:
    from cli.tenants import find_tenant
    from resolvers.bulk.command import start_import
    from runtime import encryption
    from runtime.postgres import Database
    from runtime.refusal import Refusal
    from workers.job import Resources

    clock = Clock()
    database = await Database.open(settings.database_url, size=4)
    try:
        tenant = await find_tenant(settings.database_url, database, organization)
        job_id = await start_import(database, clock, tenant.id, lambda: _pieces(file), dry_run=dry_run)
        resources = Resources(database, clock, settings.derive_key(encryption.PURPOSE))
        working = asyncio.create_task(_work(resources, (tenant.id, job_id)))
        while not working.done():
            job = await _read(database, (tenant.id, job_id))
            report(f"line {job['lines_done']}", job["lines_done"], job["line_count"] or 1)
            await asyncio.wait([working], timeout=_LOOK_SECONDS)
        await working
        async with database.transaction(tenant.id) as connection:
            errors = await connection.fetch(_ERRORS, tenant.id, job_id)
        return _Outcome(await _read(database, (tenant.id, job_id)), errors)
    except Refusal as refusal:
        raise Failure(refusal.message, "Correct the file, or split it.") from None
    finally:
        await database.close()


async def _work(resources: "Resources", place: tuple[UUID, UUID]) -> None:
    """Until the job is finished, by this process or by a worker that was quicker."""
    from workers.connection.run_job import run_job

    while (await _read(resources.database, place))["finished_at"] is None:
        # Others that change the same objects may stand in the way for a while.
        with contextlib.suppress(asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError):
            await run_job.run(resources, *place)
        await asyncio.sleep(_LOOK_SECONDS / 3)


async def _read(database: "Database", place: tuple[UUID, UUID]) -> Any:
    async with database.transaction(place[0]) as connection:
        return await connection.fetchrow(_JOB, *place)


def _show(outcome: _Outcome) -> None:
    job, console = outcome.job, Console()
    if outcome.errors:
        table = Table("Line", "Mistake", "Member", "What to do", box=None)
        for error in outcome.errors:
            member = ".".join(error["field"] or ())
            table.add_row(str(error["line"]), error["code"], _plain(member), _plain(error["message"]))
        console.print(table)
    counts = ((job[f"{name}_count"], name) for name in ("created", "changed", "unchanged", "failed"))
    told = ", ".join(f"{count:,} {name}" for count, name in counts)
    console.print(f"{job['lines_done']:,} lines: {told}{'; nothing was changed' if job['dry_run'] else ''}.")
    if job["error"]:
        console.print(f"[red]It broke off:[/] {_plain(job['error'])}")


def _plain(text: str) -> str:
    """What a file says neither moves the cursor nor is markup."""
    return escape_markup(escape(text))
