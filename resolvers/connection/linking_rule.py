"""How linking rules change. Items that are there already are linked anew in the same transaction."""

import re
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import LinkingRuleKind
from portfolio.identity import parse_id
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
from resolvers.entity.line import BulkType
from resolvers.entity.member import differences, read_members
from runtime.events import Change
from schema import check
from schema.connection.linking_rule import LinkingRule
from schema.member import Member

_REPOSITORY = re.compile(r"[^\s/#]+/[^\s/#]+")
_ITEM_KEY = re.compile(r"[^\s/#]+/[^\s/#]+#[1-9][0-9]{0,9}")


def _repository(value: str) -> str:
    given = check.line()(value)
    if not _REPOSITORY.fullmatch(given):
        raise ValueError("A repository is written as owner/name.")
    return given


_MEMBERS = (
    Member("connection_id", kinds=("CONNECTION",), nullable=False),
    Member("initiative_id", kinds=("INITIATIVE",), nullable=False),
    Member("kind", nullable=False),
    Member("container", _repository),
    Member("value", check.line(255), nullable=False),
)

# Before any row is locked: the worker takes them in the same order.
_LOCK = "select lock_connection_items($1)"
_CONNECTION_OF = "select connection_id from linking_rule where tenant_id = $1 and id = $2"
_PORTFOLIO_OF = "select portfolio_id from initiative where tenant_id = $1 and id = $2"
_LIVE = """
select id from linking_rule
where tenant_id = $1 and connection_id = $2 and initiative_id = $3 and kind = $4
  and container is not distinct from $5 and value = $6 and archived_at is null
"""
_INSERT = """
insert into linking_rule (tenant_id, id, created_at, updated_at, connection_id, initiative_id, kind, container, value)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8)
"""
_ARCHIVE = """
update linking_rule set version = version + 1, updated_at = $3, archived_at = $3 where tenant_id = $1 and id = $2
"""
_RELINK = "select initiative_id from relink_items($1, null, $2) as initiative_id"


@strawberry.input(description="A rule by which items of a tracker belong to an initiative.")
class LinkingRuleSetInput(Retryable):
    connection_id: strawberry.ID = required("Tracker whose items the rule looks at.")
    initiative_id: strawberry.ID = required("Initiative to which the items belong.")
    kind: LinkingRuleKind = required("What the rule looks at.")
    value: str = required(
        "MILESTONE: its title, also one that it had before, or its number. LABEL: its name, in any "
        "case. EXPLICIT: key of one item, owner/repository#12."
    )
    container: str | None = optional("Repository in which the rule holds, owner/name; null: in all.")


@strawberry.type(description="Answer to a change of a linking rule.")
class LinkingRulePayload(Payload):
    linking_rule: LinkingRule | None = entity_field("Linking rule as it is now")


@mutation(LinkingRulePayload)
async def linking_rule_set(write: Write, input: LinkingRuleSetInput) -> Outcome:
    """Let items of a tracker belong to an initiative, those that are there already too. Safe to
    repeat: the same rule is kept once."""
    await _lock(write, parse_id(input.connection_id))
    values = await read_members(write, _MEMBERS, input)
    if values["kind"] == LinkingRuleKind.EXPLICIT and not _ITEM_KEY.fullmatch(values["value"]):
        message = "An explicit rule names one item by its key, owner/repository#12."
        raise reject(UserErrorCode.INVALID, message, "value")
    id = await write.connection.fetchval(_LIVE, write.tenant_id, *values.values())
    if id is None:
        id = write.new_id()
        await write.execute(_INSERT, id, write.now, *values.values())
        target = await _target(write, id, values["initiative_id"])
        write.record("LINKING_RULE_CREATED", target, differences(_MEMBERS, None, values))
        await _relink(write, values["connection_id"])
    return _answer(id)


@mutation(LinkingRulePayload)
async def linking_rule_archive(write: Write, input: NodeInput) -> Outcome:
    """End a rule: items that it alone gave to the initiative leave it. Safe to repeat."""
    named = parse_id(input.id)
    connection_id = await write.connection.fetchval(_CONNECTION_OF, write.tenant_id, named and named[1])
    await _lock(write, ("CONNECTION", connection_id) if connection_id else None)
    row = await write.find_for_change("LINKING_RULE", "linkingRule", input)
    if row["archived_at"] is None:
        await write.execute(_ARCHIVE, row["id"], write.now)
        target = await _target(write, row["id"], row["initiative_id"])
        change = Change("archivedAt", None, write.now.isoformat())
        write.record("LINKING_RULE_ARCHIVED", target, [change])
        await _relink(write, row["connection_id"])
    return _answer(row["id"])


async def _lock(write: Write, connection: tuple[str, UUID] | None) -> None:
    if connection is not None:
        await write.connection.execute(_LOCK, connection[1])


async def _relink(write: Write, connection_id: UUID) -> None:
    rows = await write.connection.fetch(_RELINK, connection_id, write.now)
    write.mark_all(row["initiative_id"] for row in rows)


async def _target(write: Write, id: UUID, initiative_id: UUID) -> Target:
    """A rule is about its initiative."""
    portfolio_id: Any = await write.connection.fetchval(_PORTFOLIO_OF, write.tenant_id, initiative_id)
    return Target("LINKING_RULE", id, subject_id=initiative_id, portfolio_id=portfolio_id)


def _answer(id: UUID) -> Outcome:
    return Outcome({"linkingRule": ("LINKING_RULE", id)})


_LINKING_RULE = """
select 'linkingRule' as type, c.key as connection, i.key as initiative, x.kind, x.container, x.value
from linking_rule x
join connection c on c.tenant_id = x.tenant_id and c.id = x.connection_id and c.archived_at is null
join initiative i on i.tenant_id = x.tenant_id and i.id = x.initiative_id and i.archived_at is null
where x.tenant_id = $1 and x.archived_at is null order by c.key, i.key, x.kind, x.container, x.value
"""

LINES = BulkType(
    "linkingRule",
    "LINKING_RULE",
    "linkingRuleSet",
    "linkingRuleSet",
    _LINKING_RULE,
    identity=("connectionId", "initiativeId", "kind", "container", "value"),
    where="x.archived_at is null",
)
