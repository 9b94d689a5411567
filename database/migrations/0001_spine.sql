-- The spine: tenants and their walls, the portfolio tree, KPIs and measurements, tracker items, health, events.
--
-- Laws that every table keeps (tests/test_walls_catalogue.py):
--   tenant_id leads every primary key, unique key, foreign key and index;
--   forced row-level security with one policy on the claim folioscope.tenant_id;
--   only the signalling tables and two look-ups are open across tenants, and they hold no content.

do $roles$
declare role_name text;
begin
  -- Roles belong to the cluster, not to the database: another database may have made them already.
  foreach role_name in array array['folioscope_owner', 'folioscope_app', 'folioscope_relay', 'folioscope_lookup'] loop
    begin
      execute format('create role %I nologin nosuperuser nobypassrls', role_name);
    exception when duplicate_object or unique_violation then null;
    end;
    execute format('grant %I to current_user', role_name);
  end loop;
end
$roles$;

grant usage, create on schema public to folioscope_owner;
grant usage on schema public to folioscope_app, folioscope_relay, folioscope_lookup;
grant create on schema public to folioscope_lookup;

set local role folioscope_owner;

-- The claim. An empty or missing setting is null, and null sees nothing.
create function claimed_tenant_id() returns uuid language sql stable parallel safe
  return nullif(current_setting('folioscope.tenant_id', true), '')::uuid;

-- build_wall gives a table its forced row-level security and the application role its rights.
create procedure build_wall(target regclass, privileges text) language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy tenant on %s to folioscope_app '
    'using (tenant_id = (select claimed_tenant_id())) with check (tenant_id = (select claimed_tenant_id()))', target);
  execute format('grant %s on %s to folioscope_app', privileges, target);
end $$;

