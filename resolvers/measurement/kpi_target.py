"""Versions of a KPI's target: set as a whole, and kept when a new one supersedes them."""

from functools import cache
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import KpiDirection
from portfolio.health import Policy, load_policy
from portfolio.health.fields import Fields
from portfolio.health.indicators.kpi import score_kpi
from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.entity.member import printable, read_members
from runtime.events import Change
from schema import check
from schema.member import Member

MEMBERS = (
    Member("target", check.decimal),
    Member("baseline", check.decimal),
    Member("start_on", check.day),
    Member("target_on", check.day),
    Member("red_at", check.decimal),
    Member("green_at", check.decimal),
    Member("tolerance", check.positive_decimal),
    Member("range_low", check.decimal),
    Member("range_high", check.decimal),
)

_IN_FORCE = "select * from kpi_target where tenant_id = $1 and kpi_id = $2 and superseded_at is null"
_SUPERSEDE = """
update kpi_target set superseded_at = $3 where tenant_id = $1 and kpi_id = $2 and superseded_at is null
"""
_INSERT = """
insert into kpi_target (tenant_id, id, kpi_id, recorded_at, target, baseline, start_on, target_on, red_at, green_at,
                        tolerance, range_low, range_high)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
_PUT_IN_FORCE = "update kpi set target_id = $3 where tenant_id = $1 and id = $2"

# What the engine says of a target that it cannot score, in words that help.
_ADVICE = {
    "KPI_NO_TARGET": "A KPI of this direction needs target.",
    "KPI_BAD_TOLERANCE": "tolerance is above 0.",
    "KPI_BAD_RANGE": "rangeLow is at most rangeHigh.",
    "KPI_NEEDS_TOLERANCE": "Around this value nothing can be measured: give tolerance or redAt.",
    "KPI_DIRECTION_CONFLICT": "The journey from baseline to target goes against the direction.",
    "KPI_BAD_THRESHOLDS": "redAt, greenAt and target follow each other in the KPI's direction.",
}


async def read_target(write: Write, input: Any) -> dict[str, Any] | None:
    """Values by column; null: no target was given."""
    if input in (None, strawberry.UNSET):
        return None
    return await read_members(write, MEMBERS, input)


async def target_in_force(write: Write, kpi_id: UUID) -> Row | None:
    return await write.connection.fetchrow(_IN_FORCE, write.tenant_id, kpi_id)


def refuse_unscorable(direction: str, target: Row | None) -> None:
    """A target that no score can be computed from is refused, and so is a range without edges."""
    if target is None:
        if direction == KpiDirection.RANGE:
            message = "A KPI of direction RANGE needs a target with rangeLow and rangeHigh."
            raise reject(UserErrorCode.REQUIRED, message, "target")
        return
    fault = _range_fault(direction, target) or _journey_fault(target)
    if fault is None:
        given = {member.name: target[member.name] for member in MEMBERS if target[member.name] is not None}
        scored = score_kpi(Fields({"direction": str(direction), **given}), 0, _policy())
        fault = _ADVICE.get(scored.problem) if scored.problem else None
    if fault is not None:
        raise reject(UserErrorCode.INVALID, fault, "target")


def _range_fault(direction: str, target: Row) -> str | None:
    edges = [target["range_low"] is not None, target["range_high"] is not None]
    if direction == KpiDirection.RANGE:
        if not all(edges):
            return "A KPI of direction RANGE needs rangeLow and rangeHigh."
        others = ("target", "baseline", "red_at", "green_at")
        if any(target[name] is not None for name in others):
            return "A range has edges and a tolerance, and no target, baseline, redAt or greenAt."
    elif any(edges):
        return "rangeLow and rangeHigh belong to a KPI of direction RANGE."
    return None


def _journey_fault(target: Row) -> str | None:
    start_on, target_on = target["start_on"], target["target_on"]
    if start_on is not None and target_on is not None and target_on <= start_on:
        return "A journey ends after it starts: targetOn is after startOn."
    return None


@cache
def _policy() -> Policy:
    """Whether a target can be scored does not depend on weights, so that one policy will do."""
    return load_policy("default-1")


async def put_in_force(write: Write, kpi_id: UUID, before: Row | None, after: Row) -> list[Change]:
    """A new version in place of the one in force. Empty: it says the same, and nothing was written."""
    told = None if before is None else _tell(before)
    if told == _tell(after):
        return []
    id = write.new_id()
    await write.execute(_SUPERSEDE, kpi_id, write.now)
    values = [after[member.stored_in] for member in MEMBERS]
    await write.execute(_INSERT, id, kpi_id, write.now, *values)
    await write.execute(_PUT_IN_FORCE, kpi_id, id)
    return [Change("target", told, _tell(after))]


def _tell(target: Row) -> dict[str, Any]:
    values = {member.public_name: printable(target[member.stored_in]) for member in MEMBERS}
    return {name: value for name, value in values.items() if value is not None}
