"""A batch of measurements in a handful of statements, whatever its size."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from resolvers.engine.outcome import UserErrorCode
from resolvers.engine.session import Target, Write
from resolvers.entity.member import printable
from runtime.events import Change

# In the order of ids, so that two batches cannot wait for each other crosswise. From here to the
# commit nobody else records for these KPIs, and what is read below stays true.
_LOCK_KPIS = """
select k.id, k.key, k.subject_id, s.portfolio_id, k.archived_at, k.latest_value from kpi k
join subject s on s.tenant_id = k.tenant_id and s.id = k.subject_id
where k.tenant_id = $1 and (k.id = any ($2::uuid[]) or k.key = any ($3::text[]))
  and ($4::uuid[] is null or s.portfolio_id in (
    select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($4)))
order by k.id for no key update of k
"""
_KNOWN = """
select o.kpi_id, o.source, o.external_id, m.id, m.value, m.observed_at
from unnest($2::uuid[], $3::text[], $4::text[]) as r (kpi_id, source, external_id)
join measurement_source o
  on o.tenant_id = $1 and o.kpi_id = r.kpi_id and o.source = r.source and o.external_id = r.external_id
join measurement m on m.tenant_id = $1 and m.id = o.measurement_id
"""
_STANDING = "select id, kpi_id, superseded_at from measurement where tenant_id = $1 and id = any ($2::uuid[])"
_INSERT = """
insert into measurement (tenant_id, id, kpi_id, value, observed_at, observed_on, recorded_at, source, external_id, note,
                         supersedes_id, superseded_at)
select $1::uuid, r.id, r.kpi_id, r.value, r.observed_at, organization_day(r.observed_at), $2::timestamptz, r.source,
       r.external_id, r.note, r.supersedes_id, case when r.superseded then $2 end
from unnest($3::uuid[], $4::uuid[], $5::numeric[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::uuid[],
            $11::boolean[])
  as r (id, kpi_id, value, observed_at, source, external_id, note, supersedes_id, superseded)
"""
_SUPERSEDE = """
update measurement set superseded_at = $2 where tenant_id = $1 and id = any ($3::uuid[]) and superseded_at is null
"""
_IDENTIFY = """
insert into measurement_source (tenant_id, kpi_id, source, external_id, measurement_id)
select $1::uuid, r.kpi_id, r.source, r.external_id, r.id
from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[]) as r (kpi_id, source, external_id, id)
on conflict (tenant_id, kpi_id, source, external_id) do update set measurement_id = excluded.measurement_id
"""
_KEEP_LATEST = """
update kpi k set latest_measurement_id = m.id, latest_value = m.value, latest_observed_at = m.observed_at,
                 latest_observed_on = m.observed_on
from unnest($2::uuid[]) as r (kpi_id)
cross join lateral (
  select n.id, n.value, n.observed_at, n.observed_on from measurement n
  where n.tenant_id = $1 and n.kpi_id = r.kpi_id and n.superseded_at is null
  order by n.observed_on desc, n.recorded_at desc, n.id desc limit 1) m