-- The first id that UUIDv7 could make at an instant: partitions and time ranges are cut there.
create function uuid_floor(instant timestamptz) returns uuid language sql immutable parallel safe
  return (lpad(to_hex((extract(epoch from instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Organization: the tenant ------------------------------------------------------------------------

create table organization (
  tenant_id uuid primary key,
  id uuid not null,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  time_zone text not null default 'UTC',
  previous_time_zone text,
  time_zone_from timestamptz not null default '-infinity',
  first_weekday smallint not null default 1 check (first_weekday between 1 and 7),
  health_policy_version text not null default 'default-1',
  health_score_id uuid,
  health_score_mp integer check (health_score_mp between 0 and 100000),
  health_band text not null default 'UNKNOWN',
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (id = tenant_id),
  check ((previous_time_zone is null) = (time_zone_from = '-infinity'))
);

-- The day of an instant in the organization's time zone. A changed zone holds from time_zone_from on.
create function organization_day(instant timestamptz) returns date language sql stable
begin atomic
  select (instant at time zone case when instant >= o.time_zone_from then o.time_zone else o.previous_time_zone end)::date
  from organization o where o.tenant_id = (select claimed_tenant_id());
end;

-- The instant at which a day begins in the organization's time zone.
create function organization_day_start(day date) returns timestamptz language sql stable
begin atomic
  select day::timestamp at time zone
    case when day::timestamp at time zone o.time_zone >= o.time_zone_from then o.time_zone else o.previous_time_zone end
  from organization o where o.tenant_id = (select claimed_tenant_id());
end;

-- People and keys ---------------------------------------------------------------------------------

create table person (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  email text collate "C",
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key)
);
create index person_name on person (tenant_id, name_key, id);

create table service_account (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key)
);

create table api_key (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  person_id uuid,
  service_account_id uuid,
  secret_digest bytea not null check (octet_length(secret_digest) = 32),
  scopes text[] not null check (scopes <@ array['READ', 'WRITE', 'INGEST', 'ADMIN'] and scopes <> '{}'),
  granted_portfolio_ids uuid[],           -- null: every portfolio; else these and all below them
  expires_at timestamptz not null,
  revoked_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  foreign key (tenant_id, service_account_id) references service_account (tenant_id, id),
  check (num_nonnulls(person_id, service_account_id) = 1)
);
create index api_key_person on api_key (tenant_id, person_id);
create index api_key_service_account on api_key (tenant_id, service_account_id);

-- The portfolio tree ------------------------------------------------------------------------------

-- What anything can be about. portfolio_id is the wall: the home portfolio of a product or an initiative,
-- a portfolio itself, null for the organization.
create table subject (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  kind text not null check (kind in ('ORGANIZATION', 'PORTFOLIO', 'PRODUCT', 'INITIATIVE')),
  portfolio_id uuid,
  primary key (tenant_id, id),
  unique (tenant_id, id, kind),
  check ((portfolio_id is null) = (kind = 'ORGANIZATION')),
  check (kind <> 'PORTFOLIO' or portfolio_id = id)
);
create index subject_portfolio on subject (tenant_id, portfolio_id);

create table portfolio (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  kind text not null generated always as ('PORTFOLIO') stored,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  description text,
  owner_id uuid,
  parent_id uuid,
  importance integer not null default 100 check (importance between 1 and 1000),
  health_score_id uuid,
  health_score_mp integer check (health_score_mp between 0 and 100000),
  health_band text not null default 'UNKNOWN',
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key),
  foreign key (tenant_id, id, kind) references subject (tenant_id, id, kind),
  foreign key (tenant_id, owner_id) references person (tenant_id, id),
  foreign key (tenant_id, parent_id) references portfolio (tenant_id, id),
  check (parent_id <> id)
);
create index portfolio_parent on portfolio (tenant_id, parent_id, id);
create index portfolio_owner on portfolio (tenant_id, owner_id);
create index portfolio_name on portfolio (tenant_id, name_key, id);
create index portfolio_score on portfolio (tenant_id, health_score_mp, id);
alter table subject add foreign key (tenant_id, portfolio_id) references portfolio (tenant_id, id) deferrable initially deferred;

-- Every portfolio with each of its ancestors, itself included (depth 0). Kept in the changing transaction.
create table portfolio_closure (
  tenant_id uuid not null references organization (tenant_id),
  ancestor_id uuid not null,
  descendant_id uuid not null,
  depth integer not null check (depth >= 0),
  primary key (tenant_id, ancestor_id, descendant_id),
  foreign key (tenant_id, ancestor_id) references portfolio (tenant_id, id),
  foreign key (tenant_id, descendant_id) references portfolio (tenant_id, id)
);
create index portfolio_closure_descendant on portfolio_closure (tenant_id, descendant_id, ancestor_id);

create table product (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  kind text not null generated always as ('PRODUCT') stored,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  description text,
  portfolio_id uuid not null,
  owner_id uuid,
  lifecycle_stage text not null default 'IDEA'
    check (lifecycle_stage in ('IDEA', 'DISCOVERY', 'DEVELOPMENT', 'PILOT', 'LIVE', 'SUNSET', 'RETIRED')),
  tier text not null default 'TIER_3' check (tier in ('TIER_1', 'TIER_2', 'TIER_3', 'TIER_4')),
  importance integer not null default 100 check (importance between 1 and 1000),
  health_score_id uuid,
  health_score_mp integer check (health_score_mp between 0 and 100000),
  health_band text not null default 'UNKNOWN',
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key),
  foreign key (tenant_id, id, kind) references subject (tenant_id, id, kind),
  foreign key (tenant_id, portfolio_id) references portfolio (tenant_id, id),
  foreign key (tenant_id, owner_id) references person (tenant_id, id)
);
create index product_portfolio on product (tenant_id, portfolio_id, id);
create index product_owner on product (tenant_id, owner_id);
create index product_name on product (tenant_id, name_key, id);
create index product_score on product (tenant_id, health_score_mp, id);

create table initiative (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  kind text not null generated always as ('INITIATIVE') stored,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  description text,
  portfolio_id uuid not null,
  owner_id uuid,
  state text not null default 'PROPOSED'
    check (state in ('PROPOSED', 'PLANNED', 'ACTIVE', 'PAUSED', 'COMPLETED', 'CANCELED')),
  start_on date,
  target_on date,
  -- Progress as last known, from the tracker or from initiativeProgressRecord. Null: never measured.
  progress_source text check (progress_source in ('TRACKER', 'SNAPSHOT')),
  total_scope numeric check (total_scope >= 0),
  done_scope numeric check (done_scope >= 0),
  total_items integer check (total_items >= 0),
  done_items integer check (done_items >= 0),
  in_progress_items integer check (in_progress_items >= 0),
  blocked_items integer check (blocked_items >= 0),
  weekly_throughput integer[],            -- completed items per completed week, oldest first
  progress_observed_on date,
  health_score_id uuid,
  health_score_mp integer check (health_score_mp between 0 and 100000),
  health_band text not null default 'UNKNOWN',
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key),
  foreign key (tenant_id, id, kind) references subject (tenant_id, id, kind),
  foreign key (tenant_id, portfolio_id) references portfolio (tenant_id, id),
  foreign key (tenant_id, owner_id) references person (tenant_id, id),
  check (start_on is null or target_on is null or start_on <= target_on)
);
create index initiative_portfolio on initiative (tenant_id, portfolio_id, id);
create index initiative_owner on initiative (tenant_id, owner_id);
create index initiative_name on initiative (tenant_id, name_key, id);
create index initiative_score on initiative (tenant_id, health_score_mp, id);

