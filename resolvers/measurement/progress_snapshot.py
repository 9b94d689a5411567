"""How progress of initiatives without a tracker is recorded."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import ProgressSource, Scope
from portfolio.row import Row
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Target, Write
from resolvers.entity.archive import refuse_archived
from resolvers.entity.line import BulkType
from resolvers.entity.member import differences, read_members
from schema import check
from schema.entity import entity_of
from schema.measurement.progress_snapshot import ProgressSnapshot
from schema.member import Member
from schema.portfolio.initiative import Initiative

_MOST_ITEMS = 1_000_000
_WEEKS = 12


def _throughput(weeks: list[int]) -> list[int]:
    if len(weeks) > _WEEKS:
        raise ValueError(f"These are at most {_WEEKS} weeks; {len(weeks)} were given.")
    return check.each(check.whole(0, _MOST_ITEMS))(weeks)


_MEMBERS = (
    Member("total_scope", check.amount),
    Member("done_scope", check.amount),
    Member("total_items", check.whole(0, _MOST_ITEMS)),
    Member("done_items", check.whole(0, _MOST_ITEMS)),
    Member("in_progress_items", check.whole(0, _MOST_ITEMS)),
    Member("blocked_items", check.whole(0, _MOST_ITEMS)),
    Member("weekly_throughput", _throughput),
)
# Of each pair, the first is a part of the second.
_PARTS = (
    ("done_scope", "total_scope"),
    ("done_items", "total_items"),
    ("in_progress_items", "total_items"),
    ("blocked_items", "total_items"),
)

_INSERT = """
insert into progress_snapshot (tenant_id, id, initiative_id, recorded_at, observed_at, observed_on, total_scope,
                               done_scope, total_items, done_items, in_progress_items, blocked_items,
                               weekly_throughput)
values ($1, $2, $3, $4, $5, organization_day($5), $6, $7, $8, $9, $10, $11, $12)
"""
_IS_NEWEST = """
select not exists (select from progress_snapshot where tenant_id = $1 and initiative_id = $2 and observed_at > $3)
"""
_TAKE_OVER = """
update initiative set progress_source = 'SNAPSHOT', progress_observed_on = organization_day($3), total_scope = $4,
                      done_scope = $5, total_items = $6, done_items = $7, in_progress_items = $8, blocked_items = $9,
                      weekly_throughput = $10
where tenant_id = $1 and id = $2
"""


@strawberry.input(description="Progress of an initiative at one instant, as a whole: an absent member is unknown.")
class InitiativeProgressRecordInput(Retryable):
    initiative_id: strawberry.ID = required("Initiative that was observed; it follows no tracker.")
    observed_at: datetime | None = optional(
        "Instant of the observation, at most five minutes ahead of the server; null: now."
    )
    total_scope: float | None = optional(
        "Scope in all, from 0 on, in any one unit, at most 15 significant digits; null: unknown."
    )
    done_scope: float | None = optional("Scope done, in the same unit, at most totalScope; null: unknown.")
    total_items: int | None = optional("Number of items in all, 0 to 1,000,000; null: unknown.")
    done_items: int | None = optional("Number of items done, at most totalItems; null: unknown.")
    in_progress_items: int | None = optional("Number of items being worked on, at most totalItems; null: unknown.")
    blocked_items: int | None = optional(
        "Number of items in progress that are blocked, at most totalItems; null: unknown."
    )
    weekly_throughput: list[int] | None = optional(
        "Items done in each completed week, oldest first, at most 12 weeks; null: unknown."
    )


@strawberry.type(description="Answer to recorded progress.")
class InitiativeProgressPayload(Payload):
    initiative: Initiative | None = entity_field("Initiative as it is now")
    progress_snapshot: ProgressSnapshot | None = entity_field("Snapshot that was recorded")


@mutation(InitiativeProgressPayload, scope=Scope.INGEST)
async def initiative_progress_record(write: Write, input: InitiativeProgressRecordInput) -> Outcome:
    """Record the progress of an initiative that has no tracker. An older observation than the
    newest one is kept, but is not the current progress."""
    row = await write.find("INITIATIVE", input.initiative_id)
    if row is None:
        raise reject(UserErrorCode.NOT_FOUND, "There is no such initiative.", "initiativeId")
    refuse_archived(entity_of(Initiative), row)
    if row["progress_source"] == ProgressSource.TRACKER:
        message = "This initiative follows a tracker, whose items say how far it is."
        raise reject(UserErrorCode.CONFLICT, message, "initiativeId")
    observed_at = _observed_at(write, input.observed_at)
    values = await read_members(write, _MEMBERS, input)
    _refuse_contradictions(values)
    id = write.new_id()
    newest = await write.connection.fetchval(_IS_NEWEST, write.tenant_id, row["id"], observed_at)
    await write.execute(_INSERT, id, row["id"], write.now, observed_at, *values.values())
    if newest:
        await write.execute(_TAKE_OVER, row["id"], observed_at, *values.values())
        write.mark(row["id"])
    _tell(write, row, values)
    return _answer(row["id"], id)


def _observed_at(write: Write, given: Any) -> datetime:
    if given in (None, strawberry.UNSET):
        return write.now
    try:
        return check.observed(write.now)(given)
    except ValueError as error:
        raise reject(UserErrorCode.INVALID, str(error), "observedAt") from None


def _refuse_contradictions(values: dict[str, Any]) -> None:
    if values["total_scope"] is None and values["total_items"] is None:
        message = "Give totalScope or totalItems: without either, progress says nothing."
        raise reject(UserErrorCode.REQUIRED, message, "totalItems")
    members = {member.name: member.public_name for member in _MEMBERS}
    for part, whole in _PARTS:
        if values[part] is not None and (values[whole] is None or values[part] > values[whole]):
            message = f"{members[part]} is a part of {members[whole]}, and cannot be more."
            raise reject(UserErrorCode.INVALID, message, members[part])


def _tell(write: Write, row: Row, values: dict[str, Any]) -> None:
    target = Target("INITIATIVE", row["id"], row["id"], row["portfolio_id"])
    changes = differences(_MEMBERS, row, values)
    write.record("INITIATIVE_PROGRESS_RECORDED", target, changes)


def _answer(initiative_id: UUID, snapshot_id: UUID) -> Outcome:
    return Outcome(
        {
            "initiative": ("INITIATIVE", initiative_id),
            "progressSnapshot": ("PROGRESS_SNAPSHOT", snapshot_id),
        }
    )


_PROGRESS = """
select distinct on (i.key, x.observed_at) 'progressSnapshot' as type, i.key as initiative,
       x.observed_at as "observedAt", x.total_scope as "totalScope", x.done_scope as "doneScope",
       x.total_items as "totalItems", x.done_items as "doneItems", x.in_progress_items as "inProgressItems",
       x.blocked_items as "blockedItems", x.weekly_throughput as "weeklyThroughput"
from progress_snapshot x
join initiative i on i.tenant_id = x.tenant_id and i.id = x.initiative_id and i.archived_at is null
where x.tenant_id = $1 order by i.key, x.observed_at, x.recorded_at desc, x.id desc
"""

LINES = BulkType(
    "progressSnapshot",
    "PROGRESS_SNAPSHOT",
    "initiativeProgressRecord",
    None,
    _PROGRESS,
    identity=("initiativeId", "observedAt"),
    needed=("observedAt",),
)
