"""`folioscope organization`: the beginning of an installation, where nobody has a key yet, or none any more."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import asyncpg
import typer

from cli.application import app
from cli.printing import Organization
from cli.tenants import all_tenants, find_tenant
from portfolio.enumerations import Scope
from portfolio.identity import print_id
from runtime.clock import Clock
from runtime.events import Actor, Change, NewEvent, append
from runtime.failure import Failure
from runtime.postgres import Database
from runtime.settings import load_settings
from runtime.viewer import make_key

organization_app = typer.Typer(help="Organizations, which see nothing of each other.", no_args_is_help=True)
app.add_typer(organization_app, name="organization")

_KEY_LIFE = timedelta(days=90)
_PRIVATE = ("key", "name")

_ORGANIZATION = """
with organization as (
  insert into organization (tenant_id, id, key, name, time_zone, created_at, updated_at)
  values ($1, $1, $3, $4, $5, $2, $2))
insert into subject (tenant_id, id, kind) values ($1, $1, 'ORGANIZATION')
"""
_PERSON = """
insert into person (tenant_id, id, key, name, created_at, updated_at) values ($1, $3, $4, $5, $2, $2)
"""
_API_KEY = """
insert into api_key (tenant_id, id, name, person_id, secret_digest, scopes, expires_at, created_at, updated_at)
values ($1, $3, $4, $5, $6, $7, $8, $2, $2)
"""
_FIND_PERSON = "select id from person where tenant_id = $1 and key = $2 and archived_at is null"
_SIGNAL = "select raise_signal('recompute_health', array[$1::uuid])"


@organization_app.command()
def create(
    key: Annotated[str, typer.Argument(help="Name that people use, such as ACME.")],
    name: Annotated[str, typer.Option(help="Display name; otherwise the key.")] = "",
    time_zone: Annotated[str, typer.Option(help="IANA time zone in which its days begin.")] = "UTC",
    administrator: Annotated[str, typer.Option(help="Key of the person who gets the first API key.")] = "administrator",
) -> None:
    """Make an organization, its first person, and an API key with every scope, which is printed this one time.

    Example: `folioscope organization create ACME --name "Acme AG" --time-zone Europe/Zurich --administrator ada`
    """
    from schema import check

    try:
        organization = (check.account_key(key), check.line()(name or key), check.time_zone(time_zone))
        person = check.account_key(administrator)
    except ValueError as error:
        raise Failure(str(error), "See `folioscope organization create --help`.") from None
    given = NewTenant(*organization, person, person)
    secret = asyncio.run(_create(load_settings().database_url, Clock(), given))
    typer.echo(f"API key: {secret}")


@organization_app.command()
def key(
    person: Annotated[str, typer.Argument(help="Key of the person who gets it.")],
    organization: Organization = None,
) -> None:
    """Make an API key with every scope for a person, which is printed this one time.

    No key outlives the key that made it: when the last one has expired, this makes the next.

    Example: `folioscope organization key ada`
    """
    typer.echo(f"API key: {asyncio.run(_give(load_settings().database_url, Clock(), person, organization))}")


async def _give(database_url: str, clock: Clock, person: str, organization: str | None) -> str:
    """The text of the key."""
    database = await Database.open(database_url, size=1)
    try:
        tenant = await find_tenant(database_url, database, organization)
        async with database.transaction(tenant.id) as connection:
            person_id = await connection.fetchval(_FIND_PERSON, tenant.id, person)
            if person_id is None:
                raise Failure(f"There is no person {person}, or that person has left.", "Give the key of another one.")
            _, text = await give_key(connection, clock, (tenant.id, person_id), ("Key from the terminal", _KEY_LIFE))
        return text
    finally:
        await database.close()


class NewTenant(NamedTuple):
    key: str
    name: str
    time_zone: str
    person_key: str
    person_name: str


async def _create(database_url: str, clock: Clock, given: NewTenant) -> str:
    """The text of the key."""
    database = await Database.open(database_url, size=1)
    try:
        # Nobody else sees another's key; for commands it is what tells organizations apart.
        if given.key in [tenant.key for tenant in await all_tenants(database_url, database)]:
            raise Failure(f"There is an organization {given.key} already.", "Give the new one another key.")
        tenant_id, person_id = clock.new_id(), clock.new_id()
        async with database.transaction(tenant_id) as connection:
            await found_tenant(connection, clock, (tenant_id, person_id), given)
            _, text = await give_key(connection, clock, (tenant_id, person_id), ("First key", _KEY_LIFE))
        return text
    finally:
        await database.close()


async def found_tenant(connection: asyncpg.Connection, clock: Clock, ids: tuple[UUID, UUID], given: NewTenant) -> None:
    """An organization and its first person, with these ids. In a transaction under the new tenant's claim."""
    (tenant_id, person_id), now = ids, clock.now()
    await connection.execute(_ORGANIZATION, tenant_id, now, *given[:3])
    await connection.execute(_PERSON, tenant_id, now, person_id, *given[3:])
    await connection.execute(_SIGNAL, tenant_id)
    told = {"key": given.key, "name": given.name, "timeZone": given.time_zone}
    person = {"key": given.person_key, "name": given.person_name}
    events = [_made(clock, tenant_id, "ORGANIZATION", tenant_id, told), _made(clock, None, "PERSON", person_id, person)]
    await append(connection, tenant_id, Actor("COMMAND"), events)


async def give_key(
    connection: asyncpg.Connection, clock: Clock, ids: tuple[UUID, UUID], key: tuple[str, timedelta]
) -> tuple[UUID, str]:
    """Id and text of a new key with every scope, of a tenant's person. key: its name, and how long it is good."""
    (tenant_id, person_id), (name, life), key_id = ids, key, clock.new_id()
    now, scopes = clock.now(), [scope.value for scope in Scope]
    text, digest = make_key(key_id)
    await connection.execute(_API_KEY, tenant_id, now, key_id, name, person_id, digest, scopes, now + life)
    holder = {"name": name, "personId": print_id("PERSON", person_id), "scopes": scopes}
    told = {**holder, "expiresAt": (now + life).isoformat()}
    await append(connection, tenant_id, Actor("COMMAND"), [_made(clock, None, "API_KEY", key_id, told)])
    return key_id, text


def _made(clock: Clock, subject_id: UUID | None, kind: str, id: UUID, told: Mapping[str, Any]) -> NewEvent:
    changes = [Change(field, None, value, private=field in _PRIVATE) for field, value in told.items()]
    return NewEvent(clock.new_id(), f"{kind}_CREATED", kind, id, subject_id, None, changes, clock.now())