where k.tenant_id = $1 and k.id = r.kpi_id
returning k.id, k.latest_value
"""


@dataclass(frozen=True)
class BatchRow:
    """A measurement whose values are in order. kpi: its UUID, or its key."""

    index: int
    kpi: UUID | str | None
    value: Decimal
    observed_at: datetime
    source: str | None
    external_id: str | None
    note: str | None
    supersedes_id: UUID | None


@dataclass(frozen=True)
class RejectedRow:
    """member: of the row, that is at fault; null: the row as a whole."""

    index: int
    code: UserErrorCode
    message: str
    member: str | None = None


@dataclass
class Recorded:
    accepted: int = 0
    duplicates: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)


Identity = tuple[UUID, str, str]


@dataclass
class _Standing:
    """A measurement that a row may be compared with or may correct."""

    id: UUID
    kpi_id: UUID
    value: Decimal | None
    observed_at: datetime | None
    superseded: bool = False


@dataclass(frozen=True)
class _New:
    row: BatchRow
    kpi_id: UUID
    supersedes_id: UUID | None
    standing: _Standing


async def record_batch(write: Write, rows: Sequence[BatchRow]) -> Recorded:
    """Records what is new. Of rows with one identity, the later ones correct the earlier ones."""
    recorded = Recorded()
    kpis = await _lock_kpis(write, rows)
    placed = [(row, kpi) for row in rows if (kpi := _place(row, kpis, recorded)) is not None]
    known = await _known(write, [(kpi["id"], row) for row, kpi in placed])
    standing = await _standing(write, (row.supersedes_id for row, _ in placed))
    # Ids in the order of the rows: of two values of one day in one batch, the later row wins.
    ids = iter(sorted(write.new_id() for _ in placed))
    batch = _Judge(known, standing, recorded)
    for row, kpi in placed:
        batch.add(row, kpi["id"], next(ids))
    if batch.new:
        await _insert(write, batch)
        await _tell(write, kpis, batch)
    recorded.accepted = len(batch.new)
    return recorded


async def _lock_kpis(write: Write, rows: Sequence[BatchRow]) -> Mapping[UUID | str, Any]:
    """KPIs that the viewer sees, by id and by key."""
    ids = list({row.kpi for row in rows if isinstance(row.kpi, UUID)})
    keys = list({row.kpi for row in rows if isinstance(row.kpi, str)})
    found = await write.connection.fetch(_LOCK_KPIS, write.tenant_id, ids, keys, write.granted)
    return {name: kpi for kpi in found for name in (kpi["id"], kpi["key"])}


def _place(row: BatchRow, kpis: Mapping[UUID | str, Any], recorded: Recorded) -> Any:
    kpi = kpis.get(row.kpi) if row.kpi is not None else None
    member = "kpiKey" if isinstance(row.kpi, str) else "kpiId"
    if kpi is None:
        fault = RejectedRow(row.index, UserErrorCode.NOT_FOUND, "There is no such KPI.", member)
    elif kpi["archived_at"] is not None:
        fault = RejectedRow(row.index, UserErrorCode.ARCHIVED, "That KPI is archived.", member)
    else:
        return kpi
    recorded.rejected.append(fault)
    return None


async def _known(write: Write, rows: Sequence[tuple[UUID, BatchRow]]) -> dict[Identity, _Standing]:
    """What each source said last under each of its ids."""
    identified = [(kpi_id, row.source, row.external_id) for kpi_id, row in rows if row.source]
    if not identified:
        return {}
    columns = [list(column) for column in zip(*identified, strict=True)]
    found = await write.connection.fetch(_KNOWN, write.tenant_id, *columns)
    return {
        (m["kpi_id"], m["source"], m["external_id"]): _Standing(m["id"], m["kpi_id"], m["value"], m["observed_at"])
        for m in found
    }


async def _standing(write: Write, ids: Iterable[UUID | None]) -> dict[UUID, _Standing]:
    wanted = [id for id in ids if id is not None]
    if not wanted:
        return {}
    found = await write.connection.fetch(_STANDING, write.tenant_id, wanted)
    return {m["id"]: _Standing(m["id"], m["kpi_id"], None, None, m["superseded_at"] is not None) for m in found}


class _Judge:
    """Rows judged one after the other, each against all before it."""

    def __init__(
        self,
        known: dict[Identity, _Standing],
        standing: dict[UUID, _Standing],
        recorded: Recorded,
    ) -> None:
        self._known, self._standing, self._recorded = known, standing, recorded
        self.new: list[_New] = []
        self.corrected: set[UUID] = set()
        self.identities: dict[Identity, UUID] = {}

    def add(self, row: BatchRow, kpi_id: UUID, id: UUID) -> None:
        identity = (kpi_id, row.source, row.external_id) if row.source and row.external_id else None
        before = self._known.get(identity) if identity else None
        if before and (before.value, before.observed_at) == (row.value, row.observed_at):
            self._recorded.duplicates += 1
            return
        if not self._may_correct(row, kpi_id):
            return
        made = _Standing(id, kpi_id, row.value, row.observed_at)
        if before is not None:
            before.superseded = True
            self.corrected.add(before.id)
        if identity is not None:
            self._known[identity] = made
            self.identities[identity] = id
        self.new.append(_New(row, kpi_id, row.supersedes_id or (before and before.id), made))

    def _may_correct(self, row: BatchRow, kpi_id: UUID) -> bool:
        if row.supersedes_id is None:
            return True
        corrected = self._standing.get(row.supersedes_id)
        if corrected is None or corrected.kpi_id != kpi_id:
            self._reject(row, UserErrorCode.NOT_FOUND, "There is no such measurement of this KPI.")
            return False
        if corrected.superseded:
            self._reject(row, UserErrorCode.CONFLICT, "That measurement was corrected already; correct the newer one.")
            return False
        corrected.superseded = True
        self.corrected.add(corrected.id)
        return True

    def _reject(self, row: BatchRow, code: UserErrorCode, message: str) -> None:
        fault = RejectedRow(row.index, code, f"supersedesId: {message}", "supersedesId")
        self._recorded.rejected.append(fault)


async def _insert(write: Write, batch: _Judge) -> None:
    rows = [
        (
            *(new.standing.id, new.kpi_id, new.row.value, new.row.observed_at, new.row.source),
            *(new.row.external_id, new.row.note, new.supersedes_id, new.standing.superseded),
        )
        for new in batch.new
    ]
    await write.execute(_INSERT, write.now, *(list(column) for column in zip(*rows, strict=True)))
    if batch.corrected:
        await write.execute(_SUPERSEDE, write.now, list(batch.corrected))
    if batch.identities:
        identified = [(*identity, id) for identity, id in batch.identities.items()]
        columns = (list(column) for column in zip(*identified, strict=True))
        await write.execute(_IDENTIFY, *columns)


async def _tell(write: Write, kpis: Mapping[UUID | str, Any], batch: _Judge) -> None:
    """The latest value of each KPI, one event a KPI, and a signal for what they measure."""
    counts: dict[UUID, int] = {}
    for new in batch.new:
        counts[new.kpi_id] = counts.get(new.kpi_id, 0) + 1
    latest = await write.connection.fetch(_KEEP_LATEST, write.tenant_id, sorted(counts))
    values = {row["id"]: row["latest_value"] for row in latest}
    for kpi_id, count in counts.items():
        kpi = kpis[kpi_id]
        told = [Change("measurements", None, count)]
        before, after = kpi["latest_value"], values[kpi_id]
        if before != after:
            told.append(Change("latestValue", printable(before), printable(after)))
        write.record(
            "MEASUREMENTS_RECORDED",
            Target("KPI", kpi_id, kpi["subject_id"], kpi["portfolio_id"]),
            told,
        )
        write.mark(kpi["subject_id"])
