"""Job: brings a tenant's scores up to date, children before parents, and stops where nothing changed."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import asyncpg
import structlog

from runtime.clock import Clock
from runtime.events import Actor, Change, Event, append
from runtime.postgres import Database, claim
from workers.measurement import health_statements as sql
from workers.measurement.divergence import report_stale_days, settle_divergence
from workers.measurement.health_inputs import KINDS, Node, Outcome, ScoreDay, read_day, read_nodes
from workers.measurement.health_rows import Scored, read_standings, score, write_scores
from workers.measurement.progress import write_progress
from workers.signals import PASSING, RECOMPUTE_HEALTH, begin_try, record_failure

_log = structlog.get_logger()

_BATCH = 500
_ACTOR = Actor(via="WORKER")
# A score that moves by less is stored, but is no event.
_NOTABLE_MOVE_MP = 2000

# The lock must be older than the snapshot, and a repeatable-read transaction's first statement takes its
# snapshot: hence a lock of the session. Should this process freeze while it holds the lock outside a
# transaction, the server ends the session, and what wakes late finds itself without a connection.
_LOCK = """
select set_config('idle_session_timeout', '5000', false),
       pg_advisory_lock(hashtextextended('health of ' || $1::text, 0))
"""
_UNLOCK = """
select pg_advisory_unlock(hashtextextended('health of ' || $1::text, 0)),
       set_config('idle_session_timeout', '0', false)
"""
# `careful` null: all; true: only what failed before; false: only what did not.
_WAITING = """
select s.target_id, s.generation, u.kind
from signal s left join subject u on u.tenant_id = s.tenant_id and u.id = s.target_id
where s.tenant_id = $1 and s.job = 'recompute_health' and s.generation > s.done_generation
  and s.parked_at is null and (s.run_after is null or s.run_after <= clock_timestamp())
  and ($2::boolean is null or $2 = (s.tries > 0))
order by array_position($3::text[], u.kind),
         (select max(c.depth) from portfolio_closure c
          where c.tenant_id = s.tenant_id and c.descendant_id = s.target_id) desc nulls last, s.target_id
limit $4
"""
_GENERATIONS = """
select s.target_id, s.generation, u.kind
from signal s left join subject u on u.tenant_id = s.tenant_id and u.id = s.target_id
where s.tenant_id = $1 and s.job = 'recompute_health' and s.target_id = any ($2) and s.generation > s.done_generation
"""
# Generation 0 is of a node that nobody raised: only its next change is kept.
_FINISH = """
insert into signal as s (tenant_id, job, target_id, generation, done_generation, due_at)
select $1, 'recompute_health', n.id, n.generation, n.generation, organization_day_start(n.next_on)
from unnest($2::uuid[], $3::bigint[], $4::date[]) as n (id, generation, next_on) order by n.id
on conflict (tenant_id, job, target_id) do update
  set done_generation = greatest(s.done_generation, excluded.done_generation), due_at = excluded.due_at,
      tries = 0, run_after = null, error_code = null
