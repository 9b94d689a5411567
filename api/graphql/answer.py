"""What goes back: the media type that the client takes, the errors in their one shape, the status."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
import redis.exceptions
import structlog
from graphql import ExecutionResult, GraphQLError
from starlette.responses import Response
from starlette.types import Send

from api import limits
from api.graphql.gate import Invalid
from runtime.refusal import ErrorCode, Refusal

_log = structlog.get_logger()

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
_CONTENT_TYPE = {kind: f"{kind}; charset=utf-8".encode() for kind in (JSON, GRAPHQL_JSON)}
# A client that does not say is an old one, and reads plain JSON.
_TAKEN_FOR = {GRAPHQL_JSON: GRAPHQL_JSON, JSON: JSON, "application/*": JSON, "*/*": JSON}
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"")
_COME_AGAIN = (ErrorCode.UNAVAILABLE, ErrorCode.TIMEOUT, ErrorCode.OVERLOADED)
_RETRY_AFTER_SECONDS = {ErrorCode.OVERLOADED: 1, ErrorCode.UNAVAILABLE: 2, ErrorCode.RATE_LIMITED: 1}
_UNREACHABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    redis.exceptions.ConnectionError,
    OSError,
    TimeoutError,
)
_TOO_SLOW = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


@dataclass(frozen=True)
class Answer:
    """Everything of a response but its request: body members, status, and headers beside the usual ones."""

    members: dict[str, Any]
    status: int
    headers: dict[str, str]

    async def send(self, send: Send, media_type: str = JSON) -> None:
        body = orjson.dumps(self.members)
        headers = [
            (b"content-type", _CONTENT_TYPE[media_type]),
            (b"content-length", b"%d" % len(body)),
            *((name.lower().encode(), value.encode()) for name, value in self.headers.items()),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def response(self) -> Response:
        """For Starlette's handlers."""
        return Response(orjson.dumps(self.members), self.status, self.headers, f"{JSON}; charset=utf-8")


def choose_media_type(accepted: Iterable[str]) -> str:
    """The best that the Accept headers allow, the newer of equals. Raises NOT_ACCEPTABLE."""
    ranges = [item for item in ",".join(accepted).split(",") if item.strip()]
    if not ranges:
        return JSON
    offers = [(quality, taken) for taken, quality in map(_offer, ranges) if taken and quality > 0]
    if not offers:
        message = f"The answer can be {GRAPHQL_JSON} or {JSON}."
        raise Refusal(ErrorCode.NOT_ACCEPTABLE, message)
    return max(offers, key=lambda offer: (offer[0], offer[1] == GRAPHQL_JSON))[1]


def answer_result(result: ExecutionResult, request_id: str) -> Answer:
    """Of an operation that ran, or that failed before its first field."""
    errors = result.errors or []
    if not errors:
        return Answer({"data": result.data}, 200, {})
    refusals = [refusal_of(error) for error in errors[: limits.ERRORS]]
    shown = [_describe(refusal, request_id, error) for refusal, error in zip(refusals, errors, strict=False)]
    if result.data is None and all(error.path is None for error in errors):
        return Answer({"errors": shown}, refusals[0].status, _headers(refusals[0]))
    late = next((item for item in refusals if item.code in _COME_AGAIN), None) if result.data is None else None
    status, headers = (late.status, _headers(late)) if late else (200, {})
    return Answer({"errors": shown, "data": result.data}, status, headers)


def answer_fault(fault: Exception, request_id: str) -> Answer:
    """Of a request that was refused as a whole, or that failed."""
    if isinstance(fault, Invalid):
        shown = [_describe(Refusal(fault.code, error.message), request_id, error) for error in fault.errors]
        return Answer({"errors": shown}, fault.code.status, {})
    refusal = refusal_of(fault)
    return Answer({"errors": [_describe(refusal, request_id)]}, refusal.status, _headers(refusal))


def refusal_of(fault: Exception) -> Refusal:
    """What the client may know of a fault. The fault itself, when it is ours, goes to the log."""
    cause = fault.original_error if isinstance(fault, GraphQLError) else fault
    if isinstance(cause, Refusal):
        return cause
    if cause is None:
        return Refusal(ErrorCode.BAD_USER_INPUT, str(getattr(fault, "message", fault)))
    if isinstance(cause, _TOO_SLOW):
        _log.warning("request took too long", exc_info=cause)
        return Refusal(ErrorCode.TIMEOUT, "The request took too long.")
    if isinstance(cause, _UNREACHABLE):
        _log.error("service not reached", exc_info=cause)
        return Refusal(ErrorCode.UNAVAILABLE, "The service is not available at the moment.")
    _log.error("request failed", exc_info=cause)
    if isinstance(cause, asyncpg.DataError):
        # Nobody foresaw the value, but it came from the client.
        return Refusal(ErrorCode.BAD_USER_INPUT, "A value cannot be stored.")
    return Refusal(ErrorCode.INTERNAL, "Internal error")


def shorten(message: str) -> str:
    """A message echoes at most 100 characters of any text of the client."""
    room = limits.ECHOED_CHARACTERS

    def cut(quoted: re.Match[str]) -> str:
        text = quoted[0]
        return text if len(text) <= room + 2 else f"{text[: room + 1]}…{text[0]}"

    short = _QUOTED.sub(cut, message)
    return short if len(short) <= limits.MESSAGE_CHARACTERS else f"{short[: limits.MESSAGE_CHARACTERS]}…"


def _describe(refusal: Refusal, request_id: str, error: GraphQLError | None = None) -> dict[str, Any]:
    described: dict[str, Any] = {"message": shorten(refusal.message)}
    if error is not None and error.locations:
        described["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error is not None and error.path is not None:
        described["path"] = error.path
    return {**described, "extensions": {**refusal.extensions, "requestId": request_id}}


def _headers(refusal: Refusal) -> dict[str, str]:
    headers = {}
    if refusal.code is ErrorCode.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.code in _RETRY_AFTER_SECONDS:
        headers["Retry-After"] = str(_RETRY_AFTER_SECONDS[refusal.code])
    if refusal.code is ErrorCode.METHOD_NOT_ALLOWED:
        headers["Allow"] = "POST"
    return headers


def _offer(accepted: str) -> tuple[str | None, float]:
    """Which of our types the range takes, and how much the client wants it, 0 to 1."""
    name, *parameters = (part.strip().lower() for part in accepted.split(";"))
    values = {key: value for key, _, value in (part.partition("=") for part in parameters)}
    if values.get("charset", "utf-8").strip('"') not in ("utf-8", "utf8"):
        return None, 0
    try:
        return _TAKEN_FOR.get(name), float(values.get("q", "1"))
    except ValueError:
        return None, 0
