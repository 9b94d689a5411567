"""A writer: changes one thing after the other and notes what was acknowledged."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.faults.client import Client
from tests.faults.company import Company, Desk


@dataclass
class Ledger:
    """Everything acknowledged to one company's writers.

    measurements: (KPI, external id) → value; the others: in the order of acknowledgment.
    """

    measurements: dict[tuple[str, str], float] = field(default_factory=dict)
    measuring_calls: int = 0
    importance: dict[str, list[int]] = field(default_factory=dict)
    targets: dict[str, list[float]] = field(default_factory=dict)
    progress: dict[str, list[int]] = field(default_factory=dict)

    @property
    def acknowledged(self) -> int:
        lists = (self.importance, self.targets, self.progress)
        return self.measuring_calls + sum(len(values) for kept in lists for values in kept.values())


@dataclass
class Writer:
    """The only one who changes its desk, so that it knows how everything there must end."""

    name: str
    company: Company
    desk: Desk
    client: Client
    ledger: Ledger
    chance: random.Random
    calls: int = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; the change in hand is seen through."""
        while not stop.is_set():
            self.calls += 1
            act = self.chance.choices([self._measure, self._reweigh, self._aim, self._progress], [60, 15, 10, 15])[0]
            await act(f"{self.name}-{self.calls}")
            await asyncio.sleep(self.chance.uniform(0, 0.05))

    async def _measure(self, key: str) -> None:
        kpis = self.chance.choice([[self.desk.kpi_id], [self.desk.kpi_id, self.company.shared_kpi_id]])
        rows = [
            {
                "kpiId": kpi,
                "value": round(self.chance.uniform(0, 150), 1),
                "observedAt": datetime.now(UTC).isoformat(),
                "source": "test",
                "externalId": key,
            }
            for kpi in kpis
        ]
        payload = await self._change(
            "measurementsRecord", "MeasurementsRecordInput", "accepted duplicates rejected { index message }", key,
            measurements=rows,
        )  # fmt: skip
        if payload["accepted"] != len(rows) or payload["rejected"]:
            self.client.wrongs.append(f"measurements {key}: {payload}")
        self.ledger.measuring_calls += 1
        self.ledger.measurements |= {(row["kpiId"], key): row["value"] for row in rows}

    async def _reweigh(self, key: str) -> None:
        earlier = self.ledger.importance.setdefault(self.desk.product_id, [])
        importance = self.chance.choice([n for n in (50, 100, 150, 200) if n != (earlier or [100])[-1]])
        payload = await self._change(
            "productUpdate", "ProductUpdateInput", "product { importance }", key,
            id=self.desk.product_id, importance=importance,
        )  # fmt: skip
        if payload["product"] != {"importance": importance}:
            self.client.wrongs.append(f"product {key}: {payload}")
        earlier.append(importance)

    async def _aim(self, key: str) -> None:
        earlier = self.ledger.targets.setdefault(self.desk.kpi_id, [])
        target = self.chance.choice([n for n in (80.0, 100.0, 120.0) if n != (earlier or [100.0])[-1]])
        await self._change(
            "kpiTargetSet", "KpiTargetSetInput", "kpi { target { target } }", key,
            kpiId=self.desk.kpi_id, target=target, redAt=40,
        )  # fmt: skip
        earlier.append(target)

    async def _progress(self, key: str) -> None:
        earlier = self.ledger.progress.setdefault(self.desk.initiative_id, [])
        done = self.chance.randint(0, 40)
        await self._change(
            "initiativeProgressRecord", "InitiativeProgressRecordInput", "initiative { id }", key,
            initiativeId=self.desk.initiative_id, totalItems=40, doneItems=done, totalScope=40, doneScope=done,
            observedAt=datetime.now(UTC).isoformat(),
        )  # fmt: skip
        earlier.append(done)

    async def _change(self, field_: str, input_type: str, selection: str, key: str, **members: Any) -> dict[str, Any]:
        """Now and then sent once more after its answer, as a client does that lost it: the answer is the same."""
        payload = await self.client.change(field_, input_type, selection, idempotencyKey=key, **members)
        if self.chance.random() < 0.2:
            again = await self.client.change(field_, input_type, selection, idempotencyKey=key, **members)
            if again != payload:
                self.client.wrongs.append(f"{key} was answered {payload}, then {again}")
        return payload
