"""How portfolios change: a tree, whose closure is kept with every change."""

from typing import Any
from uuid import UUID

import strawberry

from portfolio.identity import print_id
from resolvers.engine.archive import archive, refuse_archived, refuse_archived_above, refuse_content, restore
from resolvers.engine.external import ExternalReferenceInput, UpsertInput, linkable, refer_externally, upsert
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
from resolvers.portfolio.tree import hold_tree, is_below, move, plant
from schema import check
from schema.portfolio.portfolio import Portfolio

_MEMBERS = (
    Member("key", check.key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
    Member("description", check.text, private=True),
    Member("parent_id", kind="PORTFOLIO"),
    Member("owner_id", kind="PERSON"),
    Member("importance", check.whole(1, 1000), default=100, nullable=False),
)
linkable("PORTFOLIO", _MEMBERS, subject="id")

_INSERT = """
with subject as (insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, 'PORTFOLIO', $2))
insert into portfolio (tenant_id, id, created_at, updated_at, key, name, description, parent_id, owner_id, importance)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)
"""
_UPDATE = """
update portfolio set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, parent_id = $7,
                     owner_id = $8, importance = $9
where tenant_id = $1 and id = $2
"""
_CONTENT = """
select
  (select count(*) from portfolio x
   where x.tenant_id = $1 and x.parent_id = $2 and x.archived_at is null) as portfolio,
  (select count(*) from product x
   where x.tenant_id = $1 and x.portfolio_id = $2 and x.archived_at is null) as product,
  (select count(*) from initiative x
   where x.tenant_id = $1 and x.portfolio_id = $2 and x.archived_at is null) as initiative
"""


@strawberry.input
class _PortfolioInput:
    description: str | None = optional(
        "What the portfolio is for, in Markdown, at most 20,000 characters; null: nothing."
    )
    parent_id: strawberry.ID | None = optional("Portfolio above; null: at the top.")
    owner_id: strawberry.ID | None = optional("Person who answers for the portfolio; null: nobody.")
    importance: int | None = optional("Weight in its parent's health, 1 to 1000; a new portfolio: 100.")


@strawberry.input
class _PortfolioChanges(_PortfolioInput):
    key: str | None = optional(check.KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")


@strawberry.input(description="A new portfolio.")
class PortfolioCreateInput(_PortfolioInput, Retryable):
    key: str = required(check.KEY)
    name: str = required("Display name, 1 to 200 characters.")
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of a portfolio: an absent member stays, null clears.")
class PortfolioUpdateInput(_PortfolioChanges, NodeInput):
    pass


@strawberry.input(
    description="A portfolio by its name in another system: made if there is none, else changed. "
    "An absent member stays as it is, null clears; a new portfolio needs key and name."
)
class PortfolioUpsertInput(_PortfolioChanges, UpsertInput):
    pass


@strawberry.type(description="Answer to a change of a portfolio.")
class PortfolioPayload(Payload):
    portfolio: Portfolio | None = entity_field("Portfolio as it is now")


@mutation(PortfolioPayload)
async def portfolio_create(write: Write, input: PortfolioCreateInput) -> Outcome:
    """Add a portfolio, at the top or below another one."""
    await hold_tree(write)
    return _answer(await _insert(write, input))


@mutation(PortfolioPayload)
async def portfolio_update(write: Write, input: PortfolioUpdateInput) -> Outcome:
    """Change a portfolio, or move it with all that lies below it."""
    await hold_tree(write)
    row = await write.find_for_change("PORTFOLIO", "portfolio", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(PortfolioPayload)
async def portfolio_upsert(write: Write, input: PortfolioUpsertInput) -> Outcome:
    """Make or change a portfolio by the name that another system gives it."""
    await hold_tree(write)
    return _answer(await upsert(write, "PORTFOLIO", input, _insert, _change))


@mutation(PortfolioPayload)
async def portfolio_archive(write: Write, input: NodeInput) -> Outcome:
    """Take an empty portfolio out of lists and out of its parent's health. Safe to repeat."""
    await hold_tree(write)
    row = await write.find_for_change("PORTFOLIO", "portfolio", input)
    await refuse_content(write, _CONTENT, row["id"])
    if await archive(write, _target(row["id"]), row):
        write.mark(row["id"], row["parent_id"])
    return _answer(row["id"])


@mutation(PortfolioPayload)
async def portfolio_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived portfolio. Safe to repeat."""
    await hold_tree(write)
    row = await write.find_for_change("PORTFOLIO", "portfolio", input)
    await refuse_archived_above(write, "PORTFOLIO", "PORTFOLIO", row["parent_id"])
    if await restore(write, _target(row["id"]), row):
        write.mark(row["id"], row["parent_id"])
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    if values["parent_id"] is None and write.granted is not None:
        raise _outside_grants()
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    await plant(write, id, values["parent_id"])
    write.record("PORTFOLIO_CREATED", _target(id), differences(_MEMBERS, None, values))
    await refer_externally(write, _target(id), input.external)
    write.mark(id, values["parent_id"])
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("PORTFOLIO", row)
    values = await read_members(write, _MEMBERS, input, row)
    changes = differences(_MEMBERS, row, values)
    if not changes:
        return
    if row["parent_id"] != values["parent_id"]:
        await _move(write, row, values["parent_id"])
    await write.execute(_UPDATE, row["id"], write.now, *values.values())
    write.record("PORTFOLIO_UPDATED", _target(row["id"]), changes)
    if any(row[column] != values[column] for column in ("parent_id", "importance")):
        write.mark(row["id"], row["parent_id"], values["parent_id"])


async def _move(write: Write, row: Row, parent_id: UUID | None) -> None:
    """A limited key may move a portfolio only between two that it sees."""
    if parent_id is not None and await is_below(write, parent_id, row["id"]):
        message = "A portfolio cannot lie below itself."
        raise reject(UserErrorCode.CYCLE, message, "parentId")
    if write.granted is not None and not await _sees_both(write, row["parent_id"], parent_id):
        raise _outside_grants()
    await move(write, row["id"], parent_id)


async def _sees_both(write: Write, before: UUID | None, after: UUID | None) -> bool:
    if before is None or after is None:
        return False
    return await write.refer("PORTFOLIO", print_id("PORTFOLIO", before)) is not None


def _outside_grants() -> Exception:
    message = "This key is limited to portfolios: it changes what lies below them, not beside."
    return reject(UserErrorCode.FORBIDDEN, message, "parentId")


def _target(id: UUID) -> Target:
    return Target("PORTFOLIO", id, subject_id=id, portfolio_id=id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"portfolio": ("PORTFOLIO", id)})
