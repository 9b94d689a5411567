-- ABSENCE: insert
insert into absence (tenant_id, id, created_at, updated_at, person_id, from_on, to_on, share_away, kind)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8);

-- ABSENCE: update
update absence set version = version + 1, updated_at = $3, from_on = $4, to_on = $5, share_away = $6, kind =
  $7
where tenant_id = $1 and id = $2;

-- ABSENCE: find to change
select x.*, null::uuid as home_id from absence x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- ABSENCE: find to name
select x.*, null::uuid as home_id from absence x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or (exists (select from portfolio o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from product o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from initiative o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id where a.tenant_id = x.tenant_id and a.person_id = x.person_id and s.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)))))));

-- ABSENCE: export
select 'absence' as type, its_person.key as "person", x.from_on as "fromOn", x.to_on as "toOn", x.share_away as "shareAway", x.kind as "kind", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'ABSENCE' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from absence x
left join person its_person on its_person.tenant_id = x.tenant_id and its_person.id = x.person_id and its_person.archived_at is null
where x.tenant_id = $1 and x.archived_at is null and its_person.id is not null
order by its_person.key, x.from_on, x.to_on, x.id;

-- API_KEY: find to change
select x.*, null::uuid as home_id from api_key x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- ASSIGNMENT: insert
insert into assignment (tenant_id, id, created_at, updated_at, confirmed_on, subject_id, person_id, team_id,
  role, allocation, from_on, to_on)
values ($1, $2, $3, $3, organization_day($3), $4, $5, $6, $7, $8, $9, $10);

-- ASSIGNMENT: update
update assignment set version = version + 1, updated_at = $3, confirmed_on = organization_day($3), role = $4,
  allocation = $5, from_on = $6, to_on = $7
where tenant_id = $1 and id = $2;

-- ASSIGNMENT: find to change
select x.*, s.portfolio_id as home_id from assignment x left join subject s on s.tenant_id = x.tenant_id and s.id = x.subject_id
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or s.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- ASSIGNMENT: export
select 'assignment' as type, s.name as "subject", its_person.key as "person", its_team.key as "team", x.role as "role", x.allocation as "allocation", x.from_on as "fromOn", x.to_on as "toOn", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'ASSIGNMENT' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from assignment x
cross join lateral (select json_build_object('organization', true) as name, 0 as place, '' as key where x.subject_id = $1 union all select json_build_object('portfolio', n.key) as name, 1 as place, n.key from portfolio n
  where n.tenant_id = x.tenant_id and n.id = x.subject_id and n.archived_at is null and true union all select json_build_object('product', n.key) as name, 2 as place, n.key from product n
  where n.tenant_id = x.tenant_id and n.id = x.subject_id and n.archived_at is null and true union all select json_build_object('initiative', n.key) as name, 3 as place, n.key from initiative n
  where n.tenant_id = x.tenant_id and n.id = x.subject_id and n.archived_at is null and true) s
left join person its_person on its_person.tenant_id = x.tenant_id and its_person.id = x.person_id and its_person.archived_at is null
left join team its_team on its_team.tenant_id = x.tenant_id and its_team.id = x.team_id and its_team.archived_at is null
where x.tenant_id = $1 and (x.person_id is null or its_person.id is not null) and (x.team_id is null or its_team.id is not null)
order by s.place, s.key, its_person.key, its_team.key, x.role, x.from_on, x.id;

-- COMPANY_HOLIDAY: insert
insert into company_holiday (tenant_id, id, created_at, updated_at, held_on, name)
values ($1, $2, $3, $3, $4, $5);

-- COMPANY_HOLIDAY: update
update company_holiday set version = version + 1, updated_at = $3, held_on = $4, name = $5
where tenant_id = $1 and id = $2;

-- COMPANY_HOLIDAY: find to change
select x.*, null::uuid as home_id from company_holiday x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- COMPANY_HOLIDAY: find to name
select x.*, null::uuid as home_id from company_holiday x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or true);

-- COMPANY_HOLIDAY: export
select 'companyHoliday' as type, x.held_on as "heldOn", x.name as "name", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'COMPANY_HOLIDAY' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from company_holiday x
where x.tenant_id = $1 and x.archived_at is null
order by x.held_on, x.id;

-- CONNECTION: find to change
select x.*, null::uuid as home_id from connection x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- CONNECTION: find to name
select x.*, null::uuid as home_id from connection x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or false);

-- CUSTOM_FIELD: insert
insert into custom_field (tenant_id, id, created_at, updated_at, entity, type, key, name, description,
  choices)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9);

