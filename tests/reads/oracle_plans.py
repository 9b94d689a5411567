"""The oracle's own reckoning of data gaps, movers and jobs, from whole tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from tests.reads.domain import Row
    from tests.reads.oracle import View


def _below(view: View, portfolio_id: UUID) -> set[UUID]:
    links = view.rows("portfolio_closure")
    return {link["descendant_id"] for link in links if link["ancestor_id"] == portfolio_id}


def _reach(view: View, type_name: str, row: Row) -> Iterator[tuple[str, Row]]:
    """Live nodes whose gaps an object lists, as far as the viewer sees them."""
    links = view.rows("initiative_product")
    works_on = {link["initiative_id"] for link in links if link["product_id"] == row["id"]}
    below = _below(view, row["id"]) if type_name == "Portfolio" else set()
    for name in ("Organization", "Portfolio", "Product", "Initiative"):
        for node in view.all(name):
            home = view.home(node["id"])
            is_listed = (
                type_name == "Organization"
                or node["id"] == row["id"]
                or (type_name == "Portfolio" and home in below)
                or (type_name == "Product" and node["id"] in works_on)
            )
            if is_listed and node.get("archived_at") is None and (not view.restricted or home in view.granted):
                yield name, node


def data_gaps(view: View, type_name: str, row: Row) -> list[Row]:
    scores = {score["id"]: score for score in view.rows("health_score")}
    found: list[Row] = []
    for _, node in _reach(view, type_name, row):
        if node["health_score_id"] is not None:
            found += _gaps(view, node, scores[node["health_score_id"]])
    found.sort(key=lambda gap: (gap["subject_id"], gap["dimension"], gap["kpi_id"] is not None, gap["kpi_id"]))
    return found[:100]


def _gaps(view: View, node: Row, score: Row) -> Iterator[Row]:
    for path, code in zip(score["driver_paths"], score["driver_codes"], strict=True):
        if code == "KPI_MISSING":
            kpi = view.find("Kpi", UUID(path[-36:]))
            assert kpi is not None
            since = kpi["latest_observed_on"] or kpi["created_on"]
            yield {"subject_id": node["id"], "dimension": path.split("/")[0], "kpi_id": kpi["id"], "since": since}
    for name, points in zip(score["dimension_names"], score["dimension_points_mp"], strict=True):
        if points is None:
            since = _unscored_since(view, node, name) or score["as_of"]
            yield {"subject_id": node["id"], "dimension": name, "kpi_id": None, "since": since}


def _unscored_since(view: View, node: Row, dimension: str) -> date | None:
    scores = [
        score for score in view.rows("health_score") if score["node_id"] == node["id"] and score["series"] == "LIVE"
    ]
    scored = [
        score["as_of"]
        for score in scores
        if dict(zip(score["dimension_names"], score["dimension_points_mp"], strict=True)).get(dimension) is not None
    ]
    last = max(scored, default=date.min)
    return min((score["as_of"] for score in scores if score["as_of"] > last), default=None)


def movers(view: View, type_name: str, row: Row, since: date) -> list[Row]:
    found: list[Row] = []
    for name, node in _reach(view, type_name, row):
        now = node["health_score_mp"]
        if name not in ("Product", "Initiative") or now is None:
            continue
        then = _score_on(view, node, since)
        if then is not None and then != now:
            found.append({"subject_id": node["id"], "from": then, "to": now, "delta": now - then})
    return sorted(found, key=lambda mover: (-abs(mover["delta"]), mover["subject_id"]))


def _score_on(view: View, node: Row, day: date) -> int | None:
    known = [
        score
        for score in view.rows("health_score")
        if score["node_id"] == node["id"] and score["series"] == "LIVE" and score["as_of"] <= day
    ]
    newest = max(known, key=lambda score: (score["as_of"], score["revision"], score["id"]), default=None)
    return newest["score_mp"] if newest else None


def line_errors(view: View, job: Row, after_line: int | None) -> list[Row]:
    found = [
        error
        for error in view.rows("job_line_error")
        if error["job_id"] == job["id"] and error["line"] > (after_line or 0)
    ]
    found.sort(key=lambda error: (error["line"], error["position"]))
    return [error for error in found if len(found) <= 100 or error["line"] <= found[99]["line"]]


def progress_percent(job: Row) -> int | None:
    if job["state"] == "COMPLETED":
        return 100
    return job["lines_done"] * 100 // job["line_count"] if job["line_count"] else None


def download_path(view: View, job: Row) -> str | None:
    is_kept = any(file["id"] == job["file_id"] for file in view.rows("bulk_file"))
    is_there = job["kind"] == "EXPORT" and job["state"] == "COMPLETED" and is_kept
    return f"/exports/job_{job['id']}" if is_there else None
