"""Scores as rows: what is stored of a node, what becomes of an evaluation, and how it is written."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from portfolio.health import ENGINE_VERSION, Evaluation, evaluate, fingerprint, input_document
from portfolio.row import Row
from runtime.clock import Clock
from workers.measurement.health_inputs import ChildScore, NodeInputs, ScoreDay

_MOST_DRIVERS = 50

_STANDINGS = """
select n.node_id, previous.band as previous_band, previous.band_since as previous_band_since,
       coalesce(today.revision, 0) as revision, c.fingerprint, c.band, c.lifecycle, c.score_mp, c.low_mp, c.high_mp,
       c.coverage_mp, c.confidence_mp
from unnest($2::uuid[]) as n (node_id)
left join current_health_score c on c.tenant_id = $1 and c.node_id = n.node_id
left join lateral (
  select band, band_since from health_score
  where tenant_id = $1 and node_id = n.node_id and as_of < $3 and policy_version = $4 and series = 'LIVE'
  order by as_of desc, revision desc limit 1) previous on true
left join lateral (
  select revision from health_score
  where tenant_id = $1 and node_id = n.node_id and as_of = $3 and policy_version = $4
  order by revision desc limit 1) today on true
"""

RESULT_COLUMNS = (
    *("lifecycle", "score_mp", "provisional_mp", "band", "coverage_mp", "freshness_mp", "confidence_mp"),
    *("confidence_level", "low_mp", "high_mp", "dimension_names", "dimension_points_mp"),
    *("contribution_keys", "contribution_points_mp", "driver_paths", "driver_codes", "driver_points_mp"),
    *("driver_remainder_mp", "cap_keys", "cap_points_mp", "excluded_lifecycles", "excluded_counts"),
    *("finish_probability_mp", "schedule_performance"),
)
_COLUMNS = (
    *("tenant_id", "id", "node_id", "as_of", "revision", "policy_version", "engine_version", "fingerprint"),
    *("band_since", "computed_at", *RESULT_COLUMNS),
)
_INSERT_SCORE = f"""
insert into health_score ({", ".join(_COLUMNS)})
values ({", ".join(f"${place}" for place in range(1, len(_COLUMNS) + 1))})
"""
_INSERT_INPUT = """
insert into health_input (tenant_id, fingerprint, document)
select $1, fingerprint, document from unnest($2::bytea[], $3::text[]) as i (fingerprint, document)
order by fingerprint on conflict do nothing
"""
# The node's own row shows the newest score, so that lists filter and sort by it; current_health_score follows.
_SHOW = """
update {table} n set health_score_id = s.id, health_score_mp = s.score_mp, health_band = s.band
from unnest($2::uuid[], $3::uuid[], $4::integer[], $5::text[]) as s (node_id, id, score_mp, band)
where n.tenant_id = $1 and n.id = s.node_id
"""
_SHOW_IN = {kind: _SHOW.format(table=kind.lower()) for kind in ("INITIATIVE", "PRODUCT", "PORTFOLIO", "ORGANIZATION")}


@dataclass(frozen=True)
class Standing:
    """What is stored of a node. `previous_*` are of the last earlier day under the same policy;
    `revision` is the last of today, 0 without one; the rest is the newest row's, null without one."""

    previous_band: str | None
    previous_band_since: date | None
    revision: int
    fingerprint: bytes | None
    band: str | None
    outcome: ChildScore | None


@dataclass(frozen=True)
class Scored:
    """A node's new result beside what was stored."""

    node: NodeInputs
    standing: Standing
    evaluation: Evaluation
    inputs: Mapping[str, Any]
    fingerprint: bytes

    @property
    def is_new(self) -> bool:
        return self.fingerprint != self.standing.fingerprint


async def read_standings(
    connection: asyncpg.Connection, day: ScoreDay, nodes: Sequence[NodeInputs]
) -> dict[UUID, Standing]:
    ids = [node.id for node in nodes]
    rows = await connection.fetch(_STANDINGS, day.tenant_id, ids, day.as_of, day.policy.version)
    return {row["node_id"]: _standing(row) for row in rows}


def _standing(row: Row) -> Standing:
    return Standing(
        row["previous_band"],
        row["previous_band_since"],
        row["revision"],
        row["fingerprint"],
        row["band"],
        ChildScore.of(row) if row["lifecycle"] is not None else None,
    )


