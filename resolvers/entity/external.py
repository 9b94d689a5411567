"""Names of our objects in other systems, and finding an object by them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from portfolio.enumerations import Scope
from portfolio.identity import parse_id, print_id
from portfolio.row import Row
from resolvers.engine.outcome import ExternalReferenceInput, UserErrorCode, reject
from resolvers.engine.session import Target, Write
from resolvers.entity.member import differences
from runtime.events import Change
from schema import check
from schema.entity import spoken
from schema.member import Check, Member

NAME_MEMBERS = (
    Member("system", check.system, nullable=False),
    Member("external_id", check.external_id, nullable=False, private=True),
)
LINK_MEMBERS = (
    Member("url", check.address, private=True),
    Member("title", check.line(), private=True),
    Member("authoritative_fields", default=[], nullable=False),
    Member("service_account_id", kinds=("SERVICE_ACCOUNT",)),
)
_MEMBERS = (*NAME_MEMBERS, *LINK_MEMBERS)

_FIND = """
select * from external_link where tenant_id = $1 and kind = $2 and system = $3 and external_id = $4 for update
"""
_INSERT = """
insert into external_link (tenant_id, id, created_at, updated_at, kind, node_id, subject_id, system, external_id,
                           url, title, authoritative_fields, service_account_id)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (tenant_id, kind, system, external_id) do nothing returning true
"""
_UPDATE = """
update external_link set version = version + 1, updated_at = $3, url = $4, title = $5, authoritative_fields = $6,
                         service_account_id = $7
where tenant_id = $1 and id = $2
"""
_IS_FULL = "select count(*) >= $3 from external_link where tenant_id = $1 and node_id = $2"
_FORGET = "delete from external_link where tenant_id = $1 and node_id = $2 returning *"
_ACCOUNT = "select key from service_account where tenant_id = $1 and id = $2"
_SUBJECT_KIND = "select kind from subject where tenant_id = $1 and id = $2"


async def upsert(
    write: Write,
    kind: str,
    input: Any,
    insert: Callable[[Write, Any], Awaitable[UUID]],
    change: Callable[[Write, Row, Any], Awaitable[Any]],
) -> UUID:
    """Id of the object that the input's external name means: changed, or made where there is none of that name."""
    row = await find_by_external(write, kind, input)
    if row is None:
        return await insert(write, input)
    await change(write, row, input)
    return row["id"]


async def find_by_external(write: Write, kind: str, input: Any) -> Row | None:
    """The row, locked; null: the name is free. One that is outside the viewer's portfolios is refused as NOT_FOUND,
    and one of another version than the input's as STALE_VERSION."""
    external: ExternalReferenceInput = input.external
    system, external_id, url = _checked(external)
    write.system = system
    link = await find_link(write, kind, system, external_id)
    if link is None:
        if input.version not in (None, strawberry.UNSET):
            message = f"There is no such {spoken(kind)} that could have a version."
            raise reject(UserErrorCode.NOT_FOUND, message, "version")
        return None
    row = await write.lock(kind, link["node_id"])
    if row is None:
        message = "That name belongs to an object outside your portfolios."
        raise reject(UserErrorCode.NOT_FOUND, message, "external")
    write.checked_version(kind, to_camel_case(kind.lower()), row, input.version)
    if external.url is not strawberry.UNSET:
        target = Target(kind, row["id"], subject_id=link["subject_id"], portfolio_id=row["home_id"])
        await put_link(write, target, link, {**link, "url": url}, "external")
    return row


async def refer_externally(write: Write, target: Target, external: Any) -> None:
    """Gives a new object its external name, if it has one. Raises DUPLICATE when it is taken."""
    if external in (None, strawberry.UNSET):
        return
    system, external_id, url = _checked(external)
    nothing_more: dict[str, Any] = {"title": None, "authoritative_fields": [], "service_account_id": None}
    values = {"system": system, "external_id": external_id, "url": url, **nothing_more}
    await put_link(write, target, None, values, "external")


async def hold_external(write: Write, input: Any) -> None:
    """Holds the name that a change's input gives, if it gives one, before anything else is locked."""
    external = getattr(input, "external", None)
    if external not in (None, strawberry.UNSET):
        system, external_id, _ = _checked(external)
        await hold_name(write, system, external_id)


