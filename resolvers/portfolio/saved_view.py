"""How saved views change: by their owner alone, but an administrator may take away what is shared."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError, GraphQLInputType, GraphQLList, GraphQLNonNull, validate_input_value
from strawberry.schema.config import StrawberryConfig

from compiler.filter import DEPTH_LIMIT
from portfolio.enumerations import SavedViewEntity, Scope
from portfolio.identity import parse_id
from portfolio.row import Row
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
from resolvers.engine.session import Target, Write
from resolvers.entity.archive import archive, refuse_archived, restore
from resolvers.entity.exported import holder
from resolvers.entity.holder import print_holder, read_holder
from resolvers.entity.line import BulkType
from resolvers.entity.member import differences, read_members
from runtime.events import Change
from schema import check
from schema.entity import NAMED_IN_FILTERS, entity_of
from schema.measurement.kpi import KpiFilter, KpiOrder
from schema.member import Member
from schema.portfolio.initiative import InitiativeFilter, InitiativeOrder
from schema.portfolio.portfolio import PortfolioFilter, PortfolioOrder
from schema.portfolio.product import ProductFilter, ProductOrder
from schema.portfolio.saved_view import SavedView
from schema.scalars import JSON, SCALARS

_MOST_CHARACTERS = 16_000
_INPUTS = {
    SavedViewEntity.PORTFOLIO: (PortfolioFilter, PortfolioOrder),
    SavedViewEntity.PRODUCT: (ProductFilter, ProductOrder),
    SavedViewEntity.INITIATIVE: (InitiativeFilter, InitiativeOrder),
    SavedViewEntity.KPI: (KpiFilter, KpiOrder),
}


_MEMBERS = (
    Member("name", check.line(), nullable=False, private=True),
    Member("filter", check.json_text(_MOST_CHARACTERS), private=True),
    Member("order_by", check.json_text(_MOST_CHARACTERS), private=True),
)
_ENTITY = Member("entity", nullable=False)
_SHARED = Member("shared_at")
# Of a view that is nobody else's business, an event tells that it changed and whether it is shared.
_TOLD = (_ENTITY, _SHARED)

_FIND = """
select x.*, x.filter::text as filter, x.order_by::text as order_by from saved_view x
where x.tenant_id = $1 and x.id = $2 and (coalesce(x.person_id, x.service_account_id) = $3
  or ($4 and x.shared_at is not null)) for update of x
"""
_INSERT = """
insert into saved_view (tenant_id, id, created_at, updated_at, person_id, service_account_id, entity, name, filter,
                        order_by, shared_at)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8::text::jsonb, $9::text::jsonb, $10)
"""
_UPDATE = """
update saved_view set version = version + 1, updated_at = $3, name = $4, filter = $5::text::jsonb,
                      order_by = $6::text::jsonb, shared_at = $7
where tenant_id = $1 and id = $2
"""

_NAME = "Display name, 1 to 200 characters."
_FILTER = "Filter, as the `filter` of the entity's list; null: none."
_ORDER_BY = "Sort keys, as the `orderBy` of the entity's list; null: the default."


@strawberry.input(description="A new saved view.")
class SavedViewCreateInput(Retryable):
    name: str = required(_NAME)
    entity: SavedViewEntity = required("Kind of object that it lists, for ever.")
    filter: JSON | None = optional(_FILTER)
    order_by: JSON | None = optional(_ORDER_BY)
    is_shared: bool | None = optional("Whether others see it; a new view: false.")
    owner_id: strawberry.ID | None = optional(
        "Person or service account whose view it is; null: the holder of the key. Another than the holder needs scope "
        "ADMIN and a key that is not limited to portfolios, and a view that is shared."
    )


@strawberry.input(description="Changes of a saved view: an absent member stays, null clears.")
class SavedViewUpdateInput(NodeInput):
    name: str | None = optional(_NAME)
    filter: JSON | None = optional(_FILTER)
    order_by: JSON | None = optional(_ORDER_BY)
    is_shared: bool | None = optional("Whether others see it.")


@strawberry.type(description="Answer to a change of a saved view.")
class SavedViewPayload(Payload):
    saved_view: SavedView | None = entity_field("Saved view as it is now")


@mutation(SavedViewPayload)
async def saved_view_create(write: Write, input: SavedViewCreateInput) -> Outcome:
    """Save a filter and an order of a list. They are checked against that list."""
    values = await read_members(write, (_ENTITY, *_MEMBERS), input)
    _refuse_unfit(values["entity"], input)
    values["shared_at"] = _shared_at(write, None, input.is_shared)
    owner = await read_holder(write, input.owner_id, "ownerId")
    if owner != (write.viewer.person_id, write.viewer.service_account_id):
        _refuse_hidden(write, values)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *owner, *values.values())
    changes = [*differences(_TOLD, None, values), Change("ownerId", None, print_holder(owner))]
    write.record("SAVED_VIEW_CREATED", Target("SAVED_VIEW", id), changes)
    return _answer(id)


@mutation(SavedViewPayload)
async def saved_view_update(write: Write, input: SavedViewUpdateInput) -> Outcome:
    """Change a saved view of your own, share it or take it back."""
    row = await _find(write, input)
    refuse_archived(entity_of(SavedView), row)
    values = await read_members(write, _MEMBERS, input, row)
    _refuse_unfit(row["entity"], input)
    values["shared_at"] = _shared_at(write, row["shared_at"], input.is_shared)
    if differences((*_MEMBERS, _SHARED), row, values):
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("SAVED_VIEW_UPDATED", Target("SAVED_VIEW", row["id"]), differences((_SHARED,), row, values))
    return _answer(row["id"])


@mutation(SavedViewPayload)
async def saved_view_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a saved view of your own out of lists; with the scope ADMIN and an unlimited key, any shared one.
    Safe to repeat."""
    row = await _find(write, input, shared_too=_governs(write))
    await archive(write, Target("SAVED_VIEW", row["id"]), row)
    return _answer(row["id"])


