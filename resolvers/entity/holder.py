"""Whose something is: a person's or a service account's, that of the key unless another is named."""

from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import Scope
from portfolio.identity import parse_id, print_id
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from schema.entity import spoken

_KINDS = ("PERSON", "SERVICE_ACCOUNT")

Holder = tuple[UUID | None, UUID | None]
"""Person and service account: one of them."""


async def read_holder(write: Write, given: Any, field: str) -> Holder:
    """The one named, else the key's. Raises FORBIDDEN when another is named without scope ADMIN."""
    viewer = write.viewer
    own = (viewer.person_id, viewer.service_account_id)
    if given in (None, strawberry.UNSET):
        if own == (None, None):
            raise reject(UserErrorCode.REQUIRED, "Nobody holds a key here: say whose it is.", field)
        return own
    kind, id = parse_id(given) or ("", None)
    if kind not in _KINDS:
        raise reject(UserErrorCode.INVALID, "This is the id of no person and no service account.", field)
    if id in own:
        return own
    row = await write.refer(kind, given)
    if row is None:
        raise reject(UserErrorCode.NOT_FOUND, f"There is no such {spoken(kind)}.", field)
    if Scope.ADMIN not in viewer.scopes:
        raise reject(UserErrorCode.FORBIDDEN, "In another's name needs an API key with scope ADMIN.", field)
    if row["archived_at"] is not None:
        raise reject(UserErrorCode.ARCHIVED, f"That {spoken(kind)} is archived; restore it or name another.", field)
    return (row["id"], None) if kind == "PERSON" else (None, row["id"])


def print_holder(holder: Holder) -> str:
    """The public id."""
    return next(print_id(kind, id) for kind, id in zip(_KINDS, holder, strict=True) if id is not None)
