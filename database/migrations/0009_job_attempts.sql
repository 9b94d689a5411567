-- Attempts at a job: a process that was overtaken writes no more, and each attempt of an export has a file of its own.

set local role folioscope_owner;

alter table job add column attempt integer not null default 0 check (attempt >= 0);
-- Of an export: null until it is complete.
-- squawk-ignore ban-drop-not-null
alter table job alter column file_id drop not null;
-- Of a file: the export that writes it; null: it came in.
alter table bulk_file add column job_id uuid;
-- squawk-ignore require-concurrent-index-creation
create index bulk_file_job on bulk_file (tenant_id, job_id) where job_id is not null;

-- Work that was parked before it was broken off: the sweeper rings for it.
-- squawk-ignore require-concurrent-index-creation
create index signal_parked on signal (parked_at) where generation > done_generation and parked_at is not null;

reset role;
