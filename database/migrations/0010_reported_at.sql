-- A report may be entered after the day on which it was made: by a tracker, or by an import.

set local role folioscope_owner;

-- The default is for those who still write without it.
alter table status_update add column reported_at timestamptz not null default now();
-- The owner steps before the walls for that.
alter table status_update no force row level security;
update status_update set reported_at = created_at;
alter table status_update force row level security;
-- squawk-ignore require-concurrent-index-deletion
drop index status_update_subject;
-- In the order of the lists, so that a page is read from the index.
-- squawk-ignore require-concurrent-index-creation
create index status_update_subject on status_update (tenant_id, subject_id, reported_at desc nulls last, id);
-- squawk-ignore require-concurrent-index-creation
create index status_update_reported on status_update (tenant_id, reported_at desc nulls last, id);

reset role;