"""
_RAISE = "select raise_signal('recompute_health', $1)"
# A child without a signal was never asked for; one with a signal waits, or was given up.
_RAISE_UNKNOWN = """
select raise_signal('recompute_health', missing.ids) from (
  select array_agg(id) as ids from unnest($2::uuid[]) as id
  where not exists (select from signal s where s.tenant_id = $1 and s.job = 'recompute_health' and s.target_id = id)
) missing where missing.ids is not null
"""


@dataclass
class _Batch:
    """Nodes worked on together. `raised` has the generations read of those asked for; with `spreads`,
    changed parents are worked on, too, and are raised for a later batch otherwise."""

    day: ScoreDay
    raised: dict[UUID, int]
    spreads: bool
    depths: dict[UUID, int] = field(default_factory=dict)
    pending: dict[tuple[int, int], set[UUID]] = field(default_factory=lambda: defaultdict(set))
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    scored: list[Scored] = field(default_factory=list)
    skipped: set[UUID] = field(default_factory=set)
    to_raise: set[UUID] = field(default_factory=set)
    unknown: set[UUID] = field(default_factory=set)

    def add(self, kind: str, node_id: UUID) -> None:
        self.pending[(KINDS.index(kind), -self.depths.get(node_id, 0))].add(node_id)


async def recompute_health(database: Database, clock: Clock, tenant_id: UUID, redelivered: bool = False) -> None:
    """Until nothing waits. Safe to run twice and at once. After a re-delivery, or when a batch fails,
    each node has a transaction and a counted try of its own, so that only the culprit is given up."""
    if not redelivered:
        try:
            while await _recompute_waiting(database, clock, tenant_id):
                pass
        except PASSING:
            raise
        except Exception as fault:
            _log.error("batch failed", tenant_id=str(tenant_id), exc_info=fault)
            redelivered = True
    await _recompute_carefully(database, clock, tenant_id, None if redelivered else True)


async def _recompute_waiting(database: Database, clock: Clock, tenant_id: UUID) -> int:
    async with _locked(database, tenant_id) as connection:
        async with _snapshot(connection, tenant_id):
            rows = await connection.fetch(_WAITING, tenant_id, False, KINDS, _BATCH)
            if not rows:
                return 0
            batch = await _evaluate(connection, clock, tenant_id, rows, len(rows) < _BATCH)
        await _write(connection, clock, batch)
    return len(rows)


async def _recompute_carefully(database: Database, clock: Clock, tenant_id: UUID, failed_before: bool | None) -> None:
    async with database.transaction(tenant_id) as connection:
        rows = await connection.fetch(_WAITING, tenant_id, failed_before, KINDS, _BATCH)
    for row in rows:
        node_id = row["target_id"]
        if not await begin_try(database, tenant_id, RECOMPUTE_HEALTH, [node_id]):
            continue
        try:
            await _recompute_one(database, clock, tenant_id, node_id)
        except PASSING:
            raise
        except Exception as fault:
            parked = await record_failure(database, tenant_id, RECOMPUTE_HEALTH, node_id, fault)
            _log.error("node failed", node_id=str(node_id), parked=parked, exc_info=fault)


async def _recompute_one(database: Database, clock: Clock, tenant_id: UUID, node_id: UUID) -> None:
    async with _locked(database, tenant_id) as connection:
        async with _snapshot(connection, tenant_id):
            rows = await connection.fetch(_GENERATIONS, tenant_id, [node_id])
            batch = await _evaluate(connection, clock, tenant_id, rows, False)
        await _write(connection, clock, batch)


@asynccontextmanager
async def _locked(database: Database, tenant_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """One at a time folds a tenant. If we are stopped in between, the session ends and its lock with it."""
    async with database.connection() as connection:
        try:
            await connection.fetch(_LOCK, str(tenant_id))
            yield connection
            await connection.fetch(_UNLOCK, str(tenant_id))
        except BaseException:
            connection.terminate()
            raise


@asynccontextmanager
async def _snapshot(connection: asyncpg.Connection, tenant_id: UUID) -> AsyncIterator[None]:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await claim(connection, tenant_id)
        yield


async def _evaluate(
    connection: asyncpg.Connection,
    clock: Clock,
    tenant_id: UUID,
    rows: Sequence[asyncpg.Record],
    spreads: bool,
) -> _Batch:
    day = await read_day(connection, tenant_id, clock.now())
    batch = _Batch(day, {row["target_id"]: row["generation"] for row in rows}, spreads)
    batch.depths = {row["id"]: row["depth"] for row in await connection.fetch(sql.DEPTHS, tenant_id)}
    for row in rows:
        if row["kind"] is None:
            batch.skipped.add(row["target_id"])
        else:
            batch.add(row["kind"], row["target_id"])
    while batch.pending:
        level = min(batch.pending)
        await _evaluate_level(connection, batch, KINDS[level[0]], sorted(batch.pending.pop(level)))
    return batch


async def _evaluate_level(connection: asyncpg.Connection, batch: _Batch, kind: str, ids: Sequence[UUID]) -> None:
    nodes = await read_nodes(connection, batch.day, kind, ids, batch.outcomes)
    standings = await read_standings(connection, batch.day, nodes)
    batch.skipped.update(set(ids) - standings.keys())
    for node in nodes:
        batch.unknown.update(node.unscored_child_ids)
        if node.archived:
            batch.skipped.add(node.id)
            _spread(batch, node)
            continue
        result = score(node, batch.day, standings[node.id])
        batch.scored.append(result)
        outcome = batch.outcomes[node.id] = Outcome.of(result.evaluation)
        if outcome != result.standing.outcome or _always_spreads(batch, node, outcome):
            _spread(batch, node)
    # The engine computes without a pause; others want their turn.
    await asyncio.sleep(0)


def _always_spreads(batch: _Batch, node: Node, outcome: Outcome) -> bool:
    """Of a child that has not begun, the parent also reads when it will. A portfolio that was itself
    raised may have come to this parent, or count differently: there are few, so no cut-off for them."""
    return outcome.lifecycle == "NOT_STARTED" or (node.kind == "PORTFOLIO" and node.id in batch.raised)


def _spread(batch: _Batch, node: Node) -> None:
    for parent_id in node.parent_ids:
        if parent_id in batch.raised:
            continue
        if batch.spreads:
            batch.add(_parent_kind(node, parent_id, batch.day.tenant_id), parent_id)
        else:
            batch.to_raise.add(parent_id)


def _parent_kind(node: Node, parent_id: UUID, tenant_id: UUID) -> str:
    if parent_id == tenant_id:
        return "ORGANIZATION"
    if node.kind == "INITIATIVE" and parent_id != node.portfolio_id:
        return "PRODUCT"
    return "PORTFOLIO"


async def _write(connection: asyncpg.Connection, clock: Clock, batch: _Batch) -> None:
    """All or nothing, at read committed: a concurrent write to a node must not undo our work."""
    day, tenant_id = batch.day, batch.day.tenant_id
    progress = {s.node.id: s.node.progress for s in batch.scored if s.node.progress is not None}
    async with connection.transaction():
        await claim(connection, tenant_id)
        await write_progress(connection, tenant_id, progress)
        await write_scores(connection, day, clock, batch.scored)
        scored_ids = [result.node.id for result in batch.scored]
        diverged = await settle_divergence(connection, clock, scored_ids)
        if events := [*_events(batch.scored, clock), *diverged]:
            await append(connection, tenant_id, _ACTOR, events)
        await _finish(connection, batch, await report_stale_days(connection, tenant_id, scored_ids, clock))
        if batch.to_raise:
            await connection.execute(_RAISE, list(batch.to_raise))
        if batch.unknown:
            await connection.execute(_RAISE_UNKNOWN, tenant_id, list(batch.unknown))


async def _finish(connection: asyncpg.Connection, batch: _Batch, stale_days: Mapping[UUID, date]) -> None:
    next_days: dict[UUID, date | None] = {
        result.node.id: _next_change_on(result, stale_days.get(result.node.id)) for result in batch.scored
    } | dict.fromkeys(batch.skipped)
    ids = sorted(next_days)
    generations = [batch.raised.get(node_id, 0) for node_id in ids]
    days = [next_days[node_id] for node_id in ids]
    await connection.execute(_FINISH, batch.day.tenant_id, ids, generations, days)


def _next_change_on(result: Scored, stale_on: date | None) -> date | None:
    """Beside what the engine says, a tracked initiative's weeks move on, people come and go, and reports grow old."""
    days = [result.evaluation.next_change_on, stale_on]
    if result.evaluation.lifecycle in ("ACTIVE", "ON_HOLD"):
        days += [result.node.next_week_on, result.node.next_team_change_on]
    return min((day for day in days if day is not None), default=None)


