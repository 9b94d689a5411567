"""`folioscope seed`: a believable company in an empty database, made through the API's own changes.

Half a year is played week by week with the clock of that week, so that every past score is one that was computed.
Every step has an idempotency key: a seed that was interrupted is taken up again where it ended.
"""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import typer
from graphql import DocumentNode, OperationDefinitionNode, get_operation_ast, parse

from cli import demo_company as company
from cli import demo_numbers as numbers
from cli.application import app
from cli.progress import Report, step
from portfolio.enumerations import Scope
from resolvers.execute import Context, Executor, Schema
from runtime.clock import Clock
from runtime.failure import Failure
from runtime.postgres import RELAY_ROLE, Database, open_connection
from runtime.settings import Settings, load_settings
from runtime.viewer import Viewer, make_key, parse_key
from workers.recompute_health import recompute_health

# The demo's tenant is always the same one, so that a second start finds the first one's work.
TENANT_ID = UUID("01920000-0000-7000-8000-0000000de300")
_ADMINISTRATOR_ID = UUID("01920000-0000-7000-8000-0000000de301")
_UNFINISHED = "Halden Group (being prepared)"
_FINISHED = "Halden Group"
_KEY_LIFE = timedelta(days=365)

_ORGANIZATION = """
with organization as (
  insert into organization (tenant_id, id, key, name, time_zone, created_at, updated_at)
  values ($1, $1, 'HALDEN', $2, 'Europe/Zurich', $3, $3))
insert into subject (tenant_id, id, kind) values ($1, $1, 'ORGANIZATION')
"""
_ADMINISTRATOR = """
insert into person (tenant_id, id, key, name, created_at, updated_at)
values ($1, $2, 'administrator', 'Administrator', $3, $3)
"""
_IS_LIVE = """
select exists (
  select from api_key
  where tenant_id = $1 and id = $2 and secret_digest = $3 and revoked_at is null and expires_at > $4)
"""
_KEY = """
insert into api_key (tenant_id, id, name, person_id, secret_digest, scopes, expires_at, created_at, updated_at)
values ($1, $2, $3, $4, $5, '{READ,WRITE,INGEST,ADMIN}', $6, $7, $7)
"""


@app.command("seed")
def seed_command(
    number: int = typer.Option(7, "--seed", help="Another number, another run of the same company."),
) -> None:
    """Fill an empty database with a demo company. Safe to run again: it goes on where it was interrupted.

    Example: `folioscope seed --seed 42`
    """
    with step("Filling the database") as report:
        asyncio.run(seed(load_settings(), report, number))


async def seed(settings: Settings, report: Report, number: int = 7) -> None:
    """Fills an empty database, or finishes what was begun; leaves any other database alone. Keeps a key of the demo."""
    # Every step may be repeated, so that none needs to wait for the disk.
    database = await Database.open(settings.database_url, size=2, synchronous_commit="off")
    try:
        name = await _demo_name(database)
        if name is None and await _is_in_use(settings):
            return
        if name != _FINISHED:
            await _Seeding(settings, database, number).run(report, begun=name is not None)
        await _keep_key(settings, database)
    finally:
        await database.close()


async def _demo_name(database: Database) -> str | None:
    async with database.transaction(TENANT_ID) as connection:
        return await connection.fetchval("select name from organization where tenant_id = $1", TENANT_ID)


async def _is_in_use(settings: Settings) -> bool:
    """Whether any tenant has ever changed anything."""
    connection = await open_connection(settings.database_url, RELAY_ROLE)
    try:
        return bool(await connection.fetchval("select exists (select from signal)"))
    finally:
        await connection.close()


