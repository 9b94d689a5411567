"""How external links change."""

from collections.abc import Mapping
from typing import Any

import strawberry

from compiler.declare import table_of
from portfolio.identity import parse_id, print_id
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
from resolvers.entity.exported import key_of
from resolvers.entity.external import (
    LINK_MEMBERS,
    NAME_MEMBERS,
    find_link,
    hold_name,
    put_link,
    record_removed,
    refuse_others,
    taken,
)
from resolvers.entity.line import BulkType
from resolvers.entity.member import read_members
from resolvers.entity.ownership import LINKABLE
from schema.connection.external_link import ExternalLink
from schema.entity import spoken

_DELETE = "delete from external_link where tenant_id = $1 and id = $2"
# No upsert carries them, so that speaking for the system does not change them.
_BY_ACCOUNT_ALONE = {"labels", "customFields"}
_OWNED_BY_OTHERS = """
select system, external_id, authoritative_fields from external_link
where tenant_id = $1 and node_id = $2 and id is distinct from $3 and authoritative_fields && $4::text[]
"""


@strawberry.input(description="What another system says of an object: an absent member stays, null clears.")
class ExternalLinkSetInput(Retryable):
    entity_id: strawberry.ID = required(
        "Portfolio, product, initiative, KPI, milestone, dependency, status update, assignment, person, team, "
        "membership, skill or label."
    )
    system: str = required("The other system, such as JIRA, 1 to 64 characters, kept in the form NFKC.")
    external_id: str = required("Id there, 1 to 255 characters; one of each kind of object has it.")
    url: str | None = optional("Address for people, http or https; null: none.")
    title: str | None = optional("What people call it there, 1 to 200 characters; null: nothing.")
    authoritative_fields: list[str] | None = optional(
        "Fields of the object that the system owns, such as name or state, as inputs name them: all others "
        "are refused to change them from now on. Empty: none. A field has one owner; labels and customFields, which no "
        "upsert carries, need serviceAccountId."
    )
    service_account_id: strawberry.ID | None = optional(
        "Service account that alone may change those fields, and, beside keys with scope ADMIN, the link; null: "
        "whoever speaks for the system, by an upsert."
    )
    version: int | None = optional("Version of the link that you saw; null: whichever it has now.")


@strawberry.input(description="An external link to remove.")
class ExternalLinkRemoveInput(NodeInput):
    pass


@strawberry.type(description="Answer to a change of an external link.")
class ExternalLinkPayload(Payload):
    external_link: ExternalLink | None = entity_field("External link as it is now, null when removed")


@mutation(ExternalLinkPayload)
async def external_link_set(write: Write, input: ExternalLinkSetInput) -> Outcome:
    """Say how another system names an object, where it is there, and which of its fields that system owns.
    Safe to repeat."""
    kind = (parse_id(input.entity_id) or ("", None))[0]
    name = await read_members(write, NAME_MEMBERS, input)
    await hold_name(write, **name)
    before = await find_link(write, kind, name["system"], name["external_id"])
    entity = await _read_entity(write, kind, input.entity_id)
    if before is None and input.version not in (None, strawberry.UNSET):
        message = "There is no such link that could have a version."
        raise reject(UserErrorCode.NOT_FOUND, message, "version")
    if before is not None:
        if before["node_id"] != entity["id"]:
            raise taken(kind, "externalId")
        write.checked_version("EXTERNAL_LINK", "externalLink", before, input.version)
    values = {**name, **await read_members(write, LINK_MEMBERS, input, before)}
    values["authoritative_fields"] = _read_fields(kind, values["authoritative_fields"])
    _refuse_unchangeable(values)
    await _refuse_two_owners(write, entity, before, values["authoritative_fields"])
    subject = LINKABLE[kind].about
    target = Target(kind, entity["id"], None if subject is None else entity[subject], entity["home_id"])
    return Outcome({"externalLink": ("EXTERNAL_LINK", await put_link(write, target, before, values, "externalId"))})


@mutation(ExternalLinkPayload)
async def external_link_remove(write: Write, input: ExternalLinkRemoveInput) -> Outcome:
    """Forget how another system names an object; from then on that system owns none of its fields.
    A link that names a service account is removed by that account, or by a key with scope ADMIN."""
    row = await write.find_for_change("EXTERNAL_LINK", "externalLink", input)
    await refuse_others(write, row, "id")
    await write.execute(_DELETE, row["id"])
    record_removed(write, row, row["home_id"])
    return Outcome({"externalLink": None})


