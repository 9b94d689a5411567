"""Nodes as the health engine wants them: read for many at once, in one snapshot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from portfolio.health import Evaluation, Policy, load_policy
from portfolio.identity import print_id
from portfolio.row import Row
from workers.measurement import health_statements as sql
from workers.measurement.progress import Progress, recorded_progress, tracked_progress, week_start
from workers.measurement.team_inputs import read_teams

KINDS = ("INITIATIVE", "PRODUCT", "PORTFOLIO", "ORGANIZATION")
"""Children before parents."""

_ENGINE_KIND = {"INITIATIVE": "initiative", "PRODUCT": "product"}
_NODES = {
    "INITIATIVE": sql.INITIATIVES,
    "PRODUCT": sql.PRODUCTS,
    "PORTFOLIO": sql.PORTFOLIOS,
    "ORGANIZATION": sql.ORGANIZATION,
}
_CHILDREN = {
    "PRODUCT": sql.CHILDREN_OF_PRODUCTS,
    "PORTFOLIO": sql.CHILDREN_OF_PORTFOLIOS,
    "ORGANIZATION": sql.CHILDREN_OF_ORGANIZATION,
}
_STATUS_OF_STAGE = {
    "PROPOSED": "DRAFT",
    "PLANNED": "ACTIVE",
    "ACTIVE": "ACTIVE",
    "PAUSED": "ON_HOLD",
    "COMPLETED": "COMPLETED",
    "CANCELED": "CANCELED",
    "IDEA": "DRAFT",
    "DISCOVERY": "DRAFT",
    "DEVELOPMENT": "ACTIVE",
    "PILOT": "ACTIVE",
    "LIVE": "ACTIVE",
    "SUNSET": "ACTIVE",
    "RETIRED": "COMPLETED",
}
_TARGET = (
    *("baseline", "target", "start_on", "target_on", "red_at", "green_at"),
    *("tolerance", "range_low", "range_high"),
)
_KPI = ("value_mode", "cadence_days", "weight", "required", "critical", "waived_until", "created_on")


class ChildScore(NamedTuple):
    """All that a parent reads of a child."""

    lifecycle: str
    score_mp: int | None = None
    low_mp: int = 0
    high_mp: int = 100_000
    coverage_mp: int = 0
    confidence_mp: int = 0

    @classmethod
    def of(cls, result: Evaluation | Row) -> "ChildScore":
        if isinstance(result, Evaluation):
            return cls(*(getattr(result, name) for name in cls._fields))
        return cls(*(result[name] for name in cls._fields))


@dataclass(frozen=True)
class ScoreDay:
    """What all nodes of a tenant share on a day."""

    tenant_id: UUID
    as_of: date
    policy: Policy
    first_weekday: int


@dataclass
class NodeInputs:
    """`document` is the engine's input. `progress` is to be stored if it is not null.
    `portfolio_id` is null for the organization."""

    id: UUID
    kind: str
    portfolio_id: UUID | None
    archived: bool
    parent_ids: Sequence[UUID]
    document: dict[str, Any]
    progress: Progress | None = None
    next_week_on: date | None = None
    next_team_change_on: date | None = None
    unscored_child_ids: list[UUID] = field(default_factory=list)


async def read_day(connection: asyncpg.Connection, tenant_id: UUID, now: datetime) -> ScoreDay:
    """Raises LookupError if the organization's policy is unknown to this engine."""
    row = await connection.fetchrow(sql.DAY, tenant_id, now)
    if row is None:
        raise LookupError(f"no organization {tenant_id}")
    policy = load_policy(row["policy_version"])
    return ScoreDay(tenant_id, row["as_of"], policy, row["first_weekday"])


async def read_nodes(
    connection: asyncpg.Connection,
    day: ScoreDay,
    kind: str,
    ids: Sequence[UUID],
    outcomes: Mapping[UUID, ChildScore],
) -> list[NodeInputs]:
    """Nodes of one kind, by id. `outcomes` are children's results that are newer than the stored."""
    rows = await connection.fetch(_NODES[kind], day.tenant_id, ids)
    nodes = {row["id"]: _node(kind, row) for row in rows}
    ids = list(nodes)
    for row in await connection.fetch(sql.KPIS, day.tenant_id, ids, day.as_of):
        nodes[row["subject_id"]].document["kpis"].append(_kpi(row))
    if kind in ("INITIATIVE", "PRODUCT"):
        await _add_teams(connection, day, nodes)
    if kind == "INITIATIVE":
        await _add_progress(connection, day, nodes, rows)
        await _add_milestones(connection, day.tenant_id, nodes)
    else:
        _add_children(nodes, await connection.fetch(_CHILDREN[kind], day.tenant_id, ids), outcomes)
    return [nodes[node_id] for node_id in sorted(nodes)]


