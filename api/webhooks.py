"""POST /webhooks/{connection}: an authentic delivery becomes one durable row, only then a 202."""

import asyncio
import hashlib
import hmac
import json
import re
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.http.body import read_body
from portfolio.identity import parse_id, print_id
from runtime.clock import Clock
from runtime.encryption import SecretBox, Undecryptable
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal

_log = structlog.get_logger()

# GitHub itself sends no payload beyond this.
_LARGEST_BODY = 25 * 1024 * 1024
_BODY_SECONDS = 10
_LIVE_SECRETS = 2
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_VISIBLE_ASCII = re.compile(r"[!-~]{1,128}")
_PRINTABLE_ASCII = re.compile(r"[ -~]{1,256}")
_KEPT_HEADERS = (
    *("content-type", "user-agent"),
    *("x-github-event", "x-github-delivery", "x-github-hook-id"),
)
# Stands in for a secret that is not there, so that the work is the same for every connection.
_NOBODYS_SECRET = secrets.token_bytes(32)
_UNREACHABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

_FIND = "select tenant_id, system, archived_at, encrypted_secrets from find_connection($1)"
_STORE = """
with identity as (
  insert into delivery_identity (tenant_id, connection_id, delivery_key, delivery_id)
  values ($1, $2, $3, $4)
  on conflict do nothing returning delivery_id
), stored as (
  insert into delivery (tenant_id, id, connection_id, delivery_key, event, headers, body,
    received_at)
  select $1, delivery_id, $2, $3, $5, $6::text::jsonb, $7, $8 from identity
), seen as (
  update connection set last_delivery_at = $8
  where tenant_id = $1 and id = $2 and exists (select from identity)
)
select delivery_id from identity
"""
_STORED_BEFORE = """
select delivery_id from delivery_identity
where tenant_id = $1 and connection_id = $2 and delivery_key = $3
"""
_SIGNAL = "select raise_signal('apply_deliveries', array[$1::uuid])"


@dataclass(frozen=True)
class _Sender:
    """A connection that takes deliveries, with what its sender may sign with."""

    tenant_id: UUID
    connection_id: UUID
    secrets: Sequence[bytes]


class WebhookDoor:
    """Knows who may deliver, and keeps what is delivered. A worker reads later what it says."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock) -> None:
        self._database = database
        self._box = box
        self._clock = clock

    async def receive(self, request: Request) -> Response:
        """202 when the delivery is stored, 401 when it is not authentic. Raises a Refusal beside."""
        signature = _claimed_signature(request.headers)
        if signature is None:
            return _unauthenticated()
        body = await read_body(request.headers, request.receive, _LARGEST_BODY, _BODY_SECONDS)
        try:
            sender = await self._find_sender(request.path_params["connection"])
            authentic = _is_authentic(body, signature, sender.secrets if sender else ())
            if sender is None or not authentic:
                return _unauthenticated()
            return await self._accept(sender, request.headers, body)
        except _UNREACHABLE as fault:
            _log.error("delivery not stored", fault=repr(fault))
            message = "The delivery was not stored; send it again."
            raise Refusal(ErrorCode.UNAVAILABLE, message) from fault

    async def _find_sender(self, public_id: str) -> _Sender | None:
        """Asks the database for ill-formed ids too, so that no answer comes faster than another."""
        kind, connection_id = parse_id(public_id) or ("", UUID(int=0))
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_FIND, connection_id)
        if row is None or kind != "CONNECTION" or row["archived_at"] is not None:
            return None
        secrets_of_sender = []
        for sealed in row["encrypted_secrets"]:
            try:
                secrets_of_sender.append(self._box.open(sealed, row["tenant_id"], connection_id))
            except Undecryptable:
                _log.error("secret of connection does not open", connection=public_id)
        return _Sender(row["tenant_id"], connection_id, secrets_of_sender)

    async def _accept(self, sender: _Sender, headers: Headers, body: bytes) -> Response:
        """One transaction. Of copies that arrive together the others wait for the first."""
        delivery_key = headers.get("x-github-delivery", "")
        if not _VISIBLE_ASCII.fullmatch(delivery_key):
            delivery_key = hashlib.sha256(body).hexdigest()
        place = (sender.tenant_id, sender.connection_id, delivery_key)
        kept = _kept_headers(headers)
        event = kept.get("x-github-event", "")
        content = (event, json.dumps(kept), await _compress(body), self._clock.now())
        async with self._database.transaction(sender.tenant_id) as connection:
            delivery_id = await connection.fetchval(_STORE, *place, self._clock.new_id(), *content)
            if delivery_id is not None:
                await connection.execute(_SIGNAL, sender.connection_id)
                return _accepted(delivery_id, duplicate=False)
            earlier = await connection.fetch(_STORED_BEFORE, *place)
            return _accepted(earlier[0]["delivery_id"], duplicate=True)


def _claimed_signature(headers: Headers) -> bytes | None:
    """The one well-formed signature; null refuses before anything is read. SHA-1 is none."""
    values = headers.getlist("x-hub-signature-256")
    match = _SIGNATURE.fullmatch(values[0]) if len(values) == 1 else None
    return bytes.fromhex(match[1]) if match else None


async def _compress(body: bytes) -> bytes:
    """A large body keeps a thread busy, not the loop on which all others wait."""
    if len(body) < 1 << 18:
        return zlib.compress(body)
    return await asyncio.to_thread(zlib.compress, body)


def _is_authentic(body: bytes, signature: bytes, live_secrets: Sequence[bytes]) -> bool:
    """Always as many comparisons, each in constant time. An empty secret signs nothing."""
    candidates = [secret for secret in live_secrets if secret]
    fillers = [_NOBODYS_SECRET] * (_LIVE_SECRETS - len(candidates))
    digests = [hmac.digest(secret, body, "sha256") for secret in candidates + fillers]
    matches = [hmac.compare_digest(digest, signature) for digest in digests]
    return any(matches[: len(candidates)])


def _kept_headers(headers: Headers) -> dict[str, str]:
    kept = {name: headers.get(name, "") for name in _KEPT_HEADERS}
    return {name: value for name, value in kept.items() if _PRINTABLE_ASCII.fullmatch(value)}


def _unauthenticated() -> Response:
    """To the byte the same for every reason: which connections exist is nobody's business."""
    error = {
        "message": "The delivery has no valid signature of a connection.",
        "extensions": {"code": ErrorCode.UNAUTHENTICATED},
    }
    return JSONResponse({"errors": [error]}, 401)


def _accepted(delivery_id: UUID, *, duplicate: bool) -> Response:
    body = {"delivery": print_id("DELIVERY", delivery_id), "duplicate": duplicate}
    return JSONResponse(body, 202)