create table initiative_product (
  tenant_id uuid not null references organization (tenant_id),
  initiative_id uuid not null,
  product_id uuid not null,
  importance integer not null default 100 check (importance between 1 and 1000),
  primary key (tenant_id, initiative_id, product_id),
  foreign key (tenant_id, initiative_id) references initiative (tenant_id, id),
  foreign key (tenant_id, product_id) references product (tenant_id, id)
);
create index initiative_product_product on initiative_product (tenant_id, product_id, initiative_id);

create table progress_snapshot (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  initiative_id uuid not null,
  total_scope numeric check (total_scope >= 0),
  done_scope numeric check (done_scope >= 0),
  total_items integer check (total_items >= 0),
  done_items integer check (done_items >= 0),
  in_progress_items integer check (in_progress_items >= 0),
  blocked_items integer check (blocked_items >= 0),
  weekly_throughput integer[],
  observed_at timestamptz not null,
  observed_on date not null,
  recorded_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, initiative_id) references initiative (tenant_id, id)
);
create index progress_snapshot_initiative on progress_snapshot (tenant_id, initiative_id, observed_at desc, id desc);

-- KPIs and measurements ---------------------------------------------------------------------------

create table kpi (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  description text,
  subject_id uuid not null,
  category text not null check (category in ('ENGAGEMENT', 'CONVERSION', 'REVENUE', 'COST', 'LATENCY', 'MODEL_PERFORMANCE',
    'DRIFT', 'SAFETY', 'FAIRNESS', 'ADOPTION', 'QUALITY', 'RELIABILITY')),
  unit text not null,
  direction text not null check (direction in ('HIGHER', 'LOWER', 'RANGE')),
  value_mode text not null default 'LAST' check (value_mode in ('LAST', 'MEDIAN3')),
  cadence_days integer check (cadence_days > 0),
  weight integer not null default 1 check (weight between 1 and 1000),
  required boolean not null default false,
  critical boolean not null default false,
  waived_until date,
  target_id uuid,                         -- the version of kpi_target in force
  latest_measurement_id uuid,             -- the newest by (day, recorded_at, id); its value is kept here for the wall
  latest_value numeric,
  latest_observed_at timestamptz,
  latest_observed_on date,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  created_on date not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key),
  foreign key (tenant_id, subject_id) references subject (tenant_id, id)
);
create index kpi_subject on kpi (tenant_id, subject_id, id);
create index kpi_name on kpi (tenant_id, name_key, id);