def _node(kind: str, row: Row) -> NodeInputs:
    document: dict[str, Any] = {
        "id": print_id(kind, row["id"]),
        "kind": _ENGINE_KIND.get(kind, "portfolio"),
        "status": _status(row["stage"], row.get("start_on")),
        "kpis": [],
    }
    if kind == "INITIATIVE":
        document |= {"start_on": row["start_on"], "due_on": row["target_on"]}
    place = (row["portfolio_id"], row["archived"], row["parent_ids"])
    return NodeInputs(row["id"], kind, *place, document)


def _status(stage: str, start_on: date | None) -> str:
    """Planned work begins on its start day; without one it has not begun."""
    if stage == "PLANNED" and start_on is None:
        return "DRAFT"
    return _STATUS_OF_STAGE[stage]


def _kpi(row: Row) -> dict[str, Any]:
    days = zip(row["days"] or (), row["readings"] or (), strict=True)
    kpi = {
        "id": print_id("KPI", row["id"]),
        "category": row["category"].lower(),
        "direction": row["direction"],
        "measurements": [{"on": on, "value": value} for on, value in days],
    }
    kpi |= {name: row[name] for name in _KPI}
    if row["direction"] == "RANGE" and (row["range_low"] is None or row["range_high"] is None):
        # A range without bounds is a KPI without a target, and is shown as one.
        return kpi | {"direction": "HIGHER"}
    return kpi | {name: row[name] for name in _TARGET}


async def _add_teams(connection: asyncpg.Connection, day: ScoreDay, nodes: Mapping[UUID, NodeInputs]) -> None:
    for node_id, team in (await read_teams(connection, day.tenant_id, day.as_of, list(nodes))).items():
        nodes[node_id].document["team"] = team.facts
        nodes[node_id].next_team_change_on = team.next_change_on


async def _add_progress(
    connection: asyncpg.Connection,
    day: ScoreDay,
    nodes: Mapping[UUID, NodeInputs],
    rows: Iterable[Row],
) -> None:
    week = (day.as_of, day.first_weekday)
    known = {row["id"]: Progress.of_row(row) for row in rows}
    current = await tracked_progress(connection, day.tenant_id, list(nodes), week)
    for node_id in current:
        nodes[node_id].next_week_on = _next_week(day)
    unlinked = [
        node_id
        for node_id, progress in known.items()
        if progress.progress_source == "TRACKER" and node_id not in current
    ]
    if unlinked:
        current |= dict.fromkeys(unlinked, Progress())
        current |= await recorded_progress(connection, day.tenant_id, unlinked)
    for node_id, node in nodes.items():
        progress = current.get(node_id, known[node_id])
        node.progress = progress if progress != known[node_id] else None
        delivery = progress.delivery()
        if delivery is not None:
            node.document["delivery"] = delivery


async def _add_milestones(connection: asyncpg.Connection, tenant_id: UUID, nodes: Mapping[UUID, NodeInputs]) -> None:
    """Milestones count without any progress, too: what is not measured beside them is missing, and lowers coverage."""
    for row in await connection.fetch(sql.MILESTONES, tenant_id, list(nodes)):
        milestone = {"due_on": row["due_on"], "done_on": row["done_on"], "cancelled": row["canceled"]}
        delivery = nodes[row["initiative_id"]].document.setdefault("delivery", {})
        delivery.setdefault("milestones", []).append(milestone)


def _next_week(day: ScoreDay) -> date:
    start = week_start(day.as_of, day.first_weekday)
    return date.fromordinal(start.toordinal() + 7)


def _add_children(nodes: Mapping[UUID, NodeInputs], rows: Iterable[Row], outcomes: Mapping[UUID, ChildScore]) -> None:
    archived: dict[UUID, int] = defaultdict(int)
    for node in nodes.values():
        node.document[_children_key(node)] = []
    for row in rows:
        node = nodes[row["parent_id"]]
        if row["archived"]:
            archived[node.id] += 1
            continue
        outcome = outcomes.get(row["id"])
        if outcome is None and row["lifecycle"] is None:
            # Its own signal waits; until then nothing is known of it.
            node.unscored_child_ids.append(row["id"])
            outcome = ChildScore(_status(row["stage"], row["start_on"]))
        elif outcome is None:
            outcome = ChildScore.of(row)
        node.document[_children_key(node)].append(_child(row, outcome))
    for node_id, count in archived.items():
        # Not a fact of the engine's: it is kept in the input so that a replay can count it, too.
        nodes[node_id].document["archived_children"] = count


def _children_key(node: NodeInputs) -> str:
    return "initiatives" if node.kind == "PRODUCT" else "children"


def _child(row: Row, outcome: ChildScore) -> dict[str, Any]:
    """ACTIVE and ON_HOLD are one here, so that the parent depends on nothing that its child's outcome
    does not tell."""
    child: dict[str, Any] = {
        "id": print_id(row["kind"], row["id"]),
        "status": outcome.lifecycle,
        "importance": row["importance"],
        "result": {name: value for name, value in outcome._asdict().items() if name != "lifecycle"},
    }
    if outcome.lifecycle in ("ON_HOLD", "NOT_STARTED"):
        child["status"] = "ACTIVE"
    if outcome.lifecycle == "NOT_STARTED":
        child["start_on"] = row["start_on"]
    return child
