"""Names of our objects in other systems, and finding an object by them."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from portfolio.identity import parse_id
from resolvers import check
from resolvers.outcome import Retryable, UserErrorCode, optional, reject, required
from resolvers.session import Row, Write, spoken

_NODE = """
select node_id from external_reference where tenant_id = $1 and kind = $2 and system = $3 and external_id = $4
"""
_REFER = """
insert into external_reference (tenant_id, kind, system, external_id, node_id, url) values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, kind, system, external_id) do nothing returning true
"""
_SET_URL = """
update external_reference set url = $5
where tenant_id = $1 and kind = $2 and system = $3 and external_id = $4 and url is distinct from $5
"""


@strawberry.input(description="Name of an object in another system.")
class ExternalReferenceInput:
    system: str = required("The other system, such as JIRA, 1 to 64 characters.")
    id: str = required("Id there, 1 to 255 characters.")
    url: str | None = optional("Address for people, http or https; null: none.")


@strawberry.input(description="An object made or changed by the name that another system gives it.")
class UpsertInput(Retryable):
    external: ExternalReferenceInput = required(
        "Name of the object in the other system; an object is made when there is none of that name."
    )


async def upsert(
    write: Write,
    kind: str,
    input: Any,
    insert: Callable[[Write, Any], Awaitable[UUID]],
    change: Callable[[Write, Row, Any], Awaitable[None]],
) -> UUID:
    """Id of the object that the input's external name means: changed, or made where there is none of that name."""
    row = await find_by_external(write, kind, input.external)
    if row is None:
        return await insert(write, input)
    await change(write, row, input)
    return row["id"]


async def refer_externally(write: Write, kind: str, id: UUID, external: Any) -> None:
    """Gives a new object its external name, if it has one. Raises DUPLICATE when it is taken."""
    if external in (None, strawberry.UNSET):
        return
    system, external_id, url = _checked(external)
    arguments = (write.tenant_id, kind, system, external_id, id, url)
    if not await write.connection.fetchval(_REFER, *arguments):
        message = f"Another {spoken(kind)} has that external reference already."
        raise reject(UserErrorCode.DUPLICATE, message, "external")


async def find_by_external(write: Write, kind: str, external: ExternalReferenceInput) -> Row | None:
    """The row, locked; null: the name is free, and this transaction may give it to a new object.

    A name that belongs to an object outside the viewer's portfolios is refused as NOT_FOUND.
    """
    system, external_id, url = _checked(external)
    # Two upserts of one new name would each make an object; the second waits for the first.
    await write.hold(f"external reference {kind} {system} {external_id}")
    identity = (kind, system, external_id)
    node_id = await write.connection.fetchval(_NODE, write.tenant_id, *identity)
    if node_id is None:
        return None
    row = await write.lock(kind, node_id)
    if row is None:
        message = "That name belongs to an object outside your portfolios."
        raise reject(UserErrorCode.NOT_FOUND, message, "external")
    if external.url is not strawberry.UNSET:
        await write.execute(_SET_URL, *identity, url)
    return row


def refuse_moved(kind: str, row: Row, input: Any, *members: str) -> None:
    """What an object belongs to stays the same for ever: an upsert may name it again, but no other."""
    for member in members:
        given = getattr(input, member, strawberry.UNSET)
        if given not in (None, strawberry.UNSET) and (parse_id(given) or ("", None))[1] != row[member]:
            name = to_camel_case(member)
            message = f"The {name} of a {spoken(kind)} stays the same; make another {spoken(kind)} for another one."
            raise reject(UserErrorCode.INVALID, message, name)


def _checked(external: ExternalReferenceInput) -> tuple[str, str, str | None]:
    try:
        url = None if external.url in (None, strawberry.UNSET) else check.line(2000)(external.url)
        if url is not None and not url.startswith(("https://", "http://")):
            raise ValueError("An address begins with https:// or http://.")
        return check.line(64)(external.system), check.line(255)(external.id), url
    except ValueError as error:
        raise reject(UserErrorCode.INVALID, str(error), "external") from None
