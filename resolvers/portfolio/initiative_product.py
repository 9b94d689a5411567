"""Which products an initiative works on, and how much it weighs in each."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import strawberry

from portfolio.identity import parse_id, print_id
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from runtime.events import Change
from schema import check
from schema.portfolio.initiative import InitiativeProductInput

Links = Mapping[UUID, int]

# Links to products outside the viewer's portfolios are neither seen nor touched.
_GRANTED = """($3::uuid[] is null or p.portfolio_id in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)))"""
_VISIBLE_LINKS = f"""
select l.product_id, l.importance from initiative_product l
join product p on p.tenant_id = l.tenant_id and p.id = l.product_id
where l.tenant_id = $1 and l.initiative_id = $2 and {_GRANTED}
"""
_PRODUCTS = f"""
select p.id, p.archived_at from product p
where p.tenant_id = $1 and p.id = any ($2::uuid[]) and {_GRANTED} order by p.id for key share of p
"""
_EVERY_PRODUCT = "select product_id from initiative_product where tenant_id = $1 and initiative_id = $2"
_UNLINK = """
delete from initiative_product where tenant_id = $1 and initiative_id = $2 and product_id = any ($3::uuid[])
"""
_LINK = """
insert into initiative_product (tenant_id, initiative_id, product_id, importance)
select $1::uuid, $2::uuid, l.product_id, l.importance
from unnest($3::uuid[], $4::integer[]) as l (product_id, importance)
on conflict (tenant_id, initiative_id, product_id) do update set importance = excluded.importance
"""


async def change_products(
    write: Write, initiative_id: UUID, given: list[InitiativeProductInput] | None
) -> list[Change]:
    """Makes the links those given, null: none. Empty: they were so already."""
    visible = (write.tenant_id, initiative_id, write.granted)
    found = await write.connection.fetch(_VISIBLE_LINKS, *visible)
    before = {row["product_id"]: row["importance"] for row in found}
    after = await _read(write, given or [], before)
    if before == after:
        return []
    await write.execute(_UNLINK, initiative_id, sorted(before.keys() - after.keys()))
    await write.execute(_LINK, initiative_id, list(after), list(after.values()))
    write.mark_all(before.keys() | after.keys())
    return [Change("products", _tell(before), _tell(after))]


async def mark_products(write: Write, initiative_id: UUID) -> None:
    """Those outside the viewer's portfolios included: their health rests on the initiative too."""
    rows = await write.connection.fetch(_EVERY_PRODUCT, write.tenant_id, initiative_id)
    write.mark_all(row["product_id"] for row in rows)


async def _read(write: Write, given: list[InitiativeProductInput], before: Links) -> dict[UUID, int]:
    if len(given) > check.MOST_ITEMS:
        message = f"An initiative works on at most {check.MOST_ITEMS} products."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message, "products")
    ids = [_product_id(item.product_id) for item in given]
    found = await write.connection.fetch(_PRODUCTS, write.tenant_id, ids, write.granted)
    archived = {row["id"]: row["archived_at"] is not None for row in found}
    links: dict[UUID, int] = {}
    for index, (id, item) in enumerate(zip(ids, given, strict=True)):
        path = ("products", str(index))
        if id is None or id not in archived:
            raise reject(UserErrorCode.NOT_FOUND, "There is no such product.", *path)
        if archived[id] and id not in before:
            raise reject(UserErrorCode.ARCHIVED, "That product is archived.", *path)
        if id in links:
            raise reject(UserErrorCode.INVALID, "That product is named twice.", *path)
        links[id] = _importance(item.importance, path)
    return links


def _product_id(public_id: str) -> UUID | None:
    parsed = parse_id(public_id)
    return parsed[1] if parsed and parsed[0] == "PRODUCT" else None


def _importance(given: Any, path: tuple[str, str]) -> int:
    if given in (None, strawberry.UNSET):
        return 100
    try:
        return check.whole(1, 1000)(given)
    except ValueError as error:
        raise reject(UserErrorCode.INVALID, str(error), *path, "importance") from None


def _tell(links: Links) -> list[dict[str, Any]]:
    return [
        {"productId": print_id("PRODUCT", id), "importance": importance} for id, importance in sorted(links.items())
    ]