create table kpi_target (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  kpi_id uuid not null,
  baseline numeric,
  target numeric,
  start_on date,
  target_on date,
  red_at numeric,
  green_at numeric,
  tolerance numeric,
  range_low numeric,
  range_high numeric,
  recorded_at timestamptz not null,
  superseded_at timestamptz,              -- null: in force
  primary key (tenant_id, id),
  unique (tenant_id, kpi_id, id),
  foreign key (tenant_id, kpi_id) references kpi (tenant_id, id)
);
create unique index kpi_target_in_force on kpi_target (tenant_id, kpi_id) where superseded_at is null;
alter table kpi add foreign key (tenant_id, id, target_id) references kpi_target (tenant_id, kpi_id, id) deferrable initially deferred;

create table measurement (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  kpi_id uuid not null,
  value numeric not null check (value not in ('NaN', 'Infinity', '-Infinity')),
  observed_at timestamptz not null,
  observed_on date not null,
  recorded_at timestamptz not null,
  source text collate "C",
  external_id text collate "C",
  note text,
  supersedes_id uuid,                     -- the measurement that this one corrects
  superseded_at timestamptz,              -- when a correction replaced this one; null: it counts
  primary key (tenant_id, id),
  foreign key (tenant_id, kpi_id) references kpi (tenant_id, id)
) partition by range (id);
create index measurement_newest on measurement (tenant_id, kpi_id, observed_on desc, recorded_at desc, id desc);
create index measurement_observed on measurement (tenant_id, kpi_id, observed_at desc, id desc);

-- What a source sent once is never counted twice: uniqueness cannot live on the partitioned table.
create table measurement_source (
  tenant_id uuid not null references organization (tenant_id),
  kpi_id uuid not null,
  source text collate "C" not null,
  external_id text collate "C" not null,
  measurement_id uuid not null,           -- the newest with this identity
  primary key (tenant_id, kpi_id, source, external_id),
  foreign key (tenant_id, kpi_id) references kpi (tenant_id, id)
);

-- Trackers ----------------------------------------------------------------------------------------

-- Our entities by the name that another system gives them.
create table external_reference (
  tenant_id uuid not null references organization (tenant_id),
  kind text not null check (kind in ('PORTFOLIO', 'PRODUCT', 'INITIATIVE', 'KPI', 'PERSON')),
  system text collate "C" not null,
  external_id text collate "C" not null,
  node_id uuid not null,
  url text,
  primary key (tenant_id, kind, system, external_id)
);
create index external_reference_node on external_reference (tenant_id, node_id);

create table connection (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  system text not null check (system in ('GITHUB')),
  last_delivery_at timestamptz,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key)
);

-- At most two live secrets a connection, so that a sender can be moved from the old to the new one.
create table connection_secret (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  connection_id uuid not null,
  slot smallint not null check (slot in (1, 2)),
  encrypted_secret bytea not null,        -- AES-256-GCM: 12 bytes nonce, then ciphertext and tag; bound to tenant and connection
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, connection_id) references connection (tenant_id, id)
);
create unique index connection_secret_live on connection_secret (tenant_id, connection_id, slot) where retired_at is null;

create table delivery (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  connection_id uuid not null,
  delivery_key text collate "C" not null, -- the sender's delivery id, else the SHA-256 of the body
  event text not null,
  headers jsonb not null,
  body bytea not null,                    -- as received, zlib
  stale boolean not null default false,
  status text not null default 'NEW' check (status in ('NEW', 'APPLIED', 'SUPERSEDED', 'IGNORED', 'DEAD')),
  reason text,                            -- why it was not applied
  received_at timestamptz not null,
  processed_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, connection_id) references connection (tenant_id, id)
) partition by range (id);
create index delivery_new on delivery (tenant_id, connection_id, id) where status = 'NEW';
create index delivery_connection on delivery (tenant_id, connection_id, id desc);

