"""Inputs and payload of an entity's changes, made from the members that its declaration names."""

from collections.abc import Iterable
from typing import Any

import strawberry

from resolvers.engine.outcome import ExternalReferenceInput, NodeInput, Payload, Retryable, UpsertInput, entity_field
from schema.entity import Entity
from schema.member import Member

Fields = dict[str, tuple[Any, str, bool]]
"""Python name → type, description, and whether it must be given."""


def create_input(entity: Entity) -> Any:
    fields = {member.name: _new(member) for member in entity.members if not member.late}
    if entity.external:
        fields["external"] = (ExternalReferenceInput, "Name in another system; null: none.", False)
    return _input(
        f"{entity.name}{entity.verb.capitalize()}Input",
        Retryable,
        fields,
        entity.create_says or f"A new {entity.spoken}.",
    )


def update_input(entity: Entity) -> Any:
    says = f"Changes of {entity.with_article}: an absent member stays{entity.clears}."
    return _input(f"{entity.name}UpdateInput", NodeInput, _changes(entity.members), says)


def upsert_input(entity: Entity) -> Any:
    fields = {
        member.name: (member.annotation, member.upsert_says or member.update_says or member.says, False)
        for member in entity.members
    }
    article = entity.with_article
    says = (
        f"{article[0].upper()}{article[1:]} by its name in another system: made if there is none, else changed. "
        f"An absent member stays as it is{entity.clears}; {entity.needs}."
    )
    return _input(f"{entity.name}UpsertInput", UpsertInput, fields, entity.upsert_says or says)


def node_input(_: Entity) -> Any:
    return NodeInput


def payload(entity: Entity) -> Any:
    field, spoken = entity.payload_field, entity.spoken
    shown = entity_field(f"{spoken[0].upper()}{spoken[1:]} as it is now")
    body = {"__annotations__": {field: entity.type_ | None}, "__module__": __name__, field: shown}
    cls = type(f"{entity.name}Payload", (Payload,), body)
    return strawberry.type(cls, description=f"Answer to a change of {entity.with_article}.")


def _new(member: Member) -> tuple[Any, str, bool]:
    must_be_given = not member.nullable and member.default is None
    return member.annotation, member.says, must_be_given


def _changes(members: Iterable[Member]) -> Fields:
    return {
        member.name: (member.annotation, member.update_says or member.says, False)
        for member in members
        if not member.fixed
    }


def _input(name: str, base: type, fields: Fields, description: str) -> Any:
    annotations = {field: type_ if given else type_ | None for field, (type_, _, given) in fields.items()}
    body: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
    for field, (_, says, given) in fields.items():
        body[field] = strawberry.field(description=says, **({} if given else {"default": strawberry.UNSET}))
    return strawberry.input(type(name, (base,), body), description=description)
