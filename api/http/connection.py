"""HTTP connections that end when their client stalls: uvicorn has no limit for the head of a request."""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import limits

# Far above what the door lets pass, so that the door answers in JSON whatever can be answered so.
_HEAD_BYTES = 64 * 1024


class HttpConnection(HttpToolsProtocol):
    """Given to uvicorn as `http`. From the first byte to the end of the head there are five seconds."""

    head_seconds = limits.HEAD_SECONDS

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = self._in_trailer = False
        self._head_timer: TimerHandle | None = None
        self._head_bytes = self._trailer_bytes = 0

    def connection_made(self, transport: Transport) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # Only bytes that cannot belong to a body are counted.
        behind_body = self.cycle is None or not self.cycle.more_body
        in_trailer = self._in_trailer
        super().data_received(data)
        if self._in_head and behind_body:
            self._head_bytes += len(data)
        if in_trailer and self._in_trailer:
            self._trailer_bytes += len(data)
        if self._head_bytes > _HEAD_BYTES:
            self._refuse_head(b"431 Request Header Fields Too Large")
        elif self._trailer_bytes > limits.HEADER_BYTES:
            self.transport.close()
        elif self._in_head and not self._is_answering():
            # A head that came whole needs no timer, and one behind a request that is being answered has time.
            self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = self._trailer_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        # A trailer, which follows a chunked body, would pass for a header that nobody in front of us has seen.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._end_head()
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """Trailers follow, or the chunk's bytes."""
        self._in_trailer = True

    def on_body(self, body: bytes) -> None:
        self._in_trailer = False
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_trailer = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_head and not self._is_answering():
            self._await_head()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self._refuse_head, b"408 Request Timeout")

    def _end_head(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse_head(self, status: bytes) -> None:
        # Who has sent nothing takes an answer for that to its next request.
        told = self._in_head and not self._is_answering()
        self._end_head()
        if self.transport.is_closing():
            return
        if told:
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()
