"""A field that another system owns is changed by that system alone, whichever mutation comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from compiler.declare import snake_case
from resolvers.engine.outcome import Outcome, Rejection, UserError, UserErrorCode
from runtime.events import NewEvent
from schema.entities import CHANGED
from schema.entity import Entity

# $3: the system that the change speaks for, $4: the service account that makes it; null for none.
_OWNED_ELSEWHERE = """
select node_id, system, url, authoritative_fields from external_link
where tenant_id = $1 and node_id = any ($2::uuid[]) and authoritative_fields <> '{}'
  and case when service_account_id is null then system is distinct from $3
      else service_account_id is distinct from $4 end
order by system
"""
LINKABLE: dict[str, Entity] = {entity.kind: entity for entity in CHANGED if entity.external}
"""By the kind of objects that other systems may name."""
# A field that is set by another name than its change is told by.
_SET_BY = {
    member.told_as: member.public_name for entity in LINKABLE.values() for member in entity.members if member.since
}


@dataclass(frozen=True)
class Speaker:
    """Who makes a change. system: for which it speaks; input: what it was asked for; null for none."""

    system: str | None
    service_account_id: UUID | None
    input: Any


async def refuse_owned(
    connection: asyncpg.Connection, tenant_id: UUID, events: Sequence[NewEvent], speaker: Speaker
) -> None:
    """Every change tells in its events which fields of which object moved, so that none can pass by here. What nobody
    could own, such as measurements, costs no look.

    Raises Rejection with each field that another system owns.
    """
    changed = [
        (event.entity_id, field)
        for event in events
        if event.entity_kind in LINKABLE
        for field in (_SET_BY.get(change.field, change.field) for change in event.changes)
        if field.partition(".")[0] in LINKABLE[event.entity_kind].ownable
    ]
    if not changed:
        return
    ids = sorted({id for id, _ in changed})
    links = await connection.fetch(_OWNED_ELSEWHERE, tenant_id, ids, speaker.system, speaker.service_account_id)
    errors = [
        _owned(field, link["system"], link["url"], speaker.input)
        for link in links
        for id, field in changed
        # A custom field's change names the field too: customFields.REGION.
        if id == link["node_id"] and field.partition(".")[0] in link["authoritative_fields"]
    ]
    if errors:
        raise Rejection(Outcome(user_errors=errors))


def _owned(field: str, system: str, url: str | None, input: Any) -> UserError:
    place = f"there, at {url}," if url else "there,"
    message = f"{system} owns {field}: change it {place} or end that with externalLinkSet and authoritativeFields."
    path = ["input", field] if hasattr(input, snake_case(field)) else None
    return UserError(code=UserErrorCode.FIELD_OWNED_ELSEWHERE, message=message, field=path)
