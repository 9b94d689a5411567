"""POST /ingest/measurements, through HTTP with a key made by the API."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from api.door import Door, answer_exception
from api.ingest import IngestDoor
from api.viewer import Viewers
from portfolio.identity import print_id
from runtime.refusal import Refusal
from tests.resolvers.tenant import NOON, Tenant

PATH = "/ingest/measurements"
LINES = {"content-type": "application/x-ndjson"}
ARRAY = {"content-type": "application/json"}


async def _key(tenant: Tenant, *scopes: str) -> str:
    holder = print_id("PERSON", tenant.person_id)
    made = await tenant.change("apiKeyCreate", {"name": "CI", "scopes": scopes, "person_id": holder})
    return made["secret"]


@pytest.fixture
async def client(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    clock = tenant.clock.clock
    door = IngestDoor(tenant.database, Viewers(tenant.database, clock), clock)
    app = Starlette(
        routes=[Route(PATH, door.receive, methods=["POST"])],
        middleware=[Middleware(Door)],
        exception_handlers={Refusal: answer_exception},
    )
    headers = {"authorization": f"Bearer {await _key(tenant, 'INGEST')}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as made:
        yield made


@pytest.fixture
async def kpi(tenant: Tenant, product: str) -> str:
    definition = {"subject_id": product, "key": "USERS", "name": "Users", "category": "ENGAGEMENT"}
    return await tenant.made("kpiCreate", {**definition, "unit": "users", "direction": "HIGHER"})


def row(value: Any = 1, **more: Any) -> dict[str, Any]:
    return {"kpiKey": "USERS", "value": value, "observedAt": "2026-03-02T09:30:00Z", **more}


def lines(*rows: Any) -> bytes:
    return b"\n".join(json.dumps(item).encode() for item in rows)


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


async def test_lines_and_arrays_are_recorded_alike(tenant: Tenant, client: httpx.AsyncClient, kpi: str):
    by_id = {"kpiId": kpi, "value": 2.5, "observedAt": "2026-03-02T10:30:00+01:00", "note": None}
    first = await client.post(PATH, content=lines(row(), by_id) + b"\n\n", headers=LINES)
    assert (first.status_code, first.json()) == (
        200,
        {"accepted": 2, "duplicates": 0, "rejected": []},
    )
    second = await client.post(PATH, content=json.dumps([row(7)]), headers=ARRAY)
    assert second.json()["accepted"] == 1
    stored = await tenant.rows("select value, observed_at from measurement order by id")
    assert [item["value"] for item in stored] == [1, 2.5, 7]
    assert stored[0]["observed_at"] == stored[1]["observed_at"]
    assert {event["via"] for event in await tenant.events("MEASUREMENTS_RECORDED")} == {"INGEST"}


@pytest.mark.usefixtures("kpi")
async def test_bad_rows_are_named_and_good_ones_recorded(client: httpx.AsyncClient):
    body = b"\n".join(
        [
            *(lines(item) for item in (row(), row("1"), row(True), row(unknown=1), row(source=1))),
            *(lines(item) for item in (row(observedAt="yesterday"), {"value": 1}, [], row(kpiKey="NO"))),
            *(b"{", b"\xff", b'{"value": 1, "value": 2}', lines(row(note="\u0000"))),
            *(b'{"kpiKey": "USERS", "observedAt": "2026-03-02", "value": 1e999}', lines(row(2))),
            lines(row(note="\ud800")),
        ]
    )
    answer = (await client.post(PATH, content=body, headers=LINES)).json()
    assert answer["accepted"] == 2
    assert [item["index"] for item in answer["rejected"]] == [*range(1, 14), 15]
    by_code = {item["index"]: item["code"] for item in answer["rejected"]}
    assert by_code.pop(8) == "NOT_FOUND"
    assert set(by_code.values()) == {"INVALID"}
    paths = [item["field"] for item in answer["rejected"]]
    assert paths[:3] == [["1", "value"], ["2", "value"], ["3"]]
    assert paths[5:8] == [["6", "observedAt"], ["7"], ["8", "kpiKey"]]


@pytest.mark.usefixtures("kpi")
async def test_a_retry_with_the_same_key_is_counted_once_and_another_body_is_a_conflict(
    tenant: Tenant, client: httpx.AsyncClient
):
    keyed = {**LINES, "idempotency-key": "batch-1"}
    first = await client.post(PATH, content=lines(row(), row("x")), headers=keyed)
    again = await client.post(PATH, content=lines(row(), row("x")), headers=keyed)
    assert again.content == first.content
    assert len(await tenant.rows("select 1 from measurement")) == 1
    other = await client.post(PATH, content=lines(row(2)), headers=keyed)
    assert code(other) == (409, "IDEMPOTENCY_MISMATCH")
    bad = await client.post(PATH, content=lines(row()), headers={**LINES, "idempotency-key": "a b"})
    assert code(bad) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("body", "headers", "refused"),
    [
        (b"", LINES, (400, "BAD_REQUEST")),
        (b"{}", ARRAY, (400, "BAD_REQUEST")),
        (b"[]", ARRAY, (400, "BAD_REQUEST")),
        (b"[{]", ARRAY, (400, "INVALID_JSON")),
        (b"[" * 100_000, ARRAY, (400, "INVALID_JSON")),
        (b"{}", {"content-type": "text/plain"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"{}", {}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"{}", {**LINES, "content-encoding": "gzip"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b" " * (8 * 1024 * 1024 + 1), LINES, (413, "REQUEST_TOO_LARGE")),
        (b"{}\n" * 5001, LINES, (413, "REQUEST_TOO_LARGE")),
        (b"[" + b",".join([b"1"] * 5001) + b"]", ARRAY, (413, "REQUEST_TOO_LARGE")),
    ],
)
async def test_what_cannot_be_read_as_a_whole_is_refused(
    tenant: Tenant,
    client: httpx.AsyncClient,
    body: bytes,
    headers: dict[str, str],
    refused: tuple[int, str],
):
    assert code(await client.post(PATH, content=body, headers=headers)) == refused
    assert await tenant.rows("select 1 from measurement") == []


async def test_only_a_good_key_with_the_scope_may_send(tenant: Tenant, client: httpx.AsyncClient):
    reader = {**LINES, "authorization": f"Bearer {await _key(tenant, 'READ', 'WRITE', 'ADMIN')}"}
    assert code(await client.post(PATH, content=lines(row()), headers=reader)) == (403, "FORBIDDEN")
    nobody = {**LINES, "authorization": "Bearer fsk_no"}
    assert code(await client.post(PATH, content=lines(row()), headers=nobody)) == (401, "UNAUTHENTICATED")


@pytest.mark.usefixtures("kpi")
async def test_five_thousand_rows_go_in_one_transaction(tenant: Tenant, client: httpx.AsyncClient):
    rows = [
        row(number, observedAt=(NOON - timedelta(hours=number)).isoformat(), source="s", externalId=str(number))
        for number in range(5000)
    ]
    answer = await client.post(PATH, content=lines(*rows), headers=LINES)
    assert answer.json() == {"accepted": 5000, "duplicates": 0, "rejected": []}
    [transactions] = await tenant.rows("select count(distinct xmin::text) from measurement")
    assert transactions == {"count": 1}


@pytest.mark.usefixtures("kpi")
async def test_a_value_stamped_in_the_future_is_refused_and_freezes_nothing(tenant: Tenant, client: httpx.AsyncClient):
    stamped = lines(row(1), row(2, observedAt="2999-01-01T00:00:00Z"))
    answer = (await client.post(PATH, content=stamped, headers=LINES)).json()
    [rejected] = answer["rejected"]
    assert (answer["accepted"], rejected["index"]) == (1, 1)
    assert "observedAt: This instant is in the future: the server's clock says 2026-03-02T12:00" in rejected["message"]
    await client.post(PATH, content=lines(row(3, observedAt="2026-03-02T10:00:00Z")), headers=LINES)
    [latest] = await tenant.rows("select latest_value from kpi")
    assert latest["latest_value"] == 3
