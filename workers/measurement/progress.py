"""Progress of an initiative: counted from its tracker's items, else as last recorded."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from portfolio.row import Row

_MOST_WEEKS = 12
_COLUMNS = (
    *("progress_source", "total_scope", "done_scope", "total_items", "done_items"),
    *("in_progress_items", "blocked_items", "weekly_throughput", "progress_observed_on"),
)

# Deleted items stay linked and count no longer: an initiative all of whose items are gone has no scope.
_LINKED = """
select l.initiative_id, case when i.deleted_at is null then i.state_category else 'CANCELED' end as state,
       organization_day(i.done_at) as done_on, count(*) as items,
       organization_day(min(l.valid_from)) as linked_on,
       organization_day(max(coalesce(c.last_delivery_at, i.updated_at))) as observed_on
from work_item_link l
join work_item i on i.tenant_id = l.tenant_id and i.id = l.work_item_id
join connection c on c.tenant_id = i.tenant_id and c.id = i.connection_id
where l.tenant_id = $1 and l.initiative_id = any ($2) and l.valid_to is null
group by 1, 2, 3
"""
_RECORDED = """
select distinct on (initiative_id) initiative_id, 'SNAPSHOT' as progress_source, total_scope, done_scope,
       total_items, done_items, in_progress_items, blocked_items, weekly_throughput,
       observed_on as progress_observed_on
from progress_snapshot where tenant_id = $1 and initiative_id = any ($2)
order by initiative_id, observed_at desc, id desc
"""
_WRITE = f"""
update initiative set {", ".join(f"{name} = ${place}" for place, name in enumerate(_COLUMNS, 3))}
where tenant_id = $1 and id = $2
"""


@dataclass(frozen=True)
class Progress:
    """The progress columns of an initiative; all null when never measured. `blocked_items` is null
    for items of trackers, which do not tell."""

    progress_source: str | None = None
    total_scope: Decimal | None = None
    done_scope: Decimal | None = None
    total_items: int | None = None
    done_items: int | None = None
    in_progress_items: int | None = None
    blocked_items: int | None = None
    weekly_throughput: list[int] | None = None
    progress_observed_on: date | None = None

    @classmethod
    def of_row(cls, row: Row) -> "Progress":
        return cls(**{name: row[name] for name in _COLUMNS})

    def delivery(self) -> dict[str, Any] | None:
        """The engine's `delivery`; null if nothing was ever measured. A total alone says nothing."""
        if self.progress_source is None:
            return None
        facts: dict[str, Any] = {
            "weekly_throughput": self.weekly_throughput or [],
            "observed_on": self.progress_observed_on,
            "wip": self.in_progress_items,
            "blocked": self.blocked_items,
        }
        if self.done_scope is not None:
            facts |= {"total_scope": self.total_scope, "done_scope": self.done_scope}
        if self.done_items is not None:
            facts |= {"total_items": self.total_items, "done_items": self.done_items}
        return {name: value for name, value in facts.items() if value is not None}


def week_start(day: date, first_weekday: int) -> date:
    """The first day of the day's week; weekdays are 1 (Monday) to 7."""
    return day - timedelta(days=(day.isoweekday() - first_weekday) % 7)


def weekly_throughput(done: Mapping[date, int], linked_on: date, as_of: date, first_weekday: int) -> list[int]:
    """Items done in each of the last 12 completed weeks, oldest first, beginning no earlier than the
    week of the first link or of the first item done, whichever is earlier."""
    this_week = week_start(as_of, first_weekday)
    first = week_start(min([linked_on, *done]), first_weekday)
    weeks: Counter[date] = Counter()
    for day, items in done.items():
        weeks[week_start(day, first_weekday)] += items
    begin = max(first, this_week - timedelta(weeks=_MOST_WEEKS))
    return [weeks[begin + timedelta(weeks=week)] for week in range((this_week - begin).days // 7)]


async def tracked_progress(
    connection: asyncpg.Connection, tenant_id: UUID, initiative_ids: Sequence[UUID], week: tuple[date, int]
) -> dict[UUID, Progress]:
    """Of the initiatives that have linked items. `week` is the day it is and the first weekday."""
    rows_of: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch(_LINKED, tenant_id, initiative_ids):
        rows_of[row["initiative_id"]].append(row)
    return {initiative_id: _count(rows, week) for initiative_id, rows in rows_of.items()}


def _count(rows: Iterable[asyncpg.Record], week: tuple[date, int]) -> Progress:
    rows = list(rows)
    states: Counter[str] = Counter()
    done_on: Counter[date] = Counter()
    for row in rows:
        states[row["state"]] += row["items"]
        if row["state"] == "DONE" and row["done_on"] is not None:
            done_on[row["done_on"]] += row["items"]
    total = states.total() - states["CANCELED"]
    return Progress(
        progress_source="TRACKER",
        total_scope=Decimal(total),
        done_scope=Decimal(states["DONE"]),
        total_items=total,
        done_items=states["DONE"],
        in_progress_items=states["IN_PROGRESS"],
        weekly_throughput=weekly_throughput(done_on, min(row["linked_on"] for row in rows), *week),
        progress_observed_on=max(row["observed_on"] for row in rows),
    )


async def recorded_progress(
    connection: asyncpg.Connection, tenant_id: UUID, initiative_ids: Sequence[UUID]
) -> dict[UUID, Progress]:
    rows = await connection.fetch(_RECORDED, tenant_id, initiative_ids)
    return {row["initiative_id"]: Progress.of_row(row) for row in rows}


async def write_progress(connection: asyncpg.Connection, tenant_id: UUID, progress: Mapping[UUID, Progress]) -> None:
    if progress:
        rows = [
            (tenant_id, initiative_id, *(getattr(values, name) for name in _COLUMNS))
            for initiative_id, values in sorted(progress.items())
        ]
        await connection.executemany(_WRITE, rows)
