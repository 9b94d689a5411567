-- Plans and words: milestones, dependencies, status updates, labels, custom fields, saved views.

set local role folioscope_owner;

create table milestone (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  initiative_id uuid not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  due_on date not null,
  done_on date,                           -- null: open
  canceled_at timestamptz,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, initiative_id) references initiative (tenant_id, id)
);
create index milestone_initiative on milestone (tenant_id, initiative_id, due_on, id);
create index milestone_due on milestone (tenant_id, due_on, id);

-- The blocked initiative needs the blocking one to be finished first. Live rows form no circle.
create table dependency (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  blocker_id uuid not null,
  blocked_id uuid not null,
  note text,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, blocker_id) references initiative (tenant_id, id),
  foreign key (tenant_id, blocked_id) references initiative (tenant_id, id),
  check (blocker_id <> blocked_id)
);
create unique index dependency_live on dependency (tenant_id, blocked_id, blocker_id) where archived_at is null;
create index dependency_blocked on dependency (tenant_id, blocked_id, id);
create index dependency_blocker on dependency (tenant_id, blocker_id, id);

-- Status as people report it: inserted, and retracted at most.
create table status_update (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  subject_id uuid not null,
  status text not null check (status in ('ON_TRACK', 'AT_RISK', 'OFF_TRACK')),
  body text,
  author_person_id uuid,
  author_service_account_id uuid,
  archived_at timestamptz,                -- retracted
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, subject_id) references subject (tenant_id, id),
  foreign key (tenant_id, author_person_id) references person (tenant_id, id),
  foreign key (tenant_id, author_service_account_id) references service_account (tenant_id, id),
  check (num_nonnulls(author_person_id, author_service_account_id) = 1)
);
create index status_update_subject on status_update (tenant_id, subject_id, created_at desc, id desc);

-- What is reported of a subject now, kept at write time, and how it differs from what is measured: by settle_divergence
-- alone. A subject of which nothing was ever reported has no row.
create table subject_report (
  tenant_id uuid not null references organization (tenant_id),
  subject_id uuid not null,
  latest_status_update_id uuid,           -- null: every report was retracted
  reported_status text check (reported_status in ('ON_TRACK', 'AT_RISK', 'OFF_TRACK')),
  reported_at timestamptz,
  divergence text check (divergence in ('OPTIMISTIC', 'PESSIMISTIC', 'STALE_REPORT')),
  diverged_on date,
  primary key (tenant_id, subject_id),
  foreign key (tenant_id, subject_id) references subject (tenant_id, id),
  foreign key (tenant_id, latest_status_update_id) references status_update (tenant_id, id),
  check (num_nonnulls(latest_status_update_id, reported_status, reported_at) in (0, 3)),
  check ((divergence is null) = (diverged_on is null))
);
create index subject_report_diverging on subject_report (tenant_id, subject_id) where divergence is not null;

-- The day after which a report counts no longer as current: it is good for 14 days.
create function report_stale_on(reported_at timestamptz) returns date language sql stable
  return organization_day(reported_at) + 15;

-- settle_divergence compares report and band of the given nodes, keeps the result, and returns those that changed.
-- A band UNKNOWN, or no report: no divergence. A stale report is just that, whatever it says.
-- Safe to run twice. Called with the nodes' rows in hand, or by the one that folds the tenant.
create function settle_divergence(node_ids uuid[], settled_at timestamptz)
returns table (node_id uuid, node_kind text, node_portfolio_id uuid, divergence_before text, divergence_after text)
language sql
begin atomic
  with node as (
    select s.id, s.kind, s.portfolio_id, r.divergence as before_kind, r.diverged_on as before_on,
           r.reported_status, r.reported_at,
           coalesce(p.health_score_id, i.health_score_id, f.health_score_id, o.health_score_id) as score_id
    from subject_report r
    join subject s on s.tenant_id = r.tenant_id and s.id = r.subject_id
    left join product p on p.tenant_id = s.tenant_id and p.id = s.id
    left join initiative i on i.tenant_id = s.tenant_id and i.id = s.id
    left join portfolio f on f.tenant_id = s.tenant_id and f.id = s.id
    left join organization o on o.tenant_id = s.tenant_id and o.id = s.id
    where r.tenant_id = (select claimed_tenant_id()) and r.subject_id = any (node_ids)
    order by r.subject_id for no key update of r
  ), compared as (
    select n.*, h.band_since, organization_day(n.reported_at) as reported_on,
           report_stale_on(n.reported_at) as stale_on,
           case
             when n.reported_status is null or h.band is null or h.band = 'UNKNOWN' then null
             when organization_day(settled_at) >= report_stale_on(n.reported_at) then 'STALE_REPORT'
             when n.reported_status = 'ON_TRACK' and h.band in ('AT_RISK', 'CRITICAL') then 'OPTIMISTIC'
             when n.reported_status = 'AT_RISK' and h.band = 'CRITICAL' then 'OPTIMISTIC'
             when n.reported_status = 'OFF_TRACK' and h.band in ('HEALTHY', 'WATCH') then 'PESSIMISTIC'
             when n.reported_status = 'AT_RISK' and h.band = 'HEALTHY' then 'PESSIMISTIC'
           end as after_kind
    from node n left join health_score h on h.tenant_id = (select claimed_tenant_id()) and h.id = n.score_id
  ), settled as (
    select c.*, case when c.after_kind = 'STALE_REPORT' then greatest(c.stale_on, c.band_since)
                     when c.after_kind is not null then greatest(c.reported_on, c.band_since) end as after_on
    from compared c
  ), kept as (
    update subject_report r set divergence = d.after_kind, diverged_on = d.after_on from settled d
    where r.tenant_id = (select claimed_tenant_id()) and r.subject_id = d.id
      and (d.before_kind, d.before_on) is distinct from (d.after_kind, d.after_on)
    returning r.subject_id
  )
  select d.id, d.kind, d.portfolio_id, d.before_kind, d.after_kind from settled d
  join kept k on k.subject_id = d.id where d.before_kind is distinct from d.after_kind;