create table delivery_identity (
  tenant_id uuid not null references organization (tenant_id),
  connection_id uuid not null,
  delivery_key text collate "C" not null,
  delivery_id uuid not null,
  primary key (tenant_id, connection_id, delivery_key),
  foreign key (tenant_id, connection_id) references connection (tenant_id, id)
);

create table work_item (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  connection_id uuid not null,
  source_id text collate "C" not null,    -- the tracker's own stable id
  key text collate "C" not null,          -- what people call it: owner/repository#12
  title text collate "C" not null,
  url text,
  type text not null default 'OTHER' check (type in ('EPIC', 'STORY', 'TASK', 'BUG', 'SUBTASK', 'INCIDENT', 'REQUIREMENT', 'OTHER')),
  state_category text not null
    check (state_category in ('TRIAGE', 'BACKLOG', 'TODO', 'IN_PROGRESS', 'DONE', 'CANCELED', 'UNKNOWN')),
  state_name text not null,
  container text collate "C" not null,    -- repository or project
  milestone_source_id text collate "C",
  milestone_title text,
  labels text[] not null default '{}',
  opened_at timestamptz,
  done_at timestamptz,
  canceled_at timestamptz,
  deleted_at timestamptz,                 -- tombstone
  source_updated_at timestamptz not null, -- the tracker's clock: newest wins
  source_complete boolean not null,       -- a complete snapshot beats a partial one of the same instant
  source_digest bytea not null,           -- SHA-256 of the normalized item: the last tie-break
  needs_reread boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, connection_id, source_id),
  foreign key (tenant_id, connection_id) references connection (tenant_id, id)
);
create index work_item_milestone on work_item (tenant_id, connection_id, milestone_source_id);
create index work_item_key on work_item (tenant_id, key, id);

create table tracker_milestone (
  tenant_id uuid not null references organization (tenant_id),
  connection_id uuid not null,
  source_id text collate "C" not null,
  container text collate "C" not null,
  number integer not null,
  title text collate "C" not null,
  due_on date,
  closed_at timestamptz,
  deleted_at timestamptz,
  source_updated_at timestamptz not null,
  source_complete boolean not null,
  source_digest bytea not null,
  primary key (tenant_id, connection_id, source_id),
  foreign key (tenant_id, connection_id) references connection (tenant_id, id)
);

create table linking_rule (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  connection_id uuid not null,
  initiative_id uuid not null,
  kind text not null check (kind in ('MILESTONE', 'LABEL', 'EXPLICIT')),
  container text collate "C",             -- repository; null: every one
  value text collate "C" not null,        -- milestone title, label, or the item's key
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, connection_id) references connection (tenant_id, id),
  foreign key (tenant_id, initiative_id) references initiative (tenant_id, id)
);
create unique index linking_rule_live on linking_rule (tenant_id, connection_id, initiative_id, kind, value, container)
  nulls not distinct where archived_at is null;
create index linking_rule_initiative on linking_rule (tenant_id, initiative_id);

-- Which items belong to which initiative, as intervals: any past day can be counted again.
create table work_item_link (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  work_item_id uuid not null,
  initiative_id uuid not null,
  rule_id uuid not null,
  valid_from timestamptz not null,
  valid_to timestamptz,                   -- null: it holds
  primary key (tenant_id, id),
  foreign key (tenant_id, work_item_id) references work_item (tenant_id, id),
  foreign key (tenant_id, initiative_id) references initiative (tenant_id, id),
  foreign key (tenant_id, rule_id) references linking_rule (tenant_id, id)
);
create unique index work_item_link_open on work_item_link (tenant_id, work_item_id, initiative_id) where valid_to is null;
create index work_item_link_initiative on work_item_link (tenant_id, initiative_id, work_item_id) where valid_to is null;

-- Health ------------------------------------------------------------------------------------------