class _Seeding:
    def __init__(self, settings: Settings, database: Database, number: int) -> None:
        self.settings, self.database, self.number = settings, database, number
        self.moment = datetime.now(UTC)
        self.clock = Clock(now=lambda: self.moment)
        self.executor = Executor(Schema(), database, self.clock, settings)
        self.ids: dict[str, str] = {}
        self.viewer: Viewer | None = None
        self._documents: dict[str, tuple[DocumentNode, OperationDefinitionNode, str]] = {}

    async def run(self, report: Report, *, begun: bool) -> None:
        today = await self._begin(begun)
        await self._make_structure(today)
        for week in range(numbers.WEEKS):
            report(f"week {week + 1} of {numbers.WEEKS}", week + 1, numbers.WEEKS)
            day = today - timedelta(weeks=numbers.WEEKS - 1 - week)
            if week < numbers.WEEKS - 1:
                self.moment = datetime.combine(day, time(20), UTC)
            else:
                self.moment = datetime.now(UTC)
            await self._play_week(today, week)
            if week == numbers.WEEKS - 1:
                await self._staff(today)
                await self._plan(today)
            await recompute_health(self.database, self.clock, TENANT_ID)
        await self._change("organizationUpdate", "OrganizationUpdateInput", "organization", "end", name=_FINISHED)

    async def _begin(self, begun: bool) -> date:
        """The last day of the company's half year: today, or the day on which an interrupted seed began."""
        async with self.database.transaction(TENANT_ID) as connection:
            if not begun:
                await connection.execute(_ORGANIZATION, TENANT_ID, _UNFINISHED, self.moment)
                await connection.execute(_ADMINISTRATOR, TENANT_ID, _ADMINISTRATOR_ID, self.moment)
            began_at: Any = await connection.fetchval(
                "select created_at from organization where tenant_id = $1", TENANT_ID
            )
        key_id = await _keep_key(self.settings, self.database)
        self.viewer = Viewer(TENANT_ID, key_id, _ADMINISTRATOR_ID, None, frozenset(Scope), None)
        first_day = began_at.date() - timedelta(weeks=numbers.WEEKS)
        self.moment = datetime.combine(first_day, time(9), UTC)
        return began_at.date()

    async def _make_structure(self, today: date) -> None:
        for key, name in company.PEOPLE.items():
            email = f"{key}@halden.example"
            await self._change("personCreate", "PersonCreateInput", "person", key, key=key, name=name, email=email)
        for item in company.PORTFOLIOS:
            await self._change(
                "portfolioCreate",
                "PortfolioCreateInput",
                "portfolio",
                item.key,
                key=item.key,
                name=item.name,
                description=item.description,
                importance=item.importance,
                ownerId=self.ids[item.owner],
                parentId=self.ids[item.parent] if item.parent else None,
            )
        for product in company.PRODUCTS:
            await self._make_product(product, today)

    async def _make_product(self, product: company.DemoProduct, today: date) -> None:
        await self._change(
            "productCreate",
            "ProductCreateInput",
            "product",
            product.key,
            key=product.key,
            name=product.name,
            description=product.description,
            importance=product.importance,
            portfolioId=self.ids[product.portfolio],
            ownerId=self.ids[product.owner],
            lifecycleStage=product.stage,
            tier=product.tier,
        )
        for name in product.kpis:
            kpi, key = company.KPIS[name], company.kpi_key(product, name)
            await self._change(
                "kpiCreate",
                "KpiCreateInput",
                "kpi",
                key,
                key=key,
                name=f"{kpi.name}, {product.name}",
                subjectId=self.ids[product.key],
                category=kpi.category,
                unit=kpi.unit,
                direction=kpi.direction,
                critical=kpi.critical,
                target={"target": kpi.target, "redAt": kpi.red_at},
            )
        for position, name in enumerate(product.initiatives):
            key = company.initiative_key(product, position)
            await self._change(
                "initiativeCreate",
                "InitiativeCreateInput",
                "initiative",
                key,
                key=key,
                name=name,
                portfolioId=self.ids[product.portfolio],
                ownerId=self.ids[product.owner],
                state="ACTIVE",
                startOn=str(today - timedelta(weeks=numbers.WEEKS)),
                targetOn=str(today + timedelta(weeks=4 + 3 * position)),
                products=[{"productId": self.ids[product.key], "importance": 100}],
            )

    async def _staff(self, today: date) -> None:
        first_on = str(today - timedelta(weeks=numbers.WEEKS))
        for team in company.TEAMS:
            members = {"key": team.key, "name": team.name, "leadId": self.ids[team.lead]}
            await self._change("teamCreate", "TeamCreateInput", "team", team.key, **members)
            for person in (team.lead, *team.members):
                joined = {"teamId": self.ids[team.key], "personId": self.ids[person], "fromOn": first_on}
                name = f"{team.key}/{person}"
                await self._change("membershipStart", "MembershipStartInput", "membership", name, **joined)
            for product, allocation in team.works_on.items():
                work = {"teamId": self.ids[team.key], "subjectId": self.ids[product], "role": "AI_ENGINEER"}
                work |= {"allocation": allocation, "fromOn": first_on}
                name = f"{team.key}/{product}"
                await self._change("assignmentCreate", "AssignmentCreateInput", "assignment", name, **work)

    async def _plan(self, today: date) -> None:
        for product in company.PRODUCTS:
            for position in range(len(product.initiatives)):
                key = company.initiative_key(product, position)
                for name, weeks in (("First users", -5), ("All users", 4 + 3 * position)):
                    due = today + timedelta(weeks=weeks)
                    milestone = {"initiativeId": self.ids[key], "name": name, "dueOn": str(due)}
                    if weeks < 0 and product.health > 0.5:
                        milestone["doneOn"] = str(due - timedelta(days=3))
                    await self._change(
                        "milestoneCreate", "MilestoneCreateInput", "milestone", f"{key}/{name}", **milestone
                    )
        for key, (status, body) in company.REPORTS.items():
            report = {"subjectId": self.ids[key], "status": status, "body": body}
            await self._change(
                "statusUpdateCreate", "StatusUpdateCreateInput", "statusUpdate", f"report/{key}", **report
            )

    async def _play_week(self, today: date, week: int) -> None:
        rows = [
            {
                "kpiId": self.ids[value.kpi_key],
                "value": value.value,
                "observedAt": _evening(value.day, self.moment),
                "source": "warehouse",
                "externalId": f"{value.kpi_key}/{value.day}",
            }
            for value in numbers.values_of_week(self.number, today, week)
        ]
        await self._change("measurementsRecord", "MeasurementsRecordInput", None, f"week {week}", measurements=rows)
        for item in numbers.progress_of_week(self.number, week):
            await self._change(
                "initiativeProgressRecord",
                "InitiativeProgressRecordInput",
                "initiative",
                f"{item.initiative_key} week {week}",
                initiativeId=self.ids[item.initiative_key],
                totalItems=item.total_items,
                doneItems=item.done_items,
                totalScope=item.total_items,
                doneScope=item.done_items,
                inProgressItems=item.in_progress_items,
                blockedItems=item.blocked_items,
                weeklyThroughput=item.weekly_throughput,
                observedAt=self.moment.isoformat(),
            )

    async def _change(self, field: str, input_type: str, entity: str | None, name: str, /, **members: Any) -> None:
        """Carries out one mutation; its idempotency key is the field and the name of what it makes."""
        document, operation, text = self._document(field, input_type, entity)
        variables = {"input": {**members, "idempotencyKey": f"seed/{field}/{name}".replace(" ", "-")}}
        request = _Request(text, document, operation, variables)
        result = await self.executor.run(request, Context(self.viewer, via="COMMAND"))
        payload = orjson.loads(orjson.dumps(result.data))[field] if result.data is not None else None
        mistakes = [error.message for error in result.errors or ()] + [
            error["message"] for error in (payload or {}).get("userErrors", ())
        ]
        if mistakes or payload is None:
            raise Failure(f"Seeding stopped at {field} {name}: {'; '.join(mistakes)}", "Report this as a defect.")
        if entity:
            self.ids[name] = payload[entity]["id"]

    def _document(
        self, field: str, input_type: str, entity: str | None
    ) -> tuple[DocumentNode, OperationDefinitionNode, str]:
        if field not in self._documents:
            selected = f"{entity} {{ id }} " if entity else ""
            answer = f"{selected}userErrors {{ message }}"
            text = f"mutation ($input: {input_type}!) {{ {field}(input: $input) {{ {answer} }} }}"
            document = parse(text)
            operation = get_operation_ast(document)
            assert operation is not None, "the text above has one operation"
            self._documents[field] = (document, operation, text)
        return self._documents[field]


class _Request:
    def __init__(
        self, text: str, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> None:
        self.text, self.document, self.operation, self.variables = text, document, operation, variables


def _evening(day: date, latest: datetime) -> str:
    """18 o'clock UTC of the day, but never later than the week's own moment."""
    return min(datetime.combine(day, time(18), UTC), latest).isoformat()


async def _keep_key(settings: Settings, database: Database) -> UUID:
    """Id of the key in FOLIOSCOPE_HOME; makes one, readable by its owner alone, if this database knows none there."""
    path = settings.home / "api-key"
    now = datetime.now(UTC)
    async with database.transaction(TENANT_ID) as connection:
        known = _read_key(path)
        if known and await connection.fetchval(_IS_LIVE, TENANT_ID, *known, now):
            return known[0]
        key_id = Clock().new_id()
        text, digest = make_key(key_id)
        expires_at = now + _KEY_LIFE
        await connection.execute(_KEY, TENANT_ID, key_id, "Demo key", _ADMINISTRATOR_ID, digest, expires_at, now)
        _write_private(path, text)
    return key_id


def _read_key(path: Path) -> tuple[UUID, bytes] | None:
    return parse_key(path.read_text().strip()) if path.exists() else None


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    path.chmod(0o600)
