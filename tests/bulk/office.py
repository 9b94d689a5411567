"""An office of a tenant that imports and exports, through the API's own doors and the worker's own steps."""

import json
from typing import Any
from uuid import UUID

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from api.bulk import BulkDoor
from api.door import Door, answer_exception
from api.viewer import Viewers
from portfolio.identity import print_id
from resolvers.bulk.run_job import JobRunner
from runtime.refusal import Refusal
from runtime.viewer import Viewer, parse_key
from tests.resolvers.tenant import ALL_SCOPES, Tenant, uuid_of
from workers.connection.run_job import run_job
from workers.job import Resources

LINES = {"content-type": "application/x-ndjson"}
ENCRYPTION_KEY = b"k" * 32


class Office:
    """key: text of an API key. Everything is done with it."""

    def __init__(self, tenant: Tenant, key: str, viewer: Viewer) -> None:
        self.tenant, self.key, self.viewer = tenant, key, viewer
        self.runner = JobRunner(tenant.database, tenant.clock.clock, ENCRYPTION_KEY)

    @classmethod
    async def open(
        cls, tenant: Tenant, scopes: frozenset[str] = ALL_SCOPES, grants: list[str] | None = None
    ) -> "Office":
        holder = print_id("PERSON", tenant.person_id)
        input: dict[str, Any] = {"name": "Office", "scopes": sorted(scopes), "person_id": holder}
        if grants is not None:
            input["portfolio_ids"] = grants
        made = await tenant.change("apiKeyCreate", input)
        assert made["userErrors"] == []
        parsed = parse_key(made["secret"])
        assert parsed is not None
        ids = None if grants is None else tuple(uuid_of(grant) for grant in grants)
        return cls(tenant, made["secret"], Viewer(tenant.id, parsed[0], tenant.person_id, None, scopes, ids))

    def client(self, key: str | None = None) -> httpx.AsyncClient:
        clock = self.tenant.clock.clock
        door = BulkDoor(self.tenant.database, Viewers(self.tenant.database, clock), clock)
        app = Starlette(
            routes=[Route("/imports", door.receive, methods=["POST"]), Route("/exports/{job}", door.send)],
            middleware=[Middleware(Door)],
            exception_handlers={Refusal: answer_exception},
        )
        headers = {"authorization": f"Bearer {key or self.key}"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers)

    async def upload(self, content: bytes) -> str:
        async with self.client() as client:
            answer = await client.post("/imports", content=content, headers=LINES)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def download(self, job: str) -> bytes:
        async with self.client() as client:
            answer = await client.get(f"/exports/{job}")
        assert answer.status_code == 200, answer.text
        return answer.content

    async def start(self, content: bytes | list[Any], *, dry_run: bool = False) -> str:
        data = content if isinstance(content, bytes) else lines(*content)
        input = {"file_id": await self.upload(data), "dry_run": dry_run}
        answer = await self.tenant.change("importStart", input, self.viewer)
        assert answer["userErrors"] == []
        return answer["job"]

    async def run(self, job: str) -> dict[str, Any]:
        attempt = await self.runner.begin(self.tenant.id, uuid_of(job))
        while await self.runner.step(self.tenant.id, uuid_of(job), attempt):
            continue
        return await self.read(job)

    async def work(self, job: str) -> None:
        """As a worker does that was rung for the job."""
        resources = Resources(self.tenant.database, self.tenant.clock.clock, ENCRYPTION_KEY)
        await run_job.run(resources, self.tenant.id, uuid_of(job))

    async def read(self, job: str) -> dict[str, Any]:
        [row] = await self.tenant.rows("select * from job where id = $1", uuid_of(job))
        return row

    async def imported(self, content: bytes | list[Any], *, dry_run: bool = False) -> dict[str, Any]:
        return await self.run(await self.start(content, dry_run=dry_run))

    async def exported(self, *types: str) -> bytes:
        answer = await self.tenant.change("exportStart", {"types": list(types) or None}, self.viewer)
        assert answer["userErrors"] == []
        assert (await self.run(answer["job"]))["state"] == "COMPLETED"
        return await self.download(answer["job"])

    async def errors(self, job: UUID) -> list[tuple[int, str, list[str] | None]]:
        rows = await self.tenant.rows("select * from job_line_error where job_id = $1 order by line, position", job)
        return [(row["line"], row["code"], row["field"]) for row in rows]


def lines(*values: Any) -> bytes:
    texts = (value if isinstance(value, bytes) else json.dumps(value).encode() for value in values)
    return b"".join(text + b"\n" for text in texts)


def read_lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def counts(job: dict[str, Any]) -> tuple[int, int, int, int]:
    """Created, changed, unchanged, failed."""
    return job["created_count"], job["changed_count"], job["unchanged_count"], job["failed_count"]


PORTFOLIO = {"type": "portfolio", "key": "AI", "name": "AI products"}
PRODUCT = {"type": "product", "key": "CHURN", "name": "Churn model", "portfolio": "AI", "owner": "ada"}
KPI = {
    "type": "kpi",
    "key": "USERS",
    "name": "Users",
    "subject": {"product": "CHURN"},
    "category": "ENGAGEMENT",
    "unit": "users",
    "direction": "HIGHER",
    "target": {"target": 100, "redAt": 50},
}


def measurement(day: int, value: float = 1, **more: Any) -> dict[str, Any]:
    observed_at = f"2026-02-{1 + day % 28:02}T{day // 28 % 24:02}:{day // 672 % 60:02}:00Z"
    return {"type": "measurement", "kpi": "USERS", "value": value, "observedAt": observed_at, **more}
