"""What an entity is beside its type: its place behind the walls, what clients write of it, and how it may change.

Everything that follows from it is derived: inputs and payloads, statements, look-ups, external names and owned fields,
search, lines of bulk, and the tests that hold for every entity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, get_args

import strawberry
from strawberry.utils.str_converters import to_camel_case

from compiler.declare import mapping_of, screaming_case, snake_case, table_of
from compiler.mapping import One, OneOf
from portfolio.enumerations import Scope
from schema.member import Member, member_of

Class = TypeVar("Class", bound=type)

SUBJECTS = ("ORGANIZATION", "PORTFOLIO", "PRODUCT", "INITIATIVE")
"""Kinds that anything can be about."""
NAMED_IN_FILTERS = (*SUBJECTS, "KPI", "PERSON", "LABEL")
"""Kinds whose ids stand in a saved view's filter."""


@dataclass(frozen=True)
class Entity:
    """One declaration an entity.

    home: column of its portfolio, of what is a subject itself. subject: column of what it is about, through which its
    portfolio is found. Neither: the tenant shares it.
    below: column of what lies above it, without which it does not come back from the archive.
    found: condition on {self}, beside the wall, to be found for a change.
    external: other systems may name it and own its members, and the fields in `owned` that are no members.
    marks: columns of the nodes whose health moves when a member that weighs in it changes.
    create, update, upsert, archive, restore: descriptions of these mutations; null: there is none.
    verb: of what makes it. needs: what an upsert must give to make it.
    create_says, upsert_says: descriptions of these inputs, where the usual ones do not fit.
    on_insert, on_update: SQL of columns that no member keeps; $3 is the instant of the change.
    known_by: members, as inputs name them, by which a line of an import finds its object; is_unique: no two have the
    same, archived ones included. match: SQL in place of the comparison of their columns, $2 on.
    tenant_wide: refused to keys that are limited to portfolios.
    """

    type_: Any = None
    members: tuple[Member, ...] = ()
    home: str | None = None
    subject: str | None = None
    below: str | None = None
    found: str | None = None
    external: bool = False
    owned: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    create: str | None = None
    update: str | None = None
    upsert: str | None = None
    archive: str | None = None
    restore: str | None = None
    verb: str = "create"
    needs: str = ""
    create_says: str | None = None
    upsert_says: str | None = None
    on_insert: Mapping[str, str] = field(default_factory=dict)
    on_update: Mapping[str, str] = field(default_factory=dict)
    known_by: tuple[str, ...] = ("key",)
    is_unique: bool = True
    match: str | None = None
    scope: Scope = Scope.WRITE
    tenant_wide: bool = False

    @property
    def name(self) -> str:
        """As the schema spells the type."""
        return self.type_.__strawberry_definition__.name

    @property
    def kind(self) -> str:
        kind = table_of(self.type_).kind
        assert kind is not None, f"{self.name} has no ids"
        return kind

    @property
    def table(self) -> str:
        return table_of(self.type_).name

    @property
    def payload_field(self) -> str:
        """Python name of the object in the answers to its changes."""
        return snake_case(self.name)

    @property
    def line_name(self) -> str:
        """Type of its lines, and begin of its mutations' names."""
        return to_camel_case(self.payload_field)

    @property
    def about(self) -> str | None:
        """Column of the subject's id, its own of what is a subject; null: the tenant shares it."""
        return "id" if self.home else self.subject

    @property
    def spoken(self) -> str:
        """In a sentence: API_KEY is an API key."""
        return spoken(self.kind)

    @property
    def with_article(self) -> str:
        return f"{'an' if self.spoken[0] in 'aeiou' else 'a'} {self.spoken}"

    @property
    def clears(self) -> str:
        """What null does in an input of its changes, if it does anything."""
        return ", null clears" if any(member.nullable for member in self.members if not member.fixed) else ""

    @property
    def stored(self) -> tuple[Member, ...]:
        """Members that the entity's table keeps: what it is about first, as events tell it."""
        kept = [member for member in self.members if not member.kept_apart]
        return tuple(sorted(kept, key=lambda member: not member.fixed))

    @property
    def changeable(self) -> tuple[Member, ...]:
        return tuple(member for member in self.stored if not member.fixed)

    @property
    def fixed(self) -> tuple[Member, ...]:
        return tuple(member for member in self.stored if member.fixed)

    @property
    def ownable(self) -> tuple[str, ...]:
        """Fields that another system may own, as inputs name them."""
        return (*(member.public_name for member in self.members if not member.fixed), *self.owned)


def spoken(kind: str) -> str:
    """A kind in a sentence: API_KEY is an API key."""
    words = kind.lower().replace("_", " ")
    return {"api key": "API key", "kpi": "KPI"}.get(words, words)


def entity(**said: Any) -> Callable[[Class], Class]:
    """Declares a @table type as an entity. said: as Entity has."""

    def decorate(cls: Class) -> Class:
        typed: Any = cls
        typed.__entity__ = Entity(type_=cls, members=tuple(_members(typed)), **said)
        return typed

    return decorate


def entity_of(cls: Any) -> Entity:
    return cls.__entity__


def _members(cls: Any) -> list[Member]:
    found = [
        _bound(cls, field_, member)
        for field_ in cls.__strawberry_definition__.fields
        if (member := member_of(field_)) is not None
    ]
    return sorted(found, key=lambda member: member.place)


def _bound(cls: Any, field_: Any, member: Member) -> Member:
    """The member with what its field says of it."""
    mapping, name = mapping_of(field_), field_.python_name
    if member.kept_apart:
        return member
    if isinstance(mapping, One | OneOf):
        kinds = SUBJECTS if isinstance(mapping, OneOf) else (screaming_case(mapping.type_name),)
        shown = field_.type_annotation.raw_annotation
        return replace(
            member, name=f"{name}_id", kinds=kinds, annotation=strawberry.ID, nullable=_nullable(shown, member)
        )
    shown = _annotation(cls, name)
    column = mapping.expression.removeprefix("{self}.")
    kept_in = column if column.isidentifier() else name
    called = member.name or name
    return replace(
        member,
        name=called,
        column=None if kept_in == called else kept_in,
        annotation=member.annotation or _without_null(shown),
        nullable=_nullable(shown, member),
    )


def _annotation(cls: type, name: str) -> Any:
    return next(base.__annotations__[name] for base in cls.__mro__ if name in vars(base).get("__annotations__", {}))


def _nullable(shown: Any, member: Member) -> bool:
    return member.nullable and type(None) in get_args(shown)


def _without_null(shown: Any) -> Any:
    options = [option for option in get_args(shown) if option is not type(None)]
    return options[0] if type(None) in get_args(shown) else shown
