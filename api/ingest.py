"""POST /ingest/measurements: up to 5,000 measurements at once, as NDJSON or as a JSON array."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from api.http.body import read_body
from api.http.strict_json import parse_json
from api.viewer import Viewers
from portfolio.enumerations import Scope
from resolvers.engine.mutation import DeclaredMutation
from resolvers.engine.outcome import Outcome, UserErrorCode
from resolvers.engine.session import Write
from resolvers.engine.write import PayloadSelection, WriteContext, change
from resolvers.measurement.measurement import MeasurementInput, Unreadable, record_measurements
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal

_LARGEST_BODY = 8 * 1024 * 1024
_BODY_SECONDS = 30
_MOST_ROWS = 5_000

_ARRAY = "application/json"
JSON_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")

_OPERATION = "POST /ingest/measurements"
_CODES = {
    UserErrorCode.IDEMPOTENCY_MISMATCH: ErrorCode.IDEMPOTENCY_MISMATCH,
    UserErrorCode.LIMIT_EXCEEDED: ErrorCode.REQUEST_TOO_LARGE,
}

# Member of a row, attribute of the input, what JSON must hold.
_MEMBERS: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "kpiId": ("kpi_id", str),
    "kpiKey": ("kpi_key", str),
    "value": ("value", (int, float)),
    "observedAt": ("observed_at", str),
    "source": ("source", str),
    "externalId": ("external_id", str),
    "note": ("note", str),
    "supersedesId": ("supersedes_id", str),
}

Rows = Sequence[MeasurementInput | Unreadable]


async def _record(write: Write, rows: Rows) -> Outcome:
    return await record_measurements(write, rows, _MOST_ROWS)


_CHANGE = DeclaredMutation(_record, Scope.INGEST)


@dataclass(frozen=True)
class IngestDoor:
    """One transaction a request: every good row is recorded, every bad one named by its index."""

    database: Database
    viewers: Viewers
    clock: Clock

    async def receive(self, request: Request) -> Response:
        """200 with {accepted, duplicates, rejected: [{index, code, message, field}]}, or a Refusal."""
        viewer = await self.viewers.authenticate(request.headers)
        viewer.require(Scope.INGEST)
        media_type = _media_type(request.headers)
        body = await read_body(request.headers, request.receive, _LARGEST_BODY, _BODY_SECONDS)
        # Eight megabytes take a while to parse, in which others are to be served.
        rows = await asyncio.to_thread(_read, body, media_type)
        context = WriteContext(
            self.database,
            self.clock,
            viewer,
            request.state.request_id,
            request.headers.get("idempotency-key"),
            via="INGEST",
        )
        answer = await change(context, _OPERATION, _CHANGE, {"rows": rows}, PayloadSelection(_print))
        return Response(answer, 200, media_type=_ARRAY)


def _media_type(headers: Headers) -> str:
    """Raises UNSUPPORTED_MEDIA_TYPE."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _ARRAY and media_type not in JSON_LINES:
        message = f"Send Content-Type: {JSON_LINES[0]} with a measurement a line, or {_ARRAY}."
        raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
    if headers.get("content-encoding", "identity").lower() != "identity":
        message = "Send the body without Content-Encoding."
        raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
    return media_type


async def _print(_: asyncpg.Connection, outcome: Outcome) -> bytes:
    """Raises a Refusal for what concerns the request as a whole."""
    for error in outcome.user_errors:
        raise Refusal(_CODES.get(error.code, ErrorCode.BAD_USER_INPUT), error.message)
    rejected = [
        # From the body on, which is the list itself.
        {"index": item.index, "code": item.code, "message": item.message, "field": item.field[2:]}
        for item in outcome.values["rejected"]
    ]
    return orjson.dumps({**outcome.values, "rejected": rejected})


def _read(body: bytes, media_type: str) -> Rows:
    """Raises INVALID_JSON, or REQUEST_TOO_LARGE for too many rows."""
    if media_type == _ARRAY:
        values = parse_json(body)
        if not isinstance(values, list):
            raise Refusal(ErrorCode.BAD_REQUEST, "The body is a JSON array of measurements.")
        _refuse_count(len(values))
        return [_read_row(value) for value in values]
    lines = [line for line in body.split(b"\n") if line.strip()]
    _refuse_count(len(lines))
    return [_read_line(line) for line in lines]


def _refuse_count(count: int) -> None:
    if count == 0:
        raise Refusal(ErrorCode.BAD_REQUEST, "The body holds no measurement.")
    if count > _MOST_ROWS:
        message = f"Send at most {_MOST_ROWS} measurements at once."
        raise Refusal(ErrorCode.REQUEST_TOO_LARGE, message, limit=_MOST_ROWS, actual=count)


def _read_line(line: bytes) -> MeasurementInput | Unreadable:
    try:
        return _read_row(parse_json(line))
    except Refusal as refusal:
        return Unreadable(refusal.message.replace("The body", "The line"))


def _read_row(value: Any) -> MeasurementInput | Unreadable:
    if not isinstance(value, dict):
        return Unreadable("A measurement is a JSON object.")
    given = {name: member for name, member in value.items() if member is not None}
    fault = _find_fault(given)
    if fault is not None:
        return fault
    try:
        observed_at = datetime.fromisoformat(given["observedAt"])
    except ValueError:
        return Unreadable("observedAt: give ISO 8601 such as 2026-11-22T09:30:00Z.", "observedAt")
    if observed_at.tzinfo is None:
        observed_at = observed_at.replace(tzinfo=UTC)
    members = {_MEMBERS[name][0]: member for name, member in given.items()}
    return MeasurementInput(**{**members, "observed_at": observed_at})


def _find_fault(given: Mapping[str, Any]) -> Unreadable | None:
    for name, member in given.items():
        if name not in _MEMBERS:
            return Unreadable(f"A measurement has no such member; it has {', '.join(_MEMBERS)}.")
        if not isinstance(member, _MEMBERS[name][1]) or isinstance(member, bool):
            return Unreadable(f"{name}: this is {'a number' if name == 'value' else 'a text'}.", name)
    for name in ("value", "observedAt"):
        if name not in given:
            return Unreadable(f"{name} is required.", name)
    return None
