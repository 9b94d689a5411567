-- Of each node the score that counts now, beside the history. The history is cut into quarters, and whoever looks up one
-- row in it opens them all: a quarter of the time of a small read, and more with every quarter that passes.

set local role folioscope_owner;

-- A column that health_score gets, this table gets in the same place.
create table current_health_score (
  like health_score including defaults including constraints,
  primary key (tenant_id, node_id),
  foreign key (tenant_id, node_id) references subject (tenant_id, id)
);
call build_wall('current_health_score', 'select, insert, delete');

create function keep_current_health_score() returns trigger language plpgsql as $$
begin
  delete from current_health_score where tenant_id = new.tenant_id and node_id = new.id;
  insert into current_health_score
  select h.* from health_score h where h.tenant_id = new.tenant_id and h.id = new.health_score_id;
  return null;
end $$;

create trigger organization_keep_score after update of health_score_id on organization for each row
  when (old.health_score_id is distinct from new.health_score_id) execute function keep_current_health_score();
create trigger portfolio_keep_score after update of health_score_id on portfolio for each row
  when (old.health_score_id is distinct from new.health_score_id) execute function keep_current_health_score();
create trigger product_keep_score after update of health_score_id on product for each row
  when (old.health_score_id is distinct from new.health_score_id) execute function keep_current_health_score();
create trigger initiative_keep_score after update of health_score_id on initiative for each row
  when (old.health_score_id is distinct from new.health_score_id) execute function keep_current_health_score();

-- fill_current_health_scores writes what is missing, as far as the caller sees it: of scores that are there already, and
-- after a load that went past the triggers. Safe to run twice.
create procedure fill_current_health_scores() language sql
begin atomic
  insert into current_health_score
  select h.* from (
    select tenant_id, health_score_id from organization union all select tenant_id, health_score_id from portfolio
    union all select tenant_id, health_score_id from product union all select tenant_id, health_score_id from initiative
  ) n join health_score h on h.tenant_id = n.tenant_id and h.id = n.health_score_id
  on conflict do nothing;
end;

-- The owner steps before the walls for that.
alter table organization no force row level security;
alter table portfolio no force row level security;
alter table product no force row level security;
alter table initiative no force row level security;
alter table health_score no force row level security;
alter table current_health_score no force row level security;
call fill_current_health_scores();
alter table organization force row level security;
alter table portfolio force row level security;
alter table product force row level security;
alter table initiative force row level security;
alter table health_score force row level security;
alter table current_health_score force row level security;

reset role;
