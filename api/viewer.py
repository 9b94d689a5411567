"""Who asks: the viewer behind `Authorization: Bearer fsk_…`."""

import hmac
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from starlette.datastructures import Headers

from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal
from runtime.viewer import Viewer, parse_key

# How long a revoked key may still be believed.
_BELIEVED = timedelta(seconds=10)
_KEYS_KEPT = 10_000

_FIND = "select * from find_api_key($1)"


@dataclass(frozen=True)
class _Known:
    viewer: Viewer
    expires_at: datetime
    believed_until: datetime


@dataclass
class Viewers:
    """Looks keys up, and remembers good ones for ten seconds. Bad ones are asked for again."""

    database: Database
    clock: Clock
    _known: OrderedDict[tuple[UUID, bytes], _Known] = field(default_factory=OrderedDict)

    async def authenticate(self, headers: Headers) -> Viewer:
        """Raises UNAUTHENTICATED, in the same words whatever is wrong with the key."""
        key = presented_key(headers)
        if key is None:
            raise unauthenticated()
        return await self.find(key)

    async def find(self, key: tuple[UUID, bytes]) -> Viewer:
        """Of a key's id and digest. Raises UNAUTHENTICATED."""
        now = self.clock.now()
        known = self._known.get(key)
        if known is None or now >= known.believed_until:
            known = await self._look_up(key, now)
            self._remember(key, known)
        if now >= known.expires_at:
            raise unauthenticated()
        return known.viewer

    async def _look_up(self, key: tuple[UUID, bytes], now: datetime) -> _Known:
        key_id, digest = key
        async with self.database.connection() as connection:
            row = await connection.fetchrow(_FIND, key_id)
        stored = row["secret_digest"] if row else bytes(len(digest))
        if not hmac.compare_digest(stored, digest) or row is None:
            raise unauthenticated()
        if row["revoked_at"] is not None or row["holder_archived_at"] is not None:
            raise unauthenticated()
        return _Known(_viewer(key_id, row), row["expires_at"], now + _BELIEVED)

    def _remember(self, key: tuple[UUID, bytes], known: _Known) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        if len(self._known) > _KEYS_KEPT:
            self._known.popitem(last=False)


def presented_key(headers: Headers) -> tuple[UUID, bytes] | None:
    """Id and digest of the key; null without Authorization. Raises UNAUTHENTICATED for another."""
    values = headers.getlist("authorization")
    if not values:
        return None
    scheme, _, text = values[0].partition(" ")
    key = parse_key(text.strip()) if scheme.lower() == "bearer" and len(values) == 1 else None
    if key is None:
        raise unauthenticated()
    return key


def unauthenticated() -> Refusal:
    return Refusal(ErrorCode.UNAUTHENTICATED, "Send a valid API key: Authorization: Bearer fsk_…")


def _viewer(key_id: UUID, row: asyncpg.Record) -> Viewer:
    granted = row["granted_portfolio_ids"]
    return Viewer(
        tenant_id=row["tenant_id"],
        key_id=key_id,
        person_id=row["person_id"],
        service_account_id=row["service_account_id"],
        scopes=frozenset(row["scopes"]),
        granted_portfolio_ids=None if granted is None else tuple(granted),
    )
