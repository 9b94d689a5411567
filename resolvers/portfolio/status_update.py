"""How status is reported: an update is made, and at most retracted."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import ReportedStatus, Scope
from portfolio.row import Row
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    ExternalReferenceInput,
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    UpsertInput,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Target, Write
from resolvers.entity.archive import archive, refuse_archived
from resolvers.entity.exported import external, holder, subject
from resolvers.entity.external import (
    forget_links,
    refer_externally,
    refuse_moved,
    upsert,
)
from resolvers.entity.holder import print_holder, read_holder
from resolvers.entity.line import BulkType
from resolvers.entity.member import differences, printable, read_members
from resolvers.entity.subject import hold_subject, read_subject
from runtime.events import Change
from schema import check
from schema.entity import SUBJECTS, entity_of
from schema.member import Member
from schema.portfolio.status_update import StatusUpdate

_ABOUT = Member("subject_id", kinds=SUBJECTS, nullable=False)
_MEMBERS = (
    Member("status", nullable=False),
    Member("body", check.text, private=True),
)

_INSERT = """
insert into status_update (tenant_id, id, created_at, updated_at, subject_id, author_person_id,
                           author_service_account_id, reported_at, status, body)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)
"""
_SHOW_LATEST = """
insert into subject_report (tenant_id, subject_id, latest_status_update_id, reported_status, reported_at)
select $1, $2, u.id, u.status, u.reported_at from (select) as one left join lateral (
  select id, status, reported_at from status_update
  where tenant_id = $1 and subject_id = $2 and archived_at is null
  order by reported_at desc nulls last, id desc limit 1) u on true
on conflict (tenant_id, subject_id) do update set latest_status_update_id = excluded.latest_status_update_id,
  reported_status = excluded.reported_status, reported_at = excluded.reported_at
