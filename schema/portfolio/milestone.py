"""Milestones: what an initiative must have reached by a day."""

from datetime import date, datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, one, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from schema.connection.external_link import external_links
from schema.node import Node
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS


@table(
    "milestone",
    kind="MILESTONE",
    wall="exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.initiative_id and s.portfolio_id = any({granted}))",
)
class Milestone(Node):
    """Something that an initiative must have reached by a day. Reached on time it counts fully for delivery, late three quarters, open and due nothing."""

    id: strawberry.ID = identifier("MILESTONE")
    name: str = column(
        "Display name.",
        filter="STRING",
        filter_expression="{self}.name_key",
        normalized=True,
        order="{self}.name_key",
    )
    due_on: date = column("Day by which it should be reached.", filter="DATE", sql_type="date", order=True)
    done_on: date | None = column(
        "Day on which it was reached; null: open.", filter="DATE", sql_type="date", order=True
    )
    canceled_at: datetime | None = column(
        "Instant since when it is given up, and counts no longer; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )
    initiative = one("Initiative", "Initiative that it belongs to.", "{other}.id = {self}.initiative_id")
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


_LISTING = listing(
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
MilestoneConnection, MilestoneEdge, MilestoneFilter, MilestoneOrder = (
    _LISTING.connection,
    _LISTING.edge,
    _LISTING.filter,
    _LISTING.order,
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