-- What a score was computed from, by the SHA-256 of its canonical text.
create table health_input (
  tenant_id uuid not null references organization (tenant_id),
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  document text not null,
  primary key (tenant_id, fingerprint)
);

-- One row a node, day, policy and revision; inserted, never changed. Points are integer millipoints.
create table health_score (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  node_id uuid not null,
  as_of date not null,
  revision integer not null check (revision >= 1),
  series text not null default 'LIVE' check (series in ('LIVE', 'RESTATED')),
  policy_version text not null,
  engine_version text not null,
  fingerprint bytea not null,
  lifecycle text not null,
  score_mp integer,
  provisional_mp integer,
  band text not null check (band in ('HEALTHY', 'WATCH', 'AT_RISK', 'CRITICAL', 'UNKNOWN')),
  band_since date not null,
  coverage_mp integer not null,
  freshness_mp integer not null,
  confidence_mp integer not null,
  confidence_level text not null check (confidence_level in ('HIGH', 'MEDIUM', 'LOW', 'VERY_LOW')),
  low_mp integer not null,
  high_mp integer not null,
  dimension_names text[] not null,
  dimension_points_mp integer[] not null, -- null element: no score in that dimension
  contribution_keys text[] not null,
  contribution_points_mp integer[] not null,
  driver_paths text[] not null,           -- the largest 50; what is left is in driver_remainder_mp
  driver_codes text[] not null,
  driver_points_mp integer[] not null,
  driver_remainder_mp integer not null,
  cap_keys text[] not null,
  cap_points_mp integer[] not null,
  excluded_lifecycles text[] not null,
  excluded_counts integer[] not null,
  finish_probability_mp integer,
  schedule_performance text,              -- SPI(t), a fraction "n/d"
  computed_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, node_id) references subject (tenant_id, id)
) partition by range (id);
create index health_score_node on health_score (tenant_id, node_id, as_of desc, revision desc, id desc);

-- Events ------------------------------------------------------------------------------------------

create table event (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  type text collate "C" not null,         -- past tense: PRODUCT_CREATED
  entity_kind text not null,              -- what changed: PRODUCT, KPI, …
  entity_id uuid not null,
  subject_id uuid,                        -- the node it is about; null: the tenant's own affairs (people, keys, connections)
  portfolio_id uuid,                      -- the wall at that moment
  actor_key_id uuid,                      -- the key it came with; null: a worker or a command
  actor_person_id uuid,
  actor_service_account_id uuid,
  via text not null check (via in ('API', 'INGEST', 'WEBHOOK', 'WORKER', 'COMMAND')),
  request_id text,
  changes jsonb not null,                 -- [{field, from, to}], private values as {field, digest}
  occurred_at timestamptz not null,
  primary key (tenant_id, id)
) partition by range (id);
create index event_subject on event (tenant_id, subject_id, id desc);

-- Values of personal and free-text fields: erased here without breaking the chain.
create table event_private_value (
  tenant_id uuid not null references organization (tenant_id),
  event_id uuid not null,
  position integer not null,              -- index in event.changes, from 0
  from_value jsonb,
  to_value jsonb,
  salt bytea not null,
  primary key (tenant_id, event_id, position)
);

-- Signalling: written with the event, taken by the sealer in (transaction, id) order below the snapshot's xmin.
create table event_unsealed (
  tenant_id uuid not null references organization (tenant_id),
  event_id uuid not null,
  transaction_id xid8 not null default pg_current_xact_id(),
  digest bytea not null check (octet_length(digest) = 32),  -- SHA-256 of the event's canonical text
  primary key (tenant_id, event_id)
);

-- The feed and the audit chain. sequence is dense per tenant and is the feed's cursor.
create table event_seal (
  tenant_id uuid not null references organization (tenant_id),
  sequence bigint not null check (sequence >= 1),
  event_id uuid not null,
  digest bytea not null,
  chain_hash bytea not null,              -- SHA-256(previous chain_hash, sequence, event id, digest)
  sealed_at timestamptz not null,
  primary key (tenant_id, sequence),
  unique (tenant_id, event_id)
);

