"""Job: takes a connection's stored deliveries into its work items and their links."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog

from portfolio.enumerations import DeliveryStatus
from portfolio.github import Ignored, Reading
from portfolio.identity import print_id
from portfolio.snapshot import Snapshot, fold
from runtime.clock import Clock
from runtime.postgres import Database
from workers.connection.github import decode
from workers.connection.work_item_events import record_changes
from workers.connection.work_item_rows import ConnectionRows, Item, MilestoneRow
from workers.job import Run, job
from workers.signals import PASSING

_log = structlog.get_logger()

_BATCH = 100
_LOCK = "select lock_connection_items($1)"
# A batch ends after a megabyte of compressed bodies: reading them must not hold a transaction long.
_NEW = """
select id, event, headers, body from (
  select id, event, headers, body,
         sum(octet_length(body)) over (order by id) - octet_length(body) as bytes_before
  from delivery where tenant_id = $1 and connection_id = $2 and status = 'NEW'
  order by id limit $3) as next
where bytes_before < 1000000 order by id
"""
_SETTLE = """
update delivery d set status = s.status, reason = s.reason, processed_at = $5
from unnest($2::uuid[], $3::text[], $4::text[]) as s (id, status, reason)
where d.tenant_id = $1 and d.id = s.id
"""
_PARK = """
update delivery set status = 'DEAD', reason = $3, processed_at = $4
where tenant_id = $1 and id = $2 and status = 'NEW'
"""
_RELINK = "select initiative_id from relink_items($1, $2, $3) as initiative_id"
_LINKED = """
select work_item_id, array_agg(initiative_id) as initiative_ids from work_item_link
where tenant_id = $1 and work_item_id = any ($2) and valid_to is null group by work_item_id
"""
_RAISE = "select raise_signal('recompute_health', $1)"


@dataclass(frozen=True)
class _Job:
    """One connection under its lock, in one transaction."""

    connection: asyncpg.Connection
    clock: Clock
    tenant_id: UUID
    connection_id: UUID
    rows: ConnectionRows


@dataclass
class _Knowledge:
    """Items and milestones by the tracker's id, as they become while deliveries are taken in."""

    items: dict[str, Item]
    milestones: dict[str, MilestoneRow]
    changed_items: set[str] = field(default_factory=set)
    changed_milestones: set[str] = field(default_factory=set)


class _BatchFailed(Exception):
    def __init__(self, delivery_ids: Sequence[UUID]) -> None:
        super().__init__(f"{len(delivery_ids)} deliveries")
        self.delivery_ids = delivery_ids


@job("apply_deliveries")
async def apply_deliveries(run: Run, connection_id: UUID) -> None:
    """Until none is new. Safe to run twice, also at the same time. A delivery that fails alone,
    too, is parked as DEAD with its reason and the others go on; a database fault is raised."""
    database, clock, tenant_id = run.database, run.clock, run.tenant_id
    size = _BATCH
    while True:
        try:
            async with database.transaction(tenant_id) as connection:
                await connection.execute(_LOCK, connection_id)
                rows = ConnectionRows(connection, tenant_id, connection_id)
                if not await _apply_batch(_Job(connection, clock, tenant_id, connection_id, rows), size):
                    return
        except _BatchFailed as failed:
            if len(failed.delivery_ids) == 1:
                await _park(database, clock, (tenant_id, failed.delivery_ids[0]), failed.__cause__)
            size = 1


async def _park(database: Database, clock: Clock, place: tuple[UUID, UUID], fault: BaseException | None) -> None:
    tenant_id, delivery_id = place
    reason = f"{type(fault).__name__}: {fault}"[:500]
    _log.error("delivery parked", delivery=print_id("DELIVERY", delivery_id), exc_info=fault)
    async with database.transaction(tenant_id) as connection:
        await connection.execute(_PARK, tenant_id, delivery_id, reason, clock.now())


async def _apply_batch(job: _Job, size: int) -> bool:
    """False: there was nothing to do. Raises _BatchFailed for what is not the database's fault."""
    deliveries = await job.connection.fetch(_NEW, job.tenant_id, job.connection_id, size)
    if not deliveries:
        return False
    delivery_ids = [row["id"] for row in deliveries]
    try:
        outcomes = await _apply(job, deliveries)
        statuses, reasons = zip(*outcomes, strict=True)
        now = job.clock.now()
        await job.connection.execute(_SETTLE, job.tenant_id, delivery_ids, list(statuses), list(reasons), now)
    except PASSING:
        raise
    except Exception as fault:
        raise _BatchFailed(delivery_ids) from fault
    return True


