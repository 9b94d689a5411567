-- People: teams and who is in them, skills held and needed, and who works on what for which part of the time.
-- Every `to_on` is the last day, itself included; null: it runs on.

set local role folioscope_owner;

create table team (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  description text,
  parent_id uuid,
  lead_id uuid,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key),
  foreign key (tenant_id, parent_id) references team (tenant_id, id),
  foreign key (tenant_id, lead_id) references person (tenant_id, id),
  check (parent_id <> id)
);
create index team_parent on team (tenant_id, parent_id, id);
create index team_lead on team (tenant_id, lead_id);
create index team_name on team (tenant_id, name_key, id);

create table membership (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  team_id uuid not null,
  person_id uuid not null,
  role text,
  from_on date not null,
  to_on date,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, team_id) references team (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  check (to_on >= from_on)
);
create unique index membership_open on membership (tenant_id, team_id, person_id) where to_on is null;
create index membership_team on membership (tenant_id, team_id, id);
create index membership_person on membership (tenant_id, person_id, id);

create table skill (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  key text collate "C" not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  category text collate "C",
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, key)
);
create index skill_name on skill (tenant_id, name_key, id);

create table person_skill (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  person_id uuid not null,
  skill_id uuid not null,
  level integer not null check (level between 1 and 5),
  assessed_on date not null,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, person_id, skill_id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  foreign key (tenant_id, skill_id) references skill (tenant_id, id)
);
create index person_skill_skill on person_skill (tenant_id, skill_id, id);

create table skill_demand (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  subject_id uuid not null,
  skill_id uuid not null,
  full_time_equivalents numeric not null check (full_time_equivalents > 0 and full_time_equivalents <= 1000),
  level integer not null check (level between 1 and 5),
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, subject_id, skill_id),
  foreign key (tenant_id, subject_id) references subject (tenant_id, id),
  foreign key (tenant_id, skill_id) references skill (tenant_id, id)
);
create index skill_demand_skill on skill_demand (tenant_id, skill_id, id);

-- What is known now; what was known before is in assignment_version.
create table assignment (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  subject_id uuid not null,
  person_id uuid,
  team_id uuid,                           -- every member of the team is assigned alike
  role text not null check (role in ('PRODUCT_MANAGER', 'AI_ENGINEER', 'DATA_SCIENTIST', 'ML_OPS', 'DATA_ENGINEER',
    'DESIGNER', 'SOFTWARE_ENGINEER', 'DOMAIN_EXPERT', 'RISK_OFFICER', 'SPONSOR', 'OTHER')),
  allocation numeric not null check (allocation between 0 and 1),
  from_on date not null,
  to_on date,
  confirmed_on date not null,             -- day on which somebody last said so
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, subject_id) references subject (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  foreign key (tenant_id, team_id) references team (tenant_id, id),
  check (num_nonnulls(person_id, team_id) = 1),
  check (to_on >= from_on)
);
create unique index assignment_open_person on assignment (tenant_id, subject_id, person_id, role) where to_on is null and person_id is not null;
create unique index assignment_open_team on assignment (tenant_id, subject_id, team_id, role) where to_on is null and team_id is not null;
create index assignment_subject on assignment (tenant_id, subject_id, id);
create index assignment_person on assignment (tenant_id, person_id, id);
create index assignment_team on assignment (tenant_id, team_id, id);

create table assignment_version (
  tenant_id uuid not null references organization (tenant_id),
  assignment_id uuid not null,
  version integer not null,
  role text not null,
  allocation numeric not null,
  from_on date not null,
  to_on date,
  recorded_at timestamptz not null,
  superseded_at timestamptz,              -- null: what is known now
  primary key (tenant_id, assignment_id, version),
  foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
);

-- Who does the work: a person's own assignments, and those of a team for as long as the person is in it.
create view person_work with (security_invoker = true) as
  select a.tenant_id, a.person_id, a.subject_id, a.id as assignment_id, a.allocation, a.from_on, a.to_on
  from assignment a where a.person_id is not null
  union all
  select a.tenant_id, m.person_id, a.subject_id, a.id, a.allocation, greatest(a.from_on, m.from_on), least(a.to_on, m.to_on)
  from assignment a join membership m on m.tenant_id = a.tenant_id and m.team_id = a.team_id
  where m.from_on <= coalesce(a.to_on, 'infinity') and a.from_on <= coalesce(m.to_on, 'infinity');

-- The first day of a day's week, as the organization begins its weeks.
create function week_start(day date) returns date language sql stable
begin atomic
  select day - (extract(isodow from day)::integer - o.first_weekday + 7) % 7
  from organization o where o.tenant_id = (select claimed_tenant_id());
end;

-- The whole weeks or months that touch a span of days.
create function calendar_buckets(first_on date, last_on date, unit text) returns table (start_on date, end_on date) language sql stable
begin atomic
  select w.first_on + 7 * n, w.first_on + 7 * n + 6
  from (select week_start(calendar_buckets.first_on) as first_on) w, generate_series(0, (last_on - w.first_on) / 7) n where unit = 'WEEK'
  union all
  select m::date, (m + interval '1 month')::date - 1
  from generate_series(date_trunc('month', first_on::timestamp), last_on::timestamp, interval '1 month') m where unit = 'MONTH';
end;

-- A team and the teams below it.
create function team_branch(top_id uuid) returns setof uuid language sql stable
begin atomic
  with recursive branch as (
    select top_id as id
    union
    select t.id from branch b join team t on t.tenant_id = (select claimed_tenant_id()) and t.parent_id = b.id
  ) select id from branch;
end;

-- Skills needed against skills held on a day: supply is the allocation there of those who hold the skill at its level.
create function skill_cover(subject_ids uuid[], day date)
returns table (subject_id uuid, skill_id uuid, demand numeric, supply numeric, holder_ids uuid[]) language sql stable
begin atomic
  select d.subject_id, d.skill_id, d.full_time_equivalents, coalesce(held.allocation, 0), coalesce(held.person_ids, '{}')
  from skill_demand d
  cross join lateral (
    select sum(w.allocation) as allocation, array_agg(distinct w.person_id) as person_ids
    from person_work w
    join person_skill k on k.tenant_id = d.tenant_id and k.person_id = w.person_id and k.skill_id = d.skill_id
      and k.level >= d.level
    where w.tenant_id = d.tenant_id and w.subject_id = d.subject_id
      and w.from_on <= day and coalesce(w.to_on, 'infinity') >= day) held
  where d.tenant_id = (select claimed_tenant_id()) and d.subject_id = any (subject_ids);
end;

-- Which kinds have names in other systems is what the changes say; a list here would have to grow with each.
-- squawk-ignore ban-drop-constraint
alter table external_reference drop constraint external_reference_kind_check;

call build_wall('team', 'select, insert, update');
call build_wall('membership', 'select, insert, update');
call build_wall('skill', 'select, insert, update');
call build_wall('person_skill', 'select, insert, update, delete');
call build_wall('skill_demand', 'select, insert, update, delete');
call build_wall('assignment', 'select, insert, update');
call build_wall('assignment_version', 'select, insert, update');
grant select on person_work to folioscope_app;

reset role;
