"""Roll-ups: products counted by band or by stage, in one field."""

from typing import Any

from compiler.declare import argument, column, rows, value_object
from portfolio.enumerations import RollupGroup
from schema.scalars import Points


@value_object
class RollupBucket:
    """Products of one group."""

    group: str = column("Value of the group: a health band or a lifecycle stage.", "name")
    count: int = column("Number of products, archived ones left out.", "products")
    average_score: Points | None = column(
        "Mean of the published scores, to three decimals; null when no product has one.",
        "average_mp",
    )


_COLUMNS = {RollupGroup.BAND: "p.health_band", RollupGroup.STAGE: "p.lifecycle_stage"}
_SELECT = (
    "(select {group} as name, count(*) as products,"
    " div(2 * sum(p.health_score_mp) + count(p.health_score_mp), nullif(2 * count(p.health_score_mp), 0))::integer as average_mp"
    " from product p where p.tenant_id = {tenant} and p.archived_at is null {members} {within p.portfolio_id} group by 1) {other}"
)


def rollup(members: str) -> Any:
    """The roll-up of a portfolio or of the organization. members: a further condition on product p."""

    def source(arguments: Any) -> str:
        return _SELECT.replace("{group}", _COLUMNS[RollupGroup(str(arguments["groupBy"].value))]).replace(
            "{members}", members
        )

    return rows(
        RollupBucket,
        "Products below, sub-portfolios included, counted by group; one row for each group that occurs, by name.",
        source,
        '{other}.name collate "C"',
        arguments={"group_by": argument(RollupGroup, "What to count by.")},
    )
