"""What work needs: skills demanded, and whether the people who do it have them."""

from datetime import datetime
from typing import Any

import strawberry

from compiler.declare import column, identifier, many, one, one_of, rows, table, value_object
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from schema.entity import entity
from schema.node import HealthSubject, Node
from schema.scalars import COMPARATORS

_WALL = "exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.subject_id and s.portfolio_id = any({granted}))"


@entity(subject="subject_id")
@table("skill_demand", kind="SKILL_DEMAND", wall=_WALL)
class SkillDemand(Node):
    """A skill that a portfolio, a product, an initiative or the organization needs."""

    id: strawberry.ID = identifier("SKILL_DEMAND")
    subject = one_of(HealthSubject, "What needs it.", "{self}.subject_id")
    skill = one("Skill", "The skill.", "{other}.id = {self}.skill_id")
    full_time_equivalents: float = column(
        "How much of it, in full-time equivalents: 1 is one person all the time.",
        filter="FLOAT",
        sql_type="numeric",
        order=True,
    )
    level: int = column("Level from which on it counts, 1 to 5.", filter="INT", sql_type="integer", order=True)
    version: int = column("Number of changes.")
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)


@value_object
class SkillGap:
    """A skill needed against what those who work there bring, in full-time equivalents."""

    skill = one("Skill", "The skill.", "{other}.id = {self}.skill_id")
    demand: float = column("How much of it is needed.")
    supply: float = column("Time given to this work today by people who have the skill at the level needed.")
    gap: float = column("What is missing, never below 0; surplus in one place does not fill a gap in another.")
    holders: int = column("Number of people who bring it; with fewer than two, the skill hangs on one person.")


# {here}: condition on subject `s`, what is looked at.
_GAPS = """lateral (
  with cover as materialized (
    select c.* from skill_cover(array(select s.id from subject s where s.tenant_id = {tenant} and {here} {within s.portfolio_id}), organization_day({now})) c)
  select g.tenant_id, g.skill_id, g.demand, g.supply, g.gap, held.holders
  from (select {tenant} as tenant_id, skill_id, sum(demand) as demand, sum(supply) as supply, sum(greatest(demand - supply, 0)) as gap
        from cover group by skill_id) g
  cross join lateral (
    select count(distinct holder_id) as holders from cover c, unnest(c.holder_ids) holder_id where c.skill_id = g.skill_id) held
  order by g.gap desc, g.skill_id limit 250) {other}"""


def skill_gaps(description: str, here: str) -> Any:
    """here: condition on subject `s`, what is looked at."""
    return rows(
        SkillGap,
        f"{description} Largest gap first; at most 250.",
        _GAPS.replace("{here}", here),
        "{other}.gap desc, {other}.skill_id",
    )


def skill_demands() -> Any:
    return many("SkillDemand", "Skills that it needs itself.", "{other}.subject_id = {self}.id")


SkillDemandConnection, SkillDemandEdge, SkillDemandFilter, SkillDemandOrder = listing(
    SkillDemand,
    COMPARATORS,
    {
        "subjectId": ExtraFilter(COMPARATORS["ID"], "What needs it.", Filter("{self}.subject_id", "ID", "uuid")),
        "skillId": ExtraFilter(COMPARATORS["ID"], "The skill.", Filter("{self}.skill_id", "ID", "uuid", "SKILL")),
    },
)


@strawberry.type
class SkillDemandQuery:
    skill_demands = many("SkillDemand", "Skills needed anywhere, in the order in which they were first recorded.")
