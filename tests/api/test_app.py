"""The whole application on real servers: every route, and what it does without one of them."""

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl

import asyncpg
import httpx
import pytest
import redis.asyncio
from graphql import get_operation_ast, parse
from pydantic import SecretStr
from starlette.requests import Request

from api.app import create_app
from api.probes import Probes
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.settings import Settings
from tests.api.keys import Hands, add_key

ANY = Request({"type": "http"})
NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture(scope="module")
async def client(database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator:
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        database_url=database,
        redis_url=redis_url,
        secret_key=SecretStr("a secret of thirty-two characters"),
        log_level="error",
    )
    app = create_app(settings, Clock(now=Hands().read))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://x") as opened,
    ):
        yield opened


async def test_an_organization_is_read_with_a_key(client: httpx.AsyncClient, keys: asyncpg.Connection):
    key = await add_key(keys, 1)
    body = {"query": "{organization{name health{band}}}"}
    response = await client.post("/graphql", json=body, headers={"authorization": f"Bearer {key}"})
    assert response.content == b'{"data":{"organization":{"name":"O","health":{"band":"UNKNOWN"}}}}'


async def test_a_lookup_names_exactly_one(client: httpx.AsyncClient, keys: asyncpg.Connection):
    headers = {"authorization": f"Bearer {await add_key(keys, 7)}"}
    given = "query ($by: ProductBy!) {product(by: $by) {id}}"
    for query, variables in [
        ("{product(by: {}) {id}}", {}),
        ('{product(by: {key: "A", id: "prd_1"}) {id}}', {}),
        ("{product(by: {key: null}) {id}}", {}),
        ("query ($key: String) {product(by: {key: $key}) {id}}", {}),
        (given, {"by": {}}),
        (given, {"by": {"key": "A", "id": "prd_1"}}),
        (given, {"by": {"key": None}}),
    ]:
        response = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        (error,) = response.json()["errors"]
        assert response.status_code == 400, response.text
        assert re.search(r"[Ee]xactly one", error["message"]), error["message"]


@pytest.mark.parametrize("path", ["/ingest/measurements", "/webhooks/con_1"])
async def test_other_doors_refuse_in_the_same_shape(client: httpx.AsyncClient, path: str):
    response = await client.post(path, content=b"[]")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_the_schema_is_served_and_not_sent_twice(client: httpx.AsyncClient):
    response = await client.get("/schema.graphql")
    assert response.status_code == 200
    assert "type Product " in response.text
    tag = response.headers["etag"]
    assert (await client.get("/schema.graphql", headers={"if-none-match": f'"x", W/{tag}'})).status_code == 304
    assert (await client.get("/schema.graphql", headers={"if-none-match": '"x"'})).status_code == 200


async def test_the_start_page_runs_nothing_and_names_the_address(client: httpx.AsyncClient):
    response = await client.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "curl http://127.0.0.1:8000/graphql" in response.text
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in response.text
    assert "{" not in re.sub(r"<pre.*?</pre>|<style>.*?</style>", "", response.text, flags=re.DOTALL)


async def test_the_start_page_opens_its_questions_in_graphiql(client: httpx.AsyncClient):
    links = re.findall(r'href="/graphiql\?([^"]+)"', (await client.get("/")).text)
    asked = [dict(parse_qsl(html.unescape(link))) for link in links]
    operations = [get_operation_ast(parse(item["query"])) for item in asked]
    names = [operation.name.value for operation in operations if operation and operation.name]
    assert names == ["AreWeFine", "WhyThisScore", "WhereReportsDiffer"]
    assert json.loads(asked[1]["variables"]) == {"key": "CARE-BOT"}


async def test_graphiql_is_served_whole_and_may_reach_nobody_else(client: httpx.AsyncClient):
    page = await client.get("/graphiql")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ")
    assert "unsafe" not in policy
    for path in re.findall(r'(?:src|href)="(/[^"]*)"', page.text):
        assert (await client.get(path)).status_code == 200, path
    style = await client.get("/graphiql/graphiql.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert not re.search(r"@import|url\((?!['\"]?data:)", style.text)
    assert (await client.get("/graphiql/source/page.js")).status_code == 404


async def test_probes_say_what_is_up(client: httpx.AsyncClient):
    assert (await client.get("/health/live")).json() == {"status": "live"}
    response = await client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready", "postgresql": "up", "redis": "up"})


async def test_metrics_name_routes_and_not_paths(client: httpx.AsyncClient):
    for path in ("/webhooks/con_2", "/no/such/path"):
        await client.post(path)
    text = (await client.get("/metrics")).text
    assert 'folioscope_http_requests_total{route="/webhooks/{connection}",status="401"}' in text
    assert 'route="none",status="404"' in text
    assert "con_2" not in text
    assert "/no/such" not in text


async def test_a_page_that_is_not_there_is_told_in_json(client: httpx.AsyncClient):
    response = await client.get("/no/such/page")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


async def test_without_redis_it_is_ready(pool: Database):
    doorbell = redis.asyncio.from_url(NOWHERE)
    response = await Probes(pool, doorbell).ready(ANY)
    assert (response.status_code, response.body) == (200, b'{"status":"ready","postgresql":"up","redis":"down"}')
    await doorbell.aclose()


async def test_without_postgresql_it_is_not_ready(database: str, redis_url: str):
    pool, doorbell = await Database.open(database, size=2), redis.asyncio.from_url(redis_url)
    await pool.close()
    response = await Probes(pool, doorbell).ready(ANY)
    assert (response.status_code, response.body) == (503, b'{"status":"unready","postgresql":"down","redis":"up"}')
    await doorbell.aclose()


def test_the_start_page_is_one_file_without_foreign_parts(repository: Path):
    text = (repository / "api" / "start.html").read_text()
    assert text.count("://") == 0
