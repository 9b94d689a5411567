"""A small company in an installation: set up through the API, so that what follows rests on real changes."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from runtime.clock import Clock
from runtime.viewer import make_key
from tests.faults.client import Client

_ORGANIZATION = """
with organization as (
  insert into organization (tenant_id, id, key, name, time_zone, created_at, updated_at)
  values ($1, $1, $2, $2, $3, $4, $4))
insert into subject (tenant_id, id, kind) values ($1, $1, 'ORGANIZATION')
"""
_PERSON = """
insert into person (tenant_id, id, key, name, created_at, updated_at) values ($1, $2, 'ada', 'Ada Lovelace', $3, $3)
"""
_KEY = """
insert into api_key (tenant_id, id, name, person_id, secret_digest, scopes, expires_at, created_at, updated_at)
values ($1, $2, 'Test', $3, $4, '{READ,WRITE,INGEST}', $5, $6, $6)
"""
_RAISE_ORGANIZATION = """
insert into signal (tenant_id, job, target_id) values ($1, 'recompute_health', $1)
"""


@dataclass
class Desk:
    """What one writer alone changes: public ids of a product, its KPI and its initiative."""

    product_id: str
    kpi_id: str
    initiative_id: str


@dataclass
class Company:
    """shared_kpi_id: a KPI that all writers measure."""

    tenant_id: UUID
    key: str
    shared_kpi_id: str = ""
    desks: list[Desk] = field(default_factory=list)


async def found_company(connection: asyncpg.Connection, name: str) -> Company:
    """Organization, person and API key: what no key can make for itself."""
    clock = Clock()
    now, tenant_id, person_id, key_id = clock.now(), clock.new_id(), clock.new_id(), clock.new_id()
    key, digest = make_key(key_id)
    await connection.execute(_ORGANIZATION, tenant_id, name, _zone_at_noon(now), now)
    await connection.execute(_PERSON, tenant_id, person_id, now)
    await connection.execute(_KEY, tenant_id, key_id, person_id, digest, now + timedelta(days=1), now)
    await connection.execute(_RAISE_ORGANIZATION, tenant_id)
    return Company(tenant_id, key)


def _zone_at_noon(now: datetime) -> str:
    """A zone in which it is about noon: the day does not change while the test runs. Etc/GMT+5 is west."""
    return f"Etc/GMT{now.astimezone(UTC).hour - 12:+d}"


async def furnish(company: Company, client: Client, writers: int) -> None:
    root = await _create(client, "portfolio", key="ROOT", name="Everything")
    area = await _create(client, "portfolio", key="AREA", name="Area", parentId=root)
    company.shared_kpi_id = await _create(
        client, "kpi", key="SHARED", name="Shared", subjectId=area, category="REVENUE", unit="EUR", direction="HIGHER",
        target={"target": 100, "redAt": 50},
    )  # fmt: skip
    today = datetime.now(UTC).date()
    for number in range(writers):
        product = await _create(
            client, "product", key=f"P{number}", name="Product", portfolioId=area, lifecycleStage="LIVE"
        )
        kpi = await _create(
            client, "kpi", key=f"K{number}", name="KPI", subjectId=product, category="ENGAGEMENT", unit="users",
            direction="HIGHER", target={"target": 100, "redAt": 50},
        )  # fmt: skip
        initiative = await _create(
            client, "initiative", key=f"I{number}", name="Initiative", portfolioId=area, state="ACTIVE",
            startOn=str(today - timedelta(days=60)), targetOn=str(today + timedelta(days=60)),
            products=[{"productId": product, "importance": 100}],
        )  # fmt: skip
        company.desks.append(Desk(product, kpi, initiative))


async def _create(client: Client, kind: str, **members: object) -> str:
    name = kind.capitalize()
    payload = await client.change(
        f"{kind}Create", f"{name}CreateInput", f"{kind} {{ id }}", idempotencyKey=f"create-{members['key']}", **members
    )
    assert not client.wrongs, client.wrongs
    return payload[kind]["id"]


def seeded(*parts: object) -> random.Random:
    return random.Random("/".join(map(str, parts)))