-- CUSTOM_FIELD: update
update custom_field set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, choices
  = $7
where tenant_id = $1 and id = $2;

-- CUSTOM_FIELD: find to change
select x.*, null::uuid as home_id from custom_field x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- CUSTOM_FIELD: find to name
select x.*, null::uuid as home_id from custom_field x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or true);

-- CUSTOM_FIELD: export
select 'customField' as type, x.key as "key", x.name as "name", x.description as "description", x.entity as "entity", x.type as "valueType", x.choices as "choices"
from custom_field x
where x.tenant_id = $1 and x.archived_at is null
order by x.key, x.id;

-- DEPENDENCY: insert
insert into dependency (tenant_id, id, created_at, updated_at, blocker_id, blocked_id, note)
values ($1, $2, $3, $3, $4, $5, $6);

-- DEPENDENCY: update
update dependency set version = version + 1, updated_at = $3, note = $4
where tenant_id = $1 and id = $2;

-- DEPENDENCY: find to change
select x.*, s.portfolio_id as home_id from dependency x left join subject s on s.tenant_id = x.tenant_id and s.id = x.blocked_id
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or s.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- DEPENDENCY: export
select 'dependency' as type, its_blocker.key as "blocker", its_blocked.key as "blocked", x.note as "note", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'DEPENDENCY' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from dependency x
left join initiative its_blocker on its_blocker.tenant_id = x.tenant_id and its_blocker.id = x.blocker_id and its_blocker.archived_at is null
left join initiative its_blocked on its_blocked.tenant_id = x.tenant_id and its_blocked.id = x.blocked_id and its_blocked.archived_at is null
where x.tenant_id = $1 and x.archived_at is null and its_blocker.id is not null and its_blocked.id is not null
order by its_blocker.key, its_blocked.key, x.id;

-- EXTERNAL_LINK: find to change
select x.*, s.portfolio_id as home_id from external_link x left join subject s on s.tenant_id = x.tenant_id and s.id = x.subject_id
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or s.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- INITIATIVE: insert
with subject as (insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, 'INITIATIVE', $7))
insert into initiative (tenant_id, id, created_at, updated_at, key, name, description, portfolio_id, owner_id,
  state, start_on, target_on)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- INITIATIVE: update
with moved as (update subject set portfolio_id = $7 where tenant_id = $1 and id = $2 and portfolio_id <> $7)
update initiative set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6,
  portfolio_id = $7, owner_id = $8, state = $9, start_on = $10, target_on = $11
where tenant_id = $1 and id = $2;

-- INITIATIVE: find to change
select x.*, x.portfolio_id as home_id from initiative x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or x.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- INITIATIVE: export
select 'initiative' as type, x.key as "key", x.name as "name", x.description as "description", (select case when n.archived_at is null then n.key else chr(1) end from portfolio n where n.tenant_id = x.tenant_id and n.id = x.portfolio_id) as "portfolio", (select case when n.archived_at is null then n.key else chr(1) end from person n where n.tenant_id = x.tenant_id and n.id = x.owner_id) as "owner", x.state as "state", x.start_on as "startOn", x.target_on as "targetOn", 
  (select case when bool_or(p.archived_at is not null) then to_json(chr(1))
          else coalesce(json_agg(json_build_object('product', p.key, 'importance', l.importance) order by p.key),
                        '[]') end
   from initiative_product l join product p on p.tenant_id = l.tenant_id and p.id = l.product_id
   where l.tenant_id = $1 and l.initiative_id = x.id) as "products", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'INITIATIVE' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from initiative x
where x.tenant_id = $1 and x.archived_at is null
order by x.key, x.id;

-- KPI: insert
insert into kpi (tenant_id, id, created_at, updated_at, created_on, subject_id, key, name, description,
  category, unit, direction, value_mode, cadence_days, weight, required, critical, waived_until)
