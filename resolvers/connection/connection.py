"""How connections to trackers change, and the secrets that their webhooks are signed with."""

import secrets
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import Scope, TrackerSystem
from portfolio.identity import print_id
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Target, Write
from resolvers.entity.archive import refuse_archived
from resolvers.entity.line import BulkType
from resolvers.entity.member import differences, read_members
from runtime.encryption import SecretBox
from runtime.events import Change
from schema import check
from schema.connection.connection import Connection
from schema.entity import entity_of
from schema.member import Member

_SHORTEST_SECRET, _LONGEST_SECRET = 16, 255

_MEMBERS = (
    Member("key", check.key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
)
_SYSTEM = Member("system", nullable=False)

_INSERT = """
insert into connection (tenant_id, id, created_at, updated_at, key, name, system)
values ($1, $2, $3, $3, $4, $5, $6)
"""
_UPDATE = """
update connection set version = version + 1, updated_at = $3, key = $4, name = $5 where tenant_id = $1 and id = $2
"""
_SET_ARCHIVED = """
update connection set version = version + 1, updated_at = $3, archived_at = $4 where tenant_id = $1 and id = $2
"""
_TOUCH = """
update connection set version = version + 1, updated_at = $3 where tenant_id = $1 and id = $2
"""
_LIVE = """
select id, slot from connection_secret where tenant_id = $1 and connection_id = $2 and retired_at is null
order by created_at, id
"""
_RETIRE = "update connection_secret set retired_at = $3 where tenant_id = $1 and id = $2"
_ADD = """
insert into connection_secret (tenant_id, id, connection_id, slot, encrypted_secret, created_at)
values ($1, $2, $3, $4, $5, $6)
"""

_SIGNS_WITH = (
    "Secret that the tracker signs with, 16 to 255 visible ASCII characters; absent or null: one "
    "is made from 32 random bytes."
)


@strawberry.input(description="A new connection to a tracker.")
class ConnectionCreateInput(Retryable):
    key: str = required(check.KEY)
    name: str = required("Display name, 1 to 200 characters.")
    system: TrackerSystem = required("Tracker.")
    secret: str | None = optional(_SIGNS_WITH)


@strawberry.input(description="Changes of a connection: an absent member stays.")
class ConnectionUpdateInput(NodeInput):
    key: str | None = optional(check.KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")


@strawberry.input(description="A connection that gets another secret.")
class ConnectionSecretRotateInput(NodeInput):
    secret: str | None = optional(_SIGNS_WITH)


@strawberry.type(description="Answer to a change of a connection.")
class ConnectionPayload(Payload):
    connection: Connection | None = entity_field("Connection as it is now")


@strawberry.type(description="Answer that shows the secret of a connection, once.")
class ConnectionSecretPayload(Payload):
    connection: Connection | None = entity_field("Connection as it is now")
    secret: str | None = strawberry.field(
        description="Secret to enter in the tracker, shown in this answer only; null when the "
        "input was refused, and in the answer to a repeated call.",
        default=None,
    )
    webhook_path: str | None = strawberry.field(
        description="Path on this server to which the tracker posts its webhooks; null when the input was refused.",
        default=None,
    )


@mutation(ConnectionSecretPayload, scope=Scope.ADMIN, tenant_wide=True)
async def connection_create(write: Write, input: ConnectionCreateInput) -> Outcome:
    """Connect a tracker: enter the path and the secret of the answer in its webhook settings."""
    values = await read_members(write, (*_MEMBERS, _SYSTEM), input)
    secret = _secret(input)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    await _add_secret(write, id, secret, slot=1)
    write.record("CONNECTION_CREATED", _target(id), differences((*_MEMBERS, _SYSTEM), None, values))
    return _answer_with_secret(id, secret)


@mutation(ConnectionSecretPayload, scope=Scope.ADMIN, tenant_wide=True)
async def connection_secret_rotate(write: Write, input: ConnectionSecretRotateInput) -> Outcome:
    """Give a connection another secret. The newest of its earlier ones stays valid beside it, so
    that the tracker can be moved without a gap."""
    row = await write.find_for_change("CONNECTION", "connection", input)
    refuse_archived(entity_of(Connection), row)
    secret = _secret(input)
    live = await write.connection.fetch(_LIVE, write.tenant_id, row["id"])
    retired = live[:-1]
    for old in retired:
        await write.execute(_RETIRE, old["id"], write.now)
    taken = live[-1]["slot"] if live else 2
    await _add_secret(write, row["id"], secret, slot=3 - taken)
    await write.execute(_TOUCH, row["id"], write.now)
    write.record("CONNECTION_SECRET_ROTATED", _target(row["id"]))
    return _answer_with_secret(row["id"], secret)


@mutation(ConnectionPayload, scope=Scope.ADMIN, tenant_wide=True)
async def connection_update(write: Write, input: ConnectionUpdateInput) -> Outcome:
    """Change the names of a connection."""
    row = await write.find_for_change("CONNECTION", "connection", input)
    refuse_archived(entity_of(Connection), row)
    values = await read_members(write, _MEMBERS, input, row)
    changes = differences(_MEMBERS, row, values)
    if changes:
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("CONNECTION_UPDATED", _target(row["id"]), changes)
    return _answer(row["id"])


@mutation(ConnectionPayload, scope=Scope.ADMIN, tenant_wide=True)
async def connection_archive(write: Write, input: NodeInput) -> Outcome:
    """Stop taking deliveries of a connection; its items stay as they are. Safe to repeat."""
    return await _set_archived(write, input, archived=True)


@mutation(ConnectionPayload, scope=Scope.ADMIN, tenant_wide=True)
async def connection_restore(write: Write, input: NodeInput) -> Outcome:
    """Take deliveries of an archived connection again. Safe to repeat."""
    return await _set_archived(write, input, archived=False)


async def _set_archived(write: Write, input: NodeInput, *, archived: bool) -> Outcome:
    row = await write.find_for_change("CONNECTION", "connection", input)
    before = row["archived_at"]
    if (before is not None) != archived:
        after = write.now if archived else None
        await write.execute(_SET_ARCHIVED, row["id"], write.now, after)
        change = Change("archivedAt", before and before.isoformat(), after and after.isoformat())
        write.record("CONNECTION_ARCHIVED" if archived else "CONNECTION_RESTORED", _target(row["id"]), [change])
    return _answer(row["id"])


def _secret(input: Any) -> str:
    if input.secret in (None, strawberry.UNSET):
        return secrets.token_hex(32)
    given: str = input.secret
    if not _SHORTEST_SECRET <= len(given) <= _LONGEST_SECRET or not all("!" <= sign <= "~" for sign in given):
        message = "A secret has 16 to 255 visible ASCII characters; leave it out and one is made."
        raise reject(UserErrorCode.INVALID, message, "secret")
    return given


async def _add_secret(write: Write, connection_id: UUID, secret: str, slot: int) -> None:
    sealed = SecretBox(write.encryption_key).seal(secret.encode(), write.tenant_id, connection_id)
    await write.execute(_ADD, write.new_id(), connection_id, slot, sealed, write.now)


def _target(id: UUID) -> Target:
    return Target("CONNECTION", id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"connection": ("CONNECTION", id)})


def _answer_with_secret(id: UUID, secret: str) -> Outcome:
    path = f"/webhooks/{print_id('CONNECTION', id)}"
    return Outcome({"connection": ("CONNECTION", id)}, values={"webhookPath": path}, shown_once={"secret": secret})


_CONNECTION = """
select 'connection' as type, key, name, system from connection where tenant_id = $1 and archived_at is null order by key
"""

LINES = BulkType("connection", "CONNECTION", "connectionCreate", "connectionUpdate", _CONNECTION, without=("secret",))
