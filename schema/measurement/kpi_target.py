"""KPI targets: versions of what is good enough."""

from datetime import date, datetime
from typing import Any

import strawberry

from compiler.declare import column, identifier, one, table
from compiler.listing import listing
from schema.node import Node
from schema.scalars import COMPARATORS

_WALL = (
    "exists (select from kpi k join subject s on s.tenant_id = k.tenant_id and s.id = k.subject_id"
    " where k.tenant_id = {self}.tenant_id and k.id = {self}.kpi_id and s.portfolio_id = any({granted}))"
)


def _value(description: str) -> Any:
    return strawberry.field(description=description, default=strawberry.UNSET)


@strawberry.input
class TargetMembers:
    target: float | None = _value("Value that is worth 100 points, at most 15 significant digits; null for a range.")
    baseline: float | None = _value("Value from which the journey starts; null: no journey.")
    start_on: date | None = _value("First day of the journey; null: no journey.")
    target_on: date | None = _value("Day by which the target should be reached, after startOn; null: always.")
    red_at: float | None = _value("Value that is worth 40 points; null: from the tolerance, or 20 % from the target.")
    green_at: float | None = _value("Value that is worth 80 points; null: on the line between red and target.")
    tolerance: float | None = _value(
        "Distance from the target, or from the edge of the range, to red, above 0; null: see redAt."
    )
    range_low: float | None = _value("Lower edge of the wanted range; given exactly when the direction is RANGE.")
    range_high: float | None = _value("Upper edge of the wanted range; given exactly when the direction is RANGE.")


@strawberry.input(description="Target of a KPI as a whole: an absent member is none. Values have the KPI's unit.")
class KpiTargetInput(TargetMembers):
    pass


@table("kpi_target", kind="KPI_TARGET", wall=_WALL)
class KpiTarget(Node):
    """A version of a KPI's target. Values have the KPI's unit; a new version supersedes the old one."""

    id: strawberry.ID = identifier("KPI_TARGET")
    kpi = one("Kpi", "KPI that it belongs to.", "{other}.id = {self}.kpi_id")
    target: float | None = column("Value that is worth 100 points; null for a range.")
    baseline: float | None = column("Value from which the journey starts; null: no journey.")
    start_on: date | None = column("First day of the journey; null: no journey.")
    target_on: date | None = column("Day by which the target should be reached; null: always.")
    red_at: float | None = column(
        "Value that is worth 40 points; beyond it is CRITICAL. Null: from the tolerance, or 20 % from the target."
    )
    green_at: float | None = column("Value that is worth 80 points; null: on the line between red and target.")
    tolerance: float | None = column(
        "Distance from the target, or from the edge of the range, to red; null: see redAt."
    )
    range_low: float | None = column("Lower edge of the wanted range; null unless the direction is RANGE.")
    range_high: float | None = column("Upper edge of the wanted range; null unless the direction is RANGE.")
    recorded_at: datetime = column(
        "Instant from which this version holds.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )
    superseded_at: datetime | None = column(
        "Instant at which a newer version replaced it; null: in force.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


KpiTargetConnection, KpiTargetEdge, KpiTargetFilter, KpiTargetOrder = listing(KpiTarget, COMPARATORS)