end;

-- Words ---------------------------------------------------------------------------------------------

create table label (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  color text not null check (color ~ '^#[0-9A-F]{6}$'),
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, name_key)
);

create table label_assignment (
  tenant_id uuid not null references organization (tenant_id),
  subject_id uuid not null,
  subject_kind text not null check (subject_kind in ('PRODUCT', 'INITIATIVE')),
  label_id uuid not null,
  primary key (tenant_id, subject_id, label_id),
  foreign key (tenant_id, subject_id, subject_kind) references subject (tenant_id, id, kind),
  foreign key (tenant_id, label_id) references label (tenant_id, id)
);
create index label_assignment_label on label_assignment (tenant_id, label_id, subject_id);

create table custom_field (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  description text,
  entity text not null check (entity in ('PRODUCT', 'INITIATIVE', 'KPI')),
  type text not null check (type in ('TEXT', 'NUMBER', 'DATE', 'BOOLEAN', 'CHOICE')),
  choices text[],                         -- of a CHOICE, in the order shown
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key),
  check ((choices is not null) = (type = 'CHOICE'))
);
create index custom_field_entity on custom_field (tenant_id, entity, id);

-- One value a field and object; a field without a value has no row.
create table custom_field_value (
  tenant_id uuid not null references organization (tenant_id),
  node_id uuid not null,                  -- a product, an initiative or a KPI, as the field says
  custom_field_id uuid not null,
  text_value text,
  number_value numeric check (number_value not in ('NaN', 'Infinity', '-Infinity')),
  day_value date,
  boolean_value boolean,
  choice_value text,
  primary key (tenant_id, node_id, custom_field_id),
  foreign key (tenant_id, custom_field_id) references custom_field (tenant_id, id),
  check (num_nonnulls(text_value, number_value, day_value, boolean_value, choice_value) = 1)
);
create index custom_field_value_field on custom_field_value (tenant_id, custom_field_id, node_id);

create table saved_view (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  entity text not null check (entity in ('PORTFOLIO', 'PRODUCT', 'INITIATIVE', 'KPI')),
  filter jsonb,                           -- as the list of the entity takes it; null: none
  order_by jsonb,
  person_id uuid,
  service_account_id uuid,
  shared_at timestamptz,                  -- null: its owner alone sees it
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  foreign key (tenant_id, service_account_id) references service_account (tenant_id, id),
  check (num_nonnulls(person_id, service_account_id) = 1)
);
create index saved_view_person on saved_view (tenant_id, person_id, id);
create index saved_view_service_account on saved_view (tenant_id, service_account_id, id);

call build_wall('milestone', 'select, insert, update');
call build_wall('dependency', 'select, insert, update');
call build_wall('status_update', 'select, insert, update');
call build_wall('subject_report', 'select, insert, update');
call build_wall('label', 'select, insert, update');
call build_wall('label_assignment', 'select, insert, delete');
call build_wall('custom_field', 'select, insert, update');
call build_wall('custom_field_value', 'select, insert, update, delete');
call build_wall('saved_view', 'select, insert, update');

reset role;
