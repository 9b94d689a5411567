"""Progress snapshots: what is known of an initiative that has no tracker."""

from datetime import date, datetime

import strawberry

from compiler.declare import column, identifier, one, table
from compiler.listing import listing
from schema.node import Node
from schema.scalars import COMPARATORS


@table(
    "progress_snapshot",
    kind="PROGRESS_SNAPSHOT",
    wall="exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.initiative_id and s.portfolio_id = any({granted}))",
)
class ProgressSnapshot(Node):
    """Progress of an initiative at one instant."""

    id: strawberry.ID = identifier("PROGRESS_SNAPSHOT")
    initiative = one("Initiative", "Initiative that was observed.", "{other}.id = {self}.initiative_id")
    total_scope: float | None = column("Scope in all, in any one unit; null: unknown.")
    done_scope: float | None = column("Scope done, in the same unit; null: unknown.")
    total_items: int | None = column("Number of items in all; null: unknown.")
    done_items: int | None = column("Number of items done; null: unknown.")
    in_progress_items: int | None = column("Number of items being worked on; null: unknown.")
    blocked_items: int | None = column("Number of items in progress that are blocked; null: unknown.")
    weekly_throughput: list[int] | None = column("Items done in each completed week, oldest first; null: unknown.")
    observed_at: datetime = column(
        "Instant of the observation.", filter="DATE_TIME", sql_type="timestamptz", order=True
    )
    observed_on: date = column("Day of the observation in the organization's calendar.")
    recorded_at: datetime = column(
        "Instant at which it was recorded here.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )


ProgressSnapshotConnection, ProgressSnapshotEdge, ProgressSnapshotFilter, ProgressSnapshotOrder = listing(
    ProgressSnapshot, COMPARATORS
)
