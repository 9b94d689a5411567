"""How milestones change."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry

from resolvers.engine.archive import archive, refuse_archived, restore
from resolvers.engine.external import (
    ExternalReferenceInput,
    UpsertInput,
    linkable,
    refer_externally,
    refuse_moved,
    upsert,
)
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Row, Target, Write
from schema import check
from schema.portfolio.milestone import Milestone

_INITIATIVE = Member("initiative_id", kind="INITIATIVE", nullable=False)
_MEMBERS = (
    Member("name", check.line(), nullable=False, private=True),
    Member("due_on", check.day, nullable=False),
    Member("done_on", check.day),
)
_CANCELED = Member("canceled_at")
linkable("MILESTONE", _MEMBERS, "isCanceled", subject="initiative_id")

_INSERT = """
insert into milestone (tenant_id, id, created_at, updated_at, initiative_id, name, due_on, done_on, canceled_at)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8)
"""
_UPDATE = """
update milestone set version = version + 1, updated_at = $3, name = $4, due_on = $5, done_on = $6, canceled_at = $7
where tenant_id = $1 and id = $2
"""
_HOME = "select portfolio_id from initiative where tenant_id = $1 and id = $2"
_IS_FULL = """
select count(*) >= $3 from milestone where tenant_id = $1 and initiative_id = $2 and archived_at is null
"""

_NAME = "Display name, 1 to 200 characters."
_DUE = "Day by which it should be reached."
_OF = "Initiative that it belongs to, for ever; it has at most 250."
_DONE = "Day on which it was reached; a day to come counts from then on. Null: open."


@strawberry.input(description="A new milestone.")
class MilestoneCreateInput(Retryable):
    initiative_id: strawberry.ID = required(_OF)
    name: str = required(_NAME)
    due_on: date = required(_DUE)
    done_on: date | None = optional(_DONE)
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input
class _MilestoneChanges:
    name: str | None = optional(_NAME)
    due_on: date | None = optional(_DUE)
    done_on: date | None = optional(_DONE)
    is_canceled: bool | None = optional("True: it is given up, and counts no longer. False: it counts again.")


@strawberry.input(description="Changes of a milestone: an absent member stays, null clears.")
class MilestoneUpdateInput(_MilestoneChanges, NodeInput):
    pass


@strawberry.input(
    description="A milestone by its name in another system: made if there is none, else changed. An absent member "
    "stays as it is, null clears; a new milestone needs initiativeId, name and dueOn."
)
class MilestoneUpsertInput(_MilestoneChanges, UpsertInput):
    initiative_id: strawberry.ID | None = optional(_OF)


@strawberry.type(description="Answer to a change of a milestone.")
class MilestonePayload(Payload):
    milestone: Milestone | None = entity_field("Milestone as it is now")


@mutation(MilestonePayload)
async def milestone_create(write: Write, input: MilestoneCreateInput) -> Outcome:
    """Add a milestone to an initiative."""
    return _answer(await _insert(write, input))


@mutation(MilestonePayload)
async def milestone_update(write: Write, input: MilestoneUpdateInput) -> Outcome:
    """Change a milestone: reach it, move it, give it up."""
    row = await write.find_for_change("MILESTONE", "milestone", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(MilestonePayload)
async def milestone_upsert(write: Write, input: MilestoneUpsertInput) -> Outcome:
    """Make or change a milestone by the name that another system gives it."""
    return _answer(await upsert(write, "MILESTONE", input, _insert, _change))


@mutation(MilestonePayload)
async def milestone_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a milestone out of lists and out of its initiative's health. Safe to repeat."""
    row = await write.find_for_change("MILESTONE", "milestone", input)
    if await archive(write, _target_of(row), row):
        write.mark(row["initiative_id"])
    return _answer(row["id"])


@mutation(MilestonePayload)
async def milestone_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived milestone. Safe to repeat."""
    row = await write.find_for_change("MILESTONE", "milestone", input)
    if await restore(write, _target_of(row), row):
        write.mark(row["initiative_id"])
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    about = await read_members(write, (_INITIATIVE,), input)
    values = await read_members(write, _MEMBERS, input)
    values["canceled_at"] = _canceled_at(write, None, input)
    initiative_id = about["initiative_id"]
    if await write.connection.fetchval(_IS_FULL, write.tenant_id, initiative_id, check.MOST_ITEMS):
        message = f"An initiative has at most {check.MOST_ITEMS} milestones."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message, "initiativeId")
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, initiative_id, *values.values())
    home_id = await write.connection.fetchval(_HOME, write.tenant_id, initiative_id)
    changes = differences((_INITIATIVE, *_MEMBERS, _CANCELED), None, {**about, **values})
    target = _target(id, initiative_id, home_id)
    write.record("MILESTONE_CREATED", target, changes)
    await refer_externally(write, target, input.external)
    write.mark(initiative_id)
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("MILESTONE", row)
    await refuse_moved(write, "MILESTONE", row, input, "initiative_id")
    values = await read_members(write, _MEMBERS, input, row)
    values["canceled_at"] = _canceled_at(write, row["canceled_at"], input)
    changes = differences((*_MEMBERS, _CANCELED), row, values)
    if changes:
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("MILESTONE_UPDATED", _target_of(row), changes)
    if any(row[column] != values[column] for column in ("due_on", "done_on", "canceled_at")):
        write.mark(row["initiative_id"])


def _canceled_at(write: Write, before: datetime | None, input: Any) -> datetime | None:
    given = getattr(input, "is_canceled", None)
    if given in (None, strawberry.UNSET) or given == (before is not None):
        return before
    return write.now if given else None


def _target_of(row: Row) -> Target:
    return _target(row["id"], row["initiative_id"], row["home_id"])


def _target(id: UUID, initiative_id: UUID, home_id: UUID | None) -> Target:
    return Target("MILESTONE", id, subject_id=initiative_id, portfolio_id=home_id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"milestone": ("MILESTONE", id)})
