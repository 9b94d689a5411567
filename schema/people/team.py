"""Teams: people who work together, in a tree."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, one, table
from compiler.listing import listing
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.member import written
from schema.node import Searchable
from schema.people.capacity import capacity
from schema.people.work import works_in_sight
from schema.reference import by_id_key_or_external, lookup_input
from schema.scalars import COMPARATORS

# For as long as somebody is a member, in this team or in one below it.
_MEMBERS = (
    "select m.person_id, daterange(m.from_on, m.to_on, '[]') as during from membership m"
    " where m.tenant_id = {tenant} and m.team_id in (select team_branch({self}.id))"
)


@entity(
    below="parent_id",
    external=True,
    tenant_wide=True,
    create="Add a team, at the top or below another one.",
    update="Change a team, or move it with all that lies below it.",
    upsert="Make or change a team by the name that another system gives it.",
    archive="Take a team out of lists that has no teams below it, no members and no work. Safe to repeat.",
    restore="Bring back an archived team. Safe to repeat.",
    needs="a new team needs key and name",
)
@table("team", kind="TEAM", wall=works_in_sight("team_id", "{self}.id"))
class Team(Searchable):
    """A team of the organization. Viewers who see only some portfolios see the teams that are assigned there."""

    id: strawberry.ID = identifier("TEAM")
    description: str | None = written(
        column("What the team is for, in Markdown; null when nobody wrote it down."),
        "What the team is for, in Markdown, at most 20,000 characters; null: nothing.",
        check.text,
        private=True,
    )
    parent = written(
        one(
            "Team",
            "Team above; null at the top and when it is hidden from you.",
            "{other}.id = {self}.parent_id",
            nullable=True,
        ),
        "Team above; null: at the top.",
    )
    lead = written(
        one(
            "Person",
            "Person who leads the team; null when nobody does, and when the person is hidden from you.",
            "{other}.id = {self}.lead_id",
            nullable=True,
        ),
        "Person who leads the team; null: nobody.",
    )
    children = many("Team", "Teams directly below.", "{other}.parent_id = {self}.id")
    memberships = many("Membership", "Who is and was in the team itself.", "{other}.team_id = {self}.id")
    assignments = many("Assignment", "What the team itself is and was assigned to.", "{other}.team_id = {self}.id")
    capacity = capacity(
        "Members of the team and of the teams below it, and all their work while they are members; members that are hidden"
        " from you are counted too.",
        _MEMBERS,
    )
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the team meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


TeamConnection, TeamEdge, TeamFilter, TeamOrder = listing(Team, COMPARATORS)
TeamBy = lookup_input("TeamBy", "team", external=True)


@strawberry.type
class TeamQuery:
    team = lookup(
        "Team",
        "Team by one of its names; null when there is none that you may see.",
        TeamBy,
        by_id_key_or_external("TEAM"),
    )
    teams = many("Team", "Teams of the organization, at every depth, in the order of creation.")
