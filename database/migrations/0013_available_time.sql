-- How much time people have: their share of full time, absences, and the days on which nobody works.
-- Working days are Monday to Friday. Days are those of the organization; `to_on` is the last day, itself included.

set local role folioscope_owner;

create table working_time (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  person_id uuid not null,
  share numeric not null check (share between 0 and 1),
  from_on date not null,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, person_id, from_on),
  foreign key (tenant_id, person_id) references person (tenant_id, id)
);

create table absence (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  person_id uuid not null,
  from_on date not null,
  to_on date not null,
  share_away numeric not null check (share_away > 0 and share_away <= 1),
  kind text collate "C" not null check (kind in ('VACATION', 'SICK', 'HOLIDAY', 'OTHER')),
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  check (to_on >= from_on)
);
create index absence_person on absence (tenant_id, person_id, from_on, id);

create table company_holiday (
  tenant_id uuid not null references organization (tenant_id),
  id uuid not null,
  held_on date not null,
  name text collate "C" not null check (name <> ''),
  name_key text collate "C" not null generated always as (lower(name)) stored,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, held_on)
);

call build_wall('working_time', 'select, insert, update');
call build_wall('absence', 'select, insert, update');
call build_wall('company_holiday', 'select, insert, update');

-- Mondays to Fridays before a day, counted from the first day of the calendar, which is a Monday.
create function weekdays_before(day date) returns integer language sql immutable parallel safe
  return (day - date '0001-01-01') / 7 * 5 + least((day - date '0001-01-01') % 7, 5);

-- Mondays to Fridays of a span with two ends.
create function weekdays(span daterange) returns integer language sql immutable parallel safe
  return case when isempty(span) then 0 else weekdays_before(upper(span)) - weekdays_before(lower(span)) end;

-- Share of full time that a person works on a day: 1 where nothing is said; of two that hold, the one that began later.
create function working_share(worker_id uuid, day date) returns numeric language sql stable
  return coalesce((select w.share from working_time w
                   where w.tenant_id = (select claimed_tenant_id()) and w.person_id = worker_id and w.from_on <= day
                     and w.archived_at is null order by w.from_on desc limit 1), 1);

-- What absences leave of it: of two on one day, the one that begins later holds, then the one that was recorded later.
create function presence(worker_id uuid, day date) returns numeric language sql stable
  return coalesce((select 1 - a.share_away from absence a
                   where a.tenant_id = (select claimed_tenant_id()) and a.person_id = worker_id and a.from_on <= day
                     and a.to_on >= day and a.archived_at is null order by a.from_on desc, a.id desc limit 1), 1);

-- How much time people have from one day to another: spans in which nothing changes, company holidays left out.
create function available_time(people uuid[], first_on date, last_on date)
returns table (person_id uuid, during daterange, share numeric, presence numeric) language sql stable
begin atomic
  with edge as (
    select p.person_id, e.day from unnest(people) as p (person_id), unnest(array[first_on, last_on + 1]) as e (day)
    union
    select w.person_id, w.from_on from working_time w
    where w.tenant_id = (select claimed_tenant_id()) and w.person_id = any (people) and w.archived_at is null
      and w.from_on between first_on and last_on
    union
    select a.person_id, greatest(e.day, first_on) from absence a, unnest(array[a.from_on, a.to_on + 1]) as e (day)
    where a.tenant_id = (select claimed_tenant_id()) and a.person_id = any (people) and a.archived_at is null
      and a.from_on <= last_on and a.to_on >= first_on and e.day <= last_on
    union
    select p.person_id, e.day
    from company_holiday h, unnest(array[h.held_on, h.held_on + 1]) as e (day), unnest(people) as p (person_id)
    where h.tenant_id = (select claimed_tenant_id()) and h.archived_at is null and h.held_on between first_on and last_on
      and extract(isodow from h.held_on) < 6
  ), span as (
    select e.person_id, e.day, lead(e.day) over (partition by e.person_id order by e.day) as until from edge e
  )
  select s.person_id, daterange(s.day, s.until), working_share(s.person_id, s.day), presence(s.person_id, s.day)
  from span s
  where s.until > s.day
    and (extract(isodow from s.day) > 5
         or not exists (select from company_holiday h
                        where h.tenant_id = (select claimed_tenant_id()) and h.held_on = s.day and h.archived_at is null));
end;

reset role;
