with claims as materialized (select set_config('folioscope.tenant_id', $1::uuid::text, true) as tenant_id)
select (select convert_to(concat('{"products":', page_1.text, '}'), 'UTF8')
from (select where claims.tenant_id is not null) as root
left join lateral (select concat('{"nodes":[', string_agg(concat('{"id":"prd_', product_1.id, '","importance":', product_1.importance::text, '}'), ',' order by product_1.position asc) filter (where product_1.position <= $2::integer), '],"totalCount":', (select count(*) from product product_1 where product_1.tenant_id = $1::uuid and product_1.archived_at is null), '}') as text from (select product_1.*, row_number() over (order by product_1.id asc nulls last) as position from product product_1 where product_1.tenant_id = $1::uuid and product_1.archived_at is null order by product_1.id asc nulls last limit $2::integer) product_1) page_1 on true)
from claims
