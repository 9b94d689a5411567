"""A tenant whose tracker is GitHub: what GitHub does to it, and what became of that."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from api.door import Door, answer_exception
from api.webhooks import WebhookDoor
from portfolio.identity import print_id
from runtime.clock import Clock
from runtime.encryption import SecretBox
from runtime.postgres import Database
from runtime.refusal import Refusal
from workers.connection.apply_deliveries import apply_deliveries

SECRET = "whsec-" + "5" * 32
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

_TENANT = """
with root as (insert into subject (tenant_id, id, kind) values ($1, $1, 'ORGANIZATION'))
insert into organization (tenant_id, id, key, name, created_at, updated_at)
values ($1, $1, $2, 'Test', $3, $3)
"""
_CONNECTION = """
insert into connection (tenant_id, id, key, name, system, created_at, updated_at)
values ($1, $2, 'GITHUB', 'GitHub', 'GITHUB', $3, $3)
"""
_SECRET = """
insert into connection_secret (tenant_id, id, connection_id, slot, encrypted_secret, created_at)
values ($1, $2, $3, $4, $5, $6)
"""
_PORTFOLIO = """
with home as (insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, 'PORTFOLIO', $2)),
  closure as (insert into portfolio_closure (tenant_id, ancestor_id, descendant_id, depth) values ($1, $2, $2, 0))
insert into portfolio (tenant_id, id, key, name, created_at, updated_at)
values ($1, $2, 'HOME', 'Home', $3, $3)
"""
_INITIATIVE = """
with subject as (
  insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, 'INITIATIVE', $3))
insert into initiative (tenant_id, id, key, name, portfolio_id, state, start_on, target_on, created_at, updated_at)
values ($1, $2, $4, $4, $3, 'ACTIVE', $6, $7, $5, $5)
"""
_RULE = """
insert into linking_rule (tenant_id, id, connection_id, initiative_id, kind, value, container,
  created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
"""


class Tracker:
    """One connection of a tenant of its own. `clock` is the worker's; the door's goes a millisecond
    on with each look, so that deliveries are in the order in which they came."""

    def __init__(self, database: Database, administration: asyncpg.Connection, box: SecretBox) -> None:
        """administration: as a superuser, beside the walls."""
        self.database, self.administration, self.box = database, administration, box
        self.tenant_id, self.connection_id, self.portfolio_id = uuid4(), uuid4(), uuid4()
        self.clock = Clock(now=lambda: NOW)
        self._looks = 0
        self.client = client_of(WebhookDoor(database, box, Clock(now=self._now)))

    def _now(self) -> datetime:
        self._looks += 1
        return self.clock.now() + timedelta(milliseconds=self._looks)

    @classmethod
    async def prepared(cls, database: Database, administration: asyncpg.Connection, box: SecretBox) -> "Tracker":
        tracker = cls(database, administration, box)
        execute = administration.execute
        await execute(_TENANT, tracker.tenant_id, f"T-{tracker.tenant_id}", NOW)
        await execute(_CONNECTION, tracker.tenant_id, tracker.connection_id, NOW)
        await execute(_PORTFOLIO, tracker.tenant_id, tracker.portfolio_id, NOW)
        await tracker.add_secret(SECRET, slot=1)
        return tracker

    async def neighbor(self) -> "Tracker":
        """Another tenant on the same database."""
        return await self.prepared(self.database, self.administration, self.box)

    async def add_secret(self, secret: str, slot: int) -> None:
        sealed = self.box.seal(secret.encode(), self.tenant_id, self.connection_id)
        place = (self.tenant_id, uuid4(), self.connection_id)
        await self.administration.execute(_SECRET, *place, slot, sealed, NOW)

    async def add_initiative(self, key: str, start_on: date | None = None, target_on: date | None = None) -> UUID:
        initiative_id = uuid4()
        place = (self.tenant_id, initiative_id, self.portfolio_id)
        await self.administration.execute(_INITIATIVE, *place, key, NOW, start_on, target_on)
        return initiative_id

    async def add_rule(self, initiative_id: UUID, kind: str, value: str, container: str | None = None) -> UUID:
        rule_id = uuid4()
        place = (self.tenant_id, rule_id, self.connection_id, initiative_id)
        await self.administration.execute(_RULE, *place, kind, value, container, NOW)
        return rule_id

    async def post(self, body: bytes, headers: Mapping[str, str] | Mapping[bytes, bytes]) -> httpx.Response:
        path = f"/webhooks/{print_id('CONNECTION', self.connection_id)}"
        return await self.client.post(path, content=body, headers=headers)

    async def deliver(self, event: str, payload: Any, key: str | None = None, secret: str = SECRET) -> httpx.Response:
        """Signed, under a delivery id of its own unless one is given."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return await self.post(body, signed(body, event, key or str(uuid4()), secret))

    async def apply(self) -> None:
        await apply_deliveries(self.database, self.clock, self.tenant_id, self.connection_id)

    async def fetch(self, query: str) -> list[asyncpg.Record]:
        """As the application role of this tenant, whose id is $1."""
        async with self.database.transaction(self.tenant_id) as connection:
            return await connection.fetch(query, self.tenant_id)

    async def statuses(self) -> list[tuple[str, str | None]]:
        rows = await self.fetch("select status, reason from delivery where tenant_id = $1 order by id")
        return [(row["status"], row["reason"]) for row in rows]

    async def linked_keys(self, initiative_id: UUID) -> list[str]:
        rows = await self.fetch(
            "select l.initiative_id, i.key from work_item_link l "
            "join work_item i on i.tenant_id = l.tenant_id and i.id = l.work_item_id "
            "where l.tenant_id = $1 and l.valid_to is null order by i.key"
        )
        return [row["key"] for row in rows if row["initiative_id"] == initiative_id]


def application_of(webhooks: WebhookDoor) -> Starlette:
    """The route as the API has it, behind what every request passes."""
    route = Route("/webhooks/{connection}", webhooks.receive, methods=["POST"])
    middleware = [Middleware(Door)]
    return Starlette(routes=[route], middleware=middleware, exception_handlers={Refusal: answer_exception})


def client_of(webhooks: WebhookDoor) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=application_of(webhooks))
    return httpx.AsyncClient(transport=transport, base_url="http://door")


def signed(body: bytes, event: str, key: str, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": key,
        "x-hub-signature-256": f"sha256={digest}",
    }


def issue(number: int, updated_at: str, **fields: Any) -> dict[str, Any]:
    """An open issue in GitHub's documented form."""
    return {
        "id": 9_000_000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": f"Issue {number}",
        "html_url": f"https://github.com/example/shop/issues/{number}",
        "state": "open",
        "state_reason": None,
        "labels": [],
        "milestone": None,
        "created_at": "2026-10-01T08:00:00Z",
        "updated_at": updated_at,
        "closed_at": None,
        **fields,
    }


def issue_event(action: str, content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    repository = {"id": 4_000_001, "full_name": "example/shop"}
    return {"action": action, "issue": content, "repository": repository, **fields}
