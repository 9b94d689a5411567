"""Teams of products and initiatives as the health engine wants them: who works there, and which skills are needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from portfolio.identity import print_id
from portfolio.row import Row

# Nodes that anybody was ever assigned to, or that need a skill. A change or a confirmation of an assignment is news.
_KNOWN = """
select s.id, max(a.confirmed_on) as observed_on
from unnest($2::uuid[]) as s (id)
left join assignment a on a.tenant_id = $1 and a.subject_id = s.id
where a.id is not null or exists (select from skill_demand d where d.tenant_id = $1 and d.subject_id = s.id)
group by s.id
"""
# In percent. Whoever gives no time, such as a sponsor, is no member. What an absence takes of a person's time it takes
# of work as well. Weekends and company holidays change nothing: a day stands for its working days.
_MEMBERS = """
with here as materialized (
  select w.subject_id, w.person_id, sum(w.allocation) as allocation from person_work w
  where w.tenant_id = $1 and w.subject_id = any ($2) and w.from_on <= $3 and coalesce(w.to_on, 'infinity') >= $3
  group by w.subject_id, w.person_id having sum(w.allocation) > 0)
select h.subject_id, h.person_id, trim_scale(100 * h.allocation) as allocation,
       trim_scale(100 * p.presence * (
         select sum(w.allocation) from person_work w where w.tenant_id = $1 and w.person_id = h.person_id
           and w.from_on <= $3 and coalesce(w.to_on, 'infinity') >= $3)) as total_allocation,
       trim_scale(100 * p.presence * working_share(h.person_id, $3)) as available
from here h cross join lateral (select presence(h.person_id, $3) as presence) p order by h.subject_id, h.person_id
"""
_SKILLS = """
select subject_id, skill_id, trim_scale(demand) as demand, trim_scale(supply) as supply,
       cardinality(holder_ids) as holders
from skill_cover($1, $2) order by subject_id, skill_id
"""
# The next day on which work of the node, or other work or time of those who are there now, begins or has ended.
_NEXT = """
with worker as (
  select distinct w.subject_id, w.person_id from person_work w
  where w.tenant_id = $1 and w.subject_id = any ($2) and w.from_on <= $3 and coalesce(w.to_on, 'infinity') >= $3
), concerned as (
  select w.subject_id, w.from_on, w.to_on from person_work w where w.tenant_id = $1 and w.subject_id = any ($2)
  union all
  select x.subject_id, w.from_on, w.to_on
  from worker x join person_work w on w.tenant_id = $1 and w.person_id = x.person_id
  union all
  select x.subject_id, a.from_on, a.to_on
  from worker x join absence a on a.tenant_id = $1 and a.person_id = x.person_id and a.archived_at is null
  union all
  select x.subject_id, t.from_on, null
  from worker x join working_time t on t.tenant_id = $1 and t.person_id = x.person_id and t.archived_at is null)
select c.subject_id, min(b.day) as day
from concerned c cross join lateral (values (c.from_on), (c.to_on + 1)) as b (day)
where b.day > $3 group by c.subject_id
"""

_FULL_TIME_PERCENT = 100


@dataclass
class TeamInputs:
    """`facts` is the engine's input. next_change_on: when days alone change it; null: never."""

    observed_on: date | None
    members: list[dict[str, Any]] = field(default_factory=list)
    skills: list[dict[str, Any]] = field(default_factory=list)
    next_change_on: date | None = None

    @property
    def facts(self) -> dict[str, Any]:
        return {"members": self.members, "skills": self.skills, "observed_on": self.observed_on}


async def read_teams(
    connection: asyncpg.Connection, tenant_id: UUID, day: date, ids: Sequence[UUID]
) -> dict[UUID, TeamInputs]:
    """Teams on a day, of those nodes that have assignments or demands."""
    known = await connection.fetch(_KNOWN, tenant_id, ids)
    teams = {row["id"]: TeamInputs(row["observed_on"]) for row in known}
    if not teams:
        return {}
    nodes = list(teams)
    for row in await connection.fetch(_MEMBERS, tenant_id, nodes, day):
        teams[row["subject_id"]].members.append(_member(row))
    for row in await connection.fetch(_SKILLS, nodes, day):
        teams[row["subject_id"]].skills.append(_skill(row))
    for row in await connection.fetch(_NEXT, tenant_id, nodes, day):
        teams[row["subject_id"]].next_change_on = row["day"]
    return teams


def _member(row: Row) -> dict[str, Any]:
    """Whoever is there full time is told as without a word of it."""
    facts = {
        "id": print_id("PERSON", row["person_id"]),
        "allocation": row["allocation"],
        "total_allocation": row["total_allocation"],
    }
    return facts if row["available"] == _FULL_TIME_PERCENT else {**facts, "available": row["available"]}


def _skill(row: Row) -> dict[str, Any]:
    facts = {name: row[name] for name in ("demand", "supply", "holders")}
    return {"skill": print_id("SKILL", row["skill_id"]), **facts}
