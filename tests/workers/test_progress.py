"""Progress of an initiative is counted from its tracker's items."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from tests.workers.company import NOON, Company, Hands
from workers.measurement.progress import week_start, weekly_throughput
from workers.measurement.recompute_health import recompute_health


async def recompute(company: Company) -> None:
    await recompute_health(company.database, company.hands.clock, company.tenant_id)


class Tracker:
    """A connection with items that are linked to one initiative."""

    def __init__(self, company: Company, initiative_id: UUID) -> None:
        self.company, self.initiative_id = company, initiative_id
        self.connection_id, self.rule_id = company.new_id(), company.new_id()

    async def connect(self) -> "Tracker":
        now = self.company.hands.now
        async with self.company.change() as connection:
            await connection.execute(
                "insert into connection (tenant_id, id, key, name, system, last_delivery_at, created_at, updated_at)"
                " values ($1, $2, 'github', 'GitHub', 'GITHUB', $3, $3, $3)",
                *(self.company.tenant_id, self.connection_id, now),
            )
            await connection.execute(
                "insert into linking_rule"
                " (tenant_id, id, connection_id, initiative_id, kind, value, created_at, updated_at)"
                " values ($1, $2, $3, $4, 'LABEL', 'x', $5, $5)",
                *(self.company.tenant_id, self.rule_id, self.connection_id, self.initiative_id, now),
            )
        return self

    async def add(self, state: str, done_at: datetime | None = None, deleted: bool = False) -> UUID:
        item_id, now = self.company.new_id(), self.company.hands.now
        async with self.company.change() as connection:
            await connection.execute(
                "insert into work_item (tenant_id, id, connection_id, source_id, key, title, state_category,"
                " state_name, container, done_at, deleted_at, source_updated_at, source_complete, source_digest,"
                " created_at, updated_at)"
                " values ($1, $2, $3, $2::uuid::text, 'a/b#1', 'Item', $4, 'x', 'a/b', $5, $6, $7, true, '', $7, $7)",
                *(self.company.tenant_id, item_id, self.connection_id, state, done_at),
                *(now if deleted else None, now),
            )
            await connection.execute(
                "insert into work_item_link (tenant_id, id, work_item_id, initiative_id, rule_id, valid_from)"
                " values ($1, $2, $3, $4, $5, $6)",
                *(self.company.tenant_id, self.company.new_id(), item_id, self.initiative_id, self.rule_id, now),
            )
            await self.company.mark(connection, [self.initiative_id])
        return item_id

    async def unlink(self) -> None:
        async with self.company.change() as connection:
            await connection.execute(
                "update work_item_link set valid_to = $3 where tenant_id = $1 and initiative_id = $2",
                *(self.company.tenant_id, self.initiative_id, self.company.hands.now),
            )
            await self.company.mark(connection, [self.initiative_id])


async def initiative_row(company: Company, initiative_id: UUID) -> dict[str, object]:
    rows = await company.fetch(
        "select * from initiative where tenant_id = $1 and id = $2", company.tenant_id, initiative_id
    )
    return dict(rows[0])


async def planned_initiative(company: Company) -> UUID:
    today = company.hands.now.date()
    return await company.add_initiative(
        await company.add_portfolio(),
        start_on=today - timedelta(days=50),
        target_on=today + timedelta(days=50),
    )


async def test_linked_items_make_progress_and_the_schedule_score(company: Company):
    initiative = await planned_initiative(company)
    tracker = await Tracker(company, initiative).connect()
    for state in ("TODO", "TODO", "IN_PROGRESS", "UNKNOWN", "CANCELED"):
        await tracker.add(state)
    await tracker.add("DONE", NOON - timedelta(days=1))
    await tracker.add("DONE", NOON - timedelta(days=8))
    await tracker.add("DONE", NOON - timedelta(days=8), deleted=True)
    await recompute(company)
    row = await initiative_row(company, initiative)
    assert row["progress_source"] == "TRACKER"
    assert (row["total_scope"], row["done_scope"]) == (6, 2)
    assert (row["total_items"], row["done_items"], row["in_progress_items"]) == (6, 2, 1)
    assert row["weekly_throughput"] == [1]
    assert row["progress_observed_on"] == date(2026, 11, 24)
    score = await company.score(initiative)
    # A third done at half of the time: SPI(t) 2/3; 200 (1/3 + 1/4) / (1/2 + 1/4) - 100 = 55.556 for SCHEDULE.
    # FLOW is 100: nothing in progress is blocked. 40 and 15 of 55 parts.
    assert score["schedule_performance"] == "2/3"
    assert score["provisional_mp"] == round((40 * 55_556 + 15 * 100_000) / 55)


async def test_an_initiative_whose_links_have_ended_falls_back_to_its_snapshot(company: Company):
    initiative = await planned_initiative(company)
    async with company.change() as connection:
        await connection.execute(
            "insert into progress_snapshot (tenant_id, id, initiative_id, total_items, done_items, observed_at,"
            " observed_on, recorded_at) values ($1, $2, $3, 9, 3, $4, $5, $4)",
            *(company.tenant_id, company.new_id(), initiative, NOON, NOON.date()),
        )
    tracker = await Tracker(company, initiative).connect()
    await tracker.add("TODO")
    await recompute(company)
    assert (await initiative_row(company, initiative))["total_items"] == 1
    await tracker.unlink()
    await recompute(company)
    row = await initiative_row(company, initiative)
    assert (row["progress_source"], row["total_items"], row["done_items"]) == ("SNAPSHOT", 9, 3)


async def test_a_week_that_ends_is_counted_without_any_write(company: Company):
    initiative = await planned_initiative(company)
    tracker = await Tracker(company, initiative).connect()
    await tracker.add("DONE", NOON)
    await tracker.add("TODO")
    await recompute(company)
    assert (await initiative_row(company, initiative))["weekly_throughput"] == []
    company.hands.forward(days=6)
    async with company.change() as connection:
        await company.mark(connection, [initiative])
    await recompute(company)
    assert (await initiative_row(company, initiative))["weekly_throughput"] == [1]
    due = await company.fetch(
        "select due_at from signal where tenant_id = $1 and target_id = $2", company.tenant_id, initiative
    )
    assert due[0]["due_at"] <= datetime(2026, 12, 7, tzinfo=UTC)


def test_weeks_begin_on_the_organizations_first_weekday():
    tuesday = NOON.date()
    assert week_start(tuesday, 1) == date(2026, 11, 23)
    assert week_start(tuesday, 2) == tuesday
    assert week_start(tuesday, 7) == date(2026, 11, 22)


def test_throughput_has_at_most_twelve_completed_weeks_and_none_before_the_first_link_or_item():
    as_of, monday = date(2026, 11, 24), date(2026, 11, 23)
    assert weekly_throughput({}, as_of, as_of, 1) == []
    assert weekly_throughput({}, monday - timedelta(weeks=3), as_of, 1) == [0, 0, 0]
    done = {monday - timedelta(weeks=20): 4, monday - timedelta(days=1): 2, monday: 7}
    assert weekly_throughput(done, as_of, as_of, 1) == [0] * 11 + [2]
    assert weekly_throughput({monday - timedelta(weeks=2): 3}, as_of, as_of, 1) == [3, 0]


async def test_a_done_day_is_the_organizations(company: Company):
    tokyo = await Company(company.database, Hands()).found("Asia/Tokyo")
    initiative = await planned_initiative(tokyo)
    tracker = await Tracker(tokyo, initiative).connect()
    # Sunday evening in UTC is Monday in Tokyo: this week, which is not complete.
    await tracker.add("DONE", datetime(2026, 11, 22, 16, tzinfo=UTC))
    await tracker.add("DONE", datetime(2026, 11, 22, 14, tzinfo=UTC))
    await recompute(tokyo)
    assert (await initiative_row(tokyo, initiative))["weekly_throughput"] == [1]
