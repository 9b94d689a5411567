"""Assignments: who works on what, in which role and for which part of the time."""

from datetime import date, datetime
from typing import Any

import strawberry

from compiler.declare import column, identifier, lookup, many, one, one_of, rows, table, value_object
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from portfolio.enumerations import AssignmentRole
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.member import written
from schema.node import HealthSubject, Node
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS

_WALL = "exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.subject_id and s.portfolio_id = any({granted}))"


@value_object
class AssignmentVersion:
    """What was known of an assignment during some time."""

    role: AssignmentRole = column("Role.")
    allocation: float = column("Share of each person's time, 0 to 1.")
    from_on: date = column("First day.")
    to_on: date | None = column("Last day; null: it runs on.")
    recorded_at: datetime = column("Instant since when this was known.")
    superseded_at: datetime | None = column("Instant at which something else became known; null: this is known now.")


@entity(
    subject="subject_id",
    external=True,
    known_by=("subjectId", "personId", "teamId", "role", "fromOn"),
    on_insert={"confirmed_on": "organization_day($3)"},
    on_update={"confirmed_on": "organization_day($3)"},
    create="Assign a person or a team to a piece of work. It warns when somebody is above 100 % by that.",
    create_says="A new assignment, of a person or of a team.",
    update="Change an assignment; what was known before is kept. It warns when somebody is above 100 % by that.",
    upsert="Make or change an assignment by the name that another system gives it. It warns as a change by id does.",
    needs="a new one needs subjectId and personId or teamId, which stay the same for ever, role, allocation and fromOn",
)
@table("assignment", kind="ASSIGNMENT", wall=_WALL)
class Assignment(Node):
    """A share of the time of a person, or of each member of a team, that is given to a piece of work."""

    id: strawberry.ID = identifier("ASSIGNMENT")
    subject = written(
        one_of(HealthSubject, "What is worked on.", "{self}.subject_id"),
        "What is worked on: the organization, a portfolio, a product or an initiative.",
        fixed=True,
    )
    person = written(
        one("Person", "Who works; null when a team does.", "{other}.id = {self}.person_id", nullable=True),
        "Who works; null: a team does.",
        fixed=True,
    )
    team = written(
        one(
            "Team",
            "Team whose members all work on it alike; null when one person does.",
            "{other}.id = {self}.team_id",
            nullable=True,
        ),
        "Team whose members all work on it alike; null: a person does.",
        fixed=True,
    )
    role: AssignmentRole = written(
        column("What they do.", filter=AssignmentRole, order=True), "What they do.", weighs=True
    )
    allocation: float = written(
        column("Share of each person's time, 0 to 1.", filter="FLOAT", sql_type="numeric", order=True),
        "Share of each person's time, 0 to 1.",
        check.share,
        weighs=True,
    )
    from_on: date = written(
        column("First day.", filter="DATE", sql_type="date", order=True), "First day.", check.day, weighs=True
    )
    to_on: date | None = written(
        column("Last day; null: it runs on.", filter="DATE", sql_type="date", order=True),
        "Last day, not before fromOn; null: until ended.",
        check.day,
        weighs=True,
    )
    confirmed_on: date = column(
        "Day on which somebody last said that it is so.", filter="DATE", sql_type="date", order=True
    )
    versions = rows(
        AssignmentVersion,
        "What was known, newest first, so that a past day can be read as it was known then; at most 100.",
        "(select v.* from assignment_version v where v.tenant_id = {tenant} and v.assignment_id = {self}.id order by v.version desc limit 100) {other}",
        "{other}.version desc",
    )
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the assignment meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)


def assignments() -> Any:
    return many(
        "Assignment",
        "Who works and worked on it itself, and for which part of the time.",
        "{other}.subject_id = {self}.id",
    )


AssignmentConnection, AssignmentEdge, AssignmentFilter, AssignmentOrder = listing(
    Assignment,
    COMPARATORS,
    {
        "subjectId": ExtraFilter(COMPARATORS["ID"], "What is worked on.", Filter("{self}.subject_id", "ID", "uuid")),
        "personId": ExtraFilter(COMPARATORS["ID"], "Who works.", Filter("{self}.person_id", "ID", "uuid", "PERSON")),
        "teamId": ExtraFilter(COMPARATORS["ID"], "Team that works.", Filter("{self}.team_id", "ID", "uuid", "TEAM")),
    },
)
AssignmentBy = lookup_input("AssignmentBy", "assignment", external=True, key=False)


@strawberry.type
class AssignmentQuery:
    assignment = lookup(
        "Assignment",
        "Assignment by one of its names; null when there is none that you may see.",
        AssignmentBy,
        by_id_or_external("ASSIGNMENT"),
    )
    assignments = many("Assignment", "Assignments to everything, in the order of creation.")
