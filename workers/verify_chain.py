"""The audit: recomputes a tenant's chain from the events themselves."""

import json
from dataclasses import dataclass
from typing import Any

import asyncpg

from runtime.events import event_digest
from workers.seal import FIRST_LINK, chain_link

_FIELDS = (
    *("tenant_id", "id", "type", "entity_kind", "entity_id", "subject_id", "portfolio_id"),
    *("actor_key_id", "actor_person_id", "actor_service_account_id", "via", "request_id"),
)
_CHAIN = f"""
select s.sequence, s.event_id, s.digest, s.chain_hash, {", ".join(f"e.{name}" for name in _FIELDS)},
       e.changes::text as changes, e.occurred_at
from event_seal s left join event e on e.tenant_id = s.tenant_id and e.id = s.event_id
where s.tenant_id = claimed_tenant_id() order by s.sequence
"""


@dataclass(frozen=True)
class ChainResult:
    """`length` counts the links that hold. `broken_sequence` is the first that does not, and why."""

    length: int
    broken_sequence: int | None = None
    reason: str | None = None


async def verify_chain(connection: asyncpg.Connection) -> ChainResult:
    """In a transaction of the application role that has claimed the tenant."""
    sequence, link = 0, FIRST_LINK
    async for row in connection.cursor(_CHAIN, prefetch=1000):
        sequence += 1
        link = chain_link(link, sequence, row["event_id"], row["digest"])
        reason = _fault(row, sequence, link)
        if reason is not None:
            return ChainResult(sequence - 1, sequence, reason)
    return ChainResult(sequence)


def _fault(row: Any, sequence: int, link: bytes) -> str | None:
    if row["sequence"] != sequence:
        return "the seal is missing"
    if row["id"] is None:
        return "the event is missing"
    fields = [row[name] for name in _FIELDS]
    if event_digest(fields, json.loads(row["changes"]), row["occurred_at"]) != row["digest"]:
        return "the event differs from what was sealed"
    if link != row["chain_hash"]:
        return "the link does not follow from the one before"
    return None