values ($1, $2, $3, $3, organization_day($3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- KPI: update
update kpi set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, category = $7,
  unit = $8, direction = $9, value_mode = $10, cadence_days = $11, weight = $12, required = $13, critical =
  $14, waived_until = $15
where tenant_id = $1 and id = $2;

-- KPI: find to change
select x.*, s.portfolio_id as home_id from kpi x left join subject s on s.tenant_id = x.tenant_id and s.id = x.subject_id
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or s.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- KPI: export
select 'kpi' as type, x.key as "key", x.name as "name", s.name as "subject", x.description as "description", x.category as "category", x.unit as "unit", x.direction as "direction", x.value_mode as "valueMode", x.cadence_days as "cadenceDays", x.weight as "weight", x.required as "required", x.critical as "critical", x.waived_until as "waivedThroughOn", 
  (select row_to_json(v) from (
    select t.target, t.baseline, t.start_on as "startOn", t.target_on as "targetOn", t.red_at as "redAt",
           t.green_at as "greenAt", t.tolerance, t.range_low as "rangeLow", t.range_high as "rangeHigh"
    from kpi_target t where t.tenant_id = $1 and t.kpi_id = x.id and t.superseded_at is null) v) as "target", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'KPI' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from kpi x
cross join lateral (select json_build_object('organization', true) as name, 0 as place, '' as key where x.subject_id = $1 union all select json_build_object('portfolio', n.key) as name, 1 as place, n.key from portfolio n
  where n.tenant_id = x.tenant_id and n.id = x.subject_id and n.archived_at is null and true union all select json_build_object('product', n.key) as name, 2 as place, n.key from product n
  where n.tenant_id = x.tenant_id and n.id = x.subject_id and n.archived_at is null and true union all select json_build_object('initiative', n.key) as name, 3 as place, n.key from initiative n
  where n.tenant_id = x.tenant_id and n.id = x.subject_id and n.archived_at is null and true) s
where x.tenant_id = $1 and x.archived_at is null
order by x.key, x.id;

-- LABEL: insert
insert into label (tenant_id, id, created_at, updated_at, name, color)
values ($1, $2, $3, $3, $4, $5);

-- LABEL: update
update label set version = version + 1, updated_at = $3, name = $4, color = $5
where tenant_id = $1 and id = $2;

-- LABEL: find to change
select x.*, null::uuid as home_id from label x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- LABEL: find to name
select x.*, null::uuid as home_id from label x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or true);

-- LABEL: export
select 'label' as type, x.name as "name", x.color as "color", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'LABEL' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from label x
where x.tenant_id = $1 and x.archived_at is null
order by x.name, x.id;

-- LINKING_RULE: find to change
select x.*, s.portfolio_id as home_id from linking_rule x left join subject s on s.tenant_id = x.tenant_id and s.id = x.initiative_id
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or s.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- MEMBERSHIP: insert
insert into membership (tenant_id, id, created_at, updated_at, team_id, person_id, role, from_on, to_on)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8);

-- MEMBERSHIP: update
update membership set version = version + 1, updated_at = $3, role = $4, from_on = $5, to_on = $6
where tenant_id = $1 and id = $2;

-- MEMBERSHIP: find to change
select x.*, null::uuid as home_id from membership x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- MEMBERSHIP: find to name
select x.*, null::uuid as home_id from membership x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or (exists (select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id where a.tenant_id = x.tenant_id and a.team_id = x.team_id and s.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) and (exists (select from portfolio o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from product o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from initiative o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id where a.tenant_id = x.tenant_id and a.person_id = x.person_id and s.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))))));

-- MEMBERSHIP: export
select 'membership' as type, its_team.key as "team", its_person.key as "person", x.role as "role", x.from_on as "fromOn", x.to_on as "toOn", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'MEMBERSHIP' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from membership x
left join team its_team on its_team.tenant_id = x.tenant_id and its_team.id = x.team_id and its_team.archived_at is null
left join person its_person on its_person.tenant_id = x.tenant_id and its_person.id = x.person_id and its_person.archived_at is null
where x.tenant_id = $1 and its_team.id is not null and its_person.id is not null
order by its_team.key, its_person.key, x.from_on, x.id;

-- MILESTONE: insert
insert into milestone (tenant_id, id, created_at, updated_at, initiative_id, name, due_on, done_on,
  canceled_at)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8);

-- MILESTONE: update
update milestone set version = version + 1, updated_at = $3, name = $4, due_on = $5, done_on = $6, canceled_at
  = $7
where tenant_id = $1 and id = $2;

-- MILESTONE: find to change
select x.*, s.portfolio_id as home_id from milestone x left join subject s on s.tenant_id = x.tenant_id and s.id = x.initiative_id
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or s.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- MILESTONE: export
select 'milestone' as type, its_initiative.key as "initiative", x.name as "name", x.due_on as "dueOn", x.done_on as "doneOn", x.canceled_at is not null as "isCanceled", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'MILESTONE' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from milestone x
left join initiative its_initiative on its_initiative.tenant_id = x.tenant_id and its_initiative.id = x.initiative_id and its_initiative.archived_at is null
where x.tenant_id = $1 and x.archived_at is null and its_initiative.id is not null
order by its_initiative.key, x.name, x.id;

