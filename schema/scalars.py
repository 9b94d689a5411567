"""Scalars: instants, days, points and numbers, with what clients may send for each."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from compiler.comparison import build_comparators
from compiler.filter import resolve_instant

Points = NewType("Points", int)
DateTimeOrDuration = NewType("DateTimeOrDuration", str)
JSON = NewType("JSON", object)

_A_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)  # only to check that a duration can be read


def _parse_points(value: Any) -> int:
    """Millipoints of a number of points."""
    try:
        millipoints = Decimal(str(value)) * 1000
    except InvalidOperation:
        raise ValueError("Points are a number such as 64.8.") from None
    if isinstance(value, bool) or millipoints != millipoints.to_integral_value():
        raise ValueError("Points are a number with at most three decimals, such as 64.8.")
    return int(millipoints)


def print_points(millipoints: int) -> Any:
    """A JSON number with at most three decimals, exactly."""
    whole, rest = divmod(millipoints, 1000)
    return whole if rest == 0 else float(f"{millipoints / 1000:.3f}")


def _parse_moment(value: Any) -> str:
    resolve_instant(str(value), _A_MOMENT)
    return str(value)


SCALARS: dict[Any, ScalarDefinition] = {
    Points: strawberry.scalar(
        name="Points",
        description="Points of a score, 0 to 100: a JSON number with at most three decimals, never rounded further, so that sums close exactly.",
        serialize=print_points,
        parse_value=_parse_points,
    ),
    DateTimeOrDuration: strawberry.scalar(
        name="DateTimeOrDuration",
        description="Instant in ISO 8601, a day (its start in UTC), or an ISO 8601 duration relative to now such as -P2W.",
        specified_by_url="https://www.iso.org/iso-8601-date-and-time-format.html",
        serialize=str,
        parse_value=_parse_moment,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value; used only where the shape is another system's or varies by field.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="Instant in UTC, ISO 8601 with microseconds: 2026-11-22T09:30:00.000000Z. Any offset is accepted in input.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=lambda value: value if isinstance(value, str) else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        parse_value=lambda value: resolve_instant(_plain_text(value), _A_MOMENT),
    ),
    date: strawberry.scalar(
        name="Date",
        description="Day of the organization's calendar: 2026-11-22.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=str,
        parse_value=lambda value: date.fromisoformat(_plain_text(value)),
    ),
}


def _plain_text(value: Any) -> str:
    if not isinstance(value, str) or value.startswith(("P", "-P")):
        raise ValueError("expected ISO 8601 text")
    return value


COMPARATORS = build_comparators({"DATE_TIME": DateTimeOrDuration, "DATE": date, "POINTS": Points})
