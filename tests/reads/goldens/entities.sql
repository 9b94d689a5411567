with claims as materialized (select set_config('folioscope.tenant_id', $1::uuid::text, true) as tenant_id)
select (select convert_to(concat('{"_entities":', concat('[', list_1.text, ']'), '}'), 'UTF8')
from (select where claims.tenant_id is not null) as root
left join lateral (select string_agg(coalesce(item_1.text, item_2.text, 'null'), ',' order by asked.place) as text from generate_series(1, $2::integer) as asked (place)
left join lateral (select concat('{"__typename":"Kpi","key":', to_json(kpi_1.key::text)::text, '}') as text from kpi kpi_1 where kpi_1.tenant_id = $1::uuid and kpi_1.id = ($3::uuid[])[asked.place] limit 1) item_1 on true
left join lateral (select concat('{"__typename":"Product","id":"prd_', product_1.id, '","name":', to_json(product_1.name::text)::text, '}') as text from product product_1 where product_1.tenant_id = $1::uuid and product_1.id = ($4::uuid[])[asked.place] limit 1) item_2 on true) list_1 on true)
from claims
