"""How dependencies between initiatives change: no circle of them may come about."""

from typing import Any
from uuid import UUID

import strawberry

from resolvers.engine.archive import archive
from resolvers.engine.external import (
    ExternalReferenceInput,
    UpsertInput,
    forget_links,
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
from schema.portfolio.dependency import Dependency

_NOTE = Member("note", check.text, private=True)
_MEMBERS = (
    Member("blocker_id", kind="INITIATIVE", nullable=False),
    Member("blocked_id", kind="INITIATIVE", nullable=False),
    _NOTE,
)
linkable("DEPENDENCY", (_NOTE,), subject="blocked_id")

_LIVE = """
select id from dependency where tenant_id = $1 and blocker_id = $2 and blocked_id = $3 and archived_at is null
"""
# From the blocked one on along what waits for it: if that reaches the blocker, its keys are the circle. A key that the
# viewer may not see ($4: granted portfolios) is told as null.
_CIRCLE = """
with recursive path as (
  select $3::uuid as id, array[$3::uuid] as ids
  union all
  select d.blocked_id, p.ids || d.blocked_id from path p
  join dependency d on d.tenant_id = $1 and d.blocker_id = p.id and d.archived_at is null
  where d.blocked_id <> all (p.ids)
), found as (
  select ids from path where id = $2 order by array_length(ids, 1), ids limit 1
)
select array(
  select case when $4::uuid[] is null or i.portfolio_id in (
    select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($4)) then i.key end
  from unnest($2 || f.ids) with ordinality as step (id, place)
  join initiative i on i.tenant_id = $1 and i.id = step.id order by step.place)
from found f
"""
_INSERT = """
insert into dependency (tenant_id, id, created_at, updated_at, blocker_id, blocked_id, note)
values ($1, $2, $3, $3, $4, $5, $6)
"""
_UPDATE = "update dependency set version = version + 1, updated_at = $3, note = $4 where tenant_id = $1 and id = $2"
_HOME = "select portfolio_id from initiative where tenant_id = $1 and id = $2"


@strawberry.input(description="A new dependency.")
class DependencyCreateInput(Retryable):
    blocker_id: strawberry.ID = required("Initiative that must be finished first.")
    blocked_id: strawberry.ID = required("Initiative that waits for it.")
    note: str | None = optional("Why it is so, at most 20,000 characters; null: not said.")
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of a dependency: an absent member stays, null clears.")
class DependencyUpdateInput(NodeInput):
    note: str | None = optional("Why it is so, at most 20,000 characters; null: not said.")


@strawberry.input(
    description="A dependency by its name in another system: made if there is none, else changed. An absent member "
    "stays as it is, null clears; a new dependency needs blockerId and blockedId, which stay the same for ever."
)
class DependencyUpsertInput(UpsertInput):
    blocker_id: strawberry.ID | None = optional("Initiative that must be finished first.")
    blocked_id: strawberry.ID | None = optional("Initiative that waits for it.")
    note: str | None = optional("Why it is so, at most 20,000 characters; null: not said.")


@strawberry.type(description="Answer to a change of a dependency.")
class DependencyPayload(Payload):
    dependency: Dependency | None = entity_field("Dependency as it is now")


@mutation(DependencyPayload)
async def dependency_create(write: Write, input: DependencyCreateInput) -> Outcome:
    """Let an initiative wait for another. Refused where they would wait for each other in a circle.
    Safe to repeat: the same dependency is kept once, with the note that came last."""
    await write.hold("dependencies")  # two made at once could close a circle
    return _answer(await _insert(write, input))


@mutation(DependencyPayload)
async def dependency_update(write: Write, input: DependencyUpdateInput) -> Outcome:
    """Change what is said of a dependency."""
    row = await write.find_for_change("DEPENDENCY", "dependency", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(DependencyPayload)
async def dependency_upsert(write: Write, input: DependencyUpsertInput) -> Outcome:
    """Make or change a dependency by the name that another system gives it."""
    await write.hold("dependencies")  # two made at once could close a circle
    return _answer(await upsert(write, "DEPENDENCY", input, _insert, _change))


@mutation(DependencyPayload)
async def dependency_archive(write: Write, input: NodeInput) -> Outcome:
    """End a dependency; to have it again, make it anew. Its external links are removed. Safe to repeat."""
    await write.hold("dependencies")  # nobody names it meanwhile
    row = await write.find_for_change("DEPENDENCY", "dependency", input)
    await archive(write, _target_of(row), row)
    await forget_links(write, _target_of(row))
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    blocker_id, blocked_id = values["blocker_id"], values["blocked_id"]
    home_id = await write.connection.fetchval(_HOME, write.tenant_id, blocked_id)
    live: UUID | None = await write.connection.fetchval(_LIVE, write.tenant_id, blocker_id, blocked_id)
    row = None if live is None else await write.lock("DEPENDENCY", live)
    if row is not None:
        id = row["id"]
        await _change(write, row, input)
    else:
        await _refuse_circle(write, blocker_id, blocked_id)
        id = write.new_id()
        await write.execute(_INSERT, id, write.now, *values.values())
        changes = differences(_MEMBERS, None, values)
        write.record("DEPENDENCY_CREATED", _target(id, blocked_id, home_id), changes)
    await refer_externally(write, _target(id, blocked_id, home_id), input.external)
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    if row["archived_at"] is not None:
        raise reject(UserErrorCode.ARCHIVED, "This dependency has ended; make it anew.", "id")
    await refuse_moved(write, "DEPENDENCY", row, input, "blocker_id", "blocked_id")
    values = await read_members(write, (_NOTE,), input, row)
    changes = differences((_NOTE,), row, values)
    if changes:
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("DEPENDENCY_UPDATED", _target_of(row), changes)


async def _refuse_circle(write: Write, blocker_id: UUID, blocked_id: UUID) -> None:
    if blocker_id == blocked_id:
        raise reject(UserErrorCode.CYCLE, "An initiative cannot wait for itself.", "blockedId")
    keys = await write.connection.fetchval(_CIRCLE, write.tenant_id, blocker_id, blocked_id, write.granted)
    if keys is not None:
        path = " → ".join(key or "(outside your portfolios)" for key in keys)
        message = f"Initiatives would wait for each other in a circle: {path}. End one of these dependencies first."
        raise reject(UserErrorCode.CYCLE, message, "blockedId")


def _target_of(row: Row) -> Target:
    return _target(row["id"], row["blocked_id"], row["home_id"])


def _target(id: UUID, blocked_id: UUID, home_id: UUID | None) -> Target:
    """A dependency is about the initiative that waits."""
    return Target("DEPENDENCY", id, subject_id=blocked_id, portfolio_id=home_id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"dependency": ("DEPENDENCY", id)})
