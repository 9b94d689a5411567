with claims as materialized (select set_config('folioscope.tenant_id', $1::uuid::text, true) as tenant_id)
select (select convert_to(concat('{"portfolio":', coalesce(item_1.text, 'null'), ',"products":', page_1.text, ',"skill":', coalesce(item_2.text, 'null'), '}'), 'UTF8')
from (select where claims.tenant_id is not null) as root
left join lateral (select concat('{"skillGaps":[', list_1.text, '],"capacity":[', list_2.text, ']}') as text from portfolio portfolio_1
left join lateral (select string_agg(concat('{"skill":', case when skill_1.tenant_id is null then 'null' else concat('{"key":', to_json(skill_1.key::text)::text, '}') end, ',"demand":', trim_scale(row_1.demand)::text, ',"supply":', trim_scale(row_1.supply)::text, ',"gap":', trim_scale(row_1.gap)::text, ',"holders":', row_1.holders::text, '}'), ',' order by row_1.gap desc, row_1.skill_id) as text from lateral (
  with cover as materialized (
    select c.* from skill_cover(array(select s.id from subject s where s.tenant_id = $1::uuid and s.portfolio_id in (select c.descendant_id from portfolio_closure c where c.tenant_id = $1::uuid and c.ancestor_id = portfolio_1.id) ), organization_day($3::timestamptz)) c)
  select g.tenant_id, g.skill_id, g.demand, g.supply, g.gap, held.holders
  from (select $1::uuid as tenant_id, skill_id, sum(demand) as demand, sum(supply) as supply, sum(greatest(demand - supply, 0)) as gap
        from cover group by skill_id) g
  cross join lateral (
    select count(distinct holder_id) as holders from cover c, unnest(c.holder_ids) holder_id where c.skill_id = g.skill_id) held
  order by g.gap desc, g.skill_id limit 250) row_1
left join skill skill_1 on skill_1.tenant_id = $1::uuid and skill_1.id = row_1.skill_id) list_1 on true
left join lateral (select string_agg(concat('{"startOn":"', row_2.start_on, '","available":', trim_scale(row_2.available)::text, ',"allocated":', trim_scale(row_2.allocated)::text, ',"isOverAllocated":', (row_2.is_over_allocated)::text, '}'), ',' order by row_2.start_on) as text from lateral (
  with bucket as materialized (
    select start_on, end_on, daterange(start_on, end_on, '[]') as span, weekdays(daterange(start_on, end_on, '[]'))::numeric as days
    from calendar_buckets($4::date, $5::date, 'WEEK')
  ), presence as materialized (
    select p.person_id, unnest(range_agg(p.during)) as during from (select w.person_id, daterange(w.from_on, w.to_on, '[]') as during from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id where w.tenant_id = $1::uuid and s.portfolio_id in (select c.descendant_id from portfolio_closure c where c.tenant_id = $1::uuid and c.ancestor_id = portfolio_1.id) and w.from_on <= $5::date + 31 and coalesce(w.to_on, 'infinity') >= $4::date - 31 ) p group by p.person_id
  ), work as materialized (
    select w.person_id, w.allocation, daterange(w.from_on, w.to_on, '[]') as during, s.portfolio_id in (select c.descendant_id from portfolio_closure c where c.tenant_id = $1::uuid and c.ancestor_id = portfolio_1.id) as counts
    from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id
    where w.tenant_id = $1::uuid and w.person_id in (select person_id from presence) and w.from_on <= $5::date + 31 and coalesce(w.to_on, 'infinity') >= $4::date - 31 
  ), part as materialized (
    select b.start_on, t.person_id, t.during * b.span as during, t.share, t.presence
    from available_time((select array_agg(distinct person_id) from presence), (select min(start_on) from bucket),
                        (select max(end_on) from bucket)) t join bucket b on b.span && t.during
  ), present as materialized (
    select t.start_on, t.person_id, sum(t.share * t.presence * weekdays(t.during * p.during)) as days
    from part t join presence p on p.person_id = t.person_id and p.during && t.during group by t.start_on, t.person_id
  ), given as materialized (
    select t.start_on, sum(w.allocation * t.presence * weekdays(w.during * p.during * t.during)) as days
    from part t join presence p on p.person_id = t.person_id and p.during && t.during
    join work w on w.person_id = t.person_id and w.counts and w.during && t.during group by t.start_on
  ), whole as materialized (
    select t.start_on, t.person_id, sum(t.share * t.presence * weekdays(t.during)) as days
    from part t group by t.start_on, t.person_id
  ), load as materialized (
    select t.start_on, t.person_id, sum(w.allocation * t.presence * weekdays(w.during * t.during)) as days
    from part t join work w on w.person_id = t.person_id and w.during && t.during group by t.start_on, t.person_id)
  select b.start_on, b.end_on,
         round(coalesce((select sum(p.days) from present p where p.start_on = b.start_on), 0) / b.days, 6) as available,
         round(coalesce((select g.days from given g where g.start_on = b.start_on), 0) / b.days, 6) as allocated,
         exists (select from present p join load l using (start_on, person_id) join whole w using (start_on, person_id)
                 where p.start_on = b.start_on and l.days > w.days) as is_over_allocated
  from bucket b) row_2) list_2 on true where portfolio_1.tenant_id = $1::uuid and portfolio_1.key = $2::text limit 1) item_1 on true
left join lateral (select concat('{"nodes":[', string_agg(concat('{"key":', to_json(product_1.key::text)::text, ',"skillDemands":', page_2.text, ',"skillGaps":[', list_3.text, '],"assignments":', page_3.text, ',"capacity":[', list_4.text, ']}'), ',' order by product_1.position asc) filter (where product_1.position <= $6::integer), ']}') as text from (select product_1.*, row_number() over (order by product_1.key asc nulls last, product_1.id asc nulls last) as position from product product_1 where product_1.tenant_id = $1::uuid and product_1.archived_at is null order by product_1.key asc nulls last, product_1.id asc nulls last limit $6::integer) product_1
left join lateral (select concat('{"nodes":[', string_agg(concat('{"skill":', case when skill_2.tenant_id is null then 'null' else concat('{"key":', to_json(skill_2.key::text)::text, '}') end, ',"fullTimeEquivalents":', trim_scale(skill_demand_1.full_time_equivalents)::text, ',"level":', skill_demand_1.level::text, '}'), ',' order by skill_demand_1.position asc) filter (where skill_demand_1.position <= $7::integer), ']}') as text from (select skill_demand_1.*, row_number() over (order by skill_demand_1.id asc nulls last) as position from skill_demand skill_demand_1 where skill_demand_1.tenant_id = $1::uuid and skill_demand_1.subject_id = product_1.id order by skill_demand_1.id asc nulls last limit $7::integer) skill_demand_1
left join skill skill_2 on skill_2.tenant_id = $1::uuid and skill_2.id = skill_demand_1.skill_id) page_2 on true
left join lateral (select string_agg(concat('{"skill":', case when skill_3.tenant_id is null then 'null' else concat('{"key":', to_json(skill_3.key::text)::text, '}') end, ',"gap":', trim_scale(row_3.gap)::text, ',"holders":', row_3.holders::text, '}'), ',' order by row_3.gap desc, row_3.skill_id) as text from lateral (
  with cover as materialized (
    select c.* from skill_cover(array(select s.id from subject s where s.tenant_id = $1::uuid and (s.id = product_1.id or s.id in (select l.initiative_id from initiative_product l where l.tenant_id = $1::uuid and l.product_id = product_1.id)) ), organization_day($3::timestamptz)) c)
  select g.tenant_id, g.skill_id, g.demand, g.supply, g.gap, held.holders
  from (select $1::uuid as tenant_id, skill_id, sum(demand) as demand, sum(supply) as supply, sum(greatest(demand - supply, 0)) as gap
        from cover group by skill_id) g
  cross join lateral (
    select count(distinct holder_id) as holders from cover c, unnest(c.holder_ids) holder_id where c.skill_id = g.skill_id) held
  order by g.gap desc, g.skill_id limit 250) row_3
left join skill skill_3 on skill_3.tenant_id = $1::uuid and skill_3.id = row_3.skill_id) list_3 on true
left join lateral (select concat('{"nodes":[', string_agg(concat('{"person":', case when person_1.tenant_id is null then 'null' else concat('{"key":', to_json(person_1.key::text)::text, '}') end, ',"team":', case when team_1.tenant_id is null then 'null' else concat('{"key":', to_json(team_1.key::text)::text, '}') end, ',"role":"', assignment_1.role, '"}'), ',' order by assignment_1.position asc) filter (where assignment_1.position <= $8::integer), ']}') as text from (select assignment_1.*, row_number() over (order by assignment_1.id asc nulls last) as position from assignment assignment_1 where assignment_1.tenant_id = $1::uuid and assignment_1.subject_id = product_1.id order by assignment_1.id asc nulls last limit $8::integer) assignment_1
left join person person_1 on person_1.tenant_id = $1::uuid and person_1.id = assignment_1.person_id
left join team team_1 on team_1.tenant_id = $1::uuid and team_1.id = assignment_1.team_id) page_3 on true
left join lateral (select string_agg(concat('{"available":', trim_scale(row_4.available)::text, ',"allocated":', trim_scale(row_4.allocated)::text, '}'), ',' order by row_4.start_on) as text from lateral (
  with bucket as materialized (
    select start_on, end_on, daterange(start_on, end_on, '[]') as span, weekdays(daterange(start_on, end_on, '[]'))::numeric as days
    from calendar_buckets($9::date, $10::date, 'WEEK')
  ), presence as materialized (
    select p.person_id, unnest(range_agg(p.during)) as during from (select w.person_id, daterange(w.from_on, w.to_on, '[]') as during from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id where w.tenant_id = $1::uuid and (s.id = product_1.id or s.id in (select l.initiative_id from initiative_product l where l.tenant_id = $1::uuid and l.product_id = product_1.id)) and w.from_on <= $10::date + 31 and coalesce(w.to_on, 'infinity') >= $9::date - 31 ) p group by p.person_id
  ), work as materialized (
    select w.person_id, w.allocation, daterange(w.from_on, w.to_on, '[]') as during, (s.id = product_1.id or s.id in (select l.initiative_id from initiative_product l where l.tenant_id = $1::uuid and l.product_id = product_1.id)) as counts
    from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id
    where w.tenant_id = $1::uuid and w.person_id in (select person_id from presence) and w.from_on <= $10::date + 31 and coalesce(w.to_on, 'infinity') >= $9::date - 31 
  ), part as materialized (
    select b.start_on, t.person_id, t.during * b.span as during, t.share, t.presence
    from available_time((select array_agg(distinct person_id) from presence), (select min(start_on) from bucket),
                        (select max(end_on) from bucket)) t join bucket b on b.span && t.during
  ), present as materialized (
    select t.start_on, t.person_id, sum(t.share * t.presence * weekdays(t.during * p.during)) as days
    from part t join presence p on p.person_id = t.person_id and p.during && t.during group by t.start_on, t.person_id
  ), given as materialized (
    select t.start_on, sum(w.allocation * t.presence * weekdays(w.during * p.during * t.during)) as days
    from part t join presence p on p.person_id = t.person_id and p.during && t.during
    join work w on w.person_id = t.person_id and w.counts and w.during && t.during group by t.start_on
  ), whole as materialized (
    select t.start_on, t.person_id, sum(t.share * t.presence * weekdays(t.during)) as days
    from part t group by t.start_on, t.person_id
  ), load as materialized (
    select t.start_on, t.person_id, sum(w.allocation * t.presence * weekdays(w.during * t.during)) as days
    from part t join work w on w.person_id = t.person_id and w.during && t.during group by t.start_on, t.person_id)
  select b.start_on, b.end_on,
         round(coalesce((select sum(p.days) from present p where p.start_on = b.start_on), 0) / b.days, 6) as available,
         round(coalesce((select g.days from given g where g.start_on = b.start_on), 0) / b.days, 6) as allocated,
         exists (select from present p join load l using (start_on, person_id) join whole w using (start_on, person_id)
                 where p.start_on = b.start_on and l.days > w.days) as is_over_allocated
  from bucket b) row_4) list_4 on true) page_1 on true
left join lateral (select concat('{"key":', to_json(skill_4.key::text)::text, ',"category":', coalesce(to_json(skill_4.category::text)::text, 'null'), ',"people":', page_4.text, ',"demands":', page_5.text, '}') as text from skill skill_4
left join lateral (select concat('{"nodes":[', string_agg(concat('{"person":', case when person_2.tenant_id is null then 'null' else concat('{"key":', to_json(person_2.key::text)::text, '}') end, ',"level":', person_skill_1.level::text, ',"assessedOn":"', person_skill_1.assessed_on, '"}'), ',' order by person_skill_1.position asc) filter (where person_skill_1.position <= $12::integer), ']}') as text from (select person_skill_1.*, row_number() over (order by person_skill_1.id asc nulls last) as position from person_skill person_skill_1 where person_skill_1.tenant_id = $1::uuid and person_skill_1.skill_id = skill_4.id order by person_skill_1.id asc nulls last limit $12::integer) person_skill_1
left join person person_2 on person_2.tenant_id = $1::uuid and person_2.id = person_skill_1.person_id) page_4 on true
left join lateral (select concat('{"totalCount":', (select count(*) from skill_demand skill_demand_2 where skill_demand_2.tenant_id = $1::uuid and skill_demand_2.skill_id = skill_4.id), '}') as text where $13::integer is not null) page_5 on true where skill_4.tenant_id = $1::uuid and skill_4.key = $11::text limit 1) item_2 on true)
from claims
