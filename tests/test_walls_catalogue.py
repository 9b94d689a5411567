"""The walls as PostgreSQL's own catalogue tells them: nothing escapes the tenant but what is listed here."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from runtime.migrate import read_migrations

APPLICATION, RELAY, LOOKUP = "folioscope_app", "folioscope_relay", "folioscope_lookup"
ROLES = [APPLICATION, RELAY, LOOKUP, "folioscope_owner"]

# Not of a tenant: which migrations ran.
TABLES_WITHOUT_TENANT = {"schema_migration"}
INDEXES_ACROSS_TENANTS = {"signal_waiting", "signal_due", "signal_parked", "api_key_lookup", "connection_lookup"}
POLICIES_ACROSS_TENANTS = {
    ("event_unsealed", "relay", RELAY, "*"),
    ("event_seal", "relay", RELAY, "*"),
    ("signal", "relay", RELAY, "*"),
    ("api_key", "lookup", LOOKUP, "r"),
    ("person", "lookup", LOOKUP, "r"),
    ("service_account", "lookup", LOOKUP, "r"),
    ("connection", "lookup", LOOKUP, "r"),
    ("connection_secret", "lookup", LOOKUP, "r"),
}
SECURITY_DEFINERS = {
    ("find_api_key", LOOKUP, APPLICATION),
    ("find_connection", LOOKUP, APPLICATION),
    ("prepare_partitions", "folioscope_owner", RELAY),
}
RELAY_GRANTS = {
    ("event_unsealed", "SELECT"),
    ("event_unsealed", "DELETE"),
    ("event_seal", "SELECT"),
    ("event_seal", "INSERT"),
    ("signal", "SELECT"),
    ("signal", "UPDATE"),
}

_OURS = "c.relnamespace = 'public'::regnamespace"
_CLAIM = "(tenant_id = ( SELECT claimed_tenant_id() AS claimed_tenant_id))"


@pytest.fixture(scope="module", params=["newest", "oldest"])
async def catalogue(
    request: pytest.FixtureRequest, database: str, database_16: str
) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, on the newest and on the oldest PostgreSQL that we promise."""
    connection = await asyncpg.connect(database if request.param == "newest" else database_16)
    yield connection
    await connection.close()


async def names(catalogue: asyncpg.Connection, query: str, *arguments: object) -> set[Any]:
    rows = await catalogue.fetch(query, *arguments)
    return {row[0] if len(row) == 1 else tuple(row) for row in rows}


async def test_every_table_has_a_tenant_and_forced_row_level_security(catalogue: asyncpg.Connection):
    open_tables = await names(
        catalogue,
        f"select c.relname from pg_class c where {_OURS} and c.relkind in ('r', 'p') and not c.relispartition and not ("
        " c.relrowsecurity and c.relforcerowsecurity and exists (select from pg_attribute a where a.attrelid = c.oid"
        " and a.attname = 'tenant_id' and a.attnotnull and a.atttypid = 'uuid'::regtype))",
    )
    assert open_tables == TABLES_WITHOUT_TENANT


async def test_every_table_has_one_policy_for_the_application_on_the_claim(catalogue: asyncpg.Connection):
    policies = await catalogue.fetch(
        "select c.relname, p.polname, pg_get_userbyid(r.oid) as role, p.polcmd::text as command, p.polpermissive,"
        " pg_get_expr(p.polqual, p.polrelid) as visible, pg_get_expr(p.polwithcheck, p.polrelid) as writable"
        " from pg_policy p join pg_class c on c.oid = p.polrelid, unnest(p.polroles) as r (oid)"
    )
    tenant = [row for row in policies if row["polname"] == "tenant"]
    assert all((row["visible"], row["writable"]) == (_CLAIM, _CLAIM) for row in tenant)
    assert all((row["role"], row["command"], row["polpermissive"]) == (APPLICATION, "*", True) for row in tenant)
    tables = await names(
        catalogue,
        f"select c.relname from pg_class c where {_OURS} and c.relkind in ('r', 'p') and not c.relispartition",
    )
    assert sorted(row["relname"] for row in tenant) == sorted(tables - TABLES_WITHOUT_TENANT)
    others = {
        (row["relname"], row["polname"], row["role"], row["command"]) for row in policies if row["polname"] != "tenant"
    }
    assert others == POLICIES_ACROSS_TENANTS


async def test_the_tenant_leads_every_key_and_index(catalogue: asyncpg.Connection):
    led_by_another = await names(
        catalogue,
        "select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid"
        f" left join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]"
        f" where {_OURS} and not i.relispartition and a.attname is distinct from 'tenant_id'"
        " and c.relname <> all($1)",
        list(TABLES_WITHOUT_TENANT),
    )
    assert led_by_another == INDEXES_ACROSS_TENANTS


async def test_unique_indexes_across_tenants_do_not_exist(catalogue: asyncpg.Connection):
    assert not await names(
        catalogue,
        "select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid where x.indisunique"
        " and i.relname = any($1)",
        list(INDEXES_ACROSS_TENANTS),
    )


async def test_every_foreign_key_stays_in_its_tenant(catalogue: asyncpg.Connection):
    assert not await names(
        catalogue,
        "select k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid"
        " join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]"
        " join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]"
        f" where {_OURS} and k.contype = 'f' and (a.attname, b.attname) <> ('tenant_id', 'tenant_id')",
    )


