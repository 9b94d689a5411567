"""How API keys are made and revoked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import Scope
from portfolio.identity import print_id
from portfolio.row import Row
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
from resolvers.entity.member import differences, read_members
from runtime.events import Change
from runtime.viewer import make_key
from schema import check
from schema.member import Member
from schema.organization.api_key import ApiKey

_LIFETIME = timedelta(days=90)
_LONGEST_LIFETIME = timedelta(days=365)

_MEMBERS = (
    Member("name", check.line(), nullable=False, private=True),
    Member("person_id", kinds=("PERSON",)),
    Member("service_account_id", kinds=("SERVICE_ACCOUNT",)),
)

_INSERT = """
insert into api_key (tenant_id, id, created_at, updated_at, name, person_id, service_account_id, secret_digest, scopes,
                     granted_portfolio_ids, expires_at, maker_key_id)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
# As it is now: a process may believe a key for some seconds after it was revoked.
_MAKER = "select id, scopes, expires_at, revoked_at from api_key where tenant_id = $1 and id = $2"
_REVOKE = """
update api_key set revoked_at = $3, updated_at = $3, version = version + 1 where tenant_id = $1 and id = $2
"""


@strawberry.input(description="A new API key of one person or one service account.")
class ApiKeyCreateInput(Retryable):
    name: str = required("What the key is for, 1 to 200 characters.")
    person_id: strawberry.ID | None = optional(
        "Person to whom it belongs; exactly one of personId and serviceAccountId is given."
    )
    service_account_id: strawberry.ID | None = optional(
        "Service account to whom it belongs; exactly one of personId and serviceAccountId is given."
    )
    scopes: list[Scope] = required("What the key may do, at least one; nothing that the key which makes it may not do.")
    expires_at: datetime | None = optional(
        "Instant from which the key is refused, within 365 days, and not after the key which makes it; null: in 90"
        " days, or with that key."
    )
    portfolio_ids: list[strawberry.ID] | None = optional(
        "Portfolios that the key sees, with all below them, 1 to 250; null: all."
    )


@strawberry.type(description="Answer to a change of an API key.")
class ApiKeyPayload(Payload):
    api_key: ApiKey | None = entity_field("API key as it is now")
    secret: str | None = strawberry.field(
        description="Text of a new key, to be kept by its holder: it is shown in this answer only. "
        "Null in every other answer.",
        default=None,
    )


@mutation(ApiKeyPayload, scope=Scope.ADMIN, tenant_wide=True)
async def api_key_create(write: Write, input: ApiKeyCreateInput) -> Outcome:
    """Make a key for a person or a service account; its secret is shown once."""
    values = await read_members(write, _MEMBERS, input)
    if (values["person_id"] is None) == (values["service_account_id"] is None):
        message = "Give exactly one of personId and serviceAccountId."
        raise reject(UserErrorCode.INVALID, message, "personId")
    scopes = sorted(set(input.scopes))
    if not scopes:
        raise reject(UserErrorCode.REQUIRED, "A key has at least one scope.", "scopes")
    maker = await write.connection.fetchrow(_MAKER, write.tenant_id, write.viewer.key_id)
    _refuse_more_scopes(write, maker, scopes)
    expires_at = _expiry(write, maker, input.expires_at)
    grants = await _grants(write, input.portfolio_ids)
    id = write.new_id()
    text, digest = make_key(id)
    stored = (*values.values(), digest, scopes, grants, expires_at, maker and maker["id"])
    await write.execute(_INSERT, id, write.now, *stored)
    changes = [
        *differences(_MEMBERS, None, values),
        Change("scopes", None, [scope.value for scope in scopes]),
        Change("portfolioIds", None, grants and [print_id("PORTFOLIO", g) for g in grants]),
        Change("expiresAt", None, expires_at.isoformat()),
    ]
    write.record("API_KEY_CREATED", Target("API_KEY", id), changes)
    return Outcome({"apiKey": ("API_KEY", id)}, shown_once={"secret": text})


@mutation(ApiKeyPayload, scope=Scope.ADMIN, tenant_wide=True)
async def api_key_revoke(write: Write, input: NodeInput) -> Outcome:
    """Refuse a key from now on, for good. It may work for ten seconds more. Safe to repeat."""
    row = await write.find_for_change("API_KEY", "apiKey", input)
    if row["revoked_at"] is None:
        await write.execute(_REVOKE, row["id"], write.now)
        change = Change("revokedAt", None, write.now.isoformat())
        write.record("API_KEY_REVOKED", Target("API_KEY", row["id"]), [change])
    return Outcome({"apiKey": ("API_KEY", row["id"])})


def _refuse_more_scopes(write: Write, maker: Row | None, scopes: Sequence[Scope]) -> None:
    """maker: null for a command, which is no key."""
    if maker is not None and maker["revoked_at"] is not None:
        raise reject(UserErrorCode.FORBIDDEN, "The key that makes this one was revoked.")
    held = write.viewer.scopes if maker is None else maker["scopes"]
    more = [scope.value for scope in scopes if scope not in held]
    if more:
        message = f"A key gives no scope that it has not: {', '.join(more)}; it has {', '.join(sorted(held))}."
        raise reject(UserErrorCode.FORBIDDEN, message, "scopes")


def _expiry(write: Write, maker: Row | None, given: Any) -> datetime:
    last = write.now + _LONGEST_LIFETIME if maker is None else maker["expires_at"]
    if given in (None, strawberry.UNSET):
        return min(write.now + _LIFETIME, last)
    if not write.now < given <= write.now + _LONGEST_LIFETIME:
        message = "A key expires in the future, at most 365 days from now."
        raise reject(UserErrorCode.INVALID, message, "expiresAt")
    if given > last:
        message = (
            f"A key does not outlive the key that makes it, which ends at {last.isoformat()}; give no later instant."
        )
        raise reject(UserErrorCode.FORBIDDEN, message, "expiresAt")
    return given


async def _grants(write: Write, given: Any) -> list[UUID] | None:
    if given in (None, strawberry.UNSET):
        return None
    if not 1 <= len(given) <= check.MOST_ITEMS:
        message = "Name 1 to 250 portfolios, or give null for all."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message, "portfolioIds")
    ids = set()
    for index, public_id in enumerate(given):
        row = await write.refer("PORTFOLIO", public_id)
        if row is None:
            message = "There is no such portfolio."
            raise reject(UserErrorCode.NOT_FOUND, message, "portfolioIds", str(index))
        ids.add(row["id"])
    return sorted(ids)
