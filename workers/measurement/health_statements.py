"""What the score of many nodes of one kind rests on: the statements that read it."""

INITIATIVES = """
select i.id, i.portfolio_id, i.archived_at is not null as archived, i.state as stage,
       i.start_on, i.target_on, i.progress_source, i.total_scope, i.done_scope, i.total_items, i.done_items,
       i.in_progress_items, i.blocked_items, i.weekly_throughput, i.progress_observed_on,
       coalesce((select array_agg(l.product_id order by l.product_id) from initiative_product l
                 where l.tenant_id = i.tenant_id and l.initiative_id = i.id), array[i.portfolio_id]) as parent_ids
from initiative i where i.tenant_id = $1 and i.id = any ($2)
"""
PRODUCTS = """
select id, portfolio_id, archived_at is not null as archived, lifecycle_stage as stage,
       array[portfolio_id] as parent_ids
from product where tenant_id = $1 and id = any ($2)
"""
PORTFOLIOS = """
select id, id as portfolio_id, archived_at is not null as archived, 'ACTIVE' as stage,
       array[coalesce(parent_id, tenant_id)] as parent_ids
from portfolio where tenant_id = $1 and id = any ($2)
"""
ORGANIZATION = """
select id, null::uuid as portfolio_id, false as archived, 'ACTIVE' as stage,
       array[]::uuid[] as parent_ids
from organization where tenant_id = $1 and id = any ($2)
"""

# Days are read newest first along the index, so that the limit stops the walk.
KPIS = """
select k.subject_id, k.id, k.category, k.direction, k.value_mode, k.cadence_days, k.weight, k.required,
       k.critical, k.waived_until, k.created_on, t.baseline, t.target, t.start_on, t.target_on, t.red_at,
       t.green_at, t.tolerance, t.range_low, t.range_high, m.days, m.readings
from kpi k
left join kpi_target t on t.tenant_id = k.tenant_id and t.id = k.target_id
cross join lateral (
  select array_agg(d.observed_on order by d.observed_on desc) as days,
         array_agg(d.value order by d.observed_on desc) as readings
  from (
    select distinct on (n.observed_on) n.observed_on, n.value from measurement n
    where n.tenant_id = k.tenant_id and n.kpi_id = k.id and n.superseded_at is null and n.observed_on <= $3
    order by n.observed_on desc, n.recorded_at desc, n.id desc
    limit case k.value_mode when 'MEDIAN3' then 3 else 1 end) d) m
where k.tenant_id = $1 and k.subject_id = any ($2) and k.archived_at is null
"""

# At most 250 live ones an initiative.
MILESTONES = """
select initiative_id, due_on, done_on, canceled_at is not null as canceled from milestone
where tenant_id = $1 and initiative_id = any ($2) and archived_at is null order by due_on, id
"""

_RESULT = "h.lifecycle, h.score_mp, h.low_mp, h.high_mp, h.coverage_mp, h.confidence_mp"
CHILDREN_OF_PRODUCTS = f"""
select l.product_id as parent_id, 'INITIATIVE' as kind, i.id, l.importance, i.state as stage, i.start_on,
       i.archived_at is not null as archived, {_RESULT}
from initiative_product l
join initiative i on i.tenant_id = l.tenant_id and i.id = l.initiative_id
left join current_health_score h on h.tenant_id = i.tenant_id and h.node_id = i.id
where l.tenant_id = $1 and l.product_id = any ($2)
"""
# An initiative outside every product has no link that could hold an importance: it has the usual one.
CHILDREN_OF_PORTFOLIOS = f"""
select c.parent_id, c.kind, c.id, c.importance, c.stage, c.start_on, c.archived_at is not null as archived, {_RESULT}
from (
  select portfolio_id as parent_id, 'PRODUCT' as kind, id, importance, lifecycle_stage as stage,
         null::date as start_on, archived_at
  from product where tenant_id = $1 and portfolio_id = any ($2)
  union all
  select parent_id, 'PORTFOLIO', id, importance, 'ACTIVE', null, archived_at
  from portfolio where tenant_id = $1 and parent_id = any ($2)
  union all
  select portfolio_id, 'INITIATIVE', id, 100, state, start_on, archived_at
  from initiative i where tenant_id = $1 and portfolio_id = any ($2)
    and not exists (select from initiative_product l where l.tenant_id = $1 and l.initiative_id = i.id)) c
left join current_health_score h on h.tenant_id = $1 and h.node_id = c.id
"""
CHILDREN_OF_ORGANIZATION = f"""
select p.tenant_id as parent_id, 'PORTFOLIO' as kind, p.id, p.importance, 'ACTIVE' as stage,
       null::date as start_on, p.archived_at is not null as archived, {_RESULT}
from portfolio p
left join current_health_score h on h.tenant_id = p.tenant_id and h.node_id = p.id
where p.tenant_id = $1 and p.parent_id is null and $1 = any ($2::uuid[])
"""

DAY = """
select organization_day($2) as as_of, health_policy_version as policy_version, first_weekday
from organization where tenant_id = $1
"""
# Portfolios deepest first: depth is the distance from the root.
DEPTHS = """
select descendant_id as id, max(depth) as depth from portfolio_closure where tenant_id = $1 group by descendant_id
"""
