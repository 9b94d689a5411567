"""`folioscope seed`: a believable company in an empty database, made through the API's own changes.

Half a year is played week by week with the clock of that week, so that every past score is one that was computed.
Every step has an idempotency key: a seed that was interrupted is taken up again where it ended.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import asyncpg
import typer

from cli.application import app, notices
from cli.demo.changes import Changes
from cli.demo.company import WEEKS, load_company
from cli.demo.founding import Founding
from cli.demo.weeks import REPORT_DAYS_BEFORE, Weeks, moment_of
from cli.organization import NewTenant, found_tenant, give_key
from cli.progress import Report, step
from cli.tenants import all_tenants
from portfolio.enumerations import Scope
from runtime.clock import Clock
from runtime.failure import Failure
from runtime.postgres import RELAY_ROLE, Database, open_connection
from runtime.settings import Settings, load_settings
from runtime.viewer import Viewer, parse_key
from workers.measurement.recompute_health import recompute_health
from workers.schedule import raise_due

# The demo's tenant is always the same one, so that a second start finds the first one's work.
TENANT_ID = UUID("01920000-0000-7000-8000-0000000de300")
_ADMINISTRATOR_ID = UUID("01920000-0000-7000-8000-0000000de301")
_ADMINISTRATOR = (TENANT_ID, _ADMINISTRATOR_ID)
_UNFINISHED = "Halden Group (being prepared)"
_FINISHED = "Halden Group"
_KEY_LIFE = timedelta(days=365)
_AT_ONCE = 4

Seeded = Literal["MADE", "FOUND", "REFUSED"]
"""The demo was made or finished; it was there already; the database holds something else."""

_BEGUN = NewTenant("HALDEN", _UNFINISHED, "Europe/Zurich", "administrator", "Administrator")
_IS_LIVE = """
select exists (
  select from api_key
  where tenant_id = $1 and id = $2 and secret_digest = $3 and revoked_at is null and expires_at > $4)
"""


@app.command("seed")
def seed_command(
    number: int = typer.Option(7, "--seed", help="Another number, another run of the same company."),
    scale: int = typer.Option(1, min=1, max=100, help="How many such companies in one organization, for measuring."),
) -> None:
    """Fill an empty database with a demo company. Safe to run again: it goes on where it was interrupted.

    Example: `folioscope seed --scale 4`
    """
    with step("Filling the database") as report:
        seeded = asyncio.run(seed(load_settings(), report, number, scale))
        if seeded == "REFUSED":
            raise Failure(
                "The database is not empty; nothing was changed.",
                "Set DATABASE_URL to an empty database, prepare it with `folioscope migrate`, and seed again.",
            )
    if seeded == "FOUND":
        notices.print("The demo company is there already; nothing was changed.")


async def seed(settings: Settings, report: Report, number: int = 7, scale: int = 1) -> Seeded:
    """Fills an empty database, or finishes what was begun; leaves any other database alone. Keeps a key of the demo."""
    # Every step may be repeated, so that none needs to wait for the disk.
    database = await Database.open(settings.database_url, size=_AT_ONCE, synchronous_commit="off")
    try:
        name = await _demo_name(database)
        if name is None and await all_tenants(settings.database_url, database):
            return "REFUSED"
        if name != _FINISHED:
            await _Seeding(settings, database, number, scale).run(report, begun=name is not None)
        await _keep_key(settings, database)
        return "FOUND" if name == _FINISHED else "MADE"
    finally:
        await database.close()


async def _demo_name(database: Database) -> str | None:
    async with database.transaction(TENANT_ID) as connection:
        return await connection.fetchval("select name from organization where tenant_id = $1", TENANT_ID)


class _Seeding:
    def __init__(self, settings: Settings, database: Database, number: int, scale: int) -> None:
        self.settings, self.database, self.number, self.scale = settings, database, number, scale

    async def run(self, report: Report, *, begun: bool) -> None:
        end, changes = await self._begin(begun)
        companies = [load_company(number) for number in range(1, self.scale + 1)]
        played: list[Weeks] = []
        for position, company in enumerate(companies, 1):
            report(f"founding company {position} of {self.scale}", 0, WEEKS)
            seed = f"{self.number}{company.tag}"
            await Founding(company, changes, end.date(), seed).found()
            played.append(Weeks(company, changes, end, seed))
            await played[-1].hire()
        relay = await open_connection(self.settings.database_url, RELAY_ROLE)
        try:
            for week in range(WEEKS):
                report(f"week {week + 1} of {WEEKS}", week + 1, WEEKS)
                await self._play(week, played, changes, relay)
        finally:
            await relay.close()
        await changes.do("organizationUpdate", "end", {"name": _FINISHED})

    async def _play(self, week: int, played: Sequence[Weeks], changes: Changes, relay: asyncpg.Connection) -> None:
        for days_before in REPORT_DAYS_BEFORE:
            changes.moment = moment_of(played[0].end, week) - timedelta(days=days_before)
            for weeks in played:
                await weeks.report(week, days_before)
        changes.moment = moment_of(played[0].end, week)
        for weeks in played:
            await weeks.play(week)
        await raise_due(relay, changes.clock)
        await recompute_health(self.database, changes.clock, TENANT_ID)

    async def _begin(self, begun: bool) -> tuple[datetime, Changes]:
        """The end of the half year, which is when the seed was first begun, and changes from its first day on."""
        async with self.database.transaction(TENANT_ID) as connection:
            if not begun:
                await found_tenant(connection, Clock(), _ADMINISTRATOR, _BEGUN)
            end: Any = await connection.fetchval("select created_at from organization where tenant_id = $1", TENANT_ID)
        key_id = await _keep_key(self.settings, self.database)
        viewer = Viewer(TENANT_ID, key_id, _ADMINISTRATOR_ID, None, frozenset(Scope), None)
        first = datetime.combine(end.date() - timedelta(weeks=WEEKS), time(9), UTC)
        return end, Changes(self.database, viewer, first, _AT_ONCE)


async def _keep_key(settings: Settings, database: Database) -> UUID:
    """Id of the key in FOLIOSCOPE_HOME; makes one, readable by its owner alone, if this database knows none there."""
    path = settings.home / "api-key"
    async with database.transaction(TENANT_ID) as connection:
        known = _read_key(path)
        if known and await connection.fetchval(_IS_LIVE, TENANT_ID, *known, datetime.now(UTC)):
            return known[0]
        key_id, text = await give_key(connection, Clock(), _ADMINISTRATOR, ("Demo key", _KEY_LIFE))
        _write_private(path, text)
    return key_id


def _read_key(path: Path) -> tuple[UUID, bytes] | None:
    return parse_key(path.read_text().strip()) if path.exists() else None


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    path.chmod(0o600)
