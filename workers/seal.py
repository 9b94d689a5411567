"""The sealer: gives committed events their dense sequence and their link in the audit chain."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from runtime.postgres import Database

BATCH = 2000
FIRST_LINK = bytes(32)

# Two relays may run; one seals at a time. Taken in a statement of its own, so that the next one's
# snapshot is younger than the other relay's commit.
_TRY_LOCK = "select pg_try_advisory_xact_lock(hashtextextended('folioscope seal', 0))"
# Below xmin nothing can still commit: the order is final. A visible row of a transaction at or above
# xmax was restored from another cluster, complete and older than anything written here.
_COMPLETE = """
with snapshot as materialized (select pg_current_snapshot() as value)
select u.tenant_id, u.event_id, u.digest
from event_unsealed u, snapshot s
where u.transaction_id < pg_snapshot_xmin(s.value) or u.transaction_id >= pg_snapshot_xmax(s.value)
order by u.transaction_id < pg_snapshot_xmax(s.value), u.transaction_id, u.event_id
limit $1
"""
_LAST = """
select t.tenant_id, s.sequence, s.chain_hash
from unnest($1::uuid[]) as t (tenant_id)
cross join lateral (
  select sequence, chain_hash from event_seal where tenant_id = t.tenant_id
  order by sequence desc limit 1) s
"""
_INSERT = """
insert into event_seal (tenant_id, sequence, event_id, digest, chain_hash, sealed_at)
select tenant_id, sequence, event_id, digest, chain_hash, clock_timestamp()
from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[])
  as s (tenant_id, sequence, event_id, digest, chain_hash)
"""
_DELETE = """
delete from event_unsealed u using unnest($1::uuid[], $2::uuid[]) as s (tenant_id, event_id)
where u.tenant_id = s.tenant_id and u.event_id = s.event_id
"""


def chain_link(previous: bytes, sequence: int, event_id: UUID, digest: bytes) -> bytes:
    """SHA-256 of previous link (32 zero bytes before the first), sequence (8 bytes, big-endian),
    event id (16 bytes) and the event's digest."""
    return hashlib.sha256(previous + sequence.to_bytes(8, "big") + event_id.bytes + digest).digest()


async def seal_events(relay: Database) -> set[UUID]:
    """Seals all complete events and returns their tenants. Safe to run twice and at once."""
    tenants: set[UUID] = set()
    while True:
        async with relay.connection() as connection, connection.transaction():
            if not await connection.fetchval(_TRY_LOCK):
                return tenants
            rows = await connection.fetch(_COMPLETE, BATCH)
            if rows:
                await _seal(connection, rows)
        tenants.update(row["tenant_id"] for row in rows)
        if len(rows) < BATCH:
            return tenants


async def _seal(connection: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> None:
    tenant_ids = [row["tenant_id"] for row in rows]
    last = await connection.fetch(_LAST, list(set(tenant_ids)))
    ends = {row["tenant_id"]: (row["sequence"], row["chain_hash"]) for row in last}
    sequences: list[int] = []
    links: list[bytes] = []
    for row in rows:
        sequence, link = ends.get(row["tenant_id"], (0, FIRST_LINK))
        link = chain_link(link, sequence + 1, row["event_id"], row["digest"])
        ends[row["tenant_id"]] = (sequence + 1, link)
        sequences.append(sequence + 1)
        links.append(link)
    event_ids = [row["event_id"] for row in rows]
    digests = [row["digest"] for row in rows]
    await connection.execute(_INSERT, tenant_ids, sequences, event_ids, digests, links)
    await connection.execute(_DELETE, tenant_ids, event_ids)
