"""What follows from who works on what: nodes to score again, and people above 100 %."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from portfolio.row import Row
from resolvers.engine.outcome import ChangeWarning, WarningCode
from resolvers.engine.session import Write

_HORIZON = timedelta(weeks=52)

_SCORED_WORK = """
select distinct w.subject_id from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id
where w.tenant_id = $1 and w.person_id = any ($2) and coalesce(w.to_on, 'infinity') >= organization_day($3)
  and s.kind in ('PRODUCT', 'INITIATIVE')
"""
_WORK_OF_TEAM = """
select distinct a.subject_id from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id
where a.tenant_id = $1 and a.team_id = $2 and s.kind in ('PRODUCT', 'INITIATIVE')
"""
_PEOPLE = """
select distinct m.person_id from membership m
where m.tenant_id = $1 and m.team_id = $2 and coalesce(m.to_on, 'infinity') >= organization_day($3)
"""
_DAY = "select organization_day($1)"
# $5: the portfolios of the key's grant, null for all: what it does not see does not count.
_ABOVE = """
with work as materialized (
  select w.person_id, w.allocation, daterange(w.from_on, w.to_on, '[]') as during
  from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id
  where w.tenant_id = $1 and w.person_id = any ($2) and ($5::uuid[] is null or s.portfolio_id in (
    select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($5)))
), bucket as materialized (
  select start_on, end_on, daterange(start_on, end_on, '[]') as span from calendar_buckets($3, $4, 'WEEK')
), part as (
  select b.start_on, t.person_id, t.during * b.span as during, t.share, t.presence
  from available_time($2, (select min(start_on) from bucket), (select max(end_on) from bucket)) t
  join bucket b on b.span && t.during)
select t.start_on, t.person_id
from part t cross join lateral (
  select coalesce(sum(w.allocation * weekdays(w.during * t.during)), 0) as days
  from work w where w.person_id = t.person_id and w.during && t.during) l
group by t.start_on, t.person_id
having sum(t.presence * l.days) > sum(t.presence * t.share * weekdays(t.during))
order by t.start_on
"""


async def mark_work_of_people(write: Write, person_ids: Iterable[UUID]) -> None:
    """Whoever gets or loses work changes the load of all nodes that they work on."""
    rows = await write.connection.fetch(_SCORED_WORK, write.tenant_id, list(person_ids), write.now)
    write.mark_all(row["subject_id"] for row in rows)


async def mark_work_of_team(write: Write, team_id: UUID) -> None:
    rows = await write.connection.fetch(_WORK_OF_TEAM, write.tenant_id, team_id)
    write.mark_all(row["subject_id"] for row in rows)


async def people_of(write: Write, assignment: Row) -> list[UUID]:
    """The person of an assignment, or the members of its team now and later."""
    if assignment["person_id"] is not None:
        return [assignment["person_id"]]
    rows = await write.connection.fetch(_PEOPLE, write.tenant_id, assignment["team_id"], write.now)
    return [row["person_id"] for row in rows]


async def over_allocations(write: Write, assignment: Row, people: list[UUID]) -> list[ChangeWarning]:
    """At most one warning, with the weeks of the assignment, a year from today on at most, above 100 % on average."""
    today: Any = await write.connection.fetchval(_DAY, write.now)
    from_on, to_on = assignment["from_on"], assignment["to_on"]
    if to_on is None or to_on >= today:
        from_on = max(from_on, today)
    last_on = from_on + _HORIZON if to_on is None else min(to_on, from_on + _HORIZON)
    rows = await write.connection.fetch(_ABOVE, write.tenant_id, people, from_on, last_on, write.granted)
    if not rows:
        return []
    weeks = sorted({row["start_on"] for row in rows})
    # Members of a team may be hidden from the key: they are counted, not named.
    who = {row["person_id"] for row in rows}
    holder = "The person is" if assignment["person_id"] is not None else f"{len(who)} of the team's members are"
    message = f"{holder} above 100 % of their time in {len(weeks)} weeks, the first from {weeks[0]} on."
    path = ["input", "allocation"]
    return [ChangeWarning(code=WarningCode.OVER_ALLOCATED, message=message, field=path, weeks_start_on=weeks)]
