"""Connections over real sockets: who stalls or floods is let go, who keeps asking is served."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.door import Door, answer_exception
from api.http.body import read_body
from api.http.connection import HttpConnection
from runtime.refusal import Refusal

HEAD_SECONDS = 0.3
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"


class Quick(HttpConnection):
    head_seconds = HEAD_SECONDS


async def answer(request: Request) -> Response:
    body = await read_body(request.headers, request.receive, 2_000, 0.3)
    return PlainTextResponse(f"{len(body)} bytes")


async def answer_slowly(_: Request) -> Response:
    await asyncio.sleep(2 * HEAD_SECONDS)
    return PlainTextResponse("slow")


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    app = Starlette(
        routes=[Route("/", answer, methods=["GET", "POST"]), Route("/slow", answer_slowly)],
        middleware=[Middleware(Door)],
        exception_handlers={Refusal: answer_exception},
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=Quick, lifespan="off", log_config=None, access_log=False))
    # Signals belong to the test run.
    task = asyncio.create_task(server._serve([listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await task


async def exchange(port: int, *sent: bytes, pause: float = 0.0) -> bytes:
    """Everything that comes back until the server closes the connection, which it must within 5 s."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sender = asyncio.create_task(send(writer, sent, pause))
    received = b""
    try:
        async with asyncio.timeout(5):
            while chunk := await reader.read(65_536):
                received += chunk
    except ConnectionError:
        received = received or b"reset"
    finally:
        sender.cancel()
        writer.close()
    return received


async def send(writer: asyncio.StreamWriter, pieces: tuple[bytes, ...], pause: float) -> None:
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(pause)


async def test_a_head_without_end_is_given_up(port: int):
    assert (await exchange(port, GET[:20])).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_sends_nothing_is_closed_without_an_answer_to_nothing(port: int):
    assert await exchange(port) == b""


async def test_a_byte_now_and_then_does_not_keep_a_connection(port: int):
    pieces = [GET[place : place + 1] for place in range(10)]
    assert (await exchange(port, *pieces, pause=HEAD_SECONDS / 5)).startswith((b"HTTP/1.1 408 ", b"reset"))


async def test_the_head_of_a_later_request_must_end_too(port: int):
    answers = await exchange(port, GET, GET[:20], pause=0.05)
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answers


async def test_a_head_that_floods_is_ended(port: int):
    flood = GET[:-2] + b"X-A: " + b"a" * 40_000
    assert (await exchange(port, flood, b"a" * 40_000, pause=0.05)).startswith((b"HTTP/1.1 431 ", b"reset"))


async def test_a_body_that_stalls_gets_408_and_the_connection_ends(port: int):
    answers = await exchange(port, POST, *[b"x"] * 10, pause=0.1)
    assert answers.startswith(b"HTTP/1.1 408 ")
    assert b"REQUEST_TIMEOUT" in answers


async def test_a_client_that_keeps_asking_is_served_on_one_connection(port: int):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(4):
        writer.write(POST + b"x" * 1_000)
        assert b" 200 OK" in await reader.readuntil(b"1000 bytes")
        await asyncio.sleep(HEAD_SECONDS / 2)
    writer.close()


async def test_requests_sent_without_waiting_are_answered_in_order(port: int):
    answers = await exchange(port, GET + POST + b"x" * 1_000 + GET, GET[:10], pause=0.05)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.index(b"0 bytes") < answers.index(b"1000 bytes")


async def test_a_head_begun_while_another_is_answered_does_not_end_the_answer(port: int):
    slow = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(slow + GET[:20])
    assert b" 200 OK" in await reader.readuntil(b"slow")
    writer.write(GET[20:])
    assert b" 200 OK" in await reader.readuntil(b"0 bytes")
    writer.close()
    assert b"HTTP/1.1 408 " in await exchange(port, slow + GET[:20])


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_trailer_is_no_header(port: int):
    trailer = b"3\r\nabc\r\n0\r\nX-Request-Id: trailer\r\n\r\n"
    answers = await exchange(port, CHUNKED + trailer, GET[:10], pause=0.05)
    assert b"3 bytes" in answers
    assert b"trailer" not in answers


@pytest.mark.parametrize("piece", [b"X-A: " + b"a" * 1_000 + b"\r\n", b"a" * 1_000])
async def test_trailers_that_flood_end_the_connection(port: int, piece: bytes):
    sent = (CHUNKED + b"3\r\nabc\r\n0\r\n", b"X-B: ", *[piece] * 40)
    assert b"200" not in await exchange(port, *sent, pause=0.002)


async def test_a_large_chunk_is_no_trailer(port: int):
    sent = (CHUNKED + b"7c0\r\n", *[b"x" * 496] * 4, b"\r\n0\r\n", b"\r\n", GET[:10])
    assert b"1984 bytes" in await exchange(port, *sent, pause=0.02)


async def test_a_body_somewhat_too_large_is_taken_so_that_its_answer_arrives(port: int):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
    answers = await exchange(port, head + b"x" * 300_000, GET[:10], pause=0.05)
    assert answers.startswith(b"HTTP/1.1 413 ")
    assert b"REQUEST_TOO_LARGE" in answers
    assert b"connection: close" not in answers.split(b"\r\n\r\n")[0].lower()


async def test_a_body_far_too_large_ends_the_connection(port: int):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n"
    answers = await exchange(port, head, pause=0.05)
    assert answers.startswith(b"HTTP/1.1 413 ")


async def test_two_lengths_are_refused_and_end_the_connection(port: int):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = await exchange(port, head + b"0\r\n\r\n" + GET)
    assert answers.count(b"HTTP/1.1 ") == 1
    assert answers.startswith(b"HTTP/1.1 400 ")