def score(node: NodeInputs, day: ScoreDay, standing: Standing) -> Scored:
    """Evaluates the very document that is stored, so that a replay cannot differ."""
    inputs = input_document(node.document, day.as_of)
    if archived := node.document.get("archived_children"):
        inputs["archived_children"] = archived
    before = standing.previous_band
    result = evaluate(inputs, day.as_of, day.policy, before)
    return Scored(node, standing, result, inputs, fingerprint(inputs, day.as_of, day.policy.version, before))


def result_columns(result: Evaluation, archived_children: int) -> dict[str, Any]:
    codes = {leaf.path: leaf.reason_code for leaf in result.leaves}
    listed, rest = result.drivers[:_MOST_DRIVERS], result.drivers[_MOST_DRIVERS:]
    excluded = sorted(result.excluded_children.items())
    if archived_children:
        excluded.append(("ARCHIVED", archived_children))
    columns: dict[str, Any] = {
        "dimension_names": list(result.dimensions),
        "dimension_points_mp": list(result.dimensions.values()),
        "contribution_keys": [key for key, _ in result.contributions],
        "contribution_points_mp": [points for _, points in result.contributions],
        "driver_paths": [path for path, _ in listed],
        "driver_codes": [_driver_code(path, codes) for path, _ in listed],
        "driver_points_mp": [points for _, points in listed],
        "driver_remainder_mp": sum(points for _, points in rest),
        "cap_keys": [key for key, _ in result.caps],
        "cap_points_mp": [points for _, points in result.caps],
        "excluded_lifecycles": [lifecycle for lifecycle, _ in excluded],
        "excluded_counts": [count for _, count in excluded],
        "schedule_performance": result.spi_t,
    }
    return {name: columns[name] if name in columns else getattr(result, name) for name in RESULT_COLUMNS}


def _driver_code(path: str, codes: Mapping[str, str | None]) -> str:
    """A leaf's reason; a cap's rule without its reference; a group that lost points by rounding only."""
    if path.startswith("cap:"):
        return ":".join(path.split(":")[:2])
    return codes.get(path) or "ROUNDING"


async def write_scores(connection: asyncpg.Connection, day: ScoreDay, clock: Clock, scored: Iterable[Scored]) -> None:
    """Inserts what is new and shows it on the nodes. In the caller's transaction."""
    new = [result for result in scored if result.is_new]
    if not new:
        return
    documents = [_stored_document(result, day) for result in new]
    prints = [result.fingerprint for result in new]
    await connection.execute(_INSERT_INPUT, day.tenant_id, prints, documents)
    rows = [_row(result, day, clock) for result in new]
    await connection.executemany(_INSERT_SCORE, [[row[name] for name in _COLUMNS] for row in rows])
    for kind, statement in _SHOW_IN.items():
        shown = sorted(
            (row["node_id"], row["id"], row["score_mp"], row["band"])
            for result, row in zip(new, rows, strict=True)
            if result.node.kind == kind
        )
        if shown:
            columns = (list(column) for column in zip(*shown, strict=True))
            await connection.execute(statement, day.tenant_id, *columns)


def _row(result: Scored, day: ScoreDay, clock: Clock) -> dict[str, Any]:
    standing, band = result.standing, result.evaluation.band
    since = standing.previous_band_since if band == standing.previous_band else day.as_of
    return {
        "tenant_id": day.tenant_id,
        "id": clock.new_id(),
        "node_id": result.node.id,
        "as_of": day.as_of,
        "revision": standing.revision + 1,
        "policy_version": day.policy.version,
        "engine_version": ENGINE_VERSION,
        "fingerprint": result.fingerprint,
        "band_since": since,
        "computed_at": clock.now(),
        **result_columns(result.evaluation, result.inputs.get("archived_children", 0)),
    }


def _stored_document(result: Scored, day: ScoreDay) -> str:
    """The five members that the fingerprint hashes, with integers as integers: a replay reads them."""
    document = {
        "engine": ENGINE_VERSION,
        "policy": day.policy.version,
        "as_of": day.as_of.isoformat(),
        "inputs": result.inputs,
        "prev_band": result.standing.previous_band,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
