"""What is special when initiatives change: the products that they work on, and the order of their days."""

from collections.abc import Sequence
from typing import Any

import strawberry

from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.entity.change import Hooks
from resolvers.portfolio.initiative_product import change_products, mark_products
from runtime.events import Change


async def _refuse(_: Write, __: Row | None, after: Row) -> None:
    start_on, target_on = after["start_on"], after["target_on"]
    if start_on is not None and target_on is not None and target_on < start_on:
        message = f"The target day is before the first day, {start_on}."
        raise reject(UserErrorCode.INVALID, message, "targetOn")


async def _store(write: Write, row: Row, _: Row | None, input: Any) -> Sequence[Change]:
    if input.products is strawberry.UNSET:
        return ()
    return await change_products(write, row["id"], input.products)


async def _mark(write: Write, row: Row, _: Row | None) -> None:
    await mark_products(write, row["id"])


HOOKS = Hooks(refuse=_refuse, store=_store, mark=_mark)
