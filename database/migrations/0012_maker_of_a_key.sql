-- Which key made a key: when its holder has left, or when it was revoked, what it made is looked at again.

set local role folioscope_owner;

-- Null: made by a command, or before this was kept.
alter table api_key add column maker_key_id uuid;
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
alter table api_key add foreign key (tenant_id, maker_key_id) references api_key (tenant_id, id);

reset role;