async def _apply(job: _Job, deliveries: Sequence[asyncpg.Record]) -> list[tuple[DeliveryStatus, str | None]]:
    readings = [decode(row["event"], json.loads(row["headers"]), row["body"]) for row in deliveries]
    knowledge = await _load(job.rows, [reading for reading in readings if isinstance(reading, Reading)])
    before = dict(knowledge.items)
    outcomes = [_take(knowledge, reading, job.clock) for reading in readings]
    item_ids = await _write(job, knowledge)
    if item_ids:
        changed = [knowledge.items[source_id] for source_id in sorted(knowledge.changed_items)]
        await _link(job, [(before.get(item.source_id), item) for item in changed], item_ids)
    return outcomes


async def _load(rows: ConnectionRows, readings: Iterable[Reading]) -> _Knowledge:
    items = {reading.item.source_id for reading in readings if reading.item}
    milestones = {reading.milestone.source_id for reading in readings if reading.milestone}
    return _Knowledge(await rows.read_items(items), await rows.read_milestones(milestones))


def _take(knowledge: _Knowledge, reading: Reading | Ignored, clock: Clock) -> tuple[DeliveryStatus, str | None]:
    if isinstance(reading, Ignored):
        return DeliveryStatus.IGNORED, reading.reason
    changed = False
    if reading.milestone is not None:
        changed = _take_milestone(knowledge, reading.milestone, reading.milestone_titles)
    if reading.item is not None:
        changed = _take_item(knowledge, reading.item, clock) or changed
    if changed:
        return DeliveryStatus.APPLIED, None
    return DeliveryStatus.SUPERSEDED, "nothing newer than what is known"


def _take_item(knowledge: _Knowledge, snapshot: Snapshot, clock: Clock) -> bool:
    item = knowledge.items.get(snapshot.source_id)
    known = fold(item.known if item else None, snapshot)
    if item is not None and known == item.known:
        return False
    item_id = item.id if item else clock.new_id()
    knowledge.items[snapshot.source_id] = Item(item_id, snapshot.source_id, known)
    knowledge.changed_items.add(snapshot.source_id)
    return True


def _take_milestone(knowledge: _Knowledge, snapshot: Snapshot, titles: frozenset[str]) -> bool:
    milestone = knowledge.milestones.get(snapshot.source_id)
    known = fold(milestone.known if milestone else None, snapshot)
    titles = titles | (milestone.titles if milestone else frozenset())
    updated = MilestoneRow(snapshot.source_id, known, titles)
    if updated == milestone:
        return False
    knowledge.milestones[snapshot.source_id] = updated
    knowledge.changed_milestones.add(snapshot.source_id)
    return True


async def _write(job: _Job, knowledge: _Knowledge) -> set[UUID]:
    """Returns the items whose links may have changed: those that changed, and those of changed milestones."""
    milestones = [knowledge.milestones[source_id] for source_id in sorted(knowledge.changed_milestones)]
    items = [knowledge.items[source_id] for source_id in sorted(knowledge.changed_items)]
    await job.rows.write_milestones(milestones)
    await job.rows.write_items(items, job.clock.now())
    of_milestones = await job.rows.spread_titles(knowledge.changed_milestones) if milestones else []
    return {item.id for item in items} | set(of_milestones)


async def _link(job: _Job, moves: Sequence[tuple[Item | None, Item]], item_ids: set[UUID]) -> None:
    """Links the items anew, tells what became of each of the moves, and asks for the scores of
    initiatives that gained, lost or have one of the items."""
    before = await _linked(job, item_ids)
    relinked = await job.connection.fetch(_RELINK, job.connection_id, list(item_ids), job.clock.now())
    after = await _linked(job, item_ids)
    subject_ids = {item_id: min(links) for item_id, links in {**before, **after}.items()}
    told = [(earlier, item, subject_ids.get(item.id)) for earlier, item in moves]
    await record_changes(job.connection, job.clock, job.tenant_id, told)
    stale = {row["initiative_id"] for row in relinked}.union(*after.values())
    if stale:
        await job.connection.execute(_RAISE, list(stale))


async def _linked(job: _Job, item_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The initiatives that the items serve now. Events name the first of them."""
    rows = await job.connection.fetch(_LINKED, job.tenant_id, list(item_ids))
    return {row["work_item_id"]: row["initiative_ids"] for row in rows}