async def test_no_role_of_ours_passes_row_level_security_or_owns_more_than_it_needs(catalogue: asyncpg.Connection):
    assert not await names(
        catalogue,
        "select rolname from pg_roles where rolname = any($1)"
        " and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb or rolreplication)",
        ROLES,
    )
    assert not await names(
        catalogue,
        "select rolname from pg_roles where rolname = any($1) and (has_schema_privilege(rolname, 'public', 'create')"
        " or has_database_privilege(rolname, current_database(), 'create'))",
        [APPLICATION, RELAY, LOOKUP],
    )
    assert not await names(
        catalogue,
        f"select c.relname from pg_class c where {_OURS} and pg_get_userbyid(c.relowner) = any($1)",
        [APPLICATION, RELAY, LOOKUP],
    )
    assert not await names(
        catalogue,
        "select m.member::regrole::text from pg_auth_members m where m.member::regrole::text = any($1)",
        ROLES,
    )


async def test_the_owner_owns_all_that_migrations_make(catalogue: asyncpg.Connection):
    """A later migration may alter only what the owner owns."""
    foreign = await catalogue.fetch(
        f"select c.relname as name, pg_get_userbyid(c.relowner) as owner from pg_class c where {_OURS} and"
        " c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relname <> all($1) union all"
        " select p.proname, pg_get_userbyid(p.proowner) from pg_proc p"
        " where p.pronamespace = 'public'::regnamespace and p.proname <> all($2)",
        list(TABLES_WITHOUT_TENANT),
        [name for name, owner, _ in SECURITY_DEFINERS if owner == LOOKUP],
    )
    told = [
        f"{row['name']} belongs to {row['owner']}: remove `reset role` before it is made in {makers(row['name'])}"
        for row in foreign
        if row["owner"] != "folioscope_owner"
    ]
    assert not told, "\n".join(told)


def makers(name: str) -> str:
    """Files of the migrations that make a table, view, sequence or function."""
    made = re.compile(
        rf"^create (or replace )?(table|view|materialized view|sequence|function|procedure) {name}\b", re.M
    )
    return " or ".join(f"{found.name}.sql" for found in read_migrations() if made.search(found.sql)) or "a migration"


async def test_nobody_may_truncate_and_partitions_are_reached_through_their_parent_only(catalogue: asyncpg.Connection):
    granted = (
        "select c.relname, g.privilege_type from pg_class c, aclexplode(c.relacl) g"
        f" where {_OURS} and g.grantee::regrole::text = $1"
    )
    for role in (APPLICATION, RELAY, LOOKUP):
        privileges = {kind for _, kind in await catalogue.fetch(granted, role)}
        assert privileges <= {"SELECT", "INSERT", "UPDATE", "DELETE"}
        assert not await names(catalogue, granted + " and c.relispartition", role)
    assert await names(catalogue, granted, RELAY) == RELAY_GRANTS
    assert {kind for _, kind in await catalogue.fetch(granted, LOOKUP)} == {"SELECT"}
    assert not await names(
        catalogue,
        f"select c.relname from pg_class c, aclexplode(c.relacl) g where {_OURS} and g.grantee = 0",
    )


async def test_there_are_partitions_whose_wall_is_that_of_their_parent(catalogue: asyncpg.Connection):
    parents = await names(catalogue, f"select c.relname from pg_class c where {_OURS} and c.relkind = 'p'")
    with_children = await names(
        catalogue,
        f"select distinct c.relname from pg_inherits i join pg_class c on c.oid = i.inhparent where {_OURS}"
        " and c.relkind = 'p'",
    )
    assert parents == with_children == {"measurement", "health_score", "event", "delivery"}
    child = await catalogue.fetchval(
        "select i.inhrelid::regclass::text from pg_inherits i where i.inhparent = 'event'::regclass limit 1"
    )
    async with catalogue.transaction():
        await catalogue.execute(f"set local role {APPLICATION}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await catalogue.fetch(f"select * from {child}")


async def test_views_look_with_the_rights_of_who_asks(catalogue: asyncpg.Connection):
    assert not await names(
        catalogue,
        f"select c.relname from pg_class c where {_OURS} and c.relkind in ('v', 'm')"
        " and not coalesce('security_invoker=true' = any(c.reloptions), false)",
    )


async def test_only_the_listed_functions_run_with_the_rights_of_their_owner(catalogue: asyncpg.Connection):
    found = await names(
        catalogue,
        "select p.proname, pg_get_userbyid(p.proowner), g.grantee::regrole::text from pg_proc p, aclexplode(p.proacl) g"
        " where p.pronamespace = 'public'::regnamespace and p.prosecdef and g.grantee <> p.proowner",
    )
    assert found == SECURITY_DEFINERS
    assert not await names(
        catalogue,
        "select p.proname from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef"
        " and not exists (select from unnest(p.proconfig) as setting where setting like 'search_path=%')",
    )


async def test_without_a_claim_nothing_is_seen(catalogue: asyncpg.Connection):
    tables = await names(
        catalogue,
        f"select c.relname from pg_class c where {_OURS} and c.relkind in ('r', 'p', 'v') and not c.relispartition"
        " and has_table_privilege($1, c.oid, 'select')",
        APPLICATION,
    )
    await catalogue.execute(
        "insert into organization (tenant_id, id, key, name, created_at, updated_at)"
        " select id, id, 'canary', 'canary', now(), now() from (select gen_random_uuid() as id)"
    )
    async with catalogue.transaction():
        await catalogue.execute(f"set local role {APPLICATION}")
        for claim in ("", str(await catalogue.fetchval("select gen_random_uuid()"))):
            await catalogue.execute("select set_config('folioscope.tenant_id', $1, true)", claim)
            for table in tables - TABLES_WITHOUT_TENANT:
                assert await catalogue.fetchval(f"select count(*) from {table}") == 0
