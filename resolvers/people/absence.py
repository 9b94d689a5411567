"""What is special when absences change: why somebody is away is said by few, and the load of work moves."""

from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import Scope
from portfolio.identity import parse_id
from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.entity.change import Hooks
from resolvers.entity.external import find_by_external
from resolvers.people.work import mark_work_of_people

_PERSON = "select person_id from absence where tenant_id = $1 and id = $2"


async def _hold(write: Write, input: Any) -> None:
    """Whoever may not read the kind may not say it: else a change that changes nothing would tell it."""
    if getattr(input, "kind", strawberry.UNSET) is strawberry.UNSET or Scope.ADMIN in write.viewer.scopes:
        return
    own = write.viewer.person_id
    if own is None or await _person_id(write, input) != own:
        message = "Why somebody is away is said by a key of the person's own or with the scope ADMIN; leave it out."
        raise reject(UserErrorCode.FORBIDDEN, message, "kind")


async def _person_id(write: Write, input: Any) -> UUID | None:
    """Of the absence that is there; else of the new one."""
    found: UUID | None = None
    if hasattr(input, "id"):
        _, id = parse_id(input.id) or (None, None)
        found = await write.connection.fetchval(_PERSON, write.tenant_id, id)
    elif getattr(input, "external", None) not in (None, strawberry.UNSET):
        row = await find_by_external(write, "ABSENCE", input)
        found = row["person_id"] if row else None
    _, given = parse_id(getattr(input, "person_id", None) or "") or (None, None)
    return found or given


async def _refuse(_: Write, __: Row | None, after: Row) -> None:
    if after["to_on"] < after["from_on"]:
        raise reject(UserErrorCode.INVALID, "toOn is not before fromOn.", "toOn")


async def _mark(write: Write, row: Row, _: Row | None) -> None:
    await mark_work_of_people(write, [row["person_id"]])


HOOKS = Hooks(hold=_hold, refuse=_refuse, mark=_mark)
