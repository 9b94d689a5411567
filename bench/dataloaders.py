"""The usual way, for comparison: the same tables through plain Strawberry with one DataLoader a relation.

It is spared what Folioscope does beside reading: no key, no row-level security, no price of a query.
"""

import os
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
import orjson
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

Item = TypeVar("Item")
Info = strawberry.Info[Any, Any]

_OWNERS = "select id, name from person where tenant_id = $1 and id = any ($2)"
_HEALTH = """
select node_id as id, band, score_mp, coverage_mp, confidence_mp, contribution_keys, contribution_points_mp
from current_health_score where tenant_id = $1 and node_id = any ($2)
"""
_TARGETS = "select id, target, red_at from kpi_target where tenant_id = $1 and id = any ($2)"
_KPIS = """
select k.* from unnest($2::uuid[]) as p (id) cross join lateral (
  select subject_id as parent_id, key, name, category, unit, latest_value, latest_observed_at, target_id
  from kpi where tenant_id = $1 and subject_id = p.id and archived_at is null order by id limit $3) k
"""
_INITIATIVES = """
select i.* from unnest($2::uuid[]) as p (id) cross join lateral (
  select p.id as parent_id, i.key, i.name, i.state, i.target_on, i.done_scope, i.total_scope, i.id
  from initiative_product l join initiative i on i.tenant_id = l.tenant_id and i.id = l.initiative_id
  where l.tenant_id = $1 and l.product_id = p.id and i.archived_at is null order by i.id limit $3) i
"""
_PORTFOLIO = "select id, name from portfolio where tenant_id = $1 and key = $2"
_CHILDREN = """
select c.* from unnest($2::uuid[]) as p (id) cross join lateral (
  select parent_id, id, name from portfolio
  where tenant_id = $1 and parent_id = p.id and archived_at is null order by id limit $3) c
"""
_PRODUCT_COLUMNS = "id, key, name, lifecycle_stage, tier, owner_id"
_PRODUCT = f"select {_PRODUCT_COLUMNS} from product where tenant_id = $1 and key = $2"
_PRODUCTS = f"""
select {_PRODUCT_COLUMNS} from product
where tenant_id = $1 and portfolio_id = $2 and archived_at is null order by id limit $3
"""
_ROLLUP = """
select c.ancestor_id as parent_id, p.{column} as name, count(*) as products,
  round(avg(p.health_score_mp))::integer as average_mp
from portfolio_closure c join product p on p.tenant_id = c.tenant_id and p.portfolio_id = c.descendant_id
where c.tenant_id = $1 and c.ancestor_id = any ($2) and p.archived_at is null
group by 1, 2 order by 2
"""


class Loaders:
    """One set a request. Rows are fetched once for all that ask in the same turn of the loop."""

    def __init__(self, pool: asyncpg.Pool, tenant_id: UUID) -> None:
        self.pool, self.tenant_id = pool, tenant_id
        self.owners = DataLoader(load_fn=self._by_id(_OWNERS))
        self.health = DataLoader(load_fn=self._by_id(_HEALTH))
        self.targets = DataLoader(load_fn=self._by_id(_TARGETS))
        self._lists: dict[Any, DataLoader[UUID, list[asyncpg.Record]]] = {}

    def children(self, statement: str, *arguments: int) -> DataLoader[UUID, list[asyncpg.Record]]:
        loader = self._lists.get((statement, *arguments))
        if loader is None:
            loader = DataLoader(load_fn=self._by_parent(statement, *arguments))
            self._lists[(statement, *arguments)] = loader
        return loader

    def _by_id(self, statement: str) -> Callable[[list[UUID]], Any]:
        async def load(ids: list[UUID]) -> Sequence[asyncpg.Record | None]:
            rows = {row["id"]: row for row in await self.pool.fetch(statement, self.tenant_id, ids)}
            return [rows.get(id_) for id_ in ids]

        return load

    def _by_parent(self, statement: str, *arguments: int) -> Callable[[list[UUID]], Any]:
        async def load(ids: list[UUID]) -> Sequence[list[asyncpg.Record]]:
            rows: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
            for row in await self.pool.fetch(statement, self.tenant_id, ids, *arguments):
                rows[row["parent_id"]].append(row)
            return [rows[id_] for id_ in ids]

        return load


