"""How service accounts change."""

from uuid import UUID

import strawberry

from portfolio.enumerations import Scope
from resolvers.engine.archive import archive, refuse_archived, restore
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    entity_field,
    optional,
    required,
)
from resolvers.engine.session import Target, Write
from schema import check
from schema.organization.service_account import ServiceAccount

_MEMBERS = (
    Member("key", check.account_key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
)

_INSERT = """
insert into service_account (tenant_id, id, created_at, updated_at, key, name) values ($1, $2, $3, $3, $4, $5)
"""
_UPDATE = """
update service_account set version = version + 1, updated_at = $3, key = $4, name = $5
where tenant_id = $1 and id = $2
"""


@strawberry.input(description="A new service account.")
class ServiceAccountCreateInput(Retryable):
    key: str = required(check.ACCOUNT_KEY)
    name: str = required("Display name, 1 to 200 characters.")


@strawberry.input(description="Changes of a service account: an absent member stays.")
class ServiceAccountUpdateInput(NodeInput):
    key: str | None = optional(check.ACCOUNT_KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")


@strawberry.type(description="Answer to a change of a service account.")
class ServiceAccountPayload(Payload):
    service_account: ServiceAccount | None = entity_field("Service account as it is now")


@mutation(ServiceAccountPayload, scope=Scope.ADMIN, tenant_wide=True)
async def service_account_create(write: Write, input: ServiceAccountCreateInput) -> Outcome:
    """Add a service account, to which keys of programs belong."""
    values = await read_members(write, _MEMBERS, input)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    write.record("SERVICE_ACCOUNT_CREATED", _target(id), differences(_MEMBERS, None, values))
    return _answer(id)


@mutation(ServiceAccountPayload, scope=Scope.ADMIN, tenant_wide=True)
async def service_account_update(write: Write, input: ServiceAccountUpdateInput) -> Outcome:
    """Change a service account."""
    row = await write.find_for_change("SERVICE_ACCOUNT", "serviceAccount", input)
    refuse_archived("SERVICE_ACCOUNT", row)
    values = await read_members(write, _MEMBERS, input, row)
    changes = differences(_MEMBERS, row, values)
    if changes:
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("SERVICE_ACCOUNT_UPDATED", _target(row["id"]), changes)
    return _answer(row["id"])


@mutation(ServiceAccountPayload, scope=Scope.ADMIN, tenant_wide=True)
async def service_account_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a service account out of lists; its keys are refused from then on. Safe to repeat."""
    row = await write.find_for_change("SERVICE_ACCOUNT", "serviceAccount", input)
    await archive(write, _target(row["id"]), row)
    return _answer(row["id"])


@mutation(ServiceAccountPayload, scope=Scope.ADMIN, tenant_wide=True)
async def service_account_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived service account, with its valid keys. Safe to repeat."""
    row = await write.find_for_change("SERVICE_ACCOUNT", "serviceAccount", input)
    await restore(write, _target(row["id"]), row)
    return _answer(row["id"])


def _target(id: UUID) -> Target:
    return Target("SERVICE_ACCOUNT", id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"serviceAccount": ("SERVICE_ACCOUNT", id)})
