"""The demo: the company that `make demo` shows, made once, and every named operation run against it."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from api.app import create_app
from cli import demo_company as company
from cli import demo_numbers as numbers
from cli.seed import TENANT_ID, seed
from runtime.postgres import RELAY_ROLE, Database
from runtime.settings import Settings
from workers.seal import seal_events
from workers.verify_chain import verify_chain

_OPERATIONS = Path(__file__).parent.parent / "schema" / "operations"
_VARIABLES: dict[str, dict[str, Any]] = {
    "AreWeFine": {},
    "PortfolioWall": {"key": "SERVICE"},
    "WhyThisScore": {"key": "CARE-BOT"},
    "HealthOnDay": {"key": "CARE-BOT", "day": "-P90D"},
    "ReadFeed": {"first": 5},
    "RecordMeasurements": {
        "input": {"measurements": [{"kpiKey": "ADVISOR-SAFETY", "value": 1.5, "observedAt": "2026-01-05T10:00:00Z"}]}
    },
    "ConnectTracker": {"input": {"key": "GITHUB", "name": "GitHub", "system": "GITHUB"}},
    "LinkMilestone": {},
    "TeamGrid": {"from": "2026-01-05", "to": "2026-02-15"},
    "WhereReportsDiffer": {},
    "WhatMoved": {"since": "-P90D"},
    "Search": {"query": "care"},
    "HealthOverview": {"since": "-P90D"},
}


@pytest.fixture(scope="module")
def settings(database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    return Settings(home=home, database_url=database, redis_url=redis_url, secret_key=SecretStr("s" * 40))


@pytest.fixture(scope="module")
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API on the seeded database, with the key that the seed kept."""
    await seed(settings, lambda *_: None)
    key = (settings.home / "api-key").read_text().strip()
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://folioscope", headers=headers) as opened:
            yield opened


async def ask(client: httpx.AsyncClient, query: str, variables: dict[str, Any] | None = None) -> Any:
    answer = await client.post("/graphql", json={"query": query, "variables": variables or {}})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]


def test_the_key_is_kept_for_its_owner_alone(client: httpx.AsyncClient, settings: Settings):
    assert client.headers["Authorization"].startswith("Bearer fsk_")
    assert (settings.home / "api-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", sorted(path.stem for path in _OPERATIONS.glob("*.graphql")))
async def test_a_named_operation_answers_on_the_demo(client: httpx.AsyncClient, name: str):
    variables = _VARIABLES[name]
    if name == "LinkMilestone":
        variables = {"input": await _link(client)}
    data = await ask(client, (_OPERATIONS / f"{name}.graphql").read_text(), variables)
    (first, *_) = data.values()
    assert first is not None
    assert not (isinstance(first, dict) and first.get("userErrors")), first


async def _link(client: httpx.AsyncClient) -> dict[str, str]:
    made = await ask(
        client,
        "mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) { connection { id } } }",
        {"input": {"key": "GITHUB-2", "name": "Another", "system": "GITHUB"}},
    )
    found = await ask(client, '{ initiative(by: {key: "CARE-BOT-I1"}) { id } }')
    ids = {"connectionId": made["connectionCreate"]["connection"]["id"], "initiativeId": found["initiative"]["id"]}
    return {**ids, "kind": "MILESTONE", "value": "Autumn"}


async def test_every_score_of_the_demo_can_be_rebuilt_by_hand(client: httpx.AsyncClient):
    data = await ask(
        client,
        "{ products(first: 99) { nodes { health { provisionalScore contributions { points } drivers { points } } } } }",
    )
    scored = [node["health"] for node in data["products"]["nodes"] if node["health"]["provisionalScore"] is not None]
    assert len(scored) >= 10
    for health in scored:
        for rows in (health["contributions"], health["drivers"]):
            lost = sum(round(row["points"] * 1000) for row in rows)
            assert 100_000 - lost == round(health["provisionalScore"] * 1000)


async def test_the_demo_is_a_portfolio_with_good_and_bad_news_and_a_past(client: httpx.AsyncClient):
    data = await ask(client, "{ organization { rollup(groupBy: BAND) { group count } } }")
    bands = {row["group"]: row["count"] for row in data["organization"]["rollup"]}
    assert sum(bands.values()) == len(company.PRODUCTS)
    assert {"HEALTHY", "WATCH", "AT_RISK"} <= bands.keys()
    data = await ask(client, '{ product(by: {key: "CARE-BOT"}) { healthHistory(from: "-P1Y") { asOf band } } }')
    history = data["product"]["healthHistory"]
    assert len(history) == numbers.WEEKS
    assert len({day["band"] for day in history}) >= 3


@pytest.mark.usefixtures("client")
async def test_a_second_start_changes_nothing_and_keeps_the_key(settings: Settings):
    before = await _counts(settings)
    key = (settings.home / "api-key").read_text()
    await seed(settings, lambda *_: None)
    assert await _counts(settings) == before
    assert (settings.home / "api-key").read_text() == key


async def test_a_lost_key_is_made_again(client: httpx.AsyncClient, settings: Settings):
    (settings.home / "api-key").unlink()
    await seed(settings, lambda *_: None)
    answer = await client.post(
        "/graphql",
        json={"query": "{ viewer { person { key } } }"},
        headers={"Authorization": f"Bearer {(settings.home / 'api-key').read_text().strip()}"},
    )
    assert answer.json()["data"]["viewer"]["person"]["key"] == "administrator"


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["health"], "CARE-BOT"),
        (["health", "--csv"], "key,name,portfolio,score,band"),
        (["health", "--json"], '"organization"'),
        (["movers", "--since", "-P60D"], "Moved"),
        (["movers", "--since", "-P60D", "--csv"], "key,name,from,to,delta"),
    ],
)
def test_the_terminal_answers_who_answers_for_it(settings: Settings, command: list[str], expected: str):
    environment = {
        **os.environ,
        "FOLIOSCOPE_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "FOLIOSCOPE_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    arguments = [sys.executable, "-m", "cli", *command]
    shown = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (shown.returncode, expected in shown.stdout) == (0, True), shown.stderr


@pytest.mark.usefixtures("client")
async def test_the_feed_of_the_demo_is_chained(settings: Settings):
    relay = await Database.open(settings.database_url, RELAY_ROLE, size=1)
    await seal_events(relay)
    await relay.close()
    database = await Database.open(settings.database_url, size=1)
    async with database.transaction(TENANT_ID) as connection:
        result = await verify_chain(connection)
    await database.close()
    assert result.broken_sequence is None
    assert result.length > 500


async def _counts(settings: Settings) -> list[int]:
    connection = await asyncpg.connect(settings.database_url)
    try:
        tables = ("event", "measurement", "health_score", "product")
        return [await connection.fetchval(f"select count(*) from {table}") for table in tables]
    finally:
        await connection.close()