-- The feed: sealed events only, with the reader's own rights.
create view sealed_event with (security_invoker = true) as
  select s.sequence, s.chain_hash, e.*
  from event_seal s join event e on e.tenant_id = s.tenant_id and e.id = s.event_id;

create table idempotency_record (
  tenant_id uuid not null references organization (tenant_id),
  holder_id uuid not null,                -- person or service account: a new key of the same holder retries the same call
  idempotency_key text collate "C" not null,
  operation text not null,                -- mutation, or the ingest path
  input_hash bytea not null,
  outcome jsonb,                          -- ids, userErrors, warnings; null while the first call runs
  selection_hash bytea,
  answer bytea,                           -- the bytes of the payload for that selection
  created_at timestamptz not null,
  primary key (tenant_id, holder_id, idempotency_key)
);
create index idempotency_record_created on idempotency_record (tenant_id, created_at);

-- Signals: what waits to be done, without content ------------------------------------------------

-- generation is bumped in the writing transaction; a job reads it with its inputs and writes done_generation with its result.
create table signal (
  tenant_id uuid not null references organization (tenant_id),
  job text not null check (job in ('recompute_health', 'apply_deliveries')),
  target_id uuid not null,                -- a node; a connection
  generation bigint not null default 1,
  done_generation bigint not null default 0,
  raised_at timestamptz not null default clock_timestamp(), -- since when it waits
  rung_at timestamptz,                    -- when the relay last rang for it
  due_at timestamptz,                     -- when time alone changes the result; null: never
  tries integer not null default 0,
  run_after timestamptz,                  -- back-off after a failure
  parked_at timestamptz,                  -- given up after 5 tries; a new generation un-parks it
  error_code text,                        -- class of the last failure
  primary key (tenant_id, job, target_id)
);
create index signal_waiting on signal (raised_at) where generation > done_generation and parked_at is null;
create index signal_due on signal (due_at) where due_at is not null;

-- raise_signal bumps targets in a fixed order, so that two transactions cannot wait for each other crosswise.
create function raise_signal(job_name text, targets uuid[]) returns void language sql
begin atomic
  insert into signal (tenant_id, job, target_id)
  select (select claimed_tenant_id()), job_name, target from unnest(targets) as target group by target order by target
  on conflict (tenant_id, job, target_id) do update
    set generation = signal.generation + 1, parked_at = null, run_after = null, tries = 0,
        raised_at = case when signal.generation > signal.done_generation then signal.raised_at else clock_timestamp() end;
  select pg_notify('folioscope', '');
end;

-- Partitions by quarter of the id's own time, with a default so that no write is ever refused.
create function prepare_partitions(from_day date) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  parent text;
  first_day date;
  child text;
begin
  foreach parent in array array['measurement', 'health_score', 'event', 'delivery'] loop
    execute format('create table if not exists %I partition of %I default', parent || '_default', parent);
    for quarter in 0..2 loop
      first_day := (date_trunc('quarter', from_day) + make_interval(months => 3 * quarter))::date;
      child := parent || '_' || to_char(first_day, 'YYYY"q"Q');
      if to_regclass(child) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)', child, parent,
          uuid_floor(first_day::timestamp at time zone 'UTC'),
          uuid_floor((first_day + interval '3 months') at time zone 'UTC'));
      end if;
    end loop;
  end loop;
end $$;
select prepare_partitions(current_date);

-- Walls -------------------------------------------------------------------------------------------

