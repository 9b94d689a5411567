"""`folioscope organization create`: the beginning of an installation, where nobody has a key yet."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.application import app
from cli.tenants import all_tenants
from portfolio.enumerations import Scope
from portfolio.identity import print_id
from runtime.clock import Clock
from runtime.events import Actor, Change, Event, append
from runtime.failure import Failure
from runtime.postgres import Database
from runtime.settings import load_settings
from runtime.viewer import make_key

organization_app = typer.Typer(help="Organizations, which see nothing of each other.", no_args_is_help=True)
app.add_typer(organization_app, name="organization")

_KEY_LIFE = timedelta(days=90)
_KEY_NAME = "First key"
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
_SIGNAL = "select raise_signal('recompute_health', array[$1::uuid])"


@organization_app.callback()
def _group() -> None:
    """Makes `create` a subcommand, however few there are."""


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
    from resolvers import check

    try:
        organization = (check.account_key(key), check.line()(name or key), check.time_zone(time_zone))
        person = check.account_key(administrator)
    except ValueError as error:
        raise Failure(str(error), "See `folioscope organization create --help`.") from None
    secret = asyncio.run(_create(load_settings().database_url, Clock(), organization, person))
    typer.echo(f"API key: {secret}")


async def _create(database_url: str, clock: Clock, organization: tuple[str, str, str], person: str) -> str:
    """The text of the key. organization: key, name and time zone."""
    database = await Database.open(database_url, size=1)
    try:
        # Nobody else sees another's key; for commands it is what tells organizations apart.
        if organization[0] in [tenant.key for tenant in await all_tenants(database_url, database)]:
            raise Failure(f"There is an organization {organization[0]} already.", "Give the new one another key.")
        return await _found(database, clock, organization, person)
    finally:
        await database.close()


async def _found(database: Database, clock: Clock, organization: tuple[str, str, str], person: str) -> str:
    tenant_id, person_id, key_id = (clock.new_id() for _ in range(3))
    now = clock.now()
    expires_at = now + _KEY_LIFE
    text, digest = make_key(key_id)
    scopes = [scope.value for scope in Scope]

    def event(kind: str, id: UUID, told: dict[str, Any]) -> Event:
        changes = [Change(field, None, value, private=field in _PRIVATE) for field, value in told.items()]
        subject_id = tenant_id if kind == "ORGANIZATION" else None
        return Event(clock.new_id(), f"{kind}_CREATED", kind, id, subject_id, None, changes, now)

    holder = {"name": _KEY_NAME, "personId": print_id("PERSON", person_id), "scopes": scopes}
    events = [
        event("ORGANIZATION", tenant_id, dict(zip(("key", "name", "timeZone"), organization, strict=True))),
        event("PERSON", person_id, {"key": person, "name": person}),
        event("API_KEY", key_id, {**holder, "expiresAt": expires_at.isoformat()}),
    ]
    key = (key_id, _KEY_NAME, person_id, digest, scopes, expires_at)
    async with database.transaction(tenant_id) as connection:
        await connection.execute(_ORGANIZATION, tenant_id, now, *organization)
        await connection.execute(_PERSON, tenant_id, now, person_id, person, person)
        await connection.execute(_API_KEY, tenant_id, now, *key)
        await connection.execute(_SIGNAL, tenant_id)
        await append(connection, tenant_id, Actor("COMMAND"), events)
    return text
