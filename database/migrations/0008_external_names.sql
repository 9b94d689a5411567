-- Owned fields are called as inputs call them, and systems as they are kept from now on.

set local role folioscope_owner;

-- The owner steps before the walls for that.
alter table external_link no force row level security;
update external_link set authoritative_fields = (
  select array_agg(name order by name) from unnest(array_replace(authoritative_fields, 'canceledAt', 'isCanceled')) name)
where 'canceledAt' = any (authoritative_fields);
-- One that has a look-alike stays, to be removed by its id.
update external_link x set system = btrim(normalize(x.system, NFKC))
where x.system <> btrim(normalize(x.system, NFKC)) and not exists (
  select from external_link o where o.tenant_id = x.tenant_id and o.kind = x.kind and o.external_id = x.external_id
    and o.id <> x.id and btrim(normalize(o.system, NFKC)) = btrim(normalize(x.system, NFKC)));
alter table external_link force row level security;

reset role;
