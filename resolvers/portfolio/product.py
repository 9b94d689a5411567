"""How products change."""

from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import LifecycleStage, ProductTier
from resolvers.engine.archive import archive, refuse_archived, refuse_archived_above, restore
from resolvers.engine.external import ExternalReferenceInput, UpsertInput, linkable, refer_externally, upsert
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    entity_field,
    optional,
    required,
)
from resolvers.engine.session import Row, Target, Write
from schema import check
from schema.portfolio.product import Product

_MEMBERS = (
    Member("key", check.key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
    Member("description", check.text, private=True),
    Member("portfolio_id", kind="PORTFOLIO", nullable=False),
    Member("owner_id", kind="PERSON"),
    Member("lifecycle_stage", default=LifecycleStage.IDEA, nullable=False),
    Member("tier", default=ProductTier.TIER_3, nullable=False),
    Member("importance", check.whole(1, 1000), default=100, nullable=False),
)
linkable("PRODUCT", _MEMBERS, "labels", "customFields", subject="id")
_WEIGHS_IN_HEALTH = ("portfolio_id", "lifecycle_stage", "importance")

_INSERT = """
with subject as (insert into subject (tenant_id, id, kind, portfolio_id) values ($1, $2, 'PRODUCT', $7))
insert into product (tenant_id, id, created_at, updated_at, key, name, description, portfolio_id, owner_id,
                     lifecycle_stage, tier, importance)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_UPDATE = """
with moved as (update subject set portfolio_id = $7 where tenant_id = $1 and id = $2 and portfolio_id <> $7)
update product set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, portfolio_id = $7,
                   owner_id = $8, lifecycle_stage = $9, tier = $10, importance = $11
where tenant_id = $1 and id = $2
"""


@strawberry.input
class _ProductInput:
    description: str | None = optional(
        "What the product is for, in Markdown, at most 20,000 characters; null: nothing."
    )
    owner_id: strawberry.ID | None = optional("Person who answers for the product; null: nobody.")
    lifecycle_stage: LifecycleStage | None = optional("Stage of its life; a new product: IDEA.")
    tier: ProductTier | None = optional("How critical it is to the business, a label; a new product: TIER_3.")
    importance: int | None = optional("Weight in its portfolio's health, 1 to 1000; a new product: 100.")


@strawberry.input
class _ProductChanges(_ProductInput):
    key: str | None = optional(check.KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")
    portfolio_id: strawberry.ID | None = optional("Home portfolio.")


@strawberry.input(description="A new product.")
class ProductCreateInput(_ProductInput, Retryable):
    key: str = required(check.KEY)
    name: str = required("Display name, 1 to 200 characters.")
    portfolio_id: strawberry.ID = required("Home portfolio.")
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of a product: an absent member stays, null clears.")
class ProductUpdateInput(_ProductChanges, NodeInput):
    pass


@strawberry.input(
    description="A product by its name in another system: made if there is none, else changed. An "
    "absent member stays as it is, null clears; a new product needs key, name and portfolioId."
)
class ProductUpsertInput(_ProductChanges, UpsertInput):
    pass


@strawberry.type(description="Answer to a change of a product.")
class ProductPayload(Payload):
    product: Product | None = entity_field("Product as it is now")


@mutation(ProductPayload)
async def product_create(write: Write, input: ProductCreateInput) -> Outcome:
    """Add a product to a portfolio."""
    return _answer(await _insert(write, input))


@mutation(ProductPayload)
async def product_update(write: Write, input: ProductUpdateInput) -> Outcome:
    """Change a product, or move it to another portfolio."""
    row = await write.find_for_change("PRODUCT", "product", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(ProductPayload)
async def product_upsert(write: Write, input: ProductUpsertInput) -> Outcome:
    """Make or change a product by the name that another system gives it."""
    return _answer(await upsert(write, "PRODUCT", input, _insert, _change))


@mutation(ProductPayload)
async def product_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a product out of lists and out of its portfolio's health. Safe to repeat."""
    row = await write.find_for_change("PRODUCT", "product", input)
    if await archive(write, _target(row["id"], row["portfolio_id"]), row):
        write.mark(row["id"], row["portfolio_id"])
    return _answer(row["id"])


@mutation(ProductPayload)
async def product_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived product. Safe to repeat."""
    row = await write.find_for_change("PRODUCT", "product", input)
    await refuse_archived_above(write, "PRODUCT", "PORTFOLIO", row["portfolio_id"])
    if await restore(write, _target(row["id"], row["portfolio_id"]), row):
        write.mark(row["id"], row["portfolio_id"])
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    target = _target(id, values["portfolio_id"])
    write.record("PRODUCT_CREATED", target, differences(_MEMBERS, None, values))
    await refer_externally(write, target, input.external)
    write.mark(id, values["portfolio_id"])
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("PRODUCT", row)
    values = await read_members(write, _MEMBERS, input, row)
    changes = differences(_MEMBERS, row, values)
    if not changes:
        return
    await write.execute(_UPDATE, row["id"], write.now, *values.values())
    write.record("PRODUCT_UPDATED", _target(row["id"], values["portfolio_id"]), changes)
    if any(row[column] != values[column] for column in _WEIGHS_IN_HEALTH):
        write.mark(row["id"], row["portfolio_id"], values["portfolio_id"])


def _target(id: UUID, portfolio_id: UUID) -> Target:
    return Target("PRODUCT", id, subject_id=id, portfolio_id=portfolio_id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"product": ("PRODUCT", id)})
