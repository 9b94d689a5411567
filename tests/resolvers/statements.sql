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
