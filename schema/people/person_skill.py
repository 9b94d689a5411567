"""What people can do, and how well."""

from datetime import date, datetime

import strawberry

from compiler.declare import column, identifier, many, one, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from schema.entity import entity
from schema.node import Node
from schema.people.work import person_in_sight
from schema.scalars import COMPARATORS


@entity()
@table("person_skill", kind="PERSON_SKILL", wall=person_in_sight("{self}.person_id"))
class PersonSkill(Node):
    """A skill that a person has. It says who can do what, and is no measure of the person."""

    id: strawberry.ID = identifier("PERSON_SKILL")
    person = one("Person", "Who has it.", "{other}.id = {self}.person_id")
    skill = one("Skill", "The skill.", "{other}.id = {self}.skill_id")
    level: int = column("1 beginner to 5 expert.", filter="INT", sql_type="integer", order=True)
    assessed_on: date = column("Day of the assessment.", filter="DATE", sql_type="date", order=True)
    version: int = column("Number of changes.")
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)


PersonSkillConnection, PersonSkillEdge, PersonSkillFilter, PersonSkillOrder = listing(
    PersonSkill,
    COMPARATORS,
    {
        "personId": ExtraFilter(COMPARATORS["ID"], "Who has it.", Filter("{self}.person_id", "ID", "uuid", "PERSON")),
        "skillId": ExtraFilter(COMPARATORS["ID"], "The skill.", Filter("{self}.skill_id", "ID", "uuid", "SKILL")),
    },
)


@strawberry.type
class PersonSkillQuery:
    person_skills = many("PersonSkill", "Skills of all people, in the order in which they were first recorded.")