call build_wall('organization', 'select, insert, update');
call build_wall('person', 'select, insert, update');
call build_wall('service_account', 'select, insert, update');
call build_wall('api_key', 'select, insert, update');
call build_wall('subject', 'select, insert, update');
call build_wall('portfolio', 'select, insert, update');
call build_wall('portfolio_closure', 'select, insert, delete');
call build_wall('product', 'select, insert, update');
call build_wall('initiative', 'select, insert, update');
call build_wall('initiative_product', 'select, insert, update, delete');
call build_wall('progress_snapshot', 'select, insert');
call build_wall('kpi', 'select, insert, update');
call build_wall('kpi_target', 'select, insert, update');
call build_wall('measurement', 'select, insert, update');
call build_wall('measurement_source', 'select, insert, update');
call build_wall('external_reference', 'select, insert, update');
call build_wall('connection', 'select, insert, update');
call build_wall('connection_secret', 'select, insert, update');
call build_wall('delivery', 'select, insert, update');
call build_wall('delivery_identity', 'select, insert');
call build_wall('work_item', 'select, insert, update');
call build_wall('tracker_milestone', 'select, insert, update');
call build_wall('linking_rule', 'select, insert, update');
call build_wall('work_item_link', 'select, insert, update');
call build_wall('health_input', 'select, insert');
call build_wall('health_score', 'select, insert');
call build_wall('event', 'select, insert');
call build_wall('event_private_value', 'select, insert');
call build_wall('event_unsealed', 'insert');
call build_wall('event_seal', 'select');
grant select on sealed_event to folioscope_app;
call build_wall('idempotency_record', 'select, insert, update, delete');
call build_wall('signal', 'select, insert, update');

-- The relay sees the signalling tables of all tenants, and nothing else.
create policy relay on event_unsealed to folioscope_relay using (true) with check (true);
create policy relay on event_seal to folioscope_relay using (true) with check (true);
create policy relay on signal to folioscope_relay using (true) with check (true);
grant select, delete on event_unsealed to folioscope_relay;
grant select, insert on event_seal to folioscope_relay;
grant select, update on signal to folioscope_relay;
revoke execute on function prepare_partitions(date) from public;
grant execute on function prepare_partitions(date) to folioscope_relay;

-- The two look-ups before a tenant is known: owned by a role that can read just those tables.
grant select on api_key, person, service_account, connection, connection_secret to folioscope_lookup;
create policy lookup on api_key for select to folioscope_lookup using (true);
create policy lookup on person for select to folioscope_lookup using (true);
create policy lookup on service_account for select to folioscope_lookup using (true);
create policy lookup on connection for select to folioscope_lookup using (true);
create policy lookup on connection_secret for select to folioscope_lookup using (true);

reset role;
set local role folioscope_lookup;

create function find_api_key(key_id uuid)
returns table (tenant_id uuid, secret_digest bytea, scopes text[], granted_portfolio_ids uuid[], expires_at timestamptz,
               revoked_at timestamptz, person_id uuid, service_account_id uuid, holder_archived_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public
begin atomic
  select k.tenant_id, k.secret_digest, k.scopes, k.granted_portfolio_ids, k.expires_at,
         k.revoked_at, k.person_id, k.service_account_id, coalesce(p.archived_at, s.archived_at)
  from api_key k
  left join person p on p.tenant_id = k.tenant_id and p.id = k.person_id
  left join service_account s on s.tenant_id = k.tenant_id and s.id = k.service_account_id
  where k.id = key_id;
end;

create function find_connection(connection_id uuid)
returns table (tenant_id uuid, system text, archived_at timestamptz, encrypted_secrets bytea[])
language sql stable security definer set search_path = pg_catalog, public
begin atomic
  select c.tenant_id, c.system, c.archived_at,
         array(select s.encrypted_secret from connection_secret s
               where s.tenant_id = c.tenant_id and s.connection_id = c.id and s.retired_at is null order by s.slot)
  from connection c where c.id = find_connection.connection_id;
end;

revoke execute on function find_api_key(uuid), find_connection(uuid) from public;
grant execute on function find_api_key(uuid), find_connection(uuid) to folioscope_app;

reset role;
-- Both look-ups go by id alone: the only indexes beside the signals' that tenant_id does not lead.
create index api_key_lookup on api_key (id);
create index connection_lookup on connection (id);
revoke create on schema public from folioscope_lookup;