def _events(scored: Iterable[Scored], clock: Clock) -> list[Event]:
    return [
        Event(
            id=clock.new_id(),
            type="HEALTH_CHANGED",
            entity_kind=result.node.kind,
            entity_id=result.node.id,
            subject_id=result.node.id,
            portfolio_id=result.node.portfolio_id,
            changes=_changes(result),
            occurred_at=clock.now(),
        )
        for result in scored
        if result.is_new and _is_notable(result)
    ]


def _is_notable(result: Scored) -> bool:
    """A new band, a score that came or went, or a move that people would notice."""
    before, after = _score_before(result), result.evaluation.score_mp
    if (result.standing.band or "UNKNOWN") != result.evaluation.band:
        return True
    if before is None or after is None:
        return before != after
    return abs(after - before) >= _NOTABLE_MOVE_MP


def _changes(result: Scored) -> list[Change]:
    before, after = result.standing.band or "UNKNOWN", result.evaluation.band
    scores = (_points(_score_before(result)), _points(result.evaluation.score_mp))
    changes = [Change("band", before, after), Change("score", *scores)]
    return [change for change in changes if change.before != change.after]


def _score_before(result: Scored) -> int | None:
    return result.standing.outcome.score_mp if result.standing.outcome else None


def _points(score_mp: int | None) -> str | None:
    """Points as plain decimal text: 64200 is 64.2."""
    if score_mp is None:
        return None
    return f"{score_mp // 1000}.{score_mp % 1000:03}".rstrip("0").rstrip(".")
