"""Events: written in the changing transaction, at once audit entry, feed, and reason to recompute."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg


@dataclass(frozen=True)
class Actor:
    """Who changes something and through which door. key_id is null for workers and commands."""

    via: str
    key_id: UUID | None = None
    person_id: UUID | None = None
    service_account_id: UUID | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Change:
    """One field's move. Private values (personal or free text) are stored outside the chain."""

    field: str
    before: Any
    after: Any
    private: bool = False


@dataclass(frozen=True)
class NewEvent:
    """subject_id and portfolio_id are null for the tenant's own affairs: people, keys, connections."""

    id: UUID
    type: str
    entity_kind: str
    entity_id: UUID
    subject_id: UUID | None
    portfolio_id: UUID | None
    changes: Sequence[Change]
    occurred_at: datetime


_INSERT_EVENT = """
with written as (
  insert into event (tenant_id, id, type, entity_kind, entity_id, subject_id, portfolio_id, actor_key_id,
                     actor_person_id, actor_service_account_id, via, request_id, changes, occurred_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::jsonb, $14))
insert into event_unsealed (tenant_id, event_id, digest) values ($1, $2, $15)
"""
_INSERT_PRIVATE_VALUE = """
insert into event_private_value (tenant_id, event_id, position, from_value, to_value, salt)
values ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6)
"""
_NOTIFY = "select pg_notify('folioscope', '')"


async def append(connection: asyncpg.Connection, tenant_id: UUID, actor: Actor, events: Sequence[NewEvent]) -> None:
    """Writes events in the caller's transaction and wakes the relay at its commit."""
    rows: list[tuple[Any, ...]] = []
    private_rows: list[tuple[Any, ...]] = []
    # Ids of one millisecond have no order of their own, and the feed goes by them.
    for id, event in zip(sorted(event.id for event in events), events, strict=True):
        changes, private = _split_private(event.changes)
        text = json.dumps(changes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        occurred_at = event.occurred_at.astimezone(UTC)
        fields = (
            *(tenant_id, id, event.type, event.entity_kind, event.entity_id),
            *(event.subject_id, event.portfolio_id),
            *(actor.key_id, actor.person_id, actor.service_account_id, actor.via, actor.request_id),
        )
        rows.append((*fields, text, occurred_at, event_digest(fields, json.loads(text), occurred_at)))
        private_rows += [(tenant_id, id, *row) for row in private]
    # Measurements of 150 KPIs are as many events: one after the other, they took longer than the measurements.
    await connection.executemany(_INSERT_EVENT, rows)
    if private_rows:
        await connection.executemany(_INSERT_PRIVATE_VALUE, private_rows)
    await connection.execute(_NOTIFY)


def event_digest(fields: Sequence[Any], changes: Any, occurred_at: datetime) -> bytes:
    """SHA-256 of the event's canonical text: a JSON list of the columns in table order, UUIDs as text, the instant in
    UTC with microseconds, changes with sorted keys. The audit recomputes it from the stored row."""
    values = [None if value is None else str(value) for value in fields]
    document = [*values, changes, occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")]
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def _split_private(changes: Sequence[Change]) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    public: list[dict[str, Any]] = []
    private: list[tuple[Any, ...]] = []
    for position, change in enumerate(changes):
        if not change.private:
            public.append({"field": change.field, "from": change.before, "to": change.after})
            continue
        salt = secrets.token_bytes(16)
        before, after = (json.dumps(value, ensure_ascii=False) for value in (change.before, change.after))
        digest = hashlib.sha256(salt + before.encode() + b"\0" + after.encode()).hexdigest()
        public.append({"field": change.field, "digest": digest})
        private.append((position, before, after, salt))
    return public, private
