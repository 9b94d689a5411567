with claims as materialized (select set_config('folioscope.tenant_id', $1::uuid::text, true) as tenant_id)
select (select convert_to(concat('{"teams":', page_1.text, '}'), 'UTF8')
from (select where claims.tenant_id is not null) as root
left join lateral (select concat('{"totalCount":', (select count(*) from team team_1 where team_1.tenant_id = $1::uuid and team_1.archived_at is null), ',"nodes":[', string_agg(concat('{"key":', to_json(team_1.key::text)::text, ',"name":', to_json(team_1.name::text)::text, ',"parent":', case when team_2.tenant_id is null then 'null' else concat('{"key":', to_json(team_2.key::text)::text, '}') end, ',"lead":', case when person_1.tenant_id is null then 'null' else concat('{"name":', to_json(person_1.name::text)::text, '}') end, ',"children":', page_2.text, ',"memberships":', page_3.text, ',"assignments":', page_4.text, ',"weeks":[', list_2.text, '],"months":[', list_3.text, '],"externalLinks":', page_5.text, '}'), ',' order by team_1.position asc) filter (where team_1.position <= $2::integer), ']}') as text from (select team_1.*, row_number() over (order by team_1.id asc nulls last) as position from team team_1 where team_1.tenant_id = $1::uuid and team_1.archived_at is null order by team_1.id asc nulls last limit $2::integer) team_1
left join team team_2 on team_2.tenant_id = $1::uuid and team_2.id = team_1.parent_id
left join person person_1 on person_1.tenant_id = $1::uuid and person_1.id = team_1.lead_id
left join lateral (select concat('{"nodes":[', string_agg(concat('{"key":', to_json(team_3.key::text)::text, '}'), ',' order by team_3.position asc) filter (where team_3.position <= $3::integer), ']}') as text from (select team_3.*, row_number() over (order by team_3.id asc nulls last) as position from team team_3 where team_3.tenant_id = $1::uuid and team_3.parent_id = team_1.id and team_3.archived_at is null order by team_3.id asc nulls last limit $3::integer) team_3) page_2 on true
left join lateral (select concat('{"nodes":[', string_agg(concat('{"person":', case when person_2.tenant_id is null then 'null' else concat('{"key":', to_json(person_2.key::text)::text, '}') end, ',"role":', coalesce(to_json(membership_1.role::text)::text, 'null'), ',"fromOn":"', membership_1.from_on, '","toOn":', coalesce('"' || membership_1.to_on || '"', 'null'), '}'), ',' order by membership_1.position asc) filter (where membership_1.position <= $4::integer), ']}') as text from (select membership_1.*, row_number() over (order by membership_1.from_on desc nulls last, membership_1.id asc nulls last) as position from membership membership_1 where membership_1.tenant_id = $1::uuid and membership_1.team_id = team_1.id order by membership_1.from_on desc nulls last, membership_1.id asc nulls last limit $4::integer) membership_1
left join person person_2 on person_2.tenant_id = $1::uuid and person_2.id = membership_1.person_id) page_3 on true
left join lateral (select concat('{"nodes":[', string_agg(concat('{"subject":', coalesce(item_1.text, item_2.text, item_3.text, item_4.text, 'null'), ',"role":"', assignment_1.role, '","allocation":', trim_scale(assignment_1.allocation)::text, ',"confirmedOn":"', assignment_1.confirmed_on, '","versions":[', list_1.text, ']}'), ',' order by assignment_1.position asc) filter (where assignment_1.position <= $5::integer), ']}') as text from (select assignment_1.*, row_number() over (order by assignment_1.id asc nulls last) as position from assignment assignment_1 where assignment_1.tenant_id = $1::uuid and assignment_1.team_id = team_1.id order by assignment_1.id asc nulls last limit $5::integer) assignment_1
left join lateral (select concat('{"key":', to_json(initiative_1.key::text)::text, '}') as text from initiative initiative_1 where initiative_1.tenant_id = $1::uuid and initiative_1.id = assignment_1.subject_id limit 1) item_1 on true
left join lateral (select concat('{"key":', to_json(organization_1.key::text)::text, '}') as text from organization organization_1 where organization_1.tenant_id = $1::uuid and organization_1.id = assignment_1.subject_id limit 1) item_2 on true
left join lateral (select concat('{"key":', to_json(portfolio_1.key::text)::text, '}') as text from portfolio portfolio_1 where portfolio_1.tenant_id = $1::uuid and portfolio_1.id = assignment_1.subject_id limit 1) item_3 on true
left join lateral (select concat('{"key":', to_json(product_1.key::text)::text, '}') as text from product product_1 where product_1.tenant_id = $1::uuid and product_1.id = assignment_1.subject_id limit 1) item_4 on true
left join lateral (select string_agg(concat('{"allocation":', trim_scale(row_1.allocation)::text, ',"recordedAt":"', to_char(row_1.recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '","supersededAt":', coalesce('"' || to_char(row_1.superseded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"', 'null'), '}'), ',' order by row_1.version desc) as text from (select v.* from assignment_version v where v.tenant_id = $1::uuid and v.assignment_id = assignment_1.id order by v.version desc limit 100) row_1) list_1 on true) page_4 on true
left join lateral (select string_agg(concat('{"startOn":"', row_2.start_on, '","endOn":"', row_2.end_on, '","available":', trim_scale(row_2.available)::text, ',"allocated":', trim_scale(row_2.allocated)::text, ',"isOverAllocated":', (row_2.is_over_allocated)::text, '}'), ',' order by row_2.start_on) as text from lateral (
  with bucket as materialized (
    select start_on, end_on, daterange(start_on, end_on, '[]') as span, weekdays(daterange(start_on, end_on, '[]'))::numeric as days
    from calendar_buckets($6::date, $7::date, 'WEEK')
  ), presence as materialized (
    select p.person_id, unnest(range_agg(p.during)) as during from (select m.person_id, daterange(m.from_on, m.to_on, '[]') as during from membership m where m.tenant_id = $1::uuid and m.team_id in (select team_branch(team_1.id))) p group by p.person_id
  ), work as materialized (
    select w.person_id, w.allocation, daterange(w.from_on, w.to_on, '[]') as during, true as counts
    from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id
    where w.tenant_id = $1::uuid and w.person_id in (select person_id from presence) and w.from_on <= $7::date + 31 and coalesce(w.to_on, 'infinity') >= $6::date - 31 
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
  from bucket b) row_2) list_2 on true
left join lateral (select string_agg(concat('{"startOn":"', row_3.start_on, '","available":', trim_scale(row_3.available)::text, ',"allocated":', trim_scale(row_3.allocated)::text, '}'), ',' order by row_3.start_on) as text from lateral (
  with bucket as materialized (
    select start_on, end_on, daterange(start_on, end_on, '[]') as span, weekdays(daterange(start_on, end_on, '[]'))::numeric as days
    from calendar_buckets($8::date, $9::date, 'MONTH')
  ), presence as materialized (
    select p.person_id, unnest(range_agg(p.during)) as during from (select m.person_id, daterange(m.from_on, m.to_on, '[]') as during from membership m where m.tenant_id = $1::uuid and m.team_id in (select team_branch(team_1.id))) p group by p.person_id
  ), work as materialized (
    select w.person_id, w.allocation, daterange(w.from_on, w.to_on, '[]') as during, true as counts
    from person_work w join subject s on s.tenant_id = w.tenant_id and s.id = w.subject_id
    where w.tenant_id = $1::uuid and w.person_id in (select person_id from presence) and w.from_on <= $9::date + 31 and coalesce(w.to_on, 'infinity') >= $8::date - 31 
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
  from bucket b) row_3) list_3 on true
left join lateral (select concat('{"nodes":[', string_agg(concat('{"system":', to_json(external_link_1.system::text)::text, ',"externalId":', to_json(external_link_1.external_id::text)::text, '}'), ',' order by external_link_1.position asc) filter (where external_link_1.position <= $10::integer), ']}') as text from (select external_link_1.*, row_number() over (order by external_link_1.id asc nulls last) as position from external_link external_link_1 where external_link_1.tenant_id = $1::uuid and external_link_1.node_id = team_1.id order by external_link_1.id asc nulls last limit $10::integer) external_link_1) page_5 on true) page_1 on true)
from claims
