"""Lines of measurements, recorded in batches as the API records them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import Scope
from portfolio.identity import parse_id
from resolvers.bulk.names import Names
from resolvers.engine.outcome import Rejection, UserError, UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.measurement.measurement import MOST_ROWS, MeasurementInput, Unreadable, record_measurements
from schema import check

__all__ = ["MEASUREMENT", "MOST_ROWS", "RecordedLines", "record_lines"]

MEASUREMENT = "measurement"

# Member of a line, attribute of the input, what JSON must hold.
_MEMBERS: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "value": ("value", (int, float)),
    "observedAt": ("observed_at", str),
    "source": ("source", str),
    "externalId": ("external_id", str),
    "note": ("note", str),
}
# Without source and externalId, a measurement is known by its KPI, its instant and its value.
_KNOWN = """
select distinct m.kpi_id, m.observed_at, m.value
from unnest($2::uuid[], $3::timestamptz[]) as r (kpi_id, observed_at)
join measurement m on m.tenant_id = $1 and m.kpi_id = r.kpi_id and m.observed_at = r.observed_at
where m.superseded_at is null and m.source is null
"""

Key = tuple[UUID, datetime, Decimal]


@dataclass
class RecordedLines:
    """rejected: by the place of the line in the batch."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[tuple[int, UserError]] = field(default_factory=list)


async def record_lines(write: Write, names: Names, batch: Sequence[dict[str, Any]]) -> RecordedLines:
    """What is known already is a duplicate, so that the same file may come again."""
    if Scope.INGEST not in write.viewer.scopes:
        raise reject(UserErrorCode.FORBIDDEN, f"This line needs an API key with scope {Scope.INGEST}.")
    ids: dict[str, str] = {}
    recorded, rows, places = RecordedLines(), [], []
    for place, given in enumerate(batch):
        try:
            rows.append(await _read(names, given, ids))
            places.append(place)
        except Rejection as rejection:
            recorded.rejected += [(place, error) for error in rejection.outcome.user_errors[:1]]
    known = await _known(write, rows)
    fresh: list[tuple[int, MeasurementInput]] = []
    first: dict[Key, int] = {}
    twins: list[tuple[int, int]] = []
    for place, row in zip(places, rows, strict=True):
        key = _key(row)
        if key is not None and key in known:
            recorded.duplicates += 1
        elif key is not None and key in first:
            twins.append((place, first[key]))
        else:
            fresh.append((place, row))
            if key is not None:
                first[key] = place
    if fresh:
        await _record(write, recorded, fresh)
    _follow(recorded, twins)
    return recorded


def _follow(recorded: RecordedLines, twins: Sequence[tuple[int, int]]) -> None:
    """A line that says what one before it in the batch says comes to what that one came to."""
    refused = dict(recorded.rejected)
    for place, first in twins:
        if first in refused:
            recorded.rejected.append((place, refused[first]))
        else:
            recorded.duplicates += 1


async def _record(write: Write, recorded: RecordedLines, fresh: Sequence[tuple[int, MeasurementInput]]) -> None:
    rows: list[MeasurementInput | Unreadable] = [row for _, row in fresh]
    values = (await record_measurements(write, rows, MOST_ROWS)).values
    recorded.accepted += values["accepted"]
    recorded.duplicates += values["duplicates"]
    for item in values["rejected"]:
        field_ = ["input", "kpi"] if item.code in (UserErrorCode.NOT_FOUND, UserErrorCode.ARCHIVED) else None
        error = UserError(code=item.code, message=item.message, field=field_)
        recorded.rejected.append((fresh[item.index][0], error))


async def _read(names: Names, given: dict[str, Any], ids: dict[str, str]) -> MeasurementInput:
    """Raises Rejection with what is wrong. ids: of KPIs that earlier lines of the batch name."""
    values = {name: value for name, value in given.items() if name != "type" and value is not None}
    kpi = values.pop("kpi", None)
    for name in ("value", "observedAt"):
        if name not in values:
            raise reject(UserErrorCode.REQUIRED, f"{name} is required.", name)
    for name, value in values.items():
        if name not in _MEMBERS:
            message = f"A line of type measurement has no member {name[:100]!r}; it has kpi, {', '.join(_MEMBERS)}."
            raise reject(UserErrorCode.INVALID, message, name[:100])
        if not isinstance(value, _MEMBERS[name][1]) or isinstance(value, bool):
            raise reject(UserErrorCode.INVALID, f"This is a {'number' if name == 'value' else 'text'}.", name)
    if kpi is None:
        raise reject(UserErrorCode.REQUIRED, "kpi is required.", "kpi")
    named = str(kpi)
    if named not in ids:
        ids[named] = await names.public_id(("KPI",), kpi, ("kpi",))
    observed_at = _instant(names.now, values["observedAt"])
    members = {_MEMBERS[name][0]: value for name, value in values.items()}
    return MeasurementInput(**{**members, "kpi_id": strawberry.ID(ids[named]), "observed_at": observed_at})


def _instant(now: datetime, text: str) -> datetime:
    try:
        observed_at = datetime.fromisoformat(text)
    except ValueError:
        raise reject(UserErrorCode.INVALID, "Give ISO 8601 such as 2026-11-22T09:30:00Z.", "observedAt") from None
    try:
        return check.observed(now)(observed_at if observed_at.tzinfo else observed_at.replace(tzinfo=UTC))
    except ValueError as error:
        raise reject(UserErrorCode.INVALID, str(error), "observedAt") from None


async def _known(write: Write, rows: Sequence[MeasurementInput]) -> set[Key]:
    keys = [key for row in rows if (key := _key(row)) is not None]
    if not keys:
        return set()
    found = await write.connection.fetch(
        _KNOWN, write.tenant_id, [kpi_id for kpi_id, _, _ in keys], [instant for _, instant, _ in keys]
    )
    return {(row["kpi_id"], row["observed_at"], row["value"]) for row in found}


def _key(row: MeasurementInput) -> Key | None:
    """Null: its source knows it by a name of its own."""
    parsed = parse_id(str(row.kpi_id))
    if any(name not in (None, strawberry.UNSET) for name in (row.source, row.external_id)) or parsed is None:
        return None
    return parsed[1], row.observed_at, Decimal(repr(row.value) if isinstance(row.value, float) else row.value)
