"""Lines of portfolios, products, initiatives and KPIs, and of what is measured."""

from resolvers.bulk.bulk_type import BulkType
from resolvers.bulk.exported import LEFT_OUT, LIVE_KPI, external, key_of, subject

_PORTFOLIO = f"""
select 'portfolio' as type, x.key, x.name, x.description, {key_of("portfolio", "parent_id")} as parent,
       {key_of("person", "owner_id")} as owner, x.importance, {external("PORTFOLIO")}
from portfolio x where x.tenant_id = $1 and x.archived_at is null
order by (select count(*) from portfolio_closure c where c.tenant_id = $1 and c.descendant_id = x.id), x.key
"""
_PRODUCT = f"""
select 'product' as type, x.key, x.name, x.description, {key_of("portfolio", "portfolio_id")} as portfolio,
       {key_of("person", "owner_id")} as owner, x.lifecycle_stage as "lifecycleStage", x.tier, x.importance,
       {external("PRODUCT")}
from product x where x.tenant_id = $1 and x.archived_at is null order by x.key
"""
# A list that lacks what is archived would take it away in an import: such a list is left out.
_INITIATIVE = f"""
select 'initiative' as type, x.key, x.name, x.description, {key_of("portfolio", "portfolio_id")} as portfolio,
       {key_of("person", "owner_id")} as owner, x.state, x.start_on as "startOn", x.target_on as "targetOn",
       (select case when bool_or(p.archived_at is not null) then to_json({LEFT_OUT})
               else coalesce(json_agg(json_build_object('product', p.key, 'importance', l.importance) order by p.key),
                             '[]') end
        from initiative_product l join product p on p.tenant_id = l.tenant_id and p.id = l.product_id
        where l.tenant_id = $1 and l.initiative_id = x.id) as products,
       {external("INITIATIVE")}
from initiative x where x.tenant_id = $1 and x.archived_at is null order by x.key
"""
_KPI = f"""
select 'kpi' as type, x.key, s.name as subject, x.name, x.description, x.category, x.unit, x.direction,
       x.value_mode as "valueMode", x.cadence_days as "cadenceDays", x.weight, x.required, x.critical,
       x.waived_until as "waivedThroughOn",
       (select row_to_json(v) from (
         select t.target, t.baseline, t.start_on as "startOn", t.target_on as "targetOn", t.red_at as "redAt",
                t.green_at as "greenAt", t.tolerance, t.range_low as "rangeLow", t.range_high as "rangeHigh"
         from kpi_target t where t.tenant_id = $1 and t.kpi_id = x.id and t.superseded_at is null) v) as target,
       {external("KPI")}
from kpi x {subject()} where x.tenant_id = $1 and x.archived_at is null order by x.key
"""
_PROGRESS = """
select distinct on (i.key, x.observed_at) 'progressSnapshot' as type, i.key as initiative,
       x.observed_at as "observedAt", x.total_scope as "totalScope", x.done_scope as "doneScope",
       x.total_items as "totalItems", x.done_items as "doneItems", x.in_progress_items as "inProgressItems",
       x.blocked_items as "blockedItems", x.weekly_throughput as "weeklyThroughput"
from progress_snapshot x
join initiative i on i.tenant_id = x.tenant_id and i.id = x.initiative_id and i.archived_at is null
where x.tenant_id = $1 order by i.key, x.observed_at, x.recorded_at desc, x.id desc
"""
# In the order in which they were recorded: of two values of a day, the later one counts.
_MEASUREMENT = f"""
select 'measurement' as type, n.key as kpi, x.value, x.observed_at as "observedAt", x.source,
       x.external_id as "externalId", x.note
from measurement x join kpi n on n.tenant_id = x.tenant_id and n.id = x.kpi_id and n.archived_at is null
where x.tenant_id = $1 and x.superseded_at is null and {LIVE_KPI} order by n.key, x.recorded_at, x.id
"""

TREE = (
    BulkType(
        "portfolio", "PORTFOLIO", "portfolioCreate", "portfolioUpdate", _PORTFOLIO, kinds={"parentId": ("PORTFOLIO",)}
    ),
    BulkType("product", "PRODUCT", "productCreate", "productUpdate", _PRODUCT),
    BulkType("initiative", "INITIATIVE", "initiativeCreate", "initiativeUpdate", _INITIATIVE),
    BulkType("kpi", "KPI", "kpiCreate", "kpiUpdate", _KPI),
)
FACTS = (
    BulkType(
        "progressSnapshot",
        "PROGRESS_SNAPSHOT",
        "initiativeProgressRecord",
        None,
        _PROGRESS,
        identity=("initiativeId", "observedAt"),
        needed=("observedAt",),
    ),
    # Read by resolvers/bulk/measurements.py: they come in batches.
    BulkType("measurement", "MEASUREMENT", "measurementsRecord", None, _MEASUREMENT, identity=()),
)