-- ORGANIZATION: find to change
select x.*, null::uuid as home_id from organization x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- ORGANIZATION: find to name
select x.*, null::uuid as home_id from organization x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or true);

-- PERSON: insert
insert into person (tenant_id, id, created_at, updated_at, name, key, email)
values ($1, $2, $3, $3, $4, $5, $6);

-- PERSON: update
update person set version = version + 1, updated_at = $3, name = $4, key = $5, email = $6
where tenant_id = $1 and id = $2;

-- PERSON: find to change
select x.*, null::uuid as home_id from person x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- PERSON: find to name
select x.*, null::uuid as home_id from person x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or (exists (select from portfolio o where o.tenant_id = x.tenant_id and o.owner_id = x.id and o.id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from product o where o.tenant_id = x.tenant_id and o.owner_id = x.id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from initiative o where o.tenant_id = x.tenant_id and o.owner_id = x.id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id where a.tenant_id = x.tenant_id and a.person_id = x.id and s.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)))))));

-- PERSON: export
select 'person' as type, x.name as "name", x.key as "key", x.email as "email", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'PERSON' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from person x
where x.tenant_id = $1 and x.archived_at is null
order by x.key, x.id;

-- PERSON_SKILL: find to change
select x.*, null::uuid as home_id from person_skill x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- PERSON_SKILL: find to name
select x.*, null::uuid as home_id from person_skill x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or (exists (select from portfolio o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from product o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from initiative o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id where a.tenant_id = x.tenant_id and a.person_id = x.person_id and s.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)))))));

-- PORTFOLIO: insert
with subject as (insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, 'PORTFOLIO', $2))
insert into portfolio (tenant_id, id, created_at, updated_at, key, name, description, parent_id, owner_id,
  importance)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9);

-- PORTFOLIO: update
update portfolio set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, parent_id
  = $7, owner_id = $8, importance = $9
where tenant_id = $1 and id = $2;

-- PORTFOLIO: find to change
select x.*, x.id as home_id from portfolio x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or x.id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- PORTFOLIO: export
with recursive tree as (
  select id, 0 as depth from portfolio where tenant_id = $1 and parent_id is null
  union all
  select t.id, b.depth + 1 from tree b join portfolio t on t.tenant_id = $1 and t.parent_id = b.id
)
select 'portfolio' as type, x.key as "key", x.name as "name", x.description as "description", (select case when n.archived_at is null then n.key else chr(1) end from portfolio n where n.tenant_id = x.tenant_id and n.id = x.parent_id) as "parent", (select case when n.archived_at is null then n.key else chr(1) end from person n where n.tenant_id = x.tenant_id and n.id = x.owner_id) as "owner", x.importance as "importance", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'PORTFOLIO' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from portfolio x join tree on tree.id = x.id
where x.tenant_id = $1 and x.archived_at is null
order by tree.depth, x.key, x.id;

-- PRODUCT: insert
with subject as (insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, 'PRODUCT', $7))
insert into product (tenant_id, id, created_at, updated_at, key, name, description, portfolio_id, owner_id,
  lifecycle_stage, tier, importance)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- PRODUCT: update
with moved as (update subject set portfolio_id = $7 where tenant_id = $1 and id = $2 and portfolio_id <> $7)
update product set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, portfolio_id
  = $7, owner_id = $8, lifecycle_stage = $9, tier = $10, importance = $11
where tenant_id = $1 and id = $2;

-- PRODUCT: find to change
select x.*, x.portfolio_id as home_id from product x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or x.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- PRODUCT: export
select 'product' as type, x.key as "key", x.name as "name", x.description as "description", (select case when n.archived_at is null then n.key else chr(1) end from portfolio n where n.tenant_id = x.tenant_id and n.id = x.portfolio_id) as "portfolio", (select case when n.archived_at is null then n.key else chr(1) end from person n where n.tenant_id = x.tenant_id and n.id = x.owner_id) as "owner", x.lifecycle_stage as "lifecycleStage", x.tier as "tier", x.importance as "importance", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'PRODUCT' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from product x
where x.tenant_id = $1 and x.archived_at is null
order by x.key, x.id;

-- SAVED_VIEW: find to change
select x.*, null::uuid as home_id from saved_view x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))) and x.shared_at is not null;

-- SERVICE_ACCOUNT: insert
insert into service_account (tenant_id, id, created_at, updated_at, key, name)
values ($1, $2, $3, $3, $4, $5);