async def hold_name(write: Write, system: str, external_id: str) -> None:
    """Two changes of one new name would each make an object; the second waits for the first."""
    await write.hold(f"external link {system} {external_id}")


async def find_link(write: Write, kind: str, system: str, external_id: str) -> Row | None:
    """The link of a name that is held, locked. Null: the name is free, and may be given to an object."""
    return await write.connection.fetchrow(_FIND, write.tenant_id, kind, system, external_id)


async def put_link(write: Write, target: Target, before: Row | None, values: Mapping[str, Any], path: str) -> UUID:
    """Writes and tells what a link says, if it is new. target: the linked object. path: member that names the link."""
    changes = differences(_MEMBERS, before, values)
    said = [values[member.name] for member in LINK_MEMBERS]
    id = write.new_id() if before is None else before["id"]
    if before is None:
        await _refuse_full(write, target, path)
        identity = (target.kind, target.id, target.subject_id, values["system"], values["external_id"])
        arguments = (write.tenant_id, id, write.now, *identity, *said)
        if not await write.connection.fetchval(_INSERT, *arguments):
            raise taken(target.kind, path)
        changes.insert(0, Change("entityId", None, print_id(target.kind, target.id)))
    elif changes:
        await refuse_others(write, before, path)
        await write.execute(_UPDATE, id, write.now, *said)
    if changes:
        link = Target("EXTERNAL_LINK", id, subject_id=target.subject_id, portfolio_id=target.portfolio_id)
        write.record("EXTERNAL_LINK_SET", link, changes)
    return id


async def forget_links(write: Write, target: Target) -> None:
    """Frees the names of an object that does not come back."""
    for link in sorted(await write.connection.fetch(_FORGET, write.tenant_id, target.id), key=itemgetter("id")):
        record_removed(write, link, target.portfolio_id)


def record_removed(write: Write, link: Row, portfolio_id: UUID | None) -> None:
    target = Target("EXTERNAL_LINK", link["id"], subject_id=link["subject_id"], portfolio_id=portfolio_id)
    write.record("EXTERNAL_LINK_REMOVED", target, differences(_MEMBERS, link, None))


async def _refuse_full(write: Write, target: Target, path: str) -> None:
    if await write.connection.fetchval(_IS_FULL, write.tenant_id, target.id, check.MOST_ITEMS):
        message = f"An object has at most {check.MOST_ITEMS} external links; remove one first."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message, path)


async def refuse_others(write: Write, link: Row, path: str) -> None:
    """A link that names a service account is changed by that account alone, or by a key with scope ADMIN."""
    account_id, viewer = link["service_account_id"], write.viewer
    if account_id in (None, viewer.service_account_id) or Scope.ADMIN in viewer.scopes:
        return
    # Limited keys do not see service accounts.
    key = None if write.granted is not None else await write.connection.fetchval(_ACCOUNT, write.tenant_id, account_id)
    account = "a service account" if key is None else f"the service account {key}"
    message = f"This link to {link['system']} belongs to {account}: use a key of that account, or one with scope ADMIN."
    raise reject(UserErrorCode.FORBIDDEN, message, path)


def taken(kind: str, path: str) -> Exception:
    return reject(UserErrorCode.DUPLICATE, f"Another {spoken(kind)} has that external name already.", path)


async def refuse_moved(write: Write, kind: str, row: Row, input: Any, members: Sequence[Member]) -> None:
    """What an object belongs to stays the same for ever: an upsert may name it again, but no other."""
    for member in members:
        given = getattr(input, member.name, strawberry.UNSET)
        if given in (None, strawberry.UNSET):
            continue
        known = member.kinds[0]
        if len(member.kinds) > 1:
            known = await write.connection.fetchval(_SUBJECT_KIND, write.tenant_id, row[member.name])
        if parse_id(given) != (known, row[member.name]):
            name, what = member.public_name, spoken(kind)
            message = f"The {name} of a {what} stays the same; make another {what} for another one."
            raise reject(UserErrorCode.INVALID, message, name)


def _checked(external: ExternalReferenceInput) -> tuple[str, str, str | None]:
    url = None if external.url in (None, strawberry.UNSET) else _named("url", check.address, external.url)
    return _named("system", check.system, external.system), _named("id", check.external_id, external.id), url


def _named(name: str, rule: Check, value: str) -> str:
    try:
        return rule(value)
    except ValueError as error:
        raise reject(UserErrorCode.INVALID, str(error), "external", name) from None
