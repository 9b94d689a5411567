-- Linking: which items serve which initiative, decided in one place for the worker and for a changed rule.

set local role folioscope_owner;

-- Fields that the winning snapshot did not carry: {field: [updated_at, deleted, complete, digest]} of the snapshot that
-- they are from, null for a field that no snapshot carried. Empty for what one complete snapshot says.
alter table work_item add column field_ranks jsonb not null default '{}';
alter table tracker_milestone add column field_ranks jsonb not null default '{}';
alter table tracker_milestone add column needs_reread boolean not null default false;
-- Every title that the milestone ever had: a rule by title outlives a rename, in whichever order we learn of it.
alter table tracker_milestone add column titles text[] not null default '{}';

-- One at a time works on a connection's items and links. Taken before any row of it is locked, else two wait crosswise.
create function lock_connection_items(of_connection_id uuid) returns void language sql
begin atomic
  select pg_advisory_xact_lock(hashtextextended('items of connection ' || of_connection_id::text, 0));
end;

-- relink_items opens and closes links of the given items (null: all of the connection) as its rules say, and returns the
-- initiatives that gained or lost one. Explicit rules win over milestones, milestones over labels; rules of one kind may
-- give an item to several initiatives. Deleted items keep their links: they count no longer, and come back as they were.
-- Safe to run twice.
create function relink_items(of_connection_id uuid, item_ids uuid[], changed_at timestamptz) returns setof uuid language sql
begin atomic
  with item as (
    select i.id, i.key, i.container, i.labels, i.milestone_source_id from work_item i
    where i.tenant_id = (select claimed_tenant_id()) and i.connection_id = of_connection_id
      and (item_ids is null or i.id = any (item_ids))
  ), matched as (
    select i.id as work_item_id, r.initiative_id, r.id as rule_id,
           rank() over (partition by i.id order by array_position(array['EXPLICIT', 'MILESTONE', 'LABEL'], r.kind)) as place
    from item i
    join linking_rule r on r.tenant_id = (select claimed_tenant_id()) and r.connection_id = of_connection_id
      and r.archived_at is null and (r.container is null or lower(r.container) = lower(i.container))
    left join tracker_milestone m on m.tenant_id = (select claimed_tenant_id()) and m.connection_id = of_connection_id
      and m.source_id = i.milestone_source_id and m.deleted_at is null
    where case r.kind
      when 'EXPLICIT' then lower(r.value) = lower(i.key)
      when 'MILESTONE' then r.value = any (m.titles) or r.value = m.number::text
      when 'LABEL' then exists (select from unnest(i.labels) as label where lower(label) = lower(r.value)) end
  ), chosen as (
    select distinct on (work_item_id, initiative_id) work_item_id, initiative_id, rule_id
    from matched where place = 1 order by work_item_id, initiative_id, rule_id
  ), closed as (
    update work_item_link l set valid_to = changed_at from item i
    where l.tenant_id = (select claimed_tenant_id()) and l.work_item_id = i.id and l.valid_to is null
      and not exists (select from chosen c where c.work_item_id = l.work_item_id and c.initiative_id = l.initiative_id)
    returning l.initiative_id
  ), explained as (
    update work_item_link l set rule_id = c.rule_id from chosen c
    where l.tenant_id = (select claimed_tenant_id()) and l.work_item_id = c.work_item_id
      and l.initiative_id = c.initiative_id and l.valid_to is null and l.rule_id <> c.rule_id
  ), opened as (
    insert into work_item_link (tenant_id, id, work_item_id, initiative_id, rule_id, valid_from)
    select claimed_tenant_id(), gen_random_uuid(), c.work_item_id, c.initiative_id, c.rule_id, changed_at from chosen c
    where not exists (select from work_item_link l where l.tenant_id = (select claimed_tenant_id())
      and l.work_item_id = c.work_item_id and l.initiative_id = c.initiative_id and l.valid_to is null)
    returning initiative_id
  )
  select initiative_id from closed union select initiative_id from opened;
end;

reset role;
