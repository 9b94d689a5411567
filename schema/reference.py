"""The names by which an object is looked up: its id, its key, and those that other systems give it."""

from typing import Any

import strawberry


@strawberry.input(description="Name of an object in another system, for a look-up.")
class ExternalReferenceBy:
    system: str = strawberry.field(
        description="The other system, as it was given when the link was made, in any form of Unicode."
    )
    id: str = strawberry.field(description="Id there.")


def by_external(kind: str) -> dict[str, str]:
    """Look-up condition of an entity that other systems name."""
    return {
        "external": f"{{other}}.id = (select x.node_id from external_link x where x.tenant_id = {{tenant}} and x.kind = '{kind}'"
        " and x.system = btrim(normalize({system}, NFKC)) and x.external_id = {id})",
    }


def by_id_or_external(kind: str) -> dict[str, str]:
    return {"id": "{other}.id = {value}", **by_external(kind)}


def by_id_key_or_external(kind: str) -> dict[str, str]:
    """Look-up conditions of an entity that has a key and is named by other systems."""
    return {"key": "{other}.key = {value}", **by_id_or_external(kind)}


def lookup_input(name: str, entity: str, *, external: bool, key: bool = True) -> Any:
    """A @oneOf input: id, and for most entities a key or a name in another system."""
    members: dict[str, tuple[Any, str]] = {"id": (strawberry.ID | None, f"Id of the {entity}.")}
    if key:
        members["key"] = (str | None, f"Key of the {entity}.")
    if external:
        members["external"] = (ExternalReferenceBy | None, f"Name of the {entity} in another system.")
    annotations = {member: annotation for member, (annotation, _) in members.items()}
    body = {
        member: strawberry.field(description=description, default=strawberry.UNSET)
        for member, (_, description) in members.items()
    }
    made = type(name, (), {"__annotations__": annotations, "__module__": __name__, **body})
    return strawberry.input(made, one_of=True, description=f"Exactly one name of the {entity}.")