def _loaders(info: Info) -> Loaders:
    return info.context


def _points(millipoints: int | None) -> float | None:
    return None if millipoints is None else millipoints / 1000


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


@strawberry.type
class Nodes(Generic[Item]):
    nodes: list[Item]


@strawberry.type
class Owner:
    name: str


@strawberry.type
class Contribution:
    key: str
    points: float


@strawberry.type
class Health:
    row: strawberry.Private[asyncpg.Record]
    band: str
    score: float | None
    coverage: float
    confidence: float

    @strawberry.field
    def contributions(self) -> list[Contribution]:
        pairs = zip(self.row["contribution_keys"], self.row["contribution_points_mp"], strict=True)
        return [Contribution(key=key, points=points / 1000) for key, points in pairs]


async def _load_health(info: Info, node_id: UUID) -> Health:
    row = await _loaders(info).health.load(node_id)
    assert row is not None, "every node of the company has a score"
    coverage, confidence = row["coverage_mp"] / 1000, row["confidence_mp"] / 1000
    return Health(row=row, band=row["band"], score=_points(row["score_mp"]), coverage=coverage, confidence=confidence)


@strawberry.type
class Target:
    target: float | None
    red_at: float | None


@strawberry.type
class Kpi:
    target_id: strawberry.Private[UUID]
    key: str
    name: str
    category: str
    unit: str
    latest_value: float | None
    latest_observed_at: str | None

    @strawberry.field
    async def target(self, info: Info) -> Target | None:
        row = await _loaders(info).targets.load(self.target_id)
        return row and Target(target=_number(row["target"]), red_at=_number(row["red_at"]))


def _kpi(row: asyncpg.Record) -> Kpi:
    at: datetime | None = row["latest_observed_at"]
    return Kpi(
        target_id=row["target_id"],
        key=row["key"],
        name=row["name"],
        category=row["category"],
        unit=row["unit"],
        latest_value=_number(row["latest_value"]),
        latest_observed_at=at and at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )


@strawberry.type
class Progress:
    ratio: float | None
    done_scope: float | None
    total_scope: float | None


@strawberry.type
class Initiative:
    id: strawberry.Private[UUID]
    key: str
    name: str
    state: str
    target_on: date | None
    progress: Progress

    @strawberry.field
    async def health(self, info: Info) -> Health:
        return await _load_health(info, self.id)


def _initiative(row: asyncpg.Record) -> Initiative:
    done, total = _number(row["done_scope"]), _number(row["total_scope"])
    ratio = None if done is None or not total else round(done / total, 6)
    return Initiative(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        state=row["state"],
        target_on=row["target_on"],
        progress=Progress(ratio=ratio, done_scope=done, total_scope=total),
    )


@strawberry.type
class Product:
    row: strawberry.Private[asyncpg.Record]
    id: strawberry.ID
    key: str
    name: str
    lifecycle_stage: str
    tier: str

    @strawberry.field
    async def owner(self, info: Info) -> Owner | None:
        row = await _loaders(info).owners.load(self.row["owner_id"])
        return row and Owner(name=row["name"])

    @strawberry.field
    async def health(self, info: Info) -> Health:
        return await _load_health(info, self.row["id"])

    @strawberry.field
    async def kpis(self, info: Info, first: int) -> Nodes[Kpi]:
        rows = await _loaders(info).children(_KPIS, first).load(self.row["id"])
        return Nodes(nodes=[_kpi(row) for row in rows])

    @strawberry.field
    async def initiatives(self, info: Info, first: int) -> Nodes[Initiative]:
        rows = await _loaders(info).children(_INITIATIVES, first).load(self.row["id"])
        return Nodes(nodes=[_initiative(row) for row in rows])


