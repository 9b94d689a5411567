"""Data gaps: evidence that health expects and does not get."""

from datetime import date
from enum import Enum
from typing import Any

from compiler.declare import column, one, one_of, rows, value_object
from portfolio.enumerations import HealthDimensionName
from schema.node import HealthSubject


class Reach(Enum):
    """Whose gaps are listed: a condition on a node's id and its home portfolio."""

    ORGANIZATION = "true"
    PORTFOLIO = "{node}.home_id in (select c.descendant_id from portfolio_closure c where c.tenant_id = {tenant} and c.ancestor_id = {self}.id)"
    PRODUCT = "{node}.id = any(array(select l.initiative_id from initiative_product l where l.tenant_id = {tenant} and l.product_id = {self}.id union all select {self}.id))"
    INITIATIVE = "{node}.id = {self}.id"


# Nodes with a current score; the organization has no home, so that viewers with grants do not see its gaps.
_NODES = " union all ".join(
    f"select n.id, {home} as home_id, n.health_score_id from {table} n where n.tenant_id = {{tenant}} and n.health_score_id is not null{live}"
    for table, home, live in (
        ("product", "n.portfolio_id", " and n.archived_at is null"),
        ("initiative", "n.portfolio_id", " and n.archived_at is null"),
        ("portfolio", "n.id", " and n.archived_at is null"),
        ("organization", "null::uuid", ""),
    )
)
_GAPS = (
    "select right(d.path, 36)::uuid as kpi_id, split_part(d.path, '/', 1) as dimension from unnest(h.driver_paths, h.driver_codes) as d (path, code) where d.code = 'KPI_MISSING'"
    " union all select null, d.name from unnest(h.dimension_names, h.dimension_points_mp) as d (name, points_mp) where d.points_mp is null"
)
_BOUNDED = (
    f"select n.id as subject_id, h.as_of, gap.kpi_id, gap.dimension from ({_NODES}) n"
    " join health_score h on h.tenant_id = {tenant} and h.id = n.health_score_id"
    f" cross join lateral ({_GAPS}) gap where {{reach}} {{within n.home_id}}"
    ' order by n.id, gap.dimension collate "C", gap.kpi_id nulls first limit 100'
)
_NEVER_SCORED_SINCE = (
    "(select min(x.as_of) from health_score x where x.tenant_id = {tenant} and x.node_id = g.subject_id and x.series = 'LIVE'"
    " and x.as_of > coalesce((select max(y.as_of) from health_score y where y.tenant_id = {tenant} and y.node_id = g.subject_id"
    " and y.series = 'LIVE' and y.dimension_points_mp[array_position(y.dimension_names, g.dimension)] is not null), '-infinity'))"
)
_SOURCE = (
    "(select g.subject_id, g.kpi_id, g.dimension, case when g.kpi_id is null"
    f" then coalesce({_NEVER_SCORED_SINCE}, g.as_of) else coalesce(k.latest_observed_on, k.created_on, g.as_of) end as since"
    f" from ({_BOUNDED}) g left join kpi k on k.tenant_id = {{tenant}} and k.id = g.kpi_id) {{other}}"
)
_ORDER = '{other}.subject_id, {other}.dimension collate "C", {other}.kpi_id nulls first'


@value_object
class DataGap:
    """A required KPI without a value, or a dimension in which nothing could be scored."""

    subject = one_of(HealthSubject, "Whose evidence it is.", "{self}.subject_id")
    dimension: HealthDimensionName = column("Dimension in which it is missing.")
    kpi = one(
        "Kpi",
        "Required KPI that has no value; null when nothing in the dimension could be scored.",
        "{other}.id = {self}.kpi_id",
        nullable=True,
    )
    since: date = column(
        "Day since when it is missing: of the KPI's newest measurement or its creation; of the first score without the dimension."
    )


def data_gaps(reach: Reach) -> Any:
    condition = reach.value.replace("{node}", "n")
    return rows(
        DataGap,
        "Evidence that is expected and missing, by subject: its own and that of products, initiatives and portfolios below, as the current scores tell. At most 100.",
        _SOURCE.replace("{reach}", condition),
        _ORDER,
    )
