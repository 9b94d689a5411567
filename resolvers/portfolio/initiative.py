"""How initiatives change."""

from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import InitiativeState
from resolvers.engine.archive import archive, refuse_archived, refuse_archived_above, restore
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
from resolvers.portfolio.initiative_product import InitiativeProductInput, change_products, mark_products
from runtime.events import Change as FieldChange
from schema import check
from schema.portfolio.initiative import Initiative

_MEMBERS = (
    Member("key", check.key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
    Member("description", check.text, private=True),
    Member("portfolio_id", kind="PORTFOLIO", nullable=False),
    Member("owner_id", kind="PERSON"),
    Member("state", default=InitiativeState.PROPOSED, nullable=False),
    Member("start_on", check.day),
    Member("target_on", check.day),
)
linkable("INITIATIVE", _MEMBERS, "products", "labels", "customFields", subject="id")
_WEIGHS_IN_HEALTH = ("portfolio_id", "state", "start_on", "target_on")

_INSERT = """
with subject as (insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, 'INITIATIVE', $7))
insert into initiative (tenant_id, id, created_at, updated_at, key, name, description, portfolio_id, owner_id, state,
                        start_on, target_on)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_UPDATE = """
with moved as (update subject set portfolio_id = $7 where tenant_id = $1 and id = $2 and portfolio_id <> $7)
update initiative set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, portfolio_id = $7,
                      owner_id = $8, state = $9, start_on = $10, target_on = $11
where tenant_id = $1 and id = $2
"""


@strawberry.input
class _InitiativeInput:
    description: str | None = optional(
        "What the initiative is for, in Markdown, at most 20,000 characters; null: nothing."
    )
    owner_id: strawberry.ID | None = optional("Person who answers for the initiative; null: nobody.")
    state: InitiativeState | None = optional("State of the work; a new initiative: PROPOSED.")
    start_on: date | None = optional("First day of the work; null: not planned.")
    target_on: date | None = optional("Day by which it should be finished, not before startOn; null: not planned.")
    products: list[InitiativeProductInput] | None = optional(
        "Products that it works on, at most 250, in place of those before; null: none."
    )


@strawberry.input
class _InitiativeChanges(_InitiativeInput):
    key: str | None = optional(check.KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")
    portfolio_id: strawberry.ID | None = optional("Home portfolio.")


@strawberry.input(description="A new initiative.")
class InitiativeCreateInput(_InitiativeInput, Retryable):
    key: str = required(check.KEY)
    name: str = required("Display name, 1 to 200 characters.")
    portfolio_id: strawberry.ID = required("Home portfolio.")
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of an initiative: an absent member stays, null clears.")
class InitiativeUpdateInput(_InitiativeChanges, NodeInput):
    pass


@strawberry.input(
    description="An initiative by its name in another system: made if there is none, else changed. "
    "An absent member stays as it is, null clears; a new one needs key, name and portfolioId."
)
class InitiativeUpsertInput(_InitiativeChanges, UpsertInput):
    pass


@strawberry.type(description="Answer to a change of an initiative.")
class InitiativePayload(Payload):
    initiative: Initiative | None = entity_field("Initiative as it is now")


@mutation(InitiativePayload)
async def initiative_create(write: Write, input: InitiativeCreateInput) -> Outcome:
    """Add an initiative to a portfolio, with the products that it works on."""
    return _answer(await _insert(write, input))


@mutation(InitiativePayload)
async def initiative_update(write: Write, input: InitiativeUpdateInput) -> Outcome:
    """Change an initiative, or move it to another portfolio or other products."""
    row = await write.find_for_change("INITIATIVE", "initiative", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(InitiativePayload)
async def initiative_upsert(write: Write, input: InitiativeUpsertInput) -> Outcome:
    """Make or change an initiative by the name that another system gives it."""
    return _answer(await upsert(write, "INITIATIVE", input, _insert, _change))


@mutation(InitiativePayload)
async def initiative_archive(write: Write, input: NodeInput) -> Outcome:
    """Take an initiative out of lists and out of its products' health. Safe to repeat."""
    row = await write.find_for_change("INITIATIVE", "initiative", input)
    if await archive(write, _target(row["id"], row["portfolio_id"]), row):
        await _mark(write, row["id"], row["portfolio_id"])
    return _answer(row["id"])


@mutation(InitiativePayload)
async def initiative_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived initiative. Safe to repeat."""
    row = await write.find_for_change("INITIATIVE", "initiative", input)
    await refuse_archived_above(write, "INITIATIVE", "PORTFOLIO", row["portfolio_id"])
    if await restore(write, _target(row["id"], row["portfolio_id"]), row):
        await _mark(write, row["id"], row["portfolio_id"])
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    _refuse_order(values)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    linked = await _link(write, id, input)
    changes = [*differences(_MEMBERS, None, values), *linked]
    target = _target(id, values["portfolio_id"])
    write.record("INITIATIVE_CREATED", target, changes)
    await refer_externally(write, target, input.external)
    write.mark(id, values["portfolio_id"])
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("INITIATIVE", row)
    values = await read_members(write, _MEMBERS, input, row)
    _refuse_order(values)
    linked = await _link(write, row["id"], input)
    changes = [*differences(_MEMBERS, row, values), *linked]
    if not changes:
        return
    await write.execute(_UPDATE, row["id"], write.now, *values.values())
    write.record("INITIATIVE_UPDATED", _target(row["id"], values["portfolio_id"]), changes)
    if linked or any(row[column] != values[column] for column in _WEIGHS_IN_HEALTH):
        await _mark(write, row["id"], row["portfolio_id"], values["portfolio_id"])


async def _link(write: Write, id: UUID, input: Any) -> list[FieldChange]:
    if input.products is strawberry.UNSET:
        return []
    return await change_products(write, id, input.products)


async def _mark(write: Write, id: UUID, *portfolio_ids: UUID) -> None:
    write.mark(id, *portfolio_ids)
    await mark_products(write, id)


def _refuse_order(values: dict[str, Any]) -> None:
    start_on, target_on = values["start_on"], values["target_on"]
    if start_on is not None and target_on is not None and target_on < start_on:
        message = f"The target day is before the first day, {start_on}."
        raise reject(UserErrorCode.INVALID, message, "targetOn")


def _target(id: UUID, portfolio_id: UUID) -> Target:
    return Target("INITIATIVE", id, subject_id=id, portfolio_id=portfolio_id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"initiative": ("INITIATIVE", id)})
