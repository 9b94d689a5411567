"""How a line names other objects: by key, or by the name that another system gives them, never by our ids."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from strawberry.utils.str_converters import to_camel_case

from compiler.declare import table_of
from portfolio.identity import print_id
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from schema import check
from schema.entities import ENTITIES
from schema.entity import spoken

# Labels are named by their name, and all others that have one by their key.
_WITH_NAME = {
    "LABEL",
    *(table_of(type_).kind for type_ in ENTITIES if any(f.name == "key" for f in fields(type_))),
}

Name = tuple[str, str] | tuple[str, str, str]
"""Key, or system and id there; with the kind of object before it."""
Missing = Callable[[Name], Awaitable[bool]]
"""Hears of a name that nothing has; true: now something has it."""

# Nothing has it: an object that is not there is refused by the change itself, in its own words.
NOBODY = UUID(int=0)
# The longest name is an external one.
_IN_A_LINE = check.line(255)
_BY_KEY = "select id from {table} where tenant_id = $1 and key = $2"
_LABEL = 'select id from label where tenant_id = $1 and name_key = lower($2::text collate "C")'
_BY_EXTERNAL = """
select node_id from external_link where tenant_id = $1 and kind = $2 and system = $3 and external_id = $4
"""


class Names:
    """Of one change. missing: null when a name that nothing has is just that."""

    def __init__(self, write: Write, missing: Missing | None = None) -> None:
        self._write, self._missing = write, missing

    @property
    def now(self) -> datetime:
        return self._write.now

    async def public_id(self, kinds: tuple[str, ...], given: Any, path: tuple[str, ...]) -> str:
        """Of what is named. Outside the viewer's portfolios is not there. Raises INVALID for what is no name."""
        kind, id = await self._named(kinds, given, path)
        return print_id(kind, id or NOBODY)

    async def known_id(self, kinds: tuple[str, ...], given: Any, path: tuple[str, ...]) -> str:
        """As public_id, where no change looks for the object. Raises NOT_FOUND."""
        kind, id = await self._named(kinds, given, path)
        if id is None:
            [name] = given.values() if isinstance(given, dict) else [given]
            raise reject(UserErrorCode.NOT_FOUND, f"There is no {spoken(kind)} {str(name)[:100]!r}.", *path)
        return print_id(kind, id)

    async def _named(self, kinds: tuple[str, ...], given: Any, path: tuple[str, ...]) -> tuple[str, UUID | None]:
        kind, *others = kinds
        kind, name = _chosen(kinds, given, path) if others else (kind, read_name(kind, given, path))
        return kind, self._write.tenant_id if name is None else await self.find(name)

    async def find(self, name: Name) -> UUID | None:
        """Null: nothing that the viewer sees has the name."""
        id = await self._look_up(name)
        return await self._look_up(name) if id is None and await self.came_earlier(name) else id

    async def came_earlier(self, name: Name) -> bool:
        """Whether an earlier line has made it, which a dry run does again when it is named."""
        if name[0] == "LABEL":
            name = ("LABEL", name[1].lower())
        return self._missing is not None and await self._missing(name)

    async def _look_up(self, name: Name) -> UUID | None:
        kind: str = name[0]
        tenant_id, connection = self._write.tenant_id, self._write.connection
        if len(name) == 3:
            id = await connection.fetchval(_BY_EXTERNAL, tenant_id, *name)
        else:
            statement = _LABEL if kind == "LABEL" else _BY_KEY.format(table=kind.lower())
            id = await connection.fetchval(statement, tenant_id, name[1])
        # One's own name is one's to say, whatever one sees.
        viewer = self._write.viewer
        if id is not None and id in (viewer.person_id, viewer.service_account_id):
            return id
        seen = None if id is None else await self._write.refer(kind, print_id(kind, id))
        return None if seen is None and kind != "LABEL" else id


def read_name(kind: str, given: Any, path: tuple[str, ...]) -> Name:
    """From a line: "KEY", or {"external": {"system": …, "id": …}}."""
    external = given.get("external") if isinstance(given, dict) and len(given) == 1 else None
    parts: list[Any] = [external.get("system"), external.get("id")] if isinstance(external, dict) else [given]
    if external is not None or kind in _WITH_NAME:
        with contextlib.suppress(ValueError, AttributeError):
            parts = [_IN_A_LINE(part) for part in parts]
            return (kind, check.normalized_system(parts[0]), parts[1]) if external else (kind, parts[0])
    message = 'Name it by its key, or as {"external": {"system": "JIRA", "id": "10001"}}.'
    raise reject(UserErrorCode.INVALID, message, *path)


def _chosen(kinds: tuple[str, ...], given: Any, path: tuple[str, ...]) -> tuple[str, Name | None]:
    """The name is null for the organization, of which there is one."""
    members = {to_camel_case(kind.lower()): kind for kind in kinds}
    if isinstance(given, dict) and len(given) == 1:
        member, name = next(iter(given.items()))
        if member == "organization" and name is True and "ORGANIZATION" in kinds:
            return "ORGANIZATION", None
        if member in members and member != "organization":
            return members[member], read_name(members[member], name, (*path, member))
    shapes = [f'{{"{m}": {"true" if m == "organization" else chr(34) + "KEY" + chr(34)}}}' for m in members]
    raise reject(UserErrorCode.INVALID, f"Name it as {' or '.join(shapes)}.", *path)