async def _read_entity(write: Write, kind: str, public_id: str) -> Row:
    row = await write.find(kind, public_id) if kind in LINKABLE else None
    if row is None:
        message = "There is no such object, or none that other systems can name."
        raise reject(UserErrorCode.NOT_FOUND, message, "entityId")
    if row.get("archived_at") is not None:
        raise reject(UserErrorCode.ARCHIVED, f"{print_id(kind, row['id'])} is archived; restore it first.", "entityId")
    return row


def _read_fields(kind: str, given: list[str]) -> list[str]:
    allowed = sorted(LINKABLE[kind].ownable)
    if len(given) > len(allowed):
        message = f"There are {len(allowed)} fields that can be owned; {len(given)} were given."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message, "authoritativeFields")
    for index, name in enumerate(given):
        if name not in allowed:
            message = f"That is no field to be owned; those of a {spoken(kind)} are: {', '.join(allowed) or 'none'}."
            raise reject(UserErrorCode.INVALID, message, "authoritativeFields", str(index))
    return sorted(set(given))


def _refuse_unchangeable(values: Mapping[str, Any]) -> None:
    owned = sorted(_BY_ACCOUNT_ALONE.intersection(values["authoritative_fields"]))
    if owned and values["service_account_id"] is None:
        message = f"No upsert carries {' and '.join(owned)}, so nobody could change them: give serviceAccountId too."
        raise reject(UserErrorCode.INVALID, message, "authoritativeFields")


async def _refuse_two_owners(write: Write, entity: Row, link: Row | None, fields: list[str]) -> None:
    arguments = (write.tenant_id, entity["id"], link and link["id"], fields)
    other = await write.connection.fetchrow(_OWNED_BY_OTHERS, *arguments)
    if other is not None:
        owned = ", ".join(sorted(set(fields) & set(other["authoritative_fields"])))
        message = f"The link to {other['system']} {other['external_id']} owns {owned} already; take it from there."
        raise reject(UserErrorCode.CONFLICT, message, "authoritativeFields")


_KINDS = tuple(LINKABLE)
_ARCHIVED = "".join(
    f"\n  and not exists (select from {entity.table} n where n.tenant_id = $1 and n.id in (x.node_id, x.subject_id)"
    " and n.archived_at is not null)"
    for entity in LINKABLE.values()
    if table_of(entity.type_).archivable
)
# What goes with an end that is archived.
_ENDED = "".join(
    f"\n  and not exists (select from {table} n join {end} e on e.tenant_id = n.tenant_id and e.id = n.{column}"
    f" where n.tenant_id = $1 and n.id = x.node_id and e.archived_at is not null)"
    for table, end, column in (
        ("membership", "team", "team_id"),
        ("membership", "person", "person_id"),
        ("assignment", "team", "team_id"),
        ("assignment", "person", "person_id"),
        ("dependency", "initiative", "blocker_id"),
        ("status_update", "person", "author_person_id"),
        ("status_update", "service_account", "author_service_account_id"),
    )
)
_LINK = f"""
select 'externalLink' as type,
       json_build_object(
         case x.kind when 'STATUS_UPDATE' then 'statusUpdate' else lower(x.kind) end,
         json_build_object('external', json_build_object('system', f.system, 'id', f.external_id))) as entity,
       x.system, x.external_id as "externalId", x.url, x.title, x.authoritative_fields as "authoritativeFields",
       {key_of("service_account", "service_account_id")} as "serviceAccount"
from external_link x
cross join lateral (
  select o.system, o.external_id from external_link o
  where o.tenant_id = $1 and o.kind = x.kind and o.node_id = x.node_id order by o.system, o.external_id limit 1) f
where x.tenant_id = $1 {_ARCHIVED}{_ENDED}
  and ((x.system, x.external_id) <> (f.system, f.external_id) or x.title is not null
       or x.authoritative_fields <> '{{}}' or x.service_account_id is not null)
order by x.kind, f.system, f.external_id, x.system, x.external_id
"""


LINES = BulkType(
    "externalLink",
    "EXTERNAL_LINK",
    "externalLinkSet",
    "externalLinkSet",
    _LINK,
    identity=(),
    kinds={"entityId": _KINDS},
)
