"""How it is said what people can do."""

from datetime import date
from uuid import UUID

import strawberry

from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import Outcome, Payload, Retryable, entity_field, optional, required
from resolvers.engine.session import Target, Write
from resolvers.entity.line import BulkType
from resolvers.entity.member import differences, read_members
from resolvers.people.work import mark_work_of_people
from schema import check
from schema.member import Member
from schema.people.person import Person
from schema.people.person_skill import PersonSkill

_NAMED = (Member("person_id", kinds=("PERSON",), nullable=False), Member("skill_id", kinds=("SKILL",), nullable=False))
_SAID = (Member("level", check.whole(1, 5)), Member("assessed_on", check.day))
_MEMBERS = (*_NAMED, *_SAID)

_FIND = "select * from person_skill where tenant_id = $1 and person_id = $2 and skill_id = $3"
_TODAY = "select organization_day($1)"
_SET = """
insert into person_skill (tenant_id, id, created_at, updated_at, person_id, skill_id, level, assessed_on)
values ($1, $2, $3, $3, $4, $5, $6, $7)
on conflict (tenant_id, id) do update
  set version = person_skill.version + 1, updated_at = excluded.updated_at, level = excluded.level,
      assessed_on = excluded.assessed_on
"""
_DELETE = "delete from person_skill where tenant_id = $1 and id = $2"


@strawberry.input(description="How well a person has a skill.")
class PersonSkillSetInput(Retryable):
    person_id: strawberry.ID = required("Who has it.")
    skill_id: strawberry.ID = required("The skill.")
    level: int | None = required("1 beginner to 5 expert; null: the person does not have it.")
    assessed_on: date | None = optional("Day of the assessment; null or absent: today.")


@strawberry.type(description="Answer to a change of a person's skill.")
class PersonSkillPayload(Payload):
    person_skill: PersonSkill | None = entity_field("The skill as the person has it now, null when taken away")
    person: Person | None = entity_field("Person whose skill it is")


@mutation(PersonSkillPayload, tenant_wide=True)
async def person_skill_set(write: Write, input: PersonSkillSetInput) -> Outcome:
    """Say how well a person has a skill, in place of what was said before. Safe to repeat."""
    values = await read_members(write, _MEMBERS, input)
    values["assessed_on"] = values["assessed_on"] or await write.connection.fetchval(_TODAY, write.now)
    named = (values["person_id"], values["skill_id"])
    await write.lock("PERSON", values["person_id"])
    before = await write.connection.fetchrow(_FIND, write.tenant_id, *named)
    person = {"person": ("PERSON", values["person_id"])}
    if values["level"] is None:
        if before is not None:
            await write.execute(_DELETE, before["id"])
            target = Target("PERSON_SKILL", before["id"])
            write.record("PERSON_SKILL_REMOVED", target, differences(_MEMBERS, before, None))
            await mark_work_of_people(write, [values["person_id"]])
        return Outcome({"personSkill": None, **person})
    id: UUID = write.new_id() if before is None else before["id"]
    if before is None or differences(_SAID, before, values):
        await write.execute(_SET, id, write.now, *values.values())
        write.record("PERSON_SKILL_SET", Target("PERSON_SKILL", id), differences(_MEMBERS, before, values))
        await mark_work_of_people(write, [values["person_id"]])
    return Outcome({"personSkill": ("PERSON_SKILL", id), **person})


_PERSON_SKILL = """
select 'personSkill' as type, p.key as person, k.key as skill, x.level, x.assessed_on as "assessedOn"
from person_skill x
join person p on p.tenant_id = x.tenant_id and p.id = x.person_id and p.archived_at is null
join skill k on k.tenant_id = x.tenant_id and k.id = x.skill_id and k.archived_at is null
where x.tenant_id = $1 order by p.key, k.key
"""

LINES = BulkType(
    "personSkill",
    "PERSON_SKILL",
    "personSkillSet",
    "personSkillSet",
    _PERSON_SKILL,
    identity=("personId", "skillId"),
)