"""
_SETTLE = "select * from settle_divergence(array[$1::uuid], $2)"


_SUBJECT = "What it is about: the organization, a portfolio, a product or an initiative."
_STATUS = "Status as you see it; it weighs nothing in the score."
_BODY = "What there is to say, in Markdown, at most 20,000 characters; null: nothing."
_AUTHOR = (
    "Person or service account that reports; null: for a new report, the holder of the key. "
    "Another than the holder needs scope ADMIN."
)
_REPORTED_AT = "Instant of the report, not in the future; null: for a new report, now. It needs scope ADMIN."


@strawberry.input(description="A new status update.")
class StatusUpdateCreateInput(Retryable):
    subject_id: strawberry.ID = required(_SUBJECT)
    status: ReportedStatus = required(_STATUS)
    body: str | None = optional(_BODY)
    author_id: strawberry.ID | None = optional(_AUTHOR)
    reported_at: datetime | None = optional(_REPORTED_AT)
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(
    description="A status update by its name in another system: made if there is none. One that is there stays as it "
    "was reported, and another content is refused; a new one needs subjectId and status."
)
class StatusUpdateUpsertInput(UpsertInput):
    subject_id: strawberry.ID | None = optional(_SUBJECT)
    status: ReportedStatus | None = optional(_STATUS)
    body: str | None = optional(_BODY)
    author_id: strawberry.ID | None = optional(_AUTHOR)
    reported_at: datetime | None = optional(_REPORTED_AT)


@strawberry.type(description="Answer to a status update, or to its retraction.")
class StatusUpdatePayload(Payload):
    status_update: StatusUpdate | None = entity_field("Status update as it is now")


@mutation(StatusUpdatePayload)
async def status_update_create(write: Write, input: StatusUpdateCreateInput) -> Outcome:
    """Report the status of a subject. Where it differs from what is measured, it is shown."""
    return _answer(await _insert(write, input))


@mutation(StatusUpdatePayload)
async def status_update_upsert(write: Write, input: StatusUpdateUpsertInput) -> Outcome:
    """Report the status of a subject once under the name that another system gives the report."""
    return _answer(await upsert(write, "STATUS_UPDATE", input, _insert, _refuse_change))


@mutation(StatusUpdatePayload)
async def status_update_archive(write: Write, input: NodeInput) -> Outcome:
    """Retract a status update: the one before it is the latest again. Its external links are removed.
    Safe to repeat."""
    row = await write.find_for_change("STATUS_UPDATE", "statusUpdate", input)
    target = _target(row["id"], row["subject_id"], row["home_id"])
    if await archive(write, target, row):
        await _show(write, row["subject_id"])
    await forget_links(write, target)
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    subject = await read_subject(write, input.subject_id)
    author = await read_holder(write, input.author_id, "authorId")
    reported_at = _reported_at(write, input.reported_at)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, subject["id"], *author, reported_at, *values.values())
    target = _target(id, subject["id"], subject["home_id"])
    changes = [
        Change("subjectId", None, input.subject_id),
        *differences(_MEMBERS, None, values),
        Change("authorId", None, print_holder(author)),
        Change("reportedAt", None, printable(reported_at)),
    ]
    write.record("STATUS_UPDATE_CREATED", target, changes)
    await refer_externally(write, target, input.external)
    await _show(write, subject["id"])
    return id


async def _refuse_change(write: Write, row: Row, input: Any) -> None:
    refuse_archived(entity_of(StatusUpdate), row)
    await refuse_moved(write, "STATUS_UPDATE", row, input, (_ABOUT,))
    if differences(_MEMBERS, row, await read_members(write, _MEMBERS, input, row)) or _is_moved(row, input):
        message = "A status update stays as it was reported; report anew, under another name."
        raise reject(UserErrorCode.CONFLICT, message, "external")


def _is_moved(row: Row, input: Any) -> bool:
    """Whether another author, or another instant, is named than the report has."""
    author_id = print_holder((row["author_person_id"], row["author_service_account_id"]))
    if input.author_id not in (None, strawberry.UNSET, author_id):
        return True
    return input.reported_at not in (None, strawberry.UNSET, row["reported_at"])


def _reported_at(write: Write, given: Any) -> datetime:
    """Null or absent: now. Raises FORBIDDEN without scope ADMIN, INVALID for what is in the future or before 1900."""
    if given in (None, strawberry.UNSET):
        return write.now
    if Scope.ADMIN not in write.viewer.scopes:
        raise reject(
            UserErrorCode.FORBIDDEN, "Another instant than now needs an API key with scope ADMIN.", "reportedAt"
        )
    try:
        # A moment ahead, it would stand above what is reported until then.
        return check.observed(write.now, timedelta(0))(given)
    except ValueError as error:
        raise reject(UserErrorCode.INVALID, str(error), "reportedAt") from None


async def _show(write: Write, subject_id: UUID) -> None:
    """Keeps the latest report on the subject and tells of a divergence that began or ended. The worker is told, because
    time alone makes a report stale."""
    # A statement of its own: the next one then sees what an update made at the same time has written.
    await hold_subject(write, subject_id)
    await write.execute(_SHOW_LATEST, subject_id)
    for row in await write.connection.fetch(_SETTLE, subject_id, write.now):
        type = "HEALTH_CONVERGED" if row["divergence_after"] is None else "HEALTH_DIVERGED"
        change = Change("divergence", row["divergence_before"], row["divergence_after"])
        target = Target(row["node_kind"], subject_id, subject_id=subject_id, portfolio_id=row["node_portfolio_id"])
        write.record(type, target, [change])
    write.mark(subject_id)


def _target(id: UUID, subject_id: UUID, home_id: UUID | None) -> Target:
    return Target("STATUS_UPDATE", id, subject_id=subject_id, portfolio_id=home_id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"statusUpdate": ("STATUS_UPDATE", id)})


# The latest first: those that follow change nothing of what is shown.
_STATUS_UPDATE = f"""
select 'statusUpdate' as type, s.name as subject, h.name as author, x.reported_at as "reportedAt", x.status, x.body,
       {external("STATUS_UPDATE")}
from status_update x {subject()} {holder("author_person_id", "author_service_account_id")}
where x.tenant_id = $1 and x.archived_at is null
order by s.place, s.key, x.reported_at desc, x.id
"""

LINES = BulkType(
    "statusUpdate",
    "STATUS_UPDATE",
    "statusUpdateCreate",
    None,
    _STATUS_UPDATE,
    identity=("subjectId", "authorId", "reportedAt"),
    kinds={"subjectId": SUBJECTS, "authorId": ("PERSON", "SERVICE_ACCOUNT")},
    needed=("authorId", "reportedAt"),
    match="x.subject_id = $2 and coalesce(x.author_person_id, x.author_service_account_id) = $3 and x.reported_at = $4",
    where="x.archived_at is null",
)