-- SERVICE_ACCOUNT: update
update service_account set version = version + 1, updated_at = $3, key = $4, name = $5
where tenant_id = $1 and id = $2;

-- SERVICE_ACCOUNT: find to change
select x.*, null::uuid as home_id from service_account x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- SERVICE_ACCOUNT: find to name
select x.*, null::uuid as home_id from service_account x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or false);

-- SERVICE_ACCOUNT: export
select 'serviceAccount' as type, x.key as "key", x.name as "name"
from service_account x
where x.tenant_id = $1 and x.archived_at is null
order by x.key, x.id;

-- SKILL: insert
insert into skill (tenant_id, id, created_at, updated_at, key, name, category)
values ($1, $2, $3, $3, $4, $5, $6);

-- SKILL: update
update skill set version = version + 1, updated_at = $3, key = $4, name = $5, category = $6
where tenant_id = $1 and id = $2;

-- SKILL: find to change
select x.*, null::uuid as home_id from skill x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- SKILL: find to name
select x.*, null::uuid as home_id from skill x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or true);

-- SKILL: export
select 'skill' as type, x.key as "key", x.name as "name", x.category as "category", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'SKILL' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from skill x
where x.tenant_id = $1 and x.archived_at is null
order by x.key, x.id;

-- SKILL_DEMAND: find to change
select x.*, s.portfolio_id as home_id from skill_demand x left join subject s on s.tenant_id = x.tenant_id and s.id = x.subject_id
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or s.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- STATUS_UPDATE: find to change
select x.*, s.portfolio_id as home_id from status_update x left join subject s on s.tenant_id = x.tenant_id and s.id = x.subject_id
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or s.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- TEAM: insert
insert into team (tenant_id, id, created_at, updated_at, key, name, description, parent_id, lead_id)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8);

-- TEAM: update
update team set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, parent_id = $7,
  lead_id = $8
where tenant_id = $1 and id = $2;

-- TEAM: find to change
select x.*, null::uuid as home_id from team x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- TEAM: find to name
select x.*, null::uuid as home_id from team x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or exists (select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id where a.tenant_id = x.tenant_id and a.team_id = x.id and s.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))));

-- TEAM: export
with recursive tree as (
  select id, 0 as depth from team where tenant_id = $1 and parent_id is null
  union all
  select t.id, b.depth + 1 from tree b join team t on t.tenant_id = $1 and t.parent_id = b.id
)
select 'team' as type, x.key as "key", x.name as "name", x.description as "description", (select case when n.archived_at is null then n.key else chr(1) end from team n where n.tenant_id = x.tenant_id and n.id = x.parent_id) as "parent", (select case when n.archived_at is null then n.key else chr(1) end from person n where n.tenant_id = x.tenant_id and n.id = x.lead_id) as "lead", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'TEAM' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from team x join tree on tree.id = x.id
where x.tenant_id = $1 and x.archived_at is null
order by tree.depth, x.key, x.id;

-- WORKING_TIME: insert
insert into working_time (tenant_id, id, created_at, updated_at, person_id, share, from_on)
values ($1, $2, $3, $3, $4, $5, $6);

-- WORKING_TIME: update
update working_time set version = version + 1, updated_at = $3, share = $4, from_on = $5
where tenant_id = $1 and id = $2;

-- WORKING_TIME: find to change
select x.*, null::uuid as home_id from working_time x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or null::uuid in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)));

-- WORKING_TIME: find to name
select x.*, null::uuid as home_id from working_time x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or (exists (select from portfolio o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from product o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from initiative o where o.tenant_id = x.tenant_id and o.owner_id = x.person_id and o.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3))))) or exists (select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id where a.tenant_id = x.tenant_id and a.person_id = x.person_id and s.portfolio_id = any((array(
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)))))));

-- WORKING_TIME: export
select 'workingTime' as type, its_person.key as "person", x.share as "share", x.from_on as "fromOn", (select row_to_json(e) from (
    select r.system, r.external_id as id, r.url from external_link r
    where r.tenant_id = x.tenant_id and r.kind = 'WORKING_TIME' and r.node_id = x.id order by r.system, r.external_id limit 1
  ) e) as external
from working_time x
left join person its_person on its_person.tenant_id = x.tenant_id and its_person.id = x.person_id and its_person.archived_at is null
where x.tenant_id = $1 and x.archived_at is null and its_person.id is not null
order by its_person.key, x.from_on, x.id;
