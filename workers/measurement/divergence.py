"""Where reported status and measured band disagree: kept and told as scores change, and as reports grow old."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import asyncpg

from portfolio.row import Row
from runtime.clock import Clock
from runtime.events import Change, NewEvent

_SETTLE = "select * from settle_divergence($1, $2)"
# Until the day on which the report is stale; from then on time changes nothing.
_STALE_ON = """
select subject_id, report_stale_on(reported_at) as stale_on from subject_report
where tenant_id = $1 and subject_id = any ($2) and reported_at is not null
  and report_stale_on(reported_at) > organization_day($3)
"""


async def settle_divergence(connection: asyncpg.Connection, clock: Clock, node_ids: Iterable[UUID]) -> list[NewEvent]:
    """After the nodes' scores are written, in the same transaction. Safe to run twice."""
    now = clock.now()
    return [_event(row, clock) for row in await connection.fetch(_SETTLE, sorted(node_ids), now)]


def _event(row: Row, clock: Clock) -> NewEvent:
    ended = row["divergence_after"] is None
    node_id, home_id = row["node_id"], row["node_portfolio_id"]
    assert isinstance(node_id, UUID)
    assert home_id is None or isinstance(home_id, UUID)
    return NewEvent(
        id=clock.new_id(),
        type="HEALTH_CONVERGED" if ended else "HEALTH_DIVERGED",
        entity_kind=str(row["node_kind"]),
        entity_id=node_id,
        subject_id=node_id,
        portfolio_id=home_id,
        changes=[Change("divergence", row["divergence_before"], row["divergence_after"])],
        occurred_at=clock.now(),
    )


async def report_stale_days(
    connection: asyncpg.Connection, tenant_id: UUID, node_ids: Iterable[UUID], clock: Clock
) -> dict[UUID, date]:
    """Days to come on which time alone makes a node's report stale."""
    rows = await connection.fetch(_STALE_ON, tenant_id, list(node_ids), clock.now())
    return {row["subject_id"]: row["stale_on"] for row in rows}
