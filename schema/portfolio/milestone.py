"""Milestones: what an initiative must have reached by a day."""

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
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS


@entity(
    subject="initiative_id",
    external=True,
    marks=("initiative_id",),
    known_by=("initiativeId", "name"),
    is_unique=False,
    create="Add a milestone to an initiative.",
    update="Change a milestone: reach it, move it, give it up.",
    upsert="Make or change a milestone by the name that another system gives it.",
    archive="Take a milestone out of lists and out of its initiative's health. Safe to repeat.",
    restore="Bring back an archived milestone. Safe to repeat.",
    needs="a new milestone needs initiativeId, name and dueOn",
)
@table(
    "milestone",
    kind="MILESTONE",
    wall="exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.initiative_id and s.portfolio_id = any({granted}))",
)
class Milestone(Node):
    """Something that an initiative must have reached by a day. Reached on time it counts fully for delivery, late three quarters, open and due nothing."""

    id: strawberry.ID = identifier("MILESTONE")
    initiative = written(
        one("Initiative", "Initiative that it belongs to.", "{other}.id = {self}.initiative_id"),
        "Initiative that it belongs to, for ever; it has at most 250.",
        fixed=True,
    )
    name: str = written(
        column(
            "Display name.",
            filter="STRING",
            filter_expression="{self}.name_key",
            normalized=True,
            order="{self}.name_key",
        ),
        "Display name, 1 to 200 characters.",
        check.line(),
        private=True,
    )
    due_on: date = written(
        column("Day by which it should be reached.", filter="DATE", sql_type="date", order=True),
        "Day by which it should be reached.",
        check.day,
        weighs=True,
    )
    done_on: date | None = written(
        column("Day on which it was reached; null: open.", filter="DATE", sql_type="date", order=True),
        "Day on which it was reached; a day to come counts from then on. Null: open.",
        check.day,
        weighs=True,
    )
    canceled_at: datetime | None = written(
        column(
            "Instant since when it is given up, and counts no longer; null: it is not.",
            filter="DATE_TIME",
            sql_type="timestamptz",
        ),
        "True: it is given up, and counts no longer. False: it counts again.",
        name="is_canceled",
        annotation=bool,
        since=True,
        late=True,
        weighs=True,
    )
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the milestone meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


MilestoneConnection, MilestoneEdge, MilestoneFilter, MilestoneOrder = listing(
    Milestone,
    COMPARATORS,
    {
        "initiativeId": ExtraFilter(
            COMPARATORS["ID"],
            "Initiative that it belongs to.",
            Filter("{self}.initiative_id", "ID", "uuid", "INITIATIVE"),
        )
    },
)
MilestoneBy = lookup_input("MilestoneBy", "milestone", external=True, key=False)


@strawberry.type
class MilestoneQuery:
    milestone = lookup(
        "Milestone",
        "Milestone by one of its names; null when there is none that you may see.",
        MilestoneBy,
        by_id_or_external("MILESTONE"),
    )
    milestones = many("Milestone", "Milestones of all initiatives, by due day.", order="DUE_ON")
