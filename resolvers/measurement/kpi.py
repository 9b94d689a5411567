"""What is special when KPIs change: their target, which is kept in versions."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import strawberry

from portfolio.row import Row
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import Outcome, Retryable, optional, required
from resolvers.engine.session import Write
from resolvers.entity.archive import refuse_archived
from resolvers.entity.change import EntityChange, Hooks
from resolvers.measurement.kpi_target import put_in_force, read_target, refuse_unscorable, target_in_force
from runtime.events import Change
from schema.measurement.kpi import Kpi
from schema.measurement.kpi_target import TargetMembers


async def _store(write: Write, row: Row, before: Row | None, input: Any) -> Sequence[Change]:
    in_force = None if before is None else await target_in_force(write, row["id"])
    target = await read_target(write, input.target)
    refuse_unscorable(row["direction"], in_force if target is None else target)
    return () if target is None else await put_in_force(write, row["id"], in_force, target)


HOOKS = Hooks(store=_store)
_KPI = EntityChange(Kpi, HOOKS)


@strawberry.input(
    description="A new target of a KPI as a whole, in place of the one in force: an absent member "
    "is none. Values have the KPI's unit."
)
class KpiTargetSetInput(TargetMembers, Retryable):
    kpi_id: strawberry.ID = required("KPI whose target it is.")
    version: int | None = optional("Version of the KPI that you saw; null: whichever it has now.")


@mutation(_KPI.payload)
async def kpi_target_set(write: Write, input: KpiTargetSetInput) -> Outcome:
    """Set a KPI's target from now on; the one before is kept as a superseded version."""
    row = await write.find_version("KPI", "kpi", input.kpi_id, input.version)
    refuse_archived(_KPI.entity, row)
    await _KPI.apply(write, row, {}, SimpleNamespace(target=input), past="TARGET_SET")
    return _KPI.answer(row["id"])
