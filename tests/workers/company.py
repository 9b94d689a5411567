"""A company to score: written by plain statements, raising signals as every change does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from runtime.clock import Clock
from runtime.postgres import Database

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Hands:
    """A clock that tests put forward."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.clock = Clock(now=lambda: self.now)

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass
class Company:
    database: Database
    hands: Hands
    tenant_id: UUID = field(init=False)

    def __post_init__(self) -> None:
        self.tenant_id = self.new_id()

    def new_id(self) -> UUID:
        return self.hands.clock.new_id()

    async def found(self, time_zone: str = "UTC") -> "Company":
        async with self.change() as connection:
            await connection.execute(
                "insert into organization (tenant_id, id, key, name, time_zone, created_at, updated_at)"
                " values ($1, $1, 'acme', 'Acme', $2, $3, $3)",
                *(self.tenant_id, time_zone, self.hands.now),
            )
            await self._subject(connection, self.tenant_id, "ORGANIZATION", None)
        return self

    def change(self) -> Any:
        return self.database.transaction(self.tenant_id)

    async def add_portfolio(self, parent_id: UUID | None = None, importance: int = 100) -> UUID:
        portfolio_id = self.new_id()
        async with self.change() as connection:
            await self._subject(connection, portfolio_id, "PORTFOLIO", portfolio_id)
            await self._insert(
                connection,
                "portfolio",
                portfolio_id,
                {"parent_id": parent_id, "importance": importance},
            )
            await connection.execute(
                "insert into portfolio_closure (tenant_id, ancestor_id, descendant_id, depth)"
                " select $1, ancestor_id, $2::uuid, depth + 1 from portfolio_closure"
                " where tenant_id = $1 and descendant_id = $3 union all select $1, $2::uuid, $2::uuid, 0",
                *(self.tenant_id, portfolio_id, parent_id),
            )
            await self.mark(connection, [portfolio_id, parent_id or self.tenant_id])
        return portfolio_id

    async def add_product(self, portfolio_id: UUID, stage: str = "LIVE", importance: int = 100) -> UUID:
        values = {"portfolio_id": portfolio_id, "lifecycle_stage": stage, "importance": importance}
        return await self._add("product", portfolio_id, values)

    async def add_initiative(self, portfolio_id: UUID, product_ids: Sequence[UUID] = (), **values: Any) -> UUID:
        initiative_id = await self._add(
            "initiative", portfolio_id, {"portfolio_id": portfolio_id, "state": "ACTIVE", **values}
        )
        for product_id in product_ids:
            await self.link(initiative_id, product_id)
        return initiative_id

    async def link(self, initiative_id: UUID, product_id: UUID, importance: int = 100) -> None:
        async with self.change() as connection:
            home = await connection.fetchval(
                "insert into initiative_product (tenant_id, initiative_id, product_id, importance)"
                " values ($1, $2, $3, $4) on conflict (tenant_id, initiative_id, product_id)"
                " do update set importance = $4 returning"
                " (select portfolio_id from initiative i where i.tenant_id = $1 and i.id = $2)",
                *(self.tenant_id, initiative_id, product_id, importance),
            )
            await self.mark(connection, [initiative_id, product_id, home])

    async def add_kpi(self, subject_id: UUID, target: dict[str, Any] | None = None, **values: Any) -> UUID:
        kpi_id, target_id = self.new_id(), self.new_id()
        defaults = {"category": "REVENUE", "unit": "EUR", "direction": "HIGHER"}
        columns = {"subject_id": subject_id, "created_on": date(2026, 1, 1), **defaults, **values}
        async with self.change() as connection:
            await self._insert(connection, "kpi", kpi_id, columns)
            if target is not None:
                names = ", ".join(target)
                places = ", ".join(f"${place}" for place in range(5, 5 + len(target)))
                await connection.execute(
                    f"insert into kpi_target (tenant_id, id, kpi_id, recorded_at, {names})"
                    f" values ($1, $2, $3, $4, {places})",
                    *(self.tenant_id, target_id, kpi_id, self.hands.now, *target.values()),
                )
                await connection.execute(
                    "update kpi set target_id = $3 where tenant_id = $1 and id = $2",
                    *(self.tenant_id, kpi_id, target_id),
                )
            await self.mark(connection, [subject_id])
        return kpi_id

    async def measure(self, kpi_id: UUID, value: int, days_ago: int = 0) -> UUID:
        self.hands.forward(seconds=1)
        measurement_id = self.new_id()
        observed_at = self.hands.now - timedelta(days=days_ago)
        async with self.change() as connection:
            await connection.execute(
                "insert into measurement (tenant_id, id, kpi_id, value, observed_at, observed_on, recorded_at)"
                " values ($1, $2, $3, $4, $5, organization_day($5), $6)",
                *(self.tenant_id, measurement_id, kpi_id, value, observed_at, self.hands.now),
            )
            subject_id = await connection.fetchval(
                "select subject_id from kpi where tenant_id = $1 and id = $2", self.tenant_id, kpi_id
            )
            await self.mark(connection, [subject_id])
        return measurement_id

    async def update(self, table: str, node_id: UUID, *parent_ids: UUID, **values: Any) -> None:
        names = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, 3))
        async with self.change() as connection:
            await connection.execute(
                f"update {table} set {names} where tenant_id = $1 and id = $2",
                *(self.tenant_id, node_id, *values.values()),
            )
            await self.mark(connection, [node_id, *parent_ids])

    async def mark(self, connection: asyncpg.Connection, ids: Sequence[UUID]) -> None:
        await connection.execute("select raise_signal('recompute_health', $1)", list(ids))

    async def score(self, node_id: UUID) -> asyncpg.Record:
        """The newest stored row of a node."""
        async with self.change() as connection:
            row = await connection.fetchrow(
                "select * from health_score where tenant_id = $1 and node_id = $2"
                " order by as_of desc, revision desc limit 1",
                *(self.tenant_id, node_id),
            )
        assert row
        return row

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        async with self.change() as connection:
            return await connection.fetch(statement, *values)

    async def _add(self, table: str, portfolio_id: UUID, values: dict[str, Any]) -> UUID:
        node_id = self.new_id()
        async with self.change() as connection:
            await self._subject(connection, node_id, table.upper(), portfolio_id)
            await self._insert(connection, table, node_id, values)
            await self.mark(connection, [node_id, portfolio_id])
        return node_id

    async def _insert(self, connection: asyncpg.Connection, table: str, node_id: UUID, values: dict[str, Any]) -> None:
        names = ", ".join(values)
        places = ", ".join(f"${place}" for place in range(5, 5 + len(values)))
        await connection.execute(
            f"insert into {table} (tenant_id, id, key, name, created_at, updated_at, {names})"
            f" values ($1, $2, $3, $3, $4, $4, {places})",
            *(self.tenant_id, node_id, f"{table}-{node_id}", self.hands.now, *values.values()),
        )

    async def _subject(
        self, connection: asyncpg.Connection, node_id: UUID, kind: str, portfolio_id: UUID | None
    ) -> None:
        await connection.execute(
            "insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, $3, $4)",
            *(self.tenant_id, node_id, kind, portfolio_id),
        )
