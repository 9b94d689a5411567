"""The load: one request again and again over kept connections, in a process of its own.

Reads a JSON object from standard input and writes one to standard output.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop


@dataclass
class Load:
    """connections at once for `seconds`, after `warm_up` seconds that are not counted. body: JSON text.

    What is answered after the warm-up counts, until the last answer: a slow server gets the benefit of a request
    that began before.
    """

    port: int
    path: str
    body: str
    headers: dict[str, str]
    connections: int
    seconds: float
    warm_up: float = 0.5
    latencies: list[float] = field(default_factory=list)
    sent: int = 0
    began: float = 0.0
    ended: float = 0.0

    def request(self) -> bytes:
        body = self.body.encode()
        headers = {
            "Host": "127.0.0.1",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **self.headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self.path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    async def run(self) -> dict[str, Any]:
        self.began = time.perf_counter() + self.warm_up
        self.ended = self.began + self.seconds
        await asyncio.gather(*(self._converse() for _ in range(self.connections)))
        elapsed = time.perf_counter() - self.began
        self.latencies.sort()
        count = len(self.latencies)
        return {
            "sent": self.sent,
            "per_second": count / elapsed,
            "p50_ms": 1000 * self.latencies[count // 2],
            "p99_ms": 1000 * self.latencies[count * 99 // 100],
        }

    async def _converse(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        request = self.request()
        while (sent := time.perf_counter()) < self.ended:
            writer.write(request)
            self.sent += 1
            await self._read_answer(reader)
            received = time.perf_counter()
            if received >= self.began:
                self.latencies.append(received - sent)
        writer.close()

    async def _read_answer(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lowered = head.lower()
        start = lowered.index(b"content-length:") + len(b"content-length:")
        length = int(lowered[start : lowered.index(b"\r\n", start)])
        body = await reader.readexactly(length)
        if status != 200 or b'"errors"' in body[:200]:
            raise RuntimeError(f"answered {status}: {body[:300]!r}")
        return body


if __name__ == "__main__":
    load = Load(**json.loads(sys.stdin.read()))
    json.dump(uvloop.run(load.run()), sys.stdout)
