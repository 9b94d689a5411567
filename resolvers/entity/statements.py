"""Statements that follow from an entity's declaration. $1 is the tenant, $2 the object, $3 the instant of the change,
and from $4 on come its members, in their order. tests/engine/statements.sql shows them all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill

from schema.entity import Entity
from schema.member import Member

_FIRST_MEMBER = 4


@dataclass(frozen=True)
class Statements:
    """update: null for what stays as it was made."""

    insert: str
    update: str | None


def statements(entity: Entity) -> Statements:
    return Statements(_insert(entity), _update(entity) if entity.changeable else None)


def _insert(entity: Entity) -> str:
    placed = _placed(entity.stored)
    columns = ["tenant_id", "id", "created_at", "updated_at", *entity.on_insert, *placed]
    values = ["$1", "$2", "$3", "$3", *entity.on_insert.values(), *placed.values()]
    return (
        _insert_subject(entity, placed)
        + _lines(f"insert into {entity.table} (", columns, ")")
        + "\n"
        + _lines("values (", values, ")")
    )


def _update(entity: Entity) -> str:
    placed = _placed(entity.changeable)
    kept = {"version": "version + 1", "updated_at": "$3", **entity.on_update, **placed}
    return (
        _move_subject(entity, placed)
        + _lines(f"update {entity.table} set ", (f"{column} = {value}" for column, value in kept.items()))
        + "\nwhere tenant_id = $1 and id = $2"
    )


def _lines(begin: str, parts: Iterable[str], end: str = "") -> str:
    """A list in lines that can be read."""
    return fill(begin + ", ".join(parts) + end, 110, subsequent_indent="  ", break_long_words=False)


def _placed(members: Sequence[Member]) -> dict[str, str]:
    """Parameter by column."""
    return {member.stored_in: f"${place}" for place, member in enumerate(members, _FIRST_MEMBER)}


def _insert_subject(entity: Entity, placed: dict[str, str]) -> str:
    """What anything can be about has a row of its own for that, with the portfolio through which it is reached."""
    if entity.home is None:
        return ""
    home = "$2" if entity.home == "id" else placed[entity.home]
    return (
        "with subject as (insert into subject (tenant_id, id, kind, portfolio_id)"
        f" values ($1, $2, '{entity.kind}', {home}))\n"
    )


def _move_subject(entity: Entity, placed: dict[str, str]) -> str:
    if entity.home is None or entity.home == "id":
        return ""
    home = placed[entity.home]
    return (
        f"with moved as (update subject set portfolio_id = {home}"
        f" where tenant_id = $1 and id = $2 and portfolio_id <> {home})\n"
    )
