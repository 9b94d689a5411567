"""Job: brings a tenant's scores up to date, children before parents, and stops where nothing changed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import asyncpg

from runtime.clock import Clock
from runtime.events import Actor, Change, NewEvent, append
from runtime.postgres import claim
from workers.job import Batch, Run, job
from workers.measurement import health_statements as sql
from workers.measurement.divergence import report_stale_days, settle_divergence
from workers.measurement.health_inputs import KINDS, ChildScore, NodeInputs, ScoreDay, read_day, read_nodes
from workers.measurement.health_rows import Scored, read_standings, score, write_scores
from workers.measurement.progress import write_progress

_BATCH = 500
_ACTOR = Actor(via="WORKER")
# A score that moves by less is stored, but is no event.
_NOTABLE_MOVE_MP = 2000

_CHILDREN_FIRST = f"""
(select array_position(array{list(KINDS)}, u.kind) from subject u
 where u.tenant_id = s.tenant_id and u.id = s.target_id),
(select max(c.depth) from portfolio_closure c
 where c.tenant_id = s.tenant_id and c.descendant_id = s.target_id) desc nulls last, s.target_id
"""
_KINDS = "select id, kind from subject where tenant_id = $1 and id = any ($2)"
_RAISE = "select raise_signal('recompute_health', $1)"
# A child without a signal was never asked for; one with a signal waits, or was given up.
_RAISE_UNKNOWN = """
select raise_signal('recompute_health', missing.ids) from (
  select array_agg(id) as ids from unnest($2::uuid[]) as id
  where not exists (select from signal s where s.tenant_id = $1 and s.job = 'recompute_health' and s.target_id = id)
) missing where missing.ids is not null
"""


@dataclass
class _Recomputation:
    """Nodes worked on together. `raised` are those asked for; with `spreads`, changed parents are worked on, too, and
    are raised for a later batch otherwise."""

    day: ScoreDay
    raised: frozenset[UUID]
    spreads: bool
    depths: dict[UUID, int] = field(default_factory=dict)
    pending: dict[tuple[int, int], set[UUID]] = field(default_factory=lambda: defaultdict(set))
    outcomes: dict[UUID, ChildScore] = field(default_factory=dict)
    scored: list[Scored] = field(default_factory=list)
    skipped: set[UUID] = field(default_factory=set)
    to_raise: set[UUID] = field(default_factory=set)
    unknown: set[UUID] = field(default_factory=set)

    def add(self, kind: str, node_id: UUID) -> None:
        self.pending[(KINDS.index(kind), -self.depths.get(node_id, 0))].add(node_id)


@job("recompute_health", batch=Batch(_BATCH, _CHILDREN_FIRST))
async def recompute_health(run: Run, connection: asyncpg.Connection) -> None:
    """Reads in one snapshot, writes in one transaction."""
    node_ids = frozenset(run.generations)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await claim(connection, run.tenant_id)
        batch = _Recomputation(
            await read_day(connection, run.tenant_id, run.clock.now()),
            node_ids,
            spreads=not run.is_careful and len(node_ids) < _BATCH,
        )
        await _evaluate(connection, batch)
    await _write(run, connection, batch)


async def _evaluate(connection: asyncpg.Connection, batch: _Recomputation) -> None:
    tenant_id = batch.day.tenant_id
    batch.depths = {row["id"]: row["depth"] for row in await connection.fetch(sql.DEPTHS, tenant_id)}
    kinds = {row["id"]: row["kind"] for row in await connection.fetch(_KINDS, tenant_id, list(batch.raised))}
    batch.skipped = set(batch.raised - kinds.keys())
    for node_id, kind in kinds.items():
        batch.add(kind, node_id)
    while batch.pending:
        level = min(batch.pending)
        await _evaluate_level(connection, batch, KINDS[level[0]], sorted(batch.pending.pop(level)))


async def _evaluate_level(
    connection: asyncpg.Connection, batch: _Recomputation, kind: str, ids: Sequence[UUID]
) -> None:
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
        outcome = batch.outcomes[node.id] = ChildScore.of(result.evaluation)
        if outcome != result.standing.outcome or _always_spreads(batch, node, outcome):
            _spread(batch, node)
    # The engine computes without a pause; others want their turn.
    await asyncio.sleep(0)


def _always_spreads(batch: _Recomputation, node: NodeInputs, outcome: ChildScore) -> bool:
    """Of a child that has not begun, the parent also reads when it will. A portfolio that was itself
    raised may have come to this parent, or count differently: there are few, so no cut-off for them."""
    return outcome.lifecycle == "NOT_STARTED" or (node.kind == "PORTFOLIO" and node.id in batch.raised)


def _spread(batch: _Recomputation, node: NodeInputs) -> None:
    for parent_id in node.parent_ids:
        if parent_id in batch.raised:
            continue
        if batch.spreads:
            batch.add(_parent_kind(node, parent_id, batch.day.tenant_id), parent_id)
        else:
            batch.to_raise.add(parent_id)


def _parent_kind(node: NodeInputs, parent_id: UUID, tenant_id: UUID) -> str:
    if parent_id == tenant_id:
        return "ORGANIZATION"
    if node.kind == "INITIATIVE" and parent_id != node.portfolio_id:
        return "PRODUCT"
    return "PORTFOLIO"


async def _write(run: Run, connection: asyncpg.Connection, batch: _Recomputation) -> None:
    """All or nothing, at read committed: a concurrent write to a node must not undo our work."""
    clock, day, tenant_id = run.clock, batch.day, run.tenant_id
    progress = {s.node.id: s.node.progress for s in batch.scored if s.node.progress is not None}
    async with connection.transaction():
        await claim(connection, tenant_id)
        await write_progress(connection, tenant_id, progress)
        await write_scores(connection, day, clock, batch.scored)
        scored_ids = [result.node.id for result in batch.scored]
        diverged = await settle_divergence(connection, clock, scored_ids)
        if events := [*_events(batch.scored, clock), *diverged]:
            await append(connection, tenant_id, _ACTOR, events)
        stale_days = await report_stale_days(connection, tenant_id, scored_ids, clock)
        await run.finish(connection, _next_changes(batch, stale_days))
        if batch.to_raise:
            await connection.execute(_RAISE, list(batch.to_raise))
        if batch.unknown:
            await connection.execute(_RAISE_UNKNOWN, tenant_id, list(batch.unknown))


def _next_changes(batch: _Recomputation, stale_days: Mapping[UUID, date]) -> dict[UUID, date | None]:
    scored = {result.node.id: _next_change_on(result, stale_days.get(result.node.id)) for result in batch.scored}
    return scored | dict.fromkeys(batch.skipped)


def _next_change_on(result: Scored, stale_on: date | None) -> date | None:
    """Beside what the engine says, a tracked initiative's weeks move on, people come and go, and reports grow old."""
    days = [result.evaluation.next_change_on, stale_on]
    if result.evaluation.lifecycle in ("ACTIVE", "ON_HOLD"):
        days += [result.node.next_week_on, result.node.next_team_change_on]
    return min((day for day in days if day is not None), default=None)


def _events(scored: Iterable[Scored], clock: Clock) -> list[NewEvent]:
    return [
        NewEvent(
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
