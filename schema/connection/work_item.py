"""Work items: mirrors of a tracker's issues."""

from datetime import datetime

import strawberry

from compiler.declare import column, expression, identifier, lookup, many, one, table
from compiler.listing import listing
from portfolio.enumerations import WorkItemStateCategory, WorkItemType
from schema.node import Node
from schema.scalars import COMPARATORS

_WALL = (
    "exists (select from work_item_link l join subject s on s.tenant_id = l.tenant_id and s.id = l.initiative_id"
    " where l.tenant_id = {self}.tenant_id and l.work_item_id = {self}.id and l.valid_to is null and s.portfolio_id = any({granted}))"
)


@table("work_item", kind="WORK_ITEM", wall=_WALL)
class WorkItem(Node):
    """A mirror of a tracker's issue, as its newest event says."""

    id: strawberry.ID = identifier("WORK_ITEM")
    key: str = column(
        "What people call it in the tracker, such as owner/repository#12.",
        filter="STRING",
        order=True,
    )
    title: str = column("Title.")
    url: str | None = column("Address in the tracker; null when not known.")
    type: WorkItemType = column("Kind of work.", filter=WorkItemType)
    state_category: WorkItemStateCategory = column(
        "State in our words; UNKNOWN counts as scope that is not done.",
        filter=WorkItemStateCategory,
    )
    state_name: str = column("State in the tracker's words.")
    container: str = column("Repository or project.", filter="STRING")
    milestone_title: str | None = column("Milestone in the tracker; null: none.")
    labels: list[str] = column("Labels in the tracker, by name; at most 100.")
    connection = one(
        "Connection",
        "Connection through which it came; null when it is hidden from you.",
        "{other}.id = {self}.connection_id",
        nullable=True,
    )
    initiatives = many(
        "Initiative",
        "Initiatives to which the item belongs now.",
        "{other}.id in (select l.initiative_id from work_item_link l where l.tenant_id = {tenant} and l.work_item_id = {self}.id and l.valid_to is null)",
    )
    opened_at: datetime | None = column("Instant at which it was opened; null when not known.")
    done_at: datetime | None = column(
        "Instant at which it was last done; null: it is not done.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )
    canceled_at: datetime | None = column("Instant at which it was canceled; null: it was not.")
    deleted_at: datetime | None = column(
        "Instant at which it was deleted or moved away; null: it is there.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )
    source_updated_at: datetime = column(
        "Instant of the change in the tracker that is shown here.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )
    needs_reread: bool = column(
        "Whether two events of the same instant disagreed, so that the tracker should be asked again.",
        filter="BOOLEAN",
        sql_type="boolean",
    )
    has_complete_source: bool = expression(
        "Whether the event shown here carried every field.", "{self}.source_complete"
    )
    version: int = column("Number of changes.")
    created_at: datetime = column(
        "Instant at which we first heard of it.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )
    updated_at: datetime = column(
        "Instant at which the mirror last changed.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )


WorkItemConnection, WorkItemEdge, WorkItemFilter, WorkItemOrder = listing(WorkItem, COMPARATORS)


@strawberry.input(one_of=True, description="Exactly one name of the work item.")
class WorkItemBy:
    id: strawberry.ID | None = strawberry.field(description="Id of the work item.", default=strawberry.UNSET)


@strawberry.type
class WorkItemQuery:
    work_item = lookup(
        "WorkItem",
        "Work item by its id; null when there is none that you may see.",
        WorkItemBy,
        {"id": "{other}.id = {value}"},
    )
    work_items = many("WorkItem", "Work items of all trackers, in the order of arrival.")
