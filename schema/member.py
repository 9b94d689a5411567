"""Members of inputs: what clients may write of an entity, said on the field that shows it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from strawberry.utils.str_converters import to_camel_case

MEMBER = "member"

Check = Callable[[Any], Any]


def as_given(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Member:
    """One member of an input and the column that keeps it.

    check: gives the value to store; raises ValueError with a sentence for the client.
    kinds: of the object whose id the member is. default: when an object is made without it.
    private: personal or free text, kept out of the audit chain. weighs: a change of it moves health.
    untold: events say that it moved, and neither from what nor to what.
    fixed: said when the object is made, and the same for ever. late: said of an object that is there, not of a new one.
    since: a Boolean in the input; the column keeps the instant since when it is true.
    kept_apart: no column of the entity's table keeps it, but the entity's own hook.
    line: SQL of its value in an export, of what is kept apart.
    says, update_says, upsert_says: its description in the inputs; null: as the one before.
    place: in the order in which members were written down, which is that of events and statements.
    """

    name: str = ""
    check: Check = as_given
    column: str | None = None
    kinds: tuple[str, ...] = ()
    default: Any = None
    nullable: bool = True
    private: bool = False
    weighs: bool = False
    untold: bool = False
    fixed: bool = False
    late: bool = False
    since: bool = False
    kept_apart: bool = False
    line: str | None = None
    annotation: Any = None
    says: str = ""
    place: int = field(default_factory=itertools.count().__next__, compare=False)
    update_says: str | None = None
    upsert_says: str | None = None

    @property
    def stored_in(self) -> str:
        return self.column or self.name

    @property
    def public_name(self) -> str:
        return to_camel_case(self.name)

    @property
    def told_as(self) -> str:
        """Its name in events, where an instant is told and not a Boolean."""
        return to_camel_case(self.stored_in) if self.since else self.public_name


def written(shown: Any, says: str, check: Check = as_given, **options: Any) -> Any:
    """The field, which clients also write: as a member that gets its name, column, kinds and type from it.

    says: description of the member in inputs. options: as Member has.
    """
    shown.metadata = {**shown.metadata, MEMBER: Member(check=check, says=says, **options)}
    return shown


def member_of(shown: Any) -> Member | None:
    return shown.metadata.get(MEMBER)
