"""Working time: which share of full time people work, and since when."""

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
from schema.people.work import person_in_sight
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS


@entity(
    external=True,
    tenant_wide=True,
    known_by=("personId", "fromOn"),
    create="Say which share of full time a person works from a day on.",
    update="Correct a working time.",
    upsert="Make or change a working time by the name that another system gives it.",
    archive="Take back a working time: the one before holds again. Safe to repeat.",
    restore="Bring back an archived working time. Safe to repeat.",
    needs="a new one needs personId, which stays the same for ever, share and fromOn",
)
@table("working_time", kind="WORKING_TIME", wall=person_in_sight("{self}.person_id"))
class WorkingTime(Node):
    """The share of full time that a person works from a day on, until a later one holds. Without any it is 1."""

    id: strawberry.ID = identifier("WORKING_TIME")
    person = written(one("Person", "Who works.", "{other}.id = {self}.person_id"), "Who works.", fixed=True)
    share: float = written(
        column("Share of full time, 0 to 1.", filter="FLOAT", sql_type="numeric", order=True),
        "Share of full time, 0 to 1.",
        check.share,
        weighs=True,
    )
    from_on: date = written(
        column("First day on which it holds.", filter="DATE", sql_type="date", order=True),
        "First day on which it holds; a person has one a day.",
        check.day,
        weighs=True,
    )
    external_links = external_links()
    version: int = column("Number of changes; give it back in an update to be sure that nobody changed it meanwhile.")
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.", filter="DATE_TIME", sql_type="timestamptz"
    )


WorkingTimeConnection, WorkingTimeEdge, WorkingTimeFilter, WorkingTimeOrder = listing(
    WorkingTime,
    COMPARATORS,
    {"personId": ExtraFilter(COMPARATORS["ID"], "Who works.", Filter("{self}.person_id", "ID", "uuid", "PERSON"))},
)
WorkingTimeBy = lookup_input("WorkingTimeBy", "working time", external=True, key=False)


@strawberry.type
class WorkingTimeQuery:
    working_time = lookup(
        "WorkingTime",
        "Working time by one of its names; null when there is none that you may see.",
        WorkingTimeBy,
        by_id_or_external("WORKING_TIME"),
    )
    working_times = many("WorkingTime", "Working times of all people, in the order of creation.")
