"""How measurements are recorded: one row after the other judged, all good ones written at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import Scope
from portfolio.identity import parse_id
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Write
from resolvers.entity.exported import LIVE_KPI
from resolvers.entity.line import BulkType
from resolvers.measurement.measurement_batch import BatchRow, RejectedRow, record_batch
from schema import check

MOST_ROWS = 1_000
_LONGEST_NOTE = 2_000

_source = check.line(64)
_external_id = check.line(255)


@strawberry.input(description="A value of a KPI at an instant.")
class MeasurementInput:
    kpi_id: strawberry.ID | None = optional("KPI that was measured; exactly one of kpiId and kpiKey is given.")
    kpi_key: str | None = optional("KPI by its key; exactly one of kpiId and kpiKey is given.")
    value: float = required("Value in the KPI's unit, at most 15 significant digits.")
    observed_at: datetime = required("Instant of the observation, at most five minutes ahead of the server.")
    source: str | None = optional(
        "Name of the sender's system, 1 to 64 characters, given together with externalId; null: none."
    )
    external_id: str | None = optional(
        "Id of the value there, 1 to 255 characters: the same value again is a duplicate, another "
        "value a correction. Null: every row is a new measurement."
    )
    note: str | None = optional("Remark, at most 2,000 characters; null: none.")
    supersedes_id: strawberry.ID | None = optional("Measurement of the same KPI that this one corrects; null: none.")


@strawberry.input(description="Measurements of any KPIs.")
class MeasurementsRecordInput(Retryable):
    measurements: list[MeasurementInput] = required("The measurements, 1 to 1,000.")


@strawberry.type(description="A measurement that was not recorded.")
class MeasurementRejection:
    index: int = strawberry.field(description="Place of the measurement in the input, from 0.")
    code: UserErrorCode = strawberry.field(description="Kind of mistake, for programs.")
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    field: list[str] = strawberry.field(
        description="Path to the measurement, or to its member at fault, such as input, measurements, 3, value."
    )


@strawberry.type(description="Answer to recorded measurements.")
class MeasurementsPayload(Payload):
    accepted: int = strawberry.field(description="Number of measurements recorded, corrections included.", default=0)
    duplicates: int = strawberry.field(
        description="Number of measurements that were known already, from the same source and with the same value.",
        default=0,
    )
    rejected: list[MeasurementRejection] = strawberry.field(
        description="Measurements that were not recorded, by index, at most 1,000; all others were.",
        default_factory=list,
    )


@mutation(MeasurementsPayload, scope=Scope.INGEST)
async def measurements_record(write: Write, input: MeasurementsRecordInput) -> Outcome:
    """Record up to 1,000 measurements. Good ones are recorded even if others are rejected."""
    return await record_measurements(write, input.measurements, MOST_ROWS)


@dataclass(frozen=True)
class Unreadable:
    """In the place of a measurement: text of an ingest row that says nothing we know. member: that is at fault."""

    message: str
    member: str | None = None


async def record_measurements(write: Write, rows: Sequence[MeasurementInput | Unreadable], most: int) -> Outcome:
    """Values of the outcome: accepted, duplicates and rejected. Raises Rejection for too many."""
    if not 1 <= len(rows) <= most:
        message = f"Send 1 to {most:,} measurements at once; {len(rows):,} were given."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message, "measurements")
    good: list[BatchRow] = []
    rejected: list[RejectedRow] = []
    for index, given in enumerate(rows):
        try:
            good.append(_read(write, index, given))
        except _RowFault as fault:
            rejected.append(RejectedRow(index, UserErrorCode.INVALID, str(fault), fault.member))
    recorded = await record_batch(write, good)
    every = sorted([*rejected, *recorded.rejected], key=lambda item: item.index)
    values = {
        "accepted": recorded.accepted,
        "duplicates": recorded.duplicates,
        "rejected": [_tell(rejected) for rejected in every],
    }
    return Outcome(values=values)


def _tell(rejected: RejectedRow) -> MeasurementRejection:
    path = ["input", "measurements", str(rejected.index), *([rejected.member] if rejected.member else [])]
    return MeasurementRejection(index=rejected.index, code=rejected.code, message=rejected.message, field=path)


class _RowFault(ValueError):
    """Says a sentence for the client. member: null for the measurement as a whole."""

    def __init__(self, message: str, member: str | None = None) -> None:
        super().__init__(message)
        self.member = member


def _read(write: Write, index: int, given: MeasurementInput | Unreadable) -> BatchRow:
    """Raises _Fault."""
    if isinstance(given, Unreadable):
        raise _RowFault(given.message, given.member)
    kpi_id, kpi_key = _given(given.kpi_id), _given(given.kpi_key)
    if (kpi_id is None) == (kpi_key is None):
        raise _RowFault("Give exactly one of kpiId and kpiKey.")
    source, external_id = _given(given.source), _given(given.external_id)
    if (source is None) != (external_id is None):
        raise _RowFault("Give source and externalId together, or neither.")
    return BatchRow(
        index=index,
        kpi=_uuid("KPI", kpi_id) or _named("kpiKey", check.key, kpi_key),
        value=_named("value", check.decimal, given.value),
        observed_at=_named("observedAt", check.observed(write.now), given.observed_at),
        source=source and _named("source", _source, source),
        external_id=external_id and _named("externalId", _external_id, external_id),
        note=_note(_given(given.note)),
        supersedes_id=_uuid("MEASUREMENT", _given(given.supersedes_id)),
    )


def _given(value: Any) -> Any:
    return None if value is strawberry.UNSET else value


def _named(name: str, rule: Any, value: Any) -> Any:
    try:
        return rule(value)
    except ValueError as error:
        raise _RowFault(f"{name}: {error}", name) from None


def _note(value: str | None) -> str | None:
    if value is not None and len(value) > _LONGEST_NOTE:
        raise _RowFault(f"note: This has at most {_LONGEST_NOTE:,} characters.", "note")
    return value and _named("note", check.text, value)


_NOBODY = UUID(int=0)


def _uuid(kind: str, public_id: str | None) -> UUID | None:
    """The nil UUID, which nothing has, for text that is no id of the kind."""
    if public_id is None:
        return None
    parsed = parse_id(public_id)
    return parsed[1] if parsed and parsed[0] == kind else _NOBODY


# In the order in which they were recorded: of two values of a day, the later one counts.
_MEASUREMENT = f"""
select 'measurement' as type, n.key as kpi, x.value, x.observed_at as "observedAt", x.source,
       x.external_id as "externalId", x.note
from measurement x join kpi n on n.tenant_id = x.tenant_id and n.id = x.kpi_id and n.archived_at is null
where x.tenant_id = $1 and x.superseded_at is null and {LIVE_KPI} order by n.key, x.recorded_at, x.id
"""

LINES = BulkType(
    "measurement",
    "MEASUREMENT",
    "measurementsRecord",
    None,
    _MEASUREMENT,
    identity=(),
    kinds={"kpiId": ("KPI",)},
)
