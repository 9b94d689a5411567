with claims as materialized (select set_config('folioscope.tenant_id', $1::uuid::text, true) as tenant_id)
select (select convert_to(concat('{"byName":[', list_1.text, '],"byKey":[', list_2.text, '],"among":[', list_3.text, '],"none":[', list_4.text, ']}'), 'UTF8')
from (select where claims.tenant_id is not null) as root
left join lateral (select string_agg(concat('{"kind":"', row_1.kind, '","key":', to_json(row_1.key::text)::text, ',"name":', to_json(row_1.name::text)::text, ',"match":"', row_1.match, '"}'), ',' order by row_1.rank, row_1.key_length, row_1.name_text, row_1.node_id) as text from (
  with asked as materialized (select search_text($2::text) as text),
  reach as materialized (
    select a.word, a.word || U&'\+10FFFF' as until from asked, search_words(asked.text) as a (word)
  ), met as materialized (
    select w.node_id, w.kind, min(w.key) as key, min(w.name) as name, min(w.key_text) as key_text, min(w.name_text) as name_text
    from reach r join search_word w on w.tenant_id = $1::uuid and w.word >= r.word and w.word < r.until
    group by w.node_id, w.kind having count(distinct r.word) = (select count(*) from reach)
  ), ranked as (
    select m.*, case when m.key_text = asked.text then 1 when starts_with(m.key_text, asked.text) then 2
                     when starts_with(m.name_text, asked.text) then 3 else 4 end as rank
    from asked, met m 
  )
  select r.*, (array['KEY', 'KEY_PREFIX', 'NAME_PREFIX', 'WORDS'])[r.rank] as match,
         case when r.rank = 2 then length(r.key_text) end as key_length
  from ranked r order by r.rank, key_length, r.name_text, r.node_id limit $3::integer) row_1) list_1 on true
left join lateral (select string_agg(concat('{"match":"', row_2.match, '","node":', coalesce(item_1.text, item_2.text, item_3.text, item_4.text, item_5.text, item_6.text, item_7.text, item_8.text, 'null'), '}'), ',' order by row_2.rank, row_2.key_length, row_2.name_text, row_2.node_id) as text from (
  with asked as materialized (select search_text($4::text) as text),
  reach as materialized (
    select a.word, a.word || U&'\+10FFFF' as until from asked, search_words(asked.text) as a (word)
  ), met as materialized (
    select w.node_id, w.kind, min(w.key) as key, min(w.name) as name, min(w.key_text) as key_text, min(w.name_text) as name_text
    from reach r join search_word w on w.tenant_id = $1::uuid and w.word >= r.word and w.word < r.until
    group by w.node_id, w.kind having count(distinct r.word) = (select count(*) from reach)
  ), ranked as (
    select m.*, case when m.key_text = asked.text then 1 when starts_with(m.key_text, asked.text) then 2
                     when starts_with(m.name_text, asked.text) then 3 else 4 end as rank
    from asked, met m 
  )
  select r.*, (array['KEY', 'KEY_PREFIX', 'NAME_PREFIX', 'WORDS'])[r.rank] as match,
         case when r.rank = 2 then length(r.key_text) end as key_length
  from ranked r order by r.rank, key_length, r.name_text, r.node_id limit 20) row_2
left join lateral (select concat('{"__typename":"Initiative","id":"ini_', initiative_1.id, '","key":', to_json(initiative_1.key::text)::text, '}') as text from initiative initiative_1 where initiative_1.tenant_id = $1::uuid and initiative_1.id = row_2.node_id limit 1) item_1 on true
left join lateral (select concat('{"__typename":"Kpi","id":"kpi_', kpi_1.id, '","key":', to_json(kpi_1.key::text)::text, '}') as text from kpi kpi_1 where kpi_1.tenant_id = $1::uuid and kpi_1.id = row_2.node_id limit 1) item_2 on true
left join lateral (select concat('{"__typename":"Organization","id":"org_', organization_1.id, '","key":', to_json(organization_1.key::text)::text, '}') as text from organization organization_1 where organization_1.tenant_id = $1::uuid and organization_1.id = row_2.node_id limit 1) item_3 on true
left join lateral (select concat('{"__typename":"Person","id":"per_', person_1.id, '","key":', to_json(person_1.key::text)::text, '}') as text from person person_1 where person_1.tenant_id = $1::uuid and person_1.id = row_2.node_id limit 1) item_4 on true
left join lateral (select concat('{"__typename":"Portfolio","id":"pfl_', portfolio_1.id, '","key":', to_json(portfolio_1.key::text)::text, '}') as text from portfolio portfolio_1 where portfolio_1.tenant_id = $1::uuid and portfolio_1.id = row_2.node_id limit 1) item_5 on true
left join lateral (select concat('{"__typename":"Product","id":"prd_', product_1.id, '","key":', to_json(product_1.key::text)::text, ',"tier":"', product_1.tier, '","owner":', case when person_2.tenant_id is null then 'null' else concat('{"name":', to_json(person_2.name::text)::text, '}') end, '}') as text from product product_1
left join person person_2 on person_2.tenant_id = $1::uuid and person_2.id = product_1.owner_id where product_1.tenant_id = $1::uuid and product_1.id = row_2.node_id limit 1) item_6 on true
left join lateral (select concat('{"__typename":"Skill","id":"skl_', skill_1.id, '","key":', to_json(skill_1.key::text)::text, '}') as text from skill skill_1 where skill_1.tenant_id = $1::uuid and skill_1.id = row_2.node_id limit 1) item_7 on true
left join lateral (select concat('{"__typename":"Team","id":"tea_', team_1.id, '","key":', to_json(team_1.key::text)::text, '}') as text from team team_1 where team_1.tenant_id = $1::uuid and team_1.id = row_2.node_id limit 1) item_8 on true) list_2 on true
left join lateral (select string_agg(concat('{"kind":"', row_3.kind, '","key":', to_json(row_3.key::text)::text, '}'), ',' order by row_3.rank, row_3.key_length, row_3.name_text, row_3.node_id) as text from (
  with asked as materialized (select search_text($5::text) as text),
  reach as materialized (
    select a.word, a.word || U&'\+10FFFF' as until from asked, search_words(asked.text) as a (word)
  ), met as materialized (
    select w.node_id, w.kind, min(w.key) as key, min(w.name) as name, min(w.key_text) as key_text, min(w.name_text) as name_text
    from reach r join search_word w on w.tenant_id = $1::uuid and w.word >= r.word and w.word < r.until and w.kind = any($6::text[])
    group by w.node_id, w.kind having count(distinct r.word) = (select count(*) from reach)
  ), ranked as (
    select m.*, case when m.key_text = asked.text then 1 when starts_with(m.key_text, asked.text) then 2
                     when starts_with(m.name_text, asked.text) then 3 else 4 end as rank
    from asked, met m 
  )
  select r.*, (array['KEY', 'KEY_PREFIX', 'NAME_PREFIX', 'WORDS'])[r.rank] as match,
         case when r.rank = 2 then length(r.key_text) end as key_length
  from ranked r order by r.rank, key_length, r.name_text, r.node_id limit $7::integer) row_3) list_3 on true
left join lateral (select string_agg(concat('{"key":', to_json(row_4.key::text)::text, '}'), ',' order by row_4.rank, row_4.key_length, row_4.name_text, row_4.node_id) as text from (
  with asked as materialized (select search_text($8::text) as text),
  reach as materialized (
    select a.word, a.word || U&'\+10FFFF' as until from asked, search_words(asked.text) as a (word)
  ), met as materialized (
    select w.node_id, w.kind, min(w.key) as key, min(w.name) as name, min(w.key_text) as key_text, min(w.name_text) as name_text
    from reach r join search_word w on w.tenant_id = $1::uuid and w.word >= r.word and w.word < r.until and w.kind = any($9::text[])
    group by w.node_id, w.kind having count(distinct r.word) = (select count(*) from reach)
  ), ranked as (
    select m.*, case when m.key_text = asked.text then 1 when starts_with(m.key_text, asked.text) then 2
                     when starts_with(m.name_text, asked.text) then 3 else 4 end as rank
    from asked, met m 
  )
  select r.*, (array['KEY', 'KEY_PREFIX', 'NAME_PREFIX', 'WORDS'])[r.rank] as match,
         case when r.rank = 2 then length(r.key_text) end as key_length
  from ranked r order by r.rank, key_length, r.name_text, r.node_id limit 20) row_4) list_4 on true)
from claims
