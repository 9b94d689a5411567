"""What every request passes: limits of its head, an id, one log line, figures, and a last resort."""

import asyncio
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import limits
from api.answer import answer_fault
from api.metrics import REQUESTS, SECONDS
from runtime.clock import Clock
from runtime.refusal import ErrorCode, Refusal

_log = structlog.get_logger()

_SLOW_SECONDS = 1.0

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
    """Around the whole application, as ASGI: bodies pass through it untouched."""

    app: ASGIApp
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = self._request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        visit = Visit(scope, receive, send)
        try:
            refuse_head(headers)
            await self.app(scope, visit.receive, visit.send)
        except Exception as fault:
            answer = answer_fault(fault, request_id)
            if visit.status == 0:
                await answer.response()(scope, receive, visit.send)
        finally:
            visit.finish()

    def _request_id(self, headers: Headers) -> str:
        given = headers.get("x-request-id", "")
        return given if _REQUEST_ID.fullmatch(given) else str(self.clock.new_id())


class Visit:
    """One request on its way in and out. status: 0 until the answer has begun."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.status = scope, 0
        self._receive, self._send = receive, send
        self._started = time.perf_counter()
        headers = Headers(scope=scope)
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
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.scope["state"]["request_id"]
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
            await self._read_rest()
            if self._unread:
                # Else a client could hold the connection by sending the rest a byte at a time.
                headers["Connection"] = "close"
        await self._send(message)

    async def _read_rest(self) -> None:
        """A client that is still sending when its connection closes may never read the answer."""
        length = self._announced if self._announced.isdigit() else "0"
        if not self._unread or len(length) > 9 or int(length) > _REST_BYTES:
            return
        size = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_REST_SECONDS):
                while self._unread and size <= _REST_BYTES:
                    size += len((await self.receive()).get("body", b""))

    def finish(self) -> None:
        path, seconds = self.scope["path"], time.perf_counter() - self._started
        route = getattr(self.scope.get("route"), "path", "none")
        REQUESTS.labels(route, self.status).inc()
        SECONDS.labels(route).observe(seconds)
        # A line for every good answer is an eighth of the time of a small read; the metrics count them.
        if self.status >= 400 or seconds >= _SLOW_SECONDS:
            fields: dict[str, Any] = {"method": self.scope["method"], "path": path[:200], "status": self.status}
            _log.info("request", **fields, ms=round(seconds * 1000, 2))


def refuse_head(headers: Headers) -> None:
    """Raises a Refusal for more headers than anyone sends, or a host that is none."""
    size = sum(len(name) + len(value) for name, value in headers.raw)
    for limit, actual in ((limits.HEADERS, len(headers.raw)), (limits.HEADER_BYTES, size)):
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
