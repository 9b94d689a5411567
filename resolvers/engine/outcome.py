"""What a change comes to: objects, plain values, and what was wrong with the input."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

import strawberry


class UserErrorCode(StrEnum):
    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    NOT_FOUND = "NOT_FOUND"
    ARCHIVED = "ARCHIVED"
    CONFLICT = "CONFLICT"
    STALE_VERSION = "STALE_VERSION"
    DUPLICATE = "DUPLICATE"
    FORBIDDEN = "FORBIDDEN"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    CYCLE = "CYCLE"
    FIELD_OWNED_ELSEWHERE = "FIELD_OWNED_ELSEWHERE"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"


class WarningCode(StrEnum):
    SECRET_SHOWN_ONCE = "SECRET_SHOWN_ONCE"  # noqa: S105 - the name of a warning
    OVER_ALLOCATED = "OVER_ALLOCATED"


_MEANING = {
    UserErrorCode.INVALID: "A value breaks a rule; the message says which.",
    UserErrorCode.REQUIRED: "A value is missing, or null where null is not allowed.",
    UserErrorCode.NOT_FOUND: "There is no such object, or none that you may see.",
    UserErrorCode.ARCHIVED: "The object is archived; restore it first.",
    UserErrorCode.CONFLICT: "The state of another object stands against the change.",
    UserErrorCode.STALE_VERSION: "Somebody else changed the object meanwhile.",
    UserErrorCode.DUPLICATE: "Another object has that name already.",
    UserErrorCode.FORBIDDEN: "The key does not allow it: its portfolios, its scopes or its holder.",
    UserErrorCode.LIMIT_EXCEEDED: "More items than are allowed.",
    UserErrorCode.CYCLE: "A portfolio or a team would lie below itself, or initiatives would wait for each other.",
    UserErrorCode.FIELD_OWNED_ELSEWHERE: "Another system owns the field; the message says which, and what to do.",
    UserErrorCode.IDEMPOTENCY_MISMATCH: ("The idempotency key was used for another input within seven days."),
    WarningCode.SECRET_SHOWN_ONCE: "The secret was in the first answer and is kept nowhere.",
    WarningCode.OVER_ALLOCATED: "Somebody is above 100 % over all work that you see; `weeksStartOn` says when.",
}


def _register(enumeration: type[StrEnum], description: str) -> None:
    """With a description for each value, for which a StrEnum's own members have no room."""
    meaning = cast(Mapping[StrEnum, str], _MEANING)
    registered: Any = strawberry.enum(enumeration, description=description)
    for value in registered.__strawberry_definition__.values:
        value.description = meaning[enumeration(value.value)]


_register(UserErrorCode, "What is wrong with an input.")
_register(WarningCode, "What is worth knowing about a change that was made.")


@strawberry.type(description="A mistake in the input. Nothing was changed.")
class UserError:
    code: UserErrorCode = strawberry.field(description="Kind of mistake, for programs.")
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    field: list[str] | None = strawberry.field(
        description="Path to the member at fault, from the argument on, such as input, name; "
        "null: the input as a whole.",
        default=None,
    )


@strawberry.type(name="Warning", description="Something worth knowing about a change that was made.")
class ChangeWarning:
    code: WarningCode = strawberry.field(description="Kind of warning, for programs.")
    message: str = strawberry.field(description="What is worth knowing, for people.")
    field: list[str] | None = strawberry.field(
        description="Path to the member concerned; null: the input as a whole.", default=None
    )
    weeks_start_on: list[date] = strawberry.field(
        description="First days of the weeks concerned; empty unless the code is OVER_ALLOCATED.",
        default_factory=list,
    )


Entity = tuple[str, UUID]


@dataclass(frozen=True)
class Outcome:
    """entities and values are keyed by the payload's GraphQL field name; an entity is its kind and UUID.

    shown_once: values of the first answer only, kept nowhere; a retry gets null and a warning.
    """

    entities: Mapping[str, Entity | None] = field(default_factory=dict[str, Entity | None])
    user_errors: Sequence[UserError] = ()
    warnings: Sequence[ChangeWarning] = ()
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    shown_once: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Rejection(Exception):
    """The input is at fault: everything since the change began is undone, and the outcome answered."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("; ".join(error.message for error in outcome.user_errors))
        self.outcome = outcome


def reject(code: UserErrorCode, message: str, *path: str) -> Rejection:
    """path: from the input on; none: the input as a whole."""
    where = ["input", *path] if path else None
    return Rejection(Outcome(user_errors=[UserError(code=code, message=message, field=where)]))


def required(description: str) -> Any:
    """Input member that must be given."""
    return strawberry.field(description=description)


def optional(description: str) -> Any:
    """Input member that may be absent, which is not the same as null."""
    return strawberry.field(description=description, default=strawberry.UNSET)


@strawberry.input(description="Input that may safely be sent again.")
class Retryable:
    idempotency_key: str | None = optional(
        "Key of your choice, 1 to 255 visible ASCII characters, that makes it safe to send this "
        "input again within seven days: it is carried out once and answered alike. Null: none."
    )


@strawberry.input(description="An object to archive or to restore.")
class NodeInput(Retryable):
    id: strawberry.ID = required("Id of the object.")
    version: int | None = optional("Version that you saw; null: whichever it has now.")


@strawberry.input(description="Name of an object in another system.")
class ExternalReferenceInput:
    system: str = required("The other system, such as JIRA, 1 to 64 characters, kept in the form NFKC.")
    id: str = required("Id there, 1 to 255 characters.")
    url: str | None = optional("Address for people, http or https; null: none.")


@strawberry.input(description="An object made or changed by the name that another system gives it.")
class UpsertInput(Retryable):
    external: ExternalReferenceInput = required(
        "Name of the object in the other system; an object is made when there is none of that name. "
        "The change speaks for that system, which may own some of the object's fields."
    )
    version: int | None = optional("Version of the object that you saw; null: whichever it has now, or none yet.")


@strawberry.type(description="Answer to a change.")
class Payload:
    user_errors: list[UserError] = strawberry.field(
        description="Mistakes in the input; empty when the change was made.", default_factory=list
    )
    warnings: list[ChangeWarning] = strawberry.field(
        description="What is worth knowing about the change; usually empty.", default_factory=list
    )


def entity_field(description: str) -> Any:
    """Payload field that holds the changed object."""
    return strawberry.field(
        description=f"{description}; null when the input was refused, or when the key may not read."
    )
