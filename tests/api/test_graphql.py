"""The endpoint over HTTP: statuses, media types, error bodies, and what an operation's failure tells."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from graphql import ExecutionResult, GraphQLError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.routing import Route

from api.door import Door, answer_exception
from api.graphql.gate import Gate, ValidatedRequest
from api.graphql.view import GraphQLEndpoint, Turnstile
from api.http.body import read_body
from api.viewer import Viewers
from resolvers.engine.execute import Context
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal
from tests.api.keys import Hands, add_key
from tests.api.schema_of_tests import SCHEMA

GRAPHQL_JSON = "application/graphql-response+json"
Client = httpx.AsyncClient
# What the next operation does; by default it answers with its own name and variables.
Deed = Callable[[ValidatedRequest, Context], Any]


class Run:
    """Stands where the executor stands: the endpoint is told what to call."""

    def __init__(self) -> None:
        self.deed: Deed = lambda request, _: {"name": request.operation.name, "variables": request.variables}
        self.contexts: list[Context] = []

    async def __call__(self, request: ValidatedRequest, context: Context) -> ExecutionResult:
        self.contexts.append(context)
        found = self.deed(request, context)
        if isinstance(found, Exception):
            raise found
        if asyncio.iscoroutine(found):
            found = await found
        return found if isinstance(found, ExecutionResult) else ExecutionResult(found, None)


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture
def endpoint(pool: Database, run: Run) -> GraphQLEndpoint:
    viewers = Viewers(pool, Clock(now=Hands().read))
    return GraphQLEndpoint(Gate(SCHEMA), viewers, run, Turnstile(places=2, wait_seconds=0.05), run_seconds=1)


@pytest.fixture
async def client(endpoint: GraphQLEndpoint, key: str) -> AsyncIterator[Client]:
    app = Starlette(
        routes=[Route("/graphql", endpoint)],
        middleware=[Middleware(Door)],
        exception_handlers={Refusal: answer_exception, HTTPException: answer_exception},
    )
    async with Client(
        transport=httpx.ASGITransport(app), base_url="http://x", headers={"authorization": f"Bearer {key}"}
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
async def key(keys: asyncpg.Connection) -> str:
    return await add_key(keys, 1)


async def ask(client: Client, query: str = "{portfolio(id:1){id}}", **headers: str) -> httpx.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


def first(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert "data" not in body, body
    assert response.headers["content-type"].startswith(("application/json", GRAPHQL_JSON))
    return body["errors"][0]


def code(response: httpx.Response) -> str:
    return first(response)["extensions"]["code"]


# Answers -----------------------------------------------------------------------------------------


async def test_an_operation_runs_with_its_name_its_variables_and_its_viewer(client: Client, run: Run):
    body = {"query": "query a($n:Int){products(first:$n){totalCount}}", "operationName": "a", "variables": {"n": 3}}
    response = await client.post("/graphql", json=body, headers={"idempotency-key": "k", "x-request-id": "r-1"})
    assert (response.status_code, response.json()) == (200, {"data": {"name": "a", "variables": {"n": 3}}})
    context = run.contexts[0]
    assert (context.request_id, context.idempotency_key) == ("r-1", "k")
    assert context.viewer is not None
    assert context.viewer.scopes == {"READ"}


async def test_the_bytes_of_the_database_are_sent_as_they_are(client: Client, run: Run):
    run.deed = lambda *_: orjson.Fragment(b'{"points":64.80}')
    assert (await ask(client)).content == b'{"data":{"points":64.80}}'


async def test_a_query_may_be_sent_by_get(client: Client):
    response = await client.get("/graphql", params={"query": "query($n:Int){products(first:$n){totalCount}}"})
    assert (response.status_code, response.json()["data"]["variables"]) == (200, {})


async def test_every_answer_says_its_request_and_is_not_stored(client: Client):
    for response in (await ask(client), await ask(client, "{"), await client.get("/nothing")):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
    ids = [(await client.get("/nothing")).headers["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3
    answered = await ask(client)
    assert "gate;dur=" in answered.headers["server-timing"]
    assert "connection" not in answered.headers


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "a\x1b[31m", "é"])
async def test_a_request_id_that_could_not_be_logged_is_replaced(client: Client, given: str):
    response = await client.get("/nothing", headers=[(b"x-request-id", given.encode())])
    assert len(response.headers["x-request-id"]) > 16
    assert first(response)["extensions"]["requestId"] == response.headers["x-request-id"]


# Negotiation -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"application/json, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"application/json, {GRAPHQL_JSON};q=0.5", "application/json"),
        ("text/html, application/json;q=0.1", "application/json"),
        (f"text/event-stream, {GRAPHQL_JSON}, multipart/mixed", GRAPHQL_JSON),
    ],
)
async def test_the_media_type_is_the_best_that_the_client_takes(client: Client, accept: str, given: str):
    for query in ("{portfolio(id:1){id}}", "{"):
        response = await ask(client, query, accept=accept)
        assert response.headers["content-type"] == f"{given}; charset=utf-8"


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "application/json;q=0", f"{GRAPHQL_JSON};charset=x"]
)
async def test_a_client_that_takes_no_json_gets_406(client: Client, accept: str):
    response = await ask(client, accept=accept)
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


# Refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{nothing}", "GRAPHQL_VALIDATION_FAILED"),
        ("{portfolio(id:1){products(first:20000){nodes{id}}}}", "COST_LIMIT"),
        ("subscription{scores}", "OPERATION_NOT_ALLOWED"),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_JSON])
async def test_a_request_error_is_400_without_data(client: Client, run: Run, query: str, expected: str, accept: str):
    response = await ask(client, query, accept=accept)
    assert (response.status_code, code(response)) == (400, expected)
    assert run.contexts == []


async def test_a_limit_tells_what_it_is_and_what_was_asked(client: Client):
    extensions = first(await ask(client, "{portfolio(id:1){products(first:20000){nodes{id}}}}"))["extensions"]
    assert (extensions["limit"], extensions["actual"]) == (10_000, 20_002)


async def test_a_mutation_by_get_is_405_and_names_the_method(client: Client, run: Run):
    response = await client.get("/graphql", params={"query": 'mutation{productRename(id:1,name:"x"){id}}'})
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "POST"
    assert run.contexts == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_405_in_json(client: Client, method: str):
    response = await client.request(method, "/graphql")
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in response.headers["allow"]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "application/graphql",
        "application/json; charset=utf-16",
        "application/jsonx",
    ],
)
async def test_a_body_of_another_type_is_415(client: Client, content_type: str | None):
    headers = {"content-type": content_type} if content_type else {}
    response = await client.post("/graphql", content=b'{"query":"{__typename}"}', headers=headers)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_compressed_body_is_415(client: Client):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    response = await client.post("/graphql", content=b"\x1f\x8b", headers=headers)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_utf_8_may_be_named(client: Client):
    headers = {"content-type": 'Application/JSON; charset="UTF-8"', "content-encoding": "identity"}
    response = await client.post("/graphql", content=b'{"query":"{__typename}"}', headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize("announced", [True, False])
async def test_a_large_body_is_413_whether_announced_or_streamed(client: Client, announced: bool):
    taken = 0

    async def stream() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b" " * 65_536

    headers = {"content-type": "application/json"}
    if announced:
        headers["content-length"] = str(100 * 65_536)
    response = await client.post("/graphql", content=stream(), headers=headers)
    assert (response.status_code, code(response)) == (413, "REQUEST_TOO_LARGE")
    # One mebibyte more is taken, so that the client comes to read its answer.
    assert taken <= (0 if announced else 22)


async def test_a_body_that_does_not_end_is_given_up():
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(5)
        return {"type": "http.request", "body": b"x", "more_body": True}

    http = HttpRequest({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(Refusal) as raised:
        await read_body(http.headers, http.receive, 1_000, 0.02)
    assert (raised.value.code, raised.value.status) == (ErrorCode.REQUEST_TIMEOUT, 408)


async def test_a_body_whose_sender_leaves_is_a_bad_request():
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    http = HttpRequest({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(Refusal) as raised:
        await read_body(http.headers, http.receive, 1_000, 1)
    assert raised.value.code is ErrorCode.BAD_REQUEST


async def test_more_headers_than_anyone_sends_are_431(client: Client):
    body = {"query": "{__typename}"}
    many = await client.post("/graphql", json=body, headers={f"x-{number}": "a" for number in range(64)})
    large = await client.post("/graphql", json=body, headers={"x-a": "a" * 17_000})
    assert [(each.status_code, code(each)) for each in (many, large)] == [(431, "REQUEST_TOO_LARGE")] * 2


async def test_a_host_that_is_none_is_refused(client: Client):
    assert code(await ask(client, host="a/admin?x=")) == "BAD_REQUEST"
    assert (await ask(client, host="[::1]:8000")).status_code == 200


@pytest.mark.parametrize("text", ["p" * 10_000, "x y " * 2_000])
async def test_an_error_echoes_little_of_what_was_sent(client: Client, text: str):
    for query in ("{" + text.replace(" ", "_") + "}", f'{{portfolio(id:1, first:"{text}"){{id}}}}'):
        response = await ask(client, query)
        assert code(response) == "GRAPHQL_VALIDATION_FAILED"
        assert len(response.content) < 1_000
        assert "p" * 101 not in response.text


# Who asks ----------------------------------------------------------------------------------------


async def test_an_anonymous_request_reaches_the_schema_only(client: Client, run: Run):
    del client.headers["authorization"]
    assert (await ask(client, "{__typename}")).status_code == 200
    assert run.contexts[0].viewer is None
    response = await ask(client)
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == "Bearer"
    assert len(run.contexts) == 1


async def test_a_key_that_is_none_is_refused_before_the_body_is_read(client: Client):
    response = await client.post("/graphql", content=b"no json", headers={"authorization": "Bearer aaa.bbb.ccc"})
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
    assert "connection" not in response.headers


async def test_a_key_that_was_never_issued_is_refused_though_it_looks_good(client: Client, run: Run):
    response = await ask(client, authorization="Bearer fsk_" + "0" * 32 + "_" + "A" * 43)
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
    assert run.contexts == []


# What an operation's failure tells ---------------------------------------------------------------


SECRET = "postgres://folioscope:secret@10.0.0.1:5432"


@pytest.mark.parametrize(
    ("fault", "status", "expected"),
    [
        (RuntimeError(SECRET), 500, "INTERNAL"),
        (ConnectionRefusedError(SECRET), 503, "UNAVAILABLE"),
        (asyncpg.InterfaceError(SECRET), 503, "UNAVAILABLE"),
        (asyncpg.CannotConnectNowError(SECRET), 503, "UNAVAILABLE"),
        (TimeoutError(SECRET), 503, "UNAVAILABLE"),
        (asyncpg.QueryCanceledError(SECRET), 504, "TIMEOUT"),
        (asyncpg.UndefinedTableError(SECRET), 500, "INTERNAL"),
        (asyncpg.NumericValueOutOfRangeError(SECRET), 400, "BAD_USER_INPUT"),
        (Refusal(ErrorCode.FORBIDDEN, "No."), 403, "FORBIDDEN"),
    ],
)
async def test_a_fault_is_told_by_its_code_and_never_by_its_words(
    client: Client, run: Run, fault: Exception, status: int, expected: str
):
    run.deed = lambda *_: fault
    response = await ask(client)
    assert (response.status_code, code(response)) == (status, expected)
    assert "10.0.0.1" not in response.text
    assert ("retry-after" in response.headers) == (status == 503)


async def test_a_field_that_failed_leaves_the_others(client: Client, run: Run):
    refused = GraphQLError("No.", path=["a", 0], original_error=Refusal(ErrorCode.NOT_FOUND, "No.", limit=1))
    broken = GraphQLError("x", path=["b"], original_error=KeyError(SECRET))
    run.deed = lambda *_: ExecutionResult({"a": [None], "b": None, "c": 1}, [refused, broken])
    response = await ask(client)
    request_id = response.headers["x-request-id"]
    assert (response.status_code, response.json()) == (
        200,
        {
            "errors": [
                {
                    "message": "No.",
                    "path": ["a", 0],
                    "extensions": {"code": "NOT_FOUND", "limit": 1, "requestId": request_id},
                },
                {
                    "message": "Internal error",
                    "path": ["b"],
                    "extensions": {"code": "INTERNAL", "requestId": request_id},
                },
            ],
            "data": {"a": [None], "b": None, "c": 1},
        },
    )


async def test_variables_that_cannot_be_coerced_are_a_request_error(client: Client, run: Run):
    run.deed = lambda *_: ExecutionResult(None, [GraphQLError("Variable '$n' got invalid value.")])
    response = await ask(client)
    assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")


async def test_a_failure_that_reaches_the_root_has_null_data(client: Client, run: Run):
    error = GraphQLError("No.", path=["a"], original_error=Refusal(ErrorCode.FORBIDDEN, "No."))
    run.deed = lambda *_: ExecutionResult(None, [error])
    response = await ask(client)
    assert (response.status_code, response.json()["data"]) == (200, None)


async def test_at_most_ten_errors_are_told(client: Client, run: Run):
    run.deed = lambda *_: ExecutionResult({}, [GraphQLError(f"e{i}", path=[i]) for i in range(30)])
    assert len((await ask(client)).json()["errors"]) == 10


# Load --------------------------------------------------------------------------------------------


async def test_an_operation_that_takes_too_long_is_stopped(client: Client, run: Run):
    stopped = asyncio.Event()

    async def linger() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            stopped.set()

    run.deed = lambda *_: linger()
    response = await ask(client)
    assert (response.status_code, code(response)) == (504, "TIMEOUT")
    assert stopped.is_set()


async def test_who_finds_no_place_in_time_is_told_to_come_again(client: Client, run: Run):
    leave, full = asyncio.Event(), asyncio.Event()

    async def stay() -> dict[str, Any]:
        if len(run.contexts) == 2:
            full.set()
        await leave.wait()
        return {}

    run.deed = lambda *_: stay()
    inside = [asyncio.create_task(ask(client)) for _ in range(2)]
    await full.wait()
    outside = await ask(client)
    assert (outside.status_code, code(outside)) == (503, "OVERLOADED")
    assert outside.headers["retry-after"] == "1"
    leave.set()
    assert [(await task).status_code for task in inside] == [200, 200]
    run.deed = lambda *_: {}
    assert [(await ask(client)).status_code for _ in range(4)] == [200] * 4


async def test_the_shape_of_an_error_is_the_same_everywhere(client: Client):
    for response in (await client.get("/nothing"), await ask(client, "{"), await client.put("/graphql")):
        body = json.loads(response.content)
        assert list(body) == ["errors"]
        assert {"message", "extensions"} <= set(body["errors"][0])
        assert {"code", "requestId"} <= set(body["errors"][0]["extensions"])
