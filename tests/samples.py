"""Inputs that follow from the declarations: a value for each member of each entity, and the objects that it names."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, get_args

from schema.entities import CHANGED
from schema.entity import SUBJECTS, Entity
from schema.member import Member

if TYPE_CHECKING:
    from tests.resolvers.tenant import Tenant

ENTITY_OF_KIND = {entity.kind: entity for entity in CHANGED}

# What no required member says but a rule of the entity asks for.
_BESIDE = {"ASSIGNMENT": ("team_id",)}
_FIRST_DAY = date(2026, 3, 1)
_TEXTS = ("Sample {0}", "SAMPLE-{0}", "#11223{0}", "sample{0}@example.com", "EUR")


def value_of(member: Member, number: int = 1) -> Any:
    """A value that the member's own check accepts; another number gives another value where there are two."""
    for candidate in _candidates(member.annotation, number):
        try:
            member.check(candidate)
        except ValueError:
            continue
        return candidate
    raise LookupError(f"{member.name}: no sample of {member.annotation} is accepted; add one here")


def required(entity: Entity) -> list[Member]:
    """Members without which it cannot be made."""
    beside = _BESIDE.get(entity.kind, ())
    needed = [member for member in entity.members if not member.nullable and member.default is None and not member.late]
    return [*needed, *(member for member in entity.members if member.name in beside)]


def creation(entity: Entity) -> str:
    return f"{entity.line_name}{entity.verb.capitalize()}"


class Samples:
    """Inputs for one tenant; what they name is made when it is needed first, and kept."""

    def __init__(self, tenant: "Tenant") -> None:
        self._tenant = tenant
        self._made: dict[tuple[str, int], str] = {}

    async def new(self, entity: Entity, number: int = 1) -> dict[str, Any]:
        """Members of a new object: those that it must have."""
        return await self.input(required(entity), number)

    async def input(self, members: Iterable[Member], number: int = 1) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for member in members:
            given[member.name] = await self._value(member, number, given.values())
        return given

    async def changed(self, entity: Entity) -> dict[str, Any]:
        """One member, of another value than a new object has; empty when nothing of it changes."""
        new = {member.name for member in required(entity)}
        free = [member for member in entity.changeable if not member.kinds]
        chosen = sorted(free, key=lambda member: member.name in new)[:1]
        return {member.name: value_of(member, 2) for member in chosen}

    async def moved(self, entity: Entity) -> dict[str, Any]:
        """What it belongs to, and which stays: another one than a new object's."""
        given = (await self.new(entity)).values()
        fixed = [member for member in entity.fixed if member.kinds][:1]
        return {member.name: await self._other(member, given) for member in fixed}

    async def _other(self, member: Member, given: Iterable[Any]) -> str:
        kinds = ("PORTFOLIO",) if member.kinds == SUBJECTS else member.kinds
        return await self._value(Member(name=member.name, kinds=kinds), 1, given)

    async def _value(self, member: Member, number: int, given: Iterable[Any]) -> Any:
        """Of two members that name objects of one kind, each names its own."""
        if not member.kinds:
            return value_of(member, number)
        kind = "PRODUCT" if member.kinds == SUBJECTS else member.kinds[0]
        for place in (7, 8, 9):
            id = await self._one(kind, place)
            if id not in given:
                return id
        raise LookupError(f"{member.name}: every sample of {kind} is named already")

    async def _one(self, kind: str, number: int) -> str:
        if (kind, number) not in self._made:
            entity = ENTITY_OF_KIND[kind]
            self._made[kind, number] = await self._tenant.made(creation(entity), await self.new(entity, number))
        return self._made[kind, number]


def _candidates(annotation: Any, number: int) -> Iterator[Any]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        values = list(annotation)
        yield values[(number - 1) % len(values)].value
    elif get_args(annotation):
        yield from ([value] for value in _candidates(get_args(annotation)[0], number))
    elif annotation in (bool, int, float, Decimal):
        yield from {bool: [number == 1], int: [number]}.get(annotation, [number / 10])
    elif annotation is date:
        yield _FIRST_DAY + timedelta(days=number)
    elif annotation is datetime:
        yield datetime.fromisoformat(f"{_FIRST_DAY + timedelta(days=number)}T12:00:00Z")
    else:
        yield from (text.format(number) for text in _TEXTS)
