"""Measurement in the oracle: KPIs, what was measured, progress, and health scores."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from tests.reads.domain import SUBJECTS, Domain, Entity, Row, everything, home_of, pointing

if TYPE_CHECKING:
    from tests.reads.oracle import View


def _sees_kpi(view: View, row: Row) -> bool:
    return view.sees("Kpi", view.find("Kpi", row["kpi_id"]))


def _ratio(row: Row) -> Decimal | None:
    done, total = row["done_scope"], row["total_scope"]
    return None if done is None or not total else _rounded(done / total)


def _schedule(row: Row) -> Decimal | None:
    text = row.get("schedule_performance")
    if text is None:
        return None
    numerator, _, denominator = text.partition("/")
    return _rounded(Decimal(numerator) / Decimal(denominator or 1))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def _finish(row: Row) -> Decimal | None:
    probability = row.get("finish_probability_mp")
    return None if probability is None else Decimal(probability) / 100_000


def _zipped(row: Row, names: tuple[str, str], columns: tuple[str, str]) -> list[Row]:
    return [dict(zip(names, pair, strict=True)) for pair in zip(*(row.get(name, []) for name in columns), strict=True)]


def caps(_: View, row: Row) -> list[Row]:
    rows = _zipped(row, ("key", "limit"), ("cap_keys", "cap_points_mp"))
    capped = any(key.startswith("cap:") for key in row.get("contribution_keys", ()))
    return [{**cap, "binding": capped and cap["limit"] == row["provisional_mp"]} for cap in rows]


def drivers(view: View, row: Row) -> list[Row]:
    if "driver_paths" not in row:
        return []
    found, outside = [], 0
    listed = zip(row["driver_paths"], row["driver_codes"], row["driver_points_mp"], strict=True)
    for path, code, points in listed:
        child = UUID(path[-36:]) if "/node:" in path else None
        if view.restricted and child is not None and view.home(child) not in view.granted:
            outside += points
        else:
            found.append({"path": path, "code": code, "points": points})
    found.append({"path": "OUTSIDE_YOUR_PORTFOLIOS", "code": "CHILD", "points": outside})
    found.sort(key=lambda driver: (-driver["points"], driver["path"]))
    found.append({"path": "REMAINDER", "code": "REMAINDER", "points": row["driver_remainder_mp"]})
    return [driver for driver in found if driver["points"]]


DOMAIN = Domain(
    entities={
        "Kpi": Entity("kpi", "kpi", home_of("subject_id"), is_linked=True, is_searched=True),
        "KpiTarget": Entity("kpi_target", "tgt", _sees_kpi),
        "Measurement": Entity("measurement", "msr", _sees_kpi),
        "ProgressSnapshot": Entity("progress_snapshot", "prs", home_of("initiative_id")),
    },
    lists={
        "Query.kpis": everything("Kpi"),
        "Query.measurements": everything("Measurement"),
        **{f"{name}.kpis": pointing("Kpi", "subject_id") for name in SUBJECTS},
        "Kpi.targets": pointing("KpiTarget", "kpi_id", "RECORDED_AT desc"),
        "Kpi.measurements": pointing("Measurement", "kpi_id", "OBSERVED_AT desc"),
        "Initiative.progressSnapshots": pointing("ProgressSnapshot", "initiative_id", "OBSERVED_AT desc"),
    },
    ones={
        "ProgressSnapshot.initiative": ("Initiative", "initiative_id"),
        "Kpi.latestMeasurement": ("Measurement", "latest_measurement_id"),
        "Kpi.target": ("KpiTarget", "target_id"),
        "KpiTarget.kpi": ("Kpi", "kpi_id"),
        "Measurement.kpi": ("Kpi", "kpi_id"),
        "Measurement.supersedes": ("Measurement", "supersedes_id"),
        "RollupBucket.owner": ("Person", "owner_id"),
        "RollupBucket.team": ("Team", "team_id"),
    },
    subjects=frozenset({"Kpi.subject", "Mover.subject"}),
    parts=frozenset({"Health.range"}),
    scalars={
        "Kpi.waivedThroughOn": lambda _, row: row["waived_until"],
        "InitiativeProgress.source": lambda _, row: row["progress_source"],
        "InitiativeProgress.ratio": lambda _, row: _ratio(row),
        "InitiativeProgress.observedOn": lambda _, row: row["progress_observed_on"],
        "Health.score": lambda _, row: row.get("score_mp"),
        "Health.provisionalScore": lambda _, row: row.get("provisional_mp"),
        "Health.band": lambda _, row: row.get("band", "UNKNOWN"),
        "Health.coverage": lambda _, row: row.get("coverage_mp", 0),
        "Health.freshness": lambda _, row: row.get("freshness_mp", 0),
        "Health.confidence": lambda _, row: row.get("confidence_mp", 0),
        "Health.confidenceLevel": lambda _, row: row.get("confidence_level", "VERY_LOW"),
        "Health.finishProbability": lambda _, row: _finish(row),
        "Health.schedulePerformance": lambda _, row: _schedule(row),
        "Health.fingerprint": lambda _, row: row["fingerprint"].hex() if row.get("fingerprint") else None,
        "Health.recomputePending": lambda view, row: view.is_pending(row["parent_id_of_health"]),
        "HealthRange.low": lambda _, row: row.get("low_mp", 0),
        "HealthRange.high": lambda _, row: row.get("high_mp", 100_000),
        "HealthPoint.score": lambda _, row: row["score_mp"],
        "HealthPoint.low": lambda _, row: row["low_mp"],
        "HealthPoint.high": lambda _, row: row["high_mp"],
        "HealthPoint.coverage": lambda _, row: row["coverage_mp"],
        "HealthPoint.confidence": lambda _, row: row["confidence_mp"],
    },
    value_lists={
        "Health.drivers": ("HealthDriver", drivers),
        "Health.dimensions": (
            "HealthDimension",
            lambda _, row: _zipped(row, ("name", "score"), ("dimension_names", "dimension_points_mp")),
        ),
        "Health.contributions": (
            "HealthContribution",
            lambda _, row: _zipped(row, ("key", "points"), ("contribution_keys", "contribution_points_mp")),
        ),
        "Health.caps": ("HealthCap", caps),
        "Health.excludedChildren": (
            "ExcludedChildren",
            lambda _, row: _zipped(row, ("lifecycle", "count"), ("excluded_lifecycles", "excluded_counts")),
        ),
    },
    compared={
        "health.band": lambda _, row: row["health_band"],
        "health.score": lambda _, row: row["health_score_mp"],
    },
    filtered_ids={"kpiId": "kpi", "subjectId": None},
)
