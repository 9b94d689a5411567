"""Objects that a JSON value names, such as a saved view's filter: by id for us, as {"product": "CHURN"} in a line."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg
from strawberry.utils.str_converters import to_camel_case

from portfolio.identity import parse_id
from resolvers.bulk.names import Names
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.entity.exported import LIVE_KPI
from schema.entity import NAMED_IN_FILTERS

_MEMBER_OF_KIND = {kind: to_camel_case(kind.lower()) for kind in NAMED_IN_FILTERS}
_NAMES = " union all ".join(
    f"select '{kind}' as kind, n.id, n.{'name' if kind == 'LABEL' else 'key'} as name from {kind.lower()} n"
    f" where n.tenant_id = $1 and n.id = any ($2) and n.archived_at is null and {LIVE_KPI if kind == 'KPI' else 'true'}"
    for kind in NAMED_IN_FILTERS
    if kind != "ORGANIZATION"
)
# Each is looked up; a filter that is kept has room for fewer.
_MOST_NAMES = 1_000


async def with_ids_inside(names: Names, value: Any, path: tuple[str, ...]) -> Any:
    """Raises NOT_FOUND for a name that nothing has."""
    if sum(1 for item in _items(value) if _is_name(item)) > _MOST_NAMES:
        raise reject(UserErrorCode.LIMIT_EXCEEDED, f"This names more than {_MOST_NAMES} objects.", *path)
    return await _with_ids(names, value, path)


async def _with_ids(names: Names, value: Any, path: tuple[str, ...]) -> Any:
    if _is_name(value):
        return await names.known_id(NAMED_IN_FILTERS, value, path)
    if isinstance(value, dict):
        return {member: await _with_ids(names, item, path) for member, item in value.items()}
    if isinstance(value, list):
        return [await _with_ids(names, item, path) for item in value]
    return value


async def with_names_inside(connection: asyncpg.Connection, tenant_id: UUID, value: Any) -> Any:
    """Ids of what is archived, or is not there, stay as they are."""
    known = {id for item in _items(value) if (id := _parse(item))}
    rows = await connection.fetch(_NAMES, tenant_id, [id for _, id in known]) if known else []
    names: dict[tuple[str, UUID], Any] = {(row["kind"], row["id"]): row["name"] for row in rows}
    names["ORGANIZATION", tenant_id] = True
    return _with_names(names, value)


def _with_names(names: dict[tuple[str, UUID], Any], value: Any) -> Any:
    if isinstance(value, dict):
        return {member: _with_names(names, item) for member, item in value.items()}
    if isinstance(value, list):
        return [_with_names(names, item) for item in value]
    id = _parse(value)
    return {_MEMBER_OF_KIND[id[0]]: names[id]} if id in names else value


def _items(value: Any) -> Iterator[Any]:
    """A value with all that lies in it."""
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _items(item)


def _is_name(value: Any) -> bool:
    """No filter has a text, true or an external name under the name of a kind."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(member, name)] = value.items()
    is_external = isinstance(name, dict) and name.keys() == {"external"}
    return member in _MEMBER_OF_KIND.values() and (isinstance(name, str) or name is True or is_external)


def _parse(value: Any) -> tuple[str, UUID] | None:
    parsed = parse_id(value) if isinstance(value, str) else None
    return parsed if parsed and parsed[0] in NAMED_IN_FILTERS else None
