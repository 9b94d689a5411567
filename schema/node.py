"""What every object has in common: an id, and for whatever is measured, a name and a health."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry

from compiler.declare import argument, column, expression, interface, many, one, rows, value_object
from portfolio.enumerations import HealthBand, ReportedStatus
from portfolio.identity import PREFIX_OF_KIND
from schema import check
from schema.member import written
from schema.scalars import DateTimeOrDuration, Points

_PREFIXES = " ".join(f"when '{kind}' then '{prefix}_'" for kind, prefix in PREFIX_OF_KIND.items())


def public_id(kind: str, id: str) -> str:
    """An id as clients see it, from SQL for the kind and the UUID of any object."""
    return f"(case {kind} {_PREFIXES} end || {id})"


@interface
class Node:
    """An object that can be fetched again by its id."""

    id: strawberry.ID = column("Opaque id, unique in the whole system and stable for ever.")


@interface
class Searchable(Node):
    """An object that `search` finds by its key and its name."""

    key: str = written(
        column("Name that people use, unique in the organization.", filter="STRING", order=True), check.KEY, check.key
    )
    name: str = written(
        column(
            "Display name.",
            filter="STRING",
            filter_expression="{self}.name_key",
            normalized=True,
            order="{self}.name_key",
        ),
        "Display name, 1 to 200 characters.",
        check.line(),
        private=True,
    )


@value_object
class HealthPoint:
    """Health of one day, as its last revision says."""

    as_of: date = column("Day of the organization's calendar.")
    score: Points | None = column("Published score; null when too little is known.", "score_mp")
    band: HealthBand = column("Band on that day.")
    low: Points = column("Score if everything unknown turned out worst.", "low_mp")
    high: Points = column("Score if everything unknown turned out best.", "high_mp")
    coverage: Points = column("Share of the expected evidence that is there, 0 to 100.", "coverage_mp")
    confidence: Points = column("Coverage times freshness, 0 to 100.", "confidence_mp")


_AS_OF = (
    "lateral (select h.* from health_score h where h.tenant_id = {tenant} and h.node_id = {self}.id and h.series = 'LIVE'"
    " and h.as_of <= organization_day({asOf}) order by h.as_of desc, h.revision desc, h.id desc limit 1)"
)
_HISTORY = (
    "(select distinct on (h.as_of) h.* from health_score h where h.tenant_id = {tenant} and h.node_id = {self}.id and h.series = 'LIVE'"
    " and h.as_of >= organization_day({from}) and h.as_of <= organization_day({until})"
    " {within (select s.portfolio_id from subject s where s.tenant_id = h.tenant_id and s.id = h.node_id)}"
    " order by h.as_of desc, h.revision desc, h.id desc limit 400) {other}"
)


def _health_source(arguments: Mapping[str, Any]) -> str:
    return _AS_OF if arguments.get("asOf") is not None else "current_health_score"


def _health_condition(arguments: Mapping[str, Any]) -> str:
    return "true" if arguments.get("asOf") is not None else "{other}.node_id = {self}.id"


def _history_source(arguments: Mapping[str, Any]) -> str:
    return _HISTORY.replace("{until}", "{to}" if arguments.get("to") is not None else "{now}")


_LATEST_UPDATE = (
    "lateral (select u.* from subject_report r join status_update u on u.tenant_id = r.tenant_id and u.id = r.latest_status_update_id"
    " where r.tenant_id = {tenant} and r.subject_id = {self}.id)"
)


def _reported(column_name: str) -> str:
    return (
        f"(select r.{column_name} from subject_report r where r.tenant_id = {{tenant}} and r.subject_id = {{self}}.id"
        " {within (select s.portfolio_id from subject s where s.tenant_id = r.tenant_id and s.id = r.subject_id)})"
    )


@interface
class HealthSubject(Searchable):
    """An object whose health is measured: an organization, a portfolio, a product or an initiative."""

    health = one(
        "Health",
        "Measured health. Without `asOf` the current one; with it, the last one known for that day. Band UNKNOWN until first scored.",
        on=_health_condition,
        source=_health_source,
        missing=True,
        arguments={
            "as_of": argument(
                DateTimeOrDuration | None, "Day to read, by an instant on it; not a day to come. Null: now."
            )
        },
    )
    health_history = rows(
        HealthPoint,
        "Health by day, oldest first: the days on which it was recomputed, at most the last 400.",
        _history_source,
        "{other}.as_of",
        arguments={
            "from_": argument(DateTimeOrDuration, "First day, by an instant on it; not a day to come.", name="from"),
            "to": argument(DateTimeOrDuration | None, "Last day, by an instant on it; not a day to come. Null: today."),
        },
    )
    reported_status: ReportedStatus | None = expression(
        "Status of the latest status update, which weighs nothing in the score; null when nobody has reported one.",
        _reported("reported_status"),
        filter=ReportedStatus,
    )
    reported_at: datetime | None = expression(
        "Instant of the latest status update; null when there is none.",
        _reported("reported_at"),
        filter="DATE_TIME",
        sql_type="timestamptz",
    )
    latest_status_update = one(
        "StatusUpdate",
        "Latest status update, retracted ones apart; null when there is none.",
        "true",
        nullable=True,
        source=_LATEST_UPDATE,
    )
    divergence = one(
        "Divergence",
        "Where the reported status differs from the measured band; null when it does not, when nothing is reported, or when the band is UNKNOWN.",
        "{other}.subject_id = {self}.id and {other}.divergence is not null",
        nullable=True,
    )
    status_updates = many(
        "StatusUpdate", "Status updates, newest first.", "{other}.subject_id = {self}.id", order="REPORTED_AT desc"
    )
