"""The one normal form of numbers, days, lists and KPIs in an input document."""

from collections.abc import Callable
from datetime import date
from typing import Any

from portfolio.health.arithmetic import number_text
from portfolio.health.fields import Fields
from portfolio.health.indicators.kpi import DIRECTIONS, THRESHOLDS, days_read, winning_measurements
from portfolio.health.indicators.kpi_leaf import category, is_critical, is_required, kpi_weight

Document = dict[str, Any]


def kpi_document(kpi: Fields, as_of: int | None) -> Document:
    document: Document = {
        "id": kpi.text("id"),
        "direction": kpi.choice("direction", DIRECTIONS),
        "value_mode": "MEDIAN3" if days_read(kpi) > 1 else "LAST",
        "required": is_required(kpi),
        "critical": is_critical(kpi),
        "weight": kpi_weight(kpi),
        "category": category(kpi),
        "measurements": _measurements(kpi, as_of),
        **numbers(kpi, *THRESHOLDS),
        **days(kpi, "start_on", "target_on", "created_on", "waived_until"),
    }
    cadence = kpi.integer("cadence_days", low=1)
    if cadence is not None:
        document["cadence_days"] = cadence
    return document


def _measurements(kpi: Fields, as_of: int | None) -> list[Document]:
    winners = winning_measurements(kpi)
    known = sorted(winners, reverse=True)
    if as_of is not None:
        ahead = sum(day > as_of for day in known)
        known = known[: ahead + days_read(kpi)]
    return [{"on": day_text(day), "value": number_text(winners[day].required_number("value"))} for day in known]


def sorted_by_id(node: Fields, key: str, normalized: Callable[[Fields], Document]) -> list[Document]:
    documents = [normalized(item) for item in node.items(key)]
    documents.sort(key=lambda document: document["id"])
    return documents


def numbers(fields: Fields, *keys: str) -> Document:
    return {key: number_text(ratio) for key in keys if (ratio := fields.number(key)) is not None}


def days(fields: Fields, *keys: str) -> Document:
    return {key: day_text(day) for key in keys if (day := fields.day(key)) is not None}


def day_text(day: int) -> str:
    return date.fromordinal(day).isoformat()
