"""How it is said what work needs."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import Outcome, Payload, Retryable, entity_field, optional, required
from resolvers.engine.session import Target, Write
from resolvers.entity.exported import subject
from resolvers.entity.line import BulkType
from resolvers.entity.member import differences, read_members
from resolvers.entity.subject import hold_subject, read_subject
from runtime.events import Change
from schema import check
from schema.entity import SUBJECTS
from schema.member import Member
from schema.people.skill_demand import SkillDemand

_MOST = 1000


def _amount(value: Any) -> Decimal:
    number = check.amount(value)
    if number > _MOST:
        raise ValueError(f"This is a number from 0 to {_MOST}.")
    return number


_MEMBERS = (
    Member("skill_id", kinds=("SKILL",), nullable=False),
    Member("full_time_equivalents", _amount, nullable=False),
    Member("level", check.whole(1, 5), default=1, nullable=False),
)

_FIND = "select * from skill_demand where tenant_id = $1 and subject_id = $2 and skill_id = $3"
_SET = """
insert into skill_demand (tenant_id, id, created_at, updated_at, subject_id, skill_id, full_time_equivalents, level)
values ($1, $2, $3, $3, $4, $5, $6, $7)
on conflict (tenant_id, id) do update
  set version = skill_demand.version + 1, updated_at = excluded.updated_at,
      full_time_equivalents = excluded.full_time_equivalents, level = excluded.level
"""
_DELETE = "delete from skill_demand where tenant_id = $1 and id = $2"


@strawberry.input(description="How much of a skill a piece of work needs.")
class SkillDemandSetInput(Retryable):
    subject_id: strawberry.ID = required("What needs it: the organization, a portfolio, a product or an initiative.")
    skill_id: strawberry.ID = required("The skill.")
    full_time_equivalents: float = required(
        "How much, in full-time equivalents, 0 to 1000: 1 is one person all the time; 0: it needs none any more."
    )
    level: int | None = optional("Level from which on it counts, 1 to 5; absent: 1.")


@strawberry.type(description="Answer to a change of a demand.")
class SkillDemandPayload(Payload):
    skill_demand: SkillDemand | None = entity_field("Demand as it is now, null when taken away")


@mutation(SkillDemandPayload)
async def skill_demand_set(write: Write, input: SkillDemandSetInput) -> Outcome:
    """Say how much of a skill a piece of work needs, in place of what was said before. Safe to repeat."""
    values = await read_members(write, _MEMBERS, input)
    subject = await read_subject(write, input.subject_id)
    await hold_subject(write, subject["id"])
    before = await write.connection.fetchrow(_FIND, write.tenant_id, subject["id"], values["skill_id"])

    def tell(type: str, id: UUID, after: dict[str, Any] | None) -> None:
        target = Target("SKILL_DEMAND", id, subject_id=subject["id"], portfolio_id=subject["home_id"])
        about = Change("subjectId", None, input.subject_id)
        changes = differences(_MEMBERS, before, after)
        write.record(type, target, changes if before is not None else [about, *changes])
        write.mark(subject["id"])

    if not values["full_time_equivalents"]:
        if before is not None:
            await write.execute(_DELETE, before["id"])
            tell("SKILL_DEMAND_REMOVED", before["id"], None)
        return Outcome({"skillDemand": None})
    id: UUID = write.new_id() if before is None else before["id"]
    if before is None or differences(_MEMBERS, before, values):
        await write.execute(_SET, id, write.now, subject["id"], *values.values())
        tell("SKILL_DEMAND_SET", id, values)
    return Outcome({"skillDemand": ("SKILL_DEMAND", id)})


_SKILL_DEMAND = f"""
select 'skillDemand' as type, s.name as subject, k.key as skill, x.full_time_equivalents as "fullTimeEquivalents",
       x.level
from skill_demand x {subject()}
join skill k on k.tenant_id = x.tenant_id and k.id = x.skill_id and k.archived_at is null
where x.tenant_id = $1 order by s.place, s.key, k.key
"""

LINES = BulkType(
    "skillDemand",
    "SKILL_DEMAND",
    "skillDemandSet",
    "skillDemandSet",
    _SKILL_DEMAND,
    identity=("subjectId", "skillId"),
    kinds={"subjectId": SUBJECTS},
)
