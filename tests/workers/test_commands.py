"""What people see of scores and of the chain in a terminal."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from api.door import Door
from api.graphql.gate import Gate
from api.graphql.view import GraphQLEndpoint
from api.viewer import Viewers
from resolvers.engine.execute import Executor, Schema
from runtime.clock import Clock
from runtime.postgres import RELAY_ROLE, Database
from runtime.settings import Settings
from tests.conftest import Servers, created_database
from tests.workers.company import Company, Hands
from workers.measurement.recompute_health import recompute_health
from workers.seal import seal_events


@pytest.fixture
async def lone_company(servers: Servers, template_database: str) -> AsyncIterator[tuple[Company, str]]:
    """A database in which there is one organization, as most have."""
    async with created_database(servers.database_url, template_database) as url:
        application = await Database.open(url, size=2)
        yield await Company(application, Hands()).found(), url
        await application.close()


def folioscope(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url, "FOLIOSCOPE_SECRET_KEY": "s" * 32, "COLUMNS": "120"}
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], env=environment, capture_output=True, text=True, check=False
    )


async def test_why_prints_a_waterfall_that_ends_at_the_score(lone_company: tuple[Company, str]):
    company, url = lone_company
    portfolio = await company.add_portfolio()
    kpi = await company.add_kpi(portfolio, {"target": 100}, critical=True)
    await company.measure(kpi, 85)
    await recompute_health(company.database, company.hands.clock, company.tenant_id)
    shown = folioscope(url, "why", f"portfolio-{portfolio}")
    assert shown.returncode == 0, shown.stderr
    assert "OUTCOMES" in shown.stdout
    assert "-45.000" in shown.stdout
    assert "55.000" in shown.stdout
    assert f"kpi-{kpi}" in shown.stdout
    assert "KPI_BELOW_TARGET" in shown.stdout
    assert f"A limit of 89.8 stands above: critical KPI kpi-{kpi}" in shown.stdout
    found = json.loads(folioscope(url, "why", f"pfl_{portfolio}", "--json").stdout)
    lost = sum(row["points"] for row in found["contributions"])
    assert 100 - lost == found["provisionalScore"] == 55


async def test_a_limit_that_holds_the_score_is_told_apart_from_one_that_stands_above(lone_company: tuple[Company, str]):
    company, url = lone_company
    portfolio = await company.add_portfolio()
    low = await company.add_kpi(portfolio, {"target": 100}, critical=True)
    await company.measure(low, 0)
    for _ in range(9):
        await company.measure(await company.add_kpi(portfolio, {"target": 100}), 100)
    await recompute_health(company.database, company.hands.clock, company.tenant_id)
    shown = folioscope(url, "why", f"portfolio-{portfolio}").stdout
    assert f"Limited to 59.0: critical KPI kpi-{low}" in shown
    [cap] = json.loads(folioscope(url, "why", f"pfl_{portfolio}", "--json").stdout)["caps"]
    assert (cap["limit"], cap["binding"]) == (59, True)


async def test_why_says_what_to_do_when_there_is_nothing_to_show(lone_company: tuple[Company, str]):
    company, url = lone_company
    portfolio = await company.add_portfolio()
    unknown = folioscope(url, "why", "nothing")
    assert unknown.returncode == 1
    assert "No organization, portfolio, product or initiative has the key nothing" in unknown.stderr
    unscored = folioscope(url, "why", f"pfl_{portfolio}")
    assert unscored.returncode == 1
    assert "folioscope worker" in unscored.stderr
    elsewhere = folioscope(url, "why", "x", "--organization", "other")
    assert "There is no organization other" in elsewhere.stderr


async def test_a_seed_leaves_a_filled_database_alone_and_says_so(lone_company: tuple[Company, str]):
    company, url = lone_company
    await company.add_portfolio()
    refused = folioscope(url, "seed")
    assert refused.returncode == 1
    assert "The database is not empty; nothing was changed." in refused.stderr
    assert "Next: " in refused.stderr


async def test_the_audit_names_the_sequence_at_which_the_chain_breaks(lone_company: tuple[Company, str]):
    company, url = lone_company
    product = await company.add_product(await company.add_portfolio())
    kpi = await company.add_kpi(product, {"target": 100})
    for value in (100, 90, 80):
        await company.measure(kpi, value)
        await recompute_health(company.database, company.hands.clock, company.tenant_id)
    relay = await Database.open(url, RELAY_ROLE, size=2)
    await seal_events(relay)
    await relay.close()
    whole = folioscope(url, "audit", "verify")
    assert whole.returncode == 0, whole.stderr
    assert "the chain is whole" in whole.stdout
    owner = await asyncpg.connect(url)
    await owner.execute(
        "update event set type = 'NOTHING' where id = (select event_id from event_seal where sequence = 2)"
    )
    await owner.close()
    broken = folioscope(url, "audit", "verify", "--organization", "acme")
    assert broken.returncode == 1
    assert "acme: broken at sequence 2: the event differs from what was sealed." in broken.stdout


async def test_an_installation_begins_with_an_organization_and_a_key(servers: Servers, template_database: str):
    async with created_database(servers.database_url, template_database) as url:
        made = folioscope(
            url, "organization", "create", "ACME", "--time-zone", "Europe/Zurich", "--administrator", "ada"
        )
        assert made.returncode == 0, made.stderr
        again = folioscope(url, "organization", "create", "ACME")
        assert again.returncode == 1
        assert "There is an organization ACME already." in again.stderr
        nobody = folioscope(url, "organization", "key", "bob")
        assert "There is no person bob" in nobody.stderr
        next_key = folioscope(url, "organization", "key", "ada")
        assert next_key.stdout.startswith("API key: fsk_")
        wrong = folioscope(url, "organization", "create", "B", "--time-zone", "Europe/Nowhere")
        assert "Europe/Zurich" in wrong.stderr
        database = await Database.open(url, size=2)
        settings = Settings(database_url=url, secret_key=SecretStr("s" * 32), redis_url="redis://127.0.0.1:9")
        executor = Executor(Schema(), database, Clock(), settings)
        gate = GraphQLEndpoint(Gate(executor.schema.graphql), Viewers(database, Clock()), executor.run)
        transport = httpx.ASGITransport(Door(gate))
        relay = await Database.open(url, RELAY_ROLE, 2)
        await seal_events(relay)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            query = "{ organization { key timeZone health { band } } events { nodes { type actor { via } } } }"
            key = made.stdout.strip().removeprefix("API key: ")
            answer = await client.post("/", json={"query": query}, headers={"authorization": f"Bearer {key}"})
        assert answer.json()["data"] == {
            "organization": {"key": "ACME", "timeZone": "Europe/Zurich", "health": {"band": "UNKNOWN"}},
            "events": {
                "nodes": [
                    {"type": f"{kind}_CREATED", "actor": {"via": "COMMAND"}}
                    for kind in ("ORGANIZATION", "PERSON", "API_KEY", "API_KEY")
                ]
            },
        }
        await relay.close()
        await database.close()