def _product(row: asyncpg.Record) -> Product:
    return Product(
        row=row,
        id=strawberry.ID(f"prd_{row['id']}"),
        key=row["key"],
        name=row["name"],
        lifecycle_stage=row["lifecycle_stage"],
        tier=row["tier"],
    )


@strawberry.enum
class RollupGroup(Enum):
    BAND = "health_band"
    STAGE = "lifecycle_stage"


@strawberry.type
class Bucket:
    group: str
    count: int
    average_score: float | None


@strawberry.type
class Portfolio:
    row: strawberry.Private[asyncpg.Record]
    name: str

    @strawberry.field
    async def health(self, info: Info) -> Health:
        return await _load_health(info, self.row["id"])

    @strawberry.field
    async def products(self, info: Info, first: int) -> Nodes[Product]:
        loaders = _loaders(info)
        rows = await loaders.pool.fetch(_PRODUCTS, loaders.tenant_id, self.row["id"], first)
        return Nodes(nodes=[_product(row) for row in rows])

    @strawberry.field
    async def rollup(self, info: Info, group_by: RollupGroup) -> list[Bucket]:
        rows = await _loaders(info).children(_ROLLUP.format(column=group_by.value)).load(self.row["id"])
        return [Bucket(group=row[1], count=row[2], average_score=_points(row[3])) for row in rows]

    @strawberry.field
    async def children(self, info: Info, first: int) -> "Nodes[Portfolio]":
        rows = await _loaders(info).children(_CHILDREN, first).load(self.row["id"])
        return Nodes(nodes=[Portfolio(row=row, name=row["name"]) for row in rows])


@strawberry.input
class ByKey:
    key: str


@strawberry.type
class Query:
    @strawberry.field
    async def portfolio(self, info: Info, by: ByKey) -> Portfolio | None:
        loaders = _loaders(info)
        row = await loaders.pool.fetchrow(_PORTFOLIO, loaders.tenant_id, by.key)
        return Portfolio(row=row, name=row["name"]) if row else None

    @strawberry.field
    async def product(self, info: Info, by: ByKey) -> Product | None:
        loaders = _loaders(info)
        row = await loaders.pool.fetchrow(_PRODUCT, loaders.tenant_id, by.key)
        return _product(row) if row else None


_SCHEMA = strawberry.Schema(Query, extensions=[lambda: ParserCache(maxsize=100), lambda: ValidationCache(maxsize=100)])


async def _answer(request: Request) -> Response:
    body = orjson.loads(await request.body())
    context = Loaders(request.app.state.pool, request.app.state.tenant_id)
    result = await _SCHEMA.execute(body["query"], variable_values=body.get("variables"), context_value=context)
    members: dict[str, Any] = {"data": result.data}
    if result.errors:
        members["errors"] = [error.formatted for error in result.errors]
    return Response(orjson.dumps(members), media_type="application/json")


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    settings = {"timezone": "UTC", "jit": "off", "plan_cache_mode": "force_generic_plan"}
    size = int(os.environ["FOLIOSCOPE_DATABASE_POOL_SIZE"])
    app.state.tenant_id = UUID(os.environ["BENCH_TENANT_ID"])
    url = os.environ["BENCH_DATABASE_URL"]
    async with asyncpg.create_pool(
        url, min_size=2, max_size=size, server_settings=settings, reset=_keep_session
    ) as pool:
        app.state.pool = pool
        yield


async def _keep_session(_: asyncpg.Connection) -> None:
    """As Folioscope: the usual reset would cost a round trip."""


def create_app() -> Starlette:
    return Starlette(routes=[Route("/graphql", _answer, methods=["POST"])], lifespan=_lifespan)
