-- External links: a name in another system becomes an object, and says which fields that system owns.

set local role folioscope_owner;

create table external_link (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  kind text not null,
  node_id uuid not null,
  subject_id uuid,                        -- null: the tenant shares the linked object
  system text collate "C" not null,
  external_id text collate "C" not null,
  url text,
  title text,
  authoritative_fields text[] not null default '{}',  -- as the API spells them
  service_account_id uuid,                -- null: whoever speaks for the system
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, kind, system, external_id),
  foreign key (tenant_id, subject_id) references subject (tenant_id, id),
  foreign key (tenant_id, service_account_id) references service_account (tenant_id, id)
);
create index external_link_node on external_link (tenant_id, node_id);
create index external_link_subject on external_link (tenant_id, subject_id);
create index external_link_service_account on external_link (tenant_id, service_account_id);

-- What was known of a name before moves over; the owner steps before the walls for that.
alter table external_reference no force row level security;
alter table kpi no force row level security;
insert into external_link (tenant_id, id, kind, node_id, subject_id, system, external_id, url, created_at, updated_at)
select x.tenant_id, gen_random_uuid(), x.kind, x.node_id,
       case when x.kind in ('PORTFOLIO', 'PRODUCT', 'INITIATIVE') then x.node_id else k.subject_id end,
       x.system, x.external_id, x.url, now(), now()
from external_reference x left join kpi k on x.kind = 'KPI' and k.tenant_id = x.tenant_id and k.id = x.node_id;
alter table kpi force row level security;
-- squawk-ignore ban-drop-table
drop table external_reference;

call build_wall('external_link', 'select, insert, update, delete');

reset role;
