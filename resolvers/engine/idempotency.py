"""The same change sent twice is carried out once: what was answered is kept with what was asked."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import strawberry

from portfolio.identity import parse_id, print_id
from resolvers.engine.outcome import (
    ChangeWarning,
    Outcome,
    UserError,
    UserErrorCode,
    WarningCode,
    reject,
)
from runtime.viewer import Viewer

KEPT = timedelta(days=7)

# The first of two twins holds the row until its transaction ends, and the second waits here.
_TAKE = """
insert into idempotency_record (tenant_id, holder_id, idempotency_key, operation, input_hash, created_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, holder_id, idempotency_key) do update
  set operation = excluded.operation, input_hash = excluded.input_hash, created_at = excluded.created_at,
      outcome = null, selection_hash = null, answer = null
  where idempotency_record.created_at < $7
returning true
"""
_READ = """
select operation, input_hash, outcome::text, selection_hash, answer from idempotency_record
where tenant_id = $1 and holder_id = $2 and idempotency_key = $3
"""
_KEEP = """
update idempotency_record set outcome = $4::text::jsonb, selection_hash = $5, answer = $6
where tenant_id = $1 and holder_id = $2 and idempotency_key = $3
"""


@dataclass(frozen=True)
class Remembered:
    """An earlier answer. answer: null when it was to another selection, or held a secret."""

    outcome: Outcome
    answer: bytes | None


@dataclass(frozen=True)
class Call:
    """One change as a client asked for it. key: null when it may not be repeated."""

    viewer: Viewer
    key: str | None
    operation: str
    input_hash: bytes
    selection_hash: bytes

    @property
    def _identity(self) -> tuple[Any, ...]:
        return self.viewer.tenant_id, self.viewer.holder_id, self.key

    async def recall(self, connection: asyncpg.Connection, now: datetime) -> Remembered | None:
        """Null when this is the first call, which then holds the key until its transaction ends."""
        if self.key is None:
            return None
        taken = (*self._identity, self.operation, self.input_hash, now, now - KEPT)
        if await connection.fetchval(_TAKE, *taken):
            return None
        row = await connection.fetchrow(_READ, *self._identity)
        assert row is not None, "a record that stood in the way of its twin has committed"
        if (row["operation"], row["input_hash"]) != (self.operation, self.input_hash):
            return Remembered(_MISMATCH, None)
        same = row["selection_hash"] == self.selection_hash
        return Remembered(_restore(row["outcome"]), row["answer"] if same else None)

    async def remember(self, connection: asyncpg.Connection, outcome: Outcome, answer: bytes) -> None:
        if self.key is None:
            return
        kept = None if outcome.shown_once else answer
        document = _store(outcome)
        await connection.execute(_KEEP, *self._identity, document, self.selection_hash, kept)


_MISMATCH = reject(
    UserErrorCode.IDEMPOTENCY_MISMATCH,
    "This idempotency key came with another input before; give each input a key of its own.",
    "idempotencyKey",
).outcome


def make_call(viewer: Viewer, field: str, arguments: Mapping[str, Any], key: str | None, selection: bytes) -> Call:
    """The key in the input comes before that of the request. Raises Rejection for a malformed one."""
    given = getattr(arguments.get("input"), "idempotency_key", None)
    chosen = given if given not in (None, strawberry.UNSET) else key
    if chosen is not None and not (1 <= len(chosen) <= 255 and _is_visible_ascii(chosen)):
        message = "An idempotency key has 1 to 255 visible ASCII characters."
        raise reject(UserErrorCode.INVALID, message, "idempotencyKey")
    # Another key of the same holder may see less: bytes are only shared between equal rights.
    grants = viewer.granted_portfolio_ids
    rights = [sorted(viewer.scopes), None if grants is None else sorted(map(str, grants))]
    selection_hash = hashlib.sha256(selection + json.dumps(rights).encode()).digest()
    return Call(viewer, chosen, field, _digest(field, arguments), selection_hash)


def _is_visible_ascii(text: str) -> bool:
    return all("!" <= character <= "~" for character in text)


def _digest(field: str, arguments: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON of the mutation and its coerced input, without the key itself."""
    document = json.dumps([field, _plain(arguments)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).digest()


def _plain(value: Any) -> Any:
    """JSON of a coerced input: an absent key stays absent, which null is not."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        members = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        members.pop("idempotency_key", None)
        return _plain({n: member for n, member in members.items() if member is not strawberry.UNSET})
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in cast(Mapping[str, Any], value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast(Sequence[Any], value)]
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _store(outcome: Outcome) -> str:
    warnings = list(outcome.warnings)
    if outcome.shown_once:
        message = "The secret was shown in the first answer only; make a new one if it is lost."
        warnings.append(ChangeWarning(code=WarningCode.SECRET_SHOWN_ONCE, message=message))
    return json.dumps(
        {
            "entities": {n: entity and print_id(*entity) for n, entity in outcome.entities.items()},
            "user_errors": [_plain(error) for error in outcome.user_errors],
            "warnings": [_plain(warning) for warning in warnings],
            "values": _plain(outcome.values),
        }
    )


def _restore(text: str) -> Outcome:
    stored = json.loads(text)
    entities = {name: text and parse_id(text) for name, text in stored["entities"].items()}
    errors = [UserError(**(e | {"code": UserErrorCode(e["code"])})) for e in stored["user_errors"]]
    warnings = [ChangeWarning(**(w | {"code": WarningCode(w["code"])})) for w in stored["warnings"]]
    values = {name: _restore_value(value) for name, value in stored["values"].items()}
    return Outcome(entities, errors, warnings, values)


def _restore_value(value: Any) -> Any:
    """Objects are read by attribute, as those that the change itself returned."""
    if isinstance(value, dict):
        members = cast(dict[str, Any], value)
        return SimpleNamespace(**{name: _restore_value(member) for name, member in members.items()})
    return [_restore_value(item) for item in cast(list[Any], value)] if isinstance(value, list) else value