@mutation(SavedViewPayload)
async def saved_view_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived view of your own; with the scope ADMIN and an unlimited key, any shared one.
    Safe to repeat."""
    row = await _find(write, input, shared_too=_governs(write))
    await restore(write, Target("SAVED_VIEW", row["id"]), row)
    return _answer(row["id"])


def _refuse_hidden(write: Write, values: dict[str, Any]) -> None:
    """A view for another is seen, so that it can be taken away again. Raises FORBIDDEN or INVALID."""
    if not _governs(write):
        raise reject(UserErrorCode.FORBIDDEN, "A view for another needs a key for the whole organization.", "ownerId")
    if values["shared_at"] is None:
        raise reject(UserErrorCode.INVALID, "A view that is saved for another is shared: isShared is true.", "isShared")


def _governs(write: Write) -> bool:
    """Whether the key orders what is everybody's."""
    return Scope.ADMIN in write.viewer.scopes and write.granted is None


async def _find(write: Write, input: Any, *, shared_too: bool = False) -> Row:
    """A view of the key's holder; another's is as if it were not there."""
    parsed = parse_id(input.id)
    known = parsed[1] if parsed and parsed[0] == "SAVED_VIEW" else None
    row = await write.connection.fetchrow(_FIND, write.tenant_id, known, write.viewer.holder_id, shared_too)
    return write.checked_version("SAVED_VIEW", "savedView", row, input.version)


def _shared_at(write: Write, before: datetime | None, given: Any) -> datetime | None:
    if given in (None, strawberry.UNSET) or given == (before is not None):
        return before
    return write.now if given else None


def _refuse_unfit(entity: str, input: Any) -> None:
    """Raises INVALID with what the entity's list has against filter or order."""
    filter_type, order_type = _input_types()[SavedViewEntity(entity)]
    for value, type_, path in ((input.filter, filter_type, "filter"), (input.order_by, order_type, "orderBy")):
        if value in (None, strawberry.UNSET):
            continue
        faults: list[str] = []
        validate_input_value(value, type_, lambda fault, at, found=faults: found.append(_located(fault, at)))
        if not faults and path == "filter" and _depth(value) > DEPTH_LIMIT:
            faults.append(f"Filters nest at most {DEPTH_LIMIT} deep.")
        if faults:
            raise reject(UserErrorCode.INVALID, faults[0], path)


def _depth(filter_: Any) -> int:
    """Of a filter that fits its type, as the list counts it: 1 without others in it."""
    if isinstance(filter_, list):
        return max(map(_depth, filter_), default=0)
    inner = [filter_[name] for name in ("and", "or", "not", "health") if filter_.get(name)]
    return 1 + max(map(_depth, inner), default=0)


def _located(fault: GraphQLError, at: list[str | int]) -> str:
    where = ".".join(str(step) for step in at)
    return f"At {where}: {fault.message}" if where else fault.message


@cache
def _input_types() -> dict[SavedViewEntity, tuple[GraphQLInputType, GraphQLInputType]]:
    """Of each entity's list: a schema of nothing but these inputs, made when the first view is saved."""
    names = [cls.__strawberry_definition__.name for pair in _INPUTS.values() for cls in pair]
    classes = [cls for pair in _INPUTS.values() for cls in pair]
    found = strawberry.Schema(
        query=_Nothing,
        types=classes,
        config=StrawberryConfig(scalar_map=SCALARS),
    )._schema.type_map
    types: list[Any] = [found[name] for name in names]
    return {
        entity: (types[2 * place], GraphQLList(GraphQLNonNull(types[2 * place + 1])))
        for place, entity in enumerate(_INPUTS)
    }


@strawberry.type
class _Nothing:
    nothing: bool


def _answer(id: UUID) -> Outcome:
    return Outcome({"savedView": ("SAVED_VIEW", id)})


_SAVED_VIEW = f"""
select 'savedView' as type, h.name as owner, x.entity, x.name, x.filter, x.order_by as "orderBy"
from saved_view x {holder("person_id", "service_account_id")}
where x.tenant_id = $1 and x.shared_at is not null and x.archived_at is null
order by h.place, h.key, x.entity, x.name, x.id
"""

LINES = BulkType(
    "savedView",
    "SAVED_VIEW",
    "savedViewCreate",
    None,
    _SAVED_VIEW,
    identity=("ownerId", "entity", "name", "filter", "orderBy"),
    needed=("ownerId",),
    match="coalesce(x.person_id, x.service_account_id) = $2 and x.entity = $3 and x.name = $4"
    " and x.filter is not distinct from $5::text::jsonb and x.order_by is not distinct from $6::text::jsonb",
    where="x.shared_at is not null and x.archived_at is null",
    kinds={"ownerId": ("PERSON", "SERVICE_ACCOUNT"), "filter": NAMED_IN_FILTERS},
    json=("filter", "orderBy"),
    always={"isShared": True},
    tenant_wide=True,
)
