"""Memberships: who is in which team, and when."""

from datetime import date, datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, one, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.member import written
from schema.node import Node
from schema.people.work import person_in_sight, works_in_sight
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS


@entity(
    external=True,
    tenant_wide=True,
    known_by=("teamId", "personId", "fromOn"),
    verb="start",
    create="Put a person into a team. A person is in a team at most once at a time.",
    create_says="A person who joins a team.",
    upsert="Make or change a membership by the name that another system gives it.",
    needs="a new one needs teamId and personId, which stay the same for ever, and fromOn",
)
@table(
    "membership",
    kind="MEMBERSHIP",
    wall=f"({works_in_sight('team_id', '{self}.team_id')} and {person_in_sight('{self}.person_id')})",
)
class Membership(Node):
    """A time during which a person is in a team. Ended ones are kept."""

    id: strawberry.ID = identifier("MEMBERSHIP")
    team = written(one("Team", "Team.", "{other}.id = {self}.team_id"), "Team.", fixed=True)
    person = written(
        one("Person", "Member.", "{other}.id = {self}.person_id"), "New member.", fixed=True, upsert_says="Member."
    )
    role: str | None = written(
        column("What the person does in the team, in its own words; null: not said.", filter="STRING"),
        "What the person does in the team, 1 to 64 characters; null: not said.",
        check.line(64),
        private=True,
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
    external_links = external_links()
    version: int = column("Number of changes.")
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)


MembershipConnection, MembershipEdge, MembershipFilter, MembershipOrder = listing(
    Membership,
    COMPARATORS,
    {
        "teamId": ExtraFilter(COMPARATORS["ID"], "Team.", Filter("{self}.team_id", "ID", "uuid", "TEAM")),
        "personId": ExtraFilter(COMPARATORS["ID"], "Member.", Filter("{self}.person_id", "ID", "uuid", "PERSON")),
    },
)
MembershipBy = lookup_input("MembershipBy", "membership", external=True, key=False)


@strawberry.type
class MembershipQuery:
    membership = lookup(
        "Membership",
        "Membership by one of its names; null when there is none that you may see.",
        MembershipBy,
        by_id_or_external("MEMBERSHIP"),
    )
    memberships = many("Membership", "Memberships of all teams, in the order of creation.")
