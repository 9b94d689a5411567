"""Proof of the scores: computed once more from nothing, and replayed from what was stored with them."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from portfolio.health import Evaluation, evaluate, fingerprint, load_policy
from workers.measurement import health_statements as sql
from workers.measurement.health_inputs import KINDS, ChildScore, read_day, read_nodes
from workers.measurement.health_rows import RESULT_COLUMNS, read_standings, result_columns, score

_ALL_NODES = """
select id, kind from subject where tenant_id = $1
"""
_SHOWN = """
select n.id, n.health_score_mp as shown_score_mp, n.health_band as shown_band, h.provisional_mp, h.lifecycle,
       h.score_mp, h.low_mp, h.high_mp, h.coverage_mp, h.confidence_mp, h.band
from (
  select id, health_score_mp, health_band, archived_at from initiative where tenant_id = $1
  union all
  select id, health_score_mp, health_band, archived_at from product where tenant_id = $1
  union all
  select id, health_score_mp, health_band, archived_at from portfolio where tenant_id = $1
  union all
  select id, health_score_mp, health_band, null from organization where tenant_id = $1) n
left join current_health_score h on h.tenant_id = $1 and h.node_id = n.id
where n.archived_at is null
"""
_STORED = f"""
select h.id, h.fingerprint, h.as_of, h.policy_version, i.document,
       {", ".join(f"h.{name}" for name in RESULT_COLUMNS)}
from health_score h join health_input i on i.tenant_id = h.tenant_id and i.fingerprint = h.fingerprint
where h.tenant_id = claimed_tenant_id() order by h.id
"""


@dataclass(frozen=True)
class Difference:
    """A node or a stored row, the column that differs, and both values."""

    id: UUID
    column: str
    stored: Any
    computed: Any


async def recompute_everything(
    connection: asyncpg.Connection, tenant_id: UUID, now: datetime
) -> dict[UUID, Evaluation]:
    """Every node that is not archived, bottom up in memory: no stored score of a child is read.

    In a transaction that has claimed the tenant, best at repeatable read.
    """
    day = await read_day(connection, tenant_id, now)
    depths = {row["id"]: row["depth"] for row in await connection.fetch(sql.DEPTHS, tenant_id)}
    levels: dict[tuple[int, int], list[UUID]] = defaultdict(list)
    for row in await connection.fetch(_ALL_NODES, tenant_id):
        level = (KINDS.index(row["kind"]), -depths.get(row["id"], 0))
        levels[level].append(row["id"])
    outcomes: dict[UUID, ChildScore] = {}
    results: dict[UUID, Evaluation] = {}
    for level in sorted(levels):
        nodes = await read_nodes(connection, day, KINDS[level[0]], levels[level], outcomes)
        standings = await read_standings(connection, day, nodes)
        for node in nodes:
            if not node.archived:
                result = score(node, day, standings[node.id]).evaluation
                results[node.id] = result
                outcomes[node.id] = ChildScore.of(result)
    return results


async def wrong_scores(connection: asyncpg.Connection, tenant_id: UUID, now: datetime) -> list[Difference]:
    """Nodes whose shown score is not what a computation from nothing gives. None, once nothing waits."""
    expected = await recompute_everything(connection, tenant_id, now)
    found: list[Difference] = []
    for row in await connection.fetch(_SHOWN, tenant_id):
        result = expected[row["id"]]
        values = {name: getattr(result, name) for name in (*ChildScore._fields, "provisional_mp", "band")}
        values |= {"shown_score_mp": result.score_mp, "shown_band": result.band}
        found += [Difference(row["id"], name, row[name], value) for name, value in values.items() if row[name] != value]
    return found


async def replay_rows(connection: asyncpg.Connection) -> AsyncIterator[list[Difference]]:
    """For every stored row of the claimed tenant, what a replay of its input gives differently."""
    async for row in connection.cursor(_STORED, prefetch=200):
        yield _replay(row)


def _replay(row: Any) -> list[Difference]:
    document = json.loads(row["document"])
    inputs, before = document["inputs"], document["prev_band"]
    as_of = date.fromisoformat(document["as_of"])
    result = evaluate(inputs, as_of, load_policy(document["policy"]), before)
    expected = result_columns(result, inputs.get("archived_children", 0))
    expected["fingerprint"] = fingerprint(inputs, as_of, document["policy"], before)
    expected |= {"as_of": as_of, "policy_version": document["policy"]}
    return [Difference(row["id"], name, row[name], value) for name, value in expected.items() if row[name] != value]
