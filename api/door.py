"""What every request passes: limits of its head, an id, one log line, figures, and a last resort."""

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import limits
from api.graphql.answer import answer_fault
from api.http.deadline import Deadline
from api.http.head import Head
from api.metrics import REQUESTS, SECONDS
from runtime.refusal import ErrorCode, Refusal
from runtime.telemetry import begin_facts

_log = structlog.get_logger()

_SLOW_SECONDS = 1.0
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_NO_STORE = (b"cache-control", b"no-store")
# Routes and statuses are few, and finding their figures anew costs more than counting.
_count, _times = cache(REQUESTS.labels), cache(SECONDS.labels)

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
# Nothing here decides by the host, but a log or a proxy that reads it may.
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{0,255}")
# Of a body that was refused: this much is still taken, and thrown away.
_REST_BYTES = 1024 * 1024
_REST_SECONDS = 1.0
_CODE_OF_STATUS = {
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.REQUEST_TOO_LARGE,
}


@dataclass
class Door:
    """Around the whole application, as ASGI: bodies pass through it untouched.

    route: label of all its requests in the metrics; null: that of the route found.
    """

    app: ASGIApp
    route: str | None = None
    # Unlike any other process's; a random number for each request is a call of the system.
    _process: str = field(default_factory=lambda: secrets.token_hex(8))
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Head(scope["headers"])
        request_id = self._request_id(headers)
        scope.setdefault("state", {}).update(head=headers, request_id=request_id)
        begin_facts(request_id=request_id)
        visit = Visit((scope, receive, send), headers, self.route)
        try:
            refuse_head(headers)
            await self.app(scope, visit.receive, visit.send)
        except Exception as fault:
            answer = answer_fault(fault, request_id)
            if visit.status == 0:
                await answer.send(visit.send)
        finally:
            visit.finish()

    def _request_id(self, headers: Head) -> str:
        given = headers.get("x-request-id")
        return given if given and _REQUEST_ID.fullmatch(given) else f"{self._process}-{next(self._numbers)}"


class Visit:
    """One request on its way in and out. status: 0 until the answer has begun."""

    def __init__(self, ends: tuple[Scope, Receive, Send], headers: Head, route: str | None) -> None:
        self.scope, self._receive, self._send = ends
        self.route, self.status = route, 0
        self._started = time.perf_counter()
        self._announced = headers.get("content-length", "0")
        self._unread = self._announced != "0" or "transfer-encoding" in headers

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            headers += ((b"x-request-id", self.scope["state"]["request_id"].encode()), _NO_SNIFFING)
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append(_NO_STORE)
            if self._unread:
                await self._read_rest()
            if self._unread:
                # Else a client could hold the connection by sending the rest a byte at a time.
                headers.append((b"connection", b"close"))
        await self._send(message)

    async def _read_rest(self) -> None:
        """A client that is still sending when its connection closes may never read the answer."""
        length = self._announced if self._announced.isdigit() else "0"
        if len(length) > 9 or int(length) > _REST_BYTES:
            return
        size = 0
        with suppress(TimeoutError), Deadline(_REST_SECONDS):
            while self._unread and size <= _REST_BYTES:
                size += len((await self.receive()).get("body", b""))

    def finish(self) -> None:
        path, seconds = self.scope["path"], time.perf_counter() - self._started
        route = self.route or getattr(self.scope.get("route"), "path", "none")
        _count(route, self.status).inc()
        _times(route).observe(seconds)
        # A line for every good answer is an eighth of the time of a small read; the metrics count them.
        if self.status >= 400 or seconds >= _SLOW_SECONDS:
            fields: dict[str, Any] = {"method": self.scope["method"], "path": path[:200], "status": self.status}
            _log.info("request", **fields, ms=round(seconds * 1000, 2))


def refuse_head(headers: Head) -> None:
    """Raises a Refusal for more headers than anyone sends, or a host that is none."""
    for limit, actual in ((limits.HEADERS, len(headers.raw)), (limits.HEADER_BYTES, headers.size)):
        if actual > limit:
            message = f"A request has at most {limits.HEADERS} headers of {limits.HEADER_BYTES} bytes together."
            raise Refusal(ErrorCode.REQUEST_TOO_LARGE, message, status=431, limit=limit, actual=actual)
    if not all(_HOST.fullmatch(host) for host in headers.getlist("host")):
        raise Refusal(ErrorCode.BAD_REQUEST, "The Host header names no host.")


def answer_exception(request: Request, fault: Exception) -> Response:
    """Starlette's handler for refusals, and for its own exceptions."""
    if not isinstance(fault, HTTPException):
        return answer_fault(fault, request.state.request_id).response()
    code = _CODE_OF_STATUS.get(fault.status_code, ErrorCode.BAD_REQUEST)
    refusal = Refusal(code, fault.detail, status=fault.status_code)
    response = answer_fault(refusal, request.state.request_id).response()
    response.headers.update(fault.headers or {})
    return response
