"""Skills: what people can do, as the organization names it."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, table
from compiler.listing import listing
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.member import written
from schema.node import Searchable
from schema.reference import by_id_key_or_external, lookup_input
from schema.scalars import COMPARATORS


@entity(
    external=True,
    tenant_wide=True,
    create="Add a skill to the organization's vocabulary.",
    update="Change how a skill is named.",
    upsert="Make or change a skill by the name that another system gives it.",
    archive="Take a skill out of lists; what it says of people and work stays. Safe to repeat.",
    restore="Bring back an archived skill. Safe to repeat.",
    needs="a new skill needs key and name",
)
@table("skill", kind="SKILL")
class Skill(Searchable):
    """A skill that people have and work needs. Everyone in the organization sees its name."""

    id: strawberry.ID = identifier("SKILL")
    category: str | None = written(
        column("Group of skills that it belongs to; null: none.", filter="STRING", order=True),
        "Group of skills that it belongs to, 1 to 64 characters; null: none.",
        check.line(64),
        private=True,
    )
    people = many("PersonSkill", "Who has it, and how well.", "{other}.skill_id = {self}.id")
    demands = many("SkillDemand", "What needs it.", "{other}.skill_id = {self}.id")
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the skill meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


SkillConnection, SkillEdge, SkillFilter, SkillOrder = listing(Skill, COMPARATORS)
SkillBy = lookup_input("SkillBy", "skill", external=True)


@strawberry.type
class SkillQuery:
    skill = lookup(
        "Skill",
        "Skill by one of its names; null when there is none.",
        SkillBy,
        by_id_key_or_external("SKILL"),
    )
    skills = many("Skill", "Skills of the organization, in the order of creation.")
