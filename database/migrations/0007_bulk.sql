-- Bulk: imports and exports as jobs, and the JSON lines that they read or write.

set local role folioscope_owner;

-- JSON lines that came in to be imported, or that an export wrote. Forgotten after seven days.
create table bulk_file (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  person_id uuid,                         -- whose it is; neither: it came by command
  service_account_id uuid,
  line_count integer not null default 0 check (line_count >= 0),
  byte_count bigint not null default 0 check (byte_count >= 0),
  completed_at timestamptz,               -- null: it is not whole yet
  created_at timestamptz not null,
  primary key (tenant_id, id),
  check (num_nonnulls(person_id, service_account_id) <= 1)
);
create index bulk_file_created on bulk_file (tenant_id, created_at);

create table bulk_file_part (
  tenant_id uuid not null references organization (tenant_id),
  file_id uuid not null,
  first_line integer not null check (first_line >= 1),
  content bytea not null,                 -- whole lines, zlib
  primary key (tenant_id, file_id, first_line),
  foreign key (tenant_id, file_id) references bulk_file (tenant_id, id)
);

create table job (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  kind text not null check (kind in ('IMPORT', 'EXPORT')),
  state text not null default 'QUEUED' check (state in ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELED')),
  dry_run boolean not null default false,
  types text[] not null default '{}',     -- of an export; none: every type
  file_id uuid not null,                  -- what it reads or writes; forgotten before the job
  line_count integer,                     -- null: not known yet
  -- Advanced in the transaction of the lines themselves: a job that was killed goes on behind this one.
  lines_done integer not null default 0,
  created_count integer not null default 0,
  changed_count integer not null default 0,
  unchanged_count integer not null default 0,
  failed_count integer not null default 0,
  error text,                             -- why it broke off
  via text not null check (via in ('API', 'COMMAND')),
  key_id uuid,                            -- the key whose rights it has; null: a command's
  person_id uuid,
  service_account_id uuid,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  foreign key (tenant_id, service_account_id) references service_account (tenant_id, id),
  check (num_nonnulls(person_id, service_account_id) <= 1),
  check ((finished_at is null) = (state in ('QUEUED', 'RUNNING')))
);
create index job_person on job (tenant_id, person_id, id);
create index job_service_account on job (tenant_id, service_account_id, id);
create index job_unfinished on job (tenant_id, id) where finished_at is null;
create index job_file on job (tenant_id, file_id);

-- Lines that were refused, the first thousand of a job.
create table job_line_error (
  tenant_id uuid not null references organization (tenant_id),
  job_id uuid not null,
  line integer not null check (line >= 1),
  position integer not null check (position >= 0),
  code text not null,
  message text not null,
  field text[],                           -- path inside the line; null: the line as a whole
  primary key (tenant_id, job_id, line, position),
  foreign key (tenant_id, job_id) references job (tenant_id, id)
);

-- squawk-ignore ban-drop-constraint
alter table signal drop constraint signal_job_check;
-- squawk-ignore constraint-missing-not-valid
alter table signal add constraint signal_job_check check (job in ('recompute_health', 'apply_deliveries', 'run_job'));

call build_wall('bulk_file', 'select, insert, update, delete');
call build_wall('bulk_file_part', 'select, insert, delete');
call build_wall('job', 'select, insert, update');
call build_wall('job_line_error', 'select, insert, delete');

reset role;
